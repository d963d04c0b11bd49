import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Journal, JournalOpened } from "../../src/journal/journal.ts";
import {
  asksForMore,
  newFirst,
  type RotationFacts,
  retentionOf,
  SEGMENTS_DROPPED_MAX,
  standardRotation,
} from "../../src/journal/rotation.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";
import { JournalBox } from "./box.ts";
import { charging, money, numberOf, shown } from "./entries.ts";

const MINUTE = 60_000;

/** Segments are old after an hour, and two charges are remembered: what takes a year in a shop takes little here. */
function quick(seed = 1): JournalBox {
  const box = new JournalBox(seed);
  box.rotation = { segmentRows: 6, segmentMs: 30 * MINUTE, retentionMs: 60 * MINUTE, codesKept: 2 };
  return box;
}

function pay(box: JournalBox, journal: Journal, index: number): void {
  assert.ok(box.append(journal, charging(index)));
  assert.ok(box.append(journal, money(index, "paid")));
}

/** Three segments of one payment each, all but the last of them old. */
function filled(box = quick()): Journal {
  const journal = box.startBooted();
  for (const index of [1, 2, 3]) {
    pay(box, journal, index);
    assert.equal(box.rotate(journal).kind, "rotated");
  }
  box.pass(61 * MINUTE);
  pay(box, journal, 4);
  pay(box, journal, 5);
  return journal;
}

function opened(outcome: JournalOpened): Extract<JournalOpened, { kind: "opened" }> {
  assert.ok(outcome.kind === "opened", JSON.stringify(outcome));
  return outcome;
}

