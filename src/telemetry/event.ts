import { accept, type Result, refuse } from "../core/kernel/result.ts";
import type { EventRow } from "./source.ts";
import { TX_SCHEMA_ID, txMembers } from "./tx-event.ts";

/**
 * Builds the JSON text of the `tx` event of a stored record. It depends on nothing but the record and the journal's id, so
 * that a repetition after a crash, an update or a change of the configuration has the same bytes. Of the entry only the
 * listed members of `tx` are taken, in their stored order; `intent` with its hash of the code stays at home.
 * The journal has checked the record: it is refused here only where no event can be made of it at all.
 */
export function txEvent(row: EventRow, journal: string): Result<string, "unreadable"> {
  const tx = readTx(row.body);
  if (tx === null) return refuse("unreadable");
  const { box, state } = tx;
  if (typeof box !== "string" || typeof state !== "string") return refuse("unreadable");
  return accept(
    JSON.stringify({
      specversion: "1.0",
      id: `${box}-${journal}-${row.seq}`,
      source: `/box/${box}`,
      type: `scanbox.tx.${state}.v1`,
      time: row.at,
      datacontenttype: "application/json",
      dataschema: `${TX_SCHEMA_ID}#/properties/data`,
      journal,
      boot: row.boot,
      seq: row.seq,
      hash: row.hash,
      ...(row.prevHash === null ? {} : { prev: row.prevHash }),
      data: Object.fromEntries(Object.entries(tx).filter(([name]) => Object.hasOwn(txMembers, name))),
    }),
  );
}

function readTx(body: string): Readonly<Record<string, unknown>> | null {
  try {
    return membersOf(membersOf(JSON.parse(body))?.tx);
  } catch {
    return null;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null ? { ...value } : null;
}
