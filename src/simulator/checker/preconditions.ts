import { UNRESOLVED_MAX } from "../../core/payment/readiness.ts";
import type { HttpsOutcome, HttpsRequest } from "../../runtime/ports.ts";
import type { Asked, Said } from "../outside/sandbox.ts";

/**
 * What a scan's charge may take to leave, in milliseconds (money rule 3), with what a scanner takes to send its line and what the
 * silence takes that ends a line without an end.
 */
const SCAN_AGE_MS_MAX = 10_000 + 1_000;

/** A certificate is looked at every minute, and may have been looked at just before it went bad, in milliseconds. */
const CERTIFICATE_LOOK_MS = 61_000;

/** After so many reversals of one order without a signed answer a box must know that it cannot take back (money rule 4). */
const MUTE_CALLS = 4;

/** What the world knows of a charge in the moment in which the box asks for it. */
export interface Departure {
  readonly now: number;
  readonly request: HttpsRequest;
  readonly outTradeNo: string;
  /** The account that is charged for; what came of calls for another one says nothing about it. */
  readonly payee: string;
  /** Orders of this account that are open beside it, but for those that a late answer has opened again, and those that a quarantine left in doubt. */
  readonly open: number;
  /** Since when the certificate of the box is not good for a reversal, null while it is. */
  readonly certificateBadSince: number | null;
  /** Null where none was scanned. */
  readonly code: string | null;
  /** Whether the box charges by a clock that its provider needs and nobody trusts. */
  readonly clockless: boolean;
}

/**
 * The preconditions of a charge, by account, told from outside in the moment it leaves (money rules 3, 4 and 12): what the box was last
 * answered, how many orders are open, whether it can take back, and how old the scan is.
 */
export class Preconditions {
  /** Since when the last call for an account that may have been sent has brought nobody's word; only while it has not. */
  readonly #unclearSince = new Map<string, number>();
  /** Reversals of an order since its last signed answer to one. */
  readonly #mute = new Map<string, { readonly payee: string; readonly calls: number }>();
  readonly #scannedAt = new Map<string, number>();

  /** The process was started, and knows nothing of what its predecessor heard. */
  started(): void {
    this.#unclearSince.clear();
    this.#mute.clear();
  }

  /** A code was held under the scanner. */
  scanned(code: string, now: number): void {
    this.#scannedAt.set(code, now);
  }

  /** The box hears what came of a call; `said` is what the reply says, where the sandbox has sent one. */
  answered(
    { call, order, payee }: Pick<Asked, "call" | "order" | "payee">,
    outcome: HttpsOutcome,
    { said, now }: { readonly said: Pick<Said, "signed"> | undefined; readonly now: number },
  ): void {
    if (outcome.kind === "not-sent") return;
    const signed = outcome.kind === "answered" && said?.signed === true;
    if (signed) this.#unclearSince.delete(payee);
    else if (!this.#unclearSince.has(payee)) this.#unclearSince.set(payee, now);
    if (call !== "undo") return;
    if (signed) this.#mute.delete(order);
    else this.#mute.set(order, { payee, calls: (this.#mute.get(order)?.calls ?? 0) + 1 });
  }

  /** An order is over: nothing of it has to be taken back any more. */
  ended(outTradeNo: string): void {
    this.#mute.delete(outTradeNo);
  }

  /** What forbids this charge, as sentences. */
  against({
    now,
    request,
    outTradeNo,
    payee,
    open,
    certificateBadSince,
    code,
    clockless,
  }: Departure): readonly string[] {
    const found: string[] = [];
    const say = (sentence: string): void => void found.push(`${outTradeNo} is charged ${sentence}`);
    if (open >= UNRESOLVED_MAX) say(`beside ${open} open orders`);
    for (const [muted, { payee: account, calls }] of this.#mute) {
      if (account === payee && calls >= MUTE_CALLS)
        say(`while ${calls} reversals of ${muted} had no signed answer`);
    }
    if (certificateBadSince !== null && now - certificateBadSince > CERTIFICATE_LOOK_MS)
      say("with a certificate that takes nothing back");
    if (clockless) say("with a clock that is not trusted");
    const scannedAt = code === null ? undefined : this.#scannedAt.get(code);
    const unclearSince = this.#unclearSince.get(payee);
    if (unclearSince !== undefined && scannedAt !== undefined && unclearSince <= scannedAt)
      say("while the last answer was nobody's word");
    const leaves = now + request.sendWithinMs;
    if (scannedAt !== undefined && leaves - scannedAt > SCAN_AGE_MS_MAX)
      say(`up to ${leaves - scannedAt} ms after its scan`);
    return found;
  }
}