describe("a rotation", () => {
  it("begins a segment that continues rows and events without a gap", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 4, dropped: 0 });
    pay(box, journal, 2);
    assert.deepEqual(
      box.disk.rows.map(({ n, seq, kind }) => [n, seq, kind]),
      [
        [1, null, "boot"],
        [2, 1, "charging"],
        [3, 2, "money"],
        [4, null, "segment"],
        [5, 3, "charging"],
        [6, 4, "money"],
      ],
    );
    box.crash();
    const { journal: again, outcome } = box.start();
    assert.deepEqual([opened(outcome).head.n, opened(outcome).head.seq], [6, 4]);
    assert.deepEqual(
      box.follow(again, 0)?.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
  });

  it("drops segments that are old and confirmed, and the journal starts without them", () => {
    const box = quick();
    const journal = filled(box);
    const before = box.follow(journal, 6);
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 15, dropped: 9 });
    assert.deepEqual([box.disk.kept[0]?.kind, box.disk.kept[0]?.n], ["segment", 10]);
    assert.deepEqual(journal.status()?.rows, 6);
    assert.deepEqual(box.follow(journal, 6), before);
    box.close(journal);
    const { journal: again, outcome } = box.start();
    const { head, droppedSeq, codeHashes, open } = opened(outcome);
    assert.deepEqual([head.n, head.seq, droppedSeq, open], [15, 10, 6, []]);
    assert.deepEqual(codeHashes, ["code-hash-4", "code-hash-5"]);
    again.note({ kind: "boot", boot: "b", version: "1", at: "2026-03-15T09:30:12.000Z" });
    pay(box, again, 6);
    assert.equal(again.head(), 12);
  });

  it("does nothing where nothing was written since the last one and nothing is old", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.rotate(journal);
    assert.deepEqual(box.rotate(journal), { kind: "nothing" });
    assert.equal(box.disk.rows.length, 4);
  });

  it("drops what has become old meanwhile, also where nothing was written since the last one", () => {
    const box = quick();
    const journal = filled(box);
    assert.equal(box.rotate(journal).kind, "rotated");
    assert.deepEqual(box.rotate(journal), { kind: "nothing" });
    for (const index of [6, 7]) pay(box, journal, index);
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 20, dropped: 0 });
    box.pass(61 * MINUTE);
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 21, dropped: 5 });
    assert.deepEqual([box.disk.kept[0]?.kind, box.disk.kept[0]?.n], ["segment", 15]);
  });

  it("that finds nothing to do, or cannot read what there is, lets those write who came meanwhile", () => {
    for (const unreadable of [false, true]) {
      const box = quick();
      box.unreadable = unreadable;
      const journal = box.startBooted();
      pay(box, journal, 1);
      if (!unreadable) assert.equal(box.rotate(journal).kind, "rotated");
      const told: string[] = [];
      journal.rotate((outcome) => told.push(outcome.kind === "refused" ? outcome.why : outcome.kind));
      journal.rotate((outcome) => told.push(outcome.kind === "refused" ? outcome.why : outcome.kind));
      box.time.after(0, () => journal.append(charging(2), (ok) => told.push(`written ${ok}`)));
      box.pass(1_000);
      const what = unreadable ? "the journal could not be read" : "nothing";
      assert.deepEqual(told, [what, what, "written true"]);
    }
  });

  it("lets entries that wait go first, and those that come meanwhile wait", () => {
    const box = quick();
    const journal = box.startBooted();
    const told: string[] = [];
    journal.rotate(({ kind }) => {
      told.push(kind);
      journal.append(charging(2), () => told.push("two"));
    });
    journal.append(charging(1), () => told.push("one"));
    box.pass(1_000);
    assert.deepEqual(told, ["one", "rotated", "two"]);
    assert.deepEqual(
      box.disk.rows.map(({ kind }) => kind),
      ["boot", "charging", "segment", "charging"],
    );
  });

  it("answers everybody who asked for it with one segment", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    const told: string[] = [];
    journal.rotate(({ kind }) => told.push(kind));
    journal.rotate(({ kind }) => told.push(kind));
    box.pass(1_000);
    assert.deepEqual(told, ["rotated", "rotated"]);
    assert.equal(box.disk.rows.filter(({ kind }) => kind === "segment").length, 1);
  });

  it("comes to its end before a close does, and is refused after it", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    const told: string[] = [];
    journal.rotate(({ kind }) => told.push(kind));
    box.close(journal);
    assert.deepEqual(told, ["rotated"]);
    assert.deepEqual(box.rotate(journal), { kind: "refused", why: "the journal is closed" });
  });

  it("that fails breaks the journal, as any write does", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.disk.fault = "refusing";
    assert.deepEqual(box.rotate(journal), { kind: "refused", why: "disk I/O error" });
    box.disk.fault = "none";
    assert.equal(box.append(journal, charging(2)), false);
    assert.equal(box.rotate(journal).kind, "refused");
  });
});

describe("a rotation on a disk that is nearly full", () => {
  it("begins its segment and drops nothing where only a drop has no room, and drops when there is some", () => {
    const box = quick();
    const journal = filled(box);
    box.disk.fault = "tight";
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 15, dropped: 0 });
    assert.equal(journal.isRotationDue(), false, "not before the next one");
    assert.ok(box.append(journal, charging(6)));
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 17, dropped: 0 });
    const refused = { kind: "refused", why: "the disk has no room for a rotation" };
    assert.deepEqual(box.rotate(journal), refused, "nothing was written since");
    box.disk.fault = "none";
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: 18, dropped: 9 });
    box.close(journal);
    assert.equal(opened(box.start().outcome).head.n, 18);
  });

  it("is refused where not even the segment has room, and the journal goes on", () => {
    const box = quick();
    const journal = filled(box);
    box.disk.fault = "full";
    assert.deepEqual(box.rotate(journal), { kind: "refused", why: "the disk has no room for a rotation" });
    assert.equal(journal.isRotationDue(), true);
    assert.ok(box.append(journal, money(5, "reversing")), "the reserve is for open orders, and stands");
    box.disk.fault = "none";
    assert.ok(box.append(journal, charging(6)));
    assert.equal(box.rotate(journal).kind, "rotated");
  });

  it("drops no more rows at a time than there is room for as a rule, but a segment at least", () => {
    for (const [droppedRows, dropped] of [
      [6, 6],
      [5, 3],
      [1, 3],
    ] as const) {
      const box = quick();
      box.rotation = { ...box.rotation, droppedRows };
      const outcome = box.rotate(filled(box));
      assert.equal(outcome.kind === "rotated" && outcome.dropped, dropped);
    }
  });
});

