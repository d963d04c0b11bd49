import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CLAIM_LAST_MS } from "../../src/drivers/claim.ts";
import { Contact, type ContactSettings, LOOK_EVERY_MS, UNSTEADY_MS } from "../../src/drivers/contact.ts";
import type { GpioLine, GpioLink } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedPins, type SimulatedPinsOptions } from "../../src/simulator/site/pins.ts";
import { keptLog, LateClock } from "./late-clock.ts";

const PIN = 24;
const DEBOUNCE_MS = 30;
/** Claiming and telling take the simulated pins so long at most, each. */
const LATENCY_MS = 25;

interface BenchOptions extends SimulatedPinsOptions {
  readonly seed?: number;
  readonly lateMs?: number;
  readonly settings?: Partial<ContactSettings>;
}

function bench({ seed = 1, lateMs = 0, settings = {}, ...options }: BenchOptions = {}) {
  const time = new SimulatedTime();
  const random = new Random(seed);
  const pins = new SimulatedPins(time, random.fork(), options);
  const { log, lines: logged } = keptLog();
  const heard: string[] = [];
  const moments: number[] = [];
  const contact = new Contact({
    link: pins,
    clock: new LateClock(time, random.fork(), lateMs),
    log,
    name: "inhibit",
    settings: { pin: PIN, activeLow: true, debounceMs: DEBOUNCE_MS, ...settings },
    listener: {
      changed: (active) => {
        heard.push(active ? "active" : "inactive");
        moments.push(time.now);
      },
      status: (state, cause) => heard.push(cause === null ? state : `${state}: ${cause}`),
    },
  });
  return { time, random, pins, contact, heard, moments, logged };
}

/** A contact that bounces for `forMs` and then stands. */
function bounce(
  pins: SimulatedPins,
  time: SimulatedTime,
  random: Random,
  to: "down" | "free",
  forMs: number,
) {
  const until = time.now + forMs;
  while (time.now < until) {
    pins.drive(PIN, random.chance(0.5) ? "down" : "free");
    time.runUntil(time.now + random.between(1, 5));
  }
  pins.drive(PIN, to);
}

