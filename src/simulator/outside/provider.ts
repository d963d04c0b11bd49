/** A provider in a world: its sandbox, and the customers, staff and troubles that are its own. */
import type { Fen } from "../../core/kernel/fen.ts";
import type { Random } from "./random.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Swarm } from "./swarm.ts";

/** What people of a world do by habit around the payments of any provider. */
export interface PayersHabits {
  /** What the customer of a refused charge does in a dialog that stays open, and how soon; null where it does not stay. */
  dialog(): { readonly act: "pays" | "closes" | "is-refused"; readonly afterMs: number } | null;
  /** Of which of the orders staff give something back now, and how much; the newest that `may`, null where they do not. */
  refund<Order extends { readonly amountFen: Fen }>(
    orders: readonly Order[],
    may: (order: Order) => boolean,
  ): { readonly order: Order; readonly refundFen: Fen } | null;
}

/** What a provider of a world is made of. */
export interface SimulatedProviderParts {
  readonly swarm: Swarm;
  readonly habits: PayersHabits;
  /** Draws which story a payment takes; the world draws by it, too. */
  readonly random: Random;
  /** Belongs to the sandbox alone. */
  readonly entropy: Random;
  /** Draws what a world of this provider has beside its swarm; each asks for a stream of its own. */
  readonly stream: (number: number) => Random;
  /** Hears of each call in the provider's words, where somebody reads the story. */
  readonly tell: ((line: string) => void) | null;
}

/** One provider of a world. */
export interface SimulatedProvider {
  readonly sandbox: Sandbox;
  /** Whether it leaves out the number of the payment where it tells of a reversed one. */
  readonly unnamed: boolean;
  /** While it is, it answers that it has no time to say how orders stand. */
  busy: boolean;
  /** The next payment takes a story that is drawn. */
  drawStory(): void;
  /** The next payments go through. */
  allGoesWell(): void;
  /** Staff may give money back at the provider, `now` on its clock; says so where they do. */
  actOfStaff(now: number): string | null;
}

/** Makes one. */
export type SimulatedProviderMaker = (parts: SimulatedProviderParts) => SimulatedProvider;
