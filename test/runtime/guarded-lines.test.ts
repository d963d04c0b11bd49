import assert from "node:assert/strict";
import { test } from "node:test";
import { CODE_SILENCE_MS, LINE_PAUSE_MS, LineGuard } from "../../src/core/codecs/line-guard.ts";
import { GuardedLines, textsOf } from "../../src/runtime/guarded-lines.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";

const code = "134567890123456789";

/** One connection, and what was heard of it with its moment. */
function bench() {
  const time = new SimulatedTime();
  const heard: string[] = [];
  const say = (what: string): void => void heard.push(`${time.now} ${what}`);
  const lines: GuardedLines = new GuardedLines(new SimulatedClock(time, 0), new LineGuard(), {
    began: () => say("began"),
    lines: (bytes) => say(`lines ${textsOf(bytes).join(" ")}`),
    discarded: (why) => say(why),
  });
  const take = (text: string): void => lines.take(new TextEncoder().encode(text));
  return { time, heard, lines, take };
}

test("a line that comes whole is handed over, and never said to have begun", () => {
  const { heard, take, time } = bench();
  take("134\r\n135\n");
  take("\n");
  time.runUntil(10_000);
  assert.deepEqual(heard, ["0 lines 134 135"]);
});

test("a line has begun once, with its first bytes, and silence ends it", () => {
  const { heard, take, time } = bench();
  take(code.slice(0, 4));
  time.runUntil(10);
  take(code.slice(4));
  time.runUntil(9 + CODE_SILENCE_MS);
  assert.deepEqual(heard, ["0 began"]);
  time.runUntil(10_000);
  assert.deepEqual(heard, ["0 began", `${10 + CODE_SILENCE_MS} lines ${code}`]);
});

test("more bytes put the end by silence off, and the end itself leaves nothing to wait for", () => {
  const { heard, take, time } = bench();
  take("noise");
  time.runUntil(LINE_PAUSE_MS - 1);
  take(" and more");
  time.runUntil(2 * LINE_PAUSE_MS - 2);
  assert.deepEqual(heard, ["0 began"]);
  time.runUntil(10_000);
  assert.deepEqual(heard, ["0 began", `${2 * LINE_PAUSE_MS - 1} unfinished`]);
  take("134\n");
  time.runUntil(20_000);
  assert.deepEqual(heard.slice(2), ["10000 lines 134"]);
});

test("each thing thrown away is told once, in the moment in which it is", () => {
  const { heard, take, time } = bench();
  take(`${"x".repeat(200)}\n134\n${"y".repeat(200)}`);
  take("z");
  time.runUntil(10_000);
  assert.deepEqual(heard, ["0 lines 134", "0 over-long", "0 over-long"]);
});

test("a connection that is over is heard no more: not its bytes, not the end of its line, not the rest of what was thrown away", () => {
  const { heard, lines, take, time } = bench();
  take("134");
  lines.end();
  take("135\n");
  time.runUntil(10_000);
  assert.deepEqual(heard, ["0 began"]);

  const other = new SimulatedTime();
  let told = 0;
  const ending: GuardedLines = new GuardedLines(new SimulatedClock(other, 0), new LineGuard(), {
    lines: () => undefined,
    discarded: () => {
      told += 1;
      ending.end();
    },
  });
  ending.take(new TextEncoder().encode(`${"x".repeat(200)}\n${"y".repeat(200)}\n`));
  assert.equal(told, 1);
});

test("the texts of lines are without their ends, byte for byte, and what has no end is no line", () => {
  assert.deepEqual(textsOf(new Uint8Array()), []);
  assert.deepEqual(textsOf(Uint8Array.of(0x31, 0x0a, 0xe9, 0x32, 0x0a, 0x33)), ["1", "é2"]);
});
