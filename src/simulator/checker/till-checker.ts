/** Hears everything that a box tells its tills, and holds it against what becomes of the money afterwards. */
import type { Answer } from "../../commands/callers.ts";
import type { TxData } from "../../core/payment/order.ts";
import { saleKey } from "../../core/payment/selling.ts";
import type { AwaitedMove, SaleName, SaleState } from "../../core/payment/till-sale.ts";

/** What a till says it does, and what it hears. */
export interface TillEar {
  /** It asks to pay an amount; null where it wants the sale no more. */
  readonly asks: (name: SaleName, amountFen: number | null) => void;
  /** Listens for the answer to what is asked next. */
  readonly listens: (command: TillCommand, name: SaleName) => (answer: Answer) => void;
  /** The same for a till that waits. */
  readonly waits: (name: SaleName, until: AwaitedMove) => (answer: Answer) => void;
}

/** What a till may say. */
export type TillCommand = "pay" | "sale" | "wait" | "withdraw";

/** What was said of one sale. */
interface ToldSale {
  readonly name: SaleName;
  /** How often its till asked to pay it. */
  asks: number;
  /** The refusal after which it was not asked for again. */
  refused: { readonly why: string; readonly ask: number } | null;
  /** It was told of as over: whether as paid, and how many orders it had then. */
  over: { readonly paid: boolean; readonly orders: number } | null;
}

/** The amount that a till was last told of as waiting for a code. */
interface Waiting {
  readonly key: string;
  readonly at: number;
}

/** Somebody who waits for a sale to move. */
interface Waiter {
  readonly name: SaleName;
  readonly until: AwaitedMove;
  readonly since: number;
}

/** How late a timer of a world may be, and its journal with a record. */
const LATE_MS = 60_000;

/** From nothing that happens in this last part of an amount's time is concluded that it still waited. */
const ALMOST_OVER_MS = 5_000;

/** What it looks at; orders are those that a sale has in the journal by now, each as its newest record has it. */
export interface TillCheckerParts {
  readonly now: () => number;
  /** How long an amount waits for a code. */
  readonly armedMs: number;
  readonly orders: (name: SaleName) => readonly TxData[];
  readonly found: (check: string, sentence: string) => void;
}

/** Looks on while a world runs: what a till was told must stay true. */
export class TillChecker implements TillEar {
  readonly #parts: TillCheckerParts;
  readonly #sales = new Map<string, ToldSale>();
  /** By caller. */
  readonly #waiting = new Map<string, Waiting>();
  /** When the amount of a sale began to wait; asking again does not prolong that. */
  readonly #armedAt = new Map<string, number>();
  /** Who waits for an answer of the box as it runs. */
  readonly #waiters = new Set<Waiter>();
  /** Orders that had their end when the box was last started. */
  #old: ReadonlySet<string> = new Set();

  constructor(parts: TillCheckerParts) {
    this.#parts = parts;
  }

  /** The box was started; these orders had come to their end. An amount that waited is gone, and its sale is not known any more. */
  started(ended: ReadonlySet<string>): void {
    this.#old = ended;
    this.#waiting.clear();
    this.#waiters.clear();
    for (const heard of this.#sales.values()) {
      if (heard.over?.orders === 0) heard.over = null;
    }
  }

  /** Somebody pressed a key: an amount that waited may be gone. */
  keyed(): void {
    this.#waiting.clear();
  }

  asks(name: SaleName, amountFen: number | null): void {
    // Whatever else its till wants, the amount may stand no more.
    this.#waiting.delete(name.caller);
    if (amountFen !== null) this.#of(name).asks += 1;
  }

