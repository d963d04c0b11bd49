/**
 * Every state that one order can reach, found by trying every event in every state. Times are kept small and measured from
 * now, so that the graph is finite: only differences decide.
 */

import { instantOf, wallTimeOf } from "../../../src/core/kernel/instant.ts";
import type { Absences } from "../../../src/core/payment/absence.ts";
import { advance, begin, resume } from "../../../src/core/payment/advance.ts";
import type { ChargeAnswer, QueryAnswer, UndoAnswer } from "../../../src/core/payment/answers.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import type { Intent, MoneyState } from "../../../src/core/payment/order.ts";
import {
  type DispenseAnswer,
  isOver,
  type Payment,
  type PaymentEvent,
} from "../../../src/core/payment/payment.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { ProviderFacts } from "../../../src/core/payment/provider.ts";
import { type Rules, type Stamp, standardTiming } from "../../../src/core/payment/rules.ts";
import { wechatV2Facts, wechatV2Timing } from "../../../src/providers/wechat-v2/facts.ts";

const merchant = { appId: "wx1", merchantId: "1900000109", subAppId: null, subMerchantId: null };

/** The facts of a provider of this id with the hosts that a test names. */
export function provider(
  hosts: readonly string[] = ["a"],
  changes: Partial<ProviderFacts> = {},
): ProviderFacts {
  const identity = { id: "wechat", charges: true, wallets: ["wechat"] } as const;
  return { ...wechatV2Facts(identity, { merchant, hosts, notifyUrl: null }), ...changes };
}

/** Rules in which something of the provider is different. */
export function withProvider(rules: Rules, changes: Partial<ProviderFacts>): Rules {
  const [[id, facts]] = [...rules.providers] as [[string, ProviderFacts]];
  return { ...rules, providers: new Map([...rules.providers, [id, { ...facts, ...changes }]]) };
}

/** The provider of rules that have one. */
export function providerOf({ providers }: Rules): ProviderFacts {
  const [facts] = providers.values();
  if (facts === undefined) throw new Error("there is no provider");
  return facts;
}

const smallTiming = {
  ...wechatV2Timing,
  queryEveryMs: 1,
  giveUpAfterMs: 2,
  reverseNotBeforeMs: 1,
  confirmNotBeforeMs: 2,
  absentForMs: 1,
  closeNotBeforeMs: 2,
};

function smallFacts(hosts: readonly string[]): ProviderFacts {
  const identity = { id: "wechat", charges: true, wallets: ["wechat"] } as const;
  return wechatV2Facts(identity, { merchant, hosts, notifyUrl: "https://shop.example/n" }, smallTiming);
}

/** Rules whose waits are a few ticks, in the right relations to each other. */
export function smallRules(late: "keep" | "reverse", hosts: readonly string[] = ["a"]): Rules {
  return {
    boxId: "box-1",
    boxTag: "abcd1234",
    version: "0.0.0",
    providers: new Map([["wechat", smallFacts(hosts)]]),
    amount: { source: "keypad", entry: "implied", maximum: 300_000 as never },
    keypad: true,
    late,
    relay: null,
    inhibit: false,
    sells: true,
    advert: [],
    timing: {
      ...standardTiming,
      offerMs: 2,
      sendWithinMs: 2,
      reverseAgainMs: [1, 2],
      reversalAlarmMs: 2,
      checkAfterMs: 1,
      unrecordedEveryMs: 1,
    },
  };
}

const intent: Intent = {
  outTradeNo: "abcd1234_000000000000_1",
  shortRef: "0001",
  ref: null,
  caller: null,
  amountFen: 1250 as never,
  currency: "CNY",
  payee: provider().payee,
  wallet: "wechat",
  mode: "cpm",
  nonce: "attach",
  codeHash: "hash",
  pulses: null,
  boot: "000000000000",
  intentAt: wallTimeOf(0),
  clockTrusted: true,
};

const code = new PaymentCode("134567890123456789", "wechat");

export function stampAt(at: number): Stamp {
  return { at: instantOf(at), wall: wallTimeOf(at), clockTrusted: true, chance: [2 ** 31, 0, 0, 0] };
}

const chargeAnswers: readonly ChargeAnswer[] = [
  { kind: "ordered", codeUrl: "weixin://wxpay/bizpayurl?pr=42" },
  { kind: "paid", transactionId: "42" },
  { kind: "declined", reason: "funds", code: "NOTENOUGH" },
  { kind: "pending" },
  { kind: "refused-unconfirmed", code: "TRADE_ERROR" },
  { kind: "number-conflict", code: "ORDERPAID" },
  { kind: "unknown", why: "silence", signed: false },
  { kind: "unknown", why: "system-error", signed: true },
  { kind: "not-sent", why: "no-connection" },
  { kind: "not-sent", why: "too-late" },
];

