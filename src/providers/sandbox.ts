/**
 * The sandbox of a provider as people meet it: the demonstration pays through it, and a command serves it. In simulated worlds it
 * stands behind other ports (`simulator/outside/`).
 */
import type { Fen } from "../core/kernel/fen.ts";
import type { Result } from "../core/kernel/result.ts";
import type { FinalState } from "../core/payment/order.ts";
import type { PaymentCode } from "../core/payment/payment-code.ts";
import type { Wallet } from "../core/payment/wallet.ts";
import type { HttpsRequest } from "../runtime/ports.ts";
import type { EntryParts } from "./kind.ts";
import type { ProviderMaker } from "./provider.ts";
import type { ProviderConfig } from "./settings.ts";

/** What may become of a payment. Every sandbox has one that is called `success`. */
export interface Story {
  readonly name: string;
  /** One sentence for people. */
  readonly story: string;
  /** How a box with the usual settings should end the payment. */
  readonly ends: FinalState;
  /** The last two digits of an amount in fen that choose this story where amounts choose; null for none. */
  readonly cents: number | null;
}

/** The sandbox of one kind of provider. */
export interface SandboxKind {
  /** As people call whom it plays. */
  readonly plays: string;
  /** Whose codes it charges; what its customers usually show comes first. */
  readonly wallets: readonly [Wallet, ...Wallet[]];
  readonly stories: readonly Story[];
  /** Stories that have a form in the place of a name, such as `password-N`. */
  readonly families: readonly { readonly form: string; readonly story: string }[];
  readonly command: SandboxCommandWords;
  /** The story of this name, one of a family too; null where there is none. */
  readonly storyNamed: (name: string) => Story | null;
  /** What a configuration says of the account that it knows where nobody names another one. */
  entry(place: SandboxPlace): object;
  /** That account, made of its entry; waits for which the configuration has no key are `hurry` times as short as usual. */
  account(entry: ProviderConfig, parts: Omit<EntryParts, "secret">, hurry: number): ProviderMaker;
  /** What a request of the box is about. */
  requestWords(request: Pick<HttpsRequest, "path" | "body">): RequestWords;
  /** Reads the options that are its own, by their names; `textOf` opens files. The reason is a sentence. */
  optionsRead(
    options: Readonly<Record<string, string | undefined>>,
    textOf: (path: string) => string,
  ): Result<ServeSandbox, string>;
  readonly serve: ServeSandbox;
}

/** What is said of the command that serves it. */
export interface SandboxCommandWords {
  /** The calls that matter, in the provider's words. */
  readonly calls: string;
  /** Options that are its own, by name, with what the help says of each; each takes a text. */
  readonly options: Readonly<Record<string, SandboxOption>>;
  /** What stands below the options. */
  readonly account: string;
  readonly control: string;
}

/** An option of the command that serves it. */
interface SandboxOption {
  readonly type: "string";
  /** The words that it takes, where it takes no others. */
  readonly words?: readonly string[];
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly takes?: "a file";
  readonly about: string;
}

/** Where a demonstration has it. */
export interface SandboxPlace {
  readonly origin: string;
  /** The store as customers know it. */
  readonly store: string;
  /** Whether customers may also scan a code of ours. */
  readonly offersCode: boolean;
}

/** Starts it on 127.0.0.1; fails where a port is taken. */
export type ServeSandbox = (settings: ServeSettings) => Promise<RunningSandbox>;

/** How it is served. */
export interface ServeSettings {
  /** A free one where absent, of both. */
  readonly port?: number;
  readonly controlPort?: number;
  /** What becomes of payments until another story is set; `success` where absent. */
  readonly story?: Story;
  /** Multiplies all its times. */
  readonly pace?: number;
  /** The last two digits of an amount choose the story. */
  readonly byAmount?: boolean;
  /** HTTPS where given, PEM texts; what moves money back then needs a client certificate that `clientCa` signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** Hears of every call that was handled. */
  readonly observe?: (call: HandledCall) => void;
}

/** One that listens. */
export interface RunningSandbox {
  /** Such as `http://127.0.0.1:40123`; stays the same while it is down and up again. */
  readonly origin: string;
  readonly controlOrigin: string;
  readonly story: Story;
  readonly down: boolean;
  /** What becomes of the next payments; a sandbox that the story keeps down is down when this resolves. */
  tell(story: Story): Promise<void>;
  /** Refuses connections, or takes them again; a story that would keep it down ends with that. */
  setDown(down: boolean): Promise<void>;
  /** What it took and gave back for an order, in fen, and its state in the provider's words; null where it never saw the order. */
  books(outTradeNo: string): SandboxBooks | null;
  /** Ends every connection, answered or not, and frees both ports. */
  close(): Promise<void>;
}

/** An order in its books. */
export interface SandboxBooks {
  readonly state: string;
  readonly chargedFen: number;
  readonly returnedFen: number;
}

/** What a request is about. */
export interface RequestWords {
  /** The call in a word, such as `charge`; `probe` where it is about no order. */
  readonly call: string;
  readonly outTradeNo: string | null;
}

/** A call that was handled; the code shows itself masked. */
export interface HandledCall extends RequestWords {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly path: string;
  readonly amountFen: Fen | null;
  readonly code: PaymentCode | null;
  /** What it did, in the provider's words. */
  readonly outcome: string;
  /** What happened to the reply; null where it was simply sent. */
  readonly treatment: CallTreatment | null;
}

/** How a reply was spoilt. */
export interface CallTreatment {
  readonly name: string;
  /** The rest of a sentence that names the outcome; all of it where the request was lost. */
  readonly words: string;
  /** Whether the request never arrived, so that nothing was done. */
  readonly lost: boolean;
}
