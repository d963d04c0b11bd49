/** A sale as `pay`, `sale` and `withdraw` answer it. */
import * as z from "zod";
import { moneyStates } from "../core/payment/order.ts";

/** A till's own id of a sale: what stands in `ref` of its events. */
export const saleRefSchema = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);

/** How a sale may stand. */
export const saleStates = ["armed", "withdrawn", "lapsed", ...moneyStates] as const;

/** Reads the answer. Members may be added; what one means does not change within version 1 of the protocol. */
export const saleStateSchema = z.object({
  ref: saleRefSchema,
  amountFen: z.int().min(1),
  state: z.string(),
  final: z.boolean(),
  charged: z.enum(["yes", "no", "unknown"]),
  late: z.boolean(),
  reason: z.string().nullable(),
  outTradeNo: z.string().nullable(),
  shortRef: z.string().nullable(),
  transactionId: z.string().nullable(),
  repeated: z.boolean(),
});
