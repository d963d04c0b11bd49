/** Tells what happens to a box, event by event, and remembers what it asked for and what it showed. */

import { drawFrame } from "../../../src/core/codecs/display-frame.ts";
import { instantOf, wallTimeOf } from "../../../src/core/kernel/instant.ts";
import type { Key } from "../../../src/core/payment/amount-entry.ts";
import type { Box } from "../../../src/core/payment/box.ts";
import type { Command, Decision } from "../../../src/core/payment/command.ts";
import type { Effect } from "../../../src/core/payment/effects.ts";
import type { BoxEvent } from "../../../src/core/payment/events.ts";
import type { Entry, OpenOrder, RecentOrder, TxData } from "../../../src/core/payment/order.ts";
import type { Payment, PaymentEvent } from "../../../src/core/payment/payment.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";
import type { ProviderHealth } from "../../../src/core/payment/provider-health.ts";
import { type Rules, type Stamp, standardTiming } from "../../../src/core/payment/rules.ts";
import { firstTurn, nextTurn, type Turn } from "../../../src/core/payment/turn.ts";
import type { Wallet } from "../../../src/core/payment/wallet.ts";
import { provider } from "./reachable.ts";

const names: Readonly<Record<string, Key["name"]>> = {
  ".": "point",
  ":": "double-zero",
  "<": "backspace",
  C: "clear",
  X: "cancel",
  "=": "confirm",
};

export const keypadRules: Rules = {
  boxId: "box-1",
  boxTag: "abcd1234",
  version: "0.0.0",
  providers: new Map([["wechat", provider(["a", "b"])]]),
  amount: { source: "keypad", entry: "implied", maximum: 300_000 as never },
  keypad: true,
  late: "keep",
  relay: null,
  inhibit: false,
  sells: true,
  advert: [],
  timing: standardTiming,
};

export const fixedRules: Rules = {
  ...keypadRules,
  amount: { source: "fixed", maximum: 500 as never },
  keypad: false,
};

export const tillRules: Rules = {
  ...keypadRules,
  amount: { source: "till", maximum: 300_000 as never },
  keypad: false,
};

/** What a journal that was never written begins a box with. */
export const newJournal: BoxEvent & { readonly type: "started" } = {
  type: "started",
  open: [],
  unchecked: [],
  usedCodes: [],
  refs: new Map(),
  recent: [],
};

/** The box with another word about its providers. */
export function withHealth(box: Box, changes: Partial<ProviderHealth>): Box {
  const health = [...box.health].map(([id, before]) => [id, { ...before, ...changes }] as const);
  return { ...box, health: new Map(health) };
}

export class Story {
  readonly rules: Rules;
  readonly effects: Effect[] = [];
  now = 0;
  clockTrusted = true;
  turn: Turn;
  #draws = 0;
  #token = 0;
  readonly #told: Decision[] = [];

