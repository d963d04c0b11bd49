import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { chooseChip, type GpioChip, refusedPins, sysfsChips } from "../../src/links/gpio/gpio-chip.ts";

const chip = (path: string, label: string, lines: number): GpioChip => ({ path, label, lines });

const expander = chip("/dev/gpiochip0", "raspberrypi-exp-gpio", 8);
const pi4 = chip("/dev/gpiochip1", "pinctrl-bcm2711", 58);
const pi5 = chip("/dev/gpiochip4", "pinctrl-rp1", 54);
const pi3 = chip("/dev/gpiochip0", "pinctrl-bcm2835", 54);
const others = [
  chip("/dev/gpiochip2", "gpio-brcmstb@107d508500", 32),
  chip("/dev/gpiochip3", "pinctrl-bcm2712", 53),
  chip("/dev/gpiochip5", "cp2102n", 4),
];

describe("the chip of the header", () => {
  for (const board of [pi3, pi4, pi5]) {
    it(`is ${board.label}, wherever it stands among the others`, () => {
      for (const chips of [
        [board, expander, ...others],
        [expander, ...others, board],
      ]) {
        assert.deepEqual(chooseChip(chips, null), { ok: true, chip: board });
      }
    });
  }

  it("is none that only looks like it, and the refusal names every chip that was seen", () => {
    assert.deepEqual(chooseChip([expander, ...others], null), {
      ok: false,
      problem:
        "There is no GPIO chip labelled pinctrl-rp1 or pinctrl-bcm2711 or pinctrl-bcm2835; seen: " +
        '"raspberrypi-exp-gpio" with 8 lines (/dev/gpiochip0), ' +
        '"gpio-brcmstb@107d508500" with 32 lines (/dev/gpiochip2), ' +
        '"pinctrl-bcm2712" with 53 lines (/dev/gpiochip3), ' +
        '"cp2102n" with 4 lines (/dev/gpiochip5).',
    });
  });

  it("is missing where no chip is seen at all, and the refusal says what that may mean", () => {
    assert.deepEqual(chooseChip([], null), {
      ok: false,
      problem:
        "There is no GPIO chip labelled pinctrl-rp1 or pinctrl-bcm2711 or pinctrl-bcm2835; " +
        "no GPIO chip can be opened here; the user of the box has to be in the group gpio.",
    });
  });

  it("is the one with the label of the configuration, where there is one", () => {
    assert.deepEqual(chooseChip([pi4, ...others], "cp2102n"), { ok: true, chip: others[2] });
    const refused = chooseChip([pi4], "cp2102n");
    assert.deepEqual(refused, {
      ok: false,
      problem:
        'There is no GPIO chip labelled "cp2102n" (setting gpio.chip); ' +
        'seen: "pinctrl-bcm2711" with 58 lines (/dev/gpiochip1).',
    });
  });

  it("is not guessed where two have the label", () => {
    const twin = { ...pi4, path: "/dev/gpiochip7" };
    const refused = chooseChip([pi4, twin], null);
    assert.ok(!refused.ok);
    assert.match(refused.problem, /^More than one GPIO chip is labelled .*gpiochip1\), .*gpiochip7\)\.$/);
  });
});

describe("pins of the header", () => {
  it("are BCM 0 to 27", () => {
    for (let pin = 0; pin <= 27; pin += 1) assert.equal(refusedPins([pin], pi4, [pi4]), null);
    assert.equal(refusedPins([], pi4, [pi4]), null);
  });

  it("are not the other lines of the chip, and the refusal names every chip that was seen", () => {
    assert.equal(
      refusedPins([17, 28], pi4, [expander, pi4]),
      'There is no pin 28: pins are BCM numbers from 0 to 27 of "pinctrl-bcm2711"; seen: ' +
        '"raspberrypi-exp-gpio" with 8 lines (/dev/gpiochip0), "pinctrl-bcm2711" with 58 lines (/dev/gpiochip1).',
    );
    for (const pin of [-1, 57, 58, 529, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.match(refusedPins([pin], pi4, [pi4]) ?? "", new RegExp(`^There is no pin ${pin}: `));
    }
  });

  it("are fewer on a chip with fewer lines", () => {
    assert.equal(refusedPins([7], expander, []), null);
    assert.match(refusedPins([8], expander, []) ?? "", /^There is no pin 8: .* from 0 to 7 /);
  });
});

describe("the chips of sysfs", () => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-gpio-"));
  after(() => rmSync(folder, { recursive: true }));
  const add = (name: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), `${text}\n`);
  };

  it("are read by number, and none is made up of what is no chip or is half gone", () => {
    add("gpiochip569", { label: "pinctrl-rp1", base: "569", ngpio: "54" });
    add("gpiochip1024", { label: "raspberrypi-exp-gpio", base: "1024", ngpio: "8" });
    add("gpiochip64", { label: "cp2102n", base: "64", ngpio: "4" });
    add("gpiochip512", { label: "half-gone" });
    add("gpio571", { direction: "in" });
    writeFileSync(join(folder, "export"), "");
    assert.deepEqual(
      sysfsChips(folder).map(({ label, base, lines }) => [label, base, lines]),
      [
        ["cp2102n", 64, 4],
        ["pinctrl-rp1", 569, 54],
        ["raspberrypi-exp-gpio", 1024, 8],
      ],
    );
  });

  it("are not seen where their numbers are none", () => {
    for (const [index, base] of ["", "-1", "1e3", "x"].entries()) {
      const path = join(folder, "odd", `gpiochip${index}`);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "label"), "pinctrl-rp1\n");
      writeFileSync(join(path, "base"), `${base}\n`);
      writeFileSync(join(path, "ngpio"), "54\n");
    }
    assert.deepEqual(sysfsChips(join(folder, "odd")), []);
  });

  it("are none where the kernel has no such folder", () => {
    assert.deepEqual(sysfsChips(join(folder, "absent")), []);
  });
});
