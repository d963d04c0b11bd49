/** What a guest tells the host, and the host the guest: files in the folder that both see. */
import * as z from "zod";
import type { Ask } from "./ask.ts";

/** Where the guest mounts the disk that loses its power. */
export const JOURNAL_FOLDER = "/run/data/journal";

/** What the guest read when it opened the journal; complete as soon as it is there. */
export const OPENED_FILE = "opened.json";

/** What the guest is to do then: it waits until the host has looked at the above. */
export const PLAN_FILE = "plan.json";

/** A line for each thing that the guest tells while it works. */
export const TOLD_FILE = "told";

/** The follower whose confirmations let a rotation drop what is old. */
export const FOLLOWER = "mqtt";

/** So many charges are remembered by the journals here, fewer than a box does, so that rotations have something to drop. */
export const CODES_KEPT = 60;

const stepSchema = z.enum([
  ...["charging", "paid", "bought", "dispensed", "unclear", "declined", "reversing", "reversed"],
  ...["refunded", "shown", "checked", "boot"],
] as const satisfies readonly Ask["step"][]);
const askSchema = z.strictObject({ index: z.int(), step: stepSchema });

/** `asks` and `cursor` are told before the journal is asked, `acked` and `rotated` when it has answered. */
const toldSchema = z.union([
  z.strictObject({ asks: askSchema }),
  /** So many money entries of this boot are acknowledged, and the newest row is `n`. */
  z.strictObject({ acked: z.int(), n: z.int() }),
  z.strictObject({ cursor: z.int() }),
  z.strictObject({ rotating: z.int() }),
  z.strictObject({ rotated: z.int(), dropped: z.int() }),
  z.strictObject({ pausing: z.literal(true) }),
]);
export type Told = z.infer<typeof toldSchema>;

/** The lines of a guest; the last one may be half a line, since the cut came while it was being written. */
export function readTold(text: string): readonly Told[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => toldSchema.parse(JSON.parse(line)));
}

const rowSchema = z.strictObject({
  n: z.int(),
  seq: z.int().nullable(),
  kind: z.string(),
  subject: z.string().nullable(),
  final: z.boolean(),
  body: z.string(),
  hash: z.string(),
});

const openedSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("refused"), why: z.string() }),
  z.strictObject({
    kind: z.literal("opened"),
    journal: z.string(),
    n: z.int(),
    seq: z.int(),
    /** Open orders by their number, each with its newest state as JSON. */
    open: z.record(z.string(), z.string()),
    codeHashes: z.array(z.string()),
    cursor: z.int(),
    /** What `scanbox journal verify` finds wrong, or null. */
    damage: z.string().nullable(),
    rows: z.array(rowSchema),
  }),
]);
export type Opened = z.infer<typeof openedSchema>;

/** What the guest wrote into `OPENED_FILE`. */
export function readOpened(text: string): Opened {
  return openedSchema.parse(JSON.parse(text));
}

const planSchema = z.strictObject({
  /** The number of this boot on its disk. */
  boot: z.int(),
  seed: z.int(),
  /** The kernel writes what is dirty all the time, in whatever order, so that a cut leaves some of it. */
  writeBack: z.boolean(),
  /** After so many orders nothing is asked any more, until the idle moment has come that tidies up. */
  pauseAfter: z.int().nullable(),
  /** Nothing is to be done: the last cut has been looked at. */
  end: z.boolean(),
});
export type Plan = z.infer<typeof planSchema>;

/** What the host wrote into `PLAN_FILE`. */
export function readPlan(text: string): Plan {
  return planSchema.parse(JSON.parse(text));
}
