import type { Answer, Ask } from "../../commands/callers.ts";
import { invariant } from "../../core/kernel/defect.ts";
import { type Fen, fenOf } from "../../core/kernel/fen.ts";
import type { SaleName, SaleState } from "../../core/payment/till-sale.ts";
import type { TillCommand, TillEar } from "../checker/till-checker.ts";
import type { Random } from "../outside/random.ts";

/** A sale as the till has it. */
interface RungUp {
  readonly name: SaleName;
  amountFen: Fen;
  over: boolean;
  /** As it was last told of. */
  told: SaleState["state"];
}

/** The longest time for which a till waits in one breath. */
const WAITS_MS_MAX = 25_000;

/**
 * A till with its cashier: rings up sales and asks for them, again and again where no answer comes, changes its mind about
 * amounts, withdraws, and sometimes asks for a sale that was over long ago.
 */
export class SimulatedTill {
  readonly #random: Random;
  readonly #caller: string;
  readonly #silliness: number;
  readonly #remembered: number;
  readonly #ear: TillEar;
  readonly #sales: RungUp[] = [];
  #rung = 0;

  constructor(parts: {
    readonly random: Random;
    /** How the box knows this till from others; they all begin their own ids with the same number. */
    readonly caller: string;
    readonly silliness: number;
    /** How many sales it may ask for again; the box must remember as many orders. */
    readonly remembered: number;
    /** Hears every wish and every answer. */
    readonly ear: TillEar;
  }) {
    this.#random = parts.random;
    this.#caller = parts.caller;
    this.#silliness = parts.silliness;
    this.#remembered = parts.remembered;
    this.#ear = parts.ear;
  }

  /** Does the next thing at this box and says what it was. */
  act(box: Ask): string {
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
      this.#ear.asks(newest.name, null);
      box({ name: "withdraw", ...newest.name }, this.#answered("withdraw", newest));
      return `${this.#caller} withdraws ${newest.name.ref}`;
    }
    if (random.chance(0.5)) return this.#ask(box, newest);
    return random.chance(0.5) ? this.#look(box, newest) : this.#wait(box, newest);
  }

  /** Asks for the sale that is not over, or for a new one; where it is refused the cashier takes cash. */
  askOnce(box: Ask): string {
    const newest = this.#sales.at(-1);
    const sale = newest === undefined || newest.over ? this.#ringUp() : newest;
    return this.#ask(box, sale, () => {
      sale.over = true;
    });
  }

  /** Wants to know once more what became of a sale, and takes yesterday's number for a new one. */
  remember(box: Ask): string {
    const [first, ...others] = this.#sales;
    const old = first === undefined ? this.#ringUp() : this.#random.pick([first, ...others]);
    return this.#random.chance(0.5) ? this.#look(box, old) : this.#ask(box, old);
  }

  #ringUp(): RungUp {
    this.#rung += 1;
    const name: SaleName = { caller: this.#caller, ref: `T-${this.#rung}` };
    const sale: RungUp = { name, amountFen: this.#amount(), over: false, told: "armed" };
    this.#sales.push(sale);
    if (this.#sales.length > this.#remembered) this.#sales.shift();
    return sale;
  }

  #amount(): Fen {
    const amount = fenOf(this.#random.between(1, 99_999));
    invariant(amount.ok, "a till rings up amounts");
    return amount.value;
  }

  #ask(box: Ask, sale: RungUp, refused: () => void = () => undefined): string {
    this.#ear.asks(sale.name, sale.amountFen);
    const answered = this.#answered("pay", sale);
    box({ name: "pay", ...sale.name, amountFen: sale.amountFen }, (answer) => {
      answered(answer);
      if (answer.kind === "refused") refused();
    });
    return `${this.#caller} asks for ${sale.name.ref}, ${sale.amountFen} fen`;
  }

  #look(box: Ask, sale: RungUp): string {
    box({ name: "sale", ...sale.name }, this.#answered("sale", sale));
    return `${this.#caller} asks about ${sale.name.ref}`;
  }

  /** Waits until the sale stands otherwise than it was last told of. */
  #wait(box: Ask, sale: RungUp): string {
    const until = { state: sale.told, withinMs: this.#random.between(0, WAITS_MS_MAX) };
    box(
      { name: "wait", ...sale.name, ...until },
      this.#answered("wait", sale, this.#ear.waits(sale.name, until)),
    );
    return `${this.#caller} waits while ${sale.name.ref} is ${sale.told}`;
  }

  #answered(
    command: TillCommand,
    sale: RungUp,
    hears = this.#ear.listens(command, sale.name),
  ): (answer: Answer) => void {
    return (answer) => {
      hears(answer);
      if (answer.kind === "state") sale.told = answer.sale.state;
      if (answer.kind === "state" && answer.sale.final) sale.over = true;
      // Rung up with another amount, or long ago: the cashier begins anew.
      if (answer.kind === "refused" && (answer.why === "other-amount" || answer.why === "ref-used"))
        sale.over = true;
    };
  }
}