describe("old segments stay", () => {
  const kept = (box: JournalBox, journal: Journal): void => {
    const outcome = box.rotate(journal);
    assert.deepEqual([outcome.kind, box.disk.kept.length], ["rotated", box.disk.rows.length]);
  };

  it("until they are old enough", () => {
    const box = quick();
    const journal = box.startBooted();
    for (const index of [1, 2, 3]) {
      pay(box, journal, index);
      box.rotate(journal);
    }
    pay(box, journal, 4);
    box.pass(59 * MINUTE);
    kept(box, journal);
  });

  it("where an event of theirs is not confirmed by everyone who follows", () => {
    const box = quick();
    box.followers = ["mqtt", "till"];
    const journal = filled(box);
    kept(box, journal);
    journal.moveCursor("mqtt", 10);
    journal.moveCursor("till", 3);
    pay(box, journal, 6);
    const outcome = box.rotate(journal);
    assert.deepEqual(
      outcome.kind === "rotated" && outcome.dropped,
      3,
      "the first segment alone is confirmed",
    );
    journal.moveCursor("till", 4);
    const next = box.rotate(journal);
    assert.deepEqual(next.kind === "rotated" && next.dropped, 3);
  });

  it("where an order of theirs is open", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.rotate(journal);
    box.append(journal, charging(2));
    box.rotate(journal);
    pay(box, journal, 3);
    pay(box, journal, 4);
    box.pass(61 * MINUTE);
    const held = box.rotate(journal);
    assert.deepEqual(held.kind === "rotated" && held.dropped, 3, "the first segment alone");
    box.crash();
    const { journal: again, outcome } = box.start();
    assert.deepEqual(
      opened(outcome).open.map(({ intent }) => intent.outTradeNo),
      [numberOf(2)],
    );
    again.note({ kind: "boot", boot: "b", version: "1", at: "2026-03-15T09:30:12.000Z" });
    box.append(again, money(2, "reversed"));
    const freed = box.rotate(again);
    assert.deepEqual(freed.kind === "rotated" && freed.dropped, 2);
  });

  it("where their codes are among those that are remembered", () => {
    const box = quick();
    box.rotation = { ...box.rotation, codesKept: 5 };
    const journal = filled(box);
    kept(box, journal);
    pay(box, journal, 6);
    const outcome = box.rotate(journal);
    assert.deepEqual(outcome.kind === "rotated" && outcome.dropped, 3);
  });

  it("where the clock is not believed, now or when they ended", () => {
    const now = quick();
    filled(now);
    now.crash();
    now.clockTrusted = false;
    kept(now, now.start().journal);

    const then = quick();
    then.clockTrusted = false;
    filled(then);
    then.crash();
    then.clockTrusted = true;
    kept(then, then.start().journal);
  });

  it("until a clock that is believed says it, and then those of an unbelieved clock before it too", () => {
    const box = quick();
    let journal = box.startBooted();
    const unbelieved = SEGMENTS_DROPPED_MAX * 3;
    for (let index = 1; index <= unbelieved; index += 1) {
      if (index === 2) {
        box.crash();
        box.clockTrusted = false;
        journal = box.startBooted();
      }
      pay(box, journal, index);
      box.rotate(journal);
    }
    box.pass(61 * MINUTE);
    box.crash();
    box.clockTrusted = true;
    journal = box.startBooted();
    pay(box, journal, unbelieved + 1);
    const first = box.rotate(journal);
    assert.deepEqual(first.kind === "rotated" && first.dropped, 3, "the one that a believed clock ended");
    pay(box, journal, unbelieved + 2);
    box.pass(59 * MINUTE);
    assert.deepEqual(box.rotate(journal), { kind: "rotated", row: box.disk.rows.length, dropped: 0 });
    pay(box, journal, unbelieved + 3);
    box.pass(2 * MINUTE);
    const dropped = [1, 2, 3, 4].map(() => {
      const outcome = box.rotate(journal);
      return outcome.kind === "rotated" ? outcome.dropped : null;
    });
    const most = 3 * SEGMENTS_DROPPED_MAX;
    assert.deepEqual(dropped, [most + 1, most, most + 1, null], "no more at a time; two begin with a boot");
  });

  it("where the row that ended one of them is damaged", () => {
    const box = quick();
    const journal = filled(box);
    box.disk.damage(4, (row) => ({ ...row, body: row.body.replace('"seq":2', '"seq":1') }));
    kept(box, journal);
  });

  it("beyond a few at a time", () => {
    const box = quick();
    const journal = box.startBooted();
    for (let index = 1; index <= 9; index += 1) {
      pay(box, journal, index);
      box.rotate(journal);
    }
    box.pass(61 * MINUTE);
    pay(box, journal, 10);
    pay(box, journal, 11);
    const outcome = box.rotate(journal);
    assert.deepEqual(outcome.kind === "rotated" && outcome.dropped, 3 * SEGMENTS_DROPPED_MAX);
    const next = box.rotate(journal);
    assert.deepEqual(next.kind === "rotated" && next.dropped, 3 * SEGMENTS_DROPPED_MAX, "at the next one");
  });
});

