/** Writes replies as the gateway does. */
import { type KeyObject, sign } from "node:crypto";

/** A member with its value; null leaves it out. */
export type Members = Readonly<Record<string, string | null>>;

/** What signs replies. */
export interface Signer {
  readonly key: KeyObject;
  /** `alipay_cert_sn`, in certificate mode. */
  readonly certSerial: string | null;
}

/** The text of an object without the members that have no value. */
export function objectText(members: Members): string {
  return JSON.stringify(members, (_, value: unknown) => value ?? undefined);
}

/** The signature over bytes, in base64. */
export function signed(text: string | Uint8Array, { key }: Signer): string {
  return sign("sha256", Buffer.from(text), key).toString("base64");
}

/** The reply around an object and its signature; null for none. */
export function envelope(
  root: string,
  object: string,
  signature: string | null,
  { certSerial }: Signer,
): string {
  const certificate = certSerial === null ? "" : `,"alipay_cert_sn":"${certSerial}"`;
  return `{"${root}":${object}${certificate}${signature === null ? "" : `,"sign":"${signature}"`}}`;
}
