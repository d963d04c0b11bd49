import type { FinalState } from "../../../core/payment/order.ts";
import type { CustomerAct } from "./customer.ts";
import { laterScenarios } from "./later-scenarios.ts";
import type { Opening } from "./ledger.ts";
import { numberScenarios } from "./number-scenarios.ts";
import { chargeRefusals } from "./refusals.ts";
import { after, before, dialog, on, refuse, type Turns, tell } from "./telling.ts";

/** The calls around a payment by code: of orders that are booked, of payers and of refunds. */
export type LaterCallKind = "order" | "close" | "payer" | "refund" | "refund-query";

/** The calls that the look-alike answers. */
export type CallKind = "charge" | "query" | "reverse" | LaterCallKind;

/**
 * What becomes of one call. Up to `garble` the sandbox does what was asked and only the reply suffers; from
 * `refuse` on it does nothing. Times are milliseconds at pace 1.
 */
export type Treatment =
  | { readonly kind: "delay"; readonly ms: number }
  /** No reply, the connection stays open. */
  | { readonly kind: "silence" }
  /** No reply, the connection is reset. */
  | { readonly kind: "reset" }
  /** Half of the body, then the connection ends. */
  | { readonly kind: "cut" }
  | { readonly kind: "unsigned" }
  /** A stranger's claim that the order is paid: everything right but the signature. */
  | { readonly kind: "forge" }
  /**
   * One field has another value, and the signature is right: the first of `values` that is not the true one.
   */
  | { readonly kind: "alter"; readonly field: string; readonly values: readonly string[] }
  /** Something else stands where the reply should be. */
  | { readonly kind: "page"; readonly status: number; readonly contentType: string; readonly body: string }
  /**
   * The reply, broken on the way: document type, an element twice, bytes that are not UTF-8, far too long.
   */
  | { readonly kind: "garble"; readonly how: "doctype" | "twice" | "not-utf8" | "huge" }
  | { readonly kind: "refuse"; readonly code: string; readonly recall: "Y" | "N" | null }
  /** A reversal that is said to be done (or to want another call) and is not. */
  | { readonly kind: "pretend"; readonly recall: "Y" | "N" }
  /** A front sends the request twice: the sandbox does it once, and answers the second one, by what became of the first. */
  | { readonly kind: "repeat" }
  /** The request is lost before it reaches the sandbox. */
  | { readonly kind: "vanish" };

/**
 * Treats the calls of one kind on one order, counted from 1, `from` to `to`, both included; without `to` all
 * that follow.
 */
export interface Rule {
  readonly on: CallKind;
  readonly from: number;
  readonly to: number | null;
  /** Not later than so long after the charge (milliseconds at pace 1), where this is said. */
  readonly withinMs?: number;
  readonly treatment: Treatment;
}

/**
 * Something the customer does: a time after the charge (milliseconds at pace 1), or just before a call
 * arrives.
 */
export interface Plan {
  readonly act: CustomerAct;
  readonly when:
    | { readonly kind: "after"; readonly ms: number }
    | { readonly kind: "before"; readonly call: CallKind; readonly count: number };
}

/** One story of a payment: how the charge begins, what the customer does, what happens to the replies. */
export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly story: string;
  /** How a box with the usual settings should end the payment. */
  readonly ends: FinalState;
  /**
   * The last two digits of an amount in fen that choose this scenario where amounts choose; null for none.
   */
  readonly cents: number | null;
  readonly opening: Opening;
  readonly plans: readonly Plan[];
  readonly rules: readonly Rule[];
  /** Connections are refused for as long as this scenario is set. */
  readonly down: boolean;
}

const html = "<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>";

/** The scenario in which everything goes well. */
export const success: Scenario = tell("success", "paid", null, "The payment goes through at once.");

/**
 * The scenarios of a charge with a name of their own; `scenarioNamed` knows the families, the `err_code`s and those of booked
 * orders and refunds besides.
 */
