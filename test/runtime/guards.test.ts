import assert from "node:assert/strict";
import { test } from "node:test";
import { Defect } from "../../src/core/kernel/defect.ts";
import {
  found,
  guardedBroker,
  guardedDisplay,
  guardedGpio,
  guardedLog,
  guardedSerial,
  type Loader,
  promised,
} from "../../src/runtime/guards.ts";
import type {
  BrokerConnection,
  BrokerLink,
  GpioClaimed,
  GpioLines,
  GpioLink,
  Log,
} from "../../src/runtime/ports.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";

const time = new SimulatedTime();
const clock = new SimulatedClock(time, 0);
const will = { topic: "t", payload: "", qos: 1, retain: true } as const;
const wish = { clientId: "b", will, connectTimeoutMs: 1, keepAliveS: 1 };
const serial = { path: "/dev/x", baudRate: 9_600, profile: "plain" } as const;

function thrown(text = "the library threw"): never {
  throw new Error(text);
}

const broken: BrokerConnection = {
  publish: () => thrown("at publish"),
  subscribe: () => thrown("at subscribe"),
  close: () => thrown("at close"),
};

test("a link that cannot be found, or throws when it is opened, has ended: told once, after the call", () => {
  const loaders: readonly (readonly [string, Loader<never>])[] = [
    ["no such file", (done) => done({ ok: false, problem: "no such file" })],
    ["the library threw", found(new Proxy({}, { get: () => () => thrown() }) as never)],
  ];
  for (const [cause, load] of loaders) {
    const heard: string[] = [];
    const closed = (why: string): void => void heard.push(why);
    const none = (): void => assert.fail("nothing was opened");
    guardedBroker(load, clock).connect(wish, { connected: none, message: none, closed });
    guardedDisplay(load, clock).open({ ready: none, closed });
    guardedSerial(load, clock).open(serial, { opened: none, line: none, discarded: none, closed });
    guardedGpio(load, clock).claim([], { edge: none, lost: none }, (outcome) => {
      heard.push(outcome.kind === "refused" ? outcome.why : "claimed");
    });
    assert.deepEqual(heard, [], "not before the calls have returned");
    time.runUntil(time.now + 1_000);
    assert.deepEqual(
      heard,
      Array.from({ length: 4 }, () => cause),
    );
  }
});

test("what throws later ends the connection, once, and lets go of it", () => {
  const heard: string[] = [];
  const link: BrokerLink = { connect: () => broken };
  const events = { connected: () => undefined, message: () => undefined };
  const connection = guardedBroker(found(link), clock).connect(wish, {
    ...events,
    closed: (cause) => heard.push(cause),
  });
  connection.subscribe("a");
  connection.publish(will, () => assert.fail("nothing was published"));
  time.runUntil(time.now + 1_000);
  assert.deepEqual(heard, ["at subscribe"]);
  let ended = 0;
  connection.close(() => {
    ended += 1;
  });
  const other = guardedBroker(found(link), clock).connect(wish, { ...events, closed: () => assert.fail() });
  other.close(() => {
    ended += 1;
  });
  time.runUntil(time.now + 1_000);
  assert.equal(ended, 2, "a close that throws has closed");
});

test("lines that throw are lost: reads give the last levels, writes do nothing", () => {
  let level: 0 | 1 = 0;
  let bad = false;
  const lines: GpioLines = {
    read: () => (bad ? thrown("no such line") : level),
    write: () => (bad ? thrown("no such line") : undefined),
    watch: () => undefined,
    release: (done) => done(),
  };
  const link: GpioLink = { claim: (_, __, done) => time.after(0, () => done({ kind: "claimed", lines })) };
  const lost: string[] = [];
  const claimed: GpioClaimed[] = [];
  guardedGpio(found(link), clock).claim(
    [],
    { edge: () => undefined, lost: (cause) => lost.push(cause) },
    (outcome) => claimed.push(outcome),
  );
  time.runUntil(time.now + 1_000);
  const [outcome] = claimed;
  assert.ok(outcome?.kind === "claimed");
  assert.equal(outcome.lines.read(4), 0);
  level = 1;
  bad = true;
  assert.equal(outcome.lines.read(4), 0);
  assert.equal(outcome.lines.read(5), 1, "as a line that nobody drives");
  outcome.lines.write([{ pin: 4, level: 1 }]);
  time.runUntil(time.now + 1_000);
  assert.deepEqual([lost, claimed.length], [["no such line"], 1]);
});

test("a scanner can be watched for before its library is there, and where watching throws", () => {
  const link = guardedSerial((done) => done({ ok: false, problem: "none" }), clock);
  link.watch("/dev/x", () => assert.fail()).end();
  const open = () => ({ write: () => undefined, close: (done: () => void) => done() });
  const other = guardedSerial(found({ open, watch: () => thrown() }), clock);
  const silent = () => undefined;
  other.open(serial, { opened: silent, line: silent, discarded: silent, closed: silent });
  other.watch("/dev/x", () => assert.fail()).end();
});

test("a promise that rejects is a link that is not there, and one that is kept is there", async () => {
  const load = promised<string>(async () => thrown());
  assert.deepEqual(await new Promise((resolve) => load(resolve)), {
    ok: false,
    problem: "the library threw",
  });
  const good = promised(async () => ({ ok: true, link: "here" }));
  assert.deepEqual(await new Promise((resolve) => good(resolve)), { ok: true, link: "here" });
});

test("our own contradictions are no failure of a part", () => {
  const link: BrokerLink = {
    connect: () => {
      throw new Defect("a contradiction");
    },
  };
  const events = { connected: () => undefined, message: () => undefined, closed: () => undefined };
  assert.throws(() => guardedBroker(found(link), clock).connect(wish, events), Defect);
  const bad: Log = { debug: thrown, info: thrown, warn: thrown, error: thrown };
  const log = guardedLog(bad);
  for (const level of ["debug", "info", "warn", "error"] as const) log[level]("an event");
});
