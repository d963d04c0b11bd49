import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { daysText } from "./network.ts";
import type { Area, Subject } from "./subject.ts";

/** The certificates that the box shows of itself: those of its accounts, which reversals need, and that for the broker. */
export const certificateArea: Area = {
  name: "certificate",
  about: "own certificates: load, match their keys, days left",
  network: false,
  configured: true,
  examine: (subject) => certificatesOf(subject).flatMap((facts) => judgeCertificate(facts, Date.now())),
};

/** A certificate and its key as they were read, with where each stands in the configuration. */
export interface CertificateFacts {
  readonly cert: string;
  readonly key: string;
  /** What to do where the two do not fit. */
  readonly again: string;
  /** What to do before it ends. */
  readonly renew: string;
  readonly pair:
    | { readonly kind: "unread" | "no-certificate" | "no-key" | "mismatch" }
    | {
        readonly kind: "matching";
        readonly subject: string;
        /** Milliseconds since 1970. */
        readonly validFrom: number;
        readonly validTo: number;
      };
}

const DAY_MS = 86_400_000;

/** A new one takes a person some days. */
const WARN_DAYS = 30;

/** Judges a pair of certificate and key at a moment, in milliseconds since 1970. */
export function judgeCertificate(facts: CertificateFacts, now: number): readonly Finding[] {
  const { cert, key, pair, again } = facts;
  const check = "certificate.pair";
  switch (pair.kind) {
    case "unread":
      return [note(check, `${cert}: not looked at, for it cannot be read.`)];
    case "no-certificate":
      return [fault(check, `${cert} holds no certificate in PEM.`, again)];
    case "no-key":
      return [fault(check, `${key} holds no private key in PEM that can be used without a password.`, again)];
    case "mismatch":
      return [fault(check, `${key} is not the key of ${cert}.`, again)];
    case "matching":
      return [ok(check, `${cert}: ${pair.subject}, and its key matches.`), validity(facts, pair, now)];
  }
}

type Matching = Extract<CertificateFacts["pair"], { kind: "matching" }>;

function validity(
  { cert: where, renew }: CertificateFacts,
  { validFrom, validTo }: Matching,
  now: number,
): Finding {
  const check = "certificate.validity";
  const daysLeft = Math.floor((validTo - now) / DAY_MS);
  const data = { where, validFrom: day(validFrom), validTo: day(validTo), daysLeft };
  if (now < validFrom) {
    const remedy = "Is the clock right? Else wait, or use the certificate before this one.";
    return fault(check, `${where}: not valid before ${data.validFrom}.`, remedy, data);
  }
  if (now > validTo) return fault(check, `${where}: expired on ${data.validTo}.`, renew, data);
  const found = `${where}: valid until ${data.validTo}, ${daysText(daysLeft)} more.`;
  return daysLeft < WARN_DAYS ? warning(check, found, renew, data) : ok(check, found, data);
}

/** The day in UTC. */
function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function certificatesOf(subject: Subject): readonly CertificateFacts[] {
  const { mqtt } = subject.sections;
  const places = subject.entries.flatMap(({ where, entry, kind }) => {
    const named = new Set(kind.secrets(entry).map(({ key }) => key));
    return kind.doctor.pairs
      .filter(({ cert }) => named.has(cert))
      .map((words) => ({ ...words, cert: `${where}.${words.cert}`, key: `${where}.${words.key}` }));
  });
  if (mqtt?.cert && mqtt.key) places.push({ cert: "mqtt.cert", key: "mqtt.key", ...ofBroker });
  return places.map(({ pemOf = asItIs, ...place }) => {
    const key = subject.secret(place.key);
    return { ...place, pair: inspectPair(subject.secret(place.cert), key === null ? null : pemOf(key)) };
  });
}

function asItIs(text: string): string {
  return text;
}

const ofBroker = {
  again: "Fetch certificate and key anew from whoever runs the broker, both of them.",
  renew: "Have it renewed by whoever runs the broker and put both files in place.",
} as const;

/** Looks at a certificate and its key, both in PEM; null where one could not be read. */
export function inspectPair(cert: string | null, key: string | null): CertificateFacts["pair"] {
  if (cert === null || key === null) return { kind: "unread" };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return { kind: "no-certificate" };
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return { kind: "mismatch" };
  } catch {
    return { kind: "no-key" };
  }
  return {
    kind: "matching",
    subject: certificate.subject.split("\n").join(", "),
    validFrom: certificate.validFromDate.getTime(),
    validTo: certificate.validToDate.getTime(),
  };
}