export const scenarios: readonly Scenario[] = [
  success,
  tell("password", "paid", 11, "The customer types the password after 3 s.", {
    opening: dialog,
    plans: [after(3_000, "pays")],
  }),
  tell(
    "password-wrong",
    "paid",
    12,
    "The customer types a wrong password after 3 s, the right one after 7 s.",
    {
      opening: dialog,
      plans: [after(3_000, "mistypes"), after(7_000, "pays")],
    },
  ),
  tell("cancelled", "reversed", 13, "The customer closes the password dialog after 3 s.", {
    opening: dialog,
    plans: [after(3_000, "closes")],
  }),
  tell("never", "reversed", 14, "The password dialog stays open and nobody types.", { opening: dialog }),
  tell("paid-at-last", "refunded", 15, "The customer pays between the last query and the reversal.", {
    opening: dialog,
    plans: [before("reverse", 1, "pays")],
  }),
  tell("card-changed", "refunded", 16, "A card is refused after 3 s; another one pays before the reversal.", {
    opening: dialog,
    plans: [after(3_000, "is-refused"), before("reverse", 1, "pays")],
  }),
  tell("accepted", "paid", 17, "The payment is accepted and waits 6 s for the deduction.", {
    opening: { kind: "accepted" },
    plans: [after(6_000, "pays")],
  }),

  tell("reply-lost", "paid", 21, "The payment is made and its reply never comes.", {
    rules: [on("charge", 1, null, { kind: "silence" })],
  }),
  tell("reply-late", "paid", 22, "The payment is made and its reply comes after 12 s.", {
    rules: [on("charge", 1, null, { kind: "delay", ms: 12_000 })],
  }),
  tell("reply-cut", "paid", 23, "The payment is made and its reply breaks off in the middle.", {
    rules: [on("charge", 1, null, { kind: "cut" })],
  }),
  tell("reply-unsigned", "paid", 24, "The payment is made and its reply has no signature.", {
    rules: [on("charge", 1, null, { kind: "unsigned" })],
  }),
  tell("reply-html", "paid", 25, "The payment is made and a web page with status 200 comes back.", {
    rules: [on("charge", 1, null, { kind: "page", status: 200, contentType: "text/html", body: html })],
  }),
  tell("http-502", "paid", 26, "The payment is made and a proxy answers 502.", {
    rules: [on("charge", 1, null, { kind: "page", status: 502, contentType: "text/html", body: "" })],
  }),
  tell("forged", "reversed", 27, "Wrongly signed replies claim that an unpaid order is paid.", {
    opening: dialog,
    rules: [on("charge", 1, null, { kind: "forge" }), on("query", 1, 1, { kind: "forge" })],
  }),
  tell("wrong-amount", "paid", 28, "The reply to the charge is signed and names another amount.", {
    rules: [on("charge", 1, null, { kind: "alter", field: "total_fee", values: ["1", "2"] })],
  }),
  tell("other-order", "paid", 29, "The reply to the charge is signed and names another order.", {
    rules: [on("charge", 1, null, { kind: "alter", field: "out_trade_no", values: ["other_order_1"] })],
  }),
  tell(
    "other-mark",
    "paid",
    null,
    "The reply to the charge is signed and bears the mark of another intent.",
    {
      rules: [on("charge", 1, null, { kind: "alter", field: "attach", values: ["anothermark1"] })],
    },
  ),
  tell("other-merchant", "paid", 30, "The reply to the charge is signed and names another merchant.", {
    rules: [on("charge", 1, null, { kind: "alter", field: "mch_id", values: ["1900000999"] })],
  }),
  tell("reply-reset", "paid", 31, "The payment is made and the connection is reset.", {
    rules: [on("charge", 1, null, { kind: "reset" })],
  }),
  tell("reply-empty", "paid", 32, "The payment is made and its reply has no body.", {
    rules: [on("charge", 1, null, { kind: "page", status: 200, contentType: "text/plain", body: "" })],
  }),
  tell("reply-doctype", "paid", 33, "The payment is made and its reply brings a document type.", {
    rules: [on("charge", 1, null, { kind: "garble", how: "doctype" })],
  }),
  tell("reply-twice", "paid", 34, "The payment is made and its reply says one thing twice.", {
    rules: [on("charge", 1, null, { kind: "garble", how: "twice" })],
  }),
  tell("reply-not-utf8", "paid", 35, "The payment is made and its reply is not UTF-8.", {
    rules: [on("charge", 1, null, { kind: "garble", how: "not-utf8" })],
  }),
  tell("reply-huge", "paid", 36, "The payment is made and its reply has ten megabytes.", {
    rules: [on("charge", 1, null, { kind: "garble", how: "huge" })],
  }),
  tell("request-lost", "reversed", 37, "The charge is lost on its way to the provider.", {
    rules: [on("charge", 1, null, { kind: "vanish" })],
  }),

  tell("declined", "declined", 41, "The balance is not enough (NOTENOUGH).", refused("NOTENOUGH")),
  tell(
    "expired-code",
    "declined",
    42,
    "The payment code has expired (AUTHCODEEXPIRE).",
    refused("AUTHCODEEXPIRE"),
  ),
  tell("system-error", "paid", 43, "The charge is answered SYSTEMERROR although it is paid.", {
    opening: { kind: "refused", code: "SYSTEMERROR", leaves: "paid" },
  }),
  tell("bank-error", "paid", 44, "The charge is answered BANKERROR and is paid 3 s later.", {
    opening: { kind: "refused", code: "BANKERROR", leaves: "dialog" },
    plans: [after(3_000, "pays")],
  }),
  tell("unlisted-code", "reversed", 45, "The charge is refused with a code that is in no list.", {
    opening: { kind: "refused", code: "NEW_RULE_2031", leaves: "unpaid" },
  }),
  tell("refused-but-paid", "paid", 46, "The charge is answered TRADE_ERROR although it is paid.", {
    opening: { kind: "refused", code: "TRADE_ERROR", leaves: "paid" },
  }),
  tell("declined-but-paid", "refunded", null, "The charge is declined (NOTENOUGH) although it is paid.", {
    opening: { kind: "refused", code: "NOTENOUGH", leaves: "paid" },
  }),

  tell("query-lost", "paid", 51, "The reply to the charge and to the first two queries never come.", {
    rules: [on("charge", 1, null, { kind: "silence" }), on("query", 1, 2, { kind: "silence" })],
  }),
  tell("query-error", "paid", 52, "The password is typed after 3 s; two queries are answered SYSTEMERROR.", {
    opening: dialog,
    plans: [after(3_000, "pays")],
    rules: [on("query", 1, 2, refuse("SYSTEMERROR"))],
  }),
  tell("absent-at-first", "paid", 53, "No reply to the charge; two queries do not find the order yet.", {
    rules: [
      on("charge", 1, null, { kind: "reset" }),
      // Flight and books that are behind, together, for longer than the box waits would prove what is not so.
      { ...on("query", 1, 2, refuse("ORDERNOTEXIST")), withinMs: 14_000 },
    ],
  }),
  tell("rate-limited", "paid", 54, "The password is typed after 3 s; two queries are FREQUENCY_LIMITED.", {
    opening: dialog,
    plans: [after(3_000, "pays")],
    rules: [on("query", 1, 2, refuse("FREQUENCY_LIMITED"))],
  }),

  tell("reverse-userpaying", "reversed", 61, "Two reversals are refused because the dialog is still open.", {
    opening: dialog,
    plans: [before("reverse", 3, "closes")],
    rules: [on("reverse", 1, 2, refuse("USERPAYING", "Y"))],
  }),
  tell("reverse-lost", "reversed", 62, "Nobody pays, and the replies to two reversals never come.", {
    opening: dialog,
    rules: [on("reverse", 1, 2, { kind: "silence" })],
  }),
  tell(
    "reverse-lies",
    "refunded",
    63,
    "Paid at last; the first reversal is answered SUCCESS and does nothing.",
    {
      opening: dialog,
      plans: [before("reverse", 1, "pays")],
      rules: [on("reverse", 1, 1, { kind: "pretend", recall: "N" })],
    },
  ),
  tell("reverse-expired", "manual", 64, "Nobody pays, and the order cannot be reversed (REVERSE_EXPIRE).", {
    opening: dialog,
    rules: [on("reverse", 1, null, refuse("REVERSE_EXPIRE", "N"))],
  }),

  { ...tell("provider-down", "declined", null, "Connections are refused: nothing can be sent."), down: true },
];

