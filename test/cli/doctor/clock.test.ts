import assert from "node:assert/strict";
import test from "node:test";
import { type ClockFacts, judgeClock } from "../../../src/cli/doctor/clock.ts";
import { levelsOf, the } from "./sound.ts";

const right: ClockFacts = {
  wall: Date.UTC(2026, 10, 21, 8),
  believed: true,
  timesynced: true,
  kept: true,
  battery: true,
};

test("a clock that is kept right is in order, whoever keeps it", () => {
  const order = ["clock.year ok", "clock.synchronised ok", "clock.battery ok"];
  assert.deepEqual(levelsOf(judgeClock(right, [])), order);
  const chrony = the("clock.synchronised", judgeClock({ ...right, timesynced: null }, []));
  assert.match(chrony.found, /a time service/);
  assert.match(the("clock.synchronised", judgeClock(right, [])).found, /timesyncd/);
});

test("a year in which no certificate is valid is a fault, in the past and in the future", () => {
  for (const wall of [0, Date.UTC(2025, 11, 31, 23, 59), Date.UTC(2061, 0)]) {
    assert.equal(the("clock.year", judgeClock({ ...right, wall }, [])).level, "fault");
  }
});

test("a clock that nobody keeps is a warning, and one that cannot be asked a note", () => {
  const level = (changes: object): string =>
    the("clock.synchronised", judgeClock({ ...right, ...changes }, [])).level;
  assert.equal(level({ timesynced: false, kept: false }), "warning");
  assert.equal(level({ timesynced: null, kept: false }), "warning");
  assert.equal(level({ timesynced: false, kept: null }), "warning");
  assert.equal(level({ timesynced: null, kept: null }), "note");
});

test("a machine without a battery is told where its time comes from", () => {
  assert.equal(the("clock.battery", judgeClock({ ...right, battery: false }, [])).level, "note");
});

test("a clock that is not believed is a fault where requests carry the time, and names the accounts", () => {
  const signed = (believed: boolean) => the("clock.signed", judgeClock({ ...right, believed }, ["alipay"]));
  assert.equal(signed(true).level, "ok");
  assert.equal(signed(false).level, "fault");
  assert.match(signed(false).found, /Requests of alipay .*E25/);
  const without = levelsOf(judgeClock({ ...right, believed: false }, []));
  assert.ok(!without.some((line) => line.includes("clock.signed")));
});
