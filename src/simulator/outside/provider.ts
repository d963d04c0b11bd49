/** A provider in a world: its sandbox, and the customers, staff and troubles that are its own. */
import type { Fen } from "../../core/kernel/fen.ts";
import type { Entropy } from "../../runtime/ports.ts";
import type { Random } from "./random.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Swarm } from "./swarm.ts";

/** What people of a world do by habit around the payments of any provider. */
export interface PeopleActs {
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
  readonly habits: PeopleActs;
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

/** How an order of a small world stands in the books. */
export interface SmallOrder {
  /** When it was opened, in milliseconds since 1970 on the provider's clock. */
  readonly createdAt: number;
  readonly state: "unpaid" | "paid" | "over";
  readonly open: boolean;
}

/** What a provider may do in this way or that, where its documents leave it open. */
export interface SmallWays {
  readonly autoRevoke: boolean;
  readonly unseenReversal: "tombstone" | "forget";
  readonly unseenAnswer: "done" | "invalid";
  readonly paidReversal: "revoked" | "refund";
}

/** A provider of worlds without chance: what happens there is chosen. */
export interface SmallProvider {
  readonly sandbox: Sandbox;
  /** The next payment takes the story of this name; there must be one. */
  take(story: string): void;
  /** Whatever is due by then happens. */
  settle(now: number): void;
  /** The order of this number as the books were last settled. */
  look(order: string): SmallOrder | undefined;
  /** All of them. */
  orders(): readonly SmallOrder[];
  /** How many changes its books have seen. */
  passages(): number;
}

/** Makes one; `tell` hears of each call in the provider's words. */
export type SmallProviderMaker = (
  ways: SmallWays,
  entropy: Entropy,
  tell: (line: string) => void,
) => SmallProvider;