const queryAnswers: readonly QueryAnswer[] = [
  { kind: "paid", transactionId: "42" },
  { kind: "refunded", transactionId: "42" },
  { kind: "refunded", transactionId: null },
  { kind: "closed", paidOnce: false, transactionId: null },
  { kind: "closed", paidOnce: true, transactionId: "42" },
  { kind: "unpaid", paying: true },
  { kind: "unpaid", paying: false },
  { kind: "failed" },
  { kind: "absent" },
  { kind: "paid", transactionId: "42", unmarked: true },
  { kind: "foreign", state: "paid" },
  { kind: "foreign", state: "open" },
  { kind: "foreign", state: "closed" },
  { kind: "unknown", why: "silence", signed: false },
  { kind: "not-sent", why: "no-name" },
];

const reverseAnswers: readonly UndoAnswer[] = [
  { kind: "done" },
  { kind: "paid" },
  { kind: "again", code: "USERPAYING" },
  { kind: "expired" },
  { kind: "unknown", why: "silence", signed: false },
  { kind: "not-sent", why: "no-connection" },
];

const dispenseAnswers: readonly DispenseAnswer[] = ["dispensed", "not-dispensed", "unclear"];

const states: readonly MoneyState[] = [
  "charging",
  "reversing",
  "paid",
  "declined",
  "cancelled",
  "reversed",
  "refunded",
  "manual",
];

/** Every event there is, for every host. */
export function allEvents(hosts: readonly string[]): readonly PaymentEvent[] {
  return [
    ...states.map((state) => ({ type: "recorded", state }) as const),
    ...states.map((state) => ({ type: "record-failed", state }) as const),
    ...hosts.flatMap((host) => [
      ...chargeAnswers.map((answer) => ({ type: "charge-answered", host, answer }) as const),
      ...queryAnswers.map((answer) => ({ type: "query-answered", host, answer }) as const),
      ...reverseAnswers.map((answer) => ({ type: "undo-answered", host, answer }) as const),
    ]),
    ...dispenseAnswers.map((outcome) => ({ type: "dispensed", outcome }) as const),
    { type: "withheld" },
    { type: "woke" },
    { type: "cancel-pressed" },
  ];
}

/** What an order waits for: the events that the world can send it now. */
export function isExpected(payment: Payment, event: PaymentEvent): boolean {
  const { inFlight } = payment;
  switch (event.type) {
    case "woke":
    case "cancel-pressed":
      return true;
    case "charge-answered":
      return inFlight?.call === "charge";
    case "query-answered":
      return inFlight?.call === "query";
    case "undo-answered":
      return inFlight?.call === "undo";
    case "dispensed":
      return payment.phase.name === "dispensing" && payment.phase.next === null;
    case "withheld":
      return payment.phase.name === "recording";
    case "recorded":
    case "record-failed":
      return awaitedRecord(payment) === event.state;
  }
}

function awaitedRecord({ phase }: Payment): MoneyState | null {
  if (phase.name === "recording") return "charging";
  if (phase.name === "recording-reversal") return "reversing";
  if (phase.name === "recording-conflict") return phase.reversalRecorded ? "reversing" : "charging";
  return phase.name === "recording-outcome" ? phase.verdict.state : null;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly before: Payment;
  readonly after: Payment;
  readonly event: PaymentEvent;
  readonly now: number;
  readonly effects: readonly Effect[];
}

export interface Graph {
  readonly states: ReadonlyMap<string, Payment>;
  readonly edges: readonly Edge[];
}

/** Some times as many as there are: a difference that decides nothing must not tell states apart. */
const STATES_MAX = 40_000;

