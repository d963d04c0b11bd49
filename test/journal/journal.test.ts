import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Defect } from "../../src/core/kernel/defect.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import { eventHash } from "../../src/journal/event.ts";
import { NOTE_IDLE_MS } from "../../src/journal/journal.ts";
import { recover } from "../../src/journal/recovered.ts";
import { type StoredRow, type StoreOpened, TAIL_ROWS } from "../../src/runtime/ports.ts";
import { JournalBox } from "./box.ts";
import { boot, charging, intentOf, money, numberOf, shown, txOf } from "./entries.ts";

describe("a journal that opens", () => {
  it("begins empty, with an id and a head that nothing else has", () => {
    const one = new JournalBox(1).start().outcome;
    const other = new JournalBox(2).start().outcome;
    assert.ok(one.kind === "opened" && other.kind === "opened");
    assert.deepEqual([one.open, one.codeHashes, one.cursors, one.head.n, one.head.seq], [[], [], {}, 0, 0]);
    assert.notEqual(one.journal, other.journal);
    assert.notEqual(one.head.hash, other.head.hash);
  });

  it("gives back open orders with their intent and newest state, and the codes that were charged", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const entry of [charging(1), money(1, "paid"), charging(2), charging(3), money(3, "reversing")])
      assert.equal(box.append(journal, entry), true);
    box.close(journal);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual(
      outcome.open,
      [
        { intent: intentOf(2), last: txOf(2, "charging") },
        { intent: intentOf(3), last: txOf(3, "reversing") },
      ].map((order) => structuredClone(order)),
    );
    assert.deepEqual(outcome.codeHashes, ["code-hash-1", "code-hash-2", "code-hash-3"]);
    assert.deepEqual([outcome.head.n, outcome.head.seq], [6, 5]);
  });

  it("gives back which order a till's sale has, the newest of several", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    const again = { ...intentOf(3), ref: "till-1" };
    const unasked = { ...intentOf(4), ref: null };
    const entries: readonly Entry[] = [
      charging(1),
      money(1, "declined"),
      charging(2),
      { kind: "charging", tx: { ...txOf(3, "charging"), ref: "till-1" }, intent: again },
      { kind: "charging", tx: { ...txOf(4, "charging"), ref: null }, intent: unasked },
    ];
    for (const entry of entries) box.append(journal, entry);
    box.close(journal);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual(
      [...outcome.refs],
      [
        ["socket till-2", numberOf(2)],
        ["socket till-1", numberOf(3)],
      ],
    );
  });

  it("tells the newest record of an order, damaged ones never", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const entry of [charging(1), money(1, "paid"), shown(1, "paid"), charging(2)])
      box.append(journal, entry);
    const told: (string | null)[] = [];
    for (const index of [1, 2, 3]) journal.newestOf(numberOf(index), (tx) => told.push(tx?.state ?? null));
    box.time.runUntil(box.time.now + 1_000);
    box.disk.damage(3, (row) => ({ ...row, body: row.body.replace("paid", "diap") }));
    journal.newestOf(numberOf(1), (tx) => told.push(tx?.state ?? null));
    box.time.runUntil(box.time.now + 1_000);
    assert.deepEqual(told, ["paid", "charging", null, null]);
  });

  it("opens an ended order again where a reversal follows its end", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const entry of [charging(1), money(1, "declined"), money(1, "reversing")])
      box.append(journal, entry);
    box.crash();
    const { outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual(
      outcome.open.map((order) => order.last.state),
      ["reversing"],
    );
  });

  it("gives back declines that nobody has looked at once more, also after a restart in between", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    const unsent: Entry = { kind: "money", tx: { ...txOf(4, "declined"), reason: "not-sent" } };
    for (const entry of [charging(1), money(1, "declined"), charging(2), money(2, "declined")])
      box.append(journal, entry);
    for (const entry of [charging(3), money(3, "declined"), money(3, "reversing"), charging(4), unsent])
      box.append(journal, entry);
    box.append(journal, { kind: "checked", outTradeNo: numberOf(1), at: "2026-03-15T09:31:00.000Z" });
    box.crash();
    const { outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual(
      outcome.unchecked.map(({ intent, last }) => [intent.outTradeNo, last.state]),
      [[numberOf(2), "declined"]],
    );
    assert.deepEqual(
      outcome.open.map(({ last }) => last.state),
      ["reversing"],
    );
    assert.deepEqual(
      outcome.recent.map(({ outTradeNo, state }) => [outTradeNo, state]),
      [
        [numberOf(4), "declined"],
        [numberOf(3), "reversing"],
        [numberOf(2), "declined"],
        [numberOf(1), "declined"],
      ],
    );
  });

  it("is one chain over many starts, crashes among them", () => {
    const box = new JournalBox();
    for (let index = 1; index <= 5; index += 1) {
      const journal = box.startBooted();
      assert.equal(box.append(journal, charging(index)), true);
      if (index % 2 === 0) box.crash();
      else box.close(journal);
    }
    const { journal, outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual([outcome.head.n, outcome.head.seq, outcome.open.length], [10, 5, 5]);
    assert.equal(box.follow(journal, 0)?.length, 5);
  });

  it("passes on why the store refused, and can be closed all the same", () => {
    const box = new JournalBox();
    box.disk.newer = true;
    const { journal, outcome } = box.start();
    assert.ok(outcome.kind === "refused");
    assert.equal(outcome.why, "newer-version");
    box.close(journal);
  });

  it("starts over rows that lie before the tail that it checks", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    box.append(journal, charging(1));
    for (let line = 0; line < TAIL_ROWS; line += 500) {
      for (let more = 0; more < 500; more += 1) journal.note(shown(1, `line ${line + more}`));
      box.pass(NOTE_IDLE_MS + 100);
    }
    box.close(journal);
    assert.equal(box.disk.rows.length, TAIL_ROWS + 2);
    const { journal: again, outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual([outcome.head.n, outcome.head.seq, outcome.open.length], [TAIL_ROWS + 2, 1, 1]);
    again.note(boot);
    assert.equal(box.append(again, money(1, "paid")), true);
    assert.deepEqual(
      box.follow(again, 0)?.map((event) => event.tx.state),
      ["charging", "paid"],
    );
    box.close(again);
    box.disk.damage(2, (row) => ({ ...row, body: row.body.replace("code-hash-1", "code-hash-2") }));
    const { outcome: damaged } = box.start();
    assert.ok(damaged.kind === "refused");
    assert.equal(damaged.detail, "row 2: its hash does not match what it says");
  });
});

