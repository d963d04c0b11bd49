// Goal: what the drivers of character modules send makes a module show what was asked for, within every limit of its data
// sheet. Method: the module as a device, on six pins that cost no time of their own and on an expander at 100 kHz.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DISPLAY_ALPHABET, type DisplaySize } from "../../src/core/codecs/display-frame.ts";
import { Hd44780Backpack } from "../../src/drivers/hd44780-backpack.ts";
import { Hd44780Pins } from "../../src/drivers/hd44780-pins.ts";
import type { DisplayConnection, DisplayLink, DisplayRun } from "../../src/runtime/ports.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { CharacterModule, type CharacterRom } from "../../src/simulator/site/character-module.ts";
import { BackpackModule, PinnedModule } from "../../src/simulator/site/module-wirings.ts";

const small = { columns: 16, rows: 2 };
const large = { columns: 20, rows: 4 };
const pins = { rs: 25, e: 24, data: [23, 17, 18, 22] };

interface Bench {
  readonly time: SimulatedTime;
  readonly module: CharacterModule;
  readonly link: DisplayLink;
  /** Of the module and of its wires. */
  breaches(): readonly string[];
  /** The device under the driver fails; what it then says. */
  fail(): string;
  /** Whether the lines are held. */
  held(): boolean;
}

function onPins(size: DisplaySize, { atomic = true, rom = "A00" as CharacterRom } = {}) {
  const time = new SimulatedTime();
  const module = new CharacterModule(size, { rom });
  const gpio = new PinnedModule(module, time, { pins, atomic });
  const clock = new SimulatedClock(time, 0);
  const link = new Hd44780Pins({ gpio, clock, spin: gpio.spin, settings: { ...pins, ...size } });
  const bench: Bench = {
    time,
    module,
    link,
    breaches: () => [...module.breaches, ...gpio.breaches],
    fail: () => {
      gpio.fail("ENODEV");
      return "ENODEV";
    },
    held: () => gpio.claimed,
  };
  return { ...bench, gpio };
}

function onBackpack(size: DisplaySize, { backlight = true, rom = "A00" as CharacterRom } = {}) {
  const time = new SimulatedTime();
  const module = new CharacterModule(size, { rom });
  const i2c = new BackpackModule(module, time);
  const clock = new SimulatedClock(time, 0);
  const link = new Hd44780Backpack({ i2c, clock, settings: { ...size, backlight } });
  const bench: Bench = {
    time,
    module,
    link,
    breaches: () => [...module.breaches, ...i2c.breaches],
    fail: () => {
      i2c.fail("EREMOTEIO");
      return "EREMOTEIO";
    },
    held: () => i2c.closes === 0,
  };
  return { ...bench, i2c };
}

const benches: Readonly<Record<string, (size: DisplaySize, rom?: CharacterRom) => Bench>> = {
  "six pins that move at once": (size, rom = "A00") => onPins(size, { rom }),
  "six pins that move one by one": (size, rom = "A00") => onPins(size, { atomic: false, rom }),
  "an expander": (size, rom = "A00") => onBackpack(size, { rom }),
};

/** Opens and lets time pass until the module is ready. */
function ready({ link, time }: Bench): { readonly connection: DisplayConnection; readonly said: string[] } {
  const said: string[] = [];
  const connection = link.open({
    ready: () => said.push("ready"),
    closed: (cause) => said.push(`closed: ${cause}`),
  });
  assert.deepEqual(said, [], "nothing comes before open has returned");
  time.runUntil(time.now + 500);
  assert.deepEqual(said, ["ready"], "a module is ready within half a second");
  return { connection, said };
}

function write({ time }: Bench, connection: DisplayConnection, runs: readonly DisplayRun[]): void {
  let written = false;
  connection.write(runs, () => {
    written = true;
  });
  assert.equal(written, false, "no callback before the call has returned");
  while (!written) assert.ok(time.step(), "the write ends");
}

function full(rows: readonly string[]): readonly DisplayRun[] {
  return rows.map((text, row) => ({ row, column: 0, text }));
}

