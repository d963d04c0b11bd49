/**
 * What people do around a payment and think nothing of: a phone stays in the reader and shows its next code, staff give part of
 * the money back at the merchant platform, a dialog stays open on the phone of somebody whose payment was declined.
 */

import { invariant } from "../../core/kernel/defect.ts";
import type { Fen } from "../../core/kernel/fen.ts";
import { fenOf } from "../../core/kernel/fen.ts";
import type { PeopleActs } from "../outside/provider.ts";
import type { Random } from "../outside/random.ts";
import type { SimulatedTime } from "../outside/time.ts";
import { freshCode } from "./people.ts";

/** How seldom staff give money back, for each time that somebody acts. */
const REFUNDS = 0.02;

/** How often a phone stays. */
const STAYS = 0.3;

/** A phone shows its next code within this time: a minute of the real one, so that a world sees many. */
const NEXT_CODE_MS = 9_000;

/** Draws them from a stream of its own: none of these moves another draw of the world. */
export class PeopleModel implements PeopleActs {
  readonly #random: Random;
  readonly #time: SimulatedTime;
  #phone: Set<string> | null = null;

  constructor(random: Random, time: SimulatedTime) {
    this.#random = random;
    this.#time = time;
  }

  /** The codes that the phone in the reader has shown, null where there is none. */
  get phone(): ReadonlySet<string> | null {
    return this.#phone;
  }

  /** Whether the phone that has shown `code` stays in the reader; `shows` is called with its next codes until it is `gone`. */
  afterScan(code: string, { shows, gone }: { shows: (code: string) => void; gone: () => void }): boolean {
    if (this.#phone !== null || !this.#random.chance(STAYS)) return false;
    this.#phone = new Set([code]);
    this.#nextCode(this.#time.now + this.#random.between(5_000, 120_000), shows, gone);
    return true;
  }

  /** Whether somebody beside a phone that lies there does something now, and which of so many things. */
  beside(things: number): number | null {
    return this.#random.chance(0.5) ? this.#random.between(0, things - 1) : null;
  }

  /** The phone is taken along. */
  takePhone(): void {
    this.#phone = null;
  }

  #nextCode(until: number, shows: (code: string) => void, gone: () => void): void {
    const phone = this.#phone;
    this.#time.after(this.#random.between(2_000, NEXT_CODE_MS), () => {
      if (this.#phone !== phone || phone === null) return;
      if (this.#time.now >= until) {
        this.takePhone();
        gone();
        return;
      }
      const code = freshCode(this.#random);
      phone.add(code);
      shows(code);
      this.#nextCode(until, shows, gone);
    });
  }

  /** What the customer of a refused charge does in a dialog that stays open, and how soon; null where it does not stay. */
  dialog(): { readonly act: "pays" | "closes" | "is-refused"; readonly afterMs: number } | null {
    if (!this.#random.chance(0.5)) return null;
    const act = this.#random.pick(["pays", "closes", "is-refused"] as const);
    return { act, afterMs: this.#random.between(1_000, 120_000) };
  }

  /** An order, the newest of which staff may do so, of which they give something back now, and how much; null where they do not. */
  refund<Order extends { readonly amountFen: Fen }>(
    orders: readonly Order[],
    may: (order: Order) => boolean,
  ): { readonly order: Order; readonly refundFen: Fen } | null {
    const order = this.#random.chance(REFUNDS) ? orders.findLast(may) : undefined;
    if (order === undefined) return null;
    const refundFen = fenOf(this.#random.between(1, order.amountFen));
    invariant(refundFen.ok, "a part of an amount is an amount");
    return { order, refundFen: refundFen.value };
  }
}
