/**
 * The box around its orders: one in front, at which people look, and up to four behind, which are being resolved.
 * `step` is the only function that changes a box: it takes an event with its stamp and returns the next box and the effects.
 */

import { Defect, invariant } from "../kernel/defect.ts";
import { fenOf, formatYuan } from "../kernel/fen.ts";
import { after, earliest, type Instant } from "../kernel/instant.ts";
import { advance, begin, resume } from "./advance.ts";
import { type AmountEntry, emptyEntry, enteredFen, type Key, typeKey } from "./amount-entry.ts";
import type { AlarmName, Effect } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import { modes } from "./mode.ts";
import { type Goods, type Intent, isConflict, type OpenOrder } from "./order.ts";
import { markOf, type Numbering, numberingOf, orderNumber } from "./order-number.ts";
import { isOver, type Payment, type PaymentEvent, wakeAt as paymentWakeAt, type Verdict } from "./payment.ts";
import type { PaymentCode } from "./payment-code.ts";
import { chargingProviders, factsOf, knows, type ProviderFacts, providerFor } from "./provider.ts";
import {
  afterAnswer,
  afterProbe,
  type ProviderHealth,
  probeAt,
  unverifiedHealth,
} from "./provider-health.ts";
import { blockerOf, freeProviders, hasKeys, mayCharge, providerBlockerOf } from "./readiness.ts";
import { nextLook, RECENT_MAX, type RecentOrder, withRecord } from "./recent.ts";
import { type RecoveryAction, recoveryOf } from "./recovery.ts";
import { asksToPay, quietAt, type Resting, readsAt, restEnd, restOf, rests, startsEntry } from "./rest.ts";
import { lineCount, nextLineAt } from "./rotation.ts";
import type { Rules, Stamp } from "./rules.ts";
import { type Sale, saleOf, salesOf } from "./sale.ts";
import {
  dropped,
  judge,
  type KnownSale,
  keyOf,
  knownAtStart,
  saleKey,
  stateOf,
  withArmed,
  withdrawn,
  withEnds,
} from "./selling.ts";
import type { SaleCommand, SaleDecision, SaleName } from "./till-sale.ts";
import { needsStaff } from "./verdict.ts";
import type { Wallet } from "./wallet.ts";

/** So many declined codes in a short time pause the box. */
const DECLINES_MAX = 3;

/** How many of the till's ids are remembered: as many as codes. */
export const REFS_MAX = 4_096;

/** How many charged codes are remembered (money rule 1). */
export const USED_CODES_MAX = 4_096;

/** Everything the core knows. Before `started` there is no box, so nothing can be charged. */
export interface Box {
  readonly numbering: Numbering;
  readonly foreground: Foreground;
  readonly notice: Notice | null;
  /** All orders that are not over, by order number, in the order they began. */
  readonly orders: ReadonlyMap<string, Payment>;
  readonly usedCodes: readonly string[];
  /** The newest order of each sale that a till asked for, by `saleKey`. */
  readonly refs: ReadonlyMap<string, string>;
  /** Sales of tills that are open or ended lately, and those that no code was scanned for; by `saleKey`. */
  readonly sales: ReadonlyMap<string, KnownSale>;
  /** Ends of orders that a start found open, of which nobody at the box has been told yet, oldest first. */
  readonly untold: readonly EarlierEnd[];
  /** The last orders, newest first, each with its newest durable state. */
  readonly recent: readonly RecentOrder[];
  /** Of each provider that charges, by its id; who only finishes orders is never probed. */
  readonly health: ReadonlyMap<string, ProviderHealth>;
  readonly scannerReady: boolean;
  /** Since when the reader reads and has read nothing; null where it is not to read, or is not there. */
  readonly quietSince: Instant | null;
  /** Whether keys can be pressed, where amounts come from them; believed until somebody says otherwise. */
  readonly keypadReady: boolean;
  /** Whether goods can be given; true where none are. */
  readonly relayReady: boolean;
  /** The machine behind the relay takes no order now. */
  readonly inhibited: boolean;
  /** Whether the disk has room for the record of another payment; null until it has been looked at. */
  readonly room: boolean | null;
  /** When codes were declined lately, and until when none is taken because of it. */
  readonly declines: readonly Instant[];
  readonly pausedUntil: Instant | null;
  /** An append failed: nothing is charged any more until a restart has verified the journal. */
  readonly journalBroken: boolean;
  /** The first invariant that this process has broken, as a sentence: nothing is charged any more. */
  readonly violation: string | null;
  /** Orders whose account's credentials the box no longer holds. */
  readonly held: readonly HeldOrder[];
  readonly stopping: boolean;
}

