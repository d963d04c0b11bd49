import { z } from "zod";
import { accept, type Result, refuse } from "../core/kernel/result.ts";
import type { EventRow } from "./source.ts";
import { TX_SCHEMA_ID, txDataSchema, txMembers } from "./tx-event.ts";

const entrySchema = z.looseObject({
  boot: z.string().optional(),
  intent: z.looseObject({ boot: z.string() }).optional(),
  tx: txDataSchema,
});

const storedSchema = z.looseObject({ tx: z.record(z.string(), z.unknown()) });

/**
 * Builds the JSON text of the `tx` event of a stored record. It depends on nothing but the record and the journal's id, so
 * that a repetition after a crash, an update or a change of the configuration has the same bytes. Of the entry only the
 * listed members of `tx` are taken, in their stored order; `intent` with its hash of the code stays at home.
 */
export function txEvent(row: EventRow, journal: string): Result<string, "unreadable"> {
  const entry = readEntry(row.body);
  if (entry === null) return refuse("unreadable");
  const { tx, stored, boot } = entry;
  return accept(
    JSON.stringify({
      specversion: "1.0",
      id: `${tx.box}-${journal}-${row.seq}`,
      source: `/box/${tx.box}`,
      type: `scanbox.tx.${tx.state}.v1`,
      time: tx.finalAt ?? tx.intentAt,
      datacontenttype: "application/json",
      dataschema: `${TX_SCHEMA_ID}#/properties/data`,
      journal,
      ...(boot === undefined ? {} : { boot }),
      seq: row.seq,
      hash: row.hash,
      ...(row.prevHash === null ? {} : { prev: row.prevHash }),
      data: Object.fromEntries(Object.entries(stored).filter(([name]) => Object.hasOwn(txMembers, name))),
    }),
  );
}

interface ReadEntry {
  readonly tx: z.infer<typeof txDataSchema>;
  /** `tx` with its members in their stored order. */
  readonly stored: Readonly<Record<string, unknown>>;
  readonly boot: string | undefined;
}

function readEntry(body: string): ReadEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const entry = entrySchema.safeParse(value);
  const stored = storedSchema.safeParse(value);
  if (!entry.success || !stored.success) return null;
  return {
    tx: entry.data.tx,
    stored: stored.data.tx,
    boot: entry.data.boot ?? entry.data.intent?.boot,
  };
}
