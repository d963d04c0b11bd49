/** How a journal proves its rows while it is open: rows that come and go meanwhile, and what it does about damage. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Journal } from "../../src/journal/journal.ts";
import { Proof } from "../../src/journal/proof.ts";
import { genesis } from "../../src/journal/row.ts";
import { JournalBox } from "./box.ts";
import { charging, money, shown } from "./entries.ts";

const DAY_MS = 86_400_000;

function fill(box: JournalBox, journal: Journal, from: number, to: number): void {
  for (let index = from; index < to; index += 1) {
    box.append(journal, charging(index));
    box.append(journal, money(index, "paid"));
    journal.note(shown(index, "PAID"));
  }
}

/** Proves the next slice; says whether there is more. */
function prove(box: JournalBox, journal: Journal): boolean {
  let more: boolean | null = null;
  journal.prove((answer) => {
    more = answer;
  });
  assert.equal(more, null, "no answer comes before prove has returned");
  box.pass(100);
  assert.ok(more !== null);
  return more;
}

describe("the proof of a journal", () => {
  it("goes from the first row to the last, those included that were added meanwhile", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    fill(box, journal, 1, 100);
    assert.ok(prove(box, journal));
    assert.equal(journal.status()?.proved, 200);
    fill(box, journal, 100, 140);
    box.append(journal, charging(140));
    while (prove(box, journal));
    const { n, proved, proofDone, damage } = journal.status() ?? assert.fail();
    assert.deepEqual([proved, proofDone, damage], [n, true, null]);
    assert.equal(prove(box, journal), false, "once is enough");
    assert.equal(box.logged.filter((event) => event === "journal.proved").length, 1);
    assert.equal(box.damaged, 0);
  });

  it("is not disturbed by rows that a rotation drops before they were read", () => {
    const box = new JournalBox();
    box.rotation = { codesKept: 1, retentionMs: DAY_MS };
    const journal = box.startBooted();
    fill(box, journal, 1, 100);
    assert.equal(box.rotate(journal).kind, "rotated");
    fill(box, journal, 100, 150);
    assert.ok(prove(box, journal));
    box.pass(2 * DAY_MS);
    const rotated = box.rotate(journal);
    assert.ok(rotated.kind === "rotated" && rotated.dropped > 200, JSON.stringify(rotated));
    while (prove(box, journal));
    const { proofDone, damage } = journal.status() ?? assert.fail();
    assert.deepEqual([proofDone, damage], [true, null]);
  });

  it("says once what is damaged, makes it durable, and goes no further", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    fill(box, journal, 1, 10);
    box.disk.damage(7, (row) => ({ ...row, body: row.body.replace("before", "behind") }));
    assert.equal(prove(box, journal), false);
    const damage = "row 7: its hash does not match what it says";
    assert.deepEqual([journal.status()?.damage, box.disk.condemned, box.damaged], [damage, damage, 1]);
    assert.equal(prove(box, journal), false);
    assert.equal(box.logged.filter((event) => event === "journal.damaged").length, 1);
    assert.ok(box.append(journal, money(10, "reversing")), "what is open can still be recorded");
    box.close(journal);
    const { outcome } = box.start();
    assert.deepEqual(outcome, { kind: "refused", why: "damaged", detail: damage });
  });

  it("tells where the damage could not be made durable: the next start finds it again", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    fill(box, journal, 1, 10);
    box.disk.rotten = 3;
    box.disk.fault = "read-only";
    assert.equal(prove(box, journal), false);
    assert.ok(box.logged.includes("journal.uncondemned"));
    assert.deepEqual([box.damaged, box.disk.condemned], [1, null]);
  });

  it("finds damage where the report or a till comes upon it", () => {
    for (const way of ["follow", "newestOf"] as const) {
      const box = new JournalBox();
      const journal = box.startBooted();
      fill(box, journal, 1, 2);
      box.disk.damage(3, (row) => ({ ...row, body: row.body.replace("CNY", "CNX") }));
      if (way === "follow") journal.follow(0, 9, () => undefined);
      else journal.newestOf(box.disk.rows[2]?.subject ?? "", (tx) => assert.equal(tx, null));
      box.pass(100);
      assert.equal(box.damaged, 1, way);
    }
  });

  it("finds a row that is missing at the end, a gap, and a list that disagrees; a disk that is busy is asked again", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    fill(box, journal, 1, 3);
    box.append(journal, charging(3));
    const id = box.disk.journal;
    const first = { n: 1, before: genesis(id).hash };
    const { rows } = box.disk;
    const open = rows.slice(-1).map(({ subject }) => subject ?? "");
    const head = rows.length;
    const proof = (): Proof => new Proof(id, first);
    assert.equal(proof().take({ kind: "rows", rows, open }, first, head), null);
    assert.equal(proof().take({ kind: "busy" }, first, head), null);
    assert.equal(
      proof().take({ kind: "rows", rows: rows.slice(0, -1), open: [] }, first, head),
      `row ${head}: it is missing`,
    );
    const holed = rows.filter(({ n }) => n !== 3);
    assert.match(
      proof().take({ kind: "rows", rows: holed, open }, first, head) ?? "",
      /^row 4: .*not complete/,
    );
    for (const listed of [[], ["another"], [...open, "another"]])
      assert.match(
        proof().take({ kind: "rows", rows, open: listed }, first, head) ?? "",
        /list of open orders/,
      );
  });
});
