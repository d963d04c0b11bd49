/**
 * What every store keeps, checked on SQLite in a temporary directory and on its twin over simulated time;
 * then what only a real file system can show: modes, damage, processes that are killed, one bundle that is
 * its own worker.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { build } from "esbuild";
import { bundling, journalThread } from "../../scripts/bundle.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { recover } from "../../src/journal/recovered.ts";
import { genesis, type Head, writeRow } from "../../src/journal/row.ts";
import { openReader } from "../../src/links/sqlite/sqlite-reader.ts";
import { readWhatCan } from "../../src/links/sqlite/sqlite-salvage.ts";
import { SqliteStore } from "../../src/links/sqlite/sqlite-store.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import {
  type StoredRow,
  type StoreLink,
  type StoreOpened,
  type StoreSlice,
  type StoreSurvey,
  TAIL_ROWS,
} from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { PATIENCE_MS } from "../e2e/until.ts";
import { boot, charging, money, numberOf, shown } from "../journal/entries.ts";
import { realJournal } from "../journal/real.ts";
import { rowsThread } from "../journal/rows-store.ts";

/** One disk, and whatever may happen to it behind the store's back. */
interface World {
  link(): StoreLink;
  /** Lets the world go on until what was asked has been answered. */
  turn(): void;
  /** Changes one character in the body of a row. */
  damage(n: number): void;
  /** Makes the journal look as if a newer program had written it. */
  renew(): void;
  /** Takes the journal's own file away. */
  lose(): void;
  end(): void;
}

function simulated(): World {
  const time = new SimulatedTime();
  const disk = new SimulatedDisk(time, new Random(7));
  return {
    link: () => disk.link(),
    turn: () => time.runUntil(time.now + 60_000),
    damage: (n) => disk.damage(n, (row) => ({ ...row, body: row.body.replace("CNY", "CNX") })),
    renew: () => {
      disk.newer = true;
    },
    lose: () => {
      disk.gone = true;
    },
    end: () => {},
  };
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), "scanbox-store-"));
}

function real(): World {
  const parent = temporary();
  const directory = join(parent, "journal");
  return {
    link: () =>
      new SqliteStore<StoreOpened>({
        directory,
        onDeath: (cause) => assert.fail(cause),
        thread: rowsThread(),
      }),
    turn: () => {},
    damage: (n) => flipInFile(join(directory, "journal.db"), n),
    renew: () => {
      const database = new DatabaseSync(join(directory, "journal.db"));
      database.exec("PRAGMA user_version = 99");
      database.close();
    },
    lose: () => rmSync(join(directory, "journal.db")),
    end: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/** Flips one bit of the amount's currency inside the file, where no constraint watches. */
function flipInFile(path: string, n: number): void {
  const bytes = readFileSync(path);
  const database = new DatabaseSync(path, { readOnly: true });
  const body = String(database.prepare("SELECT body FROM rows WHERE n = ?").get(n)?.body);
  database.close();
  let found = bytes.indexOf(body);
  assert.ok(found > 0, "the body stands in the file as one piece");
  // A page that was split may hold an old copy too.
  for (; found > 0; found = bytes.indexOf(body)) {
    const at = found + body.indexOf("CNY") + 2;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  }
  writeFileSync(path, bytes);
}

class Asked {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  open(store: StoreLink): Promise<StoreOpened> {
    return this.#answer((done) => store.open(done));
  }

  append(store: StoreLink, rows: readonly StoredRow[]): Promise<string | null> {
    return this.#answer((done) => store.append(rows, done));
  }

  order(store: StoreLink, outTradeNo: string): Promise<readonly StoredRow[] | null> {
    return this.#answer((done) => store.order(outTradeNo, done));
  }

  follow(store: StoreLink, afterSeq: number, limit: number): Promise<readonly StoredRow[] | null> {
    return this.#answer((done) => store.follow(afterSeq, limit, done));
  }

  survey(store: StoreLink, segments: number, charges: number): Promise<StoreSurvey | null> {
    return this.#answer((done) => store.survey({ segments, charges }, done));
  }

  rotate(store: StoreLink, segment: StoredRow, first: number): Promise<string | null> {
    return this.#answer((done) =>
      store.rotate(segment, first, ({ kind }) => done(kind === "rotated" ? null : kind)),
    );
  }

  room(store: StoreLink): Promise<boolean> {
    return this.#answer((done) => store.room(done));
  }

  read(store: StoreLink, after: number, limit: number): Promise<StoreSlice> {
    return this.#answer((done) => store.read(after, limit, done));
  }

  condemn(store: StoreLink, sentence: string): Promise<string | null> {
    return this.#answer((done) => store.condemn(sentence, done));
  }

  close(store: StoreLink): Promise<null> {
    return this.#answer((done) => store.close(() => done(null)));
  }

  #answer<Answer>(ask: (done: (answer: Answer) => void) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let returned = false;
      ask((answer) => {
        if (returned) resolve(answer);
        else reject(new Error("the callback came before the call had returned"));
      });
      returned = true;
      this.#world.turn();
    });
  }
}

function rowsOf(journal: string, entries: readonly JournalEntry[]): readonly StoredRow[] {
  let head: Head = genesis(journal);
  return entries.map((entry) => {
    const written = writeRow(entry, head, { journal, at: "2026-03-15T09:30:12.000Z", boot: "b00t" });
    head = written.head;
    return written.row;
  });
}

/** A segment that says that the journal begins at row `n`; the chain is not looked at here. */
function segment(n: number): JournalEntry {
  const at = "2026-03-15T09:30:12.000Z";
  return {
    kind: "segment",
    at,
    clockTrusted: true,
    first: { n, before: "b" },
    events: { seq: 0, hash: null },
  };
}

