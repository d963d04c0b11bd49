/** What a box decides about a till's command, and what it keeps of sales so that it decides the same again (src/control/README.md). */
import { after, type Instant } from "../kernel/instant.ts";
import type { Blocker } from "./blocker.ts";
import type { Box } from "./box.ts";
import type { Intent, MoneyState, OpenOrder } from "./order.ts";
import type { Rules } from "./rules.ts";
import { type KnownSale, type Sale, saleOf } from "./sale.ts";
import type { AskRefusal, Refused, SaleCommand, SaleDecision, SaleName, SaleState } from "./till-sale.ts";
import { needsStaff } from "./verdict.ts";

/** Asked for again so long after its end, a sale is told and not begun: receipt numbers start anew every morning. */
export const REATTACH_MS = 600_000;

/** How many sales are remembered that ended without a code; nothing was charged for one that is forgotten. */
export const UNSCANNED_MAX = 256;

/** What follows from an amount that a till asks for: it is armed, or this is the answer. */
export type Judged =
  | { readonly kind: "arm"; readonly sale: Sale }
  | { readonly kind: "told"; readonly decision: SaleDecision };

/** One text for a sale of one caller; neither part holds a blank. */
export function saleKey({ caller, ref }: SaleName): string {
  return `${caller} ${ref}`;
}

/** The text for the sale of an order or of an armed amount, null where no till asked for it. */
export function keyOf({ caller, ref }: Pick<Intent, "caller" | "ref">): string | null {
  return caller === null || ref === null ? null : saleKey({ caller, ref });
}

/**
 * What a start knows of its open orders' sales; all others of the journal count as ended long ago. An open order is its sale's only
 * where it is the newest one: a decline that was contradicted may be open for days after another code has paid.
 */
export function knownAtStart(
  open: readonly OpenOrder[],
  refs: ReadonlyMap<string, string>,
): ReadonlyMap<string, KnownSale> {
  const known = new Map<string, KnownSale>();
  for (const { intent, last } of open) {
    const key = keyOf(intent);
    if (key !== null && (refs.get(key) ?? intent.outTradeNo) === intent.outTradeNo)
      known.set(key, { amountFen: intent.amountFen, endedAt: null, unscanned: null, recorded: last.state });
  }
  return known;
}

/**
 * Whether an amount that is asked for now is armed. Whether there is such a sale already is looked at first: no refusal says that
 * nothing will be charged where something may be. `blocker` is why no payment can begin, where none can.
 */
export function judge(
  box: Box,
  asked: SaleCommand & { readonly name: "pay" },
  blocker: Blocker | null,
  at: Instant,
  rules: Rules,
): Judged {
  const key = saleKey(asked);
  const known = box.sales.get(key);
  const waiting = armedAs(box, key);
  if (waiting?.amountFen === asked.amountFen) return told(stateOf(box, asked, true));
  if (waiting === null && known !== undefined && isAttached(known, at)) {
    return known.amountFen === asked.amountFen ? told(stateOf(box, asked, true)) : refused("other-amount");
  }
  if (waiting === null && (known !== undefined || box.refs.has(key))) return refused("ref-used");
  if (rules.amount.source !== "till") return refused("not-offered");
  if (asked.amountFen > rules.amount.maximum) return refused("amount-too-large");
  const sale = saleOf(asked.amountFen, rules, asked);
  if (sale === null) return refused("amount-uneven");
  if (isConflict(box, asked.caller)) return refused("busy");
  return blocker === null ? { kind: "arm", sale } : refused("not-ready", blocker);
}

/** How a sale stands, as far as the box itself knows. */
export function stateOf(box: Box, name: SaleName, repeated: boolean): SaleDecision {
  const key = saleKey(name);
  const { ref } = name;
  const waiting = armedAs(box, key);
  if (waiting !== null) return stands(ref, waiting.amountFen, "armed", repeated);
  const outTradeNo = box.refs.get(key);
  if (outTradeNo === undefined) {
    const known = box.sales.get(key);
    if (known === undefined) return { kind: "no-sale" };
    return stands(ref, known.amountFen, known.unscanned ?? "lapsed", repeated);
  }
  const order = box.orders.get(outTradeNo);
  // Nothing of it stands in the journal yet.
  if (order?.phase.name === "recording") return begins(ref, order.intent, repeated);
  return { kind: "recorded", ref, outTradeNo, over: !isOpenSale(box, key), repeated };
}

/** The sales after `key` began to wait for a code. */
export function withArmed(
  sales: ReadonlyMap<string, KnownSale>,
  key: string,
  { amountFen }: Sale,
): ReadonlyMap<string, KnownSale> {
  return new Map(sales).set(key, { amountFen, endedAt: null, unscanned: null, recorded: null });
}

