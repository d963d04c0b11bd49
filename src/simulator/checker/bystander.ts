import type { TxData } from "../../core/payment/order.ts";
import type { Screen } from "../../core/payment/screen.ts";
import type { TextName } from "../../core/payment/texts.ts";

/** Screens on which a customer reads what a scan will cost, at once or in a moment; a refused code leaves the amount there. */
const offers: ReadonlySet<TextName> = new Set([
  "armed",
  "armed-no-scanner",
  "resting",
  "amount-changed",
  "code-not-taken",
  "wallet-not-taken",
  "wallet-not-taken-here",
  "wallet-out",
  "not-a-code",
  "receiving-code",
  "goods-barcode",
  "card",
  "marked-code",
  "code-used",
]);

/** Screens on which nothing is for sale until somebody says what. */
const withdrawals: ReadonlySet<TextName> = new Set(["idle", "menu", "till-idle", "entering"]);

/** Reads the display as a customer does, and compares what it says with what is charged. */
export class Bystander {
  /** What a scan costs, as it was last read; null where nothing is offered. */
  #offeredFen: number | null = null;

  /** The process was started: nothing is remembered of what its predecessor showed. */
  started(): void {
    this.#offeredFen = null;
  }

  /** A screen is shown. */
  reads({ text, amountFen }: Screen): void {
    if (offers.has(text) && amountFen !== null) this.#offeredFen = amountFen;
    else if (withdrawals.has(text)) this.#offeredFen = null;
  }

  /** A charge leaves: a sentence where it is not for what was read before the scan. */
  charged(outTradeNo: string, amountFen: number): string | null {
    const offered = this.#offeredFen;
    if (offered === amountFen) return null;
    return `${outTradeNo} is charged ${amountFen} fen, ${offered === null ? "nothing" : `${offered} fen`} was offered on the display`;
  }

  /** An order's end, or that it is unknown, is shown: a sentence where amount or reference are not the order's. */
  compares(screen: Screen, { outTradeNo, amountFen, shortRef }: TxData): string | null {
    if (screen.amountFen !== amountFen)
      return `${outTradeNo} of ${amountFen} fen is shown as ${screen.text} with ${screen.amountFen} fen`;
    if (screen.ref !== shortRef)
      return `${outTradeNo} is shown as ${screen.text} with the reference ${screen.ref}`;
    return null;
  }
}
