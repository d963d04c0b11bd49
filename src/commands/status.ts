/** How a box is, as `scanbox status` tells it. The schema is written from here, so the two cannot differ. */
import * as z from "zod";
import { wallets } from "../core/payment/wallet.ts";

const time = z.iso.datetime().describe("RFC 3339, UTC.");
const count = z.int().min(0);
const device = z
  .enum(["ready", "absent", "stuck", "none", "unknown"])
  .describe(
    "`stuck` is a key that is held down, `none` no such device, `unknown` one that has not said yet.",
  );

/** The whole status. Members may be added; what a member means does not change within version 1 of the protocol. */
export const boxStatusSchema = z.object({
  box: z.string().describe("`box.id` of the configuration."),
  store: z.string().describe("`box.store`."),
  version: z
    .string()
    .describe("Version of the program and, behind a plus, its build; `sources` where it runs unbuilt."),
  boot: z.string().describe("The random mark of this run, part of its order numbers."),
  config: z.string().describe("The file from which it read its configuration."),
  pid: count.describe("Process."),
  since: time.describe("When the process began, by its own clock."),
  upS: count.describe("Seconds since then."),
  service: z
    .object({
      inService: z.boolean().describe("Whether a payment could begin, now or within seconds."),
      screen: z.string().describe("Name of what people see now."),
      display: z
        .array(z.string())
        .describe("What a display shows now, line by line; of 16 by 2 cells where no display is configured."),
      blocker: z.string().nullable().describe("Why no payment can begin, or null."),
      reason: z
        .string()
        .nullable()
        .describe("The cause behind an outage: the blocker itself, or what the last probe said."),
      code: z.string().nullable().describe("Code of the outage, as the screen shows it."),
      mistakes: z
        .array(z.string())
        .describe(
          "What is wrong with the configuration, a sentence each; nothing is sold while there is any.",
        ),
    })
    .describe("Whether it takes payments."),
  devices: z
    .object({ scanner: device, keypad: device, display: device, relay: device })
    .describe("What is connected."),
  scans: z
    .object({
      absent: z
        .string()
        .nullable()
        .describe("Why the scanner cannot be read now, in the system's words, or null."),
      codes: count.describe("Payment codes, of whatever wallet."),
      refused: count.describe("Other lines: bar codes, nonsense."),
      marked: count.describe("Those of the refused that are codes behind a mark which the scanner adds."),
      discarded: z
        .object({
          "over-long": count.describe("Longer than any code: noise, or a wrong speed."),
          unfinished: count.describe(
            "Without an end, and no code: noise, or a scanner set up in another way.",
          ),
          "alt-numbers": count.describe("Characters typed as Alt and a number, which cannot be read."),
        })
        .describe("What was thrown away, and why."),
    })
    .nullable()
    .describe("What the scanner has sent since the start, null where there is none."),
  providers: z
    .array(
      z.object({
        id: z.string().describe("What the configuration and the records call it."),
        kind: z.string().describe("Whose interface it is, such as `wechat-v2`."),
        account: z.string().describe("The account there, as people know it."),
        wallets: z.array(z.enum(wallets)).describe("Whose payment codes are charged through it."),
        charges: z.boolean().describe("Whether new payments go through it; else it only finishes orders."),
        proved: z
          .boolean()
          .describe("Whether a probe has proved that it knows this box; who only finishes is not probed."),
        unclear: z
          .boolean()
          .describe("Whether the last answer was unclear and no signed one has come since."),
        failure: z.string().nullable().describe("What the last probe found wrong."),
        blocker: z.string().nullable().describe("Why nothing new is charged through it, null where it is."),
        code: z.string().nullable().describe("The code of that on the screen, where it has one."),
        signedAt: time.nullable().describe("When the last correctly signed answer came."),
      }),
    )
    .describe("Who moves the money, in the order of the configuration."),
  orders: z
    .array(
      z.object({
        outTradeNo: z.string(),
        shortRef: z
          .string()
          .nullable()
          .describe("As the screen shows it; null where only the number is known."),
        provider: z
          .string()
          .nullable()
          .describe("Through whom it is charged; null where only the number is known."),
        phase: z.string().describe("Where it is; `held` where the credentials of its account are gone."),
        amountFen: count.nullable(),
        ageS: z.int().nullable().describe("Seconds since its intent, by the wall clock."),
      }),
    )
    .describe("Orders that are not over, oldest first."),
  journal: z
    .object({
      path: z.string().describe("Its directory."),
      journal: z.string().describe("Its random id."),
      bytes: count.nullable().describe("Size on the disk, write-ahead log included."),
      rows: count.describe("Rows that it holds."),
      seq: count.describe("Number of the newest money event."),
      writtenAt: time.nullable().describe("When this run wrote last."),
      inMemory: z
        .boolean()
        .describe("Whether it lies in memory: the next start of the machine has forgotten every payment."),
      broken: z.boolean().describe("Whether an append failed: nothing is written before a restart."),
      proved: count.describe("Rows that this run has proved; a start reads only what it relies on."),
      proofDone: z.boolean().describe("Whether every row is proved."),
      damage: z
        .string()
        .nullable()
        .describe("What is damaged: nothing is charged any more. Null where nothing was found."),
    })
    .describe("The durable record."),
  mqtt: z
    .object({
      phase: z.enum(["idle", "connecting", "online", "waiting", "stopping", "stopped"]),
      unconfirmed: count.describe("Money events that are not confirmed yet."),
      confirmed: count.describe("Every event up to this one is confirmed."),
      held: z.boolean().describe("Whether the first unconfirmed one was refused when it was last tried."),
      sessions: count.describe("Connections since the start."),
      version: z
        .union([z.literal(4), z.literal(5)])
        .nullable()
        .describe("4 is MQTT 3.1.1."),
      lastCause: z.string().nullable().describe("Why the last connection ended."),
      retains: z
        .boolean()
        .nullable()
        .describe("Whether the broker keeps the status for who subscribes later; null before a connection."),
      refused: z.string().nullable().describe("What the broker refuses on this connection, in words."),
    })
    .nullable()
    .describe("Reporting, null without a broker."),
  clock: z
    .object({ at: time, trusted: z.boolean() })
    .describe("The wall clock, and whether it is known to be right."),
  memory: z.object({ rssBytes: count, heapBytes: count }).describe("Memory of the process."),
});

