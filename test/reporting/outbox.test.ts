/** An outbox whose channel and journal answer when the test says so: what happens while something is under way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Channel } from "../../src/reporting/connection.ts";
import { Outbox } from "../../src/reporting/outbox.ts";
import type { EventRow, EventSource } from "../../src/reporting/source.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { eventRow, txData } from "./records.ts";
import { JOURNAL, range, TX } from "./world.ts";

/** What is asked of the journal and given to the channel, unanswered. */
class Bench {
  readonly reads: { readonly afterSeq: number; readonly done: (rows: readonly EventRow[] | null) => void }[] =
    [];
  readonly sent: number[] = [];
  readonly cursors: number[] = [];
  readonly complaints: string[] = [];
  readonly time = new SimulatedTime();
  readonly outbox: Outbox;

  constructor(head: number) {
    const complain = (event: string): void => void this.complaints.push(event);
    const source: EventSource = {
      head: () => head,
      follow: (afterSeq, _limit, done) => void this.reads.push({ afterSeq, done }),
      moveCursor: (_name, seq) => void this.cursors.push(seq),
      onAppended: () => undefined,
    };
    const log = { debug: complain, info: complain, warn: complain, error: complain };
    this.outbox = new Outbox(
      { clock: new SimulatedClock(this.time, 0), entropy: new Random(1), log, source },
      { journal: JOURNAL, topic: TX, confirm: "ack", cursor: "mqtt", confirmed: 0 },
    );
  }

  /** A new connection, on which nothing is ever answered. */
  connect(): void {
    const channel: Channel = {
      ...{ receiveMaximum: 20, retains: true, owed: 0 },
      publish: ({ payload }) => void this.sent.push(JSON.parse(payload).seq),
      drop: () => undefined,
    };
    this.outbox.attach(channel);
  }

  /** Answers the oldest read of the journal with these events. */
  answersRead(...seqs: readonly number[]): void {
    this.reads.shift()?.done(seqs.map((seq) => eventRow(seq, txData())));
  }

  hostHas(upto: number): void {
    this.outbox.acknowledged(new TextEncoder().encode(JSON.stringify({ journal: JOURNAL, upto })));
  }
}

test("what the host confirms while a connection reads the journal anew is not sent again", () => {
  const bench = new Bench(5);
  bench.connect();
  bench.answersRead(...range(1, 3));
  bench.outbox.detach();
  bench.connect();
  // What was asked for before the connection broke is not believed.
  bench.answersRead(4, 5);
  assert.deepEqual(
    bench.reads.map(({ afterSeq }) => afterSeq),
    [0],
  );
  bench.hostHas(2);
  bench.answersRead(...range(1, 5));
  assert.deepEqual(bench.sent, [1, 2, 3, 3, 4, 5]);
  assert.deepEqual(bench.complaints, []);
});

test("an outbox that is closed writes its cursor, and hears nothing any more", () => {
  const bench = new Bench(5);
  bench.connect();
  bench.answersRead(...range(1, 3));
  bench.hostHas(1);
  bench.outbox.close();
  bench.hostHas(3);
  bench.time.runUntil(60_000);
  assert.deepEqual([bench.cursors, bench.outbox.confirmed], [[1], 1]);
});