/** Walks from a new order and from both kinds of recovered ones until nothing new is found. */
export function explore(rules: Rules, mode: Intent["mode"] = "cpm", pulses: number | null = null): Graph {
  const stamp = stampAt(0);
  const wanted: Intent = { ...intent, mode, pulses };
  const open = begin(wanted, mode === "mpm" ? null : code, stamp, rules);
  const [effect] = open.effects;
  if (effect?.type !== "record" || effect.entry.kind !== "charging")
    throw new Error("an order begins with a record");
  const { tx } = effect.entry;
  const roots = [
    open.payment,
    resume({ intent: wanted, last: tx }, stamp, rules),
    resume({ intent: wanted, last: { ...tx, state: "reversing", reason: "gave-up" } }, stamp, rules),
    resume({ intent: wanted, last: { ...tx, reason: "number-conflict" } }, stamp, rules),
    resume({ intent: wanted, last: { ...tx, state: "reversing", reason: "number-conflict" } }, stamp, rules),
  ];
  roots.push(resume({ intent: wanted, last: tx, doubted: true }, stamp, rules));
  if (pulses !== null) {
    const goods = { pulses, outcome: null };
    const bought = { ...tx, state: "paid", charged: "yes", transactionId: "42", dispense: goods } as const;
    roots.push(resume({ intent: wanted, last: bought }, stamp, rules));
  }
  const found = new Map<string, Payment>();
  const edges: Edge[] = [];
  const queue: Payment[] = [];
  const visit = (payment: Payment): string => {
    const normal = normalise(payment, rules);
    const key = keyOf(normal);
    if (!found.has(key)) {
      found.set(key, normal);
      if (found.size > STATES_MAX) throw new Error("the states of an order do not end");
      queue.push(normal);
    }
    return key;
  };
  for (const root of roots) visit(shift(root, 0));
  const events = allEvents(providerOf(rules).hosts);
  for (let payment = queue.shift(); payment !== undefined; payment = queue.shift()) {
    if (isOver(payment)) continue;
    const from = keyOf(payment);
    for (const event of events) {
      if (!isExpected(payment, event) || !isOf(mode, event)) continue;
      for (const now of [0, 1]) {
        const step = advance(payment, event, stampAt(now), rules);
        if (step.payment.intent !== wanted) throw new Error("an intent never changes");
        const to = visit(shift(step.payment, now));
        edges.push({ from, to, before: payment, after: step.payment, event, now, effects: step.effects });
      }
    }
  }
  return { states: found, edges };
}

/** What tells one state from another; all have the same intent. */
function keyOf(payment: Payment): string {
  return JSON.stringify({ ...payment, intent: null });
}

/** Whether an order of this kind can be answered so. */
function isOf(mode: Intent["mode"], event: PaymentEvent): boolean {
  if (event.type === "charge-answered") {
    const native = event.answer.kind === "ordered";
    const micropay = ["paid", "pending"].includes(event.answer.kind);
    return mode === "mpm" ? !micropay : !native;
  }
  return mode === "mpm" || event.type !== "undo-answered" || event.answer.kind !== "paid";
}

/** The same order with every time measured from `now`; what lies further back than any wait is the same past. */
function shift(payment: Payment, now: number): Payment {
  return shifted("", payment, now) as Payment;
}

function shifted(key: string, value: unknown, now: number): unknown {
  if (typeof value === "number") return times.has(key) ? Math.max(value - now, -2) : value;
  if (typeof value !== "object" || value === null) return value;
  if (key === "code" || key === "intent") return value;
  if (Array.isArray(value)) return value.map((one: unknown) => shifted("", one, now));
  const copy: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) copy[name] = shifted(name, one, now);
  return copy;
}

const times = new Set([
  "at",
  "sendBefore",
  "giveUpAt",
  "next",
  "since",
  "check",
  "chargedAt",
  "sentAt",
  "answeredAt",
]);

/** Which hosts, at least two or not, and five of them or fewer: nothing else of absences decides. */
function shortened({ hosts, count, runMs, since }: Absences, rules: Rules): Absences {
  const once = [...new Set(hosts)].sort();
  return {
    hosts: hosts.length > once.length && once.length < 2 ? [...once, ...once] : once,
    count: Math.min(count, 5),
    runMs: Math.min(runMs, providerOf(rules).absence?.lastingMs ?? 0),
    since,
  };
}

/** Counters decide only by the host whose turn it is, rounds only up to the longest wait. */
function normalise(payment: Payment, rules: Rules): Payment {
  const { counts, phase } = payment;
  const turns = (count: number) => count % providerOf(rules).hosts.length;
  const rounds = rules.timing.reverseAgainMs.length;
  return {
    ...payment,
    counts: { charge: counts.charge, query: turns(counts.query), reverse: turns(counts.reverse) },
    phase:
      phase.name === "reversing"
        ? {
            ...phase,
            rounds: Math.min(phase.rounds, rounds),
            absences: shortened(phase.absences, rules),
            // From two on each waits longer, up to the longest wait.
            asks: Math.min(phase.asks, rounds + 1),
          }
        : phase.name === "doubted"
          ? { ...phase, absences: shortened(phase.absences, rules) }
          : phase,
  };
}
