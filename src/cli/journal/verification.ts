import { ChainVerifier, damageWords } from "../../journal/chain.ts";
import type { Beginning } from "../../journal/own-entry.ts";
import { genesis, type ReadRow } from "../../journal/row.ts";
import type { SqliteReader } from "../../links/sqlite/sqlite-reader.ts";
import type { StoredRow } from "../../runtime/ports.ts";

/** Rows that are read at a time. */
const CHUNK_ROWS = 200;

/** A long verification says how far it is after each of so many rows. */
const PROGRESS_ROWS = 50_000;

/** What a reading of the whole journal found. */
export interface Verdict {
  /** The first row that the journal still has; older ones were dropped by rotations. */
  readonly first: number;
  readonly rows: number;
  readonly events: number;
  readonly segments: number;
  readonly open: number;
  readonly head: string | null;
  /** The first row that is wrong, null where the file as a whole is; no damage at all is null. */
  readonly damage: { readonly row: number | null; readonly what: string } | null;
}

/** One reading of the whole journal. Throws where SQLite finds the file damaged in its middle. */
export class Verification {
  readonly #reader: SqliteReader;
  readonly #tell: (line: string) => void;
  readonly #open = new Set<string>();
  readonly #first: StoredRow | null;
  readonly #walk: ChainVerifier;
  #rows = 0;
  #events = 0;
  #segments = 1;
  /** Where the journal begins, as its rows say it. */
  #begins: Beginning | null = null;
  /** The same as its newest segment says it. */
  #claimed: Beginning;

  constructor(reader: SqliteReader, tell: (line: string) => void) {
    this.#reader = reader;
    this.#tell = tell;
    const start = genesis(reader.journal);
    this.#first = reader.rowsAfter(0, 1)[0] ?? null;
    this.#walk = new ChainVerifier(reader.journal, (this.#first?.n ?? 1) === 1 ? start : null);
    this.#claimed = { n: 1, before: start.hash };
  }

  /** Reads everything, once. */
  verdict(): Verdict {
    const pages = this.#reader.pageDamage();
    if (pages !== null) return this.#result({ row: null, what: pages });
    const first = this.#first;
    if (first !== null && first.n > 1 && first.kind !== "segment")
      return this.#result({ row: first.n, what: damageWords.gap });
    const total = this.#reader.lastRow;
    let last = (first?.n ?? 1) - 1;
    while (last + CHUNK_ROWS < total) {
      const damaged = this.#check(this.#reader.rowsAfter(last, CHUNK_ROWS), total);
      if (damaged !== null) return damaged;
      last = this.#walk.row?.n ?? last;
    }
    // The rest and the list of open orders are read at one moment: the daemon may be appending.
    return this.#reader.atOneMoment(
      () => this.#check(this.#reader.rowsAfter(last, Number.MAX_SAFE_INTEGER), total) ?? this.#atTheEnd(),
    );
  }

  #check(rows: readonly StoredRow[], total: number): Verdict | null {
    for (const row of rows) {
      const step = this.#walk.step(row);
      if (!step.ok) return this.#result({ row: row.n, what: damageWords[step.reason] });
      this.#take(step.value);
      if (total > PROGRESS_ROWS && row.n % PROGRESS_ROWS === 0) this.#tell(`${row.n} of ${total} rows`);
    }
    return null;
  }

  #take({ n, before, entry, event }: ReadRow): void {
    this.#rows += 1;
    this.#begins ??= { n, before };
    if (event !== null) this.#events += 1;
    if (event?.tx.final === true) this.#open.delete(event.tx.outTradeNo);
    else if (event !== null) this.#open.add(event.tx.outTradeNo);
    if (entry.kind !== "segment") return;
    this.#claimed = entry.first;
    // Where rows were dropped the first one begins a segment.
    if (this.#rows > 1) this.#segments += 1;
  }

  #atTheEnd(): Verdict {
    const begins = this.#begins;
    if (begins !== null && (begins.n !== this.#claimed.n || begins.before !== this.#claimed.before))
      return this.#result({
        row: begins.n,
        what: "the journal does not begin where its newest segment says",
      });
    const listed = this.#reader.openNumbers();
    const agrees = listed.length === this.#open.size && listed.every((number) => this.#open.has(number));
    if (!agrees)
      return this.#result({ row: null, what: "the list of open orders does not agree with the rows" });
    const { condemned } = this.#reader;
    return this.#result(
      condemned === null ? null : { row: null, what: `a box found damage here: ${condemned}` },
    );
  }

  #result(damage: Verdict["damage"]): Verdict {
    return {
      first: this.#first?.n ?? 1,
      rows: this.#rows,
      events: this.#events,
      segments: this.#segments,
      open: this.#open.size,
      head: this.#walk.row?.hash ?? null,
      damage,
    };
  }
}
