/**
 * Runs inside the guest, on the disk whose power is cut: opens the journal as the box does, tells what is in it, and then
 * pays, reverses, notes and rotates until it is killed. It tells each entry before it asks for it and each acknowledgement
 * when it comes, through a file of the host, which no cut can take back.
 */
import { existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Verification } from "../../src/cli/journal/verification.ts";
import { Journal, type JournalOpened, type StartLearned } from "../../src/journal/journal.ts";
import { openReader } from "../../src/links/sqlite/sqlite-reader.ts";
import { SqliteStore } from "../../src/links/sqlite/sqlite-store.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { RealClock, silent } from "../journal/real.ts";
import { type Ask, entryOf, ORDERS_OF_A_BOOT } from "./ask.ts";
import {
  CODES_KEPT,
  FOLLOWER,
  JOURNAL_FOLDER,
  OPENED_FILE,
  type Opened,
  PLAN_FILE,
  type Plan,
  readPlan,
  TOLD_FILE,
  type Told,
} from "./told.ts";

/** So many orders are under way at a time: one in front and four that still get their end. */
const LANES = 5;

/** A segment begins after about so many orders. */
const ORDERS_OF_A_SEGMENT = 12;

const folder = process.env.HIL_DIR ?? "";
// O_APPEND and O_SYNC: told is told.
const toldFile = openSync(join(folder, TOLD_FILE), "as");

function tell(told: Told): void {
  writeSync(toldFile, `${JSON.stringify(told)}\n`);
}

const journal = new Journal({
  store: new SqliteStore<StartLearned>({
    directory: JOURNAL_FOLDER,
    onDeath: (cause) => {
      throw new Error(`the journal's thread has died: ${cause}`);
    },
  }),
  clock: new RealClock(),
  log: silent,
  followers: [FOLLOWER],
  rotation: { retentionMs: 0, codesKept: CODES_KEPT },
});

/** Everything that is in the journal, by the eyes of the program itself. */
function openedOf(outcome: JournalOpened): Opened {
  if (outcome.kind === "refused") return { kind: "refused", why: `${outcome.why}: ${outcome.detail}` };
  const opened = openReader(JOURNAL_FOLDER);
  if (!opened.ok) return { kind: "refused", why: opened.reason };
  using reader = opened.value;
  const { damage } = new Verification(reader, () => {}).verdict();
  const { head, open, codeHashes, cursors } = outcome;
  return {
    kind: "opened",
    journal: outcome.journal,
    n: head.n,
    seq: head.seq,
    open: Object.fromEntries(open.map(({ last }) => [last.outTradeNo, JSON.stringify(last)])),
    codeHashes: [...codeHashes],
    cursor: cursors[FOLLOWER] ?? 0,
    damage: damage === null ? null : `row ${damage.row}: ${damage.what}`,
    rows: [...reader.rowsAfter(0, Number.MAX_SAFE_INTEGER)],
  };
}

/** Payments without end. */
class Work {
  readonly #plan: Plan;
  readonly #random: Random;
  #orders = 0;
  #acked = 0;
  #rotations = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
  }

  /** Ends what an earlier boot left open, as the box does, and goes on with orders of its own. */
  async run(open: Readonly<Record<string, string>>): Promise<void> {
    this.#note({ index: this.#plan.boot, step: "boot" });
    const left = Object.entries(open).map(([number, tx]) => this.#recover(Number(number.slice(-7)), tx));
    const lanes = Array.from({ length: this.#random.between(1, LANES) }, () => this.#lane());
    await Promise.all([...left, ...lanes]);
  }

  async #lane(): Promise<void> {
    const { boot, pauseAfter } = this.#plan;
    for (;;) {
      if (pauseAfter !== null && this.#orders >= pauseAfter) {
        tell({ pausing: true });
        await sleep(60_000);
      }
      this.#orders += 1;
      await this.#order(boot * ORDERS_OF_A_BOOT + this.#orders);
      if (this.#orders % ORDERS_OF_A_SEGMENT === 0) this.#rotate();
    }
  }

  async #order(index: number): Promise<void> {
    await this.#append({ index, step: "charging" });
    const steps = this.#random.pick([
      ["paid"],
      ["paid"],
      ["bought", "dispensed"],
      ["declined"],
      ["reversing", "reversed"],
      ["reversing", "refunded"],
    ] as const);
    for (const step of steps) await this.#append({ index, step });
    this.#note({ index, step: "shown" });
    if (steps[0] === "declined") this.#note({ index, step: "checked" });
  }

  async #recover(index: number, tx: string): Promise<void> {
    const { state } = JSON.parse(tx);
    if (state === "charging") await this.#append({ index, step: "reversing" });
    await this.#append({ index, step: state === "paid" ? "unclear" : "reversed" });
  }

  async #append(ask: Ask): Promise<void> {
    tell({ asks: ask });
    await new Promise<void>((resolve, reject) => {
      journal.append(entryOf(ask), (ok) => {
        if (!ok) {
          reject(new Error("the journal is broken"));
          return;
        }
        this.#acked += 1;
        tell({ acked: this.#acked, n: journal.status()?.n ?? 0 });
        resolve();
      });
    });
    if (!this.#random.chance(0.2)) return;
    const cursor = journal.head();
    tell({ cursor });
    journal.moveCursor(FOLLOWER, cursor);
  }

  #note(ask: Ask): void {
    tell({ asks: ask });
    journal.note(entryOf(ask));
  }

  #rotate(): void {
    this.#rotations += 1;
    tell({ rotating: this.#rotations });
    journal.rotate((outcome) => {
      if (outcome.kind === "refused") throw new Error(outcome.why);
      if (outcome.kind === "rotated") tell({ rotated: outcome.row, dropped: outcome.dropped });
    });
  }
}

const outcome = await new Promise<JournalOpened>((resolve) => {
  journal.open(resolve);
});
const opened = openedOf(outcome);
writeFileSync(join(folder, `${OPENED_FILE}.new`), JSON.stringify(opened), { flush: true });
renameSync(join(folder, `${OPENED_FILE}.new`), join(folder, OPENED_FILE));
while (!existsSync(join(folder, PLAN_FILE))) await sleep(10);
const plan = readPlan(readFileSync(join(folder, PLAN_FILE), "utf8"));
if (plan.writeBack) {
  for (const name of ["dirty_writeback_centisecs", "dirty_expire_centisecs"])
    writeFileSync(`/proc/sys/vm/${name}`, "1");
}
if (!plan.end && opened.kind === "opened") await new Work(plan).run(opened.open);
await new Promise<void>((resolve) => {
  journal.close(resolve);
});
