/** The key matrix under contacts that toggle at random: what no story thought of. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { beginMatrix, takeScan } from "../../../src/core/codecs/key-matrix.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { COLUMNS, LABELS, layout, ROWS, Story, textOf } from "./key-story.ts";

/** What a matrix without diodes shows of the closed contacts of one row: current finds every way around. */
function rowSeen(contacts: ReadonlySet<number>, row: number): readonly number[] {
  const rows = new Set([row]);
  const columns = new Set<number>();
  for (let round = 0; round < ROWS + COLUMNS; round += 1) {
    for (const contact of contacts) {
      const [r, c] = [Math.floor(contact / COLUMNS), contact % COLUMNS];
      if (rows.has(r)) columns.add(c);
      if (columns.has(c)) rows.add(r);
    }
  }
  return [...columns].sort((a, b) => a - b).map((column) => row * COLUMNS + column);
}

/** One scan, in the middle of which the contacts may change. */
function seen(
  before: ReadonlySet<number>,
  now: ReadonlySet<number>,
  changedAtRow: number,
): readonly number[] {
  return Array.from({ length: ROWS }, (_, row) => rowSeen(row < changedAtRow ? before : now, row)).flat();
}

const position = fc.nat({ max: ROWS * COLUMNS - 1 });

describe("the key matrix, whatever the contacts do", () => {
  it("tells each clean press exactly once and in order", () => {
    const press = fc.record({
      position,
      chatter: fc.array(fc.boolean(), { maxLength: 6 }),
      heldMs: fc.integer({ min: 40, max: 1_500 }),
      openMs: fc.integer({ min: 40, max: 400 }),
      everyMs: fc.constantFrom(1, 3, 5),
    });
    fc.assert(
      fc.property(fc.array(press, { maxLength: 20 }), (presses) => {
        const story = new Story();
        for (const { position, chatter, heldMs, openMs, everyMs } of presses) {
          const label = LABELS[position] ?? "";
          for (const closed of chatter) story.closed(closed ? label : "", everyMs, everyMs);
          story.closed(label, heldMs, everyMs);
          for (const closed of chatter) story.closed(closed ? label : "", everyMs, everyMs);
          story.closed("", openMs, everyMs);
        }
        assert.deepEqual(
          story.told.map((text) => text.replace(/ at .*/, "")),
          presses.map(({ position }) => LABELS[position]).filter((label) => label !== " "),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("never tells a ghost, never tells one press twice, and confirm and cancel only alone", () => {
    // Contacts toggle at random, also between the rows of one scan; pauses are long enough for keys to become stuck.
    const move = fc.record({
      // Null opens the oldest contact, so that there are not always many.
      toggled: fc.option(position, { freq: 2 }),
      changedAtRow: fc.nat({ max: ROWS }),
      scans: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.nat({ max: 20 }), fc.constant(450)),
      everyMs: fc.constantFrom(5, 5, 25),
    });
    const debounce = fc.constantFrom(5, 30, 100);
    let told = 0;
    let ghosts = 0;
    fc.assert(
      fc.property(fc.array(move, { minLength: 20, maxLength: 60 }), debounce, (moves, debounceMs) => {
        let contacts: ReadonlySet<number> = new Set();
        let matrix = beginMatrix({ closed: [], at: instantOf(0) });
        let now = 0;
        const closedSince = new Map<number, number>();
        const aloneSince = new Map<number, number>();
        const toldAt = new Map<number, number>();
        const openAt = new Map<number, number>();
        for (const { toggled, changedAtRow, scans, everyMs } of moves) {
          let before = contacts;
          contacts = contacts.symmetricDifference(new Set([toggled ?? [...contacts][0] ?? 0]));
          for (let scan = 0; scan < scans; scan += 1) {
            now += everyMs;
            if (scan > 0) before = contacts;
            const closed = seen(before, contacts, changedAtRow);
            ghosts += closed.filter((each) => !before.has(each) && !contacts.has(each)).length;
            const step = takeScan(matrix, { closed, at: instantOf(now) }, { ...layout, debounceMs });
            const ignored = new Set(
              matrix.down.filter((key) => key.phase === "stuck").map((key) => key.position),
            );
            matrix = step.matrix;
            for (let each = 0; each < ROWS * COLUMNS; each += 1) {
              if (!closed.includes(each)) {
                closedSince.delete(each);
                aloneSince.delete(each);
                openAt.set(each, now);
              } else {
                closedSince.set(each, closedSince.get(each) ?? now);
                if (closed.some((other) => other !== each && !ignored.has(other))) aloneSince.delete(each);
                else aloneSince.set(each, aloneSince.get(each) ?? now);
              }
            }
            const keys = step.events.filter((event) => event.kind === "key");
            assert.ok(keys.length <= 1, "one key at a time");
            for (const event of keys) {
              const at = LABELS.indexOf(textOf(event).charAt(0));
              assert.ok(before.has(at) || contacts.has(at), `${textOf(event)} is a ghost`);
              const since = aloneSince.get(at);
              assert.ok(since !== undefined && now - since >= debounceMs, `${textOf(event)} was not alone`);
              if (event.key.name === "confirm" || event.key.name === "cancel") {
                assert.equal(since, closedSince.get(at), `${textOf(event)} was not alone from the beginning`);
              }
              if (!event.held) {
                const last = toldAt.get(at);
                assert.ok(last === undefined || (openAt.get(at) ?? 0) > last, `${textOf(event)} came twice`);
                toldAt.set(at, now);
                told += 1;
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(told > 200, `${told} presses were told at all`);
    assert.ok(ghosts > 1_000, `${ghosts} ghosts were seen`);
  });
});
