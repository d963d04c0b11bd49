import assert from "node:assert/strict";
import test from "node:test";
import { consoles, judgeScanner, type ScannerFacts } from "../../../src/cli/doctor/scanner.ts";
import { levelsOf, the } from "./sound.ts";

const byId = "/dev/serial/by-id/usb-Newland_FM430-if00";
const plugged: ScannerFacts = {
  path: byId,
  device: "/dev/ttyACM0",
  isDevice: true,
  candidates: [{ path: byId, device: "/dev/ttyACM0" }],
  accessible: true,
  users: { holders: [], hidden: false },
  box: null,
  consoles: ["/dev/tty1"],
  modemManager: { runs: false, ruled: false },
  grab: null,
};
const box = { pid: 812, program: "node scanbox.mjs" };
const getty = { pid: 400, program: "agetty" };

const judged = (changes: Partial<ScannerFacts>) => judgeScanner({ ...plugged, ...changes });

test("a scanner by its stable name that nobody else has is in order", () => {
  assert.deepEqual(levelsOf(judged({})), ["scanner.path ok", "scanner.access ok", "scanner.free ok"]);
});

test("no scanner is a note", () => {
  assert.deepEqual(levelsOf(judgeScanner(null)), ["scanner.path note"]);
});

test("a scanner that is not there is one fault, which names what is there", () => {
  const elsewhere = judged({ path: "/dev/serial/by-id/usb-scanner", device: null });
  assert.deepEqual(levelsOf(elsewhere), ["scanner.path fault"]);
  assert.match(elsewhere[0]?.remedy ?? "", /Newland_FM430/);
  assert.match(judged({ device: null, candidates: [] })[0]?.remedy ?? "", /USB serial/);
});

test("a file in the place of a scanner is a fault that names what is there", () => {
  const findings = judged({ path: "/dev/scanner", device: "/dev/scanner", isDevice: false });
  assert.deepEqual(levelsOf(findings), ["scanner.path fault"]);
  assert.match(findings[0]?.found ?? "", /no device/);
  assert.match(findings[0]?.remedy ?? "", /Newland_FM430/);
  assert.match(judged({ isDevice: false, candidates: [] })[0]?.remedy ?? "", /by-id/);
});

test("a name that another device may have tomorrow is a warning, with the stable one where there is one", () => {
  const finding = the("scanner.path", judged({ path: "/dev/ttyACM0" }));
  assert.equal(finding.level, "warning");
  assert.equal(finding.remedy, `Set scanner.path to ${byId}.`);
  const bare = the("scanner.path", judged({ path: "/dev/input/event3", candidates: [] }));
  assert.equal(bare.level, "warning");
  assert.match(bare.remedy ?? "", /by-path/);
});

test("a device that this user may not use is a fault with the group that may", () => {
  const finding = the("scanner.access", judged({ accessible: false }));
  assert.equal(finding.level, "fault");
  assert.match(finding.remedy ?? "", /dialout/);
  const keyboard = { path: "/dev/input/by-id/usb-x-event-kbd", accessible: false };
  assert.match(the("scanner.access", judged(keyboard)).remedy ?? "", /input/);
});

test("the running box may hold the scanner, anybody else is a fault, and what is hidden a note", () => {
  const free = (holders: ScannerFacts["users"]["holders"], running: ScannerFacts["box"], hidden = false) =>
    the("scanner.free", judged({ users: { holders, hidden }, box: running }));
  assert.equal(free([box], box).level, "ok");
  assert.match(free([box], box).found, /process 812/);
  assert.equal(free([getty], null).level, "fault");
  assert.match(free([box, getty], box).found, /agetty \(process 400\)/);
  assert.equal(free([box], null).level, "fault");
  assert.equal(free([], null, true).level, "note");
});

test("the console of the system on the scanner's line is a fault, on another line nothing", () => {
  const uart = { path: "/dev/serial0", device: "/dev/ttyS0", candidates: [] };
  assert.equal(the("scanner.console", judged({ ...uart, consoles: ["/dev/ttyS0"] })).level, "fault");
  assert.ok(!judged(uart).some(({ check }) => check === "scanner.console"));
});

test("consoles are read from the kernel's command line", () => {
  const line = "coherent_pool=1M console=ttyAMA10,115200 console=tty1 root=/dev/mmcblk0p2 noconsole=x";
  assert.deepEqual(consoles(line), ["ttyAMA10", "tty1"]);
});

test("ModemManager is a warning beside a USB scanner, a note where a rule keeps it off, else nothing", () => {
  const modems = (runs: boolean, ruled: boolean, device = "/dev/ttyACM0") =>
    levelsOf(judged({ modemManager: { runs, ruled }, device })).filter((one) => one.includes("modem"));
  assert.deepEqual(modems(true, false), ["scanner.modem-manager warning"]);
  assert.deepEqual(modems(true, true), ["scanner.modem-manager note"]);
  assert.deepEqual(modems(false, false), []);
  assert.deepEqual(modems(true, false, "/dev/ttyAMA0"), []);
});

test("a keyboard must be there for the box alone", () => {
  const keyboard = { path: "/dev/input/by-id/usb-x-event-kbd", device: "/dev/input/event3" };
  assert.equal(the("scanner.grab", judged(keyboard)).level, "ok");
  const busy = the("scanner.grab", judged({ ...keyboard, grab: "EBUSY" }));
  assert.equal(busy.level, "fault");
  assert.match(busy.found, /EBUSY/);
  const held = judged({ ...keyboard, users: { holders: [box], hidden: false }, box });
  assert.ok(!held.some(({ check }) => check === "scanner.grab"), "the box's own grab is not tried");
});
