import { after, type Instant } from "../kernel/instant.ts";
import type { Key } from "../payment/amount-entry.ts";

/** A key that has been down for longer than this is stuck, in milliseconds. */
export const STUCK_AFTER_MS = 10_000;

/** How long `clear` must be down alone to be a held key, in milliseconds. */
export const HELD_AFTER_MS = 2_000;

/** What stands where in the matrix, and how long a picture of it must be steady to count, in milliseconds. */
export interface KeyLayout {
  /** By position: row × columns + column; null where there is no key. */
  readonly keys: readonly (Key | null)[];
  readonly columns: number;
  readonly debounceMs: number;
}

/** One look at all contacts. */
export interface KeyScan {
  /** The positions that are closed or look as if they were, in ascending order. */
  readonly closed: readonly number[];
  readonly at: Instant;
}

/** What a scan can bring to light. */
export type KeyEvent =
  /** A press, or with `held` that the key of an earlier press is still down after `HELD_AFTER_MS`; it went down at `downAt`. */
  | { readonly kind: "key"; readonly key: Key; readonly held: boolean; readonly downAt: Instant }
  /** These positions have been closed for too long, and are ignored until each has opened. */
  | { readonly kind: "stuck"; readonly positions: readonly number[] }
  /** No position is ignored as stuck any more. */
  | { readonly kind: "freed" };

/** What is remembered between scans. */
export interface KeyMatrix {
  readonly down: readonly DownKey[];
  /** The closed positions of the last scan, without the stuck ones. */
  readonly live: readonly number[];
  /** The first scan of the unbroken run that all saw `live`. */
  readonly since: Instant;
}

interface DownKey {
  readonly position: number;
  readonly since: Instant;
  /** The first of the latest scans that saw it open; null while it is closed. */
  readonly openSince: Instant | null;
  /**
   * `new` may still become a press, `pressed` was one, `held` was also told as held; `spent` and `stuck` can bring nothing more until
   * the key has come up, and a stuck one does not stand in the way of others.
   */
  readonly phase: "new" | "pressed" | "held" | "spent" | "stuck";
}

/**
 * Begins with one scan. What is closed in it says nothing until it has opened: such a key was pressed before anybody
 * looked, or has been told by an earlier matrix.
 */
export function beginMatrix({ closed, at }: KeyScan): KeyMatrix {
  const down = closed.map((position) => ({ position, since: at, openSince: null, phase: "spent" as const }));
  return { down, live: closed, since: at };
}

/**
 * Takes the next scan, which decides alone: edges only ask for one. A press is told where exactly one key that is not stuck
 * has been seen, and nothing else, in every scan of `debounceMs`. Several keys at once tell nothing, so neither does a ghost, which never
 * comes without the three keys that make it; what remains of them alone is told then, except `confirm` and `cancel`,
 * which must have been alone from the beginning. What could be the ghost of three stuck keys says nothing until it has
 * come up. Nothing repeats.
 */
export function takeScan(
  matrix: KeyMatrix,
  scan: KeyScan,
  layout: KeyLayout,
): { readonly matrix: KeyMatrix; readonly events: readonly KeyEvent[] } {
  const { down: seen, overdue } = ageKeys(followKeys(matrix.down, scan, layout.debounceMs), scan.at);
  const live = seen.filter(isLive).map(({ position }) => position);
  const since = isSame(live, matrix.live) ? matrix.since : scan.at;
  const picture = { live, steadyMs: scan.at - since, closed: new Set(scan.closed) };
  const { down, events } = tellKeys(seen, picture, layout);
  const stuck: readonly KeyEvent[] = overdue.length > 0 ? [{ kind: "stuck", positions: overdue }] : [];
  const freed: readonly KeyEvent[] =
    matrix.down.some(isStuck) && !down.some(isStuck) ? [{ kind: "freed" }] : [];
  return { matrix: { down, live, since }, events: [...stuck, ...freed, ...events] };
}

/** How soon to look again: something is in motion, or keys are down and known, or all is open and known. */
export function matrixRest(matrix: KeyMatrix, at: Instant, debounceMs: number): "moving" | "held" | "open" {
  if (at < after(matrix.since, debounceMs)) return "moving";
  return matrix.down.length > 0 ? "held" : "open";
}

/** Keys that closed join, keys that have been open for the whole of `debounceMs` leave; in ascending order. */
function followKeys(down: readonly DownKey[], { closed, at }: KeyScan, debounceMs: number): DownKey[] {
  const known = down
    .map((key) => ({ ...key, openSince: closed.includes(key.position) ? null : (key.openSince ?? at) }))
    .filter(({ openSince }) => openSince === null || at < after(openSince, debounceMs));
  const joining = closed
    .filter((position) => !down.some((key) => key.position === position))
    .map((position): DownKey => ({ position, since: at, openSince: null, phase: "new" }));
  return [...known, ...joining].sort((a, b) => a.position - b.position);
}

/**
 * Marks what is stuck. Where one key is, all that are closed with it are ignored too: among three stuck keys and their
 * ghost none may be left over that looks as if it were alone.
 */
function ageKeys(down: readonly DownKey[], at: Instant) {
  const overdue = down.filter((key) => isLive(key) && at > after(key.since, STUCK_AFTER_MS));
  if (overdue.length === 0) return { down, overdue: [] };
  return {
    down: down.map((key) => (isLive(key) ? { ...key, phase: "stuck" as const } : key)),
    overdue: overdue.map(({ position }) => position),
  };
}

function tellKeys(
  down: readonly DownKey[],
  picture: {
    readonly live: readonly number[];
    readonly steadyMs: number;
    readonly closed: ReadonlySet<number>;
  },
  layout: KeyLayout,
): { readonly down: readonly DownKey[]; readonly events: readonly KeyEvent[] } {
  const events: KeyEvent[] = [];
  const told = down.map((key): DownKey => {
    if (!isLive(key)) return key;
    const meaning = layout.keys[key.position] ?? null;
    if (picture.live.length > 1) return mustBeAlone(meaning) ? { ...key, phase: "spent" } : key;
    if (isMaybeGhost(key.position, picture.closed, layout.columns)) return { ...key, phase: "spent" };
    if (key.phase === "new" && picture.steadyMs >= layout.debounceMs) {
      if (meaning !== null) events.push({ kind: "key", key: meaning, held: false, downAt: key.since });
      return { ...key, phase: "pressed" };
    }
    if (key.phase === "pressed" && meaning?.name === "clear" && picture.steadyMs >= HELD_AFTER_MS) {
      events.push({ kind: "key", key: meaning, held: true, downAt: key.since });
      return { ...key, phase: "held" };
    }
    return key;
  });
  return { down: told, events };
}

/** Whether three closed corners of a rectangle would make this position look closed, whether or not it is. */
function isMaybeGhost(position: number, closed: ReadonlySet<number>, columns: number): boolean {
  const [row, column] = [Math.floor(position / columns), position % columns];
  return [...closed].some((other) => {
    const [otherRow, otherColumn] = [Math.floor(other / columns), other % columns];
    if (otherRow === row || otherColumn === column) return false;
    return closed.has(row * columns + otherColumn) && closed.has(otherRow * columns + column);
  });
}

function isLive({ openSince, phase }: DownKey): boolean {
  return openSince === null && phase !== "stuck";
}

function isStuck({ phase }: DownKey): boolean {
  return phase === "stuck";
}

function mustBeAlone(key: Key | null): boolean {
  return key?.name === "confirm" || key?.name === "cancel";
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((position, index) => position === b[index]);
}
