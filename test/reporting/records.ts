import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Fen, fenOf } from "../../src/core/kernel/fen.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import type { EventRow } from "../../src/reporting/source.ts";

function amountOf(value: number): Fen {
  const amount = fenOf(value);
  assert.ok(amount.ok);
  return amount.value;
}

/** A payment that ended as `paid`, with whatever a test wants to be different. */
export function txData(changes: Partial<TxData> = {}): TxData {
  return {
    outTradeNo: "k3b9x0aaQ7dV2mTz0000001",
    shortRef: "0001",
    ref: null,
    transactionId: "4200002345202601011234567890",
    provider: "wechat",
    wallet: "wechat",
    merchantId: "1900000109",
    state: "paid",
    final: true,
    amountFen: amountOf(1250),
    currency: "CNY",
    charged: "yes",
    reason: null,
    late: false,
    clockTrusted: true,
    chargeCount: 1,
    queryCount: 0,
    reverseCount: 0,
    dispense: null,
    intentAt: "2026-01-01T08:00:00.000Z",
    finalAt: "2026-01-01T08:00:01.250Z",
    box: "box-000123",
    ...changes,
  };
}

/** The event of a record, as the journal hands it out. */
export function eventRow(seq: number, tx: TxData): EventRow {
  return {
    seq,
    boot: "bootQ7dV2mTz",
    at: "2026-01-01T08:00:01.300Z",
    hash: hashOf(seq),
    prevHash: seq === 1 ? null : hashOf(seq - 1),
    tx,
  };
}

/** A hash for the row of an event; tests need only that each has its own. */
export function hashOf(seq: number): string {
  return createHash("sha256").update(`row ${seq}`).digest("hex");
}
