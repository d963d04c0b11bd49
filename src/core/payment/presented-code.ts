/** What a code does that a customer shows, or wants to be shown: one scan, one order, or a word why not. */

import { invariant } from "../kernel/defect.ts";
import { after } from "../kernel/instant.ts";
import { begin } from "./advance.ts";
import { type Box, type NoticeName, REFS_MAX, type Step, still, USED_CODES_MAX } from "./box.ts";
import type { BoxEvent } from "./events.ts";
import { notice } from "./foreground.ts";
import type { Intent } from "./order.ts";
import { markOf, orderNumber } from "./order-number.ts";
import type { PaymentCode, ScanRefusal } from "./payment-code.ts";
import type { ProviderFacts } from "./provider.ts";
import { providerFor } from "./providers.ts";
import { unquiet } from "./reader.ts";
import { blockerOf, freeProviders, providerBlockerOf } from "./readiness.ts";
import { restOf, rests } from "./rest.ts";
import type { Rules, Stamp } from "./rules.ts";
import type { Sale } from "./sale.ts";
import { keyOf } from "./selling.ts";

/** Remembers the newest order of a till's sale, and forgets the one that is remembered longest. */
function withRef(
  refs: ReadonlyMap<string, string>,
  key: string,
  outTradeNo: string,
): ReadonlyMap<string, string> {
  const kept = [...refs].filter(([known]) => known !== key).slice(-(REFS_MAX - 1));
  return new Map([...kept, [key, outTradeNo]]);
}

/** The box after a code of a wallet was read: an order, where an amount waits for it and its provider is free. */
export function codeScanned(box: Box, code: PaymentCode, codeHash: string, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  const provider = providerFor(code.wallet, rules);
  if (provider === null) return still(refused(box, "wallet-not-taken", stamp, rules));
  switch (foreground.name) {
    case "idle":
    case "looking":
    case "entering":
      return still(blockerOf(box, rules) === null ? notice(box, "no-amount", stamp, rules) : box);
    case "armed": {
      if (blockerOf(box, rules) !== null) return still(box);
      if (box.usedCodes.includes(codeHash)) {
        // The phone of a payment before is there still, and shows its next code soon.
        const next = rests(rules) ? restOf(foreground.sale, stamp.at, rules) : foreground;
        return still(notice({ ...box, foreground: next }, "code-used", stamp, rules));
      }
      if (providerBlockerOf(box, provider) !== null) {
        const until = after(stamp.at, rules.timing.noticeMs);
        return still({ ...box, notice: { name: "wallet-out", wallet: code.wallet, until } });
      }
      return pay(box, foreground.sale, provider, code, codeHash, stamp, rules);
    }
    case "resting":
    case "paying":
    case "result":
    case "unknown":
    case "earlier":
      return still(box);
  }
}

/** The way to pay when the scanner is broken, or the customer would rather scan. */
export function codeWanted(box: Box, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  const provider = freeProviders(box, rules).find(({ offersCode }) => offersCode);
  if (provider === undefined || blockerOf(box, rules) !== null) return still(box);
  // A code of ours is not paid by a phone that lies in the reader.
  if (foreground.name !== "armed" && foreground.name !== "resting") return still(box);
  return pay(box, foreground.sale, provider, null, null, stamp, rules);
}

/** The box after a line of the scanner that is no code. */
export function scanRefused(
  box: Box,
  refusal: (BoxEvent & { type: "scan-refused" })["refusal"],
  stamp: Stamp,
  rules: Rules,
): Box {
  // Whatever came, something may lie in the reader.
  const heard = unquiet(box, stamp);
  return refusal === "unfinished" ? heard : refused(heard, refusalNotices[refusal], stamp, rules);
}

/** What people read of a line that is no code; whose wallet is known is told like any that nobody takes. */
const refusalNotices: Readonly<Record<ScanRefusal | "over-long", NoticeName>> = {
  "not-a-payment-code": "not-a-code",
  "over-long": "not-a-code",
  "receiving-code": "receiving-code",
  "goods-barcode": "goods-barcode",
  card: "card",
  "marked-code": "marked-code",
  "face-code": "wallet-not-taken",
  "jd-code": "wallet-not-taken",
  "bestpay-code": "wallet-not-taken",
};

/** Says why a code is not charged, unless a payment or its end is in front, or an outage is what people read. */
function refused(box: Box, name: NoticeName, stamp: Stamp, rules: Rules): Box {
  const { foreground } = box;
  const told = foreground.name === "result" || foreground.name === "unknown" || foreground.name === "earlier";
  if (foreground.name === "paying" || told || blockerOf(box, rules) !== null) return box;
  return notice(box, name, stamp, rules);
}

/** One scan, one order: the amount is used up, the code is remembered, the intent goes to the journal. */
function pay(
  box: Box,
  sale: Sale,
  provider: ProviderFacts,
  code: PaymentCode | null,
  codeHash: string | null,
  stamp: Stamp,
  rules: Rules,
): Step {
  const { amountFen, pulses, ref, caller } = sale;
  const key = keyOf(sale);
  const { outTradeNo, shortRef } = orderNumber(box.numbering);
  invariant(!box.orders.has(outTradeNo), "an order number is new");
  const [first] = provider.wallets;
  invariant(first !== undefined, "a provider takes at least one wallet");
  const intent: Intent = {
    outTradeNo,
    shortRef,
    ref,
    caller,
    amountFen,
    currency: "CNY",
    payee: provider.payee,
    wallet: code === null ? first : code.wallet,
    mode: code === null ? "mpm" : "cpm",
    nonce: markOf([stamp.chance[1], stamp.chance[2], stamp.chance[3]]),
    codeHash,
    pulses,
    boot: box.numbering.bootMark,
    intentAt: stamp.wall,
    clockTrusted: stamp.clockTrusted,
  };
  const { payment, effects } = begin(intent, code, stamp, rules);
  const paying: Box = {
    ...box,
    numbering: { ...box.numbering, counter: box.numbering.counter + 1 },
    foreground: { name: "paying", outTradeNo },
    notice: null,
    orders: new Map(box.orders).set(outTradeNo, payment),
    usedCodes: codeHash === null ? box.usedCodes : [...box.usedCodes, codeHash].slice(-USED_CODES_MAX),
    refs: key === null ? box.refs : withRef(box.refs, key, outTradeNo),
  };
  return { box: paying, effects };
}
