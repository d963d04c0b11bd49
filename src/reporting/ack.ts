import { accept, type Result, refuse } from "../core/kernel/result.ts";

/** A confirmation is some eighty bytes; whatever is much longer is none. */
const ACK_BYTES_MAX = 1_024;

/** The host's word on topic `ack`: it has every event of `journal` up to and including `upto`. */
export interface HostAck {
  readonly journal: string;
  readonly upto: number;
}

/** Reads the payload of an `ack` message; unknown members are ignored. */
export function readAck(payload: Uint8Array): Result<HostAck, "too-large" | "malformed"> {
  if (payload.length > ACK_BYTES_MAX) return refuse("too-large");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return refuse("malformed");
  }
  if (typeof value !== "object" || value === null) return refuse("malformed");
  if (!("journal" in value) || !("upto" in value)) return refuse("malformed");
  const { journal, upto } = value;
  if (typeof journal !== "string" || typeof upto !== "number") return refuse("malformed");
  if (!Number.isSafeInteger(upto) || upto < 0) return refuse("malformed");
  return accept({ journal, upto });
}
