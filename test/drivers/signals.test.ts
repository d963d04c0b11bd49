import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bootScreen, type Light, type Screen, type Sound } from "../../src/core/payment/screen.ts";
import type { TextName } from "../../src/core/payment/texts.ts";
import { CLAIM_FIRST_MS, CLAIM_LAST_MS } from "../../src/drivers/claim.ts";
import { type SignalOutputs, Signals } from "../../src/drivers/signals.ts";
import type { GpioLines, GpioLink, GpioListener } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedPins } from "../../src/simulator/site/pins.ts";
import { keptLog, LateClock } from "./late-clock.ts";

/** All pulled down at reset. */
const pin = { paid: 26, wait: 12, refused: 27, buzzer: 11 } as const;
type Output = keyof typeof pin;

const all: SignalOutputs = {
  paid: { pin: pin.paid, activeLow: false },
  wait: { pin: pin.wait, activeLow: false },
  refused: { pin: pin.refused, activeLow: false },
  buzzer: { pin: pin.buzzer, activeLow: false },
};

function screen(text: TextName, light: Light, sound: Sound = "none", seconds: number | null = null): Screen {
  return { ...bootScreen, text, light, sound, seconds };
}

const ready = screen("idle", "ready");
const submitting = screen("submitting", "wait", "read");
const paid = screen("paid", "paid", "paid");
const refused = screen("not-paid", "refused", "refused");
const unknown = screen("unknown", "unknown", "unknown");
const dark = screen("resting", "off");

interface BenchOptions {
  readonly seed?: number;
  readonly lateMs?: number;
  readonly outputs?: Partial<SignalOutputs>;
}

function bench({ seed = 1, lateMs = 0, outputs = {} }: BenchOptions = {}) {
  const time = new SimulatedTime();
  const random = new Random(seed);
  const pins = new SimulatedPins(time, random.fork());
  const clock = new LateClock(time, random.fork(), lateMs);
  return { time, random, pins, clock, ...signalsOn(pins, clock, outputs) };
}

function signalsOn(link: GpioLink, clock: LateClock, outputs: Partial<SignalOutputs> = {}) {
  const { log, lines: logged } = keptLog();
  return { signals: new Signals({ link, clock, log, outputs: { ...all, ...outputs } }), logged };
}

/** A bench whose lines are claimed and off, at 1,000 ms. */
function started(options: BenchOptions = {}) {
  const made = bench(options);
  made.signals.start();
  made.time.runUntil(1_000);
  return made;
}

/**
 * What one output did from `since` on: moments of its changes, relative to `since`, beginning with the first
 * time it went on.
 */
function edges(pins: SimulatedPins, output: Output, since: number): readonly number[] {
  return pins.changes
    .filter((change) => change.pin === pin[output] && change.at >= since)
    .map(({ at }) => at - since);
}

function on(pins: SimulatedPins): readonly Output[] {
  return (Object.keys(pin) as Output[]).filter((output) => pins.level(pin[output]) === 1);
}

