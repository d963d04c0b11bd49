import assert from "node:assert/strict";
import { test } from "node:test";
import { type Channel, Connection, type Greeting, type Publisher } from "../../src/reporting/connection.ts";
import { Outbox } from "../../src/reporting/outbox.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock } from "../../src/simulator/outside/time.ts";
import { BOX, JOURNAL, STATUS, TX, World } from "./world.ts";

const CMD = `scanbox/v1/${BOX}/cmd`;
const RES = `scanbox/v1/${BOX}/res`;

const greeting: Greeting = {
  will: () => ({ topic: STATUS, payload: "gone", qos: 1, retain: true }),
  greet: (channel, _number, done) =>
    channel.publish({ topic: STATUS, payload: "there", qos: 1, retain: true }, done),
  farewell: (channel, done) =>
    channel.publish({ topic: STATUS, payload: "stopped", qos: 1, retain: true }, done),
};

/** Says on one topic what it hears on another, in order, when there is room. */
class Echo implements Publisher {
  #channel: Channel | null = null;
  readonly #waiting: string[] = [];

  get attached(): boolean {
    return this.#channel !== null;
  }

  hears(payload: Uint8Array): void {
    this.#waiting.push(new TextDecoder().decode(payload));
    this.freed();
  }

  attach(channel: Channel): void {
    this.#channel = channel;
    this.freed();
  }

  detach(): void {
    this.#channel = null;
  }

  freed(): void {
    const channel = this.#channel;
    if (channel === null || channel.owed >= channel.receiveMaximum) return;
    const payload = this.#waiting.shift();
    if (payload !== undefined)
      channel.publish({ topic: RES, payload, qos: 1, retain: false }, () => undefined);
  }
}

test("somebody beside status and events hears a topic and answers on one; all keep to one Receive Maximum", () => {
  const world = new World();
  const { time, broker, journal } = world;
  broker.temper.receiveMaximum = 2;
  broker.temper.latencyMs = 50;
  journal.append(20);
  const note = (): void => undefined;
  const ports = {
    clock: new SimulatedClock(time, 0),
    entropy: new Random(1),
    log: { debug: note, info: note, warn: note, error: note },
    source: journal,
    broker,
  };
  const settings = { journal: JOURNAL, topic: TX, confirm: "puback", cursor: "mqtt", confirmed: 0 } as const;
  const outbox = new Outbox(ports, settings);
  const echo = new Echo();
  const connection = new Connection(ports, {
    clientId: BOX,
    greeting,
    publishers: [echo, outbox],
    subscriptions: new Map([[CMD, (payload) => echo.hears(payload)]]),
  });
  connection.start();
  for (let number = 1; number <= 10; number += 1)
    time.after(200 + number * 20, () => broker.publish(CMD, String(number), false));
  time.runUntil(10_000);
  const said = (topic: string): readonly string[] =>
    broker.receipts.filter((receipt) => receipt.topic === topic).map(({ payload }) => payload);
  assert.deepEqual(said(RES), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  assert.deepEqual(
    said(TX).map((payload) => JSON.parse(payload).seq),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.equal(
    connection.status().sessions,
    1,
    "a client that sends more than the broker takes is thrown out",
  );
  const [lastAnswer = 0, lastEvent = 0] = [RES, TX].map((topic) =>
    broker.receipts.findLastIndex((receipt) => receipt.topic === topic),
  );
  assert.ok(lastAnswer < lastEvent, "who comes first does not wait for a backlog of events");
  let stopped = false;
  connection.stop(() => {
    stopped = true;
  });
  time.runUntil(15_000);
  assert.ok(stopped);
  assert.ok(!echo.attached, "who published is told that there is no connection any more");
  assert.deepEqual(said(STATUS), ["there", "stopped"]);
});
