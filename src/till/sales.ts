/** Sales that a till asks for: what it is told, from the box where a sale is under way, else from the journal. */
import type { Fen } from "../core/kernel/fen.ts";
import { askRefusal, type Box, blockerOf } from "../core/payment/box.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { Intent, TxData } from "../core/payment/order.ts";
import type { Rules } from "../core/payment/rules.ts";
import type { Sale } from "../core/payment/sale.ts";
import type { SaleAnswer, SaleHands, SaleState } from "../core/payment/till-sale.ts";
import type { Clock } from "../runtime/ports.ts";

/** What sales need of a box. */
export interface SalesParts {
  readonly rules: Rules;
  readonly clock: Clock;
  /** The box as it is now, null before its journal is open. */
  readonly box: () => Box | null;
  readonly post: (event: BoxEvent) => void;
  /** The newest money record of an order, null where there is none or it cannot be read. */
  readonly newestOf: (outTradeNo: string, done: (tx: TxData | null) => void) => void;
}

/** What a sale is answered with as long as nothing of it is known for certain. */
const unproved = { final: false, reason: null, transactionId: null } as const;

/**
 * The till's side of a box. `ref` is the till's own id of a sale: asked again with it, the box says how the sale stands and
 * charges nobody a second time, after a restart too (for the newest 4,096 orders).
 */
export class Sales implements SaleHands {
  readonly #parts: SalesParts;

  constructor(parts: SalesParts) {
    this.#parts = parts;
  }

  ask(ref: string, amountFen: Fen, done: (answer: SaleAnswer) => void): void {
    const { rules, post } = this.#parts;
    const box = this.#parts.box();
    if (box === null) {
      this.#soon(done, { kind: "refused", why: "not-ready", blocker: null });
      return;
    }
    const why = askRefusal(box, { ref, amountFen }, rules);
    const blocker = blockerOf(box, rules);
    // A refusal is for the box to show, too.
    post({ type: "amount-asked", ref, amountFen });
    if (why !== null && why !== "ref-used") {
      this.#soon(done, { kind: "refused", why, blocker });
      return;
    }
    this.state(ref, (answer) => {
      const other = answer.kind === "state" && answer.sale.amountFen !== amountFen;
      done(other ? { kind: "refused", why: "other-amount", blocker: null } : answer);
    });
  }

  withdraw(ref: string, done: (answer: SaleAnswer) => void): void {
    const before = this.#parts.box();
    const waited = before === null ? null : armedAs(before, ref);
    this.#parts.post({ type: "amount-withdrawn", ref });
    const box = this.#parts.box();
    // A sale without an order leaves no trace: only now is it known that there was one.
    if (waited !== null && box !== null && armedAs(box, ref) === null && !box.refs.has(ref))
      this.#soon(done, { kind: "withdrawn", ref, amountFen: waited.amountFen });
    else this.state(ref, done);
  }

  state(ref: string, done: (answer: SaleAnswer) => void): void {
    const box = this.#parts.box();
    const outTradeNo = box?.refs.get(ref);
    const order = outTradeNo === undefined ? undefined : box?.orders.get(outTradeNo);
    const armed = box === null ? null : armedAs(box, ref);
    if (armed !== null) this.#soon(done, { kind: "state", sale: armedSale(ref, armed) });
    else if (outTradeNo === undefined) this.#soon(done, { kind: box === null ? "unread" : "no-sale" });
    // Nothing of it stands in the journal yet.
    else if (order?.phase.name === "recording")
      this.#soon(done, { kind: "state", sale: youngSale(ref, order.intent) });
    else this.#parts.newestOf(outTradeNo, (tx) => this.#told(ref, tx, done));
  }

  /** The box went on while the journal was read: what it does with the sale now decides whether that was its end. */
  #told(ref: string, tx: TxData | null, done: (answer: SaleAnswer) => void): void {
    const box = this.#parts.box();
    if (tx === null) done({ kind: "unread" });
    else if (box === null) done({ kind: "state", sale: recordedSale(ref, tx, false) });
    else if (armedAs(box, ref) !== null || box.refs.get(ref) !== tx.outTradeNo) this.state(ref, done);
    else done({ kind: "state", sale: recordedSale(ref, tx, !armsAgain(box, ref)) });
  }

  /** An answer never comes before the call that asked for it has returned. */
  #soon(done: (answer: SaleAnswer) => void, answer: SaleAnswer): void {
    const { clock } = this.#parts;
    clock.at(clock.now(), () => done(answer));
  }
}

/** The sale where it waits for a code. */
function armedAs({ front }: Box, ref: string): Sale | null {
  return front.name === "armed" && front.sale.ref === ref ? front.sale : null;
}

/** A code was declined, and the sale will wait for the next one when people have read why. */
function armsAgain({ front }: Box, ref: string): boolean {
  return front.name === "result" && front.rearm?.ref === ref;
}

function armedSale(ref: string, { amountFen }: Sale): SaleState {
  return { ref, amountFen, state: "armed", charged: "no", outTradeNo: null, shortRef: null, ...unproved };
}

function youngSale(ref: string, { amountFen, outTradeNo, shortRef }: Intent): SaleState {
  return { ref, amountFen, state: "charging", charged: "unknown", outTradeNo, shortRef, ...unproved };
}

/** `over` is false while the box may go on with the sale after this order. */
function recordedSale(ref: string, tx: TxData, over: boolean): SaleState {
  const { amountFen, state, charged, reason, outTradeNo, shortRef, transactionId } = tx;
  const final = tx.final && over;
  return { ref, amountFen, state, final, charged, reason, outTradeNo, shortRef, transactionId };
}
