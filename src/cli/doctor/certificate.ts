import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { daysText } from "./network.ts";
import { type Area, merchantKey, type Subject } from "./subject.ts";

/** The certificates that the box shows of itself: the merchant's, which reversals need, and that for the broker. */
export const certificateArea: Area = {
  name: "certificate",
  about: "own certificates: load, match their keys, days left",
  network: false,
  configured: true,
  examine: (subject) => certificatesOf(subject).flatMap((facts) => judgeCertificate(facts, Date.now())),
};

/** A certificate and its key as they were read; `where` is the key in the configuration. */
export interface CertificateFacts {
  readonly where: string;
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

/** A new one takes a person at the merchant platform some days. */
const WARN_DAYS = 30;

/** Judges a pair of certificate and key at a moment, in milliseconds since 1970. */
export function judgeCertificate({ where, pair }: CertificateFacts, now: number): readonly Finding[] {
  const check = "certificate.pair";
  const fetchAgain =
    "Fetch apiclient_cert.pem and apiclient_key.pem anew from the merchant platform, both of them.";
  switch (pair.kind) {
    case "unread":
      return [note(check, `${where}: not looked at, for it cannot be read.`)];
    case "no-certificate":
      return [fault(check, `${where}.cert holds no certificate in PEM.`, fetchAgain)];
    case "no-key":
      return [
        fault(
          check,
          `${where}.key holds no private key in PEM that can be used without a password.`,
          fetchAgain,
        ),
      ];
    case "mismatch":
      return [fault(check, `${where}: the key is not that of the certificate.`, fetchAgain)];
    case "matching":
      return [ok(check, `${where}: ${pair.subject}, and its key matches.`), validity(where, pair, now)];
  }
}

type Matching = Extract<CertificateFacts["pair"], { kind: "matching" }>;

function validity(where: string, { validFrom, validTo }: Matching, now: number): Finding {
  const check = "certificate.validity";
  const daysLeft = Math.floor((validTo - now) / DAY_MS);
  const data = { where, validFrom: day(validFrom), validTo: day(validTo), daysLeft };
  const renew = "Renew it at the merchant platform and put both files in place.";
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
  const { merchant, mqtt } = subject.sections;
  const merchants = merchant === undefined ? [] : [merchant, ...merchant.previous];
  const places = merchants.map((_, index) => `${merchantKey(index)}.certificate`);
  if (mqtt?.cert && mqtt.key) places.push("mqtt");
  return places.map((where) => ({
    where,
    pair: inspectPair(subject.secret(`${where}.cert`), subject.secret(`${where}.key`)),
  }));
}

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
