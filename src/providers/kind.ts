/**
 * What the program has to know of a kind of provider beside what the box asks of it: how an account is made of an entry of the
 * configuration, how it is set up, examined and reconciled. Data and words; whoever runs on a machine does the rest.
 */
import type { ProbeFailure } from "../core/payment/answers.ts";
import type { HttpsLink } from "../runtime/ports.ts";
import type { BillReader } from "./bill.ts";
import type { Explain } from "./explain.ts";
import type { ProviderMaker } from "./provider.ts";
import type { ProviderSetup } from "./setup.ts";

/** A kind; `Config` is an entry of it. */
export interface ProviderKind<Config> {
  /** As people call it. */
  readonly name: string;
  readonly setup: ProviderSetup;
  readonly doctor: DoctorWords;
  /** Null where this program does not read them yet. */
  readonly bills: BillReader<Config> | null;
  /** All that an entry names and does not hold itself. */
  secrets(config: Config): readonly EntrySecret[];
  /** An account from an entry and what it names. */
  make(config: Config, parts: EntryParts): ProviderMaker;
  /** What recorded pairs say; loaded where somebody asks. */
  explain(): Promise<Explain>;
  /** The key by which an entry asks for codes that customers scan; null where it asks for none. */
  codeKey(config: Config): string | null;
}

/** A secret or a certificate that an entry names. */
export interface EntrySecret {
  /** Its key below the entry, such as `certificate.cert`. */
  readonly key: string;
  readonly source: { readonly file: string } | { readonly credential: string };
  readonly kind: "secret" | "public";
  /** Whether nobody can speak for the account without it. */
  readonly vital: boolean;
}

/** What an account is made of beside its entry. */
export interface EntryParts {
  readonly boxId: string;
  /** The store as customers know it. */
  readonly store: string;
  readonly timing: EntryTiming;
  /** The text of a secret by its key below the entry; empty where it could not be read. */
  readonly secret: (key: string) => string;
  readonly https: (settings: HttpsSettings) => HttpsLink;
  /** What is wrong with a certificate and its key now, both in PEM. */
  readonly pairFault: (cert: string, key: string) => ProbeFailure | null;
}

/** The waits of the configuration that concern a provider, in milliseconds. */
export interface EntryTiming {
  readonly queryEveryMs: number;
  readonly giveUpAfterMs: number;
  readonly reverseNotBeforeMs: number;
  readonly confirmNotBeforeMs: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
}

/** How an account reaches its hosts. */
export interface HttpsSettings {
  readonly connectTimeoutMs: number;
  /** Authorities in PEM; null trusts the usual ones. */
  readonly ca: string | null;
  /** Shown to hosts that ask for one. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
}

/** A certificate and its key by their names below the entry; `again`: what to do where the two do not fit, `renew`: when it ends. */
export interface CertificateWords {
  readonly cert: string;
  readonly key: string;
  readonly again: string;
  readonly renew: string;
  /** Makes PEM of the key where it may be written otherwise. */
  readonly pemOf?: (text: string) => string;
}

/** What there is to say of a key of an entry: `found` goes on a sentence that begins with the key. */
export interface KeyFinding {
  readonly level: "ok" | "warning" | "fault";
  /** Below the entry. */
  readonly key: string;
  readonly found: string;
  /** Empty where nothing is wrong. */
  readonly remedy: string;
}

/** What the doctor says of an account in words of its kind. */
export interface DoctorWords {
  /** Whether its requests carry the time, so that a wrong clock ends charging. */
  readonly needsClock: boolean;
  /** Keys whose length is known. */
  readonly keys: readonly { readonly key: string; readonly length: number; readonly remedy: string }[];
  /** Certificates with a key beside them: what to do where the two do not fit, and when they end. */
  readonly pairs: readonly CertificateWords[];
  /** What else their texts show, at a moment in milliseconds since 1970; `secret` is null where one is not configured or cannot be read. */
  readonly inspect?: (secret: (key: string) => string | null, now: number) => readonly KeyFinding[];
  /** What to do where a host refuses, by what it refuses; `where` is the entry in the file. */
  remedies(where: string): Readonly<Record<"api-key" | "account" | "request", string>>;
}
