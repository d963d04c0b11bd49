import assert from "node:assert/strict";
import { type Fen, fenOf } from "../../src/core/kernel/fen.ts";
import { wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Entry, Intent, MoneyState, TxData } from "../../src/core/payment/order.ts";

const AT = "2026-03-15T09:30:12.000Z";

/** The start of a boot, which comes before its money entries. */
export const boot: Entry = { kind: "boot", boot: "b00tQ7dV2mTz", version: "0.1.0", at: AT };

/** The number of the order `index` of a test. */
export function numberOf(index: number): string {
  return `k3b9x0aaQ7dV2mTz${String(index).padStart(7, "0")}`;
}

/** An entry that says that order `index` is being charged. */
export function charging(index: number): Entry {
  return { kind: "charging", tx: txOf(index, "charging"), intent: intentOf(index) };
}

/** A later money entry of order `index`. */
export function money(index: number, state: MoneyState): Entry {
  return { kind: "money", tx: txOf(index, state) };
}

/** What the customer of order `index` was shown. */
export function shown(index: number, text: string): Entry {
  return { kind: "shown", outTradeNo: numberOf(index), text, at: AT };
}

export function intentOf(index: number): Intent {
  return {
    outTradeNo: numberOf(index),
    shortRef: String(index).padStart(4, "0"),
    ref: `till-${index}`,
    caller: "socket",
    amountFen: amountOf(1250 + index),
    currency: "CNY",
    payee: {
      provider: "wechat",
      account: "1900000109",
      key: "wechat-v2 wx1234567890abcdef 1900000109 - -",
    },
    wallet: "wechat",
    mode: "cpm",
    nonce: `attach-${index}`,
    pulses: null,
    codeHash: `code-hash-${index}`,
    boot: "b00tQ7dV2mTz",
    intentAt: wallTimeOf(Date.parse(AT)),
    clockTrusted: true,
  };
}

export function txOf(index: number, state: MoneyState): TxData {
  const { outTradeNo, shortRef, ref, amountFen } = intentOf(index);
  const final = state !== "charging" && state !== "reversing";
  return {
    outTradeNo,
    shortRef,
    ref,
    transactionId: state === "paid" ? `42000023452026${index}` : null,
    provider: "wechat",
    wallet: "wechat",
    merchantId: "1900000109",
    state,
    final,
    amountFen,
    currency: "CNY",
    charged: state === "paid" ? "yes" : final ? "no" : "unknown",
    reason: null,
    late: false,
    clockTrusted: true,
    chargeCount: 1,
    queryCount: 0,
    dispense: null,
    reverseCount: 0,
    intentAt: AT,
    finalAt: final ? AT : null,
    box: "box-000123",
  };
}

function amountOf(value: number): Fen {
  const amount = fenOf(value);
  assert.ok(amount.ok);
  return amount.value;
}