/** An open order for whose account nobody speaks any more: new charges of its wallet are refused (money rule 15). */
export interface HeldOrder {
  readonly outTradeNo: string;
  /** Null where its provider's id is gone, and with it the knowledge of whose wallets it took: then nothing is sold. */
  readonly wallet: Wallet | null;
}

/** What the people at the box deal with. */
export type Foreground =
  | { readonly name: "idle" }
  /** Somebody looks back at one of the last orders. */
  | { readonly name: "looking"; readonly order: RecentOrder; readonly until: Instant }
  | { readonly name: "entering"; readonly entry: AmountEntry; readonly until: Instant }
  | { readonly name: "armed"; readonly sale: Sale; readonly until: Instant | null }
  | { readonly name: "paying"; readonly outTradeNo: string }
  /** A durable end. `rearm` is the sale to go on with where nothing was charged. */
  | {
      readonly name: "result";
      readonly intent: Intent;
      readonly verdict: Verdict;
      readonly goods: Goods | null;
      readonly since: Instant;
      /** Null where staff are asked, until somebody confirms. */
      readonly until: Instant | null;
      readonly rearm: Sale | null;
    }
  /** RESULT UNKNOWN, until somebody confirms or, without keys, for a while. */
  | {
      readonly name: "unknown";
      readonly intent: Intent;
      readonly since: Instant;
      readonly until: Instant | null;
    }
  /** A fixed amount or a choice of the menu waits until the last phone has left the reader; `until` gives the choice up. */
  | {
      readonly name: "resting";
      readonly sale: Sale;
      readonly since: Instant;
      readonly until: Instant | null;
    }
  /** The first of `untold`, until somebody confirms or, without keys, for a while. */
  | {
      readonly name: "earlier";
      readonly end: EarlierEnd;
      readonly since: Instant;
      readonly until: Instant | null;
    };

/** How an order ended for which people stood at the box before it was started. */
export interface EarlierEnd {
  readonly intent: Intent;
  readonly verdict: Verdict;
}

/** A refusal that is shown for a moment; `wallet-out` is about the provider of a wallet, while another one works. */
export type Notice = { readonly until: Instant } & (
  | { readonly name: NoticeName }
  | { readonly name: "wallet-out"; readonly wallet: Wallet }
);

/** Short refusals that move no money. */
export type NoticeName =
  | "no-amount"
  | "wallet-not-taken"
  | "not-a-code"
  | "code-used"
  | "amount-too-large"
  | "amount-uneven"
  | "amount-zero"
  | "amount-changed"
  | "till-busy";

/** The box after an event, and what is to be done about it. */
export interface Step {
  readonly box: Box;
  readonly effects: readonly Effect[];
}

/** Takes up the journal's open orders and begins a boot of order numbers. */
export function start(event: BoxEvent & { readonly type: "started" }, stamp: Stamp, rules: Rules): Step {
  const numbering = numberingOf(rules.boxTag, stamp.chance);
  const orders = new Map<string, Payment>();
  const held: HeldOrder[] = [];
  const doubted: string[] = [];
  for (const order of event.open) {
    const row = recoveryOf(orderFactsOf(order, rules));
    if (row.action === "hold") held.push(heldOrder(order.intent, rules));
    if (row.action === "doubt") doubted.push(order.intent.outTradeNo);
    if (resumed.has(row.action)) {
      orders.set(order.intent.outTradeNo, resume(order, stamp, rules));
    }
  }
  for (const order of event.unchecked) {
    const { credentials } = orderFactsOf(order, rules);
    // Nothing waits for the look at a decline: without credentials it is left to people, and blocks nobody.
    if (credentials) orders.set(order.intent.outTradeNo, resume(order, stamp, rules));
  }
  const box: Box = {
    numbering,
    foreground: freeForeground(stamp, rules),
    notice: null,
    orders,
    usedCodes: event.usedCodes.slice(-USED_CODES_MAX),
    refs: event.refs,
    sales: knownAtStart(event.open),
    untold: [],
    recent: event.recent.slice(0, RECENT_MAX),
    health: new Map(
      chargingProviders(rules).map(({ payee }) => [payee.provider, unverifiedHealth(stamp.at)]),
    ),
    scannerReady: false,
    quietSince: null,
    keypadReady: true,
    relayReady: rules.relay === null,
    inhibited: rules.inhibit,
    room: null,
    declines: [],
    pausedUntil: null,
    journalBroken: false,
    violation: null,
    held,
    stopping: false,
  };
  const alarms: readonly Effect[] = [
    ...held.map(({ outTradeNo }) => alarm("account-unknown", outTradeNo)),
    ...doubted.map((outTradeNo) => alarm("journal-damaged", outTradeNo)),
  ];
  const due = doWhatIsDue(box, stamp, rules);
  return { box: due.box, effects: [...alarms, ...due.effects] };
}

