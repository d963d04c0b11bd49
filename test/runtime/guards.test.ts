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
  BrokerListener,
  DisplayListener,
  GpioClaimed,
  GpioLines,
  GpioLink,
  GpioListener,
  Log,
  SerialListener,
} from "../../src/runtime/ports.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";

const time = new SimulatedTime();
const clock = new SimulatedClock(time, 0);
const will = { topic: "t", payload: "", qos: 1, retain: true } as const;
const wish = { clientId: "b", will, connectTimeoutMs: 1, keepAliveS: 1 };
const session = { version: 5, receiveMaximum: 1, retains: true, packetBytesMax: null } as const;
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

test("a broker is told and heard through its guard until the end, and no longer", () => {
  const heard: string[] = [];
  let inner: BrokerListener | undefined;
  let confirm: (code: number) => void = () => assert.fail("nothing was published");
  const link: BrokerLink = {
    connect: (settings, listener) => {
      heard.push(`connect ${settings.clientId}`);
      inner = listener;
      return {
        publish: ({ topic }, done) => {
          heard.push(`publish ${topic}`);
          confirm = done;
        },
        subscribe: (topic) => heard.push(`subscribe ${topic}`),
        close: (done) => {
          heard.push("close");
          done();
        },
      };
    },
  };
  const connection = guardedBroker(found(link), clock).connect(wish, {
    connected: ({ version }) => heard.push(`connected ${version}`),
    message: (topic, payload) => heard.push(`message ${topic} ${payload.length}`),
    closed: (cause) => heard.push(`closed ${cause}`),
  });
  const says = (): void => {
    inner?.connected(session);
    inner?.message("ack", new Uint8Array(3));
    confirm(0);
  };
  connection.subscribe("ack");
  connection.publish(will, (code) => heard.push(`confirmed ${code}`));
  says();
  assert.deepEqual(heard.splice(0), [
    ...["connect b", "subscribe ack", "publish t", "connected 5", "message ack 3", "confirmed 0"],
  ]);
  connection.close(() => heard.push("free"));
  says();
  inner?.closed("late");
  connection.subscribe("ack");
  connection.publish(will, () => assert.fail("it is closed"));
  time.runUntil(time.now + 1_000);
  assert.deepEqual(heard, ["close", "free"]);
});

test("a display is told and heard through its guard, and its end is told once", () => {
  const heard: string[] = [];
  let inner: DisplayListener | undefined;
  let written: () => void = () => assert.fail("nothing was written");
  const connection = guardedDisplay(
    found({
      open: (listener) => {
        inner = listener;
        return {
          write: (runs, done) => {
            heard.push(`write ${runs.length}`);
            written = done;
          },
          close: () => assert.fail("it has ended by itself"),
        };
      },
    }),
    clock,
  ).open({ ready: () => heard.push("ready"), closed: (cause) => heard.push(`closed ${cause}`) });
  inner?.ready();
  connection.write([], () => heard.push("written"));
  written();
  inner?.closed("pulled");
  inner?.closed("again");
  inner?.ready();
  written();
  connection.write([], () => assert.fail("it is over"));
  let free = false;
  connection.close(() => {
    free = true;
  });
  assert.ok(!free, "a close never calls back before it has returned");
  time.runUntil(time.now + 1_000);
  assert.ok(free);
  assert.deepEqual(heard, ["ready", "write 0", "written", "closed pulled"]);
});

test("a scanner is told and heard through its guard until the end, and watched for by its link", () => {
  const heard: string[] = [];
  let inner: SerialListener | undefined;
  let ended = 0;
  const link = guardedSerial(
    found({
      open: ({ path }, listener) => {
        heard.push(`open ${path}`);
        inner = listener;
        return {
          write: (bytes) => heard.push(`write ${bytes.length}`),
          close: (done) => {
            heard.push("close");
            done();
          },
        };
      },
      watch: (path, changed) => {
        heard.push(`watch ${path}`);
        changed();
        return {
          end: () => {
            ended += 1;
          },
        };
      },
    }),
    clock,
  );
  const connection = link.open(serial, {
    opened: () => heard.push("opened"),
    began: () => heard.push("began"),
    line: (text) => heard.push(`line ${text}`),
    discarded: (why) => heard.push(`discarded ${why}`),
    closed: (cause) => heard.push(`closed ${cause}`),
  });
  const says = (): void => {
    inner?.opened();
    inner?.began?.();
    inner?.line("134");
    inner?.discarded("over-long");
  };
  says();
  connection.write(new Uint8Array(2));
  assert.deepEqual(heard.splice(0), [
    ...["open /dev/x", "opened", "began", "line 134", "discarded over-long", "write 2"],
  ]);
  link.watch("/dev/y", () => heard.push("changed")).end();
  assert.deepEqual([heard.splice(0), ended], [["watch /dev/y", "changed"], 1]);
  connection.close(() => heard.push("free"));
  says();
  inner?.closed("late");
  connection.write(new Uint8Array(2));
  time.runUntil(time.now + 1_000);
  assert.deepEqual(heard, ["close", "free"]);
});