  constructor(
    rules: Rules = keypadRules,
    open: readonly OpenOrder[] = [],
    usedCodes: readonly string[] = [],
    unchecked: readonly OpenOrder[] = [],
    refs: ReadonlyMap<string, string> = new Map(),
    recent: readonly RecentOrder[] = [],
  ) {
    this.rules = rules;
    this.turn = firstTurn({ ...newJournal, open, unchecked, usedCodes, refs, recent }, this.#stamp(), rules);
    this.effects.push(...this.turn.effects);
    this.post({ type: "room-changed", room: true });
  }

  /** A box that is ready for its first amount. */
  static ready(rules: Rules = keypadRules): Story {
    const story = new Story(rules);
    story.post({ type: "scanner-changed", ready: true });
    for (const provider of story.box.health.keys())
      story.post({ type: "probed", provider, answer: { kind: "passed" } });
    if (rules.relay !== null) story.post({ type: "relay-changed", ready: true });
    if (rules.amount.source === "fixed" || rules.amount.source === "menu") story.wait(rules.timing.restMs);
    story.effects.length = 0;
    return story;
  }

  get box(): Box {
    return this.turn.box;
  }

  /** How far its first provider is believed. */
  get health(): ProviderHealth {
    const [health] = this.box.health.values();
    if (health === undefined) throw new Error("no provider charges");
    return health;
  }

  get display(): readonly string[] {
    return drawFrame(this.turn.screen, "en", { columns: 16, rows: 2 });
  }

  get text(): string {
    return this.turn.screen.text;
  }

  /** The order in front, or the newest one. */
  get order(): Payment {
    const payment = [...this.box.orders.values()].at(-1);
    if (payment === undefined) throw new Error("there is no order");
    return payment;
  }

  post(event: BoxEvent): this {
    this.turn = nextTurn(this.turn, event, this.#stamp(), this.rules);
    this.effects.push(...this.turn.effects);
    for (const effect of this.turn.effects) if (effect.type === "answer") this.#told.push(effect.answer);
    return this;
  }

  /** A till says something; what it is told is the last of `told`. */
  says(command: Command): this {
    this.#token += 1;
    return this.post({ type: "command", token: this.#token, command });
  }

  /** What tills were told, oldest first. */
  get told(): readonly Decision[] {
    return this.#told;
  }

  keys(text: string): this {
    for (const character of text) {
      const name = names[character];
      const key: Key =
        name === undefined || name === "digit" ? { name: "digit", digit: Number(character) } : { name };
      this.post({ type: "key-pressed", key });
    }
    return this;
  }

  scan(digits = "134567890123456789", wallet: Wallet = "wechat"): this {
    return this.post({
      type: "code-scanned",
      code: new PaymentCode(digits, wallet),
      codeHash: `hash of ${digits}`,
    });
  }

  /** A code of a wallet that the rules of these tests leave to others. */
  scanOther(): this {
    return this.scan("281234567890123456", "alipay");
  }

  /** Something happens to the newest order. */
  happens(event: PaymentEvent): this {
    return this.post({ type: "payment", outTradeNo: this.order.intent.outTradeNo, event });
  }

  /** The journal answers for what the newest order waits for. */
  recorded(): this {
    const { phase } = this.order;
    const state =
      phase.name === "recording-outcome"
        ? phase.verdict.state
        : phase.name === "recording" || (phase.name === "recording-conflict" && !phase.reversalRecorded)
          ? "charging"
          : "reversing";
    return this.happens({ type: "recorded", state });
  }

  charge(answer: (PaymentEvent & { type: "charge-answered" })["answer"], host = "a"): this {
    return this.happens({ type: "charge-answered", host, answer });
  }

  query(answer: (PaymentEvent & { type: "query-answered" })["answer"], host = "a"): this {
    return this.happens({ type: "query-answered", host, answer });
  }

  reverse(answer: (PaymentEvent & { type: "undo-answered" })["answer"]): this {
    return this.happens({ type: "undo-answered", host: "a", answer });
  }

  /** Lets time pass, waking the box whenever it wanted to be woken. */
  wait(milliseconds: number): this {
    const end = this.now + milliseconds;
    for (let wake = this.turn.wakeAt; wake !== null && wake <= end; wake = this.turn.wakeAt) {
      this.now = wake;
      this.post({ type: "woke" });
    }
    this.now = end;
    return this;
  }

  /** A paid order, from the keys to the journal. */
  payTo(amount = "1250"): this {
    return this.keys(`${amount}=`).scan().recorded();
  }

  /** The names of the effects since the last look. */
  take(): readonly string[] {
    return this.effects.splice(0).map(({ type }) => type);
  }

  /** The money records that were asked for, oldest first. */
  records(): readonly TxData[] {
    return this.effects
      .flatMap((effect) => (effect.type === "record" ? [effect.entry] : []))
      .flatMap((entry: Entry) => (entry.kind === "charging" || entry.kind === "money" ? [entry.tx] : []));
  }

  #stamp(): Stamp {
    this.#draws += 1;
    return {
      at: instantOf(this.now),
      wall: wallTimeOf(1_800_000_000_000 + this.now),
      clockTrusted: this.clockTrusted,
      chance: [2 ** 31, this.#draws, this.#draws * 7, this.#draws * 13],
    };
  }
}