describe("a damaged journal", () => {
  function filled(): JournalBox {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const entry of [charging(1), shown(1, "PAID"), money(1, "paid"), charging(2)])
      box.append(journal, entry);
    box.close(journal);
    return box;
  }

  it("is refused wherever one character of one column has changed", () => {
    const rows = filled().disk.rows;
    const place = fc.record({
      row: fc.nat(rows.length - 1),
      at: fc.nat(2_000),
      bit: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(place, ({ row, at, bit }) => {
        const box = filled();
        box.disk.damage(row + 1, (whole) => {
          const index = at % whole.body.length;
          const flipped = String.fromCharCode(whole.body.charCodeAt(index) ^ (1 << bit));
          return { ...whole, body: whole.body.slice(0, index) + flipped + whole.body.slice(index + 1) };
        });
        const { outcome } = box.start();
        assert.ok(outcome.kind === "refused");
        assert.equal(outcome.why, "damaged");
        assert.match(outcome.detail, new RegExp(`^row ${row + 1}: `));
      }),
      { numRuns: 60 },
    );
  });

  for (const [what, change] of [
    ["kind", { kind: "money" }],
    ["order number", { subject: numberOf(9) }],
    ["finality", { final: true }],
    ["number of the event", { seq: 7 }],
    ["hash", { hash: "0".repeat(64) }],
  ] as const) {
    it(`is refused where the ${what} of a row is another`, () => {
      const box = filled();
      box.disk.damage(2, (row) => ({ ...row, ...change }));
      const { outcome } = box.start();
      assert.ok(outcome.kind === "refused" && outcome.why === "damaged");
    });
  }

  it("is refused where a row was exchanged for another that is whole in itself", () => {
    const box = filled();
    const other = new JournalBox(1);
    const journal = other.startBooted();
    other.append(journal, charging(5));
    const [, foreign] = other.disk.rows;
    assert.ok(foreign !== undefined);
    box.disk.damage(2, () => foreign);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "refused" && outcome.why === "damaged");
  });

  it("is refused where the store hands out a row of the tail a second time and it is another one", () => {
    const box = filled();
    const outcomes: StoreOpened[] = [];
    box.disk.link().open((outcome) => outcomes.push(outcome));
    box.pass(1_000);
    const [store] = outcomes;
    assert.ok(store?.kind === "opened" && recover(store).ok);
    const changed = (row: StoredRow): StoredRow => ({
      ...row,
      body: row.body.replace("code-hash", "code-HASH"),
    });
    const [charged] = store.charged;
    assert.ok(charged !== undefined && changed(charged).body !== charged.body);
    for (const lie of [
      { open: store.open.map(changed) },
      { charged: store.charged.map(changed) },
      { lastMoney: store.open.map(changed).at(-1) ?? null },
    ]) {
      const recovered = recover({ ...store, ...lie });
      assert.match(recovered.ok ? "" : recovered.reason, /its hash does not match/, Object.keys(lie)[0]);
    }
  });

  it("is refused where the store leaves out the newest row of an open order", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    box.append(journal, charging(1));
    box.append(journal, money(1, "reversing"));
    box.close(journal);
    const outcomes: StoreOpened[] = [];
    box.disk.link().open((outcome) => outcomes.push(outcome));
    box.pass(1_000);
    const [store] = outcomes;
    assert.ok(store?.kind === "opened" && recover(store).ok);
    const recovered = recover({ ...store, open: store.open.slice(0, 1) });
    assert.match(recovered.ok ? "" : recovered.reason, /does not agree with its newest row/);
  });

  it("answers a follower with what is before a changed event, then with nothing rather than with that", () => {
    const box = filled();
    const { journal } = box.start();
    box.disk.damage(4, (row) => ({ ...row, body: row.body.replace('"yes"', '"no"') }));
    assert.deepEqual(
      box.follow(journal, 0)?.map((event) => event.seq),
      [1],
    );
    assert.equal(box.follow(journal, 1), null);
    assert.deepEqual(
      box.follow(journal, 2)?.map((event) => event.seq),
      [3],
    );
    assert.ok(box.logged.includes("journal.damaged"));
  });
});

