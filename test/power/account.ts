/**
 * What the disk of one guest must hold after a cut and what it may hold, from what the guests on it have told: everything
 * that was acknowledged, and nothing that was never asked for.
 */
import type { TxData } from "../../src/core/payment/order.ts";
import { isMoneyEntry } from "../../src/journal/entry.ts";
import { type Ask, bootName, entryOf, isMoney } from "./ask.ts";
import { CODES_KEPT, type Opened, type Told } from "./told.ts";

/** A money entry that was asked for, and the boot that did. */
interface Asked {
  readonly ask: Ask;
  readonly boot: string;
}

/** What a look at the disk found. */
export interface Finding {
  /** So many acknowledged records are missing. */
  readonly lost: number;
  /** What is wrong, in sentences; none where all is well. */
  readonly faults: readonly string[];
}

/** The account of one disk, over all its cuts. */
export class Account {
  /** The event `seq` is at `seq - 1`: those before the last look are on the disk, those after it may be. */
  #asked: Asked[] = [];
  readonly #notes = new Set<string>();
  #journal: string | null = null;
  /** What stood when the last boot began. */
  #before = 0;
  #acked = 0;
  /** The newest row when something was acknowledged last. */
  #row = 0;
  #rotations = 0;
  /** The row with which the journal began at the last look, and the acknowledged deletions since. */
  #first = 1;
  /** The row of the rotation that was acknowledged last. */
  #rotated = 0;
  #cursor = 0;

  /** How many money records were acknowledged, over all boots. */
  get acknowledged(): number {
    return this.#acked;
  }