describe("a contact", () => {
  it("asks for an input with a pull-up and the debounce of the kernel", () => {
    const asked: GpioLine[] = [];
    const link: GpioLink = { claim: (lines) => void asked.push(...lines) };
    new Contact({
      link,
      clock: new LateClock(new SimulatedTime(), new Random(1), 0),
      log: keptLog().log,
      name: "door",
      settings: { pin: PIN, activeLow: true, debounceMs: DEBOUNCE_MS },
      listener: { changed: () => {}, status: () => {} },
    }).start();
    assert.deepEqual(asked, [{ use: "input", pin: PIN, pullUp: true, debounceMs: DEBOUNCE_MS }]);
  });

  it("tells the first level once, whichever it is, and then each change", () => {
    for (const closed of [false, true]) {
      const { time, pins, contact, heard } = bench();
      if (closed) pins.drive(PIN, "down");
      contact.start();
      assert.deepEqual(heard, []);
      time.runUntil(10_000);
      const first = closed ? "active" : "inactive";
      assert.deepEqual(heard, [first, "ready"]);
      pins.drive(PIN, closed ? "free" : "down");
      time.runUntil(20_000);
      pins.drive(PIN, closed ? "down" : "free");
      time.runUntil(30_000);
      assert.deepEqual(heard, [first, "ready", closed ? "inactive" : "active", first]);
    }
  });

  it("is active when high where that is set", () => {
    const { time, pins, contact, heard } = bench({ settings: { activeLow: false } });
    pins.drive(PIN, "down");
    contact.start();
    time.runUntil(1_000);
    pins.drive(PIN, "up");
    time.runUntil(2_000);
    assert.deepEqual(heard, ["inactive", "ready", "active"]);
  });

  it("tells one change for a contact that bounces, once it has stood still for the time", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const { time, random, pins, contact, heard, moments } = bench({ seed });
      contact.start();
      time.runUntil(1_000);
      bounce(pins, time, random, "down", 40);
      const stoodAt = pins.changes.findLast(({ pin }) => pin === PIN)?.at ?? 0;
      time.runUntil(5_000);
      assert.deepEqual(heard, ["inactive", "ready", "active"], `seed ${seed}`);
      const told = moments[1] ?? 0;
      assert.ok(told >= stoodAt + DEBOUNCE_MS, `seed ${seed}: ${told} is too soon after ${stoodAt}`);
      assert.ok(told <= stoodAt + DEBOUNCE_MS + LATENCY_MS, `seed ${seed}: ${told} is too late`);
    }
  });

  it("says nothing of what is over before it has stood still", () => {
    const { time, pins, contact, heard } = bench();
    contact.start();
    time.runUntil(1_000);
    for (let n = 0; n < 50; n += 1) {
      pins.drive(PIN, "down");
      time.runUntil(time.now + DEBOUNCE_MS - 5);
      pins.drive(PIN, "free");
      time.runUntil(time.now + 200);
    }
    assert.deepEqual(heard, ["inactive", "ready"]);
  });

  it("tells in turn, and ends with what stands, on a clock that is late", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { time, random, pins, contact, heard } = bench({ seed, lateMs: 300 });
      contact.start();
      time.runUntil(1_000);
      for (let n = 0; n < 20; n += 1) {
        bounce(pins, time, random, random.pick(["down", "free"]), random.between(0, 400));
      }
      const stands = pins.level(PIN) === 0 ? "active" : "inactive";
      time.runUntil(60_000);
      const levels = heard.filter((what) => what !== "ready");
      assert.equal(levels.at(-1), stands, `seed ${seed}`);
      assert.ok(
        levels.every((level, index) => level !== levels[index - 1]),
        `seed ${seed}: the same level twice`,
      );
    }
  });

  it("sees that a level has not stood still though no edge told of it", () => {
    const { time, pins, contact, heard } = bench({ edgesLost: 1 });
    contact.start();
    time.runUntil(LATENCY_MS);
    // Claimed and looked at; now it moves, and nobody says so.
    pins.drive(PIN, "down");
    time.runUntil(1_000);
    assert.deepEqual(heard, ["active", "ready"]);
  });

  it("sees within a second what no edge told of, with two looks a second", () => {
    const { time, pins, contact, heard, moments } = bench({ edgesLost: 1 });
    contact.start();
    time.runUntil(60_000);
    assert.deepEqual(heard, ["inactive", "ready"]);
    pins.drive(PIN, "down");
    time.runUntil(70_000);
    assert.deepEqual(heard.slice(2), ["active"]);
    assert.ok((moments[1] ?? 0) <= 60_000 + LOOK_EVERY_MS + 2 * DEBOUNCE_MS, String(moments[1]));
    let steps = 0;
    while (time.now < 80_000 && time.step()) steps += 1;
    assert.ok(steps <= 22, `${steps} in ten seconds`);
  });

  it("logs once that a level does not stand still, and again when it had stood still in between", () => {
    const { time, pins, contact, logged } = bench();
    contact.start();
    time.runUntil(1_000);
    const swing = (forMs: number): void => {
      for (const until = time.now + forMs; time.now < until; time.runUntil(time.now + 20)) {
        pins.drive(PIN, pins.level(PIN) === 0 ? "free" : "down");
      }
    };
    const unsteady = (): number => logged.filter((line) => line.startsWith("warn contact.unsteady")).length;
    for (const times of [1, 2]) {
      swing(UNSTEADY_MS - 500);
      assert.equal(unsteady(), times - 1);
      swing(20_000);
      assert.equal(unsteady(), times);
      time.runUntil(time.now + 5_000);
    }
  });

  it("is not ready with what it was before it was lost", () => {
    const { time, pins, contact, heard } = bench();
    contact.start();
    time.runUntil(1_000);
    pins.fail(PIN, "No such device");
    pins.drive(PIN, "down");
    time.runUntil(20_000);
    assert.deepEqual(heard.slice(2), ["absent: No such device", "active", "ready"]);
  });

  it("is absent once after a loss, comes back by itself, and tells only what is different then", () => {
    const { time, pins, contact, heard, logged } = bench();
    contact.start();
    time.runUntil(1_000);
    pins.fail(PIN, "No such device");
    time.runUntil(10_000);
    assert.deepEqual(heard, ["inactive", "ready", "absent: No such device", "ready"]);
    pins.fail(PIN, "No such device");
    time.runUntil(10_021);
    pins.drive(PIN, "down");
    time.runUntil(20_000);
    assert.deepEqual(heard.slice(4), ["absent: No such device", "active", "ready"]);
    assert.equal(logged.filter((line) => line.startsWith("warn pins.absent")).length, 2);
  });

  it("does not tell a level of lines that were lost before it stood still", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, pins, contact, heard } = bench({ seed });
      contact.start();
      time.runUntil(1_000);
      pins.drive(PIN, "down");
      time.runUntil(1_005);
      pins.fail(PIN, "No such device");
      pins.drive(PIN, "free");
      time.runUntil(20_000);
      assert.deepEqual(heard, ["inactive", "ready", "absent: No such device", "ready"], `seed ${seed}`);
    }
  });

  it("is told once that the pin is in use, and tries on until it is free", () => {
    const { time, pins, contact, heard } = bench();
    pins.claim([{ use: "output", pin: PIN, level: 0 }], { edge: () => {}, lost: () => {} }, (claimed) => {
      if (claimed.kind === "claimed") time.after(20_000, () => claimed.lines.release(() => {}));
    });
    time.runUntil(100);
    contact.start();
    time.runUntil(19_000);
    assert.equal(heard.length, 1);
    assert.match(heard[0] ?? "", /^absent: pin 24 is in use/);
    time.runUntil(20_100 + CLAIM_LAST_MS + 100);
    assert.deepEqual(heard.slice(1), ["inactive", "ready"]);
  });

  it("is silent after stop, calls back, and tells the first level again after the next start", () => {
    for (const doing of ["nothing", "claiming", "settling", "ready", "failed"] as const) {
      const { time, pins, contact, heard } = bench();
      if (doing !== "nothing") contact.start();
      if (doing === "settling") time.runUntil(LATENCY_MS);
      if (doing === "ready" || doing === "failed") time.runUntil(1_000);
      if (doing === "failed") {
        pins.fail(PIN, "No such device");
        time.runUntil(1_100);
      }
      const before = heard.length;
      let stopped = false;
      contact.stop(() => {
        stopped = true;
      });
      assert.equal(stopped, false);
      pins.drive(PIN, "down");
      time.runUntil(60_000);
      assert.deepEqual([stopped, heard.length], [true, before], doing);
      pins.drive(PIN, "free");
      contact.start();
      time.runUntil(61_000);
      assert.deepEqual(heard.slice(before), ["inactive", "ready"], doing);
    }
  });
});
