/** What goes over the wires: WeChat Pay's error codes, the look-alikes' scenarios, the members of an event. */
import type { TxData } from "../../src/core/payment/order.ts";
import { sandboxKinds } from "../../src/providers/sandboxes.ts";
import {
  type ChargeMeaning,
  chargeCodes,
  queryCodes,
  reverseCodes,
} from "../../src/providers/wechat-v2/codes.ts";
import { code, list, table } from "./markdown.ts";

/** The tables of `src/providers/wechat-v2/codes.ts`, one row for codes that mean the same. */
export function errorCodes(): string {
  const charge = grouped([...chargeCodes].map(([name, { meaning }]) => [name, said(meaning)]));
  const query = grouped([...queryCodes]);
  const reverse = grouped([...reverseCodes]);
  return table(
    ["call", "signed `err_code`", "what it means for the order"],
    [
      ...charge.map(([names, meaning]) => ["charge", names, meaning]),
      ["charge", "any other", "`unknown`: queried, never failed"],
      ...query.map(([names, meaning]) => ["query", names, code(meaning)]),
      ["query", "any other", "`unknown`: asked again"],
      ...reverse.map(([names, meaning]) => ["reverse", names, code(meaning)]),
      ["reverse", "any other", "`again`"],
    ],
  );
}

function grouped(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const groups = Map.groupBy(pairs, ([, meaning]) => meaning);
  return [...groups].map(([meaning, members]) => [list(members.map(([name]) => code(name))), meaning]);
}

function said(meaning: ChargeMeaning): string {
  switch (meaning.kind) {
    case "declined":
      return `\`declined\`, reason \`${meaning.reason}\``;
    case "pending":
      return "`pending`: the customer types a password";
    case "refused-unconfirmed":
      return "`refused-unconfirmed`: queried before anybody is told";
    case "number-conflict":
      return "`number-conflict`: the number is known there; recorded, then only asked about, never reversed";
    case "system-error":
      return "`unknown`, signed: queried";
  }
}

/** The stories that the sandbox can tell. */
export function sandboxScenarios(): string {
  return [...sandboxKinds.values()]
    .map(({ plays, stories, families }) => {
      const rows = [
        ...stories.map(({ name, ends, story }) => [code(name), ends, story]),
        ...families.map(({ form, story }) => [code(form), "", story]),
      ];
      return `${plays}:\n\n${table(["scenario", "ends", "story"], rows)}`;
    })
    .join("\n\n");
}

/** What each member of an event's `data` means; a new member without a sentence does not compile. */
const members: Readonly<Record<keyof TxData, readonly [form: string, meaning: string]>> = {
  outTradeNo: ["text", "The box's order number, one for each scan: `[A-Za-z0-9_]`, 6 to 30 characters."],
  shortRef: ["text", "Its last four digits, as the screen showed them."],
  ref: [
    "text or null",
    "The till's or server's own id of the sale; null where the box itself was told the amount.",
  ],
  transactionId: ["text or null", "The provider's number, where money was seen to move."],
  provider: ["text", "The id of the provider in the configuration through which it was charged."],
  wallet: ["text", "Whose payment code it was: `wechat`, `alipay`, `unionpay`, `e-cny` or `qq`."],
  merchantId: [
    "text",
    "The account charged for; with WeChat Pay the sub-merchant in service-provider mode, else the merchant.",
  ],
  state: ["text", "`charging`, `reversing`, or how it ended."],
  final: ["true, false", "Whether the order has ended."],
  amountFen: ["whole number", "The amount in fen; it never changes."],
  currency: ["text", "`CNY`."],
  charged: [
    "text",
    "`yes`: the customer has paid. `no`: has not paid, or has the money back. `unknown`: not proved yet, and never a failure.",
  ],
  reason: ["text or null", "Why it is in this state; see the table above. New reasons may appear."],
  late: ["true, false", "Found paid only after a restart: the shop was not told at the time."],
  clockTrusted: ["true, false", "Whether the times are known to be right; they decide nothing."],
  chargeCount: ["whole number", "Charges asked for: 1, or 0 where it is proved that none was sent."],
  queryCount: ["whole number", "Queries asked for."],
  reverseCount: ["whole number", "Reversals asked for."],
  dispense: [
    "object or null",
    "`{pulses, outcome}` where goods are sold: `outcome` is null while they are to come (the payment is not final), then `dispensed`, `not-dispensed`, `unclear` or `withheld`.",
  ],
  intentAt: ["RFC 3339, UTC", "When the order began."],
  finalAt: ["RFC 3339, UTC or null", "When it ended."],
  box: ["text", "The box's id."],
};

/** The members of `data`. */
export function txMembers(): string {
  return table(
    ["member", "form", "meaning"],
    Object.entries(members).map(([name, [form, meaning]]) => [code(name), form, meaning]),
  );
}
