import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CalmLog } from "../../src/runtime/calm-log.ts";
import type { Log, LogFields } from "../../src/runtime/ports.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";

function bench() {
  const time = new SimulatedTime();
  const lines: string[] = [];
  const write =
    (level: string) =>
    (event: string, fields?: LogFields): void => {
      lines.push(`${time.now} ${level} ${event} ${JSON.stringify(fields)}`);
    };
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  return { time, lines, calm: new CalmLog(log, new SimulatedClock(time, 0)) };
}

describe("the log of a box", () => {
  it("tells noise once, counts it, tells it once a minute, and tells its end", () => {
    const { time, lines, calm } = bench();
    for (let n = 1; n <= 1_250; n += 1) {
      calm.warn("scanner.discarded", { count: n });
      time.runUntil(n * 100);
    }
    time.runUntil(3_600_000);
    assert.deepEqual(lines, [
      '0 warn scanner.discarded {"count":1}',
      '60000 warn scanner.discarded {"count":600,"unsaid":598}',
      '120000 warn scanner.discarded {"count":1200,"unsaid":599}',
      '180000 warn scanner.discarded {"count":1250,"unsaid":49}',
    ]);
  });

  it("writes a day of any flood in some thousand lines, and the last of them says how it is", () => {
    for (const event of ["scanner.absent", "contact.changed", "mqtt.lost", "screen.shown", "keypad.stuck"]) {
      const { time, lines, calm } = bench();
      for (let n = 0; n < 100_000; n += 1) {
        calm.info(event, { n });
        time.runUntil(n * 864);
      }
      time.runUntil(90_000_000);
      assert.ok(lines.length > 100 && lines.length < 18_000, `${event}: ${lines.length} lines`);
      assert.match(lines.at(-1) ?? "", /"n":99999/);
    }
  });

  it("leaves out nothing of what happens to money, goods and the journal, nor what is for developers", () => {
    const { lines, calm } = bench();
    for (const event of ["order.moved", "provider.unknown", "alarm", "relay.done", "journal.broken"]) {
      for (let n = 0; n < 100; n += 1) calm.error(event, { n });
    }
    for (let n = 0; n < 100; n += 1) calm.debug("box.heard");
    assert.equal(lines.length, 600);
  });

  it("has a pace of its own for what tells more: at once so many, and then one in so many seconds", () => {
    const paces = { "scanner.refused": [20, 60], "scanner.scanned": [300, 5], "screen.shown": [300, 5] };
    for (const [event, [burst = 0, everyS = 0]] of Object.entries({ ...paces, "mqtt.lost": [30, 10] })) {
      const { time, lines, calm } = bench();
      for (let n = 0; n < 400; n += 1) calm.info(event, { n });
      assert.equal(lines.length, burst, event);
      time.runUntil(3_600_000);
      const rest = JSON.stringify({ n: 399, unsaid: 399 - burst });
      assert.deepEqual(lines.slice(burst), [`${everyS * 1_000} info ${event} ${rest}`]);
    }
  });

  it("gives back one line at a time, and never more than there were", () => {
    const { time, lines, calm } = bench();
    for (let n = 0; n < 30; n += 1) calm.info("contact.changed", { n });
    time.runUntil(25_000);
    for (let n = 0; n < 4; n += 1) calm.info("contact.changed", { n });
    assert.equal(lines.length, 32, "two have come back");
    time.runUntil(10_000_000);
    for (let n = 0; n < 100; n += 1) calm.info("contact.changed", { n });
    assert.equal(lines.length, 33 + 30);
    time.runUntil(10_010_000);
    for (let n = 0; n < 100; n += 1) calm.info("contact.changed", { n });
    assert.equal(
      lines.length,
      33 + 31,
      "a line that was written late has been taken of those that came back",
    );
  });

  it("writes the first of a few at once, and again after a rest", () => {
    const { time, lines, calm } = bench();
    for (let n = 0; n < 30; n += 1) calm.info("contact.changed", { n });
    assert.equal(lines.length, 30);
    time.runUntil(300_000);
    for (let n = 0; n < 30; n += 1) calm.info("contact.changed", { n });
    assert.equal(lines.length, 60);
    calm.info("contact.changed", { n: 30 });
    assert.equal(lines.length, 60);
    calm.info("contact.changed", { n: 31 });
    calm.flush();
    calm.flush();
    assert.deepEqual(lines.slice(60), ['300000 info contact.changed {"n":31,"unsaid":1}']);
    time.runUntil(400_000);
    assert.equal(lines.length, 61);
  });
});
