import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PULSES_MAX } from "../../src/core/payment/rules.ts";
import { CLAIM_LAST_MS } from "../../src/drivers/claim.ts";
import { Relay, type RelayOutcome, type RelaySettings } from "../../src/drivers/relay.ts";
import type { GpioLine, GpioLines, GpioLink, GpioListener } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedPins, type SimulatedPinsOptions } from "../../src/simulator/site/pins.ts";
import { keptLog, LateClock } from "./late-clock.ts";

/** Pulled down at reset, as a pin for a relay that is on when high should be. */
const RELAY = 17;
const DROP = 22;
const drop = { pin: DROP, activeLow: true, withinMs: 3_000 };

interface BenchOptions extends SimulatedPinsOptions {
  readonly seed?: number;
  readonly lateMs?: number;
  readonly settings?: Partial<RelaySettings>;
}

interface Pulse {
  readonly from: number;
  readonly to: number;
}

function bench({ seed = 1, lateMs = 0, settings = {}, ...options }: BenchOptions = {}) {
  const time = new SimulatedTime();
  const random = new Random(seed);
  const pins = new SimulatedPins(time, random.fork(), options);
  return { time, random, pins, ...relayOn(time, pins, settings, new LateClock(time, random.fork(), lateMs)) };
}

function relayOn(
  time: SimulatedTime,
  link: GpioLink,
  settings: Partial<RelaySettings> = {},
  clock = new LateClock(time, new Random(1), 0),
) {
  const { log, lines: logged } = keptLog();
  const statuses: string[] = [];
  const relay = new Relay({
    link,
    clock,
    log,
    settings: { pin: RELAY, activeLow: false, drop: null, ...settings },
    listener: {
      status: (ready, cause) => statuses.push(cause === null ? String(ready) : `${ready}: ${cause}`),
    },
  });
  const outcomes: RelayOutcome[] = [];
  const pulse = (count: number): void => {
    const before = outcomes.length;
    relay.pulse(count, (outcome) => outcomes.push(outcome));
    assert.equal(outcomes.length, before, "an outcome never comes before the call has returned");
  };
  return { relay, statuses, outcomes, logged, pulse };
}

/** Every pulse that left the box, as the pin saw it. */
function pulsesOf(pins: SimulatedPins, activeLow = false): readonly Pulse[] {
  const on = activeLow ? 0 : 1;
  const pulses: Pulse[] = [];
  let from: number | null = null;
  for (const { at, pin, level } of pins.changes) {
    if (pin !== RELAY) continue;
    if (level === on) from = at;
    else if (from !== null) {
      pulses.push({ from, to: at });
      from = null;
    }
  }
  if (from !== null) pulses.push({ from, to: Number.POSITIVE_INFINITY });
  return pulses;
}

function gapsOf(pulses: readonly Pulse[]): readonly number[] {
  return pulses.slice(1).map(({ from }, index) => from - (pulses[index]?.to ?? 0));
}

