import assert from "node:assert/strict";
import test from "node:test";
import { judgeUser } from "../../../src/cli/doctor/user.ts";
import { levelsOf } from "./sound.ts";

const needed = new Map([
  ["dialout", "the scanner"],
  ["gpio", "the pins"],
]);

test("a user in every group that is needed is in order", () => {
  const ann = { name: "ann", groups: ["ann", "gpio", "dialout"], asked: "self" } as const;
  assert.deepEqual(levelsOf(judgeUser(ann, needed)), ["user.groups ok"]);
  assert.deepEqual(levelsOf(judgeUser({ ...ann, groups: [] }, new Map())), ["user.groups ok"]);
});

test("each missing group is a warning with the command for it", () => {
  const findings = judgeUser({ name: "ann", groups: ["gpio"], asked: "self" }, needed);
  assert.deepEqual(levelsOf(findings), ["user.groups warning"]);
  assert.equal(findings[0]?.remedy, "sudo usermod -a -G dialout ann, then log in again.");
  const service = judgeUser({ name: "scanbox", groups: [], asked: "service" }, needed);
  assert.deepEqual(levelsOf(service), ["user.groups warning", "user.groups warning"]);
  assert.match(service[0]?.remedy ?? "", /restart the service\.$/);
});

test("root needs no group, and is told that it need not be root", () => {
  assert.deepEqual(levelsOf(judgeUser({ name: "root", groups: ["root"], asked: "self" }, needed)), [
    "user.groups note",
  ]);
});
