/**
 * The signature of WeChat Pay v2 ("signature algorithm"): every field but `sign` and the empty ones, by name in byte order,
 * as `name=value` joined with `&`, then `&key=` and the API key; digested to upper-case hex.
 */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "./api-key.ts";
import type { Fields } from "./xml.ts";

/** The algorithms of WeChat Pay v2, by the names they have in `sign_type`. */
export type SignType = "MD5" | "HMAC-SHA256";

/** The signature of the fields, whether or not they hold one: 32 hex digits with MD5, 64 with HMAC-SHA256. */
export function signatureOf(fields: Fields, key: ApiKey, signType: SignType): string {
  const text = `${canonical(fields)}&key=${key.reveal()}`;
  const digest =
    signType === "MD5"
      ? hash("md5", text, "hex")
      : createHmac("sha256", key.hmacKey).update(text, "utf8").digest("hex");
  return digest.toUpperCase();
}

/**
 * Whether `sign` is the signature of the other fields, by the algorithm that was asked for: a reply in another one is not
 * signed. Compared in constant time, and upper-case only, as the gateway of WeChat Pay writes it.
 */
export function isSignedBy(fields: Fields, key: ApiKey, signType: SignType): boolean {
  const claimed = Buffer.from(fields.get("sign") ?? "", "utf8");
  const right = Buffer.from(signatureOf(fields, key, signType), "utf8");
  return claimed.byteLength === right.byteLength && timingSafeEqual(claimed, right);
}

function canonical(fields: Fields): string {
  let text = "";
  // The default order of `sort` is that of code units, which for ASCII names is byte order; a locale would differ.
  for (const name of [...fields.keys()].sort()) {
    const value = fields.get(name);
    if (name === "sign" || value === undefined || value === "") continue;
    text += text === "" ? `${name}=${value}` : `&${name}=${value}`;
  }
  return text;
}