const resumed: ReadonlySet<RecoveryAction> = new Set(["ask", "reverse", "resolve-goods", "doubt"] as const);

function heldOrder({ outTradeNo, payee, wallet }: Intent, { providers }: Rules): HeldOrder {
  return { outTradeNo, wallet: providers.has(payee.provider) ? wallet : null };
}

/** Moves the box by one event. */
export function step(box: Box, event: BoxEvent, stamp: Stamp, rules: Rules): Step {
  const early = passTime(box, stamp, rules);
  const moved = react(early.box, event, stamp, rules);
  const due = doWhatIsDue(moved.box, stamp, rules);
  const seen = tellEarlier(tidy(lookAtForeground(due.box, stamp, rules)), stamp, rules);
  const told = withEnds(lookAtReader(seen, stamp, rules), stamp.at);
  return { box: told, effects: [...early.effects, ...moved.effects, ...due.effects] };
}

/** When the box wants to be woken next, or null. */
export function wakeAt(box: Box, now: Instant, rules: Rules): Instant | null {
  const payment = foregroundPayment(box);
  const phase = payment?.phase;
  return earliest([
    untilOf(box.foreground),
    box.foreground.name === "resting" ? quietAt(box.quietSince, rules) : null,
    box.notice?.until ?? null,
    box.pausedUntil === null ? null : nextSecond(now, box.pausedUntil),
    lineCount(box.foreground, rules) > 1 ? nextLineAt(now, rules) : null,
    ...(box.stopping ? [] : [...box.health.values()].map(probeAt)),
    ...[...box.orders.values()].map(paymentWakeAt),
    phase?.name === "reversing" ? after(phase.since, rules.timing.askStaffAfterMs) : null,
    phase?.name === "asking" ? nextSecond(now, phase.giveUpAt) : null,
  ]);
}

/** When a countdown to `deadline` next shows another second. */
function nextSecond(now: Instant, deadline: Instant): Instant | null {
  return now >= deadline ? null : after(deadline, -1_000 * (Math.ceil((deadline - now) / 1_000) - 1));
}

/** The order in front, where there is one. */
export function foregroundPayment({ foreground, orders }: Box): Payment | undefined {
  return foreground.name === "paying" ? orders.get(foreground.outTradeNo) : undefined;
}

/** Whether a machine is giving goods: cut off, nobody could say what the customer got. */
export function isDispensing(box: Box): boolean {
  return [...box.orders.values()].some(({ phase }) => phase.name === "dispensing");
}

/** Whether a charge or goods may still be on their way into the world: a graceful stop waits for these. */
export function isBusy(box: Box): boolean {
  return [...box.orders.values()].some(({ phase }) =>
    [
      "recording",
      "charging",
      "recording-reversal",
      "recording-conflict",
      "recording-outcome",
      "dispensing",
    ].includes(phase.name),
  );
}

function react(box: Box, event: BoxEvent, stamp: Stamp, rules: Rules): Step {
  switch (event.type) {
    case "started":
      throw new Defect("a box starts once");
    case "key-pressed":
      return isTooEarly(box.foreground, event.downAt ?? stamp.at)
        ? still(box)
        : keyPressed({ ...box, notice: null }, event.key, stamp, rules);
    case "command":
      return obey(box, event.token, event.command, stamp, rules);
    case "code-scanned":
      return codeScanned(unquiet(box, stamp), event.code, event.codeHash, stamp, rules);
    case "code-wanted":
      return codeWanted(box, stamp, rules);
    case "scan-refused":
      return still(scanRefused(box, event.refusal, stamp, rules));
    case "scanner-changed":
      return still({ ...box, scannerReady: event.ready });
    case "journal-broken":
      return { box: { ...box, journalBroken: true }, effects: brokenAlarm(box) };
    case "room-changed":
      return still({ ...box, room: event.room });
    case "keypad-changed":
      return still({ ...box, keypadReady: event.ready });
    case "relay-changed":
      return still({ ...box, relayReady: event.ready });
    case "inhibit-changed":
      return still({ ...box, inhibited: event.inhibited });
    case "payment":
      return paymentMoved(box, event.outTradeNo, event.event, stamp, rules);
    case "probed":
      return still(
        withHealth(box, event.provider, (health) => afterProbe(health, event.answer, stamp.at, rules.timing)),
      );
    case "woke":
      return still(box);
    case "stopping":
      return stop(box, stamp, rules);
  }
}

