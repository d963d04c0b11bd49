import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { GpioClaimed, GpioLine, GpioLines } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedPins, type SimulatedPinsOptions } from "../../src/simulator/site/pins.ts";

const input = (pin: number, pullUp = true): GpioLine => ({ use: "input", pin, pullUp, debounceMs: 0 });
const output = (pin: number, level: 0 | 1): GpioLine => ({ use: "output", pin, level });
const openDrain = (pin: number): GpioLine => ({ use: "open-drain", pin });

function board(options?: SimulatedPinsOptions) {
  const time = new SimulatedTime();
  const pins = new SimulatedPins(time, new Random(1), options);
  const heard: string[] = [];
  const ask = (...lines: readonly GpioLine[]): GpioClaimed => {
    const outcomes: GpioClaimed[] = [];
    const listener = {
      edge: () => heard.push("edge"),
      lost: (cause: string) => heard.push(`lost: ${cause}`),
    };
    pins.claim(lines, listener, (outcome) => outcomes.push(outcome));
    assert.deepEqual(outcomes, [], "nothing comes before claim has returned");
    time.runUntil(time.now + 100);
    const [outcome] = outcomes;
    assert.ok(outcome);
    return outcome;
  };
  const claim = (...lines: readonly GpioLine[]): GpioLines => {
    const outcome = ask(...lines);
    assert.ok(outcome.kind === "claimed", JSON.stringify(outcome));
    return outcome.lines;
  };
  const pass = (milliseconds = 100): void => time.runUntil(time.now + milliseconds);
  return { time, pins, heard, ask, claim, pass };
}

