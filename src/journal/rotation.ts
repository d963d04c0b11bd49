/**
 * When a new segment begins, and which old ones may go. A segment is the rows from one `segment` row to the next; old ones
 * are dropped whole, and only from the beginning, so that what is left is one chain.
 */
import type { WallTime } from "../core/kernel/instant.ts";
import { CODES_REMEMBERED, type StoreSurvey } from "../runtime/ports.ts";
import type { Beginning } from "./own-entry.ts";
import { readRow } from "./row.ts";

const DAY_MS = 86_400_000;

/** How long segments are, and how long they stay. */
export interface RotationRules {
  /** A segment of so many rows is long enough. */
  readonly segmentRows: number;
  /** So is one that lasts for so long. */
  readonly segmentMs: number;
  /** A segment stays for at least so long after its end. */
  readonly retentionMs: number;
  /** The rows of so many newest charges stay however old they are, because a start reads the used codes from them. */
  readonly codesKept: number;
  /** No more rows go at a time, unless the oldest segment alone has more. */
  readonly droppedRows: number;
}

/** A segment a day, or one for each 20,000 rows, some 5,000 payments; what is kept and how long. */
export const standardRotation: RotationRules = {
  segmentRows: 20_000,
  segmentMs: DAY_MS,
  retentionMs: 400 * DAY_MS,
  codesKept: CODES_REMEMBERED,
  // Some 14 MiB of SQLite's write-ahead log, which have to be free.
  droppedRows: 20_000,
};

/** `retentionMs` for the `journal.retentionDays` of a configuration. */
export function retentionOf(days: number): number {
  return days * DAY_MS;
}

/**
 * No more segments than these are dropped at a time: one transaction stays small, and a clock that is believed and wrong
 * does not take the whole journal along.
 */
export const SEGMENTS_DROPPED_MAX = 4;

/** What decides, beside the store's own facts, whether segments may go. */
export interface RotationFacts {
  readonly journal: string;
  readonly wall: WallTime;
  readonly clockTrusted: boolean;
  /** Every money event up to here is confirmed by everyone who follows. */
  readonly confirmed: number;
}

/** The row at which the journal is to begin, or null where nothing may go or what would say so is damaged. */
export function newFirst(
  { first, segments, firstOpen, firstCharge }: StoreSurvey,
  { journal, wall, clockTrusted, confirmed }: RotationFacts,
  { retentionMs, droppedRows }: RotationRules,
): Beginning | null {
  if (first === null || firstCharge === null || !clockTrusted) return null;
  const held = Math.min(firstOpen ?? Number.POSITIVE_INFINITY, firstCharge);
  let reach: Beginning | null = null;
  let found: Beginning | null = null;
  for (const [index, row] of segments.filter(({ n }) => n > first.n).entries()) {
    const read = readRow(row, journal);
    if (!read.ok || read.value.entry.kind !== "segment") break;
    const { at, clockTrusted: believed, events } = read.value.entry;
    // This row ended the segment before it.
    if (believed && wall - Date.parse(at) < retentionMs) break;
    const few = index === 0 || (index < SEGMENTS_DROPPED_MAX && row.n - first.n <= droppedRows);
    if (few && events.seq <= confirmed && row.n <= held) reach = { n: row.n, before: read.value.before };
    // A clock that was not believed says nothing; one that was says it of everything before.
    if (believed) found = reach;
  }
  return found;
}

/**
 * Whether segments behind the last of these may still show how old they are: it was written with a clock that was not
 * believed, and so may have been all of them.
 */
export function asksForMore({ segments }: StoreSurvey, wished: number, journal: string): boolean {
  const last = segments.at(-1);
  if (last === undefined || segments.length < wished) return false;
  const read = readRow(last, journal);
  return read.ok && read.value.entry.kind === "segment" && !read.value.entry.clockTrusted;
}
