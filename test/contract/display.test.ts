/**
 * What every display keeps, checked on the drivers of character modules over a module that is simulated down to its wires, on
 * the kernel's device file by a pipe in its place, on a stream, and on the display that is played.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { glyphs } from "../../src/core/codecs/character-rom.ts";
import { Hd44780Backpack } from "../../src/drivers/hd44780-backpack.ts";
import { Hd44780Pins } from "../../src/drivers/hd44780-pins.ts";
import { KernelDisplay } from "../../src/links/display/kernel-display.ts";
import { TerminalDisplay } from "../../src/links/display/terminal-display.ts";
import type { DisplayConnection, DisplayLink, DisplayRun } from "../../src/runtime/ports.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { CharacterModule } from "../../src/simulator/site/character-module.ts";
import { BackpackModule, PinnedModule } from "../../src/simulator/site/module-wirings.ts";
import { VirtualDisplay } from "../../src/simulator/site/virtual-display.ts";

const size = { columns: 20, rows: 4 };
const blank: readonly string[] = Array(4).fill(" ".repeat(20));
const picture = [
  "Pay           \u00a512.50",
  "Show WeChat code    ",
  "\u5143 {|}^`[]_!\"#$%&'()*",
  "+,-./:;<=>?@ \u2713      ",
];

interface World {
  readonly link: DisplayLink;
  rows(): readonly string[];
  /** Lets a little time pass. */
  step(): Promise<void>;
  /** The device goes away. */
  unplug(): void;
  end(): void;
}

function simulated(
  make: (time: SimulatedTime, clock: SimulatedClock) => Pick<World, "link" | "rows" | "unplug">,
): World {
  const time = new SimulatedTime();
  return {
    ...make(time, new SimulatedClock(time, 0)),
    step: async () => {
      time.step();
    },
    end: () => {},
  };
}

const worlds: Readonly<Record<string, () => World>> = {
  "the played display": () =>
    simulated((_time, clock) => {
      let rows = blank;
      const link = new VirtualDisplay({
        clock,
        size,
        startMs: 5,
        writeMs: 2,
        shown: (shown) => (rows = shown),
      });
      return { link, rows: () => rows, unplug: () => link.unplug() };
    }),
  "six pins": () =>
    simulated((time, clock) => {
      const pins = { rs: 25, e: 24, data: [23, 17, 18, 22] };
      const module = new CharacterModule(size);
      const gpio = new PinnedModule(module, time, { pins, atomic: true });
      const link = new Hd44780Pins({ gpio, clock, spin: gpio.spin, settings: { ...pins, ...size } });
      return { link, rows: () => module.rows(), unplug: () => gpio.fail("ENODEV") };
    }),
  "an expander": () =>
    simulated((time, clock) => {
      const module = new CharacterModule(size);
      const i2c = new BackpackModule(module, time);
      const link = new Hd44780Backpack({ i2c, clock, settings: { ...size, backlight: true } });
      return { link, rows: () => module.rows(), unplug: () => i2c.fail("EREMOTEIO") };
    }),
  "a device file": () => {
    pipes += 1;
    const path = join(directory, `lcd-${pipes}`);
    execFileSync("/usr/bin/mkfifo", [path]);
    // Held for reading and writing, a pipe lets a writer in at once.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const device = new CharacterDevice();
    const buffer = Buffer.alloc(4_096);
    let open = true;
    const close = (): void => {
      if (open) closeSync(fd);
      open = false;
    };
    return {
      link: new KernelDisplay({ path, ...size }),
      rows: () => {
        for (let length = take(fd, buffer); length > 0; length = take(fd, buffer)) {
          device.take(buffer.toString("latin1", 0, length));
        }
        return device.rows();
      },
      step: () => sleep(1),
      unplug: close,
      end: close,
    };
  },
  "a stream": () => {
    let rows = blank;
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        rows = chunk.split("\n").flatMap((line) => line.match(/^\|(.*)\|$/)?.[1] ?? []);
        setImmediate(done);
      },
    });
    stream.on("error", () => {});
    return {
      link: new TerminalDisplay({ stream, size }),
      rows: () => rows,
      step: () => sleep(1),
      unplug: () => stream.destroy(new Error("EPIPE")),
      end: () => stream.destroy(),
    };
  },
};

const directory = mkdtempSync(join(tmpdir(), "scanbox-display-"));
let pipes = 0;
after(() => rmSync(directory, { recursive: true }));

function take(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
    throw error;
  }
}

/** What the kernel's driver makes of what it is sent, as far as we send it (drivers/auxdisplay/charlcd.c). */
class CharacterDevice {
  #cells = blank.map((row) => [...row]);
  #at = { row: 0, column: 0 };
  readonly #drawn = new Map<number, string>();

  rows(): readonly string[] {
    return this.#cells.map((row) => row.join(""));
  }

  take(text: string): void {
    const [printed = "", ...sequences] = text.split("\u001b[L");
    for (const character of printed) this.#print(character);
    for (const sequence of sequences) {
      const [, words = "", rest = ""] = sequence.match(/^([Icb+]|[xG][^;]*;)(.*)$/s) ?? [];
      this.#obey(words);
      for (const character of rest) this.#print(character);
    }
  }

