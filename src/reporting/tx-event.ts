import * as z from "zod";
import { finalStates, goodsOutcomes, type TxData } from "../core/payment/order.ts";
import { wallets } from "../core/payment/wallet.ts";
import { TX_SCHEMA_ID } from "./tx-members.ts";

/** A consumer can compute the chain from the events alone; see the journal's description of its events. */
const HASH_RULE =
  "SHA-256 over five lines joined by LF: `prev` (empty on the first event), `journal`, `seq`, `boot`, " +
  "and `data` as JSON without spaces in the order of its members.";

const moment = z.iso.datetime().describe("RFC 3339, UTC.");
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const state = z.enum(["charging", "reversing", ...finalStates]);

/** The members of `data`; nothing else of a journal entry is ever reported. Open for more: consumers ignore what they do not know. */
export const txMembers = {
  outTradeNo: z.string().regex(/^[A-Za-z0-9_]{6,30}$/),
  shortRef: z.string().describe("The reference that the screen showed."),
  ref: z.string().nullable().describe("The till's or server's own id of this sale."),
  transactionId: z.string().nullable().describe("The provider's number of the transaction."),
  provider: z
    .string()
    .describe("The id, in the configuration, of the provider through which it was charged."),
  wallet: z.enum(wallets).describe("Whose payment code it was."),
  merchantId: z
    .string()
    .describe(
      "The account at the provider; with WeChat Pay the merchant's number, the sub-merchant's where there is one.",
    ),
  state,
  final: z.boolean(),
  amountFen: z.int().min(1),
  currency: z.literal("CNY"),
  charged: z
    .enum(["yes", "no", "unknown"])
    .describe(
      "yes: the customer has paid. no: has not paid, or has the money back. unknown: not proved yet, and never a failure.",
    ),
  reason: z.string().nullable(),
  late: z.boolean(),
  clockTrusted: z.boolean().describe("Whether the times are known to be right; they decide nothing."),
  chargeCount: count,
  queryCount: count,
  reverseCount: count,
  dispense: z
    .looseObject({ pulses: count, outcome: z.enum(goodsOutcomes).nullable() })
    .nullable()
    .describe(
      "What a payment buys of a machine; outcome null is the intent, and such a payment is not final.",
    ),
  intentAt: moment,
  finalAt: moment.nullable(),
  box: z.string(),
} satisfies Record<keyof TxData, z.ZodType>;

/** `data` of a money event, as it stands in the journal. */
export const txDataSchema = z.looseObject(txMembers);

/** A money event in CloudEvents 1.0 structured JSON (README.md, MQTT). */
export const txEventSchema = z.looseObject({
  specversion: z.literal("1.0"),
  id: z.string().describe("{box}-{journal}-{seq}: a repetition has the same id and the same bytes."),
  source: z.string().regex(/^\/box\/[A-Za-z0-9_-]{3,32}$/),
  type: z.templateLiteral(["scanbox.tx.", state, ".v1"]),
  time: moment.describe("When the record was written; `data.clockTrusted` says whether the clock was right."),
  datacontenttype: z.literal("application/json"),
  dataschema: z.string(),
  journal: z.string().describe("Random id made with the journal."),
  boot: z.string().describe("The run of the box that wrote the record."),
  seq: z.int().min(1).describe("Counts the money events of one journal without a gap."),
  hash: hash.describe(HASH_RULE),
  prev: hash.optional().describe("`hash` of the event before it; absent on the first of a journal."),
  data: txDataSchema,
});

/** Writes the JSON Schema of money events, as it stands in `tx-event.schema.json`. */
export function txEventJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(txEventSchema, { io: "input" });
  const schema = { $schema, $id: TX_SCHEMA_ID, title: "A money event of a scan box", ...rest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
