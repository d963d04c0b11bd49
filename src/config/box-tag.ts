import { hash } from "node:crypto";

/** Eight characters that stand for the box in order numbers: 40 bits of the SHA-256 of its id, in base 32 (money rule 2). */
export function boxTag(boxId: string): string {
  const bits = Buffer.from(hash("sha256", boxId), "hex").subarray(0, 8);
  return [...bits].map((byte) => "0123456789abcdefghjkmnpqrstvwxyz".charAt(byte & 31)).join("");
}