/** Whether a key was already going down when a message came up that waits to be read: it is no answer to that. */
function isTooEarly(foreground: Foreground, downAt: Instant): boolean {
  const { name } = foreground;
  return (name === "result" || name === "unknown" || name === "earlier") && downAt < foreground.since;
}

function keyPressed(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  switch (foreground.name) {
    case "idle":
      return idleKey(box, key, stamp, rules);
    case "looking":
      return lookingKey(box, key, stamp, rules);
    case "entering":
      return typed(box, key, stamp, rules);
    case "armed":
      return armedKey(box, foreground, key, stamp, rules);
    case "paying":
      if (key.name !== "cancel") return still(box);
      return paymentMoved(box, foreground.outTradeNo, { type: "cancel-pressed" }, stamp, rules);
    case "result": {
      if (needsStaff(foreground) && key.name !== "confirm") return still(box);
      const left = leaveResult(box, foreground, stamp, rules);
      return startsEntry(key) && hasKeys(rules)
        ? typed({ ...left, foreground: { name: "idle" } }, key, stamp, rules)
        : arrive(box, left);
    }
    case "unknown":
      return key.name === "confirm"
        ? arrive(box, { ...box, foreground: freeForeground(stamp, rules) })
        : still(box);
    case "earlier":
      return still(key.name === "confirm" ? acknowledged(box, stamp, rules) : box);
    case "resting":
      return restingKey(box, foreground, key, stamp, rules);
  }
}

/** OK where nothing is typed looks back at the last orders, and never where the screen has to say why nothing is sold. */
function idleKey(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const look = key.name === "confirm" && blockerOf(box, rules) === null ? nextLook(box, stamp.at) : null;
  return look === null ? typed(box, key, stamp, rules) : still({ ...box, foreground: look });
}

/** OK goes on to the order before; any other key leaves, and counts as it does where nothing is looked at. */
function lookingKey(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  if (key.name === "confirm")
    return still({ ...box, foreground: nextLook(box, stamp.at) ?? { name: "idle" } });
  return typed({ ...box, foreground: { name: "idle" } }, key, stamp, rules);
}

function restingKey(box: Box, foreground: Resting, key: Key, stamp: Stamp, rules: Rules): Step {
  if (rules.amount.source === "menu") {
    if (key.name === "cancel" || key.name === "clear") return still({ ...box, foreground: { name: "idle" } });
    return chosen(box, key, stamp, rules);
  }
  if (!asksToPay(key, foreground, stamp.at)) return still(box);
  return arrive(box, { ...box, foreground: armed(foreground.sale, stamp, rules) });
}

function armedKey(
  box: Box,
  foreground: Foreground & { name: "armed" },
  key: Key,
  stamp: Stamp,
  rules: Rules,
): Step {
  if (rules.amount.source === "fixed") return still(box);
  if (key.name === "cancel" || key.name === "clear") return still({ ...box, foreground: { name: "idle" } });
  if (rules.amount.source === "menu") return typed(box, key, stamp, rules);
  if (key.name !== "backspace" || rules.amount.source !== "keypad") return still(box);
  const { entry } = rules.amount;
  const { amountFen } = foreground.sale;
  const text = formatYuan(amountFen);
  const typedEntry: AmountEntry =
    entry === "implied" ? { habit: entry, fen: amountFen } : { habit: entry, text };
  return still({ ...box, foreground: entering(typeKey(typedEntry, key), stamp, rules) });
}

function typed(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  if (rules.amount.source === "menu") return chosen(box, key, stamp, rules);
  if (rules.amount.source !== "keypad") return still(box);
  const { maximum, entry: habit } = rules.amount;
  const entry = box.foreground.name === "entering" ? box.foreground.entry : emptyEntry(habit);
  if (key.name === "cancel") return still({ ...box, foreground: { name: "idle" } });
  if (key.name !== "confirm") {
    const next = typeKey(entry, key);
    const warm: readonly Effect[] =
      box.foreground.name === "idle" && startsEntry(key) ? [{ type: "warm" }] : [];
    const foreground: Foreground =
      box.foreground.name === "idle" && !startsEntry(key) ? box.foreground : entering(next, stamp, rules);
    return { box: { ...box, foreground }, effects: warm };
  }
  const amount = fenOf(enteredFen(entry));
  if (!amount.ok) return still(notice(box, "amount-zero", stamp, rules));
  if (amount.value > maximum) return still(notice(box, "amount-too-large", stamp, rules));
  const sale = saleOf(amount.value, rules);
  if (sale === null) return still(notice(box, "amount-uneven", stamp, rules));
  return arrive(box, { ...box, foreground: armed(sale, stamp, rules) });
}