describe("the simulated pins: levels", () => {
  it("hold an input by the wished pull, the pull of the reset, a resistor and a driver, the last strongest", () => {
    const { pins, claim } = board();
    const lines = claim(input(12), input(13, false), input(5, false));
    assert.deepEqual([lines.read(12), lines.read(13), lines.read(5)], [1, 0, 1]);
    pins.pull(12, "down");
    pins.pull(13, "up");
    assert.deepEqual([lines.read(12), lines.read(13)], [0, 1]);
    pins.drive(12, "up");
    pins.drive(13, "down");
    assert.deepEqual([lines.read(12), lines.read(13)], [1, 0]);
    pins.drive(12, "free");
    pins.pull(12, "none");
    assert.equal(lines.read(12), 1);
  });

  it("leave the wish for a pull-up unfulfilled where the interface cannot", () => {
    const { pins, claim } = board({ pullUps: false });
    const lines = claim(input(12));
    assert.equal(lines.read(12), 0);
    pins.pull(12, "up");
    assert.equal(lines.read(12), 1);
  });

  it("drive an output from the moment of the claim and let go of an open-drain line", () => {
    const { pins, claim } = board();
    const lines = claim(output(20, 1), output(8, 0), openDrain(21));
    assert.deepEqual([pins.level(20), pins.level(8), pins.level(21)], [1, 0, 0]);
    pins.pull(21, "up");
    assert.equal(lines.read(21), 1);
    lines.write([{ pin: 21, level: 0 }]);
    assert.equal(lines.read(21), 0);
    lines.write([{ pin: 21, level: 1 }]);
    assert.equal(lines.read(21), 1);
    assert.deepEqual(pins.shorts, []);
  });

  it("are one where contacts join lines, around three corners of a matrix too", () => {
    const { pins, claim } = board();
    const lines = claim(openDrain(5), openDrain(6), input(12), input(16));
    lines.write([{ pin: 6, level: 0 }]);
    assert.deepEqual([lines.read(12), lines.read(16)], [1, 1]);
    pins.connect(5, 12);
    pins.connect(5, 16);
    assert.deepEqual([lines.read(12), lines.read(16)], [1, 1]);
    pins.connect(6, 12);
    assert.deepEqual([lines.read(12), lines.read(16)], [0, 0], "the fourth corner is open, and yet seen");
    pins.disconnect(5, 16);
    assert.deepEqual([lines.read(12), lines.read(16)], [0, 1]);
  });

  it("read low where the pull of a row that is let go balances the pull-up of its column", () => {
    const { pins, claim } = board({ pullUps: false });
    const lines = claim(openDrain(13), input(7));
    assert.equal(lines.read(7), 1);
    pins.connect(13, 7);
    assert.equal(lines.read(7), 0);
    pins.pull(7, "up");
    assert.equal(lines.read(7), 1);
  });

  it("keep their charge where nothing holds them", () => {
    const { pins, claim } = board();
    const lines = claim(openDrain(5));
    assert.equal(lines.read(5), 1);
    lines.write([{ pin: 5, level: 0 }]);
    lines.write([{ pin: 5, level: 1 }]);
    assert.equal(lines.read(5), 0);
    pins.drive(5, "up");
    pins.drive(5, "free");
    assert.equal(lines.read(5), 1);
  });

  it("follow from wiring alone, whatever the order in which it was made", () => {
    const wire = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(wire, {
          maxLength: 12,
          selector: ([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`,
        }),
        fc.integer({ min: 0, max: 6 }),
        (wires, low) => {
          const first = board().pins;
          const second = board().pins;
          first.drive(low, "down");
          for (const [a, b] of wires) first.connect(a, b);
          for (const [a, b] of wires.toReversed()) second.connect(b, a);
          for (const [a, b] of wires) first.disconnect(a, b);
          for (const [a, b] of wires) first.connect(a, b);
          second.drive(low, "down");
          const reached = new Set([low]);
          for (let round = 0; round < 7; round += 1) {
            for (const [a, b] of wires) {
              if (reached.has(a)) reached.add(b);
              if (reached.has(b)) reached.add(a);
            }
          }
          for (let pin = 0; pin <= 6; pin += 1) {
            assert.equal(first.level(pin), reached.has(pin) ? 0 : 1);
            assert.equal(second.level(pin), first.level(pin));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("record every change with its moment, one line after the other or all at once", () => {
    for (const atomicWrites of [false, true]) {
      const { pins, claim, pass } = board({ atomicWrites });
      const lines = claim(output(20, 0), output(21, 0));
      pass(50);
      pins.connect(20, 21);
      lines.write([
        { pin: 20, level: 1 },
        { pin: 21, level: 1 },
      ]);
      assert.deepEqual(pins.changes.map(({ at, pin, level }) => `${at}: ${pin} ${level}`).toSorted(), [
        "150: 20 1",
        "150: 21 1",
      ]);
      assert.equal(pins.shorts.length, atomicWrites ? 0 : 1, "in between the one was high and the other low");
    }
  });

  it("keep only the newest changes", () => {
    const { pins } = board();
    for (let n = 0; n < 70_000; n += 1) pins.drive(12, n % 2 === 0 ? "up" : "down");
    assert.ok(pins.changes.length < 66_000);
    assert.equal(pins.changes.at(-1)?.level, 0);
  });
});

describe("the simulated pins: shorts", () => {
  it("are recorded once for each time that two drivers fight", () => {
    const { pins, claim } = board();
    const lines = claim(output(20, 1), output(21, 0));
    assert.deepEqual(pins.shorts, []);
    pins.connect(20, 21);
    assert.equal(lines.read(20), 0, "the worst of it");
    assert.deepEqual(pins.shorts, [{ at: 100, high: 20, low: 21 }]);
    pins.drive(4, "up");
    pins.connect(4, 20);
    lines.write([{ pin: 20, level: 1 }]);
    pins.disconnect(20, 21);
    pins.connect(20, 21);
    assert.deepEqual(
      pins.shorts.map(({ high, low }) => [high, low]),
      [
        [20, 21],
        [4, 21],
        [20, 21],
        [4, 21],
      ],
    );
  });

  it("are recorded where the outside drives against an output", () => {
    const { pins, claim } = board();
    claim(output(20, 1));
    pins.drive(20, "down");
    assert.deepEqual(pins.shorts, [{ at: 100, high: 20, low: 20 }]);
  });

  it("are recorded where an open-drain line is driven high, even before it pulls", () => {
    const { pins, claim } = board();
    claim(openDrain(5), output(20, 1));
    pins.pull(5, "up");
    assert.deepEqual(pins.shorts, []);
    pins.connect(5, 20);
    assert.deepEqual(pins.shorts, [{ at: 100, high: 20, low: 5 }]);
  });
});

describe("the simulated pins: claims", () => {
  it("are refused for a pin beyond the header, one that is held and one that is asked for twice", () => {
    const { ask, claim, pins } = board();
    claim(input(12));
    assert.deepEqual(ask(output(20, 1), input(12)), {
      kind: "refused",
      why: "pin 12 is in use: end what holds it",
    });
    assert.equal(pins.level(20), 0, "nothing of a refused claim is taken");
    assert.equal(ask(input(20)).kind, "claimed");
    for (const pin of [28, -1, 1.5]) assert.equal(ask(input(pin)).kind, "refused");
    assert.deepEqual(ask(input(4), input(4)), { kind: "refused", why: "pin 4 is asked for twice" });
  });

  it("give their lines back as inputs; reads say what was last, and writes do nothing", () => {
    const { pins, claim, pass, ask, heard } = board();
    const lines = claim(output(20, 1), input(12));
    lines.watch(true);
    let free = false;
    lines.release(() => {
      free = true;
    });
    assert.equal(free, false, "release calls back after it has returned");
    pass();
    assert.equal(free, true);
    assert.deepEqual([pins.level(20), pins.level(12)], [0, 0]);
    lines.write([{ pin: 20, level: 1 }]);
    assert.equal(pins.level(20), 0);
    assert.deepEqual([lines.read(20), lines.read(12)], [1, 1]);
    pins.fail(20, "nobody has it");
    pass();
    assert.deepEqual(heard, []);
    assert.equal(ask(input(20)).kind, "claimed");
  });

  it("are lost whole when one line fails, say so once, and can be made again", () => {
    const { pins, claim, pass, heard, ask } = board();
    const lines = claim(output(20, 1), input(12));
    lines.watch(true);
    pins.fail(12, "the wire broke");
    pins.fail(12, "the wire broke");
    assert.equal(pins.level(20), 0);
    assert.deepEqual(heard, []);
    pass();
    assert.deepEqual(heard, ["lost: the wire broke"]);
    lines.watch(true);
    pins.drive(12, "up");
    pass();
    assert.deepEqual([lines.read(20), lines.read(12)], [1, 1]);
    assert.deepEqual(heard, ["lost: the wire broke"]);
    assert.equal(ask(output(20, 0), input(12)).kind, "claimed");
  });

  it("are not heard of where they are released before the loss is noticed", () => {
    const { pins, claim, pass, heard } = board();
    const lines = claim(input(12));
    pins.fail(12, "the wire broke");
    lines.release(() => heard.push("free"));
    pass();
    assert.deepEqual(heard, ["free"]);
  });

  it("end silently when the process dies, asked for or granted", () => {
    const { pins, claim, pass, heard, ask } = board();
    const lines = claim(output(20, 1), input(12));
    lines.watch(true);
    pins.claim([input(4)], { edge: () => {}, lost: () => {} }, () => heard.push("claimed"));
    pins.drive(12, "down");
    pins.fail(12, "the wire broke");
    pins.abandon();
    pass();
    assert.deepEqual(heard, []);
    assert.equal(pins.level(20), 0);
    assert.equal(ask(input(20), input(12), input(4)).kind, "claimed");
  });

  it("throw where lines are touched that are not theirs", () => {
    const { claim } = board();
    const lines = claim(input(12));
    assert.throws(() => lines.read(13), /pin 13 is read/);
    assert.throws(() => lines.write([{ pin: 12, level: 1 }]), /pin 12 is written/);
    assert.throws(() => lines.write([{ pin: 13, level: 1 }]), /pin 13 is written/);
  });
});

describe("the simulated pins: edges", () => {
  it("are told while watching, of inputs only, several as one", () => {
    const { pins, claim, pass, heard } = board();
    const lines = claim(input(12), input(16), output(20, 0));
    pins.drive(12, "down");
    pass();
    assert.deepEqual(heard, [], "not from the start");
    lines.watch(true);
    pass();
    assert.deepEqual(heard, [], "nothing of before");
    lines.write([{ pin: 20, level: 1 }]);
    pins.drive(12, "down");
    pass();
    assert.deepEqual(heard, [], "nothing moved");
    pins.drive(12, "up");
    pins.drive(16, "down");
    assert.deepEqual(heard, [], "not at once");
    pass();
    assert.deepEqual(heard, ["edge"]);
    pins.drive(12, "down");
    pass();
    assert.deepEqual(heard, ["edge", "edge"]);
  });

  it("are told no more once nobody watches, the ones on their way neither", () => {
    const { pins, claim, pass, heard } = board();
    const lines = claim(input(12));
    lines.watch(true);
    pins.drive(12, "down");
    lines.watch(false);
    lines.watch(true);
    pass();
    assert.deepEqual(heard, []);
    pins.drive(12, "up");
    pass();
    assert.deepEqual(heard, ["edge"]);
    pins.drive(12, "down");
    lines.release(() => {});
    pass();
    assert.deepEqual(heard, ["edge"]);
  });

  it("are lost where the interface loses them", () => {
    const { pins, claim, pass, heard } = board({ edgesLost: 1 });
    const lines = claim(input(12));
    lines.watch(true);
    pins.drive(12, "down");
    pass();
    assert.deepEqual(heard, []);
    assert.equal(lines.read(12), 0);
  });

  it("cost calls that are counted", () => {
    const { pins, claim, pass } = board();
    const lines = claim(input(12), openDrain(5));
    lines.read(12);
    lines.read(5);
    lines.write([{ pin: 5, level: 0 }]);
    lines.watch(true);
    lines.release(() => {});
    pass();
    assert.deepEqual(pins.calls, { claim: 1, read: 2, write: 1, watch: 1, release: 1 });
  });
});