describe("an append", () => {
  it("is durable before it is answered, in the order of the calls", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    const answered: number[] = [];
    for (let index = 1; index <= 20; index += 1) {
      journal.append(charging(index), (ok) => {
        assert.ok(ok);
        answered.push(index);
        assert.ok(box.disk.rows.some((row) => row.subject === numberOf(index)));
      });
    }
    box.pass(1_000);
    assert.deepEqual(
      answered,
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      box.disk.rows.map((row) => row.n),
      Array.from({ length: 21 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      box.disk.rows.map((row) => row.seq),
      [null, ...answered],
    );
  });

  it("shares one flush with others that wait", () => {
    const box = new JournalBox();
    box.disk.flush = { least: 10, most: 10 };
    const journal = box.startBooted();
    const answeredAt: number[] = [];
    const begun = box.time.now;
    for (let index = 1; index <= 20; index += 1)
      journal.append(charging(index), () => answeredAt.push(box.time.now - begun));
    box.pass(1_000);
    assert.ok(
      answeredAt.every((moment) => moment <= 22),
      answeredAt.join(" "),
    );
    assert.ok(
      answeredAt.slice(1).every((moment) => moment >= 20),
      "all but the first waited for the second flush",
    );
  });

  it("comes to its end however slow the disk is", () => {
    const box = new JournalBox();
    box.disk.flush = { least: 5_000, most: 5_000 };
    const journal = box.startBooted();
    let answer: boolean | null = null;
    journal.append(charging(1), (ok) => {
      answer = ok;
    });
    box.pass(4_999);
    assert.equal(answer, null);
    box.pass(10);
    assert.equal(answer, true);
  });

  it("tells followers the newest event, after those who waited for it", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    const told: string[] = [];
    journal.onAppended((seq) => told.push(`follow ${seq}`));
    journal.append(charging(1), () => told.push("one"));
    journal.append(shown(1, "PAID"), () => told.push("shown"));
    box.pass(100);
    box.append(journal, shown(1, "PAID"));
    assert.deepEqual(told, ["one", "follow 1", "shown"], "entries that are no events tell followers nothing");
    assert.equal(journal.head(), 1);
  });

  it("of money without its boot is a defect", () => {
    const { journal } = new JournalBox().start();
    assert.throws(() => journal.append(charging(1), () => {}), Defect);
  });

  it("is refused once a close was asked for, as notes are; what waited before it is written", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    const told: string[] = [];
    for (const index of [1, 2]) journal.append(charging(index), (ok) => told.push(`${index} ${ok}`));
    journal.close(() => told.push("closed"));
    journal.append(charging(3), (ok) => told.push(`3 ${ok}`));
    journal.note(shown(1, "PAID"));
    assert.equal(told.length, 0, "no answer before append has returned");
    box.pass(1_000);
    const refused = "3 false";
    assert.ok(told.includes(refused));
    assert.deepEqual(
      told.filter((one) => one !== refused),
      ["1 true", "2 true", "closed"],
    );
    assert.deepEqual(
      box.disk.rows.map(({ kind, subject }) => [kind, subject]),
      [
        ["boot", null],
        ["charging", numberOf(1)],
        ["charging", numberOf(2)],
      ],
    );
  });

  for (const fault of ["refusing", "full", "read-only"] as const) {
    it(`that fails on a ${fault} disk breaks the journal for good`, () => {
      const box = new JournalBox();
      const journal = box.startBooted();
      assert.equal(box.append(journal, charging(1)), true);
      box.disk.fault = fault;
      const answers: string[] = [];
      // A full disk has room for open orders.
      journal.append(fault === "full" ? charging(9) : money(1, "paid"), (ok) => answers.push(`first ${ok}`));
      journal.append(charging(2), (ok) => answers.push(`waiting ${ok}`));
      box.pass(100);
      box.disk.fault = "none";
      journal.append(charging(3), (ok) => answers.push(`later ${ok}`));
      assert.deepEqual(answers, ["first false", "waiting false"], "no answer before append has returned");
      // However many are told: nothing waits any more.
      for (let told = 0; told < 2_000; told += 1) journal.note(shown(1, "RESULT UNKNOWN"));
      journal.moveCursor("mqtt", 1);
      box.pass(NOTE_IDLE_MS * 2);
      assert.deepEqual(answers, ["first false", "waiting false", "later false"]);
      assert.deepEqual([box.disk.rows.length, box.disk.cursors], [2, {}]);
      assert.deepEqual(box.follow(journal, 0)?.length, 1, "what is durable can still be read");
      box.close(journal);
    });
  }
});

