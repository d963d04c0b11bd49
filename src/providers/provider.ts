/** What the box asks of a provider, whoever it is; what differs between them is in its `facts` (money rule 18). */
import type { Instant } from "../core/kernel/instant.ts";
import type {
  ChargeAnswer,
  ProbeAnswer,
  ProbeFailure,
  QueryAnswer,
  UndoAnswer,
} from "../core/payment/answers.ts";
import type { Intent } from "../core/payment/order.ts";
import type { PaymentCode } from "../core/payment/payment-code.ts";
import type { ProviderFacts, UndoWay } from "../core/payment/provider.ts";
import type { Clock, Entropy, Log } from "../runtime/ports.ts";

/** What is to be charged, and until when. */
export interface WantedCharge {
  readonly intent: Intent;
  /** The customer's code; null where they are to scan one of ours. */
  readonly code: PaymentCode | null;
  /** Headers that have not left by then never leave. */
  readonly sendBefore: Instant;
  /** Whether it may still go to another host, asked in the moment it would. */
  readonly mayLeave: () => boolean;
}

/** Which order is asked about, and where. */
export interface AskedOrder {
  readonly intent: Intent;
  readonly of: "payment" | "refund";
  /** Null asks the first host that can be reached. */
  readonly host: string | null;
  /** Asks on a connection on which nothing else was asked. */
  readonly fresh: boolean;
}

/** Which order is taken back, how, and where. */
export interface WantedUndo {
  readonly intent: Intent;
  readonly way: UndoWay;
  /** Null tells the first host that can be reached. */
  readonly host: string | null;
}

/**
 * One account at a provider. A call is one attempt; an answer names the host that was tried last, and never comes before the
 * call has returned.
 */
export interface Provider {
  readonly kind: string;
  readonly facts: ProviderFacts;
  /** Once for each intent, which must be durable by now. */
  charge(wanted: WantedCharge, done: (host: string, answer: ChargeAnswer) => void): void;
  query(asked: AskedOrder, done: (host: string, answer: QueryAnswer) => void): void;
  undo(wanted: WantedUndo, done: (host: string, answer: UndoAnswer) => void): void;
  /** Moves no money: what it needs to take money back is looked at first, then a signed answer is had. */
  probe(done: (answer: ProbeAnswer) => void): void;
  /** What keeps it from taking money back now, as far as nobody has to be asked. */
  fault(): ProbeFailure | null;
  /** Opens the connection of the next charge ahead of need. */
  warm(): void;
  /** Ends all that runs, and calls back when nothing of it is left. */
  close(done: () => void): void;
}

/** What a provider works with, as the box has guarded it. */
export interface ProviderMeans {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Makes a provider for one life of a box. */
export type ProviderMaker = (means: ProviderMeans) => Provider;
