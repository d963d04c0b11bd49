// Goal: the unmodified package lcd shows what it is told, ends what it began, and writes to no pin that it no longer has.
// Method: the package itself on pins that are played in the place of onoff, with a module at their end.
import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { createRequire, Module } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DISPLAY_ALPHABET } from "../../src/core/codecs/display-frame.ts";
import { loadLcdDisplay, sysfsNumbers } from "../../src/links/display/lcd-display.ts";
import type {
  DisplayConnection,
  DisplayLink,
  DisplayRun,
  GpioLines,
  GpioLink,
  GpioListener,
} from "../../src/runtime/ports.ts";
import { CharacterModule } from "../../src/simulator/site/character-module.ts";
import { until } from "../e2e/until.ts";

const size = { columns: 16, rows: 2 };
const settings = { rs: 25, e: 24, data: [23, 17, 18, 22], ...size };
/** What sysfs adds to a pin's number. */
const BASE = 569;

/** The header with a module on it. */
class Board {
  /** The package's waits are made for modules of the usual speed. */
  readonly module = new CharacterModule(size, { oscillatorKhz: 270 });
  readonly levels = new Map<number, 0 | 1>();
  /** Writes to pins that were given back: in a real process they go to whatever file is there now. */
  strayWrites = 0;
  /** How often a pin may still be written before all writes fail. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** A pin that cannot be had. */
  missing: number | null = null;
  open = 0;
  /** Where pins have files, as those of sysfs are; they stay open until somebody closes them. */
  sysfs: string | null = null;

  write(pin: number, level: 0 | 1): void {
    if (this.writesLeft <= 0) throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO" });
    this.writesLeft -= 1;
    const before = this.levels.get(pin);
    this.levels.set(pin, level);
    if (pin !== settings.e || level === 1 || before !== 1) return;
    const half = settings.data.reduce((sum, one, bit) => sum | ((this.levels.get(one) ?? 0) << bit), 0);
    this.module.latch(this.levels.get(settings.rs) ?? 0, half, performance.now() * 1_000);
  }
}

let board = new Board();

/** What the package takes of onoff. */
class PlayedGpio {
  readonly #pin: number;
  readonly #board = board;
  #open = true;