describe("lights", () => {
  it("are all off from the moment of the claim, whichever level that is", () => {
    const asked: unknown[] = [];
    const link: GpioLink = { claim: (lines) => void asked.push(...lines) };
    const { signals } = signalsOn(link, new LateClock(new SimulatedTime(), new Random(1), 0), {
      wait: { pin: pin.wait, activeLow: true },
    });
    signals.show(paid);
    signals.start();
    assert.deepEqual(asked, [
      { use: "output", pin: pin.paid, level: 0 },
      { use: "output", pin: pin.wait, level: 1 },
      { use: "output", pin: pin.refused, level: 0 },
      { use: "output", pin: pin.buzzer, level: 0 },
    ]);
  });

  it("say what the newest screen says", () => {
    const { time, pins, signals } = started();
    const seen: (readonly Output[])[] = [];
    for (const shown of [ready, submitting, paid, refused, unknown, dark]) {
      signals.show({ ...shown, sound: "none" });
      seen.push(on(pins));
      time.runUntil(time.now + 1_000);
    }
    assert.deepEqual(seen, [["paid"], ["wait"], ["paid"], ["refused"], ["wait", "refused"], []]);
  });

  it("are on when low where that is set", () => {
    const { time, pins, signals } = started({ outputs: { paid: { pin: pin.paid, activeLow: true } } });
    assert.equal(pins.level(pin.paid), 1);
    signals.show(screen("paid", "paid"));
    assert.equal(pins.level(pin.paid), 0);
    signals.show(dark);
    assert.equal(pins.level(pin.paid), 1);
    time.runUntil(2_000);
  });

  it("blink on while the screen counts down or changes its text, and begin anew with another light", () => {
    const { time, pins, signals } = started();
    signals.show(screen("password", "wait", "none", 40));
    time.runUntil(1_130);
    signals.show(screen("password", "wait", "none", 39));
    time.runUntil(1_370);
    signals.show(screen("checking", "wait"));
    time.runUntil(2_100);
    assert.deepEqual(edges(pins, "wait", 1_000), [0, 250, 500, 750, 1_000]);
    signals.show(screen("paid", "paid"));
    assert.deepEqual(on(pins), ["paid"]);
    time.runUntil(9_000);
    signals.show(submitting);
    time.runUntil(9_600);
    assert.deepEqual(edges(pins, "wait", 9_000), [0, 250, 500]);
  });

  it("never blink faster than twice a second, on a clock that is late too", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { time, pins, signals } = started({ seed, lateMs: 400 });
      signals.show(submitting);
      time.runUntil(60_000);
      const lit = edges(pins, "wait", 1_000).filter((_, index) => index % 2 === 0);
      assert.ok(lit.length > 60, `seed ${seed}: it blinks at all`);
      assert.ok(
        lit.every((moment, index) => index === 0 || moment - (lit[index - 1] ?? 0) >= 500),
        `seed ${seed}`,
      );
    }
  });

  it("need no timer while they stand still, nor where what would blink is not there", () => {
    for (const [shown, outputs] of [
      [screen("paid", "paid"), {}],
      [screen("not-paid", "refused"), {}],
      [screen("unknown", "unknown"), {}],
      [dark, {}],
      [screen("checking", "wait"), { wait: null }],
      [screen("unknown", "unknown", "unknown"), { buzzer: null }],
    ] as const) {
      const { time, clock, signals } = started({ outputs });
      const { asked } = clock;
      signals.show(shown);
      assert.equal(clock.asked, asked, shown.text);
      assert.equal(time.step(), false, "nothing is waited for");
    }
  });

  it("have one timer at a time while they blink and beep", () => {
    const { time, signals, clock } = started();
    signals.show(unknown);
    const { asked } = clock;
    time.runUntil(1_000 + 20_000 - 1);
    assert.equal(clock.asked - asked, 11, "two rounds of three beeps and a rest, less the one before");
  });

  it("write nothing that stands already", () => {
    const { pins, signals } = started();
    signals.show(screen("paid", "paid"));
    const { write } = pins.calls;
    signals.show(screen("refunded", "paid"));
    signals.show(screen("refunded", "paid"));
    assert.equal(pins.calls.write, write);
  });
});