for (const [name, benchOf] of Object.entries(benches)) {
  describe(`a module on ${name}`, () => {
    it("is blank and lit when it is ready, on every size", () => {
      for (const size of [small, large, { columns: 16, rows: 4 }, { columns: 20, rows: 2 }]) {
        const bench = benchOf(size);
        ready(bench);
        assert.deepEqual(bench.module.rows(), Array(size.rows).fill(" ".repeat(size.columns)));
        assert.deepEqual(bench.breaches(), []);
      }
    });

    it("shows every character of the alphabet as itself, whichever generator it was made with", () => {
      const characters = [...DISPLAY_ALPHABET].join("").padEnd(5 * 20);
      for (const rom of ["A00", "A02"] as const) {
        const bench = benchOf(large, rom);
        const { connection } = ready(bench);
        for (const part of [characters.slice(0, 80), characters.slice(20)]) {
          const rows = [0, 20, 40, 60].map((from) => part.slice(from, from + 20));
          write(bench, connection, full(rows));
          assert.deepEqual(bench.module.rows(), rows);
        }
        assert.deepEqual(bench.breaches(), []);
      }
    });

    it("shows what random runs leave standing, within every limit of the data sheet", () => {
      const letter = fc.constantFrom(...DISPLAY_ALPHABET);
      const run = fc
        .record({
          row: fc.nat(3),
          column: fc.nat(19),
          text: fc.array(letter, { minLength: 1, maxLength: 20 }),
        })
        .map(({ row, column, text }) => ({ row, column, text: text.slice(0, 20 - column).join("") }));
      const picture = fc.array(run, { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(fc.array(picture, { maxLength: 5 }), (pictures) => {
          const bench = benchOf(large);
          const { connection } = ready(bench);
          const shadow = Array.from({ length: 4 }, () => Array<string>(20).fill(" "));
          for (const runs of pictures) {
            const ordered = runs.toSorted((a, b) => a.row - b.row);
            write(bench, connection, ordered);
            for (const { row, column, text } of ordered) shadow[row]?.splice(column, text.length, ...text);
          }
          assert.deepEqual(
            bench.module.rows(),
            shadow.map((row) => row.join("")),
          );
          assert.deepEqual(bench.breaches(), []);
        }),
        { numRuns: 60 },
      );
    });

    it("is right again after it was started anew, wherever it had lost the beat", () => {
      const bench = benchOf(small);
      const rows = ["PAID      \u00a512.50", "Thank you       "];
      const first = ready(bench);
      write(bench, first.connection, full(rows));
      bench.module.slip();
      write(bench, first.connection, full(rows));
      assert.notDeepEqual(bench.module.rows(), rows, "it shows nonsense and cannot say so");
      let free = false;
      first.connection.close(() => {
        free = true;
      });
      while (!free) assert.ok(bench.time.step());
      const second = ready(bench);
      write(bench, second.connection, full(rows));
      assert.deepEqual(bench.module.rows(), rows);
    });

    it("says once that its lines fail, lets go of them, and is silent then", () => {
      const bench = benchOf(small);
      const { connection, said } = ready(bench);
      const cause = bench.fail();
      connection.write(full(["a".repeat(16)]), () => said.push("written"));
      bench.time.runUntil(bench.time.now + 5_000);
      assert.deepEqual(said, ["ready", `closed: ${cause}`]);
      assert.equal(bench.held(), false);
      connection.write(full(["b"]), () => said.push("written"));
      let freed = false;
      connection.close(() => {
        freed = true;
      });
      bench.time.runUntil(bench.time.now + 5_000);
      assert.deepEqual(said, ["ready", `closed: ${cause}`]);
      assert.ok(freed);
    });

    it("ends the write that is under way before it is free", () => {
      const bench = benchOf(large);
      const { connection, said } = ready(bench);
      const rows = Array.from("abcd", (letter) => letter.repeat(20));
      connection.write(full(rows), () => said.push("written"));
      let freed = false;
      connection.close(() => {
        freed = true;
        assert.deepEqual(bench.module.rows(), rows);
      });
      assert.equal(freed, false);
      bench.time.runUntil(bench.time.now + 1_000);
      assert.ok(freed);
      assert.deepEqual(bench.breaches(), []);
      assert.equal(bench.held(), false);
    });

    it("can be closed at any moment of its start, and is free then", () => {
      for (let ms = 0; ms < 90; ms += 1) {
        const bench = benchOf(small);
        const said: string[] = [];
        const connection = bench.link.open({
          ready: () => said.push("ready"),
          closed: (cause) => said.push(cause),
        });
        bench.time.runUntil(ms);
        const before = said.length;
        let freed = 0;
        connection.close(() => {
          freed += 1;
        });
        assert.equal(freed, 0);
        bench.time.runUntil(ms + 1_000);
        assert.equal(freed, 1, `${ms} ms`);
        assert.equal(said.length, before);
        assert.equal(bench.held(), false);
        assert.deepEqual(bench.breaches(), []);
      }
    });
  });
}

describe("six pins", () => {
  it("say why they cannot be had", () => {
    const { gpio, link, time } = onPins(small);
    gpio.refuse("pin 24 is in use: end what holds it");
    const said: string[] = [];
    link.open({ ready: () => said.push("ready"), closed: (cause) => said.push(cause) });
    time.runUntil(1_000);
    assert.deepEqual(said, ["pin 24 is in use: end what holds it"]);
  });

  it("write a picture in little time, a row at a time, and a changed digit in nearly none", () => {
    const costs = (size: DisplaySize, runs: readonly DisplayRun[]) => {
      const bench = onPins(size);
      const { connection } = ready(bench);
      const before = { spunUs: bench.gpio.spunUs, writes: bench.gpio.writes, levels: bench.gpio.levels };
      write(bench, connection, runs);
      return {
        spunUs: bench.gpio.spunUs - before.spunUs,
        writes: bench.gpio.writes - before.writes,
        levels: bench.gpio.levels - before.levels,
      };
    };
    const smallPicture = full(Array(2).fill("x".repeat(16)));
    const largePicture = full(Array(4).fill("x".repeat(20)));
    assert.deepEqual(costs(small, smallPicture), {
      spunUs: 34 * 64 + 4,
      writes: 34 * 4 + 4,
      levels: 34 * 12 + 4,
    });
    assert.deepEqual(costs(large, largePicture), {
      spunUs: 84 * 64 + 8,
      writes: 84 * 4 + 8,
      levels: 84 * 12 + 8,
    });
    const digit = [{ row: 1, column: 14, text: "4" }];
    assert.deepEqual(costs(small, digit), { spunUs: 2 * 64 + 2, writes: 2 * 4 + 2, levels: 2 * 12 + 2 });
  });
});

describe("an expander", () => {
  it("takes a row in one transfer", () => {
    const bench = onBackpack(small);
    const { connection } = ready(bench);
    const before = bench.i2c.transfers.length;
    write(bench, connection, full(["x".repeat(16), "y".repeat(16)]));
    assert.deepEqual(bench.i2c.transfers.slice(before), [1 + 4 + 1 + 64, 1 + 4 + 1 + 64]);
    const atOnce = bench.i2c.transfers.length;
    write(bench, connection, [
      { row: 0, column: 0, text: "a" },
      { row: 0, column: 9, text: "b" },
    ]);
    assert.equal(bench.i2c.transfers.length, atOnce + 1);
  });

  it("lights the module where it shall", () => {
    for (const backlight of [true, false]) {
      const bench = onBackpack(small, { backlight });
      const { connection } = ready(bench);
      write(bench, connection, full(["x"]));
      assert.equal(bench.i2c.light, backlight ? 1 : 0);
    }
  });

  it("says why the bus does not answer, from the start", () => {
    const bench = onBackpack(small);
    const cause = bench.fail();
    const said: string[] = [];
    bench.link.open({ ready: () => said.push("ready"), closed: (why) => said.push(why) });
    bench.time.runUntil(1_000);
    assert.deepEqual(said, [cause]);
  });
});