/** The box after its caller wants a sale no more that waits for its first or another code. */
export function withdrawn(box: Box, key: string, { amountFen }: Sale): Box {
  if (box.refs.has(key)) return box;
  const sales = new Map(box.sales).set(key, {
    amountFen,
    endedAt: null,
    unscanned: "withdrawn",
    recorded: null,
  } as const);
  return { ...box, sales };
}

/** The box after a wish that changed what waited was refused: nothing waits, and the next wish is judged anew. */
export function dropped(box: Box, key: string): Box {
  const sales = new Map(box.sales);
  if (!box.refs.has(key)) sales.delete(key);
  return { ...box, sales, notice: null, foreground: { name: "idle" } };
}

/** The box after a record of this order has become durable. */
export function withSaleRecord(box: Box, intent: Intent, recorded: MoneyState): Box {
  const key = keyOf(intent);
  const known = key === null ? undefined : box.sales.get(key);
  // An order before its newest one may still be contradicted.
  if (key === null || known === undefined || box.refs.get(key) !== intent.outTradeNo) return box;
  return { ...box, sales: new Map(box.sales).set(key, { ...known, recorded }) };
}

/** Notes which sales have come to their end by now, and forgets what is remembered elsewhere or need not be. */
export function withEnds(box: Box, at: Instant): Box {
  if (box.sales.size === 0) return box;
  let changed = false;
  const sales = new Map<string, KnownSale>();
  for (const [key, known] of box.sales) {
    const scanned = box.refs.has(key);
    const ends = known.endedAt === null && !isOpenSale(box, key);
    const end: KnownSale = ends
      ? { ...known, endedAt: at, unscanned: scanned ? null : (known.unscanned ?? "lapsed") }
      : known;
    const old = scanned && end.endedAt !== null && !isAttached(end, at);
    if (!old) sales.set(key, end);
    changed ||= ends || old;
  }
  if (!changed) return box;
  const unscanned = [...sales].filter(([, known]) => known.unscanned !== null);
  for (const [key] of unscanned.slice(0, -UNSCANNED_MAX)) sales.delete(key);
  return { ...box, sales };
}

/** Whether somebody else's sale is at the box, or any payment whose end is not shown yet. */
function isConflict({ foreground }: Box, caller: string): boolean {
  switch (foreground.name) {
    case "paying":
    case "unknown":
      return true;
    case "armed":
      return foreground.sale.caller !== caller;
    case "result":
      return needsStaff(foreground) || (foreground.rearm !== null && foreground.rearm.caller !== caller);
    default:
      return false;
  }
}

/** Whether the box may go on with a sale. */
function isOpenSale(box: Box, key: string): boolean {
  const { foreground } = box;
  if (armedAs(box, key) !== null) return true;
  // A code was declined, and the sale will wait for the next one when people have read why.
  if (foreground.name === "result" && foreground.rearm !== null && keyOf(foreground.rearm) === key)
    return true;
  const outTradeNo = box.refs.get(key);
  if (outTradeNo === undefined) return false;
  const phase = box.orders.get(outTradeNo)?.phase.name;
  return phase === undefined ? isHeld(box, outTradeNo) : phase !== "final" && phase !== "abandoned";
}

function isHeld({ held }: Box, outTradeNo: string): boolean {
  return held.some((order) => order.outTradeNo === outTradeNo);
}

function armedAs({ foreground }: Box, key: string): Sale | null {
  return foreground.name === "armed" && keyOf(foreground.sale) === key ? foreground.sale : null;
}

function isAttached({ endedAt }: KnownSale, at: Instant): boolean {
  return endedAt === null || at < after(endedAt, REATTACH_MS);
}

function refused(why: AskRefusal, blocker: Blocker | null = null): Judged {
  const decision: Refused = { kind: "refused", why, blocker };
  return told(decision);
}

function told(decision: SaleDecision): Judged {
  return { kind: "told", decision };
}

/** What is known of an order that nobody has heard of. */
const unproved = { late: false, reason: null, transactionId: null } as const;

function stands(
  ref: string,
  amountFen: number,
  state: "armed" | "withdrawn" | "lapsed",
  repeated: boolean,
): SaleDecision {
  const final = state !== "armed";
  const sale: SaleState = {
    ...{ ref, amountFen, state, final, charged: "no" },
    ...{ outTradeNo: null, shortRef: null, ...unproved, repeated },
  };
  return { kind: "state", sale };
}

function begins(ref: string, intent: Intent, repeated: boolean): SaleDecision {
  const { amountFen, outTradeNo, shortRef } = intent;
  const sale: SaleState = {
    ...{ ref, amountFen, state: "charging", final: false, charged: "unknown" },
    ...{ outTradeNo, shortRef, ...unproved, repeated },
  };
  return { kind: "state", sale };
}
