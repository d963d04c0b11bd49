import assert from "node:assert/strict";
import test from "node:test";
import { judgeDisplay } from "../../../src/cli/doctor/display.ts";
import { levelsOf, the } from "./sound.ts";

const i2c = {
  driver: "hd44780-i2c",
  path: "/dev/i2c-1",
  there: true,
  accessible: true,
  answer: { address: 0x27, said: null },
} as const;
const kernel = { ...i2c, driver: "kernel", path: "/dev/lcd", answer: "not-asked" } as const;

test("displays that say nothing of themselves are notes", () => {
  for (const driver of ["none", "terminal", "hd44780-gpio"] as const) {
    assert.deepEqual(levelsOf(judgeDisplay({ driver })), ["display.device note"], driver);
  }
});

test("a display that answers on its bus is in order", () => {
  assert.deepEqual(levelsOf(judgeDisplay(i2c)), ["display.device ok", "display.answer ok"]);
  assert.match(the("display.answer", judgeDisplay(i2c)).found, /0x27 on \/dev\/i2c-1/);
});

test("a bus or a device that is not there, or not for this user, is a fault", () => {
  for (const facts of [i2c, kernel]) {
    const absent = judgeDisplay({ ...facts, there: false, accessible: false, answer: "not-asked" });
    assert.deepEqual(levelsOf(absent), ["display.device fault"]);
    const locked = judgeDisplay({ ...facts, accessible: false, answer: "not-asked" });
    assert.deepEqual(levelsOf(locked), ["display.device fault"]);
    assert.match(locked[0]?.remedy ?? "", facts === i2c ? /-G i2c/ : /-G gpio/);
  }
});

test("silence on the bus is a fault, with another remedy where a driver of the kernel has it", () => {
  const answer = (said: string) =>
    the("display.answer", judgeDisplay({ ...i2c, answer: { address: 0x27, said } }));
  assert.equal(answer("EREMOTEIO").level, "fault");
  assert.match(answer("EREMOTEIO").remedy ?? "", /i2cdetect/);
  assert.match(answer("EBUSY").remedy ?? "", /driver kernel/);
});

test("a display that was not spoken to is a note", () => {
  assert.equal(the("display.answer", judgeDisplay({ ...i2c, answer: "not-asked" })).level, "note");
});
