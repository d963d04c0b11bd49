/** What may become of a payment at the sandbox. */
import type { FinalState } from "../../../core/payment/order.ts";
import type { Story } from "../../sandbox.ts";
import type { BuyerAct } from "./trades.ts";

/** The calls by what they are for. */
export type CallKind = "charge" | "query" | "cancel" | "refund" | "refundQuery";

/**
 * What becomes of one call. Up to `twice` the sandbox does what was asked and only the reply suffers; from `refuse` on it does
 * nothing. Times are milliseconds at pace 1.
 */
export type Treatment =
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "silence" | "reset" | "cut" | "unsigned" | "forge" }
  /** One member has another value, and the signature is right. */
  | { readonly kind: "alter"; readonly member: string; readonly value: string }
  | { readonly kind: "page"; readonly status: number; readonly body: string }
  /** `sign-first`: the signature stands before what it signs; `escaped`: a text holds `\/` and was signed with `/`; `trap`: a text holds `","sign":"`. */
  | { readonly kind: "form"; readonly how: "sign-first" | "escaped" | "blanks" | "trap" }
  /** An unpaid trade is said to be paid, rightly signed: of an amount that is its own to whoever rounds, or of none. */
  | { readonly kind: "claim"; readonly amount: "near" | "none" }
  /** The object twice, the signed one first and a forged one behind it; or a member twice in the signed one. */
  | { readonly kind: "twice"; readonly what: "object" | "member" }
  | {
      readonly kind: "refuse";
      readonly code: string;
      readonly subCode: string;
      readonly gbk?: true;
      readonly unsigned?: true;
    }
  /** A cancel that is said to be done, or to want another call, and does nothing. */
  | { readonly kind: "pretend"; readonly retry: "Y" | "N" }
  /** A front sends the request twice: the second one is answered, by what became of the first. */
  | { readonly kind: "repeat" }
  /** The request is lost before it reaches the sandbox. */
  | { readonly kind: "vanish" };

/** Treats the calls of one kind on one trade, counted from 1, `from` to `to`, both included; null means all that follow. */
export interface Rule {
  readonly on: CallKind;
  readonly from: number;
  readonly to: number | null;
  readonly withinMs?: number;
  readonly treatment: Treatment;
}

/** When the buyer acts: so long after the charge at pace 1, or just before a call arrives. */
export type Plan = { readonly act: BuyerAct } & (
  | { readonly afterMs: number }
  | { readonly before: CallKind; readonly count: number }
);

/** How a charge begins; `unconfirmed` says paid and is rolled back. */
export type Opening =
  | { readonly kind: "paid" | "dialog" | "unconfirmed" }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly subCode: string;
      readonly leaves: "nothing" | "dialog" | "paid";
    };

/** One story of a payment. */
export interface AlipayStory extends Story {
  readonly opening: Opening;
  readonly plans: readonly Plan[];
  readonly rules: readonly Rule[];
  /** Connections are refused for as long as it is set. */
  readonly down: boolean;
}

type Turns = Partial<Pick<AlipayStory, "opening" | "plans" | "rules" | "down">>;

function tell(
  name: string,
  ends: FinalState,
  cents: number | null,
  story: string,
  turns: Turns = {},
): AlipayStory {
  return { name, story, ends, cents, opening: { kind: "paid" }, plans: [], rules: [], down: false, ...turns };
}

const dialog: Opening = { kind: "dialog" };

function on(call: CallKind, from: number, to: number | null, treatment: Treatment): Rule {
  return { on: call, from, to, treatment };
}

function refuse(subCode: string, code = "40004"): Treatment & { readonly kind: "refuse" } {
  return { kind: "refuse", code, subCode };
}

function refused(subCode: string, leaves: "nothing" | "dialog" | "paid" = "nothing", code = "40004"): Turns {
  return { opening: { kind: "refused", code, subCode, leaves } };
}

const html = "<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>";

/** Everything goes well. */
export const success = tell("success", "paid", null, "The payment goes through at once.");

