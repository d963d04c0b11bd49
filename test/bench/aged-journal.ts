import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Intent, TxData } from "../../src/core/payment/order.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { genesis, type Head, type ReadRow, readRow, writeRow } from "../../src/journal/row.ts";
import { storedRowOf } from "../../src/links/sqlite/sqlite-rows.ts";
import { JOURNAL_FILE, ROW_COLUMNS } from "../../src/links/sqlite/sqlite-schema.ts";
import { SqliteWriter } from "../../src/links/sqlite/sqlite-writer.ts";
import { intentOf, txOf } from "../journal/entries.ts";

const PAYMENTS_A_DAY = 5_000;
const BETWEEN_MS = 86_400_000 / PAYMENTS_A_DAY;
const SEGMENT_PAYMENTS = 5_000;

/** A journal that years of payments have been written into, without the years: the same rows, in large transactions. */
export class AgedJournal {
  readonly directory: string;
  readonly #box: string;
  /** When the first payment was, so that the newest of `most` is of now. */
  readonly #beganAt: number;
  #payments = 0;

  constructor(directory: string, { box, most }: { readonly box: string; readonly most: number }) {
    this.directory = directory;
    this.#box = box;
    this.#beganAt = Date.now() - most * BETWEEN_MS;
  }

  /** The number of the payment `index`. */
  numberOf(index: number): string {
    return `bench000_${String(index).padStart(12, "0")}_${shortOf(index)}`;
  }

  /** Adds paid payments until there are so many; no box may run on it. */
  growTo(payments: number): void {
    const writer = new SqliteWriter(this.directory);
    const opened = writer.open();
    writer.close();
    if (opened.kind !== "opened") throw new Error(opened.detail);
    const database = new DatabaseSync(join(this.directory, JOURNAL_FILE));
    // Triggers ask at each row, and an index is made faster of all rows at once; both come back as they were.
    const guards = database
      .prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL",
      )
      .all();
    database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN");
    for (const { type, name } of guards) database.exec(`DROP ${String(type)} ${String(name)}`);
    this.#fill(database, opened.journal, payments);
    for (const { sql } of guards) database.exec(String(sql));
    database.prepare("INSERT OR REPLACE INTO cursors SELECT 'mqtt', max(seq) FROM rows").run();
    database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    this.#payments = payments;
  }

  /** A bill of WeChat Pay with all payments of one day, in the middle of the journal; gives the day, in Beijing. */
  writeBill(path: string, merchant: { readonly appId: string; readonly merchantId: string }): string {
    const day = beijing(this.#timeOf(this.#payments / 2)).slice(0, 10);
    const rows: string[] = [];
    for (let index = 0; index < this.#payments; index += 1) {
      const time = beijing(this.#timeOf(index));
      if (time.slice(0, 10) !== day) continue;
      const cells = [
        ...[
          time,
          merchant.appId,
          merchant.merchantId,
          "0",
          this.#box,
          transactionOf(index),
          this.numberOf(index),
        ],
        ...[
          "o",
          "MICROPAY",
          "SUCCESS",
          "OTHERS",
          "CNY",
          "12.80",
          "0.00",
          "0",
          "0",
          "0.00",
          "0.00",
          "",
          "",
          "x",
          "",
        ],
        ...["0.01000", "0.60%", "12.80", "0.00", ""],
      ];
      rows.push(cells.map((cell) => `\`${cell}`).join(","));
    }
    const sum = (rows.length * 12.8).toFixed(2);
    const sums = `\`${rows.length},\`${sum},\`0.00,\`0.00,\`0.00000,\`${sum},\`0.00`;
    writeFileSync(path, [BILL_HEAD, ...rows, BILL_SUMS, sums, ""].join("\n"));
    return day;
  }

  #timeOf(index: number): number {
    return this.#beganAt + index * BETWEEN_MS;
  }

  #fill(database: DatabaseSync, journal: string, payments: number): void {
    const insert = database.prepare(`INSERT INTO rows (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    let head = headOf(database, journal);
    const begins = { n: 1, before: genesis(journal).hash };
    const write = (entry: JournalEntry, at: string): void => {
      const { row, head: next } = writeRow(entry, head, { journal, at, boot: "aged" });
      insert.run(row.n, row.seq, row.kind, row.subject, row.final ? 1 : 0, row.body, row.hash);
      head = next;
    };
    for (let index = this.#payments; index < payments; index += 1) {
      const at = new Date(this.#timeOf(index)).toISOString();
      if (index === 0) write({ kind: "boot", boot: "aged", version: "0.0.0", at }, at);
      else if (index % SEGMENT_PAYMENTS === 0)
        write(
          {
            kind: "segment",
            at,
            clockTrusted: true,
            first: begins,
            events: { seq: head.seq, hash: head.eventHash },
          },
          at,
        );
      for (const entry of this.#entriesOf(index, at)) write(entry, at);
    }
  }

  #entriesOf(index: number, at: string): readonly JournalEntry[] {
    const own = { outTradeNo: this.numberOf(index), shortRef: shortOf(index), amountFen };
    const tx = { ...own, box: this.#box, intentAt: at };
    const paid: TxData = {
      ...txOf(index, "paid"),
      ...tx,
      transactionId: transactionOf(index),
      finalAt: at,
    };
    const intentAt = wallTimeOf(this.#timeOf(index));
    const intent: Intent = { ...intentOf(index), ...own, codeHash: hash("sha256", `${index}`), intentAt };
    return [
      { kind: "charging", tx: { ...txOf(index, "charging"), ...tx }, intent },
      { kind: "money", tx: paid },
      { kind: "shown", outTradeNo: own.outTradeNo, text: "PAID\n12.80", at },
    ];
  }
}

/** 12.80. */
const { amountFen } = intentOf(30);

const BILL_HEAD =
  "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额," +
  "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const BILL_SUMS =
  "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/** The short form on the screen: it comes again after ten thousand payments. */
function shortOf(index: number): string {
  return String(index % 10_000).padStart(4, "0");
}

function transactionOf(index: number): string {
  return `4200001234${String(index).padStart(18, "0")}`;
}

/** The time on a bill: `2026-03-15 17:30:12`. */
function beijing(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
}

/** Where the rows end now. */
function headOf(database: DatabaseSync, journal: string): Head {
  const newest = (where: string): ReadRow | null => {
    const record = database.prepare(`SELECT ${ROW_COLUMNS} FROM rows ${where} ORDER BY n DESC LIMIT 1`).get();
    if (record === undefined) return null;
    const read = readRow(storedRowOf(record), journal);
    if (!read.ok) throw new Error(`row ${String(record.n)}: ${read.reason}`);
    return read.value;
  };
  const last = newest("");
  if (last === null) return genesis(journal);
  const event = newest("WHERE seq IS NOT NULL")?.event ?? null;
  return { n: last.n, hash: last.hash, seq: event?.seq ?? 0, eventHash: event?.hash ?? null };
}
