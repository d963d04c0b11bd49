import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  beginMatrix,
  HELD_AFTER_MS,
  type KeyEvent,
  type KeyLayout,
  type KeyMatrix,
  matrixRest,
  STUCK_AFTER_MS,
  takeScan,
} from "../../../src/core/codecs/key-matrix.ts";
import { readKeyName } from "../../../src/core/codecs/key-names.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";

const ROWS = 4;
const COLUMNS = 4;
const LABELS = "789C456<123X0. =";
const layout: KeyLayout = {
  keys: [...LABELS].map((label) => {
    const key = readKeyName(label);
    assert.ok(key.ok);
    return key.value;
  }),
  debounceMs: 30,
};

const names = {
  "double-zero": ":",
  point: ".",
  backspace: "<",
  clear: "C",
  cancel: "X",
  confirm: "=",
} as const;

/** What happened, as a short text: the label of a press, `C held`, `stuck 45`, `freed`. */
function textOf(event: KeyEvent): string {
  switch (event.kind) {
    case "key": {
      const label = event.key.name === "digit" ? String(event.key.digit) : names[event.key.name];
      return event.held ? `${label} held` : label;
    }
    case "stuck":
      return `stuck ${event.positions.map((position) => LABELS[position]).join("")}`;
    case "freed":
      return "freed";
  }
}

function positionsOf(labels: string): readonly number[] {
  return [...labels].map((label) => LABELS.indexOf(label)).sort((a, b) => a - b);
}

/** Scans every 5 ms what is written as `"5" for 40 ms, nothing for 50 ms`; each told thing comes with its moment. */
class Story {
  matrix: KeyMatrix = beginMatrix({ closed: [], at: instantOf(0) });
  now = 0;
  readonly told: string[] = [];

  closed(labels: string, forMs: number, everyMs = 5): this {
    const closed = positionsOf(labels);
    for (const end = this.now + forMs; this.now < end; ) {
      this.now += everyMs;
      const step = takeScan(this.matrix, { closed, at: instantOf(this.now) }, layout);
      this.matrix = step.matrix;
      for (const event of step.events) this.told.push(`${textOf(event)} at ${this.now}`);
    }
    return this;
  }
}