const nothing = z.null();

const asleepOrder = z
  .discriminatedUnion("problem", [
    z.object({
      outTradeNo: z.string(),
      shortRef: z.string(),
      state: z.string().describe("Of its newest money record."),
      amountFen: count,
      at: time.describe("When that was written."),
      problem: nothing,
    }),
    z.object({
      outTradeNo: z.string(),
      shortRef: nothing,
      state: nothing,
      amountFen: nothing,
      at: nothing,
      problem: z.string().describe("What is wrong with its newest row."),
    }),
  ])
  .describe("An order that the journal lists as open.");

/** What is told of a box that does not run. */
const asleepSchema = z.object({
  running: z.literal(false).describe("No box answers: what follows is from its journal."),
  problem: z
    .string()
    .nullable()
    .describe("Why a box that seems to be there gives no answer; null where there is none."),
  config: z.string().describe("The file that says where the journal is."),
  journal: z
    .object({
      path: z.string().describe("Its directory."),
      bytes: count.nullable().describe("Size on the disk; null where there is none, or it cannot be seen."),
      rows: count.nullable().describe("Rows that it holds; null where it cannot be read, or there is none."),
      inMemory: z
        .boolean()
        .describe("Whether it lies in memory: the next start of the machine has forgotten every payment."),
      problem: z
        .string()
        .nullable()
        .describe("What is wrong with it: where it can be read, the first wrong row among the newest."),
    })
    .describe("The durable record."),
  orders: z
    .array(asleepOrder)
    .nullable()
    .describe(
      "Open orders. Null where nobody knows: an unreadable journal, or a damaged one that lists none.",
    ),
});

/** How a box is. */
export type BoxStatus = z.output<typeof boxStatusSchema>;

/** What the box itself knows of it; the rest is the process's. */
export type BoxSnapshot = Omit<BoxStatus, "config" | "pid" | "memory" | "journal"> & {
  readonly journal: Omit<BoxStatus["journal"], "path" | "bytes">;
};

/** An order that the journal lists as open, as its newest row tells it; or what is wrong with that row. */
export type OfflineOrder = z.output<typeof asleepOrder>;

/** What `status` says of a box that does not run. */
export type OfflineStatus = Omit<z.output<typeof asleepSchema>, "orders"> & {
  readonly orders: readonly OfflineOrder[] | null;
};

/** The JSON Schema of what `scanbox status --json` prints, of a running box or of one that does not run, as text. */
export function boxStatusJsonSchema(): string {
  const running = z.literal(true).describe("The box itself answers.");
  const schema = z.discriminatedUnion("running", [
    z.object({ running, ...boxStatusSchema.shape }),
    asleepSchema,
  ]);
  return `${JSON.stringify({ $id: "urn:scanbox:schema:status:1", ...z.toJSONSchema(schema) }, null, 2)}\n`;
}
