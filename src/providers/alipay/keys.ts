/** Keys and certificates of an account as they are handed out: PEM, or the bare base64 that Alipay's key tool and console show. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { AccountKeys } from "./account.ts";
import { certificatesIn, certSerialOf, rootSerialOf } from "./certificates.ts";

/** RSA2 wants so many bits at least. */
const BITS_MIN = 2_048;

/** The texts from which the keys of an account are made. */
export type KeyTexts =
  | { readonly mode: "key"; readonly own: string; readonly alipay: string }
  | {
      readonly mode: "certificate";
      readonly own: string;
      readonly app: string;
      readonly alipay: string;
      readonly root: string;
    };

/**
 * What is wrong with a text, by its key below the entry: it holds no RSA key, one of too few bits, no certificate, or it is the app's
 * own where Alipay's belongs.
 */
export interface KeyFault {
  readonly key: string;
  readonly is: "no-key" | "too-short" | "no-certificate" | "own";
}

/** The keys of an account, and all that is wrong with their texts; null where anything is. */
export function accountKeys(texts: KeyTexts): {
  readonly keys: AccountKeys | null;
  readonly faults: readonly KeyFault[];
} {
  const own = read(privateForms(texts.own));
  const faults: KeyFault[] = typeof own === "string" ? [{ key: "privateKey", is: own }] : [];
  const alipay = texts.mode === "key" ? keyModeOf(texts, own, faults) : certificateModeOf(texts, own, faults);
  const usable = typeof own !== "string" && alipay !== null && faults.length === 0;
  return { keys: usable ? { own, ...alipay } : null, faults };
}

type Alipays = Omit<AccountKeys, "own">;
type Read = KeyObject | "no-key" | "too-short";

function keyModeOf({ alipay }: KeyTexts, own: Read, faults: KeyFault[]): Alipays | null {
  const key = read(publicForms(alipay));
  const fault = faultOf(key, own);
  if (fault !== null) faults.push({ key: "alipayPublicKey", is: fault });
  return typeof key === "string" ? null : { alipay: { mode: "key", key }, certificates: null };
}

function certificateModeOf(
  { app, alipay, root }: KeyTexts & { mode: "certificate" },
  own: Read,
  faults: KeyFault[],
): Alipays | null {
  const [ofApp] = certificatesIn(app);
  const ofAlipay = certificatesIn(alipay);
  const rootSerial = rootSerialOf(root);
  if (ofApp === undefined) faults.push({ key: "certificates.app", is: "no-certificate" });
  if (ofAlipay.length === 0) faults.push({ key: "certificates.alipay", is: "no-certificate" });
  if (rootSerial === "") faults.push({ key: "certificates.root", is: "no-certificate" });
  // Beside the present certificate of Alipay's the file may hold the one before it.
  const bySerial = new Map<string, KeyObject>();
  for (const certificate of ofAlipay) {
    const key = read([() => certificate.publicKey]);
    const fault = faultOf(key, own);
    if (fault !== null) faults.push({ key: "certificates.alipay", is: fault });
    if (typeof key !== "string") bySerial.set(certSerialOf(certificate), key);
  }
  if (ofApp === undefined) return null;
  return {
    alipay: { mode: "certificate", bySerial },
    certificates: { appSerial: certSerialOf(ofApp), rootSerial },
  };
}

/** What is wrong with a key that is to be Alipay's: for one, that it is ours. */
function faultOf(key: Read, own: Read): KeyFault["is"] | null {
  if (typeof key === "string") return key;
  return typeof own !== "string" && createPublicKey(own).equals(key) ? "own" : null;
}

/** A private key of RSA with enough bits; null where the text is none. */
export function privateKeyOf(text: string): KeyObject | null {
  const key = read(privateForms(text));
  return typeof key === "string" ? null : key;
}

/** The same of a public key. */
export function publicKeyOf(text: string): KeyObject | null {
  const key = read(publicForms(text));
  return typeof key === "string" ? null : key;
}

/** A private key in PEM, for what reads nothing else; empty where the text is none. */
export function privatePemOf(text: string): string {
  return privateKeyOf(text)?.export({ type: "pkcs8", format: "pem" }).toString() ?? "";
}

function privateForms(text: string): readonly (() => KeyObject)[] {
  return [
    () => createPrivateKey(text.trim()),
    () => createPrivateKey({ key: bare(text), format: "der", type: "pkcs8" }),
    () => createPrivateKey({ key: bare(text), format: "der", type: "pkcs1" }),
  ];
}

function publicForms(text: string): readonly (() => KeyObject)[] {
  // A private key would be taken for the public one in it.
  if (text.includes("PRIVATE KEY")) return [];
  return [
    () => createPublicKey(text.trim()),
    () => createPublicKey({ key: bare(text), format: "der", type: "spki" }),
  ];
}

/** What the first form that reads at all says. */
function read(forms: readonly (() => KeyObject)[]): Read {
  for (const form of forms) {
    try {
      const key = form();
      if (key.asymmetricKeyType !== "rsa") return "no-key";
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= BITS_MIN ? key : "too-short";
    } catch {}
  }
  return "no-key";
}

function bare(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ""), "base64");
}
