import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { after } from "../../src/core/kernel/instant.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";

test("now is a whole number of milliseconds", () => {
  assert.ok(Number.isSafeInteger(new SystemClock().now()));
});

test("a timer never fires before its moment, however short the wait", async () => {
  const clock = new SystemClock();
  const early: number[] = [];
  const waits = Array.from({ length: 40 }, (_, index) => {
    const moment = after(clock.now(), 1 + (index % 20));
    return new Promise<void>((resolve) => {
      clock.at(moment, () => {
        if (clock.now() < moment) early.push(moment);
        resolve();
      });
    });
  });
  await Promise.all(waits);
  assert.deepEqual(early, []);
});

test("a moment that is past is kept, but not before the call has returned, and nothing is said of it", async (t) => {
  const clock = new SystemClock();
  let returned = false;
  const warnings: string[] = [];
  const warned = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  await new Promise<void>((resolve) => {
    clock.at(after(clock.now(), -1_000), () => {
      assert.equal(returned, true);
      resolve();
    });
    returned = true;
  });
  assert.deepEqual(warnings, []);
});

test("a moment further away than setTimeout can wait is waited for in parts", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = new SystemClock();
  let fired = 0;
  const moment = after(clock.now(), 2 ** 31 + 50_000);
  t.mock.method(performance, "now", () => moment - 60_000);
  const timer = clock.at(moment, () => {
    fired += 1;
  });
  t.mock.timers.tick(59_999);
  assert.equal(fired, 0);
  timer.cancel();

  t.mock.method(performance, "now", () => 0);
  clock.at(moment, () => {
    fired += 1;
  });
  t.mock.timers.tick(2 ** 31 - 1);
  assert.equal(fired, 0, "the first part is over, the moment has not come");
  t.mock.method(performance, "now", () => moment);
  t.mock.timers.tick(2 ** 31 - 1);
  assert.equal(fired, 1);
});

test("a cancelled timer does not fire, also after its first part", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => 0);
  const clock = new SystemClock();
  let fired = false;
  const timer = clock.at(after(clock.now(), 2 ** 31 + 10), () => {
    fired = true;
  });
  t.mock.timers.tick(2 ** 31 - 1);
  timer.cancel();
  t.mock.timers.tick(2 ** 31 - 1);
  assert.equal(fired, false);
});

test("the wall clock is trusted after timesyncd has said so, and never where it lies before the program was made", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2027, 0, 1) });
  const clock = new SystemClock(folder);
  assert.equal(clock.trusted(), false, "timesyncd runs and has not synchronised");
  writeFileSync(join(folder, "synchronized"), "");
  assert.equal(clock.trusted(), true);
  assert.equal(
    new SystemClock(join(folder, "absent")).trusted(),
    true,
    "no timesyncd: somebody else keeps the time",
  );
  t.mock.timers.setTime(Date.UTC(2020, 0, 1));
  assert.equal(clock.trusted(), false);
});