/**
 * Families of scenarios: `password-N` types it after N seconds, `recall-N` answers N reversals with
 * `recall=Y`.
 */
export const scenarioFamilies: readonly { readonly form: string; readonly story: string }[] = [
  { form: "password-N", story: "The customer types the password after N seconds (0 to 600)." },
  {
    form: "recall-N",
    story: "Nobody pays; N reversals (1 to 1000) are answered recall=Y and want another call.",
  },
  { form: "ERR_CODE", story: "The charge is refused with this err_code of micropay, such as NOTSUPORTCARD." },
];

/** The scenario of this name, of a family, or of an `err_code`; null where there is none. */
export function scenarioNamed(name: string): Scenario | null {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const [, family, digits = ""] = /^(password|recall)-(\d{1,4})$/.exec(name) ?? [];
  const count = Number(digits);
  if (family === "password" && count <= 600) return passwordAfter(name, count);
  if (family === "recall" && count >= 1 && count <= 1_000) return recalls(name, count);
  const refusal = Object.hasOwn(chargeRefusals, name) ? chargeRefusals[name] : undefined;
  if (refusal === undefined) return null;
  return tell(name, refusal.ends, null, `The charge is refused with ${name}.`, refused(name));
}

/**
 * The scenario that an amount chooses by its last two digits: 12.11 CNY is `password`; `success` for all
 * others.
 */
