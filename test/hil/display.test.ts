// Goal: character modules on the pins of a real kernel show what they are told, by the unmodified package lcd and by our own
// driver on both interfaces of the kernel. Method: the kernel's record of every pin, decoded by a module of the data sheet.
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { glyphs } from "../../src/core/codecs/character-rom.ts";
import { DISPLAY_ALPHABET } from "../../src/core/codecs/display-frame.ts";
import { Hd44780Pins } from "../../src/drivers/hd44780-pins.ts";
import { loadLcdDisplay, sysfsNumbers } from "../../src/links/display/lcd-display.ts";
import { spin } from "../../src/links/machine/spin.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import type { DisplayConnection, DisplayLink, DisplayRun } from "../../src/runtime/ports.ts";
import { CharacterModule } from "../../src/simulator/site/character-module.ts";
import { until } from "../e2e/until.ts";
import { Hd44780 } from "./hd44780.ts";
import { heldPins, removeHeader, restoreHeader } from "./header.ts";
import { loadLink } from "./kernel-stand.ts";
import { clearTrace, readTrace } from "./trace.ts";

const size = { columns: 20, rows: 4 };
const settings = { rs: 25, e: 24, data: [23, 17, 18, 22], ...size };
const pins = [settings.rs, settings.e, ...settings.data];

interface Way {
  readonly link: () => Promise<DisplayLink>;
  /** The slowest module that it is made for. */
  readonly oscillatorKhz: number;
}

const ways: Readonly<Record<string, Way>> = {
  "the package lcd": {
    link: async () =>
      loadLcdDisplay({ gpio: await loadLink("sysfs"), sysfsNumber: sysfsNumbers(null), settings }),
    oscillatorKhz: 270,
  },
  "our driver on the character device": { link: () => ownDriver("cdev"), oscillatorKhz: 190 },
  "our driver on sysfs": { link: () => ownDriver("sysfs"), oscillatorKhz: 190 },
};

async function ownDriver(backend: "sysfs" | "cdev"): Promise<DisplayLink> {
  return new Hd44780Pins({ gpio: await loadLink(backend), clock: new SystemClock(), spin, settings });
}

/** What people see after everything that happened to the pins since the trace was cleared. */
function shown(): readonly string[] {
  const module = new Hd44780(settings).follow(readTrace());
  const places = "⓪①②③④⑤⑥⑦";
  return Array.from({ length: size.rows }, (_, row) =>
    Array.from(module.text(row, size.columns), (character) => {
      const place = places.indexOf(character);
      if (place < 0) return character;
      const dots = module.glyph(place);
      return (
        glyphs.find((glyph) => glyph.dots.every((line, index) => line === dots[index]))?.character ?? "?"
      );
    }).join(""),
  );
}

/** What a module of that speed objects to in it. */
function breaches(oscillatorKhz: number): readonly string[] {
  const module = new CharacterModule(size, { oscillatorKhz });
  const levels = new Map<number, 0 | 1>();
  for (const { pin, level, at } of readTrace()) {
    const before = levels.get(pin) ?? 0;
    const now = level === "released" ? 0 : level;
    levels.set(pin, now);
    if (pin !== settings.e || now === 1 || before === 0) continue;
    const half = settings.data.reduce((sum, one, bit) => sum | ((levels.get(one) ?? 0) << bit), 0);
    module.latch(levels.get(settings.rs) ?? 0, half, at * 1_000_000);
  }
  return module.breaches;
}

async function ready(link: DisplayLink) {
  const said: string[] = [];
  const connection = link.open({
    ready: () => said.push("ready"),
    closed: (cause) => said.push(`closed: ${cause}`),
  });
  await until(() => said.length > 0);
  assert.deepEqual(said, ["ready"]);
  return { connection, said };
}

async function write(connection: DisplayConnection, runs: readonly DisplayRun[]): Promise<void> {
  await new Promise<void>((resolve) => connection.write(runs, resolve));
}

async function closed(connection: DisplayConnection): Promise<void> {
  await new Promise<void>((resolve) => connection.close(resolve));
}

function full(rows: readonly string[]): readonly DisplayRun[] {
  return rows.map((text, row) => ({ row, column: 0, text }));
}

const picture = [
  "PAID          \u00a512.50",
  "Thank you           ",
  "Ref 4711            ",
  "\u5143 \u2713                 ",
];

for (const [name, { link: linkOf, oscillatorKhz }] of Object.entries(ways)) {
  const onPins = (claim: string, check: (link: DisplayLink, t: TestContext) => Promise<void>): void => {
    it(claim, async (t) => {
      restoreHeader();
      clearTrace();
      await check(await linkOf(), t);
      restoreHeader();
    });
  };

  describe(`the display by ${name}`, () => {
    onPins("shows full screens, within the times of the data sheet", async (link, t) => {
      const began = performance.now();
      const { connection } = await ready(link);
      const readyMs = performance.now() - began;
      const characters = [...DISPLAY_ALPHABET].join("");
      const last = [80, 84, 88, 92].map((from) => characters.slice(from, from + 4).padEnd(20));
      const first = [0, 20, 40, 60].map((from) => characters.slice(from, from + 20));
      for (const rows of [first, last, picture]) {
        const before = performance.now();
        await write(connection, full(rows));
        const ms = performance.now() - before;
        const events = readTrace().length;
        assert.deepEqual(shown(), rows);
        t.diagnostic(
          `ready after ${readyMs.toFixed(0)} ms, 20×4 in ${ms.toFixed(1)} ms, ${events} changes so far`,
        );
      }
      assert.deepEqual(breaches(oscillatorKhz), []);
      await closed(connection);
    });

    onPins("gives all pins back, and starts the module anew", async (link) => {
      const first = await ready(link);
      await write(first.connection, full(picture));
      await closed(first.connection);
      assert.deepEqual(
        [...heldPins().keys()].filter((pin) => pins.includes(pin)),
        [],
      );
      const second = await ready(link);
      await write(second.connection, [{ row: 1, column: 3, text: "anew" }]);
      const blank = " ".repeat(20);
      assert.deepEqual(shown(), [blank, `   anew${" ".repeat(13)}`, blank, blank]);
      await closed(second.connection);
    });

    onPins("writes into no file that is opened right after it was closed", async (link) => {
      const directory = mkdtempSync(join(tmpdir(), "scanbox-display-"));
      for (let round = 0; round < 3; round += 1) {
        const { connection } = await ready(link);
        connection.write(full(picture), () => {});
        await closed(connection);
        // The descriptors of the pins are given to the next files that are opened.
        const files = Array.from({ length: 12 }, (_, index) => {
          const path = join(directory, `${round}-${index}`);
          const fd = openSync(path, "w+");
          writeSync(fd, "journal");
          return { path, fd };
        });
        await sleep(150);
        for (const { path, fd } of files) {
          assert.equal(readFileSync(path, "utf8"), "journal");
          closeSync(fd);
        }
        assert.deepEqual(shown(), picture, "and what was begun was finished");
      }
      rmSync(directory, { recursive: true });
    });

    onPins("says that the pins are gone, and works again when they are back", async (link) => {
      const { connection, said } = await ready(link);
      removeHeader();
      connection.write(full(picture), () => said.push("written"));
      await until(() => said.length > 1);
      assert.match(said[1] ?? "", /^closed: ENODEV/);
      await closed(connection);
      restoreHeader();
      clearTrace();
      const again = await ready(link);
      await write(again.connection, full(picture));
      assert.deepEqual(shown(), picture);
      await closed(again.connection);
    });
  });
}
