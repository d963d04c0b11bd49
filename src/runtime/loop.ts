import { invariant } from "../core/kernel/defect.ts";
import type { Instant } from "../core/kernel/instant.ts";
import type { Effect } from "../core/payment/effects.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { Rules, Stamp } from "../core/payment/rules.ts";
import { bootScreen, type Screen } from "../core/payment/screen.ts";
import { firstTurn, nextTurn, type Turn } from "../core/payment/turn.ts";
import type { Clock, Entropy, Timer } from "./ports.ts";

/** One handler for each effect: a kind without one does not compile. A handler posts what came of it, at once or later. */
export type Handlers = {
  readonly [Type in Effect["type"]]: (effect: Extract<Effect, { type: Type }>) => void;
};

/** The core as the loop calls it. */
export interface Core {
  readonly firstTurn: typeof firstTurn;
  readonly nextTurn: typeof nextTurn;
}

/** The one core that there is; only a simulation puts something between it and the loop. */
export const core: Core = { firstTurn, nextTurn };

/** How many events may wait: devices and answers bring a handful; more is a fault that must not eat the memory. */
const MAILBOX_MAX = 1_024;

/**
 * The only caller of the core: takes events one at a time, stamps each with the clocks and with chance, carries the effects
 * out in order, shows the screen, and sets the one timer that the core asked for.
 */
export class Loop {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #rules: Rules;
  readonly #core: Core;
  readonly #handlers: Handlers;
  readonly #show: (screen: Screen) => void;
  readonly #onTurn: (event: BoxEvent, turn: Turn) => void;
  readonly #mailbox: BoxEvent[] = [];
  #turn: Turn | null = null;
  #turning = false;
  #timer: { readonly at: Instant; readonly timer: Timer } | null = null;
  #turns = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly rules: Rules;
    readonly core: Core;
    readonly handlers: Handlers;
    /** Called with every screen that differs from the last one, the boot screen first. */
    readonly show: (screen: Screen) => void;
    /** Called after every turn, before its effects. */
    readonly onTurn: (event: BoxEvent, turn: Turn) => void;
  }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#rules = options.rules;
    this.#core = options.core;
    this.#handlers = options.handlers;
    this.#show = options.show;
    this.#onTurn = options.onTurn;
  }

  /** Shows that the box is there, while its journal is being read. */
  boot(): void {
    this.#show(bootScreen);
  }

  /** The last turn, null before `started`. */
  get turn(): Turn | null {
    return this.#turn;
  }

  /** How many turns have been completed: what a watchdog is fed with. */
  get turns(): number {
    return this.#turns;
  }

  /** Puts an event into the mailbox. Before `started` there is no box: what is said then is dropped, and the answer is false. */
  post(event: BoxEvent): boolean {
    if (this.#turn === null && event.type !== "started" && !this.#turning) return false;
    invariant(this.#mailbox.length < MAILBOX_MAX, "the mailbox never fills");
    this.#mailbox.push(event);
    if (this.#turning) return true;
    this.#turning = true;
    for (let next = this.#mailbox.shift(); next !== undefined; next = this.#mailbox.shift()) this.#take(next);
    this.#turning = false;
    return true;
  }

  /** Ends the loop: its timer is gone, and nothing that is posted has an effect any more. */
  stop(): void {
    this.#timer?.timer.cancel();
    this.#timer = null;
    this.#turn = null;
  }

  #take(event: BoxEvent): void {
    const before = this.#turn;
    if (before === null && event.type !== "started") return;
    const turn = this.#turned(before, event);
    this.#turn = turn;
    this.#turns += 1;
    this.#onTurn(event, turn);
    this.#setTimer(turn.wakeAt);
    if (before === null || !isSameScreen(before.screen, turn.screen)) this.#show(turn.screen);
    for (const effect of turn.effects) this.#carryOut(effect);
  }

  #turned(before: Turn | null, event: BoxEvent): Turn {
    if (before !== null) return this.#core.nextTurn(before, event, this.#stamp(), this.#rules);
    invariant(event.type === "started", "a box starts with its journal");
    return this.#core.firstTurn(event, this.#stamp(), this.#rules);
  }

  #stamp(): Stamp {
    const bytes = this.#entropy.bytes(16);
    const chance = [wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12)] as const;
    const at = this.#clock.now();
    // Deadlines are sums of moments and waits: with fractions two ways to the same moment would differ.
    invariant(Number.isInteger(at), "the clock counts whole milliseconds");
    return { at, wall: this.#clock.wall(), clockTrusted: this.#clock.trusted(), chance };
  }

  #setTimer(at: Instant | null): void {
    if (this.#timer?.at === at) return;
    this.#timer?.timer.cancel();
    this.#timer =
      at === null
        ? null
        : {
            at,
            timer: this.#clock.at(at, () => {
              this.#timer = null;
              this.post({ type: "woke" });
            }),
          };
  }

  #carryOut(effect: Effect): void {
    // The compiler cannot see that handler and effect agree in type; the mapped type of `Handlers` says so.
    const handle = this.#handlers[effect.type] as (effect: Effect) => void;
    handle(effect);
  }
}

/** 32 bits, from 0 to 2^32 − 1. */
function wordAt(bytes: Uint8Array, index: number): number {
  let word = 0;
  for (let at = index; at < index + 4; at += 1) word = (word << 8) | (bytes[at] ?? 0);
  return word >>> 0;
}

function isSameScreen(a: Screen, b: Screen): boolean {
  if (a === b) return true;
  return (
    a.text === b.text &&
    a.wallet === b.wallet &&
    a.amountFen === b.amountFen &&
    a.typed === b.typed &&
    a.seconds === b.seconds &&
    a.ref === b.ref &&
    (a.line === b.line || JSON.stringify(a.line) === JSON.stringify(b.line)) &&
    a.codeUrl === b.codeUrl &&
    a.light === b.light &&
    a.sound === b.sound
  );
}
