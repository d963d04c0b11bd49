import assert from "node:assert/strict";
import test from "node:test";
import { judgeMachine, type MachineFacts } from "../../../src/cli/doctor/machine.ts";
import { levelsOf, the } from "./sound.ts";

const pi: MachineFacts = {
  model: "Raspberry Pi 5 Model B Rev 1.0",
  kernel: "6.12.47",
  processor: "aarch64",
  architecture: "arm64",
  system: "Debian GNU/Linux 13 (trixie)",
  underVoltage: false,
  celsius: 52,
  node: "v24.21.0",
  wanted: ">=24.21.0 <25",
};

test("a Raspberry Pi with a 64-bit system, power and a cool processor is as it should be", () => {
  assert.deepEqual(levelsOf(judgeMachine(pi)), [
    "machine.model ok",
    "machine.system ok",
    "machine.node ok",
    "machine.power ok",
    "machine.temperature ok",
  ]);
});

test("another board is worth a note, and one without a name too", () => {
  for (const model of ["Radxa ROCK 5B", null]) {
    assert.equal(the("machine.model", judgeMachine({ ...pi, model })).level, "note");
  }
});

test("a 32-bit system is a fault, with or without a name", () => {
  for (const system of [pi.system, null]) {
    const finding = the("machine.system", judgeMachine({ ...pi, system, architecture: "arm" }));
    assert.equal(finding.level, "fault");
  }
});

test("a Node outside the range is a warning, at each of its ends", () => {
  const level = (node: string): string => the("machine.node", judgeMachine({ ...pi, node })).level;
  for (const fit of ["v24.21.0", "v24.21.7", "v24.22.0", "v24.100.0"]) assert.equal(level(fit), "ok", fit);
  for (const unfit of ["v24.20.9", "v22.23.3", "v25.0.0", "v26.10.0"]) {
    assert.equal(level(unfit), "warning", unfit);
  }
  const later = judgeMachine({ ...pi, wanted: ">=23.5.2 <25", node: "v24.0.0" });
  assert.equal(the("machine.node", later).level, "ok");
});

test("a dropped supply and a hot processor are warnings; a board without sensors says nothing of them", () => {
  const hot = levelsOf(judgeMachine({ ...pi, underVoltage: true, celsius: 80 }));
  assert.deepEqual(hot.slice(3), ["machine.power warning", "machine.temperature warning"]);
  assert.equal(judgeMachine({ ...pi, underVoltage: null, celsius: null }).length, 3);
});