describe("the buzzer", () => {
  it("plays a sound once when the text changes, and not when the rest of the screen does", () => {
    const { time, pins, signals } = started();
    signals.show(submitting);
    time.runUntil(1_500);
    signals.show({ ...submitting, seconds: 3, light: "scan" });
    time.runUntil(3_000);
    assert.deepEqual(edges(pins, "buzzer", 1_000), [0, 80]);
    signals.show(paid);
    time.runUntil(5_000);
    assert.deepEqual(edges(pins, "buzzer", 3_000), [0, 100, 180, 480]);
    signals.show(refused);
    time.runUntil(7_000);
    assert.deepEqual(edges(pins, "buzzer", 5_000), [0, 700]);
  });

  it("lets a new sound replace the running one", () => {
    const { time, pins, signals } = started();
    signals.show(refused);
    time.runUntil(1_300);
    signals.show(paid);
    time.runUntil(5_000);
    assert.deepEqual(edges(pins, "buzzer", 1_000), [0, 400, 480, 780]);
  });

  it("plays to its end what was begun, though the next text is silent", () => {
    const { time, pins, signals } = started();
    signals.show(paid);
    time.runUntil(1_050);
    signals.show(ready);
    time.runUntil(5_000);
    assert.deepEqual(edges(pins, "buzzer", 1_000), [0, 100, 180, 480]);
  });

  it("repeats an unknown result every 10 s while it stands, and no longer", () => {
    const { time, pins, signals } = started();
    signals.show(unknown);
    time.runUntil(21_050);
    signals.show(ready);
    time.runUntil(60_000);
    const round = [0, 100, 200, 300, 400, 500];
    assert.deepEqual(
      edges(pins, "buzzer", 1_000),
      [0, 10_000, 20_000].flatMap((begin) => round.map((at) => begin + at)),
      "the round that has begun is played to its end",
    );
  });

  it("makes no more and no fewer beeps on a clock that is late, and none of them shorter", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { time, pins, signals } = started({ seed, lateMs: 300 });
      signals.show(paid);
      time.runUntil(8_000);
      const [a = 0, b = 0, c = 0, d = 0, ...more] = edges(pins, "buzzer", 1_000);
      assert.deepEqual(more, [], `seed ${seed}`);
      assert.ok(b - a >= 100 && c - b >= 80 && d - c >= 300, `seed ${seed}: ${[a, b, c, d].join(" ")}`);
    }
  });

  it("clicks for a key for 5 to 20 ms, once a press, and not into a sound", () => {
    const { time, pins, signals } = started();
    signals.click();
    signals.click();
    time.runUntil(1_100);
    const [begin = -1, end = -1, ...more] = edges(pins, "buzzer", 1_000);
    assert.equal(begin, 0);
    assert.ok(end >= 5 && end <= 20, `${end}`);
    assert.deepEqual(more, []);
    signals.show(paid);
    for (const at of [1_110, 1_230, 1_300]) {
      time.runUntil(at);
      signals.click();
    }
    time.runUntil(3_000);
    assert.deepEqual(edges(pins, "buzzer", 1_100), [0, 100, 180, 480]);
    signals.click();
    time.runUntil(3_100);
    assert.equal(edges(pins, "buzzer", 3_000).length, 2);
  });

  it("clicks in the rest of a sound that repeats itself, which goes on in its time", () => {
    const { time, pins, signals } = started();
    signals.show(unknown);
    time.runUntil(6_000);
    signals.click();
    time.runUntil(12_000);
    const [click = -1, , ...round] = edges(pins, "buzzer", 6_000);
    assert.equal(click, 0);
    assert.deepEqual(round, [5_000, 5_100, 5_200, 5_300, 5_400, 5_500]);
  });

  it("is silent where there is none, and clicks for nobody before it is there", () => {
    const without = started({ outputs: { buzzer: null } });
    without.signals.show(refused);
    without.signals.click();
    without.time.runUntil(5_000);
    assert.deepEqual(on(without.pins), ["refused"]);
    const early = bench();
    early.signals.click();
    early.signals.start();
    early.time.runUntil(5_000);
    assert.deepEqual(edges(early.pins, "buzzer", 0), []);
  });
});