const stories: readonly (readonly [claim: string, run: (story: Story) => Story, told: readonly string[]])[] =
  [
    ["a press is told when it has been steady", (s) => s.closed("5", 100).closed("", 100), ["5 at 35"]],
    ["a short touch is nothing", (s) => s.closed("5", 30).closed("", 100), []],
    [
      "chatter delays a press and does not double it",
      (s) => s.closed("5", 5).closed("", 5).closed("5", 5).closed("", 5).closed("5", 80).closed("", 50),
      ["5 at 55"],
    ],
    [
      "chatter of a release is no press",
      (s) => s.closed("5", 60).closed("", 5).closed("5", 10).closed("", 25).closed("5", 5).closed("", 90),
      ["5 at 35"],
    ],
    [
      "a contact that opens for a moment is still the same press",
      (s) => s.closed("5", 60).closed("", 25).closed("5", 60),
      ["5 at 35"],
    ],
    [
      "the same key twice is two presses",
      (s) => s.closed("5", 50).closed("", 50).closed("5", 50),
      ["5 at 35", "5 at 135"],
    ],
    ["nothing repeats", (s) => s.closed("5", STUCK_AFTER_MS), ["5 at 35"]],
    [
      "one key may follow another without a gap",
      (s) => s.closed("5", 50).closed("6", 50).closed("5", 50),
      ["5 at 35", "6 at 85", "5 at 135"],
    ],
    [
      "keys that roll over are told in turn",
      (s) => s.closed("4", 50).closed("45", 60).closed("5", 50).closed("56", 60).closed("6", 50),
      ["4 at 35", "5 at 145", "6 at 255"],
    ],
    [
      "a key that comes and goes while another is down is nothing, and the other is not told again",
      (s) => s.closed("4", 50).closed("45", 60).closed("4", 60),
      ["4 at 35"],
    ],
    [
      "several keys tell nothing, and what remains alone is told then",
      (s) => s.closed("45", 100).closed("5", 100),
      ["5 at 135"],
    ],
    ["three corners and their ghost tell nothing", (s) => s.closed("4578", 200).closed("", 50), []],
    [
      "confirm and cancel are told alone",
      (s) => s.closed("=", 50).closed("", 50).closed("X", 50),
      ["= at 35", "X at 135"],
    ],
    [
      "confirm is nothing where anything was down with it, for one scan even",
      (s) => s.closed(".=", 5).closed("=", 200).closed("", 50).closed("=", 50),
      ["= at 290"],
    ],
    [
      "cancel is nothing where it remains of several",
      (s) => s.closed("3", 50).closed("3X", 20).closed("X", 200),
      ["3 at 35"],
    ],
    [
      "a confirm that was told is not told again because another came and went",
      (s) => s.closed("=", 50).closed("=3", 50).closed("=", 100),
      ["= at 35"],
    ],
    [
      "clear is told, and as held once it was down for two seconds",
      (s) => s.closed("C", 5_000),
      ["C at 35", `C held at ${5 + HELD_AFTER_MS}`],
    ],
    [
      "clear is not held where it came up, or another key came in between",
      (s) => s.closed("C", 1_990).closed("", 50).closed("C", 1_000).closed("C5", 5).closed("C", 1_990),
      ["C at 35", "C at 2075"],
    ],
    ["no other key is held", (s) => s.closed("X", 5_000), ["X at 35"]],
    [
      "a key that is down for more than ten seconds is stuck, once, until it comes up",
      (s) => s.closed("5", 20_000).closed("", 100).closed("5", 50),
      ["5 at 35", `stuck 5 at ${5 + STUCK_AFTER_MS + 5}`, "freed at 20035", "5 at 20135"],
    ],
    [
      "others go on beside a stuck key, confirm too",
      (s) => s.closed("5", 11_000).closed("56", 50).closed("5", 50).closed("5=", 50),
      ["5 at 35", "stuck 5 at 10010", "6 at 11035", "= at 11135"],
    ],
    [
      "what is down together with a key that becomes stuck is ignored too",
      (s) => s.closed("5", 9_000).closed("56", 2_000).closed("6", 100).closed("", 50).closed("6", 50),
      ["5 at 35", "stuck 5 at 10010", "freed at 11135", "6 at 11185"],
    ],
    [
      "a contact that never comes to rest is stuck, and does not stand in the way",
      (s) => {
        for (let n = 0; n < 1_001; n += 1) s.closed("5", 5).closed("", 5);
        return s.closed("5", 5).closed("6", 5).closed("56", 5).closed("6", 30).closed("", 100);
      },
      ["stuck 5 at 10015", "6 at 10050", "freed at 10060"],
    ],
    ["a place without a key tells nothing", (s) => s.closed(" ", 100).closed("", 50), []],
    [
      "a place without a key can be stuck",
      (s) => s.closed(" ", 11_000),
      [`stuck   at ${5 + STUCK_AFTER_MS + 5}`],
    ],
  ];

describe("the key matrix", () => {
  for (const [claim, run, told] of stories) {
    it(claim, () => assert.deepEqual(run(new Story()).told, told));
  }

  it("says nothing of a key that was down before the first scan, but that it is stuck", () => {
    const story = new Story();
    story.matrix = beginMatrix({ closed: positionsOf("="), at: instantOf(0) });
    story.closed("=", 11_000).closed("", 50).closed("=", 50);
    assert.deepEqual(story.told, ["stuck = at 10005", "freed at 11035", "= at 11085"]);
  });

  it("asks for scans soon, at leisure, or for none", () => {
    const story = new Story();
    const rest = () => matrixRest(story.matrix, instantOf(story.now), layout.debounceMs);
    const rests = ["", "5", "5", "56", "5", "", ""].map((labels, index) => {
      story.closed(labels, [30, 5, 30, 20, 100, 30, 5][index] ?? 0);
      return rest();
    });
    assert.deepEqual(rests, ["open", "moving", "held", "moving", "held", "moving", "open"]);
  });

  it("takes pauses between scans as they come", () => {
    const story = new Story();
    story.closed("5", 500, 250).closed("", 500, 250).closed("=", 500, 250);
    assert.deepEqual(story.told, ["5 at 500", "= at 1500"]);
  });
});

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
