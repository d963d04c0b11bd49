/**
 * A journal that is damaged while the box is off, and the people who put it aside: what `scanbox journal quarantine` saves of the
 * rows goes on in a new journal (money rule 16).
 */
import { MQTT_CURSOR } from "../../journal/journal.ts";
import { Salvage } from "../../journal/salvage.ts";
import type { StoredRow } from "../../runtime/ports.ts";
import type { Random } from "../outside/random.ts";
import { openIn, type SimulatedDisk } from "../outside/store.ts";

/** In how many worlds it happens, once. */
const DAMAGED_SHARE = 0.04;

/** In how many worlds a page goes bad where no start reads, once. */
const ROTTEN_SHARE = 0.04;

/** How many rows are lost at the end at most. */
const LOST_ROWS_MAX = 3;

/** A bit of a row flips, the last rows are lost, or the file vanishes beside its log. */
const kinds = ["flipped", "lost", "gone"] as const;

/** What the new journal took over, for those who compare. */
export interface QuarantineOutcome {
  /** Numbers of the events that cannot be read any more. */
  readonly lostSeqs: ReadonlySet<number>;
  /** Orders that go on and may be over. */
  readonly doubtful: ReadonlySet<string>;
}

/** What becomes of the journal of one world. */
export class Damage {
  /** Whether this world damages its journal. */
  readonly planned: boolean;
  /** Whether an old row of this world goes bad. */
  readonly rots: boolean;
  readonly random: Random;
  /** What the log beside the journal, or the file itself, still has. */
  #readable: readonly StoredRow[] = [];
  #listed: readonly string[] = [];
  #lostSeqs: ReadonlySet<number> = new Set();

  constructor(random: Random, rot: Random) {
    this.random = random;
    this.planned = random.chance(DAMAGED_SHARE);
    this.rots = !this.planned && rot.chance(ROTTEN_SHARE);
  }

  /** A page goes bad of which a running box has nothing to read; false where there is none yet. An intent is for people to find. */
  rot(disk: SimulatedDisk): boolean {
    const rows = disk.kept.filter(({ kind }) => kind !== "charging" && kind !== "quarantine");
    const struck = rows[this.random.between(0, Math.max(0, rows.length - 1))];
    if (struck === undefined) return false;
    disk.rotten = struck.n;
    return true;
  }

  /** What can be read beside the row that went bad. */
  #readRotten(disk: SimulatedDisk): void {
    const { kept, rotten } = disk;
    if (rotten === null) return;
    const lost = kept.filter(({ n }) => n === rotten);
    this.#listed = [...openIn(kept)];
    this.#readable = kept.filter(({ n }) => n !== rotten);
    this.#lostSeqs = new Set(lost.flatMap(({ seq }) => (seq === null ? [] : [seq])));
  }

  /** Damages the journal of a box that is off; says how, or null where there is nothing yet that could be. */
  strike(disk: SimulatedDisk): (typeof kinds)[number] | null {
    const rows = disk.kept;
    const kind = this.random.pick(kinds);
    this.#listed = [...openIn(rows)];
    const money = rows.filter((row) => row.kind === "money");
    const last = money.at(-1);
    if (last === undefined) return null;
    if (kind === "gone") {
      disk.gone = true;
      this.#readable = rows;
      return kind;
    }
    disk.torn = true;
    // An intent that nobody can read is for people to find: what is lost here are ends, reversals and what was shown.
    const intent = rows.findLastIndex((row) => row.kind === "charging");
    const after = Math.max(intent + 1, rows.length - this.random.between(1, LOST_ROWS_MAX));
    const struck = this.random.chance(0.6) ? last : (money[this.random.between(0, money.length - 1)] ?? last);
    const lost = kind === "lost" ? rows.slice(after) : [struck];
    const flipped = { ...struck, body: struck.body.replace('"state":"', '"state":"x') };
    this.#readable =
      kind === "lost" ? rows.slice(0, after) : rows.map((row) => (row === struck ? flipped : row));
    this.#lostSeqs = new Set(lost.flatMap(({ seq }) => (seq === null ? [] : [seq])));
    return kind;
  }

  /** Somebody runs the quarantine. */
  quarantine(disk: SimulatedDisk, wall: number): QuarantineOutcome {
    this.#readRotten(disk);
    const confirmed = disk.cursors[MQTT_CURSOR] ?? 0;
    const salvage = new Salvage(disk.journal, confirmed, true);
    for (const row of this.#readable) salvage.take(row);
    const newestSeq = this.random.chance(0.5) ? null : (disk.kept.findLast(isEvent)?.seq ?? 0);
    const listed = this.random.chance(0.7) ? this.#listed : null;
    const { codes, refs, newest, unsent, carried } = salvage.result({ listed, unreadable: [], newestSeq });
    const journal = Buffer.from(this.random.bytes(8)).toString("hex");
    const from = newest === null ? null : { journal: disk.journal, ...newest };
    const at = new Date(wall).toISOString();
    const first = { kind: "quarantine", at, folder: "damaged", from, codes, refs } as const;
    disk.replace(journal, salvage.rowsFor(journal, first, this.#readable), { [MQTT_CURSOR]: -unsent });
    const doubtful = new Set(carried.filter((order) => order.doubtful).map(({ outTradeNo }) => outTradeNo));
    return { lostSeqs: this.#lostSeqs, doubtful };
  }
}

function isEvent({ seq }: StoredRow): boolean {
  return seq !== null && seq > 0;
}