describe("signals", () => {
  it("show what stands when the lines come, but beep for nothing that is over", () => {
    const { time, pins, signals } = bench();
    signals.show(paid);
    time.runUntil(5_000);
    signals.start();
    time.runUntil(6_000);
    assert.deepEqual(on(pins), ["paid"]);
    assert.deepEqual(edges(pins, "buzzer", 0), []);
  });

  it("come back by themselves after a loss, say so once, and join in what stands then", () => {
    const { time, pins, signals, logged } = started();
    signals.show(unknown);
    time.runUntil(2_000);
    pins.fail(pin.refused, "No such device");
    time.runUntil(2_100);
    assert.deepEqual(on(pins), []);
    time.runUntil(12_000);
    assert.deepEqual(on(pins), ["wait", "refused"]);
    const round = [0, 100, 200, 300, 400, 500];
    assert.deepEqual(
      edges(pins, "buzzer", 1_000),
      [0, 10_000].flatMap((begin) => round.map((at) => begin + at)),
    );
    assert.equal(logged.filter((line) => line.startsWith("warn pins.absent")).length, 1);
  });

  it("do not make up for the beeps that a loss cut off", () => {
    const { time, pins, signals } = started();
    signals.show(paid);
    time.runUntil(1_050);
    pins.fail(pin.buzzer, "No such device");
    time.runUntil(10_000);
    assert.deepEqual(on(pins), ["paid"]);
    assert.deepEqual(edges(pins, "buzzer", 1_000), [0, 50]);
  });

  it("wait 0.5 s before they claim again, twice as long after each refusal, 2 s at most", () => {
    const time = new SimulatedTime();
    const listeners: GpioListener[] = [];
    const claims: number[] = [];
    let refusing = true;
    const lines: GpioLines = { read: () => 0, write: () => {}, watch: () => {}, release: () => {} };
    const link: GpioLink = {
      claim: (_, listener, done) => {
        claims.push(time.now);
        listeners.push(listener);
        const outcome = refusing
          ? ({ kind: "refused", why: "pin 26 is in use" } as const)
          : ({ kind: "claimed", lines } as const);
        time.after(0, () => done(outcome));
      },
    };
    const { signals, logged } = signalsOn(link, new LateClock(time, new Random(1), 0));
    signals.start();
    time.runUntil(30_000);
    const pauses = claims.slice(1).map((at, index) => at - (claims[index] ?? 0));
    assert.deepEqual(pauses.slice(0, 6), [500, 1_000, 2_000, 2_000, 2_000, 2_000]);
    assert.equal(pauses.at(-1), CLAIM_LAST_MS);
    assert.equal(logged.filter((line) => line.startsWith("warn")).length, 1, "said once");
    refusing = false;
    time.runUntil(40_000);
    const before = claims.length;
    listeners.at(-1)?.lost("the chip went away");
    // An earlier claim has nothing to say any more.
    listeners[0]?.lost("again");
    time.runUntil(40_000 + CLAIM_FIRST_MS);
    assert.equal(claims.length, before + 1);
    assert.equal(claims.at(-1), 40_000 + CLAIM_FIRST_MS);
    assert.equal(logged.filter((line) => line.startsWith("warn")).length, 2);
  });

  it("put everything out before they let go of the lines, and are silent from then on", () => {
    const { time, pins, signals } = started();
    signals.show(unknown);
    assert.deepEqual(on(pins), ["wait", "refused", "buzzer"]);
    let stopped = false;
    signals.stop(() => {
      stopped = true;
    });
    assert.deepEqual([on(pins), stopped], [[], false]);
    assert.ok(pins.changes.slice(-3).every(({ level }) => level === 0));
    signals.show(paid);
    signals.click();
    time.runUntil(60_000);
    assert.equal(stopped, true);
    assert.deepEqual(on(pins), []);
    assert.equal(pins.calls.release, 1);
    assert.equal(time.step(), false, "nothing is waited for");
  });

  it("are off at the pin before the release, where the lines would hold their level", () => {
    const time = new SimulatedTime();
    const story: string[] = [];
    const lines: GpioLines = {
      read: () => 0,
      write: (levels) => void story.push(levels.map((one) => `${one.pin}=${one.level}`).join(" ")),
      watch: () => {},
      release: (done) => {
        story.push("release");
        time.after(0, done);
      },
    };
    const link: GpioLink = {
      claim: (_l, _h, done) => void time.after(0, () => done({ kind: "claimed", lines })),
    };
    const { signals } = signalsOn(link, new LateClock(time, new Random(1), 0));
    signals.start();
    time.runUntil(0);
    signals.show(refused);
    signals.stop(() => story.push("stopped"));
    time.runUntil(1_000);
    assert.deepEqual(story, ["27=1 11=1", "27=0 11=0", "release", "stopped"]);
  });

  it("call back from stop whatever they were doing, and can start again", () => {
    for (const doing of ["nothing", "claiming", "failed"] as const) {
      const { time, pins, signals } = bench();
      if (doing !== "nothing") signals.start();
      if (doing === "failed") {
        time.runUntil(1_000);
        pins.fail(pin.paid, "No such device");
        time.runUntil(1_100);
      }
      let stopped = false;
      signals.stop(() => {
        stopped = true;
      });
      assert.equal(stopped, false);
      const { claim } = pins.calls;
      time.runUntil(60_000);
      assert.equal(stopped, true, doing);
      assert.equal(pins.calls.claim, claim);
      signals.start();
      signals.show(paid);
      time.runUntil(61_000);
      assert.deepEqual(on(pins), ["paid"], doing);
    }
  });

  it("claim nothing where the box has neither lights nor buzzer", () => {
    const { time, pins, signals } = started({
      outputs: { paid: null, wait: null, refused: null, buzzer: null },
    });
    signals.show(unknown);
    signals.click();
    time.runUntil(2_000);
    let stopped = false;
    signals.stop(() => {
      stopped = true;
    });
    time.runUntil(3_000);
    assert.deepEqual([pins.calls.claim, stopped], [0, true]);
  });
});