describe("a full disk", () => {
  it("takes the records of open orders, and no charge", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const index of [1, 2]) assert.equal(box.append(journal, charging(index)), true);
    box.disk.fault = "full";
    assert.equal(box.append(journal, money(1, "paid")), true);
    assert.equal(box.append(journal, money(2, "reversing")), true);
    assert.equal(box.append(journal, charging(3)), false);
    box.crash();
    const again = box.startBooted();
    assert.equal(box.append(again, money(2, "reversed")), true);
  });
});

describe("a note", () => {
  it("rides before the next append in its transaction", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    journal.note(shown(1, "WAIT"));
    box.pass(NOTE_IDLE_MS - 1);
    assert.equal(box.disk.rows.length, 0);
    box.append(journal, charging(1));
    assert.deepEqual(
      box.disk.rows.map((row) => row.kind),
      ["boot", "shown", "charging"],
    );
  });

  it("is written alone where nothing takes it along", () => {
    const box = new JournalBox();
    const { journal } = box.start();
    journal.note(shown(1, "PAID"));
    box.pass(NOTE_IDLE_MS + 20);
    assert.deepEqual(
      box.disk.rows.map((row) => row.kind),
      ["shown"],
    );
  });

  it("is written by a close", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    journal.note(shown(1, "PAID"));
    box.close(journal);
    assert.deepEqual(
      box.disk.rows.map((row) => row.kind),
      ["boot", "shown"],
    );
    assert.equal(box.append(journal, charging(1)), false, "a closed journal records nothing");
  });

  it("is never a money entry", () => {
    const journal = new JournalBox().startBooted();
    assert.throws(() => journal.note(charging(1)), Defect);
  });
});

