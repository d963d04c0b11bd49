import assert from "node:assert/strict";
import test from "node:test";
import { judgeControlSocket, judgeService } from "../../../src/cli/doctor/service.ts";
import { localSockets } from "../../../src/cli/run/control-paths.ts";
import { levelsOf, the } from "./sound.ts";

const running = {
  LoadState: "loaded",
  ActiveState: "active",
  SubState: "running",
  UnitFileState: "enabled",
  NRestarts: "0",
  Result: "success",
  ExecMainStatus: "0",
};
const judged = (changes: Partial<typeof running>) =>
  judgeService(new Map(Object.entries({ ...running, ...changes })));

test("a service that runs and starts with the machine is in order", () => {
  assert.deepEqual(levelsOf(judged({})), ["service.state ok", "service.boot ok"]);
});

test("no systemd and no unit are notes", () => {
  assert.deepEqual(levelsOf(judgeService(null)), ["service.unit note"]);
  assert.deepEqual(levelsOf(judged({ LoadState: "not-found" })), ["service.unit note"]);
  assert.deepEqual(levelsOf(judgeService(new Map())), ["service.unit note"]);
});

test("a service that was stopped is a note, one that ended by itself a fault with its status", () => {
  const stopped = judged({ ActiveState: "inactive", SubState: "dead" });
  assert.equal(the("service.state", stopped).level, "note");
  for (const ActiveState of ["failed", "activating", "inactive"]) {
    const finding = the("service.state", judged({ ActiveState, Result: "exit-code", ExecMainStatus: "2" }));
    assert.equal(finding.level, "fault", ActiveState);
    assert.match(finding.found, /exit-code, status 2/);
  }
});

test("a service that does not start at boot, or starts again and again, is a warning", () => {
  assert.equal(the("service.boot", judged({ UnitFileState: "disabled" })).level, "warning");
  assert.equal(the("service.boot", judged({ UnitFileState: "" })).level, "warning");
  assert.equal(the("service.restarts", judged({ NRestarts: "4" })).level, "warning");
  assert.equal(judged({ NRestarts: "3" }).length, 2);
});

for (const of of localSockets) {
  test(`the socket of ${of.people} answers, or says why not; without a box there need be none`, () => {
    const path = `${of.folder}/control.sock`;
    const controlSocket = (running: boolean, said: string | null) =>
      levelsOf(judgeControlSocket({ running, socket: { path, said }, of }));
    assert.deepEqual(controlSocket(true, null), ["service.socket ok"]);
    assert.deepEqual(controlSocket(true, "EACCES"), ["service.socket note"]);
    assert.deepEqual(controlSocket(true, "ECONNREFUSED"), ["service.socket warning"]);
    assert.deepEqual(controlSocket(false, "ECONNREFUSED"), ["service.socket note"]);
    const none = judgeControlSocket({ running: true, socket: null, of });
    assert.deepEqual(levelsOf(none), ["service.socket warning"]);
    assert.match(none[0]?.remedy ?? "", new RegExp(of.folder));
    assert.deepEqual(judgeControlSocket({ running: false, socket: null, of }), []);
  });
}
