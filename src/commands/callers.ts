/** Carries commands to the core, and what the core decided about each back to who gave it. */
import type { Command, Decision, RotationOutcome } from "../core/payment/command.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { TxData } from "../core/payment/order.ts";
import type { SaleAnswer, SaleDecision } from "../core/payment/till-sale.ts";
import type { Clock } from "../runtime/ports.ts";
import type { BoxSnapshot } from "./status.ts";

/** What a caller hears; `unread` also where the box is starting or stopping, and nobody can decide. */
export type Answer =
  | SaleAnswer
  | { readonly kind: "status"; readonly status: BoxSnapshot }
  | { readonly kind: "rotation"; readonly outcome: RotationOutcome };

/** Gives a box a command. An answer never comes before the call has returned. */
export type Ask = (command: Command, done: (answer: Answer) => void) => void;

/** What callers need of a box. */
export interface CallersParts {
  readonly clock: Clock;
  /** Whether the box took the event; it takes none before its journal is open. */
  readonly post: (event: BoxEvent) => boolean;
  /** The newest money record of an order, null where there is none or it cannot be read. */
  readonly newestOf: (outTradeNo: string, done: (tx: TxData | null) => void) => void;
  /** How the box stands after its newest turn, null where its journal is closed. */
  readonly status: () => BoxSnapshot | null;
}

/**
 * Everybody's side of a box. Nothing is decided here: each command has a token, and the effect `answer` with this token is all
 * that is known of it. Where the decision names an order, its newest record says the rest.
 */
export class Callers {
  readonly #parts: CallersParts;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #token = 0;

  constructor(parts: CallersParts) {
    this.#parts = parts;
  }

  /** A box whose journal is not open cannot refuse either: there may be an open order of this sale. */
  readonly ask: Ask = (command, done) => {
    this.#token += 1;
    const token = this.#token;
    this.#waiting.set(token, done);
    if (this.#parts.post({ type: "command", token, command })) return;
    this.#waiting.delete(token);
    this.#soon(done, { kind: "unread" });
  };

  /** The handler of the effect `answer`. */
  answer(token: number, decision: Decision): void {
    const done = this.#waiting.get(token);
    this.#waiting.delete(token);
    if (done === undefined) return;
    switch (decision.kind) {
      case "recorded":
        this.#parts.newestOf(decision.outTradeNo, (tx) =>
          done(tx === null ? { kind: "unread" } : told(decision, tx)),
        );
        return;
      case "status": {
        const status = this.#parts.status();
        this.#soon(done, status === null ? { kind: "unread" } : { kind: "status", status });
        return;
      }
      default:
        this.#soon(done, decision);
    }
  }

  /** An answer never comes before the call that asked for it has returned. */
  #soon(done: (answer: Answer) => void, answer: Answer): void {
    const { clock } = this.#parts;
    clock.at(clock.now(), () => done(answer));
  }
}

/** The record may be newer than the decision: an end that the box did not know yet is told as final when it is asked again. */
function told(decision: SaleDecision & { readonly kind: "recorded" }, tx: TxData): SaleAnswer {
  const { ref, over, repeated } = decision;
  const { amountFen, state, charged, late, reason, outTradeNo, shortRef, transactionId } = tx;
  const final = tx.final && over;
  const sale = {
    ref,
    amountFen,
    state,
    final,
    charged,
    late,
    reason,
    outTradeNo,
    shortRef,
    transactionId,
    repeated,
  };
  return { kind: "state", sale };
}