describe("a rotation is due", () => {
  it("when the segment is long", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    pay(box, journal, 2);
    assert.equal(journal.isRotationDue(), false);
    box.append(journal, shown(2, "PAID"));
    assert.equal(journal.isRotationDue(), true);
    box.rotate(journal);
    assert.equal(journal.isRotationDue(), false);
  });

  it("when the segment is old, by the running time or by the clock", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.pass(29 * MINUTE);
    assert.equal(journal.isRotationDue(), false);
    box.pass(MINUTE);
    assert.equal(journal.isRotationDue(), true);
    box.rotate(journal);
    pay(box, journal, 2);
    box.crash();
    box.pass(31 * MINUTE);
    const { journal: again } = box.start();
    assert.equal(again.isRotationDue(), true, "the night counts too");
  });

  it("by the clock only where that is believed: what it ends could not be shown to be old", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.rotate(journal);
    pay(box, journal, 2);
    box.crash();
    box.pass(31 * MINUTE);
    box.clockTrusted = false;
    assert.equal(box.start().journal.isRotationDue(), false);
    box.crash();
    box.clockTrusted = true;
    assert.equal(box.start().journal.isRotationDue(), true);
  });

  it("never where nothing was written since, nor of a journal that broke", () => {
    const box = quick();
    const journal = box.startBooted();
    pay(box, journal, 1);
    box.rotate(journal);
    box.pass(31 * MINUTE);
    assert.equal(journal.isRotationDue(), false);
    box.disk.fault = "full";
    box.append(journal, charging(2));
    assert.equal(journal.isRotationDue(), false);
  });
});

describe("a power cut during a rotation", () => {
  it("leaves a journal that starts with everything, before it or after it", () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const box = quick(seed);
      const journal = filled(box);
      box.append(journal, charging(6));
      box.disk.flush = { least: 1, most: 40 };
      journal.moveCursor("mqtt", 3);
      journal.rotate(() => {});
      // In the middle of the rotation, or after it.
      box.pass(box.disk.random.between(0, 30));
      journal.append(charging(7), () => {});
      box.pass(box.disk.random.between(0, 60));
      box.crash();
      const { journal: again, outcome } = box.start();
      const { open, head, droppedSeq, codeHashes } = opened(outcome);
      const orders = open.map(({ intent }) => intent.outTradeNo);
      assert.ok(orders.includes(numberOf(6)), `seed ${seed}`);
      assert.ok(codeHashes.slice(-3).includes("code-hash-6"), `seed ${seed}`);
      const events = box.follow(again, droppedSeq);
      assert.equal(events?.length, head.seq - droppedSeq, `seed ${seed}`);
      found.add(`${droppedSeq} ${orders.length}`);
    }
    assert.deepEqual([...found].sort(), ["0 1", "6 1", "6 2"]);
  });
});