test("pins are told and heard through their guard; refused, they are told of once, lost, once", () => {
  const heard: string[] = [];
  let inner: GpioListener | undefined;
  let answer: (outcome: GpioClaimed) => void = () => assert.fail("nothing was claimed");
  const link: GpioLink = {
    claim: (wanted, listener, done) => {
      heard.push(`claim ${wanted.length}`);
      inner = listener;
      answer = done;
    },
  };
  const claimed: GpioClaimed[] = [];
  const claim = (): void =>
    guardedGpio(found(link), clock).claim(
      [],
      { edge: () => heard.push("edge"), lost: (cause) => heard.push(`lost ${cause}`) },
      (outcome) => claimed.push(outcome),
    );
  claim();
  answer({ kind: "refused", why: "busy" });
  inner?.lost("again");
  assert.deepEqual([claimed.splice(0), heard.splice(0)], [[{ kind: "refused", why: "busy" }], ["claim 0"]]);

  claim();
  answer({
    kind: "claimed",
    lines: {
      read: () => 0,
      write: (wanted) => heard.push(`write ${wanted.length}`),
      watch: (watching) => heard.push(`watch ${watching}`),
      release: (done) => {
        heard.push("release");
        done();
      },
    },
  });
  const [outcome] = claimed;
  assert.ok(outcome?.kind === "claimed");
  outcome.lines.watch(true);
  outcome.lines.write([{ pin: 4, level: 1 }]);
  inner?.edge();
  assert.deepEqual(heard.splice(0), ["claim 0", "watch true", "write 1", "edge"]);
  outcome.lines.release(() => heard.push("free"));
  inner?.edge();
  inner?.lost("late");
  outcome.lines.watch(true);
  time.runUntil(time.now + 1_000);
  assert.deepEqual([heard, claimed.length], [["release", "free"], 1]);
});

test("what fails in the hands of its driver is let go of, and its end is told after the call", () => {
  const heard: string[] = [];
  const connection = guardedDisplay(
    found({
      open: () => ({ write: () => thrown("the bus is gone"), close: () => void heard.push("let go") }),
    }),
    clock,
  ).open({ ready: () => undefined, closed: (cause) => heard.push(cause) });
  connection.write([], () => assert.fail("nothing was written"));
  assert.deepEqual(heard, ["let go"]);
  connection.write([], () => assert.fail("it is gone"));
  time.runUntil(time.now + 1_000);
  assert.deepEqual(heard, ["let go", "the bus is gone"]);
});

test("a link that is found only after the end is not opened any more", () => {
  let tell: (() => void) | undefined;
  let opened = 0;
  const load: Loader<BrokerLink> = (done) => {
    const connect = (): BrokerConnection => {
      opened += 1;
      return broken;
    };
    tell = () => done({ ok: true, link: { connect } });
  };
  const silent = { connected: () => undefined, message: () => undefined, closed: () => assert.fail() };
  let free = false;
  guardedBroker(load, clock)
    .connect(wish, silent)
    .close(() => {
      free = true;
    });
  tell?.();
  time.runUntil(time.now + 1_000);
  assert.deepEqual([free, opened], [true, 0]);
});

test("what a log is told goes through its guard as it is", () => {
  const said: unknown[] = [];
  const level = (name: string) => (event: string, fields?: object) => void said.push([name, event, fields]);
  const log = guardedLog({
    ...{ debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") },
  });
  for (const name of ["debug", "info", "warn", "error"] as const) log[name]("an event", { count: 1 });
  assert.deepEqual(
    said,
    ["debug", "info", "warn", "error"].map((name) => [name, "an event", { count: 1 }]),
  );
});

test("pins that are lost while they are held are told of once", () => {
  const lost: string[] = [];
  let inner: GpioListener | undefined;
  const lines: GpioLines = {
    read: () => 1,
    write: () => undefined,
    watch: () => undefined,
    release: () => assert.fail(),
  };
  const link: GpioLink = {
    claim: (_, listener, done) => {
      inner = listener;
      done({ kind: "claimed", lines });
    },
  };
  guardedGpio(found(link), clock).claim(
    [],
    { edge: () => assert.fail(), lost: (cause) => lost.push(cause) },
    ({ kind }) => assert.equal(kind, "claimed"),
  );
  inner?.lost("no such chip");
  inner?.lost("again");
  inner?.edge();
  assert.deepEqual(lost, ["no such chip"]);
});

test("our own contradictions go on out of a close and a watch, too", () => {
  const contradicts = (): never => {
    throw new Defect("a contradiction");
  };
  const silent = () => undefined;
  const open = () => ({ write: silent, close: contradicts });
  const link = guardedSerial(found({ open, watch: contradicts }), clock);
  const connection = link.open(serial, { opened: silent, line: silent, discarded: silent, closed: silent });
  assert.throws(() => link.watch("/dev/x", silent), Defect);
  assert.throws(() => connection.close(silent), Defect);
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