const story: readonly Entry[] = [
  boot,
  charging(1),
  shown(1, "PAID 12.51"),
  money(1, "paid"),
  charging(2),
  money(2, "reversing"),
  shown(2, "RESULT UNKNOWN"),
];

for (const [name, makeWorld] of [
  ["in SQLite", real],
  ["of the simulator", simulated],
] as const) {
  describe(`a store ${name}`, () => {
    async function withWorld(run: (world: World, asked: Asked) => Promise<void>): Promise<void> {
      const world = makeWorld();
      try {
        await run(world, new Asked(world));
      } finally {
        world.end();
      }
    }

    async function opened(asked: Asked, store: StoreLink) {
      const outcome = await asked.open(store);
      assert.ok(outcome.kind === "opened", JSON.stringify(outcome));
      return outcome;
    }

    async function filled(world: World, asked: Asked) {
      const store = world.link();
      const { journal, salt } = await opened(asked, store);
      const rows = rowsOf(journal, story);
      assert.equal(await asked.append(store, rows.slice(0, 3)), null);
      assert.equal(await asked.append(store, rows.slice(3)), null);
      return { store, rows, journal, salt };
    }

    it("begins empty, with an id and a salt", () =>
      withWorld(async (world, asked) => {
        const store = world.link();
        const outcome = await opened(asked, store);
        const { tail, lastMoney, open, charged, cursors, first, segment: newest } = outcome;
        assert.deepEqual([tail, lastMoney, open, charged, cursors], [[], null, [], [], {}]);
        assert.deepEqual([first, newest], [null, null]);
        assert.match(outcome.journal, /^[0-9a-f]{16}$/);
        assert.equal(outcome.salt.length, 32);
        await asked.close(store);
      }));

    it("gives back what was appended, in every view that a start needs", () =>
      withWorld(async (world, asked) => {
        const { store, rows, journal, salt } = await filled(world, asked);
        store.moveCursor("mqtt", 2);
        store.moveCursor("mqtt", 3);
        store.moveCursor("till", 1);
        await asked.close(store);

        const again = world.link();
        const outcome = await opened(asked, again);
        assert.deepEqual([outcome.journal, [...outcome.salt]], [journal, [...salt]]);
        assert.deepEqual(outcome.tail, rows);
        assert.deepEqual(outcome.lastMoney, rows[5]);
        assert.deepEqual(outcome.open, rows.slice(4));
        assert.deepEqual(outcome.charged, [rows[4], rows[1]]);
        assert.deepEqual(outcome.cursors, { mqtt: 3, till: 1 });
        assert.deepEqual([outcome.first, outcome.segment], [rows[0], null]);
        await asked.close(again);
      }));

    it("is read in slices of whatever age, and says at the end which orders are open", () =>
      withWorld(async (world, asked) => {
        const { store, rows } = await filled(world, asked);
        const first = await asked.read(store, 0, 4);
        assert.deepEqual(first, { kind: "rows", rows: rows.slice(0, 4), open: null });
        const last = await asked.read(store, 4, 4);
        assert.deepEqual(last, { kind: "rows", rows: rows.slice(4), open: [numberOf(2)] });
        assert.deepEqual(await asked.read(store, 7, 4), { kind: "rows", rows: [], open: [numberOf(2)] });
        await asked.close(store);
      }));

    it("is opened by nobody any more once it was found damaged, and the first sentence stays", () =>
      withWorld(async (world, asked) => {
        const { store, rows } = await filled(world, asked);
        assert.equal(await asked.condemn(store, "row 2: it is torn"), null);
        assert.equal(await asked.condemn(store, "row 3: it is torn"), null);
        assert.equal(
          (await asked.follow(store, 0, 9))?.length,
          rows.filter(({ seq }) => seq !== null).length,
        );
        await asked.close(store);
        for (let start = 1; start <= 2; start += 1) {
          const outcome = await asked.open(world.link());
          assert.deepEqual(outcome, { kind: "refused", why: "damaged", detail: "row 2: it is torn" });
        }
      }));

    it("begins a segment and drops what it says, both or neither", () =>
      withWorld(async (world, asked) => {
        const { store, rows, journal } = await filled(world, asked);
        const longer = rowsOf(journal, [...story, segment(1), charging(3), segment(4), money(3, "paid")]);
        const [one, three, four, paid] = longer.slice(story.length);
        assert.ok(one !== undefined && three !== undefined && four !== undefined && paid !== undefined);
        assert.equal(await asked.rotate(store, one, 1), null);
        assert.equal(await asked.append(store, [three]), null);
        assert.notEqual(await asked.rotate(store, { ...four, n: 11 }, 4), null, "a number is missing");
        assert.notEqual(await asked.rotate(store, four, 5), null, "the segment says 4");
        assert.equal((await asked.follow(store, 0, 9))?.length, 5);
        assert.equal(await asked.rotate(store, four, 4), null);
        assert.equal(await asked.append(store, [paid]), null);
        assert.deepEqual(await asked.follow(store, 0, 9), [rows[3], rows[4], rows[5], three, paid]);
        await asked.close(store);

        const again = world.link();
        const outcome = await opened(asked, again);
        assert.deepEqual(outcome.tail, longer.slice(3));
        assert.deepEqual([outcome.first, outcome.segment], [rows[3], four]);
        assert.deepEqual(outcome.charged, [three, rows[4]]);
        assert.deepEqual(outcome.open, rows.slice(4));
        assert.deepEqual(await asked.follow(again, 0, 1), [rows[3]]);
        await asked.close(again);
      }));

    it("never drops a row of an open order, nor for an ordinary row", () =>
      withWorld(async (world, asked) => {
        const { store, journal } = await filled(world, asked);
        const open = rowsOf(journal, [...story, segment(6)]).at(-1);
        const ordinary = rowsOf(journal, [...story, shown(1, "PAID")]).at(-1);
        assert.ok(open !== undefined && ordinary !== undefined);
        assert.notEqual(await asked.rotate(store, open, 6), null, "order 2 began in row 5");
        assert.notEqual(await asked.rotate(store, ordinary, 3), null, "no segment says so");
        assert.equal((await asked.follow(store, 0, 9))?.length, 4);
        assert.equal(await asked.rotate(store, open, 1), null, "nothing was kept of what was refused");
        await asked.close(store);
      }));

    it("surveys its beginning and what holds it there", () =>
      withWorld(async (world, asked) => {
        const { store, rows, journal } = await filled(world, asked);
        const nothing = { first: rows[0], segments: [], firstOpen: 5, firstCharge: 2 };
        assert.deepEqual(await asked.survey(store, 9, 2), nothing);
        assert.deepEqual(await asked.survey(store, 9, 3), { ...nothing, firstCharge: null });
        const more = rowsOf(journal, [...story, money(2, "reversed"), segment(1), segment(1), segment(3)]);
        assert.equal(await asked.append(store, more.slice(7, 10)), null);
        assert.deepEqual(await asked.survey(store, 1, 1), {
          first: rows[0],
          segments: [more[8]],
          firstOpen: null,
          firstCharge: 5,
        });
        const last = more.at(-1);
        assert.ok(last !== undefined);
        assert.equal(await asked.rotate(store, last, 3), null);
        const { first, segments } = (await asked.survey(store, 9, 1)) ?? {};
        assert.deepEqual([first, segments], [rows[2], more.slice(8)]);
        await asked.close(store);
      }));

    it("opens an order again where its end is followed by a reversal", () =>
      withWorld(async (world, asked) => {
        const store = world.link();
        const { journal } = await opened(asked, store);
        const rows = rowsOf(journal, [boot, charging(1), money(1, "declined"), money(1, "reversing")]);
        assert.equal(await asked.append(store, rows), null);
        await asked.close(store);
        const again = world.link();
        assert.deepEqual((await opened(asked, again)).open, rows.slice(1));
        await asked.close(again);
      }));

    it("answers followers with money rows alone, after the one they name", () =>
      withWorld(async (world, asked) => {
        const { store, rows } = await filled(world, asked);
        assert.deepEqual(await asked.follow(store, 0, 100), [rows[1], rows[3], rows[4], rows[5]]);
        assert.deepEqual(await asked.follow(store, 1, 2), [rows[3], rows[4]]);
        assert.deepEqual(await asked.follow(store, 4, 2), []);
        await asked.close(store);
      }));

    it("gives every row of an order, and none of another", () =>
      withWorld(async (world, asked) => {
        const { store, rows } = await filled(world, asked);
        const of = (index: number) => rows.filter(({ subject }) => subject === numberOf(index));
        assert.ok(of(1).length > 1);
        assert.deepEqual(await asked.order(store, numberOf(1)), of(1));
        assert.deepEqual(await asked.order(store, numberOf(2)), of(2));
        assert.deepEqual(await asked.order(store, "of nobody"), []);
        await asked.close(store);
      }));

    it("refuses a gap in the rows and in the events, and keeps nothing of that append", () =>
      withWorld(async (world, asked) => {
        const { store, rows, journal } = await filled(world, asked);
        const longer = rowsOf(journal, [...story, money(2, "reversed"), charging(3)]);
        const [next, afterNext] = longer.slice(story.length);
        assert.ok(next !== undefined && afterNext !== undefined);
        assert.notEqual(await asked.append(store, [afterNext]), null, "a number is missing");
        assert.notEqual(
          await asked.append(store, [next, { ...afterNext, seq: 7 }]),
          null,
          "an event is missing",
        );
        assert.notEqual(await asked.append(store, rows.slice(-1)), null, "the number is taken");
        assert.equal((await asked.follow(store, 4, 9))?.length, 0);
        assert.equal(await asked.append(store, [next, afterNext]), null);
        await asked.close(store);
      }));

    it("has room for a charge where the disk has", () =>
      withWorld(async (world, asked) => {
        const store = world.link();
        await asked.open(store);
        assert.equal(await asked.room(store), true);
        await asked.close(store);
      }));

    it("lets nobody else in until it is closed", () =>
      withWorld(async (world, asked) => {
        const { store } = await filled(world, asked);
        const second = world.link();
        const refused = await asked.open(second);
        assert.ok(refused.kind === "refused");
        assert.equal(refused.why, "locked");
        await asked.close(second);
        await asked.close(store);
        const third = world.link();
        await opened(asked, third);
        await asked.close(third);
      }));

    it("refuses a journal of a newer program and leaves it as it is", () =>
      withWorld(async (world, asked) => {
        const { store } = await filled(world, asked);
        await asked.close(store);
        world.renew();
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const newer = world.link();
          const refused = await asked.open(newer);
          assert.ok(refused.kind === "refused");
          assert.equal(refused.why, "newer-version");
          assert.match(refused.detail, /newer scanbox/);
          await asked.close(newer);
        }
      }));

    it("is no new one where its file has gone: it is refused, and goes on where the file comes back", () =>
      withWorld(async (world, asked) => {
        const first = world.link();
        const outcome = await asked.open(first);
        assert.ok(outcome.kind === "opened");
        await asked.append(first, rowsOf(outcome.journal, story));
        await asked.close(first);
        world.lose();
        for (let start = 1; start <= 2; start += 1) {
          const store = world.link();
          const refused = await asked.open(store);
          assert.ok(refused.kind === "refused" && refused.why === "damaged", `start ${start}`);
          assert.match(refused.detail, /journal\.db is missing.*: there was a journal/);
          await asked.close(store);
        }
      }));

    it("passes on a row in which a bit has flipped, and the chain finds it", () =>
      withWorld(async (world, asked) => {
        const { store } = await filled(world, asked);
        await asked.close(store);
        world.damage(4);
        const again = world.link();
        const outcome = await opened(asked, again);
        const recovered = recover(outcome);
        assert.deepEqual(recovered, { ok: false, reason: "row 4: its hash does not match what it says" });
        await asked.close(again);
      }));
  });
}

