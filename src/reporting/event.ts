import type { TxData } from "../core/payment/order.ts";
import type { EventRow } from "./source.ts";
import { isTxMember, TX_SCHEMA_ID } from "./tx-members.ts";

/**
 * Builds the JSON text of the `tx` event of a stored record. It depends on nothing but the record and the journal's id, so
 * that a repetition after a crash, an update or a change of the configuration has the same bytes. Only the listed members
 * of the record are taken, in their stored order; the intent with its hash of the code stays at home.
 */
export function txEvent(row: EventRow, own: string): string {
  const { boot, at, hash, prevHash, tx } = row;
  const { journal, seq } = row.known ?? { journal: own, seq: row.seq };
  return JSON.stringify({
    specversion: "1.0",
    id: `${tx.box}-${journal}-${seq}`,
    source: `/box/${tx.box}`,
    type: `scanbox.tx.${tx.state}.v1`,
    time: at,
    datacontenttype: "application/json",
    dataschema: `${TX_SCHEMA_ID}#/properties/data`,
    journal,
    boot,
    seq,
    hash,
    ...(prevHash === null ? {} : { prev: prevHash }),
    data: reported(tx),
  });
}

/** A record that is read from the journal may have more members than this program knows. */
function reported(tx: TxData): object {
  if (Object.keys(tx).every(isTxMember)) return tx;
  return Object.fromEntries(Object.entries(tx).filter(([name]) => isTxMember(name)));
}
