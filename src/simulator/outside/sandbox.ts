/**
 * What a world hears of a provider's sandbox: neutral words for what a request asks, what a reply says and what happened in its
 * books, so that the checker reads no provider's document.
 */
import type { HttpsRequest } from "../../runtime/ports.ts";
import type { SimulatedReply, SimulatedRequest } from "./https.ts";

/** What a request of a box means, whether or not it arrives. */
export interface Asked {
  /** A query asks how the order itself stands; what asks about a refund is `other`. */
  readonly call: "charge" | "query" | "undo" | "probe" | "other";
  /** The number of the order; a refund is about its order. */
  readonly order: string;
  /** The account that the request names, in one text. */
  readonly payee: string;
  /** Of a charge. */
  readonly amountFen: number | null;
  /** Of a charge: the digits that were scanned. */
  readonly code: string | null;
  /** Of an undo: not before so long after its charge, by this provider's own documents. */
  readonly notBeforeMs: number;
  /** Whether this provider refuses requests whose time is wrong. */
  readonly needsClock: boolean;
  /** Whether the box was told to take nothing new for this account; for who joins several to say. */
  readonly removed?: boolean;
}

/** What happened in a sandbox's books. Times are milliseconds since 1970 on its own clock. */
export type Fact = { readonly order: string; readonly payee: string; readonly at: number } & (
  | {
      /** It stands in the books, and can be paid until it has ended. */
      readonly kind: "opened";
      readonly amountFen: number;
      /** What came with the request to know it again by; null where there was nothing. */
      readonly nonce: string | null;
    }
  /** Money left a wallet; `code` is null where no code of a wallet was scanned. */
  | { readonly kind: "charged"; readonly amountFen: number; readonly code: string | null }
  /** Money went back; what staff give is told when it is accepted, for nobody can stop it then. */
  | { readonly kind: "taken-back"; readonly amountFen: number; readonly by: "box" | "staff" }
  /** Nobody can pay it any more. */
  | { readonly kind: "ended" }
);

/**
 * What the sandbox's own word proves where it comes whole and signed: paid, not paid and never will be, over, or that nothing
 * takes it back any more.
 */
export type Proof = "paid" | "refused" | "over" | "kept";

/** What one reply says, beside its bytes. */
export interface Said {
  readonly order: string | null;
  /** Signed as the box can check it, whatever it says. */
  readonly signed: boolean;
  /** The sandbox's own word, true in its books; all that follows is false of any other reply, but for `pretended`. */
  readonly honest: boolean;
  readonly proves: readonly Proof[];
  /** There is no such order. */
  readonly absent: boolean;
  /** It shows how an order of this number stands. */
  readonly shows: boolean;
  /** The number of the charge was known before. */
  readonly known: boolean;
  /** It claims to have taken back what it has not. */
  readonly pretended: boolean;
}

/** A provider's sandbox, as a world of any provider sees it. */
export interface Sandbox {
  /** Whether this request is for it; several sandboxes may stand behind one network. */
  isOwn(request: Pick<HttpsRequest, "path">): boolean;
  /** Reads a request of the box as the provider would. */
  asked(request: Pick<HttpsRequest, "lane" | "method" | "path" | "headers" | "body">): Asked;
  /** Answers a request that arrived, `now` on its own clock. */
  serve(
    request: SimulatedRequest,
    now: number,
  ): { readonly reply: SimulatedReply; readonly said: Said | null };
  /** Facts since the last call, in order, as far as the books are settled: whoever looks on moves no customer. */
  take(): readonly Fact[];
}
