import assert from "node:assert/strict";
import test from "node:test";
import { judgePins, type PinFacts, readColumns } from "../../../src/cli/doctor/pins.ts";
import type { GpioLine, GpioLines, GpioLink } from "../../../src/runtime/ports.ts";
import { levelsOf, the } from "./sound.ts";

const header: PinFacts = {
  needed: true,
  chips: [
    { path: "/sys/class/gpio/gpiochip571", label: "pinctrl-rp1", lines: 54, base: 571 },
    { path: "/dev/gpiochip0", label: "pinctrl-rp1", lines: 54, base: null },
  ],
  backend: { backend: "sysfs", why: 'Pins of "pinctrl-rp1" by sysfs.' },
  taken: [],
  box: null,
  pullUps: { kind: "read", low: [] },
};
const box = { pid: 812, program: "node scanbox.mjs" };

const judged = (changes: Partial<PinFacts>) => judgePins({ ...header, ...changes });

test("a header whose pins are free and pulled up is in order", () => {
  assert.deepEqual(levelsOf(judged({})), [
    "pins.chips note",
    "pins.backend ok",
    "pins.taken ok",
    "pins.pull-ups ok",
  ]);
  assert.match(the("pins.chips", judged({})).found, /from 571, \/dev\/gpiochip0/);
});

test("pins that cannot be reached are a fault where some are configured, else a note", () => {
  const backend = { problem: "There is no GPIO chip labelled pinctrl-rp1." };
  const none = { backend, chips: [], pullUps: { kind: "none" } } as const;
  assert.deepEqual(levelsOf(judged(none)), ["pins.chips note", "pins.backend fault"]);
  assert.deepEqual(levelsOf(judged({ ...none, needed: false })), ["pins.chips note", "pins.backend note"]);
});

test("a pin that somebody else has is a fault; the running box may have its own, by either interface", () => {
  const taken = (user: string, running: PinFacts["box"]) =>
    the("pins.taken", judged({ taken: [{ key: "outputs.paid", pin: 26, user }], box: running }));
  assert.equal(taken("spi0 CS0", null).level, "fault");
  assert.match(taken("spi0 CS0", null).found, /outputs\.paid: pin 26 is in use by spi0 CS0/);
  assert.equal(taken("spi0 CS0", box).level, "fault");
  assert.equal(taken("scanbox", null).level, "fault");
  assert.equal(taken("scanbox", box).level, "ok");
  assert.equal(taken("node scanbox.mjs (process 812)", box).level, "ok");
  assert.equal(taken("node scanbox.mjs (process 8812)", box).level, "fault");
});

test("each column without a pull-up is a fault that names its pin", () => {
  const findings = judged({ pullUps: { kind: "read", low: [16, 20] } });
  assert.deepEqual(levelsOf(findings).slice(3), ["pins.pull-ups fault", "pins.pull-ups fault"]);
  assert.match(findings[3]?.remedy ?? "", /gpio=16=pu/);
});

test("a keypad that is in use is left alone", () => {
  const refused = { pullUps: { kind: "refused", why: "its pins are in use." } } as const;
  assert.equal(the("pins.pull-ups", judged(refused)).level, "warning");
  assert.equal(the("pins.pull-ups", judged({ ...refused, box })).level, "note");
});

/** Pins that read as they were planted. */
class Planted implements GpioLink {
  readonly claimed: GpioLine[] = [];
  released = 0;
  readonly #low: readonly number[] | string;

  constructor(low: readonly number[] | string) {
    this.#low = low;
  }

  claim(...[lines, , done]: Parameters<GpioLink["claim"]>): void {
    this.claimed.push(...lines);
    const low = this.#low;
    if (typeof low === "string") {
      setImmediate(() => done({ kind: "refused", why: low }));
      return;
    }
    const held: GpioLines = {
      read: (pin) => (low.includes(pin) ? 0 : 1),
      write: (levels) =>
        assert.ok(
          levels.every(({ level }) => level === 1),
          "no row is pulled low",
        ),
      watch: (watching) => assert.equal(watching, false),
      release: (released) => {
        this.released += 1;
        setImmediate(released);
      },
    };
    setImmediate(() => done({ kind: "claimed", lines: held }));
  }
}

test("the columns are read with every row let go, and everything is given back", async () => {
  const pins = new Planted([16]);
  const read = await readColumns(pins, { rows: [5, 6], columns: [12, 16] });
  assert.deepEqual(read, { kind: "read", low: [16] });
  assert.equal(pins.released, 1);
  assert.deepEqual(
    pins.claimed.map(({ use, pin }) => `${use} ${pin}`),
    ["open-drain 5", "open-drain 6", "input 12", "input 16"],
  );
  const refused = await readColumns(new Planted("Pin 5 is in use."), { rows: [5], columns: [12] });
  assert.deepEqual(refused, { kind: "refused", why: "Pin 5 is in use." });
});