/** All stories with a name of their own. */
export const stories: readonly AlipayStory[] = [
  success,
  tell("password", "paid", 11, "The customer types the password after 3 s (10003).", {
    opening: dialog,
    plans: [{ act: "pays", afterMs: 3_000 }],
  }),
  tell("cancelled", "reversed", 13, "The customer closes the password dialog after 3 s.", {
    opening: dialog,
    plans: [{ act: "closes", afterMs: 3_000 }],
  }),
  tell("never", "reversed", 14, "The password dialog stays open and nobody types.", { opening: dialog }),
  tell("paid-at-last", "refunded", 15, "The customer pays between the last query and the cancel.", {
    opening: dialog,
    plans: [{ act: "pays", before: "cancel", count: 1 }],
  }),
  tell("rolled-back", "reversed", 16, "The charge is answered 10000, and the payment is rolled back.", {
    opening: { kind: "unconfirmed" },
  }),
  tell("confirmed-late", "paid", 17, "The charge is answered 10000; queries say WAIT_BUYER_PAY for 6 s.", {
    opening: { kind: "unconfirmed" },
    plans: [{ act: "pays", afterMs: 6_000 }],
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
    rules: [on("charge", 1, null, { kind: "page", status: 200, body: html })],
  }),
  tell("http-502", "paid", 26, "The payment is made and a proxy answers 502.", {
    rules: [on("charge", 1, null, { kind: "page", status: 502, body: "" })],
  }),
  tell("forged", "reversed", 27, "Wrongly signed replies claim that an unpaid trade is paid.", {
    opening: dialog,
    rules: [on("charge", 1, null, { kind: "forge" }), on("query", 1, 1, { kind: "forge" })],
  }),
  tell("wrong-amount", "paid", 28, "The first query is signed and names another amount.", {
    rules: [on("query", 1, 1, { kind: "alter", member: "total_amount", value: "0.01" })],
  }),
  tell("near-amount", "reversed", null, "Signed queries claim a payment of a fraction of a fen more.", {
    opening: dialog,
    rules: [on("query", 1, 2, { kind: "claim", amount: "near" })],
  }),
  tell("no-amount", "reversed", null, "Signed queries claim a payment, of no amount.", {
    opening: dialog,
    rules: [on("query", 1, 2, { kind: "claim", amount: "none" })],
  }),
  tell("other-order", "paid", 29, "The reply to the charge is signed and names another order.", {
    rules: [on("charge", 1, null, { kind: "alter", member: "out_trade_no", value: "other_order_1" })],
  }),
  tell("reply-reset", "paid", 31, "The payment is made and the connection is reset.", {
    rules: [on("charge", 1, null, { kind: "reset" })],
  }),
  tell("reply-twice", "paid", 34, "The reply has its object twice: the signed one, and a forged one.", {
    rules: [on("charge", 1, null, { kind: "twice", what: "object" })],
  }),
  tell("member-twice", "paid", 35, "A query is signed and has a member twice.", {
    rules: [on("query", 1, 1, { kind: "twice", what: "member" })],
  }),
  tell("sign-first", "paid", null, "Replies have their signature before what it signs.", {
    rules: [on("query", 1, null, { kind: "form", how: "sign-first" })],
  }),
  tell("escaped", "paid", null, "Replies hold \\/ and were signed with /.", {
    rules: [on("query", 1, null, { kind: "form", how: "escaped" })],
  }),
  tell("blanks", "paid", null, "Replies are signed with blanks in them.", {
    rules: [on("query", 1, null, { kind: "form", how: "blanks" })],
  }),
  tell("trap", "paid", null, "A text in the replies looks like the end of what is signed.", {
    rules: [on("query", 1, null, { kind: "form", how: "trap" })],
  }),
  tell("request-lost", "reversed", 37, "The charge is lost on its way to Alipay.", {
    rules: [on("charge", 1, null, { kind: "vanish" })],
  }),
  tell("declined", "declined", 41, "The balance is not enough.", refused("ACQ.BUYER_BALANCE_NOT_ENOUGH")),
  tell(
    "expired-code",
    "declined",
    42,
    "The payment code is not valid any more.",
    refused("ACQ.PAYMENT_AUTH_CODE_INVALID"),
  ),
  tell(
    "system-error",
    "paid",
    43,
    "The charge is answered ACQ.SYSTEM_ERROR although it is paid.",
    refused("ACQ.SYSTEM_ERROR", "paid"),
  ),
  tell("unknown-error", "paid", 44, "The charge is answered 20000, its text in GBK, although it is paid.", {
    rules: [on("charge", 1, null, { kind: "refuse", code: "20000", subCode: "isp.unknow-error", gbk: true })],
    ...refused("isp.unknow-error", "paid", "20000"),
  }),
  tell(
    "unlisted-code",
    "reversed",
    45,
    "The charge is refused with a code that is in no list.",
    refused("ACQ.SOMETHING_NEW"),
  ),
  tell("unsigned-refusal", "reversed", 46, "The charge is refused without a signature (40002).", {
    rules: [
      on("charge", 1, null, {
        kind: "refuse",
        code: "40002",
        subCode: "isv.invalid-signature",
        unsigned: true,
      }),
    ],
  }),
  tell(
    "declined-but-paid",
    "refunded",
    null,
    "The charge is declined although it is paid.",
    refused("ACQ.BUYER_BALANCE_NOT_ENOUGH", "paid"),
  ),
  tell(
    "declined-dialog",
    "declined",
    null,
    "The charge is declined, and its trade waits for its buyer.",
    refused("ACQ.BUYER_BALANCE_NOT_ENOUGH", "dialog"),
  ),
  tell("query-lost", "paid", 51, "The replies to the charge and to the first two queries never come.", {
    rules: [on("charge", 1, null, { kind: "silence" }), on("query", 1, 2, { kind: "silence" })],
  }),
  tell(
    "query-error",
    "paid",
    52,
    "The password is typed after 3 s; two queries are answered ACQ.SYSTEM_ERROR.",
    {
      opening: dialog,
      plans: [{ act: "pays", afterMs: 3_000 }],
      rules: [on("query", 1, 2, refuse("ACQ.SYSTEM_ERROR"))],
    },
  ),
  tell("absent-at-first", "paid", 53, "No reply to the charge; two queries do not find the trade yet.", {
    rules: [
      on("charge", 1, null, { kind: "reset" }),
      { ...on("query", 1, 2, refuse("ACQ.TRADE_NOT_EXIST")), withinMs: 14_000 },
    ],
  }),
  tell("rate-limited", "paid", 54, "The password is typed after 3 s; two queries are answered 40005.", {
    opening: dialog,
    plans: [{ act: "pays", afterMs: 3_000 }],
    rules: [on("query", 1, 2, refuse("isv.app-call-limited", "40005"))],
  }),
  tell("cancel-lost", "reversed", 62, "Nobody pays, and the replies to two cancels never come.", {
    opening: dialog,
    rules: [on("cancel", 1, 2, { kind: "silence" })],
  }),
  tell("cancel-lies", "refunded", 63, "Paid at last; the first cancel is answered N and does nothing.", {
    opening: dialog,
    plans: [{ act: "pays", before: "cancel", count: 1 }],
    rules: [on("cancel", 1, 1, { kind: "pretend", retry: "N" })],
  }),
  tell(
    "cancel-late",
    "refunded",
    64,
    "Paid at last; cancels are refused as too late, and a refund gives it back.",
    {
      opening: dialog,
      plans: [{ act: "pays", before: "cancel", count: 1 }],
      rules: [on("cancel", 1, null, refuse("ACQ.TRADE_CANCEL_TIME_OUT"))],
    },
  ),
  tell(
    "cancel-late-unpaid",
    "reversed",
    65,
    "Nobody pays; cancels are refused as too late until the trade closes.",
    {
      opening: dialog,
      rules: [on("cancel", 1, null, refuse("ACQ.TRADE_CANCEL_TIME_OUT"))],
    },
  ),
  tell("cancel-error", "reversed", 66, "Nobody pays; two cancels are answered AQC.SYSTEM_ERROR.", {
    opening: dialog,
    rules: [on("cancel", 1, 2, refuse("AQC.SYSTEM_ERROR"))],
  }),
  tell("low-balance", "refunded", 67, "Paid at last; three cancels fail for want of money on the account.", {
    opening: dialog,
    plans: [{ act: "pays", before: "cancel", count: 1 }],
    rules: [on("cancel", 1, 3, refuse("ACQ.SELLER_BALANCE_NOT_ENOUGH"))],
  }),
  tell("late-refund-lost", "refunded", null, "Too late to cancel; the reply to the refund never comes.", {
    opening: dialog,
    plans: [{ act: "pays", before: "cancel", count: 1 }],
    rules: [
      on("cancel", 1, null, refuse("ACQ.TRADE_CANCEL_TIME_OUT")),
      on("refund", 1, 1, { kind: "silence" }),
    ],
  }),
  tell("finished", "manual", 68, "Too late to cancel, and too late to refund (TRADE_HAS_FINISHED).", {
    opening: dialog,
    plans: [{ act: "pays", before: "cancel", count: 1 }],
    rules: [
      on("cancel", 1, null, refuse("ACQ.TRADE_CANCEL_TIME_OUT")),
      on("refund", 1, null, refuse("ACQ.TRADE_HAS_FINISHED")),
    ],
  }),
  tell("repeated", "paid", null, "A front sends the charge twice, and the second answer comes back.", {
    rules: [on("charge", 1, null, { kind: "repeat" })],
  }),
  tell("provider-down", "declined", null, "Connections are refused: nothing can be sent.", { down: true }),
];