describe("the relay", () => {
  it("is off from the moment of its claim, before any input of it is", () => {
    for (const activeLow of [false, true]) {
      const asked: GpioLine[] = [];
      const link: GpioLink = { claim: (lines) => void asked.push(...lines) };
      relayOn(new SimulatedTime(), link, { activeLow, drop }).relay.start();
      assert.deepEqual(asked[0], { use: "output", pin: RELAY, level: activeLow ? 1 : 0 });
      assert.equal(asked[1]?.use, "input");
      assert.equal(asked.length, 2);
    }
  });

  it("makes no pulse by starting, waiting and stopping", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, pins, relay } = bench({ seed, settings: { drop } });
      relay.start();
      time.runUntil(60_000);
      assert.equal(relay.ready, true);
      relay.stop(() => {});
      time.runUntil(120_000);
      assert.deepEqual(pulsesOf(pins), []);
      assert.equal(pins.changes.filter(({ pin }) => pin === RELAY).length, 0);
    }
  });

  it("makes no pulse by starting and stopping where low is on, once a resistor holds the pin high", () => {
    const { time, pins, relay } = bench({ settings: { activeLow: true } });
    pins.pull(RELAY, "up");
    time.runUntil(1_000);
    const before = pins.changes.length;
    relay.start();
    time.runUntil(2_000);
    relay.stop(() => {});
    time.runUntil(3_000);
    assert.equal(pins.changes.length, before);
  });

  it("says once that it is ready, and calls back from start, after it has returned", () => {
    const { time, relay, statuses } = bench();
    let started = false;
    relay.start(() => {
      started = true;
    });
    assert.deepEqual([started, relay.ready], [false, false]);
    time.runUntil(1_000);
    assert.deepEqual([started, relay.ready], [true, true]);
    assert.deepEqual(statuses, ["true"]);
  });

  for (const count of [1, 2, 7, PULSES_MAX]) {
    it(`sends exactly ${count} pulse(s) of 50 ms, 100 ms apart, where nothing else is set`, () => {
      const { time, pins, relay, outcomes, pulse } = bench();
      relay.start();
      time.runUntil(1_000);
      pulse(count);
      time.runUntil(60_000);
      const pulses = pulsesOf(pins);
      assert.deepEqual(
        pulses.map(({ from, to }) => to - from),
        Array<number>(count).fill(50),
      );
      assert.deepEqual(gapsOf(pulses), Array<number>(count - 1).fill(100));
      assert.deepEqual(outcomes, [{ kind: "pulsed" }]);
      assert.equal(relay.ready, true);
    });
  }

  it("sends pulses of the lengths that are set, low where low is on", () => {
    const { time, pins, relay, outcomes, pulse } = bench({
      settings: { activeLow: true, widthMs: 20, gapMs: 500 },
    });
    pins.pull(RELAY, "up");
    relay.start();
    time.runUntil(1_000);
    pulse(3);
    time.runUntil(60_000);
    const pulses = pulsesOf(pins, true);
    assert.deepEqual(
      pulses.map(({ from, to }) => to - from),
      [20, 20, 20],
    );
    assert.deepEqual(gapsOf(pulses), [500, 500]);
    assert.deepEqual(outcomes, [{ kind: "pulsed" }]);
  });

  it("keeps the pause between the trains too", () => {
    const { time, pins, relay, outcomes } = bench();
    relay.start();
    time.runUntil(1_000);
    relay.pulse(2, () => relay.pulse(1, (outcome) => outcomes.push(outcome)));
    time.runUntil(60_000);
    assert.deepEqual(gapsOf(pulsesOf(pins)), [100, 100]);
    assert.deepEqual(outcomes, [{ kind: "pulsed" }]);
  });

  it("doubles, drops and joins no pulse on a clock that is up to 2 s late", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { time, random, pins, relay, outcomes, pulse } = bench({ seed, lateMs: 2_000 });
      const count = random.between(1, 12);
      relay.start();
      time.runUntil(30_000);
      pulse(count);
      time.runUntil(200_000);
      const pulses = pulsesOf(pins);
      assert.equal(pulses.length, count, `seed ${seed}`);
      assert.ok(
        pulses.every(({ from, to }) => to - from >= 50),
        `seed ${seed}: a pulse is too short to be counted`,
      );
      assert.ok(
        gapsOf(pulses).every((gap) => gap >= 100),
        `seed ${seed}: two pulses count as one`,
      );
      assert.deepEqual(outcomes, [{ kind: "pulsed" }]);
    }
  });

  it("never sends more pulses than it was asked for, whatever is lost, late or stopped", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 400; seed += 1) {
      const settings = seed % 2 === 0 ? { drop } : {};
      const { time, random, pins, relay, outcomes, pulse } = bench({ seed, lateMs: 200, settings });
      const count = random.between(1, 10);
      relay.start();
      time.runUntil(1_000);
      pulse(count);
      const cutAt = 1_000 + random.between(0, random.pick([2_000, 8_000]));
      time.runUntil(cutAt);
      const how = random.pick(["lost", "stopped", "fell"]);
      if (how === "lost") pins.fail(RELAY, "No such device");
      else if (how === "stopped") relay.stop(() => {});
      else pins.drive(DROP, "down");
      const kindBefore = outcomes[0]?.kind;
      time.runUntil(60_000);
      const pulses = pulsesOf(pins);
      const ended = JSON.stringify(outcomes);
      const story = `seed ${seed}: ${how} at ${cutAt}, ${pulses.length} of ${count}, ${ended}`;
      assert.equal(outcomes.length, 1, story);
      const outcome = outcomes[0];
      assert.ok(outcome, story);
      kinds.add(outcome.kind === "failed" ? `failed ${outcome.begun}` : outcome.kind);
      assert.ok(pulses.length <= count, story);
      assert.ok(
        pulses.every(({ to }) => to < 60_000),
        story,
      );
      if (how !== "fell") {
        assert.ok(
          pulses.every(({ from }) => from <= cutAt),
          `${story}: a pulse after the end`,
        );
        // A loss is told a little later, and what was all out by then is out.
        if (how === "stopped" && kindBefore === undefined) assert.equal(outcome.kind, "failed", story);
      }
      // Nobody may believe that nothing went out where something did.
      if (outcome.kind === "failed" && !outcome.begun) assert.equal(pulses.length, 0, story);
      if (outcome.kind !== "failed") assert.equal(pulses.length, count, story);
    }
    assert.deepEqual([...kinds].sort(), ["dropped", "failed false", "failed true", "not-dropped", "pulsed"]);
  });

  it("never resumes a train after a loss, is ready again by itself, and then takes a new one", () => {
    const { time, pins, relay, statuses, outcomes, logged, pulse } = bench();
    relay.start();
    time.runUntil(1_000);
    pulse(10);
    time.runUntil(1_470);
    pins.fail(RELAY, "No such device");
    time.runUntil(1_500);
    assert.deepEqual(outcomes, [{ kind: "failed", begun: true, cause: "No such device" }]);
    assert.equal(pulsesOf(pins).length, 4);
    time.runUntil(30_000);
    assert.deepEqual(statuses, ["true", "false: No such device", "true"]);
    assert.equal(pulsesOf(pins).length, 4, "the six that were owed stay away");
    pulse(1);
    time.runUntil(40_000);
    assert.equal(pulsesOf(pins).length, 5);
    assert.deepEqual(outcomes[1], { kind: "pulsed" });
    assert.equal(logged.filter((line) => line.startsWith("warn relay.failed")).length, 1);
  });

  it("fails without having begun where it never was claimed, or is lost before the first pulse", () => {
    const never = bench();
    never.pulse(3);
    never.time.runUntil(1_000);
    assert.deepEqual(
      never.outcomes.map((outcome) => outcome.kind === "failed" && outcome.begun),
      [false],
    );

    const lost = bench({ settings: { drop } });
    lost.relay.start();
    lost.time.runUntil(1_000);
    lost.pins.fail(DROP, "No such device");
    lost.pulse(3);
    lost.time.runUntil(1_000);
    lost.time.runUntil(60_000);
    const outcome = lost.outcomes[0];
    assert.equal(outcome?.kind, "failed");
    assert.deepEqual(pulsesOf(lost.pins), []);
  });

  it("is told once that the pin is in use, tries on, and is ready when it is free", () => {
    const { time, pins, relay, statuses, logged, outcomes, pulse } = bench();
    let other: GpioLines | null = null;
    pins.claim([{ use: "output", pin: RELAY, level: 0 }], { edge: () => {}, lost: () => {} }, (claimed) => {
      if (claimed.kind === "claimed") other = claimed.lines;
    });
    time.runUntil(100);
    let started = 0;
    relay.start(() => {
      started += 1;
    });
    time.runUntil(20_000);
    assert.deepEqual([statuses.length, relay.ready, started], [1, false, 1]);
    assert.match(statuses[0] ?? "", /^false: pin 17 is in use/);
    assert.equal(logged.filter((line) => line.startsWith("warn")).length, 1, "said once");
    pulse(1);
    time.runUntil(20_001);
    assert.equal(outcomes[0]?.kind, "failed");
    assert.ok(other !== null);
    (other as GpioLines).release(() => {});
    time.runUntil(20_001 + CLAIM_LAST_MS + 100);
    assert.deepEqual(statuses.slice(1), ["true"]);
    assert.deepEqual([relay.ready, started], [true, 1]);
  });

  it("ends a pulse at once when it is stopped, says so, and lets go of the pin", () => {
    const { time, pins, relay, statuses, outcomes, pulse } = bench({ settings: { widthMs: 500 } });
    relay.start();
    time.runUntil(1_000);
    pulse(2);
    time.runUntil(1_123);
    assert.equal(pins.level(RELAY), 1);
    let stopped = false;
    relay.stop(() => {
      stopped = true;
    });
    assert.deepEqual([pins.level(RELAY), stopped, relay.ready], [0, false, false]);
    assert.deepEqual(outcomes, [{ kind: "failed", begun: true, cause: "The box was stopped." }]);
    time.runUntil(60_000);
    assert.equal(stopped, true);
    assert.deepEqual(pulsesOf(pins), [{ from: 1_000, to: 1_123 }]);
    assert.deepEqual(statuses, ["true"], "a stopped relay says nothing");
    assert.equal(pins.calls.release, 1);
  });

  it("drives the relay off before it lets go of the pin, though it believes that it is off", () => {
    const { time, pins, relay } = bench();
    relay.start();
    time.runUntil(1_000);
    const { write } = pins.calls;
    relay.stop(() => {});
    assert.equal(pins.calls.write, write + 1);
  });

  it("says that nothing went out where it is stopped before the first pulse", () => {
    const { time, relay, outcomes, pulse, pins } = bench();
    relay.start();
    time.runUntil(1_000);
    pulse(5);
    relay.stop(() => {});
    time.runUntil(60_000);
    assert.deepEqual(outcomes, [{ kind: "failed", begun: false, cause: "The box was stopped." }]);
    assert.deepEqual(pulsesOf(pins), []);
  });

  it("calls back from stop whatever it was doing, and lets go of a pin that comes later", () => {
    for (const doing of ["nothing", "claiming", "failed"] as const) {
      const { time, pins, relay } = bench();
      if (doing !== "nothing") relay.start();
      if (doing === "failed") {
        time.runUntil(1_000);
        pins.fail(RELAY, "No such device");
        time.runUntil(1_100);
      }
      let stopped = false;
      relay.stop(() => {
        stopped = true;
      });
      assert.equal(stopped, false);
      const { claim } = pins.calls;
      time.runUntil(60_000);
      assert.equal(stopped, true, doing);
      assert.equal(pins.calls.claim, claim, "a stopped relay is not claimed again");
      assert.equal(pins.calls.release, doing === "claiming" ? 1 : 0);
    }
  });

  it("takes one train at a time, of 1 to 100 pulses: all else is a defect", () => {
    const { time, relay, pulse } = bench();
    relay.start();
    time.runUntil(1_000);
    for (const count of [0, -1, 1.5, PULSES_MAX + 1, Number.NaN]) {
      assert.throws(() => pulse(count), { name: "Defect" }, String(count));
    }
    pulse(2);
    assert.throws(() => pulse(1), { name: "Defect" });
    time.runUntil(1_060);
    assert.throws(() => pulse(1), { name: "Defect" });
  });

  it("sends nothing more where the line is lost in the very act of writing", () => {
    for (const failing of [1, 2, 3]) {
      const time = new SimulatedTime();
      let writes = 0;
      let rises = 0;
      const link: GpioLink = {
        claim: (_lines: readonly GpioLine[], listener: GpioListener, done) => {
          const claimed: GpioLines = {
            read: () => 0,
            write: ([first]) => {
              writes += 1;
              if (first?.level === 1) rises += 1;
              if (writes === failing) listener.lost("Input/output error");
            },
            watch: () => {},
            release: (released) => void time.after(0, released),
          };
          time.after(0, () => done({ kind: "claimed", lines: claimed }));
        },
      };
      const { relay, outcomes, pulse } = relayOn(time, link);
      relay.start();
      time.runUntil(1_000);
      pulse(5);
      time.runUntil(60_000);
      assert.deepEqual(outcomes, [{ kind: "failed", begun: true, cause: "Input/output error" }]);
      assert.deepEqual([writes, rises], [failing, Math.ceil(failing / 2)]);
    }
  });
});

