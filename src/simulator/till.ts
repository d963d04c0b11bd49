import { invariant } from "../core/kernel/defect.ts";
import { type Fen, fenOf } from "../core/kernel/fen.ts";
import type { SaleAnswer, SaleHands, SaleState } from "../core/payment/till-sale.ts";
import type { Random } from "./random.ts";

/** A sale as the till has it. */
interface RungUp {
  readonly ref: string;
  amountFen: Fen;
  over: boolean;
}

/**
 * A till with its cashier: rings up sales and asks for them, again and again where no answer comes, changes its mind about
 * amounts, withdraws, and sometimes asks for a sale that was over long ago.
 */
export class SimulatedTill {
  readonly #random: Random;
  readonly #silliness: number;
  readonly #remembered: number;
  readonly #told: (sale: SaleState) => void;
  readonly #sales: RungUp[] = [];
  #rung = 0;

  constructor(parts: {
    readonly random: Random;
    readonly silliness: number;
    /** How many sales it may ask for again; the box must remember as many orders. */
    readonly remembered: number;
    /** Hears every state that a box told the till. */
    readonly told: (sale: SaleState) => void;
  }) {
    this.#random = parts.random;
    this.#silliness = parts.silliness;
    this.#remembered = parts.remembered;
    this.#told = parts.told;
  }

  /** Does the next thing at this box and says what it was. */
  act(box: SaleHands): string {
    const random = this.#random;
    const newest = this.#sales.at(-1);
    if (newest === undefined || newest.over) return this.#ask(box, this.#ringUp());
    if (random.chance(this.#silliness * 0.3)) {
      return this.#ask(box, random.chance(0.3) ? this.#ringUp() : random.pick([newest, ...this.#sales]));
    }
    if (random.chance(0.05)) {
      newest.amountFen = this.#amount();
      return this.#ask(box, newest);
    }
    if (random.chance(0.05)) {
      box.withdraw(newest.ref, this.#answered(newest));
      return `withdraws ${newest.ref}`;
    }
    if (random.chance(0.5)) return this.#ask(box, newest);
    box.state(newest.ref, this.#answered(newest));
    return `asks about ${newest.ref}`;
  }

  #ringUp(): RungUp {
    this.#rung += 1;
    const sale: RungUp = { ref: `T-${this.#rung}`, amountFen: this.#amount(), over: false };
    this.#sales.push(sale);
    if (this.#sales.length > this.#remembered) this.#sales.shift();
    return sale;
  }

  #amount(): Fen {
    const amount = fenOf(this.#random.between(1, 99_999));
    invariant(amount.ok, "a till rings up amounts");
    return amount.value;
  }

  #ask(box: SaleHands, sale: RungUp): string {
    box.ask(sale.ref, sale.amountFen, this.#answered(sale));
    return `asks for ${sale.ref}, ${sale.amountFen} fen`;
  }

  #answered(sale: RungUp): (answer: SaleAnswer) => void {
    return (answer) => {
      if (answer.kind === "state") {
        this.#told(answer.sale);
        if (answer.sale.final) sale.over = true;
      }
      // Rung up with another amount: the cashier begins anew.
      if (answer.kind === "refused" && answer.why === "other-amount") sale.over = true;
    };
  }
}
