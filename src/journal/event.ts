import { hash } from "node:crypto";
import type { TxData } from "../core/payment/order.ts";

/**
 * A money record as it is reported (src/reporting/README.md, MQTT). Everything a `tx` event says is stored with the record,
 * so that a repeat is the same bytes. Its identity is (box, `journal`, `seq`); `seq` counts from 1 without
 * gaps.
 */
export interface MoneyEvent {
  readonly journal: string;
  readonly seq: number;
  /** The boot that wrote the record. */
  readonly boot: string;
  /** When it was written, RFC 3339 in UTC; `tx.clockTrusted` says whether the clock was right. */
  readonly at: string;
  /** `hash` of the event before it, null for the first of a journal. */
  readonly prevHash: string | null;
  /** Hex SHA-256 over this event, see `eventHash`. */
  readonly hash: string;
  readonly tx: TxData;
  /** The journal and number by which an event of an earlier journal is known; its `seq` here only says its turn, at most 0. */
  readonly known?: { readonly journal: string; readonly seq: number };
}

/**
 * Hex SHA-256 over five lines joined by LF: the hash of the event before it (empty for the first), the
 * journal's id, `seq`, `boot`, and `data` as JSON without spaces in the order of its members. A consumer can
 * compute it from the event alone and compare it with `prev` of the next one: where they differ, two
 * histories carry one journal's name.
 */
export function eventHash(event: Pick<MoneyEvent, "journal" | "seq" | "boot" | "prevHash" | "tx">): string {
  const { prevHash, journal, seq, boot, tx } = event;
  return hash("sha256", `${prevHash ?? ""}\n${journal}\n${seq}\n${boot}\n${JSON.stringify(tx)}`);
}
