/** A provider in a world: its sandbox, and the customers, staff and troubles that are its own. */
import type { Fen } from "../../core/kernel/fen.ts";
import type { ProbeFailure } from "../../core/payment/answers.ts";
import type { EntryTiming } from "../../providers/kind.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import type { Entropy, HttpsLink } from "../../runtime/ports.ts";
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

/** What every account of a simulated box is made of, beside what is its own. */
export interface AccountParts {
  readonly link: HttpsLink;
  /** What is wrong with the certificate of the box now. */
  readonly fault: () => ProbeFailure | null;
  readonly hosts: readonly string[];
  readonly boxId: string;
  readonly timing: EntryTiming;
  /** Where customers may also scan a code of ours; null where they may not. */
  readonly notifyUrl: string | null;
  /** Whether it takes new payments, or only finishes what is open. */
  readonly charges: boolean;
}

/** What a provider of a world is made of. */
export interface SimulatedProviderParts {
  readonly seed: number;
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
  /** What the configuration of a world says of its accounts, with these hosts. */
  entries(hosts: readonly string[]): readonly object[];
  /** The accounts of the next life of the box; the one that it prefers first. */
  accounts(parts: AccountParts): readonly [ProviderMaker, ...ProviderMaker[]];
  /** What a customer shows who has this code: in some worlds some have another wallet. */
  shown(code: string): string;
  /** Whether it leaves out the number of the payment where it tells of a reversed one. */
  readonly unnamed: boolean;
  /** While it is, it answers that it has no time to say how orders stand. */
  busy: boolean;
  /** The next payment takes a story that is drawn. */
  drawStory(): void;
  /** The next payments go through, and whoever was down is there again. */
  allGoesWell(): void;
  /** One of several is down from now on, and who comes next has its wallet; false where none is. */
  loses?(): boolean;
  /** From now on those who come have another wallet than that. */
  isLost?(): void;
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
  /** The stories of a payment of which one is chosen when its charge arrives. */
  readonly stories: readonly string[];
  /** What a customer shows who has this code. */
  shown(code: string): string;
  /** What the configuration says of it, with these hosts. */
  entry(hosts: readonly string[]): object;
  /** The account of the box. */
  account(parts: AccountParts): ProviderMaker;
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
