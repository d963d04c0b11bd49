import type { TxData } from "../core/payment/order.ts";

/** Identifies the schema of money events; a breaking change raises the number and the `v1` of the types. */
export const TX_SCHEMA_ID = "urn:scanbox:schema:tx-event:1";

/** The same names as in the schema, or neither compiles; a box needs no more of it, and starts sooner without the rest. */
const members: Readonly<Record<keyof TxData, true>> = {
  outTradeNo: true,
  shortRef: true,
  ref: true,
  transactionId: true,
  provider: true,
  wallet: true,
  merchantId: true,
  state: true,
  final: true,
  amountFen: true,
  currency: true,
  charged: true,
  reason: true,
  late: true,
  clockTrusted: true,
  chargeCount: true,
  queryCount: true,
  reverseCount: true,
  dispense: true,
  intentAt: true,
  finalAt: true,
  box: true,
};

/** Whether a member of a record is one of those that are reported. */
export function isTxMember(name: string): boolean {
  return Object.hasOwn(members, name);
}
