/**
 * What every GPIO link keeps, as one suite over a stand: a link, and what a hand with wires and a voltmeter does to its pins
 * and sees of them. It runs on the pins of a real kernel, by each of its interfaces, and on the simulated twin.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GpioClaimed, GpioLine, GpioLines, GpioLink, Level } from "../../src/runtime/ports.ts";

/** Pins, and what can be done to them and seen of them from outside. */
export interface GpioStand {
  readonly link: GpioLink;
  /** Whether the wish for a pull-up is fulfilled. */
  readonly pullsUp: boolean;
  /** Pulls a pin with a resistor, against which an output wins; or stops. */
  drive(pin: number, how: "up" | "down" | "free"): void;
  /** What a voltmeter reads. */
  level(pin: number): Level;
  /** Begins to record a pin; what is called back gives the levels that it has taken since. */
  record(pin: number): () => readonly Level[];
  /** The pins that anybody holds. */
  held(): readonly number[];
  /** Another program takes a pin; calling back makes it let go. */
  takeElsewhere(pin: number): Promise<() => Promise<void>>;
  /** Breaks a pin that is held. */
  breakPin(pin: number): void;
  /** Lets time pass until it holds; fails where it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets time pass in which something forbidden could happen. */
  pass(): Promise<void>;
  end(): Promise<void>;
}

const IN = 17;
const OTHER_IN = 27;
const OUT = 5;
const OTHER_OUT = 6;
const ROW = 13;
const FREE = 22;

const input = (pin: number, pullUp = false): GpioLine => ({ use: "input", pin, pullUp, debounceMs: 0 });
const output = (pin: number, level: Level): GpioLine => ({ use: "output", pin, level });
const openDrain = (pin: number): GpioLine => ({ use: "open-drain", pin });

/** Everything that one claim said, in order. */
class Owner {
  readonly heard: string[] = [];
  readonly causes: string[] = [];
  #lines: GpioLines | null = null;
  #refusal: string | null = null;