describe("the journal on a real disk", () => {
  const directories: string[] = [];

  function directory(): string {
    const made = temporary();
    directories.push(made);
    return made;
  }

  after(() => {
    for (const made of directories) rmSync(made, { recursive: true, force: true });
  });

  function storeIn(where: string, onDeath: (cause: string) => void = assert.fail): SqliteStore<StoreOpened> {
    return new SqliteStore<StoreOpened>({ directory: where, onDeath, thread: rowsThread() });
  }

  async function opening(store: SqliteStore<StoreOpened>): Promise<StoreOpened> {
    return await new Promise((resolve) => {
      store.open(resolve);
    });
  }

  async function closing(store: SqliteStore<StoreOpened>): Promise<void> {
    await new Promise<void>((resolve) => {
      store.close(resolve);
    });
  }

  async function fill(where: string, orders: number): Promise<void> {
    const store = storeIn(where);
    const outcome = await opening(store);
    assert.ok(outcome.kind === "opened");
    const entries = Array.from({ length: orders }, (_, index) => [charging(index), money(index, "paid")]);
    const rows = rowsOf(outcome.journal, [boot, ...entries.flat()]);
    const error = await new Promise((resolve) => {
      store.append(rows, resolve);
    });
    assert.equal(error, null);
    await closing(store);
  }

  it("belongs to its user alone", async () => {
    const where = join(directory(), "new");
    const store = storeIn(where);
    await opening(store);
    assert.equal(statSync(where).mode & 0o777, 0o700);
    const modes = readdirSync(where).map((name) => statSync(join(where, name)).mode & 0o777);
    assert.ok(modes.length >= 3, "the database, its write-ahead log and the lock");
    assert.ok(modes.every((mode) => mode === 0o600));
    await closing(store);
  });

  it("leaves one file with everything in it, the lock and the reserve when it is closed", async () => {
    const where = directory();
    await fill(where, 3);
    assert.deepEqual(readdirSync(where).sort(), ["journal.db", "journal.lock", "journal.reserve"]);
  });

  it("lets nobody change or delete a row, nor put one in a gap", async () => {
    const where = directory();
    await fill(where, 3);
    const database = new DatabaseSync(join(where, "journal.db"));
    for (const sql of [
      "UPDATE rows SET final = 1 WHERE n = 2",
      "DELETE FROM rows WHERE n = 7",
      "INSERT OR REPLACE INTO rows SELECT * FROM rows WHERE n = 3",
      "INSERT INTO rows SELECT n + 2, NULL, kind, subject, final, body, hash FROM rows WHERE n = 7",
      "UPDATE meta SET journal = 'another'",
      "DELETE FROM meta",
    ])
      assert.throws(() => database.exec(sql), /journal/, sql);
    database.close();
  });

  it("is refused as damaged where a page is torn, and as unreadable where it is no journal", async () => {
    const torn = directory();
    await fill(torn, 200);
    truncateSync(join(torn, "journal.db"), statSync(join(torn, "journal.db")).size - 4_096 * 3);
    const garbled = directory();
    writeFileSync(join(garbled, "journal.db"), "this is not a database".repeat(1_000));
    const foreign = directory();
    new DatabaseSync(join(foreign, "journal.db")).exec("CREATE TABLE recipes (name TEXT)");
    const nowhere = join(directory(), "file");
    writeFileSync(nowhere, "");
    // Whatever is made there, /proc says that the way to it is not there.
    const never = "/proc/scanbox";
    for (const [where, why] of [
      [torn, "damaged"],
      [garbled, "damaged"],
      [foreign, "unreadable"],
      [nowhere, "unreadable"],
      [never, "unreadable"],
    ] as const) {
      const store = storeIn(where);
      const outcome = await opening(store);
      assert.ok(outcome.kind === "refused");
      assert.equal(outcome.why, why, outcome.detail);
      await closing(store);
    }
  });

  for (const [what, change] of [
    ["is empty", (path: string) => truncateSync(path)],
    ["is missing", (path: string) => rmSync(path)],
    [
      "is a database in which nothing is",
      (path: string) => {
        rmSync(path);
        new DatabaseSync(path).exec("CREATE TABLE t (x); DROP TABLE t");
      },
    ],
    ["has only the beginning of its first page", (path: string) => truncateSync(path, 50)],
    ["is all zeros", (path: string) => writeFileSync(path, new Uint8Array(8_192))],
  ] as const) {
    it(`is refused where it ${what}, and nothing that stands beside it changes`, async () => {
      const where = directory();
      await fill(where, 3);
      change(join(where, "journal.db"));
      writeFileSync(join(where, "journal.db-wal"), "");
      const files = (): string => {
        return JSON.stringify(readdirSync(where).map((name) => [name, statSync(join(where, name)).size]));
      };
      const before = files();
      for (let start = 1; start <= 2; start += 1) {
        const store = storeIn(where);
        const outcome = await opening(store);
        assert.ok(outcome.kind === "refused", `start ${start}`);
        assert.equal(outcome.why, "damaged", outcome.detail);
        await closing(store);
        assert.ok(!openReader(where).ok);
        if (what === "is empty" || what === "is missing") assert.equal(files(), before);
      }
    });
  }

  it("leaves the log beside an emptied file as it is: payments may stand in it alone", async () => {
    const where = directory();
    const store = storeIn(where);
    const outcome = await opening(store);
    assert.ok(outcome.kind === "opened");
    const copy = directory();
    for (const name of ["journal.db-wal", "journal.lock"]) cpSync(join(where, name), join(copy, name));
    await closing(store);
    writeFileSync(join(copy, "journal.db"), "");
    const log = readFileSync(join(copy, "journal.db-wal"));
    const again = storeIn(copy);
    assert.equal((await opening(again)).kind, "refused");
    await closing(again);
    assert.ok(!openReader(copy).ok);
    assert.deepEqual(readFileSync(join(copy, "journal.db-wal")), log);
  });

  it("is made whole or not at all: whatever a first start leaves is gone on from", async () => {
    for (const left of [
      ["journal.new"],
      ["journal.new", "journal.lock"],
      ["journal.new", "journal.lock", "journal.new-journal"],
    ]) {
      const where = directory();
      for (const name of left) writeFileSync(join(where, name), name === "journal.new" ? "half of it" : "");
      await fill(where, 1);
      assert.deepEqual(readdirSync(where).sort(), ["journal.db", "journal.lock", "journal.reserve"]);
    }
  });

  for (const [what, sql] of [
    ["its name in the list of open orders", "UPDATE open_subjects SET subject = 'another'"],
    ["the column of its newest row", "UPDATE rows SET subject = 'another' WHERE n = 3"],
    [
      "the text of its newest row",
      "UPDATE rows SET body = replace(body, 'reversing', 'rejecting') WHERE n = 3",
    ],
  ] as const) {
    it(`is refused where an open order is older than the newest rows, and ${what} was changed`, async () => {
      const where = directory();
      const store = storeIn(where);
      const outcome = await opening(store);
      assert.ok(outcome.kind === "opened");
      const later = Array.from({ length: TAIL_ROWS }, (_, index) => shown(index, "PAID"));
      const entries = [boot, charging(1), money(1, "reversing"), ...later];
      const error = await new Promise((resolve) => {
        store.append(rowsOf(outcome.journal, entries), resolve);
      });
      assert.equal(error, null);
      await closing(store);
      const whole = await realJournal(where);
      assert.ok(whole.outcome.kind === "opened");
      assert.equal(whole.outcome.open[0]?.last.state, "reversing");
      await new Promise<void>((resolve) => {
        whole.journal.close(resolve);
      });
      const database = new DatabaseSync(join(where, "journal.db"));
      database.exec(`DROP TRIGGER rows_stay; ${sql};
        CREATE TRIGGER rows_stay BEFORE UPDATE ON rows BEGIN SELECT RAISE(ABORT, 'never'); END`);
      database.close();
      const { outcome: changed } = await realJournal(where);
      assert.ok(changed.kind === "refused" && changed.why === "damaged");
    });
  }

  /** So many rows that a start does not read the first of them. */
  const OLD_ORDERS = TAIL_ROWS;

  /** Proves the whole journal as a box does, only without pauses. */
  async function proveAll(journal: Journal): Promise<void> {
    for (let more = true; more; )
      more = await new Promise<boolean>((resolve) => {
        journal.prove(resolve);
      });
  }

  async function withJournal<Value>(
    where: string,
    look: (journal: Journal) => Promise<Value>,
  ): Promise<Value> {
    const { journal, outcome } = await realJournal(where);
    assert.equal(outcome.kind, "opened", JSON.stringify(outcome));
    try {
      return await look(journal);
    } finally {
      await new Promise<void>((resolve) => {
        journal.close(resolve);
      });
    }
  }

  it("is proved to its end while it is open, and a flipped bit that no start reads is found then and refused ever after", async () => {
    const where = directory();
    await fill(where, 3 * OLD_ORDERS);
    const whole = await withJournal(where, async (journal) => {
      await proveAll(journal);
      return journal.status();
    });
    assert.deepEqual([whole?.proved, whole?.proofDone, whole?.damage], [6 * OLD_ORDERS + 1, true, null]);
    flipInFile(join(where, "journal.db"), 2);
    const found = await withJournal(where, async (journal) => {
      await proveAll(journal);
      return journal.status();
    });
    assert.deepEqual(
      [found?.proofDone, found?.damage],
      [false, "row 2: its hash does not match what it says"],
    );
    const { outcome } = await realJournal(where);
    const refused = {
      kind: "refused",
      why: "damaged",
      detail: "row 2: its hash does not match what it says",
    };
    assert.deepEqual(outcome, refused);
  });

  it("is searched for what people call an order from its newest rows on, and to its first where none of those has it", async () => {
    const where = directory();
    const store = storeIn(where);
    const opened = await opening(store);
    assert.ok(opened.kind === "opened");
    await closing(store);
    const database = new DatabaseSync(join(where, "journal.db"));
    database.exec("DROP TRIGGER rows_are_dense");
    // A short form comes again; rows far from each other stand for those between them.
    const named = (index: number, shortRef: string): JournalEntry => {
      const entry = charging(index);
      assert.ok(entry.kind === "charging");
      return { ...entry, tx: { ...entry.tx, shortRef, ref: `till-${index}` } };
    };
    const entries = [
      [1, named(1, "0042")],
      [2, named(2, "0007")],
      [300_000, named(3, "0042")],
      [310_000, named(4, "0042")],
      [400_000, named(5, "0005")],
    ] as const;
    const insert = database.prepare("INSERT INTO rows VALUES (?, NULL, 'charging', ?, 0, ?, '')");
    for (const [n, entry] of entries)
      if (entry.kind === "charging") insert.run(n, entry.tx.outTradeNo, JSON.stringify(entry));
    database.close();
    const found = openReader(where);
    assert.ok(found.ok);
    using reader = found.value;
    assert.deepEqual(reader.find("0042"), [3, 4].map(numberOf), "the newest ones, oldest first");
    assert.deepEqual(reader.find("0007"), [numberOf(2)], "an old one, where there is no other");
    assert.deepEqual(reader.find("till-1"), [numberOf(1)]);
    assert.deepEqual(reader.find("42", "0042"), [3, 4].map(numberOf));
    assert.deepEqual(reader.find("0005", "0042"), [numberOf(5)], "the first name goes before the second");
    assert.deepEqual(reader.find(numberOf(1), "0042"), [numberOf(1)]);
    assert.deepEqual(reader.find("nobody", "no one"), []);
  });

  it("is found damaged where a page of old rows was overwritten", async () => {
    const where = directory();
    await fill(where, 3 * OLD_ORDERS);
    const path = join(where, "journal.db");
    const bytes = readFileSync(path);
    const database = new DatabaseSync(path, { readOnly: true });
    const body = String(database.prepare("SELECT body FROM rows WHERE n = 40").get()?.body);
    database.close();
    const page = Math.floor(bytes.indexOf(body) / 4_096) * 4_096;
    bytes.fill(0xff, page, page + 4_096);
    writeFileSync(path, bytes);
    const found = await withJournal(where, async (journal) => {
      await proveAll(journal);
      return journal.status();
    });
    assert.match(found?.damage ?? "", /^behind row \d+: .*malformed/);
    assert.equal((await realJournal(where)).outcome.kind, "refused");
  });

  for (const index of ["rows_by_seq", "rows_by_subject"] as const) {
    it(`is found damaged where ${index} does not know a row`, async () => {
      const where = directory();
      await fill(where, OLD_ORDERS);
      const path = join(where, "journal.db");
      const rewrite = (from: string, to: string): void => {
        const database = new DatabaseSync(path);
        database.enableDefensive?.(false);
        database.exec(`PRAGMA writable_schema = ON;
          UPDATE sqlite_schema SET sql = replace(sql, '${from}', '${to}') WHERE name = '${index}'`);
        database.close();
      };
      rewrite("IS NOT NULL", "IS NOT NULL AND n <> 2");
      const database = new DatabaseSync(path);
      database.exec(`REINDEX ${index}`);
      database.close();
      rewrite(" AND n <> 2", "");
      const found = await withJournal(where, async (journal) => {
        await proveAll(journal);
        return journal.status();
      });
      assert.equal(found?.damage, "row 2: an index of the journal does not know it");
    });
  }

  it("reads at a start what an index or the end of the rows gives, whatever their number", async () => {
    const where = directory();
    const store = storeIn(where);
    const opened = await opening(store);
    assert.ok(opened.kind === "opened");
    const later = Array.from({ length: TAIL_ROWS }, (_, index) => shown(index, "PAID"));
    assert.equal(
      await new Promise((resolve) => {
        store.append(rowsOf(opened.journal, [boot, charging(1), ...later]), resolve);
      }),
      null,
    );
    await closing(store);
    const asked: string[] = [];
    const prepare = DatabaseSync.prototype.prepare;
    const writer = new SqliteWriter(where);
    DatabaseSync.prototype.prepare = function prepared(sql: string) {
      asked.push(sql);
      return prepare.call(this, sql);
    };
    try {
      assert.equal(writer.open().kind, "opened");
    } finally {
      DatabaseSync.prototype.prepare = prepare;
      writer.close();
    }
    const database = new DatabaseSync(join(where, "journal.db"));
    const reads = asked.filter((sql) => /^SELECT .* FROM rows/.test(sql));
    assert.ok(
      reads.some((sql) => sql.includes("instr")),
      "an open order that is older than the tail is looked for in the text of rows",
    );
    for (const sql of reads) {
      const plan = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
      // In the order of the rows themselves: then it ends where it has enough.
      const all = plan.filter((step) => step === "SCAN rows");
      assert.ok(all.length === 0 || /ORDER BY n (DESC )?LIMIT/.test(sql), `${sql}: ${plan.join("; ")}`);
    }
    assert.ok(!asked.some((sql) => /quick_check|integrity_check/.test(sql)), asked.join("; "));
    database.close();
  });

  it("is asked for its open orders without a look at every order there ever was", async () => {
    const where = directory();
    await fill(where, 3);
    const opened = openReader(where);
    assert.ok(opened.ok);
    using reader = opened.value;
    const asked: string[] = [];
    const prepare = DatabaseSync.prototype.prepare;
    DatabaseSync.prototype.prepare = function prepared(sql: string) {
      asked.push(sql);
      return prepare.call(this, sql);
    };
    try {
      reader.openOrders();
      reader.goneOrders();
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    assert.equal(asked.length, 2);
    const database = new DatabaseSync(join(where, "journal.db"), { readOnly: true });
    for (const sql of asked) {
      const plan = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
      assert.ok(
        plan.some((step) => /rows_by_subject \(subject=\?\)/.test(step)),
        plan.join("; "),
      );
      assert.ok(!plan.some((step) => /SCAN (rows|r)\b|rows_by_seq/.test(step)), plan.join("; "));
    }
    database.close();
  });

  it("is read where people save what they can, however large the number of a row has become", async () => {
    const where = directory();
    await fill(where, 3);
    const database = new DatabaseSync(join(where, "journal.db"));
    database.exec(`DROP TRIGGER rows_stay; UPDATE rows SET n = ${2 ** 50} WHERE n = 7;
      UPDATE rows SET n = ${-(2 ** 50)} WHERE n = 1`);
    database.close();
    const numbers: number[] = [];
    const { unreadable } = readWhatCan(where, ({ n }) => numbers.push(n));
    assert.deepEqual(numbers, [2, 3, 4, 5, 6]);
    assert.deepEqual(unreadable, [[1, 1]]);
  });

  it("opens with what was whole where the end of the write-ahead log is torn", async () => {
    const source = directory();
    const { journal, outcome } = await realJournal(source);
    assert.ok(outcome.kind === "opened");
    journal.note(boot);
    for (let index = 1; index <= 20; index += 1) {
      await new Promise((resolve) => {
        journal.append(charging(index), resolve);
      });
    }
    const database = readFileSync(join(source, "journal.db"));
    const wal = readFileSync(join(source, "journal.db-wal"));
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
    const random = new Random(1);
    const found = new Set<number>();
    for (let cut = 0; cut < 12; cut += 1) {
      const where = directory();
      const torn = Buffer.from(wal.subarray(0, random.between(0, wal.length)));
      if (cut % 2 === 1) torn.set(random.bytes(Math.min(512, torn.length)), Math.max(0, torn.length - 512));
      writeFileSync(join(where, "journal.db"), database);
      writeFileSync(join(where, "journal.db-wal"), torn);
      const again = await realJournal(where);
      assert.ok(again.outcome.kind === "opened", JSON.stringify(again.outcome));
      const orders = again.outcome.open.map((order) => order.intent.outTradeNo);
      assert.deepEqual(
        orders,
        orders.map((_, index) => numberOf(index + 1)),
        "no order is missing before the last",
      );
      found.add(orders.length);
      await new Promise<void>((resolve) => {
        again.journal.close(resolve);
      });
    }
    assert.ok(found.size > 3, "the cuts hit different places");
  });

  it("starts with every acknowledged order after a kill at any moment of its rotations", async () => {
    const where = directory();
    const acknowledged: string[] = [];
    let dropped = 0;
    for (const killAfter of [3, 20, 37, 51]) {
      acknowledged.push(...(await appendAndKill(where, killAfter, "rotating")));
      const { journal, outcome } = await realJournal(where);
      assert.ok(outcome.kind === "opened", JSON.stringify(outcome));
      const kept = new Set(outcome.open.map((order) => order.intent.outTradeNo));
      assert.deepEqual(
        acknowledged.filter((outTradeNo) => !kept.has(outTradeNo)),
        [],
        "open orders are never dropped",
      );
      dropped = outcome.droppedSeq;
      await new Promise<void>((resolve) => {
        journal.close(resolve);
      });
      using reader = openedReader(where);
      assert.equal(reader.pageDamage(), null);
    }
    assert.ok(dropped > 0, "rotations have dropped rows");
  });

  function openedReader(where: string) {
    const reader = openReader(where);
    assert.ok(reader.ok);
    return reader.value;
  }

  it("answers a sign of life", async () => {
    const store = storeIn(directory());
    await opening(store);
    await new Promise<void>((resolve) => {
      store.ping(resolve);
    });
    await closing(store);
  });

  it("keeps every acknowledged entry of a process that is killed while it appends", async () => {
    const where = directory();
    const acknowledged: string[] = [];
    for (const killAfter of [1, 40, 90]) {
      acknowledged.push(...(await appendAndKill(where, killAfter)));
      const { journal, outcome } = await realJournal(where);
      assert.ok(outcome.kind === "opened", JSON.stringify(outcome));
      const kept = new Set(outcome.open.map((order) => order.intent.outTradeNo));
      assert.deepEqual(
        acknowledged.filter((outTradeNo) => !kept.has(outTradeNo)),
        [],
      );
      await new Promise<void>((resolve) => {
        journal.close(resolve);
      });
    }
    assert.ok(acknowledged.length >= 131);
  });

  async function appendAndKill(
    where: string,
    killAfter: number,
    how: "appending" | "rotating" = "appending",
  ): Promise<readonly string[]> {
    const script = join(import.meta.dirname, "../journal/append-until-killed.ts");
    const child = spawn(process.execPath, [script, where, how], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      text += chunk;
      if (text.split("\n").length > killAfter) child.kill("SIGKILL");
    });
    const signal = await new Promise((resolve) => {
      child.on("close", (_, by) => resolve(by));
    });
    assert.equal(signal, "SIGKILL");
    return text.split("\n").slice(0, -1);
  }

  /** Runs a program of one file that brings the journal's `thread` along as a text, and returns what it printed. */
  async function runBundle(where: string, thread: string, program: string): Promise<string> {
    const source = (path: string): string => JSON.stringify(join(import.meta.dirname, "../../src", path));
    const outfile = join(where, "box.mjs");
    const contents = `
      import { SqliteStore } from ${source("links/sqlite/sqlite-store.ts")};
      const directory = ${JSON.stringify(join(where, "journal"))};
      ${program}`;
    const stdin = { contents, resolveDir: where };
    await build({ ...bundling, stdin, outfile, define: { JOURNAL_THREAD: JSON.stringify(thread) } });
    return execFileSync(process.execPath, [outfile], { encoding: "utf8", timeout: PATIENCE_MS });
  }

  it("never writes its log back for a cursor, whose commit would not tell that the disk failed at it", () => {
    const where = directory();
    const writer = new SqliteWriter(where);
    const outcome = writer.open();
    assert.ok(outcome.kind === "opened");
    const sizeOf = (name: string): number => statSync(join(where, name)).size;
    const shows = Array.from({ length: 300 }, (_, index) => shown(index, "x".repeat(65_536)));
    const rows = [...rowsOf(outcome.journal, shows)];
    const append = (): void => assert.equal(writer.append(rows.splice(0, 1)), null);
    // The log is written back from 4,000 pages of 4,096 bytes on.
    while (sizeOf("journal.db-wal") < 3_980 * 4_120) append();
    const before = sizeOf("journal.db");
    for (let seq = 1; seq <= 100; seq += 1) writer.moveCursor("mqtt", seq);
    assert.equal(sizeOf("journal.db"), before);
    assert.ok(sizeOf("journal.db-wal") > 4_050 * 4_120);
    append();
    assert.ok(sizeOf("journal.db") > before, "an append does");
    writer.close();
  });

  it("makes the reserve of a full disk again that somebody has deleted, before it takes a charge", () => {
    const where = directory();
    const writer = new SqliteWriter(where);
    const outcome = writer.open();
    assert.ok(outcome.kind === "opened");
    const reserve = join(where, "journal.reserve");
    for (const row of rowsOf(outcome.journal, [charging(1), charging(2)])) {
      rmSync(reserve, { force: true });
      assert.equal(writer.append([row]), null);
      assert.ok(existsSync(reserve));
    }
    writer.close();
  });

  it("does not wait for a reader when it tidies up: a payment would wait with it", () => {
    const where = directory();
    const writer = new SqliteWriter(where);
    const outcome = writer.open();
    assert.ok(outcome.kind === "opened");
    const shows = Array.from({ length: 32 }, (_, index) => shown(index, "x".repeat(65_536)));
    assert.equal(writer.append(rowsOf(outcome.journal, shows)), null);
    const reader = new DatabaseSync(join(where, "journal.db"), { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM rows");
    const log = (): number => statSync(join(where, "journal.db-wal")).size;
    const before = log();
    // A wait for a reader takes 2 s each time, where a busy machine takes its time now and then.
    const tookMs = Array.from({ length: 5 }, () => {
      const began = performance.now();
      writer.idle();
      return performance.now() - began;
    });
    assert.ok(Math.min(...tookMs) < 1_900, `${tookMs.join(", ")} ms`);
    assert.equal(log(), before, "the reader still reads there");
    reader.close();
    writer.idle();
    assert.equal(log(), 0);
    writer.close();
  });

  it("works from one file that brings its thread along", async () => {
    const where = directory();
    const printed = await runBundle(
      where,
      await journalThread(),
      `const store = new SqliteStore({ directory, onDeath: (cause) => console.log(cause) });
       store.open((outcome) => { console.log(outcome.kind); store.close(() => console.log("closed")); });`,
    );
    assert.equal(printed, "learned\nclosed\n");
    assert.ok(existsSync(join(where, "journal", "journal.db")));
  });

  it("opens in a thread that was started before anybody knew where the journal lies", async () => {
    const thread = rowsThread();
    const where = directory();
    const store = new SqliteStore<StoreOpened>({ directory: where, onDeath: assert.fail, thread });
    const ended = once(thread, "exit");
    assert.equal((await opening(store)).kind, "opened");
    assert.ok(existsSync(join(where, "journal.db")));
    await closing(store);
    await ended;
  });

  it("tells when its thread has died, and leaves unanswered what was asked of it", async () => {
    const printed = await runBundle(
      directory(),
      `setTimeout(() => { throw new Error("out of luck"); }, 20);`,
      `const store = new SqliteStore({ directory, onDeath: (cause) => console.log("died:", cause) });
       store.open((outcome) => console.log(outcome.kind));`,
    );
    assert.equal(printed, "died: out of luck\n");
  });

  it("takes the records of open orders on a full disk, and no charge", () => {
    const where = directory();
    const script = join(import.meta.dirname, "../journal/fill-the-disk.ts");
    // A disk of 12 megabytes that exists for one process.
    const small = 'mount -t tmpfs -o size=12m none "$1" && exec "$0" "$2" "$1"';
    const { stdout, stderr, status } = spawnSync(
      "unshare",
      ["--user", "--map-root-user", "--mount", "sh", "-c", small, process.execPath, where, script],
      { encoding: "utf8", timeout: PATIENCE_MS },
    );
    assert.equal(status, 0, stderr);
    const said = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(said, {
      charged: true,
      reserved: true,
      refused: "database or disk is full",
      reversing: null,
      ended: 80,
      spent: true,
      stillRefused: "the disk is full: the last of its room is kept for open orders",
      chargedAgain: null,
      reservedAgain: true,
      reopened: "opened",
      reversingAgain: null,
      refusedAgain: "the disk is full: the last of its room is kept for open orders",
    });
  });

  it("leaves rows that a full disk cannot drop where they are, and the reserve too, and goes on", () => {
    const where = directory();
    const script = join(import.meta.dirname, "../journal/rotate-on-a-full-disk.ts");
    const small = 'mount -t tmpfs -o size=24m none "$1" && exec "$0" "$2" "$1"';
    const { stdout, stderr, status } = spawnSync(
      "unshare",
      ["--user", "--map-root-user", "--mount", "sh", "-c", small, process.execPath, where, script],
      { encoding: "utf8", timeout: PATIENCE_MS },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      rotated: { kind: "no-room" },
      reserved: true,
      kept: 4_000,
      charged: null,
      later: { kind: "rotated" },
      left: 2,
    });
  });

  it("keeps every acknowledged entry where the disk refuses to grow, and breaks", async () => {
    const where = directory();
    const script = join(import.meta.dirname, "../journal/append-until-killed.ts");
    // No file of the process may grow beyond 256 kilobytes: SQLite meets an I/O error in the middle of a
    // write.
    const limited = 'ulimit -f 512; exec "$0" "$1" "$2"';
    const { stdout, stderr, status } = spawnSync("sh", ["-c", limited, process.execPath, script, where], {
      encoding: "utf8",
      timeout: PATIENCE_MS,
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /the journal broke/);
    const acknowledged = stdout.split("\n").slice(0, -1);
    assert.ok(acknowledged.length > 10);
    const { journal, outcome } = await realJournal(where);
    assert.ok(outcome.kind === "opened", JSON.stringify(outcome));
    const kept = new Set(outcome.open.map((order) => order.intent.outTradeNo));
    assert.deepEqual(
      acknowledged.filter((outTradeNo) => !kept.has(outTradeNo)),
      [],
    );
    await new Promise<void>((resolve) => {
      journal.close(resolve);
    });
  });
});