  /** Takes what boot `number` told until its power was cut. */
  hear(number: number, told: readonly Told[]): void {
    for (const line of told) {
      if ("asks" in line) this.#ask(line.asks, bootName(number));
      else if ("acked" in line) {
        this.#acked = this.#before + line.acked;
        this.#row = line.n;
      } else if ("cursor" in line) this.#cursor = Math.max(this.#cursor, line.cursor);
      else if ("rotating" in line) this.#rotations += 1;
      else if ("rotated" in line) {
        // Everybody who waits for a rotation is told of the same one.
        if (line.rotated > this.#rotated) this.#first += line.dropped;
        this.#rotated = line.rotated;
        this.#row = Math.max(this.#row, line.rotated);
      }
    }
  }

  /** Compares the disk with the account. Where all is well, what is on the disk is what must be there from now on. */
  look(opened: Opened): Finding {
    if (opened.kind === "refused")
      return { lost: this.#acked, faults: [`The journal does not open: ${opened.why}.`] };
    const { journal, seq } = opened;
    if (this.#journal !== null && journal !== this.#journal)
      return { lost: this.#acked, faults: [`It is another journal: ${journal}, not ${this.#journal}.`] };
    const lost = Math.max(0, this.#acked - seq);
    const faults = [...this.#faultsOfEnds(opened), ...this.#faultsOfRows(opened)];
    // What a journal that has lost or invented something says further is no news.
    if (faults.length === 0) faults.push(...this.#faultsOfBeginning(opened), ...this.#faultsOfOrders(opened));
    if (faults.length === 0) this.#settle(opened);
    return { lost, faults };
  }

  #ask(ask: Ask, boot: string): void {
    if (isMoney(ask)) this.#asked.push({ ask, boot });
    else this.#notes.add(JSON.stringify(entryOf(ask)));
  }

  #settle({ journal, n, seq, rows }: Extract<Opened, { kind: "opened" }>): void {
    // A journal that nothing was acknowledged of may be made again.
    this.#journal = seq > 0 ? journal : null;
    this.#asked = this.#asked.slice(0, seq);
    this.#before = seq;
    this.#acked = seq;
    this.#row = n;
    this.#first = rows[0]?.n ?? 1;
    this.#rotations = 0;
  }

  *#faultsOfEnds({ n, seq, cursor, damage }: Extract<Opened, { kind: "opened" }>): Iterable<string> {
    if (damage !== null) yield `journal verify finds: ${damage}.`;
    if (seq < this.#acked)
      yield `Acknowledged records are missing: ${this.#acked} were acknowledged, ${seq} are there.`;
    else if (n < this.#row)
      yield `Acknowledged rows are missing: there was row ${this.#row}, the last is ${n}.`;
    if (seq > this.#asked.length)
      yield `There are ${seq} records, and ${this.#asked.length} were ever asked for.`;
    if (cursor > Math.min(this.#cursor, seq))
      yield `The cursor is at ${cursor}; it was moved to ${this.#cursor}, and there are ${seq} records.`;
  }

  *#faultsOfRows({ rows }: Extract<Opened, { kind: "opened" }>): Iterable<string> {
    let segments = 0;
    for (const { n, seq, kind, body } of rows) {
      const { before: _, ...note } = JSON.parse(body);
      if (kind === "segment") {
        if (n > this.#row) segments += 1;
      } else if (seq === null) {
        if (!this.#notes.has(JSON.stringify(note))) yield `Nobody asked for row ${n}: ${body}`;
      } else {
        const { at: _at, boot, prev: _prev, ...entry } = note;
        const asked = this.#asked[seq - 1];
        const said = JSON.stringify(entry);
        const wanted = asked === undefined ? "nothing" : JSON.stringify(entryOf(asked.ask));
        if (said !== wanted) yield `Record ${seq} is ${said}, and what was asked for is ${wanted}.`;
        if (boot !== asked?.boot) yield `Record ${seq} is said to be of boot ${boot}, not ${asked?.boot}.`;
      }
    }
    if (segments > this.#rotations)
      yield `${segments} segments have begun since, and ${this.#rotations} rotations were asked for.`;
  }

  /** Rows go only from the beginning, of orders that have ended, behind the cursor, and the newest charges stay. */
  *#faultsOfBeginning({ rows, seq }: Extract<Opened, { kind: "opened" }>): Iterable<string> {
    const first = rows[0]?.n ?? 1;
    if (first < this.#first) yield `Rows from ${first} are back, which were dropped up to ${this.#first}.`;
    if (first > this.#first && this.#rotations === 0) yield `Rows before ${first} went without a rotation.`;
    const firstSeq = rows.find((row) => row.seq !== null)?.seq ?? seq + 1;
    if (firstSeq - 1 > this.#cursor)
      yield `Records up to ${firstSeq - 1} are gone; ${this.#cursor} are confirmed.`;
    const charges = this.#asked.slice(0, seq).filter(({ ask }) => ask.step === "charging").length;
    const kept = rows.filter(({ kind }) => kind === "charging").length;
    if (kept < Math.min(charges, CODES_KEPT)) yield `${kept} of ${charges} charges are left.`;
  }

  *#faultsOfOrders({ open, codeHashes, rows, seq }: Extract<Opened, { kind: "opened" }>): Iterable<string> {
    const firstSeq = rows.find((row) => row.seq !== null)?.seq ?? seq + 1;
    const orders = new Map<string, TxData>();
    const firsts = new Map<string, number>();
    for (const [place, { ask }] of this.#asked.slice(0, seq).entries()) {
      const entry = entryOf(ask);
      if (!isMoneyEntry(entry)) continue;
      const { outTradeNo } = entry.tx;
      orders.set(outTradeNo, entry.tx);
      if (!firsts.has(outTradeNo)) firsts.set(outTradeNo, place + 1);
      if (
        entry.kind === "charging" &&
        place + 1 >= firstSeq &&
        !codeHashes.includes(entry.intent.codeHash ?? "")
      )
        yield `The code of ${outTradeNo} is forgotten.`;
    }
    for (const [outTradeNo, tx] of orders) {
      const found = open[outTradeNo] ?? null;
      const wanted = tx.final ? null : JSON.stringify(tx);
      if (found !== wanted) yield `Order ${outTradeNo} is open as ${found}, and should be as ${wanted}.`;
      if (!tx.final && (firsts.get(outTradeNo) ?? 0) < firstSeq)
        yield `Order ${outTradeNo} is open and its charge was dropped.`;
    }
    for (const outTradeNo of Object.keys(open)) {
      if (!orders.has(outTradeNo)) yield `Nobody asked for the open order ${outTradeNo}.`;
    }
  }
}