  /** The lines. */
  get lines(): GpioLines {
    assert.ok(this.#lines !== null, `refused: ${this.#refusal}`);
    return this.#lines;
  }

  /** Why there are none. */
  get refusal(): string {
    assert.ok(this.#refusal !== null, "the claim was granted");
    return this.#refusal;
  }

  static async claim(stand: GpioStand, ...lines: readonly GpioLine[]): Promise<Owner> {
    const owner = new Owner();
    const listener = {
      edge: () => owner.heard.push("edge"),
      lost: (cause: string) => {
        owner.heard.push("lost");
        owner.causes.push(cause);
      },
    };
    let answered = false;
    stand.link.claim(lines, listener, (outcome) => {
      answered = true;
      owner.#answered(outcome);
    });
    assert.equal(answered, false, "a claim calls back after it has returned");
    await stand.until(() => answered);
    return owner;
  }

  async release(stand: GpioStand): Promise<void> {
    let free = false;
    this.lines.release(() => {
      free = true;
    });
    assert.equal(free, false, "release calls back after it has returned");
    await stand.until(() => free);
  }

  #answered(outcome: GpioClaimed): void {
    if (outcome.kind === "claimed") this.#lines = outcome.lines;
    else this.#refusal = outcome.why;
  }
}

/** Checks the contract on the stands that `make` builds, a new one for each test. */
export function gpioContract(name: string, make: (seed: number) => Promise<GpioStand>): void {
  describe(`a GPIO link keeps its contract: ${name}`, () => {
    let seed = 0;
    const onStand = (behaviour: string, test: (stand: GpioStand) => Promise<void>): void => {
      seed += 1;
      const own = seed;
      it(`${name}: ${behaviour}`, async () => {
        const stand = await make(own);
        try {
          await test(stand);
          assert.deepEqual(stand.held(), [], "the test leaves nothing held");
        } finally {
          await stand.end();
        }
      });
    };

    onStand("an input shows the level outside, at the claim and after each change", async (stand) => {
      stand.drive(IN, "up");
      stand.drive(OTHER_IN, "down");
      const owner = await Owner.claim(stand, input(IN), input(OTHER_IN));
      assert.deepEqual([owner.lines.read(IN), owner.lines.read(OTHER_IN)], [1, 0]);
      stand.drive(IN, "down");
      stand.drive(OTHER_IN, "up");
      assert.deepEqual([owner.lines.read(IN), owner.lines.read(OTHER_IN)], [0, 1]);
      await owner.release(stand);
    });

    onStand("an input that wishes for a pull-up reads high where nothing pulls it", async (stand) => {
      stand.drive(IN, "free");
      const owner = await Owner.claim(stand, input(IN, true));
      if (stand.pullsUp) assert.equal(owner.lines.read(IN), 1);
      stand.drive(IN, "down");
      assert.equal(owner.lines.read(IN), 0, "a wire to ground is stronger");
      await owner.release(stand);
    });

    onStand(
      "an output has its first level from the claim on, without a moment of the other",
      async (stand) => {
        stand.drive(OUT, "down");
        stand.drive(OTHER_OUT, "up");
        const [high, low] = [stand.record(OUT), stand.record(OTHER_OUT)];
        const owner = await Owner.claim(stand, output(OUT, 1), output(OTHER_OUT, 0));
        await stand.pass();
        assert.deepEqual([high(), low()], [[1], [0]]);
        assert.deepEqual([owner.lines.read(OUT), owner.lines.read(OTHER_OUT)], [1, 0]);
        await owner.release(stand);
      },
    );

    onStand("an output that begins where its pin is pulled to never leaves that level", async (stand) => {
      stand.drive(OUT, "down");
      stand.drive(OTHER_OUT, "up");
      const [low, high] = [stand.record(OUT), stand.record(OTHER_OUT)];
      const owner = await Owner.claim(stand, output(OUT, 0), output(OTHER_OUT, 1));
      await owner.release(stand);
      await stand.pass();
      assert.deepEqual([low(), high()], [[], []]);
    });

    onStand("outputs take the levels that are written, each of them and in order", async (stand) => {
      stand.drive(OUT, "down");
      stand.drive(OTHER_OUT, "down");
      const owner = await Owner.claim(stand, output(OUT, 0), output(OTHER_OUT, 0));
      const [one, other] = [stand.record(OUT), stand.record(OTHER_OUT)];
      owner.lines.write([{ pin: OUT, level: 1 }]);
      assert.deepEqual([stand.level(OUT), stand.level(OTHER_OUT)], [1, 0]);
      owner.lines.write([
        { pin: OUT, level: 0 },
        { pin: OTHER_OUT, level: 1 },
      ]);
      assert.deepEqual([stand.level(OUT), stand.level(OTHER_OUT)], [0, 1]);
      owner.lines.write([{ pin: OUT, level: 1 }]);
      owner.lines.write([{ pin: OUT, level: 0 }]);
      assert.deepEqual([one(), other()], [[1, 0, 1, 0], [1]]);
      owner.lines.write([]);
      await stand.pass();
      assert.deepEqual([owner.lines.read(OUT), owner.lines.read(OTHER_OUT)], [0, 1]);
      assert.deepEqual(owner.heard, []);
      await owner.release(stand);
    });

    onStand("an open-drain line pulls low or lets go, and is never driven high", async (stand) => {
      // The resistor pulls down: whatever is high was driven there.
      stand.drive(ROW, "down");
      const levels = stand.record(ROW);
      const owner = await Owner.claim(stand, openDrain(ROW), output(OUT, 0));
      for (const level of [1, 0, 0, 1, 1, 0, 1] as const) {
        owner.lines.write([{ pin: ROW, level }]);
        await stand.pass();
        owner.lines.write([
          { pin: OUT, level },
          { pin: ROW, level },
        ]);
      }
      await owner.release(stand);
      assert.deepEqual(levels(), [], "it stayed low all the time");
    });

    onStand(
      "an open-drain line is let go of from the claim on, and pulls against a resistor",
      async (stand) => {
        stand.drive(ROW, "up");
        const levels = stand.record(ROW);
        const owner = await Owner.claim(stand, openDrain(ROW));
        await stand.pass();
        assert.deepEqual(levels(), []);
        owner.lines.write([{ pin: ROW, level: 0 }]);
        assert.equal(stand.level(ROW), 0);
        assert.equal(owner.lines.read(ROW), 0);
        owner.lines.write([{ pin: ROW, level: 1 }]);
        assert.equal(stand.level(ROW), 1);
        await owner.release(stand);
        assert.deepEqual(levels(), [0, 1]);
      },
    );

    onStand("edges are told while watching, and not before or after", async (stand) => {
      stand.drive(IN, "up");
      const owner = await Owner.claim(stand, input(IN));
      stand.drive(IN, "down");
      await stand.pass();
      assert.deepEqual(owner.heard, [], "not from the start");
      owner.lines.watch(true);
      await stand.pass();
      // An edge from before may be told now; one that is made now must be.
      const early = owner.heard.length;
      stand.drive(IN, "up");
      await stand.until(() => owner.heard.length > early);
      assert.equal(owner.lines.read(IN), 1);
      await stand.pass();
      const during = owner.heard.length;
      owner.lines.watch(false);
      stand.drive(IN, "down");
      await stand.pass();
      assert.equal(owner.heard.length, during);
      assert.ok(owner.heard.every((event) => event === "edge"));
      await owner.release(stand);
    });

    onStand(
      "edges of both directions and of every input are told, never more than there were",
      async (stand) => {
        stand.drive(IN, "up");
        stand.drive(OTHER_IN, "down");
        const owner = await Owner.claim(stand, input(IN), input(OTHER_IN), output(OUT, 0));
        owner.lines.watch(true);
        await stand.pass();
        const early = owner.heard.length;
        for (const [count, [pin, how]] of (
          [
            [IN, "down"],
            [OTHER_IN, "up"],
            [IN, "up"],
            [OTHER_IN, "down"],
          ] as const
        ).entries()) {
          stand.drive(pin, how);
          await stand.until(() => owner.heard.length === early + count + 1);
          await stand.pass();
          assert.equal(owner.heard.length, early + count + 1);
        }
        await owner.release(stand);
      },
    );

    onStand("a burst of edges is told, if only as one, and then the last level is there", async (stand) => {
      stand.drive(IN, "up");
      const owner = await Owner.claim(stand, input(IN));
      owner.lines.watch(true);
      await stand.pass();
      const early = owner.heard.length;
      for (const how of ["down", "up", "down", "up", "down"] as const) stand.drive(IN, how);
      await stand.until(() => owner.heard.length > early);
      assert.equal(owner.lines.read(IN), 0);
      await stand.pass();
      assert.ok(owner.heard.length - early <= 5, "no edge is made up");
      await owner.release(stand);
    });

    onStand("what the box itself drives is no edge", async (stand) => {
      stand.drive(ROW, "up");
      stand.drive(IN, "up");
      const owner = await Owner.claim(stand, input(IN), output(OUT, 0), openDrain(ROW));
      owner.lines.watch(true);
      await stand.pass();
      const early = owner.heard.length;
      for (const level of [0, 1, 0] as const) {
        owner.lines.write([
          { pin: OUT, level },
          { pin: ROW, level },
        ]);
        await stand.pass();
      }
      assert.equal(owner.heard.length, early);
      await owner.release(stand);
    });

    onStand("a release leaves inputs, and nobody holds them", async (stand) => {
      stand.drive(OUT, "down");
      stand.drive(OTHER_OUT, "up");
      stand.drive(ROW, "up");
      const before = stand.held();
      const owner = await Owner.claim(stand, output(OUT, 1), output(OTHER_OUT, 0), openDrain(ROW), input(IN));
      assert.deepEqual(
        stand.held().filter((pin) => !before.includes(pin)),
        [OUT, OTHER_OUT, ROW, IN].sort((a, b) => a - b),
      );
      owner.lines.write([{ pin: ROW, level: 0 }]);
      await owner.release(stand);
      assert.deepEqual([stand.level(OUT), stand.level(OTHER_OUT), stand.level(ROW)], [0, 1, 1]);
      assert.deepEqual(stand.held(), before);
    });

    onStand(
      "after a release there is silence, reads give the last levels, writes do nothing",
      async (stand) => {
        stand.drive(IN, "down");
        stand.drive(OUT, "down");
        const owner = await Owner.claim(stand, input(IN), output(OUT, 0));
        owner.lines.watch(true);
        await stand.pass();
        owner.lines.write([{ pin: OUT, level: 1 }]);
        assert.equal(owner.lines.read(IN), 0);
        owner.heard.length = 0;
        await owner.release(stand);
        const levels = stand.record(OUT);
        stand.drive(IN, "up");
        owner.lines.write([{ pin: OUT, level: 1 }]);
        owner.lines.watch(true);
        await stand.pass();
        assert.deepEqual([owner.lines.read(IN), owner.lines.read(OUT)], [0, 1]);
        assert.deepEqual([owner.heard, levels()], [[], []]);
        await owner.release(stand);
      },
    );

    onStand(
      "a second claim of a held pin is refused and takes nothing, without harm to who holds it",
      async (stand) => {
        stand.drive(IN, "up");
        stand.drive(OUT, "down");
        stand.drive(FREE, "down");
        const levels = stand.record(FREE);
        const first = await Owner.claim(stand, input(IN), output(OUT, 1));
        const second = await Owner.claim(stand, output(FREE, 1), input(IN), openDrain(ROW));
        assert.match(second.refusal, new RegExp(`\\b${IN}\\b`), "the sentence names the pin");
        assert.deepEqual(levels(), [], "the free pin was not touched");
        assert.equal(stand.held().includes(FREE), false);
        first.lines.watch(true);
        await stand.pass();
        const early = first.heard.length;
        stand.drive(IN, "down");
        await stand.until(() => first.heard.length > early);
        assert.deepEqual([first.lines.read(IN), stand.level(OUT)], [0, 1]);
        const third = await Owner.claim(stand, output(FREE, 1), openDrain(ROW));
        await third.release(stand);
        await first.release(stand);
      },
    );

    onStand("two claims at the same moment: one of them gets the pin", async (stand) => {
      const [one, other] = await Promise.all([
        Owner.claim(stand, output(OUT, 0)),
        Owner.claim(stand, output(FREE, 0), output(OUT, 0)),
      ]);
      await one.release(stand);
      assert.match(other.refusal, new RegExp(`\\b${OUT}\\b`));
      assert.deepEqual(stand.held(), []);
    });

    onStand("a pin that another program holds is refused, and all of the claim with it", async (stand) => {
      stand.drive(OUT, "down");
      const letGo = await stand.takeElsewhere(FREE);
      const refused = await Owner.claim(stand, output(OUT, 1), input(FREE), input(IN));
      assert.match(refused.refusal, new RegExp(`\\b${FREE}\\b`), "the sentence names the pin");
      await stand.pass();
      assert.equal(stand.level(OUT), 0);
      assert.deepEqual(stand.held(), [FREE]);
      await letGo();
      const owner = await Owner.claim(stand, output(OUT, 1), input(FREE), input(IN));
      assert.equal(stand.level(OUT), 1);
      await owner.release(stand);
    });

    onStand(
      "pins that are none of the header's are refused, and all of the claim with them",
      async (stand) => {
        for (const pin of [28, 58, 1_000, -1, 4.5, Number.NaN]) {
          const owner = await Owner.claim(stand, output(OUT, 1), input(pin));
          assert.ok(owner.refusal.includes(String(pin)), "the sentence names the pin");
          assert.deepEqual(stand.held(), []);
        }
        const owner = await Owner.claim(stand, input(0), input(27));
        await owner.release(stand);
      },
    );

    onStand("a pin that is named twice is refused", async (stand) => {
      const owner = await Owner.claim(stand, output(OUT, 1), input(OUT));
      assert.match(owner.refusal, /\b5\b/);
      assert.deepEqual(stand.held(), []);
    });

    onStand("a pin can be claimed again after its release, for another use", async (stand) => {
      stand.drive(OUT, "up");
      for (const line of [output(OUT, 0), input(OUT), openDrain(OUT), output(OUT, 1), input(OUT)]) {
        const owner = await Owner.claim(stand, line);
        if (line.use === "open-drain") owner.lines.write([{ pin: OUT, level: 0 }]);
        if (line.use === "input") assert.equal(owner.lines.read(OUT), 1);
        await owner.release(stand);
      }
      assert.deepEqual(stand.held(), []);
    });

    onStand(
      "lines are lost together when one breaks, told once; then they can be claimed again",
      async (stand) => {
        stand.drive(IN, "down");
        const owner = await Owner.claim(stand, input(IN), output(OUT, 1), openDrain(ROW));
        owner.lines.watch(true);
        await stand.pass();
        assert.equal(owner.lines.read(IN), 0);
        owner.heard.length = 0;
        stand.breakPin(IN);
        assert.equal(owner.lines.read(IN), 0, "the last level");
        assert.deepEqual(owner.heard, [], "nothing is told within a call");
        await stand.until(() => owner.heard.length > 0);
        owner.lines.write([{ pin: OUT, level: 0 }]);
        owner.lines.watch(false);
        owner.lines.watch(true);
        await stand.pass();
        assert.deepEqual([owner.lines.read(IN), owner.lines.read(OUT)], [0, 1]);
        assert.deepEqual(owner.heard, ["lost"]);
        assert.notEqual(owner.causes[0], "");
        await owner.release(stand);
        assert.deepEqual(owner.heard, ["lost"]);
      },
    );

    onStand("a loss that was not told yet is not told after the release", async (stand) => {
      const owner = await Owner.claim(stand, input(IN), output(OUT, 1));
      stand.breakPin(IN);
      owner.lines.read(IN);
      await owner.release(stand);
      await stand.pass();
      assert.deepEqual(owner.heard, []);
    });

    onStand(
      "lines that are not of the claim, or not to be written, are a fault of the caller's",
      async (stand) => {
        const owner = await Owner.claim(stand, input(IN), output(OUT, 0));
        assert.throws(() => owner.lines.read(FREE), { name: "Defect" });
        assert.throws(() => owner.lines.write([{ pin: FREE, level: 0 }]), { name: "Defect" });
        assert.throws(() => owner.lines.write([{ pin: IN, level: 0 }]), { name: "Defect" });
        await owner.release(stand);
      },
    );
  });
}