  waits(name: SaleName, until: AwaitedMove): (answer: Answer) => void {
    const waiter: Waiter = { name, until, since: this.#parts.now() };
    const hears = this.listens("wait", name);
    this.#waiters.add(waiter);
    return (answer) => {
      if (!this.#waiters.delete(waiter))
        this.#parts.found("wait", `${name.ref} was waited for once and told of twice`);
      hears(answer);
    };
  }

  listens(command: TillCommand, name: SaleName): (answer: Answer) => void {
    const heard = this.#of(name);
    const ask = heard.asks;
    const others = [...this.#waiting].filter(([caller]) => caller !== name.caller);
    return (answer) => {
      switch (answer.kind) {
        case "refused":
          this.#checkRefusal(heard, ask, answer.why);
          return;
        case "no-sale":
          if (this.#parts.orders(name).length > 0)
            this.#parts.found("till", `${name.ref} has orders and was told of as no sale`);
          return;
        case "unread":
        case "status":
        case "rotation":
          return;
        case "state":
          this.#checkState(heard, answer.sale);
          if (command === "pay") this.#checkAsked(heard, ask, answer.sale, others);
      }
    };
  }

  /** An order of a sale begins. */
  began(name: SaleName): void {
    const heard = this.#of(name);
    if (heard.refused === null || heard.refused.ask < heard.asks) return;
    this.#parts.found("refused", `${name.ref} is charged after its till was told ${heard.refused.why}`);
  }

  /** What can be said when everything is over. */
  final(): void {
    for (const { name, until, since } of this.#waiters) {
      if (this.#parts.now() >= since + until.withinMs + LATE_MS)
        this.#parts.found("wait", `${name.ref} is waited for, and nobody is told of it`);
    }
    for (const heard of this.#sales.values()) {
      const { ref } = heard.name;
      const orders = this.#parts.orders(heard.name);
      const paid = orders.filter(({ state }) => state === "paid").length;
      if (paid > 1) this.#parts.found("till", `the sale ${ref} was paid ${paid} times`);
      if (heard.over === null) continue;
      if (orders.length > heard.over.orders)
        this.#parts.found("till", `${ref} was told of as over and went on`);
      if (!heard.over.paid && paid > 0) this.#parts.found("till", `${ref} was told of as not paid and is`);
    }
  }

  #checkRefusal(heard: ToldSale, ask: number, why: string): void {
    // What stands under this name already may be charged.
    if (why === "other-amount") return;
    const open = this.#parts
      .orders(heard.name)
      .find(({ final, charged, reason }) => (!final || charged !== "no") && reason !== "contradiction");
    if (open !== undefined && why !== "ref-used") {
      this.#parts.found(
        "refused",
        `${heard.name.ref} was told ${why}, and ${open.outTradeNo} is ${open.state}`,
      );
    }
    if (ask === heard.asks) heard.refused = { why, ask };
  }

  #checkState(heard: ToldSale, { state, final, charged, outTradeNo }: SaleState): void {
    const { ref } = heard.name;
    const last = this.#parts.orders(heard.name).find((order) => order.outTradeNo === outTradeNo);
    if (outTradeNo !== null && last === undefined && state !== "charging")
      this.#parts.found("till", `${ref} was told of with the order ${outTradeNo}, which is not its own`);
    if (charged === "yes" && (last?.state !== "paid" || last.charged !== "yes")) {
      this.#parts.found("till", `${ref} was told of as paid, the journal says ${last?.state}`);
    }
    if (charged === "no" && outTradeNo !== null && last?.charged !== "no") {
      this.#parts.found("till", `${ref} was told of as not charged, the journal says ${last?.charged}`);
    }
    if (heard.over?.paid === true && (charged !== "yes" || !final))
      this.#parts.found("till", `${ref} was told of as paid, and then as ${state}`);
    if (final) heard.over = { paid: charged === "yes", orders: this.#parts.orders(heard.name).length };
  }

  #checkAsked(
    heard: ToldSale,
    ask: number,
    { state, outTradeNo, repeated }: SaleState,
    others: readonly (readonly [string, Waiting])[],
  ): void {
    const { caller, ref } = heard.name;
    if (outTradeNo !== null && (this.#old.has(outTradeNo) || !repeated))
      this.#parts.found(
        "ref",
        `${ref} was asked for anew and answered with ${outTradeNo}, which is ${state}`,
      );
    if (state !== "armed") return;
    const at = this.#parts.now();
    for (const [other, { key, at: since }] of others) {
      const still =
        this.#waiting.get(other)?.at === since && at - since < this.#parts.armedMs - ALMOST_OVER_MS;
      const { name } = this.#sales.get(key) ?? heard;
      if (still && !repeated && this.#parts.orders(name).length === 0)
        this.#parts.found("caller", `the amount of ${other} was waiting and that of ${caller} replaced it`);
    }
    const key = saleKey(heard.name);
    if (!repeated) this.#armedAt.set(key, at);
    const since = this.#armedAt.get(key);
    if (ask === heard.asks && since !== undefined) this.#waiting.set(caller, { key, at: since });
  }

  #of(name: SaleName): ToldSale {
    const key = saleKey(name);
    const heard = this.#sales.get(key) ?? { name, asks: 0, refused: null, over: null };
    this.#sales.set(key, heard);
    return heard;
  }
}