  #obey(sequence: string): void {
    const [, column, row] = sequence.match(/^x(\d+)y(\d+);$/) ?? [];
    const [, place, dots] = sequence.match(/^G([0-7])([0-9a-f]{16});$/) ?? [];
    if (sequence === "I") this.#cells = blank.map((line) => [...line]);
    else if (column !== undefined && row !== undefined)
      this.#at = { row: Number(row), column: Number(column) };
    else if (place !== undefined && dots !== undefined) {
      const drawn = glyphs.find((glyph) => Buffer.from(glyph.dots).toString("hex") === dots);
      this.#drawn.set(Number(place), drawn?.character ?? "?");
    } else assert.match(sequence, /^[cb+]$/);
  }

  #print(character: string): void {
    const { row, column } = this.#at;
    const line = this.#cells[row];
    assert.ok(line !== undefined && column < line.length, "nothing is printed beyond the display");
    line[column] = character < " " ? (this.#drawn.get(character.charCodeAt(0)) ?? "?") : character;
    this.#at = { row, column: column + 1 };
  }
}

/** Everything that one connection said, in order. */
class LastReversalReply {
  readonly events: string[] = [];
  readonly connection: DisplayConnection;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.connection = world.link.open({
      ready: () => this.events.push("ready"),
      closed: () => this.events.push("closed"),
    });
    assert.deepEqual(this.events, [], "nothing comes before open has returned");
  }

  static async ready(world: World): Promise<LastReversalReply> {
    const heard = new LastReversalReply(world);
    await heard.until(() => heard.events.length > 0);
    assert.deepEqual(heard.events, ["ready"]);
    return heard;
  }

  async until(condition: () => boolean): Promise<void> {
    for (let step = 0; !condition(); step += 1) {
      assert.ok(step < 5_000, "it never came true");
      await this.#world.step();
    }
  }

  async write(runs: readonly DisplayRun[]): Promise<void> {
    let written = false;
    this.connection.write(runs, () => {
      written = true;
    });
    assert.equal(written, false, "no callback before the call has returned");
    await this.until(() => written);
  }

  async close(): Promise<void> {
    let closed = 0;
    this.connection.close(() => {
      closed += 1;
    });
    assert.equal(closed, 0, "no callback before the call has returned");
    await this.until(() => closed > 0);
    for (let step = 0; step < 20; step += 1) await this.#world.step();
    assert.equal(closed, 1);
  }
}

function full(rows: readonly string[]): readonly DisplayRun[] {
  return rows.map((text, row) => ({ row, column: 0, text }));
}

for (const [name, worldOf] of Object.entries(worlds)) {
  const inWorld = (claim: string, check: (world: World) => Promise<void>): void => {
    it(claim, async () => {
      const world = worldOf();
      try {
        await check(world);
      } finally {
        world.end();
      }
    });
  };

  describe(`the display: ${name}`, () => {
    inWorld("is blank when it is ready", async (world) => {
      const heard = await LastReversalReply.ready(world);
      assert.deepEqual(world.rows(), blank);
      await heard.close();
    });

    inWorld("shows what is written, whole pictures and single cells", async (world) => {
      const heard = await LastReversalReply.ready(world);
      await heard.write(full(picture));
      assert.deepEqual(world.rows(), picture);
      await heard.write([
        { row: 0, column: 0, text: "PAID" },
        { row: 0, column: 19, text: "9" },
        { row: 3, column: 13, text: "\u5143" },
      ]);
      assert.deepEqual(world.rows(), [
        "PAID          \u00a512.59",
        ...picture.slice(1, 3),
        "+,-./:;<=>?@ \u5143      ",
      ]);
      await heard.close();
    });

    inWorld("ends the write that is under way, and is silent when it is closed", async (world) => {
      const heard = await LastReversalReply.ready(world);
      heard.connection.write(full(picture), () => {});
      await heard.close();
      assert.deepEqual(world.rows(), picture);
      world.unplug();
      for (let step = 0; step < 20; step += 1) await world.step();
      assert.deepEqual(heard.events, ["ready"]);
    });

    inWorld("is silent where it is closed while it opens, and opens again", async (world) => {
      const first = new LastReversalReply(world);
      await first.close();
      assert.deepEqual(first.events, []);
      const second = await LastReversalReply.ready(world);
      await second.write(full(picture));
      assert.deepEqual(world.rows(), picture);
      await second.close();
    });

    inWorld("is blank again after it was opened anew", async (world) => {
      const first = await LastReversalReply.ready(world);
      await first.write(full(picture));
      await first.close();
      const second = await LastReversalReply.ready(world);
      await second.write([{ row: 1, column: 0, text: "x" }]);
      assert.deepEqual(world.rows(), [blank[0], `x${" ".repeat(19)}`, ...blank.slice(2)]);
      await second.close();
    });

    inWorld("says once that its device is gone, and can still be closed", async (world) => {
      const heard = await LastReversalReply.ready(world);
      world.unplug();
      heard.connection.write(full(picture), () => heard.events.push("written"));
      await heard.until(() => heard.events.includes("closed"));
      await heard.close();
      assert.deepEqual(heard.events, ["ready", "closed"]);
    });
  });
}