export function scenarioOfAmount(amountFen: number): Scenario {
  return byCents.get(amountFen % 100) ?? success;
}

/** What happens to a call by a scenario, `ageMs` after its charge at pace 1; null where it is treated as usual. */
export function treatmentOf(
  scenario: Scenario,
  call: CallKind,
  count: number,
  ageMs: number,
): Treatment | null {
  const rule = scenario.rules.find(
    (one) =>
      one.on === call &&
      one.from <= count &&
      (one.to === null || count <= one.to) &&
      (one.withinMs === undefined || ageMs <= one.withinMs),
  );
  return rule?.treatment ?? null;
}

const byName: ReadonlyMap<string, Scenario> = new Map(
  [...scenarios, ...numberScenarios, ...laterScenarios].map((scenario) => [scenario.name, scenario]),
);
const byCents: ReadonlyMap<number, Scenario> = new Map(
  scenarios.flatMap((scenario) => (scenario.cents === null ? [] : [[scenario.cents, scenario]])),
);

/** A box gives up 45 s after the charge. */
function passwordAfter(name: string, seconds: number): Scenario {
  return tell(name, seconds < 45 ? "paid" : "reversed", null, `The password is typed after ${seconds} s.`, {
    opening: dialog,
    plans: [after(seconds * 1_000, "pays")],
  });
}

/** Both documented forms of "call again" take turns: SUCCESS with recall=Y, and FAIL with an `err_code`. */
function recalls(name: string, count: number): Scenario {
  const rules = Array.from({ length: count }, (_, index) =>
    on(
      "reverse",
      index + 1,
      index + 1,
      index % 2 === 0 ? refuse("SYSTEMERROR", "Y") : { kind: "pretend", recall: "Y" },
    ),
  );
  return tell(name, "reversed", null, `${count} reversals are answered recall=Y.`, {
    opening: dialog,
    rules,
  });
}

function refused(code: string): Turns {
  return { opening: { kind: "refused", code, leaves: chargeRefusals[code]?.leaves ?? "unpaid" } };
}