describe("a follower", () => {
  it("gets the same bytes every time, also after a crash, and can check the chain itself", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (const entry of [charging(1), shown(1, "WAIT"), money(1, "paid"), charging(2)])
      box.append(journal, entry);
    const first = box.follow(journal, 0);
    assert.ok(first !== null);
    box.crash();
    const again = box.follow(box.startBooted(), 0);
    assert.deepEqual(again, first);
    assert.deepEqual(
      first.map((event) => event.seq),
      [1, 2, 3],
    );
    assert.deepEqual(
      first.map((event) => event.prevHash),
      [null, first[0]?.hash, first[1]?.hash],
    );
    for (const event of first) {
      const received = structuredClone(event);
      assert.equal(eventHash(received), event.hash);
      assert.notEqual(eventHash({ ...received, tx: { ...received.tx, late: true } }), event.hash);
    }
  });

  it("is told apart from one of a history that was rolled back", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    box.append(journal, charging(1));
    box.append(journal, money(1, "paid"));
    const [, told] = box.follow(journal, 0) ?? [];
    box.crash();

    const copy = new JournalBox();
    const other = copy.startBooted();
    copy.append(other, charging(1));
    copy.append(other, money(1, "reversed"));
    const [, differs] = copy.follow(other, 0) ?? [];
    assert.ok(told !== undefined && differs !== undefined);
    assert.deepEqual(
      [told.journal, told.seq, told.prevHash],
      [differs.journal, differs.seq, differs.prevHash],
    );
    assert.notEqual(told.hash, differs.hash);
  });

  it("gets at most as many as it asked for, after the one it names", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    for (let index = 1; index <= 5; index += 1) box.append(journal, charging(index));
    assert.deepEqual(
      box.follow(journal, 2, 2)?.map((event) => event.seq),
      [3, 4],
    );
    assert.deepEqual(box.follow(journal, 5), []);
  });

  it("finds its cursor again", () => {
    const box = new JournalBox();
    const journal = box.startBooted();
    box.append(journal, charging(1));
    journal.moveCursor("mqtt", 1);
    box.close(journal);
    const { outcome } = box.start();
    assert.ok(outcome.kind === "opened");
    assert.deepEqual(outcome.cursors, { mqtt: 1 });
  });
});

describe("a fingerprint", () => {
  it("is the same for one code in one journal, and another in every other", () => {
    const one = new JournalBox(1).startBooted();
    const other = new JournalBox(2).startBooted();
    const print = one.fingerprint("134567890123456789");
    assert.match(print, /^[0-9a-f]{32}$/);
    assert.equal(one.fingerprint("134567890123456789"), print);
    assert.notEqual(one.fingerprint("134567890123456788"), print);
    assert.notEqual(other.fingerprint("134567890123456789"), print);
  });
});

describe("a power cut at any moment", () => {
  it("keeps every acknowledged entry, in order, and nothing that was not asked for", () => {
    let lost = 0;
    let unacknowledged = 0;
    for (let seed = 1; seed <= 300; seed += 1) {
      const box = new JournalBox(seed);
      const journal = box.startBooted();
      const asked: string[] = [];
      const acknowledged: string[] = [];
      const append = (entry: Entry, name: string): void => {
        asked.push(name);
        journal.append(entry, (ok) => {
          if (ok) acknowledged.push(name);
        });
      };
      for (let index = 1; index <= 6; index += 1) {
        append(charging(index), numberOf(index));
        box.pass(box.disk.random.between(0, 9));
      }
      box.crash();
      const before = [...acknowledged];
      const { outcome } = box.start();
      assert.deepEqual(acknowledged, before, `seed ${seed}: the dead are silent`);
      assert.ok(outcome.kind === "opened", `seed ${seed}`);
      const kept = outcome.open.map((order) => order.intent.outTradeNo);
      assert.deepEqual(kept, asked.slice(0, kept.length), `seed ${seed}`);
      assert.ok(kept.length >= acknowledged.length, `seed ${seed}`);
      if (kept.length < asked.length) lost += 1;
      if (kept.length > acknowledged.length) unacknowledged += 1;
    }
    assert.ok(lost > 50 && unacknowledged > 50, "cuts hit before and after the moment of truth");
  });
});

describe("a disk that failed", () => {
  it("may show after the restart what it had refused, whole or not at all", () => {
    const survived = new Set<boolean>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const box = new JournalBox(seed);
      const journal = box.startBooted();
      box.append(journal, charging(1));
      box.disk.fault = "refusing";
      assert.equal(box.append(journal, money(1, "paid")), false);
      box.crash();
      box.disk.fault = "none";
      const { outcome } = box.start();
      assert.ok(outcome.kind === "opened", `seed ${seed}`);
      survived.add(outcome.open.length === 0);
    }
    assert.deepEqual(survived, new Set([true, false]));
  });
});