/** Forms in the place of a name. */
export const storyFamilies: readonly { readonly form: string; readonly story: string }[] = [
  { form: "password-N", story: "The customer types the password after N seconds (0 to 600)." },
  { form: "retry-N", story: "Nobody pays; N cancels (1 to 1000) are answered retry_flag=Y." },
  { form: "SUB_CODE", story: "The charge is refused with this sub_code, such as ACQ.TRADE_HAS_CLOSE." },
];

const byName: ReadonlyMap<string, AlipayStory> = new Map(stories.map((story) => [story.name, story]));

/** The story of this name; null where there is none. */
export function storyNamed(name: string): AlipayStory | null {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const [, family, digits = ""] = /^(password|retry)-(\d{1,4})$/.exec(name) ?? [];
  const count = Number(digits);
  if (family === "password" && count <= 600) {
    const ends = count < 45 ? "paid" : "reversed";
    return tell(name, ends, null, `The password is typed after ${count} s.`, {
      opening: dialog,
      plans: [{ act: "pays", afterMs: count * 1_000 }],
    });
  }
  if (family === "retry" && count >= 1 && count <= 1_000) {
    return tell(name, "reversed", null, `${count} cancels are answered retry_flag=Y.`, {
      opening: dialog,
      rules: [on("cancel", 1, count, { kind: "pretend", retry: "Y" })],
    });
  }
  return /^ACQ\.[A-Z_]{3,60}$/.test(name)
    ? tell(name, "declined", null, `The charge is refused with ${name}.`, refused(name))
    : null;
}

/** The story that an amount chooses by its last two digits; `success` for all others. */
export function storyOfAmount(amountFen: number): AlipayStory {
  return stories.find(({ cents }) => cents === amountFen % 100) ?? success;
}

/** What happens to a call, `ageMs` after its charge at pace 1; null where it is treated as usual. */
export function treatmentOf(
  story: AlipayStory,
  call: CallKind,
  count: number,
  ageMs: number,
): Treatment | null {
  const rule = story.rules.find(
    (one) =>
      one.on === call &&
      one.from <= count &&
      (one.to === null || count <= one.to) &&
      (one.withinMs === undefined || ageMs <= one.withinMs),
  );
  return rule?.treatment ?? null;
}
