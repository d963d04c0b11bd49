/** RSA2 of Alipay's gateway: RSA with SHA-256, PKCS #1 v1.5, written in base64. */
import { type KeyObject, sign, verify } from "node:crypto";
import type { SplitReply } from "./split-reply.ts";

/** What is signed of a request: every parameter but `sign` and the empty ones, by name, as `name=value` joined with `&`, not encoded. */
export function stringToSign(parameters: ReadonlyMap<string, string>): string {
  // Names are ASCII, whose order of code units is that of bytes.
  return [...parameters]
    .filter(([name, value]) => name !== "sign" && value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** The signature of a request, in base64. */
export function signatureOf(text: string, key: KeyObject): string {
  return sign("sha256", Buffer.from(text, "utf8"), key).toString("base64");
}

/** How a reply is signed. `unverifiable`: by a key that we do not have; `valid-unescaped`: as it would read with `/` for every `\/`. */
export type SignatureState = "valid" | "valid-unescaped" | "invalid" | "absent" | "unverifiable";

/** Alipay's keys: the one of key mode, or those of certificate mode by the number of their certificate (`alipay_cert_sn`). */
export type AlipayKeys =
  | { readonly mode: "key"; readonly key: KeyObject }
  | { readonly mode: "certificate"; readonly bySerial: ReadonlyMap<string, KeyObject> };

/**
 * Whether Alipay signed the bytes as they came. Where they do not fit and hold `\/`, they are tried once more with `/` for it: which
 * of the two the gateway signs is told differently by its documents and by its own SDK. A reply that names no certificate is tried
 * with every key that we have.
 */
export function signatureState(
  { signed, sign: claimed, certSerial }: SplitReply,
  keys: AlipayKeys,
): SignatureState {
  const candidates = candidatesOf(keys, certSerial);
  if (candidates.length === 0) return "unverifiable";
  if (claimed === null) return "absent";
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(claimed) || claimed.length % 4 !== 0) return "invalid";
  const signature = Buffer.from(claimed, "base64");
  if (candidates.some((key) => isSignedBy(signed, signature, key))) return "valid";
  const unescaped = signed.replaceAll("\\/", "/");
  const fits = unescaped !== signed && candidates.some((key) => isSignedBy(unescaped, signature, key));
  return fits ? "valid-unescaped" : "invalid";
}

function candidatesOf(keys: AlipayKeys, certSerial: string | null): readonly KeyObject[] {
  if (keys.mode === "key") return [keys.key];
  if (certSerial === null) return [...keys.bySerial.values()];
  const named = keys.bySerial.get(certSerial);
  return named === undefined ? [] : [named];
}

function isSignedBy(text: string, signature: Uint8Array, key: KeyObject): boolean {
  return verify("sha256", Buffer.from(text, "latin1"), key, signature);
}
