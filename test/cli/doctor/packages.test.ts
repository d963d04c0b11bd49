import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { neededGroups, neededPackages } from "../../../src/cli/doctor/needs.ts";
import { judgePackages } from "../../../src/cli/doctor/packages.ts";
import { notLoaded } from "../../../src/links/machine/not-loaded.ts";
import { nativePackages } from "../../../src/links/machine/package-probe.ts";
import { sections } from "./sections.ts";
import { levelsOf } from "./sound.ts";

test("packages that load are one line, whatever they are needed for", () => {
  const all = nativePackages.map((name) => ({ name, why: null, neededFor: null }));
  assert.deepEqual(levelsOf(judgePackages(all)), ["packages.load ok"]);
});

test("a package that does not load is a fault where a device needs it, else a note", () => {
  const findings = judgePackages([
    { name: "koffi", why: null, neededFor: null },
    { name: "serialport", why: "ERR_MODULE_NOT_FOUND", neededFor: "the scanner" },
    { name: "lcd", why: "ERR_DLOPEN_FAILED", neededFor: null },
  ]);
  assert.deepEqual(levelsOf(findings), ["packages.load ok", "packages.load fault", "packages.load note"]);
  assert.match(findings[1]?.found ?? "", /needed for the scanner/);
});

test("every package has its own way to be installed, and none is promised where all are missing", () => {
  const findings = judgePackages(
    nativePackages.map((name) => ({ name, why: "ERR_MODULE_NOT_FOUND", neededFor: "a device" })),
  );
  assert.deepEqual(new Set(levelsOf(findings)), new Set(["packages.load fault"]));
  assert.equal(findings.length, nativePackages.length);
});

test("a program that was copied out of its folder is told so, and no command that cannot help there", (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), "scanbox-alone-"));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  for (const name of nativePackages) {
    assert.match(notLoaded(name, elsewhere), /does not load .* without its packages: .*node_modules/);
    assert.doesNotMatch(notLoaded(name, elsewhere), /npm|compiler/);
    assert.doesNotMatch(notLoaded(name), /without its packages/);
  }
});

test("what is needed follows from the configured devices", () => {
  const keypad = { rows: [5], columns: [6], keys: ["1"], debounceMs: 30 };
  const lcd = {
    driver: "hd44780-gpio",
    columns: 16,
    rows: 2,
    rs: 25,
    e: 24,
    data: [23, 17, 18, 22],
    rom: "A00",
  };
  const i2c = { driver: "hd44780-i2c", columns: 16, rows: 2 };
  const of = (changes: object) => {
    const read = sections(changes);
    return [[...neededPackages(read).keys()], [...neededGroups(read).keys()]];
  };
  const none = { scanner: null, keypad: null, display: null, outputs: null };
  assert.deepEqual(of(none), [[], []]);
  assert.deepEqual(of({ ...none, scanner: { path: "/dev/ttyUSB0" } }), [["serialport"], ["dialout"]]);
  assert.deepEqual(of({ ...none, scanner: { path: "/dev/input/by-id/x-event-kbd" } }), [
    ["onoff", "koffi"],
    ["input"],
  ]);
  assert.deepEqual(of({ ...none, keypad, gpio: { backend: "cdev" } }), [["koffi"], ["gpio"]]);
  assert.deepEqual(of({ ...none, display: lcd, gpio: { backend: "sysfs" } }), [["onoff", "lcd"], ["gpio"]]);
  assert.deepEqual(of({ ...none, display: i2c }), [["i2c-bus"], ["i2c"]]);
  assert.deepEqual(of({ ...none, display: { driver: "kernel", columns: 16, rows: 2 } }), [[], ["gpio"]]);
});