/**
 * A digit of the menu arms its price, once the reader is quiet: who chooses must not be paid for by a phone that lies there. Another
 * one replaces it.
 */
function chosen(box: Box, key: Key, stamp: Stamp, rules: Rules): Step {
  const sale = key.name === "digit" ? salesOf(rules).get(key.digit) : undefined;
  if (sale === undefined) return still(box);
  const quiet = quietAt(box.quietSince, rules);
  const free = quiet !== null && stamp.at >= quiet;
  return arrive(box, {
    ...box,
    foreground: free ? armed(sale, stamp, rules) : restOf(sale, stamp.at, rules),
  });
}

/** A command is decided once, after time has passed and before anything else happens: its answer is what the box does. */
function obey(box: Box, token: number, command: SaleCommand, stamp: Stamp, rules: Rules): Step {
  if (command.name === "pay") return amountAsked(box, token, command, stamp, rules);
  const { box: next, effects } =
    command.name === "withdraw" ? saleWithdrawn(box, command, stamp, rules) : still(box);
  return { box: next, effects: [...effects, answer(token, stateOf(next, command, false))] };
}

/** A payment that runs is never altered, nor another caller's amount: the till is told to wait, and asks again (money rule 13). */
function amountAsked(
  box: Box,
  token: number,
  asked: SaleCommand & { readonly name: "pay" },
  stamp: Stamp,
  rules: Rules,
): Step {
  const judged = judge(box, asked, blockerOf(box, rules), stamp.at, rules);
  const key = saleKey(asked);
  const { foreground } = box;
  const before = foreground.name === "armed" ? foreground.sale : null;
  const old = before === null ? null : keyOf(before);
  if (judged.kind === "told") {
    const { decision } = judged;
    const effects = [answer(token, decision)];
    if (decision.kind !== "refused") return { box, effects };
    // Its caller wants what waits no more, and is told that nothing does.
    if (old === key) return { box: dropped(box, key), effects };
    const shown =
      decision.why === "busy" && foreground.name === "paying" ? notice(box, "till-busy", stamp, rules) : box;
    return { box: shown, effects };
  }
  const { sale } = judged;
  const left = before === null || old === null || old === key ? box : withdrawn(box, old, before);
  const sales = withArmed(left.sales, key, sale);
  const changed: Box = { ...left, notice: null, foreground: armed(sale, stamp, rules), sales };
  const { box: next, effects } = arrive(
    box,
    before === null ? changed : notice(changed, "amount-changed", stamp, rules),
  );
  return { box: next, effects: [...effects, answer(token, stateOf(next, asked, false))] };
}

function saleWithdrawn(box: Box, name: SaleName, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  const key = saleKey(name);
  if (foreground.name === "armed" && keyOf(foreground.sale) === key)
    return still(withdrawn({ ...box, notice: null, foreground: { name: "idle" } }, key, foreground.sale));
  if (foreground.name === "result" && foreground.rearm !== null && keyOf(foreground.rearm) === key)
    return still({ ...box, foreground: { ...foreground, rearm: null } });
  // In front or, after a restart, behind it.
  const outTradeNo = box.refs.get(key);
  if (outTradeNo === undefined || !box.orders.has(outTradeNo)) return still(box);
  return paymentMoved(box, outTradeNo, { type: "cancel-pressed" }, stamp, rules);
}

function answer(token: number, decision: SaleDecision): Effect {
  return { type: "answer", token, answer: decision };
}

/** Remembers the newest order of a till's sale, and forgets the one that is remembered longest. */
function withRef(
  refs: ReadonlyMap<string, string>,
  key: string,
  outTradeNo: string,
): ReadonlyMap<string, string> {
  const kept = [...refs].filter(([known]) => known !== key).slice(-(REFS_MAX - 1));
  return new Map([...kept, [key, outTradeNo]]);
}