  constructor(number: number, direction: string) {
    assert.equal(direction, "low");
    this.#pin = number - BASE;
    if (this.#pin === this.#board.missing) {
      throw Object.assign(new Error("EINVAL: invalid argument, write"), { code: "EINVAL" });
    }
    this.#board.open += 1;
    this.#board.levels.set(this.#pin, 0);
    if (this.#board.sysfs !== null) {
      const folder = join(this.#board.sysfs, `gpio${number}`);
      mkdirSync(folder);
      openSync(join(folder, "value"), "w");
    }
  }

  writeSync(level: 0 | 1): void {
    if (this.#open) this.#board.write(this.#pin, level);
    else this.#board.strayWrites += 1;
  }

  unexport(): void {
    assert.ok(this.#open, "a pin is given back once");
    this.#open = false;
    this.#board.open -= 1;
  }
}

const require = createRequire(import.meta.url);
const path = require.resolve("onoff");
const played = new Module(path);
played.exports = { Gpio: PlayedGpio };
played.loaded = true;
require.cache[path] = played;

/** The claim that answers for the pins. */
class PlayedClaims implements GpioLink {
  listener: GpioListener | null = null;
  refusal: string | null = null;
  held = 0;

  claim(
    lines: Parameters<GpioLink["claim"]>[0],
    listener: GpioListener,
    done: Parameters<GpioLink["claim"]>[2],
  ): void {
    assert.deepEqual(
      lines.map(({ pin }) => pin),
      [25, 24, 23, 17, 18, 22],
    );
    setTimeout(() => {
      if (this.refusal !== null) {
        done({ kind: "refused", why: this.refusal });
        return;
      }
      this.listener = listener;
      this.held += 1;
      const claimed: GpioLines = {
        read: () => 0,
        write: () => assert.fail("the package writes"),
        watch: () => {},
        release: (freed) => {
          this.held -= 1;
          setImmediate(freed);
        },
      };
      done({ kind: "claimed", lines: claimed });
    }, 1);
  }
}

let claims = new PlayedClaims();
let link: DisplayLink;

beforeEach(async () => {
  board = new Board();
  claims = new PlayedClaims();
  link = await loadLcdDisplay({ gpio: claims, sysfsNumber: (pin) => BASE + pin, settings });
});

/** Everything that one connection said, in order. */
function opened(): { readonly connection: DisplayConnection; readonly said: string[] } {
  const said: string[] = [];
  const connection = link.open({
    ready: () => said.push("ready"),
    closed: (cause) => said.push(`closed: ${cause}`),
  });
  return { connection, said };
}

async function ready() {
  const one = opened();
  await until(() => one.said.length > 0);
  assert.deepEqual(one.said, ["ready"]);
  return one;
}

async function write(connection: DisplayConnection, runs: readonly DisplayRun[]): Promise<void> {
  await new Promise<void>((resolve) => connection.write(runs, resolve));
}

async function closed(connection: DisplayConnection): Promise<void> {
  await new Promise<void>((resolve) => connection.close(resolve));
  assert.deepEqual([claims.held, board.open], [0, 0], "all pins are given back");
}

/** Long enough for whatever the package has begun to go on. */
async function rest(): Promise<void> {
  await sleep(60);
  assert.equal(board.strayWrites, 0, "nothing is written to a pin that was given back");
}

describe("the display by lcd", () => {
  it("starts a module within the data sheet and shows every character of the alphabet", async () => {
    const { connection } = await ready();
    assert.deepEqual(board.module.rows(), [" ".repeat(16), " ".repeat(16)]);
    const characters = [...DISPLAY_ALPHABET].join("");
    for (let from = 0; from < characters.length; from += 32) {
      const rows = [from, from + 16].map((start) => characters.slice(start, start + 16).padEnd(16));
      await write(
        connection,
        rows.map((text, row) => ({ row, column: 0, text })),
      );
      assert.deepEqual(board.module.rows(), rows);
    }
    assert.deepEqual(board.module.breaches, []);
    await closed(connection);
    await rest();
  });

  it("writes runs where they belong, one after the other", async () => {
    const { connection } = await ready();
    await write(connection, [
      { row: 0, column: 0, text: "AAAAAAAA" },
      { row: 1, column: 0, text: "BBBBBBBB" },
      { row: 0, column: 15, text: "\u00a5" },
    ]);
    assert.deepEqual(board.module.rows(), ["AAAAAAAA       \u00a5", "BBBBBBBB        "]);
    await closed(connection);
    await rest();
  });

  it("prints to the end before it gives the pins back, and writes nothing after", async () => {
    const { connection, said } = await ready();
    connection.write([{ row: 0, column: 0, text: "PAID      \u00a512.50" }], () => said.push("written"));
    await closed(connection);
    assert.equal(board.module.rows()[0], "PAID      \u00a512.50");
    await rest();
    assert.deepEqual(said, ["ready"]);
  });

  it("can be closed at any moment of its start", async () => {
    for (const ms of [0, 2, 10, 17, 20, 24, 27]) {
      const { connection, said } = opened();
      await sleep(ms);
      const before = said.length;
      await closed(connection);
      await rest();
      assert.equal(said.length, before);
    }
  });

  it("says that a pin fails while the module starts, while glyphs are drawn, and while text is printed", async () => {
    for (const writes of [3, 40, 200, 400]) {
      board.writesLeft = writes;
      const { connection, said } = opened();
      await until(() => said.length > 0);
      if (said[0] === "ready") {
        connection.write([{ row: 0, column: 0, text: "x".repeat(16) }], () => said.push("written"));
        await until(() => said.length > 1);
      }
      assert.equal(said.at(-1), "closed: EIO: i/o error, write");
      await closed(connection);
      await rest();
      board.writesLeft = Number.POSITIVE_INFINITY;
    }
  });

  it("says why the pins cannot be had, by the claim or by the package", async () => {
    claims.refusal = "Pin 24 is in use by another device of this box; give each device pins of its own.";
    const refused = opened();
    await until(() => refused.said.length > 0);
    assert.deepEqual(refused.said, [`closed: ${claims.refusal}`]);
    await closed(refused.connection);
    claims.refusal = null;
    board.missing = 25;
    const missing = opened();
    await until(() => missing.said.length > 0);
    assert.deepEqual(missing.said, ["closed: EINVAL: invalid argument, write"]);
    await closed(missing.connection);
    board.missing = null;
    await closed((await ready()).connection);
  });

  it("keeps no file of a pin where another one fails", async () => {
    const sysfs = mkdtempSync(join(tmpdir(), "scanbox-sysfs-"));
    const other = openSync(join(sysfs, "value"), "w");
    board.sysfs = sysfs;
    board.missing = settings.data[2] ?? null;
    const { connection, said } = opened();
    await until(() => said.length > 0);
    assert.equal(readdirSync(sysfs).filter((name) => name.startsWith("gpio")).length, 4);
    const open = readdirSync("/proc/self/fd").flatMap((file) => {
      const path = `/proc/self/fd/${file}`;
      return existsSync(path) ? [readlinkSync(path)] : [];
    });
    assert.deepEqual(
      open.filter((path) => path.startsWith(sysfs)),
      [join(sysfs, "value")],
      "what is not a pin's is left alone",
    );
    closeSync(other);
    // The package itself gives none of them back.
    board.open = 0;
    await closed(connection);
    rmSync(sysfs, { recursive: true });
  });

  it("says that the pins were lost, and writes to them no more", async () => {
    const { connection, said } = await ready();
    connection.write([{ row: 0, column: 0, text: "x".repeat(16) }], () => said.push("written"));
    claims.listener?.lost("ENODEV: no such device, write");
    assert.deepEqual(said, ["ready", "closed: ENODEV: no such device, write"]);
    await until(() => claims.held === 0);
    await rest();
    await closed(connection);
    assert.equal(said.length, 2);
  });
});

describe("the numbers of pins in sysfs", () => {
  it("are not made up where there is no such chip", () => {
    assert.throws(() => sysfsNumbers("no-such-chip")(25), /There is no GPIO chip labelled "no-such-chip"/);
  });
});
