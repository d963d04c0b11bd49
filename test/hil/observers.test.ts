/** What watches the pins for other tests is checked here against the packages and drivers themselves. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import Lcd from "lcd";
import type { Key } from "../../src/core/payment/amount-entry.ts";
import { Keypad } from "../../src/drivers/keypad.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { until } from "../e2e/until.ts";
import { Hd44780 } from "./hd44780.ts";
import { headerBase, heldPins, pulled, removeHeader, restoreHeader } from "./header.ts";
import { loadLink } from "./kernel-stand.ts";
import { KeyMatrix } from "./key-matrix.ts";
import { clearTrace, readTrace } from "./trace.ts";

beforeEach(() => {
  restoreHeader();
  clearTrace();
});

afterEach(() => {
  if (heldPins().size > 0) removeHeader();
});

describe("the observed display", () => {
  const wiring = { rs: 7, e: 8, data: [25, 24, 23, 18] } as const;

  it("shows what the package lcd prints, and own glyphs", async () => {
    const base = headerBase();
    const lcd = new Lcd({
      rs: base + wiring.rs,
      e: base + wiring.e,
      data: wiring.data.map((pin) => base + pin),
      cols: 16,
      rows: 2,
    });
    await new Promise((resolve) => lcd.on("ready", resolve));
    assert.ok(new Hd44780(wiring).follow(readTrace()).ready);
    const print = (text: string): Promise<unknown> => new Promise((resolve) => lcd.print(text, resolve));
    lcd._send(0x48, 0);
    for (const dots of [0, 10, 31, 31, 14, 4, 0, 0]) lcd._send(dots, 1);
    lcd._command(0x80);
    await print("PAID \\12.50 \u0001");
    lcd._command(0x80 + 0x42);
    await print("thank you ~");
    const module = new Hd44780(wiring).follow(readTrace());
    assert.equal(module.text(0, 16), "PAID ¥12.50 ①   ");
    assert.equal(module.text(1, 16), "  thank you →   ");
    assert.deepEqual(module.glyph(1), [0, 10, 31, 31, 14, 4, 0, 0]);
    assert.deepEqual(module.early, []);
    assert.deepEqual(
      module.bytes.slice(0, 5).map(({ rs, value }) => [rs, value]),
      [
        [0, 0x30],
        [0, 0x30],
        [0, 0x30],
        [0, 0x20],
        [0, 0x28],
      ],
    );
    lcd.close();
  });

  it("notices a strobe that never came", () => {
    const [row, at] = ["HELLO", 1];
    const events = [0x3, 0x3, 0x3, 0x2, 0x2, 0x8, 0x0, 0xc, ...[...row].flatMap(nibblesOf)].flatMap(
      (nibble, index) => [
        { pin: wiring.rs, level: index < 8 ? 0 : 1, at: at + index } as const,
        ...wiring.data.map((pin, bit) => ({ pin, level: bitOf(nibble, bit), at: at + index })),
        { pin: wiring.e, level: 1, at: at + index } as const,
        { pin: wiring.e, level: 0, at: at + index } as const,
      ],
    );
    assert.equal(new Hd44780(wiring).follow(events).text(0, 5), row);
    const strobes = events.flatMap(({ pin, level }, index) =>
      pin === wiring.e && level === 0 ? [index] : [],
    );
    const torn = new Hd44780(wiring).follow(events.toSpliced(strobes[10] ?? 0, 1));
    assert.notEqual(torn.text(0, 5), row);
    const hasty = new Hd44780(wiring).follow(events.map((event) => ({ ...event, at: 1 })));
    assert.notDeepEqual(hasty.early, []);
  });

  function nibblesOf(character: string): readonly number[] {
    const code = character.charCodeAt(0);
    return [code >> 4, code % 16];
  }

  function bitOf(nibble: number, bit: number): 0 | 1 {
    return (nibble & (1 << bit)) === 0 ? 0 : 1;
  }
});

for (const backend of ["sysfs", "cdev"] as const) {
  describe(`the key matrix and the pins by ${backend}`, () => {
    const rows = [5, 6, 13, 19];
    const columns = [12, 16, 20, 21];
    const keys = ["789C", "456<", "123X", "0.:="];
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

    async function keypad(matrix: KeyMatrix): Promise<{
      readonly typed: readonly string[];
      readonly statuses: readonly string[];
      end(): Promise<void>;
    }> {
      const typed: string[] = [];
      const statuses: string[] = [];
      const driver = new Keypad({
        link: matrix.around(await loadLink(backend)),
        clock: new SystemClock(),
        log: silent,
        settings: { rows, columns, keys, debounceMs: 20 },
        listener: {
          pressed: (key) => typed.push(nameOf(key)),
          held: (key) => typed.push(`held ${nameOf(key)}`),
          status: (state) => statuses.push(state),
        },
      });
      driver.start();
      await until(() => statuses.length > 0);
      const end = (): Promise<void> => new Promise((resolve) => driver.stop(resolve));
      return { typed, statuses, end };
    }

    it(`${backend}: every key is typed once, bouncing as contacts do, and no row is driven high`, async () => {
      const matrix = new KeyMatrix({ rows, columns });
      const { typed, statuses, end } = await keypad(matrix);
      assert.deepEqual(statuses, ["ready"]);
      for (const [row, names] of keys.entries()) {
        for (const [column, name] of [...names].entries()) {
          const before = typed.length;
          await matrix.press(row, column, { times: 2, everyMs: 1 });
          await until(() => typed.length > before);
          await matrix.release(row, column, { times: 2, everyMs: 1 });
          await sleep(80);
          assert.deepEqual(typed.slice(before), [name]);
        }
      }
      await end();
      assert.equal(matrix.drivenHigh, 0);
      assert.deepEqual(matrix.shorts, []);
      assert.ok(
        readTrace().some(({ pin, level }) => pin === rows[0] && level === 0),
        "rows were driven at all",
      );
      assert.equal(heldPins().size, 0);
      matrix.close();
    });

    it(`${backend}: three corners make the fourth, and two keys in a column join their rows`, async () => {
      const matrix = new KeyMatrix({ rows, columns });
      const link = matrix.around(await loadLink(backend));
      const lines = await new Promise<Parameters<typeof levelsAt>[0]>((resolve, reject) => {
        link.claim(
          [
            ...rows.map((pin) => ({ use: "open-drain", pin }) as const),
            ...columns.map((pin) => ({ use: "input", pin, pullUp: true, debounceMs: 0 }) as const),
          ],
          { edge: () => {}, lost: () => {} },
          (outcome) => (outcome.kind === "claimed" ? resolve(outcome.lines) : reject(new Error(outcome.why))),
        );
      });
      assert.deepEqual(levelsAt(lines, 0), [1, 1, 1, 1]);
      await matrix.press(0, 0);
      await matrix.press(1, 0);
      assert.deepEqual(
        [levelsAt(lines, 0), levelsAt(lines, 1)],
        [
          [0, 1, 1, 1],
          [0, 1, 1, 1],
        ],
      );
      await matrix.press(1, 2);
      assert.deepEqual(levelsAt(lines, 0), [0, 1, 0, 1], "a ghost");
      matrix.stick(3, 3);
      await matrix.release(3, 3);
      assert.deepEqual(levelsAt(lines, 3), [1, 1, 1, 0]);
      matrix.free(3, 3);
      assert.deepEqual(levelsAt(lines, 3), [1, 1, 1, 1]);
      assert.deepEqual(matrix.shorts, []);
      await new Promise<void>((resolve) => lines.release(resolve));
      assert.equal(pulled(columns[0] ?? 0), 1, "nothing is left that could pull");
      matrix.close();
    });

    it(`${backend}: a row that is driven high is seen, and so is what it meets`, async () => {
      const matrix = new KeyMatrix({ rows, columns });
      await matrix.press(0, 0);
      await matrix.press(1, 0);
      const link = matrix.around(await loadLink(backend));
      await new Promise<void>((resolve) => {
        link.claim(
          [
            { use: "output", pin: 5, level: 1 },
            { use: "output", pin: 6, level: 0 },
          ],
          { edge: () => {}, lost: () => {} },
          (outcome) => {
            assert.ok(outcome.kind === "claimed");
            outcome.lines.release(resolve);
          },
        );
      });
      assert.equal(matrix.drivenHigh, 1);
      assert.deepEqual(matrix.shorts[0], [5, 6]);
      matrix.close();
    });

    function levelsAt(
      lines: {
        read(pin: number): 0 | 1;
        write(levels: readonly { pin: number; level: 0 | 1 }[]): void;
        release(done: () => void): void;
      },
      row: number,
    ): readonly number[] {
      lines.write(rows.map((pin, index) => ({ pin, level: index === row ? 0 : 1 })));
      const levels = columns.map((pin) => lines.read(pin));
      lines.write(rows.map((pin) => ({ pin, level: 1 })));
      return levels;
    }
  });
}

function nameOf(key: Key): string {
  if (key.name === "digit") return String(key.digit);
  const names = { "double-zero": ":", point: ".", backspace: "<", clear: "C", cancel: "X", confirm: "=" };
  return names[key.name];
}