function codeScanned(box: Box, code: PaymentCode, codeHash: string, stamp: Stamp, rules: Rules): Step {
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
function codeWanted(box: Box, stamp: Stamp, rules: Rules): Step {
  const { foreground } = box;
  const provider = freeProviders(box, rules).find(({ offersCode }) => offersCode);
  if (provider === undefined || blockerOf(box, rules) !== null) return still(box);
  // A code of ours is not paid by a phone that lies in the reader.
  if (foreground.name !== "armed" && foreground.name !== "resting") return still(box);
  return pay(box, foreground.sale, provider, null, null, stamp, rules);
}

function scanRefused(
  box: Box,
  refusal: (BoxEvent & { type: "scan-refused" })["refusal"],
  stamp: Stamp,
  rules: Rules,
): Box {
  // Whatever came, something may lie in the reader.
  const heard = unquiet(box, stamp);
  return refusal === "unfinished" ? heard : refused(heard, "not-a-code", stamp, rules);
}

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

/** People hear once that the journal has failed. */
function brokenAlarm({ journalBroken }: Box): readonly Effect[] {
  return journalBroken ? [] : [alarm("journal-broken", null)];
}

function paymentMoved(box: Box, outTradeNo: string, event: PaymentEvent, stamp: Stamp, rules: Rules): Step {
  const payment = box.orders.get(outTradeNo);
  invariant(payment !== undefined, "an order that is asked about is known");
  const leaves = event.type === "recorded" && payment.phase.name === "recording";
  const withheld = leaves && !mayCharge(box, payment.intent, rules);
  const moved = advance(payment, withheld ? { type: "withheld" } : event, stamp, rules);
  const taken = moved.effects.some((effect) => effect.type === "alarm" && effect.alarm === "number-conflict");
  // Somebody else makes our numbers: go on with new ones (money rule 2).
  const numbering = taken ? numberingOf(rules.boxTag, stamp.chance) : box.numbering;
  const broken = event.type === "record-failed";
  const alarms = broken ? brokenAlarm(box) : [];
  const orders = new Map(box.orders).set(outTradeNo, moved.payment);
  const heard = heardFrom(box, payment.intent, event, stamp, rules);
  const next = { ...heard, orders, numbering, journalBroken: box.journalBroken || broken };
  const known = event.type === "recorded" ? withRecord(next, payment.intent, event.state) : next;
  return { box: known, effects: [...moved.effects, ...alarms] };
}

/** An answer says something about the provider of its order, and about no other (money rule 12). */
function heardFrom(box: Box, intent: Intent, event: PaymentEvent, { at }: Stamp, rules: Rules): Box {
  switch (event.type) {
    case "charge-answered":
    case "query-answered":
    case "undo-answered":
      return withHealth(box, intent.payee.provider, (health) =>
        afterAnswer(health, event.answer, at, rules.timing, factsOf(intent, rules)),
      );
    default:
      return box;
  }
}

/** The box with another health of this provider; who only finishes orders has none. */
function withHealth(box: Box, provider: string, change: (health: ProviderHealth) => ProviderHealth): Box {
  const health = box.health.get(provider);
  return health === undefined ? box : { ...box, health: new Map(box.health).set(provider, change(health)) };
}

/** Nothing new begins; an order whose intent is still on its way to the journal is not charged. */
function stop(box: Box, stamp: Stamp, rules: Rules): Step {
  const stopped: Box = { ...box, stopping: true };
  const payment = foregroundPayment(stopped);
  if (payment?.phase.name !== "recording") return still(stopped);
  return paymentMoved(stopped, payment.intent.outTradeNo, { type: "cancel-pressed" }, stamp, rules);
}

function passTime(box: Box, stamp: Stamp, rules: Rules): Step {
  const noticeOver = box.notice !== null && stamp.at >= box.notice.until;
  const pauseOver = box.pausedUntil !== null && stamp.at >= box.pausedUntil;
  const seen: Box = {
    ...box,
    notice: noticeOver ? null : box.notice,
    pausedUntil: pauseOver ? null : box.pausedUntil,
  };
  const { foreground } = seen;
  if (foreground.name === "resting") return passRest(seen, foreground, stamp, rules);
  const until = untilOf(foreground);
  if (until === null || stamp.at < until) return still(seen);
  if (foreground.name === "result") return arrive(seen, leaveResult(seen, foreground, stamp, rules));
  if (foreground.name === "earlier") return still(acknowledged(seen, stamp, rules));
  return arrive(seen, { ...seen, foreground: freeForeground(stamp, rules) });
}

function passRest(box: Box, foreground: Resting, stamp: Stamp, rules: Rules): Step {
  switch (restEnd(foreground, box.quietSince, stamp.at, rules)) {
    case "goes-on":
      return still(box);
    case "over":
      return arrive(box, { ...box, foreground: armed(foreground.sale, stamp, rules) });
    case "given-up":
      return still({ ...box, foreground: { name: "idle" } });
    case "slept-through":
      return still(unquiet(box, stamp));
  }
}

function doWhatIsDue(box: Box, stamp: Stamp, rules: Rules): Step {
  let next = box;
  const effects: Effect[] = [];
  for (const [outTradeNo, payment] of box.orders) {
    const due = paymentWakeAt(payment);
    if (due === null || stamp.at < due) continue;
    const woken = paymentMoved(next, outTradeNo, { type: "woke" }, stamp, rules);
    next = woken.box;
    effects.push(...woken.effects);
  }
  return probesDue(next, effects, stamp);
}

function probesDue(box: Box, effects: Effect[], { at }: Stamp): Step {
  const due = [...box.health].filter(([, health]) => at >= (probeAt(health) ?? Number.POSITIVE_INFINITY));
  if (due.length === 0 || box.stopping) return { box, effects };
  const health = new Map(box.health);
  for (const [provider, before] of due) {
    health.set(provider, { ...before, probe: "inFlight" });
    effects.push({ type: "probe", provider });
  }
  return { box: { ...box, health }, effects };
}

/** Shows the order in front as far as it has come: its durable end, or that nobody knows yet. */
export function lookAtForeground(box: Box, stamp: Stamp, rules: Rules): Box {
  const watched =
    box.foreground.name === "paying"
      ? box.foreground.outTradeNo
      : box.foreground.name === "unknown"
        ? box.foreground.intent.outTradeNo
        : null;
  const payment = watched === null ? undefined : box.orders.get(watched);
  if (payment === undefined) return box;
  const { phase, intent, goods } = payment;
  if (phase.name === "abandoned") return { ...box, foreground: freeForeground(stamp, rules) };
  if (phase.name === "final") {
    const { verdict } = phase;
    const { amountFen, pulses, ref, caller } = intent;
    const declined = verdict.state === "declined";
    const rearm = rules.amount.source !== "fixed" && declined ? { amountFen, pulses, ref, caller } : null;
    // Somebody who got nothing for their money needs the time to show it to staff.
    const shownMs = goods?.outcome === "unclear" ? rules.timing.unknownShownMs : rules.timing.resultMs;
    const until = needsStaff({ verdict, goods }) ? staffUntil(stamp, rules) : after(stamp.at, shownMs);
    const shown: Box = {
      ...box,
      foreground: { name: "result", intent, verdict, goods, since: stamp.at, until, rearm },
    };
    return declined && phase.check !== null ? countDecline(shown, stamp, rules) : shown;
  }
  if (box.foreground.name === "unknown") return box;
  // A code of ours that was withdrawn is closed minutes later: nobody waits for that.
  const atOnce = modes[intent.mode].staffAfter === "at-once" && goods === null;
  const patience = atOnce ? 0 : rules.timing.askStaffAfterMs;
  const old = phase.name === "reversing" && stamp.at >= after(phase.since, patience);
  if (!old && phase.name !== "unrecorded") return box;
  return {
    ...box,
    foreground: { name: "unknown", intent, since: stamp.at, until: staffUntil(stamp, rules) },
  };
}

/** Until when staff are asked: until somebody confirms or, without keys, for a while (money rule 12). */
function staffUntil({ at }: Stamp, { keypad, amount, timing }: Rules): Instant | null {
  // The keys of a menu may be digits alone, and who bought by one walks away.
  const confirmed = keypad && amount.source !== "menu";
  return confirmed ? null : after(at, timing.unknownShownMs);
}

/** Three codes that were declined in a short time are no customer's bad luck. */
function countDecline(box: Box, stamp: Stamp, { timing }: Rules): Box {
  const recent = box.declines.filter((at) => stamp.at < after(at, timing.declinesWithinMs));
  const declines = [...recent, stamp.at];
  if (declines.length < DECLINES_MAX) return { ...box, declines };
  return { ...box, declines: [], pausedUntil: after(stamp.at, timing.declinePauseMs) };
}

function tidy(box: Box): Box {
  const over = [...box.orders.values()].filter(isOver);
  if (over.length === 0) return box;
  const orders = new Map([...box.orders].filter(([, payment]) => !isOver(payment)));
  return { ...box, orders, untold: [...box.untold, ...over.flatMap(earlierEnd)] };
}

/**
 * What people at the box have to hear of an order that a start found open: it was paid, the money went back, or nobody knows. Who
 * was not charged has lost nothing, and where a decline was contradicted nobody stands there any more.
 */
function earlierEnd({ recovered, phase, intent }: Payment): readonly EarlierEnd[] {
  if (!recovered || phase.name !== "final") return [];
  const { verdict } = phase;
  const heard = verdict.state === "paid" || verdict.state === "refunded" || verdict.state === "manual";
  return heard && verdict.reason !== "contradiction" ? [{ intent, verdict }] : [];
}

/** Tells of an earlier end where no payment is in the way; one that was interrupted is told again. */
function tellEarlier(box: Box, stamp: Stamp, rules: Rules): Box {
  const [end] = box.untold;
  const { name } = box.foreground;
  const stands = name === "resting" || name === "armed";
  const free = name === "idle" || name === "looking" || (stands && rules.amount.source === "fixed");
  if (end === undefined || !free) return box;
  return {
    ...box,
    notice: null,
    foreground: { name: "earlier", end, since: stamp.at, until: staffUntil(stamp, rules) },
  };
}

/** Somebody has read of an earlier end, or it has stood there for its time. */
function acknowledged(box: Box, stamp: Stamp, rules: Rules): Box {
  return { ...box, untold: box.untold.slice(1), foreground: freeForeground(stamp, rules) };
}

function leaveResult(box: Box, foreground: Foreground & { name: "result" }, stamp: Stamp, rules: Rules): Box {
  return {
    ...box,
    foreground:
      foreground.rearm === null ? freeForeground(stamp, rules) : armed(foreground.rearm, stamp, rules),
  };
}

/** Opens the charge connection whenever a change has armed an amount. */
function arrive(before: Box, box: Box): Step {
  const warm = box.foreground.name === "armed" && before.foreground.name !== "armed";
  return { box, effects: warm ? [{ type: "warm" }] : [] };
}

/**
 * Nobody pays. A fixed amount is armed only when no code has been read for a while: a phone left in the reader shows a new one
 * each minute (money rule 13), and before a start there may have been a payment.
 */
function freeForeground({ at }: Stamp, rules: Rules): Foreground {
  const sale = fixedSale(rules);
  return sale === null ? { name: "idle" } : restOf(sale, at, rules);
}

/** Something was read: what lies in the reader lies there still. */
function unquiet(box: Box, { at }: Stamp): Box {
  return box.quietSince === null ? box : { ...box, quietSince: at };
}

/**
 * Whether the reader is to read: a triggered one is told so, and no rest passes while it is not or is not there. What is on sale
 * rests again when reading was interrupted, for nobody saw who came and went.
 */
export function wantsReading(box: Box, rules: Rules): boolean {
  const blocker = blockerOf(box, rules);
  // A machine that is busy for a moment, or a pause, sees who comes meanwhile.
  const open = blocker === null || blocker === "inhibited" || blocker === "paused";
  return open && readsAt(box.foreground, rules);
}

function lookAtReader(box: Box, { at }: Stamp, rules: Rules): Box {
  if (box.scannerReady && wantsReading(box, rules)) return { ...box, quietSince: box.quietSince ?? at };
  const { foreground } = box;
  const next = foreground.name === "armed" && rests(rules) ? restOf(foreground.sale, at, rules) : foreground;
  return { ...box, foreground: next, quietSince: null };
}

/** The only thing that is sold here, null where people say what they pay. */
function fixedSale(rules: Rules): Sale | null {
  if (rules.amount.source !== "fixed") return null;
  const sale = saleOf(rules.amount.maximum, rules);
  invariant(sale !== null, "a fixed amount is a whole number of pulses");
  return sale;
}

function armed(sale: Sale, stamp: Stamp, rules: Rules): Foreground {
  return { name: "armed", sale, until: armedUntil(stamp, rules) };
}

/** How long an amount that somebody chose lives; a fixed one stands for ever. */
function armedUntil({ at }: Stamp, { amount, timing }: Rules): Instant | null {
  switch (amount.source) {
    case "fixed":
      return null;
    case "keypad":
    case "till":
      return after(at, timing.armedMs);
    case "menu":
      return after(at, timing.menuArmedMs);
  }
}

function entering(entry: AmountEntry, stamp: Stamp, rules: Rules): Foreground {
  return { name: "entering", entry, until: after(stamp.at, rules.timing.entryMs) };
}

function notice(box: Box, name: NoticeName, stamp: Stamp, rules: Rules): Box {
  return { ...box, notice: { name, until: after(stamp.at, rules.timing.noticeMs) } };
}

function untilOf(foreground: Foreground): Instant | null {
  return foreground.name === "idle" || foreground.name === "paying" ? null : foreground.until;
}

function orderFactsOf({ last, intent, doubted }: OpenOrder, rules: Rules) {
  return {
    charging: true,
    reversing: last.state === "reversing",
    numberConflict: isConflict(last),
    dispensing: last.state === "paid" && !last.final,
    final: last.final,
    doubted: doubted === true,
    credentials: knows(intent.payee, rules),
  };
}

function alarm(name: AlarmName, outTradeNo: string | null): Effect {
  return { type: "alarm", alarm: name, outTradeNo };
}

function still(box: Box): Step {
  return { box, effects: [] };
}
