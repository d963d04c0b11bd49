/** Carries a till's commands to the core, and what the core decided about each back to the till. */
import type { Fen } from "../core/kernel/fen.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { TxData } from "../core/payment/order.ts";
import type {
  AwaitedMove,
  SaleAnswer,
  SaleCommand,
  SaleDecision,
  SaleName,
  SalesApi,
} from "../core/payment/till-sale.ts";
import type { Clock } from "../runtime/ports.ts";

/** What sales need of a box. */
export interface SalesParts {
  readonly clock: Clock;
  /** Whether the box took the event; it takes none before its journal is open. */
  readonly post: (event: BoxEvent) => boolean;
  /** The newest money record of an order, null where there is none or it cannot be read. */
  readonly newestOf: (outTradeNo: string, done: (tx: TxData | null) => void) => void;
}

type Done = (answer: SaleAnswer) => void;

/**
 * The till's side of a box. Nothing is decided here: each command has a token, and the effect `answer` with this token is all
 * that is known of it. Where the decision names an order, its newest record says the rest.
 */
export class Sales implements SalesApi {
  readonly #parts: SalesParts;
  readonly #waiting = new Map<number, Done>();
  #token = 0;

  constructor(parts: SalesParts) {
    this.#parts = parts;
  }

  ask({ caller, ref }: SaleName, amountFen: Fen, done: Done): void {
    this.#command({ name: "pay", caller, ref, amountFen }, done);
  }

  state({ caller, ref }: SaleName, done: Done): void {
    this.#command({ name: "sale", caller, ref }, done);
  }

  wait({ caller, ref }: SaleName, { state, withinMs }: AwaitedMove, done: Done): void {
    this.#command({ name: "wait", caller, ref, state, withinMs }, done);
  }

  withdraw({ caller, ref }: SaleName, done: Done): void {
    this.#command({ name: "withdraw", caller, ref }, done);
  }

  /** The handler of the effect `answer`. */
  answer(token: number, decision: SaleDecision): void {
    const done = this.#waiting.get(token);
    this.#waiting.delete(token);
    if (done === undefined) return;
    if (decision.kind !== "recorded") this.#soon(done, decision);
    else
      this.#parts.newestOf(decision.outTradeNo, (tx) =>
        done(tx === null ? { kind: "unread" } : told(decision, tx)),
      );
  }

  /** A box whose journal is not open cannot refuse either: there may be an open order of this sale. */
  #command(command: SaleCommand, done: Done): void {
    this.#token += 1;
    const token = this.#token;
    this.#waiting.set(token, done);
    if (this.#parts.post({ type: "command", token, command })) return;
    this.#waiting.delete(token);
    this.#soon(done, { kind: "unread" });
  }

  /** An answer never comes before the call that asked for it has returned. */
  #soon(done: Done, answer: SaleAnswer): void {
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