describe("a journal whose beginning was dropped", () => {
  function rotated(): JournalBox {
    const box = quick();
    const journal = filled(box);
    box.rotate(journal);
    box.close(journal);
    return box;
  }

  const changes: readonly (readonly [string, number, (body: string) => string])[] = [
    ["the segment at its beginning", 10, (body) => body.replace('"seq":6', '"seq":5')],
    ["the newest segment", 15, (body) => body.replace('"n":10', '"n":11')],
  ];
  for (const [what, n, change] of changes) {
    it(`is refused where ${what} was changed`, () => {
      const box = rotated();
      box.disk.damage(n, (row) => ({ ...row, body: change(row.body) }));
      const { outcome } = box.start();
      assert.ok(outcome.kind === "refused" && outcome.why === "damaged");
    });
  }

  it("is refused where more is gone than its newest segment says", () => {
    const box = quick();
    const journal = filled(box);
    box.close(journal);
    box.disk.lose(10);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "refused" && outcome.why === "damaged");
    assert.equal(outcome.detail, "row 10: the journal does not begin where its newest segment says");
  });

  it("is refused where somebody put a shorter history in its place", () => {
    const box = rotated();
    box.disk.lose(14);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "refused" && outcome.why === "damaged", JSON.stringify(outcome));
  });
});

describe("the decision what may go", () => {
  const journal = "0123456789abcdef";
  const AT = Date.UTC(2026, 2, 15);

  /** A journal of segments without payments; each ended at its time, with a clock that was believed or not. */
  function segmentsOf(ends: readonly (readonly [ms: number, clockTrusted: boolean])[]): readonly StoredRow[] {
    let head: Head = genesis(journal);
    return ends.map(([ms, clockTrusted]) => {
      const at = new Date(AT + ms).toISOString();
      const events = { seq: 0, hash: head.eventHash };
      const entry = {
        kind: "segment",
        at,
        clockTrusted,
        first: { n: 1, before: head.hash },
        events,
      } as const;
      const written = writeRow(entry, head, { journal, at, boot: "b" });
      head = written.head;
      return written.row;
    });
  }

  it("counts the days of the configuration, 400 of them where it says nothing", () => {
    assert.equal(retentionOf(1), 24 * 60 * MINUTE);
    assert.equal(standardRotation.retentionMs, retentionOf(400));
  });

  it("lets a segment go in the moment in which it is old enough, and not before", () => {
    const segments = segmentsOf([
      [0, true],
      [0, true],
    ]);
    const survey = { first: segments[0] ?? null, segments, firstOpen: null, firstCharge: 9 };
    const facts = (ms: number): RotationFacts => ({
      ...{ journal, wall: wallTimeOf(AT + ms) },
      ...{ clockTrusted: true, confirmed: 0 },
    });
    const rules = { ...standardRotation, retentionMs: 60 * MINUTE };
    assert.equal(newFirst(survey, facts(60 * MINUTE - 1), rules), null);
    assert.equal(newFirst(survey, facts(60 * MINUTE), rules)?.n, 2);
  });

  it("asks for more segments only where the last of as many as it wished for ended by a clock nobody believed", () => {
    const asks = (...believed: readonly boolean[]): boolean => {
      const segments = segmentsOf(believed.map((one, index) => [index, one]));
      return asksForMore({ first: null, segments, firstOpen: null, firstCharge: null }, 3, journal);
    };
    assert.deepEqual(
      [asks(), asks(false, false), asks(true, true, true), asks(false, false, true), asks(true, true, false)],
      [false, false, false, false, true],
    );
    const [one, two, last] = segmentsOf([1, 2, 3].map((ms) => [ms, false] as const));
    assert.ok(one !== undefined && two !== undefined && last !== undefined);
    const segments = [one, two, { ...last, body: last.body.replace("false", "true ") }];
    const damaged = { first: null, segments, firstOpen: null, firstCharge: null };
    assert.equal(asksForMore(damaged, 3, journal), false, "what is damaged says nothing");
  });
});
