import type { Clock, GpioLine, GpioLines, GpioLink, Log, Timer } from "../runtime/ports.ts";
import { Reopening } from "./reopening.ts";

/** The first pause before lines are claimed again; each failure in a row doubles it. */
export const CLAIM_FIRST_MS = 500;

/** The longest such pause. */
export const CLAIM_LAST_MS = 2_000;

/** Hears whether the lines are there. */
export interface ClaimListener {
  /** Why lines that could be had are of no use, or null: such lines are let go of, and tried again. None are refused without it. */
  refuse?(lines: GpioLines): string | null;
  /** The lines are there, in the state in which they were asked for. */
  claimed(lines: GpioLines): void;
  /** Inputs moved. */
  edge(): void;
  /** The lines are gone, or could not be had at the first try. Comes once until they are there again. */
  absent(cause: string): void;
}

/** What a claim is made of. */
export interface ClaimParts {
  readonly link: GpioLink;
  readonly clock: Clock;
  readonly log: Log;
  /** What the lines belong to, for the log. */
  readonly device: string;
  readonly lines: readonly GpioLine[];
  readonly listener: ClaimListener;
}

type State =
  | { readonly at: "stopped" }
  | { readonly at: "claiming"; ended: (() => void) | null }
  | { readonly at: "held"; readonly lines: GpioLines }
  | { readonly at: "failed"; readonly timer: Timer };

/** The lines of one device, claimed again for ever where they are refused or lost. */
export class Claim {
  readonly #parts: ClaimParts;
  #state: State = { at: "stopped" };
  /** Counts attempts; what an earlier one still says is not heard. */
  #attempt = 0;
  readonly #reopening: Reopening;
  #absent = false;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
    this.#reopening = new Reopening(parts.clock, { firstMs: CLAIM_FIRST_MS, lastMs: CLAIM_LAST_MS });
  }

  start(): void {
    if (this.#state.at === "stopped") this.#claim();
  }

  /** Lets go of the lines; nothing is heard after this call. Calls back when they are free. */
  stop(done: () => void): void {
    const { clock } = this.#parts;
    const state = this.#state;
    this.#state = { at: "stopped" };
    this.#attempt += 1;
    this.#reopening.reset();
    this.#absent = false;
    switch (state.at) {
      case "claiming":
        state.ended = done;
        return;
      case "held":
        state.lines.release(done);
        return;
      case "failed":
        state.timer.cancel();
        break;
      case "stopped":
        break;
    }
    clock.at(clock.now(), done);
  }

  #claim(): void {
    const { lines, link, listener } = this.#parts;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const heard = (event: () => void): void => {
      if (attempt === this.#attempt) event();
    };
    const claiming: State & { readonly at: "claiming" } = { at: "claiming", ended: null };
    this.#state = claiming;
    const ears = {
      edge: () => heard(() => listener.edge()),
      lost: (cause: string) => heard(() => this.#failed(cause)),
    };
    link.claim(lines, ears, (outcome) => {
      // Whoever stops the claim while it is under way leaves word whom to tell.
      const failed = (why: string): void => {
        if (attempt === this.#attempt) this.#failed(why);
        else claiming.ended?.();
      };
      if (outcome.kind === "refused") {
        failed(outcome.why);
        return;
      }
      const why = attempt === this.#attempt ? (listener.refuse?.(outcome.lines) ?? null) : "nobody waits";
      if (why === null) this.#held(outcome.lines);
      else outcome.lines.release(() => failed(why));
    });
  }

  #held(lines: GpioLines): void {
    const { device, listener, log } = this.#parts;
    this.#state = { at: "held", lines };
    this.#reopening.reset();
    this.#absent = false;
    log.info("pins.ready", { device });
    listener.claimed(lines);
  }

  #failed(cause: string): void {
    const { device, listener, log } = this.#parts;
    this.#attempt += 1;
    const { timer, retryInMs } = this.#reopening.later(() => this.#claim());
    this.#state = { at: "failed", timer };
    const fields = { device, cause, retryInMs };
    if (this.#absent) {
      log.debug("pins.absent", fields);
      return;
    }
    this.#absent = true;
    log.warn("pins.absent", fields);
    listener.absent(cause);
  }
}