describe("the drop sensor", () => {
  function watched(options: BenchOptions = {}) {
    const made = bench({ ...options, settings: { drop } });
    made.relay.start();
    made.time.runUntil(1_000);
    return made;
  }

  function fall(pins: SimulatedPins, time: SimulatedTime, forMs: number): void {
    pins.drive(DROP, "down");
    time.runUntil(time.now + forMs);
    pins.drive(DROP, "free");
  }

  it("ends the waiting as soon as something falls", () => {
    const { time, pins, outcomes, pulse } = watched();
    pulse(2);
    time.runUntil(3_000);
    assert.deepEqual(outcomes, []);
    fall(pins, time, 10);
    time.runUntil(3_020);
    assert.deepEqual(outcomes, [{ kind: "dropped" }]);
    assert.equal(pulsesOf(pins).length, 2);
  });

  it("remembers what falls while pulses still go out, and sends them all", () => {
    const { time, pins, outcomes, pulse } = watched();
    pulse(5);
    time.runUntil(1_200);
    fall(pins, time, 10);
    time.runUntil(1_500);
    assert.deepEqual(outcomes, []);
    time.runUntil(1_800);
    assert.deepEqual(outcomes, [{ kind: "dropped" }]);
    assert.equal(pulsesOf(pins).length, 5);
  });

  it("says that nothing fell, that long after the last pulse and no earlier", () => {
    const { time, pins, outcomes, pulse } = watched();
    pulse(2);
    time.runUntil(2_000);
    const last = pulsesOf(pins).at(-1)?.to ?? 0;
    time.runUntil(last + drop.withinMs - 1);
    assert.deepEqual(outcomes, []);
    time.runUntil(last + drop.withinMs);
    assert.deepEqual(outcomes, [{ kind: "not-dropped" }]);
    fall(pins, time, 10);
    time.runUntil(60_000);
    assert.equal(outcomes.length, 1, "what falls later changes no outcome");
    assert.equal(pulsesOf(pins).length, 2);
  });

  it("does not count what fell before the first pulse", () => {
    const { time, pins, outcomes, pulse } = watched();
    fall(pins, time, 10);
    pulse(1);
    time.runUntil(60_000);
    assert.deepEqual(outcomes, [{ kind: "not-dropped" }]);
  });

  it("does not count what has fallen by the time that the sensor is known to be quiet", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, pins, outcomes, pulse } = watched({ seed });
      pulse(1);
      time.runUntil(1_005);
      fall(pins, time, 8);
      time.runUntil(60_000);
      assert.deepEqual(outcomes, [{ kind: "not-dropped" }], `seed ${seed}`);
    }
  });

  it("does not count a spike that is over before anybody can read it", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, pins, outcomes, pulse } = watched({ seed });
      pulse(1);
      time.runUntil(1_500);
      pins.drive(DROP, "down");
      pins.drive(DROP, "free");
      time.runUntil(60_000);
      assert.deepEqual(outcomes, [{ kind: "not-dropped" }], `seed ${seed}`);
    }
  });

  it("sees what stays in its path though no edge is told", () => {
    const { time, pins, outcomes, pulse } = watched({ edgesLost: 1 });
    pulse(1);
    time.runUntil(1_500);
    pins.drive(DROP, "down");
    time.runUntil(60_000);
    assert.deepEqual(outcomes, [{ kind: "dropped" }]);
  });

  it("sends no pulse while something stands in its path, and says that none went out", () => {
    const { time, pins, outcomes, pulse } = watched();
    pins.drive(DROP, "down");
    time.runUntil(1_500);
    pulse(1);
    time.runUntil(60_000);
    const outcome = outcomes[0];
    assert.ok(outcome?.kind === "failed" && !outcome.begun);
    assert.match(outcome.cause, /drop sensor/);
    assert.deepEqual(pulsesOf(pins), []);
    pins.drive(DROP, "free");
    pulse(1);
    time.runUntil(120_000);
    assert.deepEqual(outcomes[1], { kind: "not-dropped" });
  });

  it("counts as not there until its sensor is clear, so that nobody is charged for a refund", () => {
    const { time, pins, relay, statuses, pulse } = watched();
    time.runUntil(1_500);
    pins.drive(DROP, "down");
    pulse(1);
    time.runUntil(20_000);
    const blocked = "false: The drop sensor is on before the first pulse: clear its path.";
    assert.deepEqual([statuses, relay.ready], [["true", blocked], false]);
    pins.drive(DROP, "free");
    time.runUntil(21_100);
    assert.deepEqual([statuses.slice(2), relay.ready], [["true"], true]);
    assert.equal(time.step(), false, "nothing is waited for any more");
  });

  it("forgets a sensor that is on when its lines are lost or it is stopped", () => {
    for (const end of ["lost", "stopped"] as const) {
      const { time, pins, relay, statuses, pulse } = watched();
      time.runUntil(1_500);
      pins.drive(DROP, "down");
      pulse(1);
      time.runUntil(2_000);
      if (end === "lost") pins.fail(RELAY, "No such device");
      else relay.stop(() => {});
      time.runUntil(60_000);
      assert.equal(relay.ready, end === "lost");
      assert.equal(statuses.at(-1), end === "lost" ? "true" : statuses[1]);
      assert.equal(time.step(), false);
    }
  });

  it("is watched only while it matters", () => {
    const { time, pins, outcomes, pulse } = watched();
    const { read } = pins.calls;
    for (let n = 0; n < 20; n += 1) fall(pins, time, 50);
    assert.equal(pins.calls.read, read);
    pulse(1);
    time.runUntil(60_000);
    assert.equal(outcomes.length, 1);
    const later = pins.calls.read;
    pins.drive(DROP, "down");
    assert.equal(time.step(), false, "no edge is told");
    assert.equal(pins.calls.read, later);
  });

  it("leaves it open what came of it where the lines are lost after the last pulse", () => {
    const { time, pins, outcomes, pulse } = watched();
    pulse(1);
    time.runUntil(2_000);
    pins.fail(DROP, "No such device");
    time.runUntil(60_000);
    assert.deepEqual(outcomes, [{ kind: "failed", begun: true, cause: "No such device" }]);
    assert.equal(pulsesOf(pins).length, 1);
  });
});
