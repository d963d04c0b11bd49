import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REOPEN_FIRST_MS, REOPEN_LAST_MS, Scanner } from "../../src/drivers/scanner.ts";
import type { Log, LogFields, SerialLink, SerialListener } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/random.ts";
import { SimulatedSerialLink } from "../../src/simulator/serial.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/time.ts";

const CODE = "134567890123456789";
const OTHER = "101112131415161718";

interface Heard {
  readonly scans: string[];
  readonly moments: number[];
  readonly refusals: string[];
  readonly statuses: string[];
  readonly logged: string[];
}

function bench(seed = 1) {
  const time = new SimulatedTime();
  const link = new SimulatedSerialLink(time, new Random(seed));
  return { time, link, ...scannerOn(time, link) };
}

function scannerOn(time: SimulatedTime, link: SerialLink) {
  const heard: Heard = { scans: [], moments: [], refusals: [], statuses: [], logged: [] };
  const write = (event: string, fields?: LogFields): void => {
    heard.logged.push(`${event} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const scanner = new Scanner({
    link,
    clock: new SimulatedClock(time, 0),
    log,
    settings: { path: "/dev/serial/by-id/usb-scanner", baudRate: 9_600 },
    listener: {
      scanned: (code, at) => {
        heard.scans.push(code.reveal());
        heard.moments.push(at);
      },
      refused: (refusal) => heard.refusals.push(refusal),
      status: (state, cause) => heard.statuses.push(cause === null ? state : `${state}: ${cause}`),
    },
  });
  return { scanner, heard };
}

/** A link whose every opening is remembered and answered by hand. */
class HeldLink implements SerialLink {
  readonly listeners: SerialListener[] = [];
  readonly openedAt: number[] = [];
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  open(_settings: unknown, listener: SerialListener) {
    this.listeners.push(listener);
    this.openedAt.push(this.#time.now);
    return { close: (done: () => void) => void this.#time.after(0, done) };
  }
}

describe("the scanner", () => {
  it("gives each code with the moment at which its line was whole", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from(`]Q0${CODE}\r\n`));
    time.runUntil(2_000);
    link.send(Buffer.from(`${CODE}\r\n`));
    time.runUntil(3_000);
    assert.deepEqual(
      heard.scans,
      [CODE, CODE],
      "the same code twice is two scans; who counts them is the core",
    );
    assert.deepEqual(
      heard.moments.map((moment) => Math.floor(moment / 1_000)),
      [1, 2],
    );
  });

  it("refuses other wallets, half codes and noise with their reason", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from(`281234567890123456\r${CODE.slice(1)}\r6901234567892\r\u0000\u0001\r`));
    link.send(Buffer.from(`${"7".repeat(300)}\r`));
    time.runUntil(9_000);
    assert.deepEqual(heard.scans, []);
    assert.deepEqual(heard.refusals, ["alipay", ...Array<string>(4).fill("not-a-payment-code")]);
  });

  it("says once that it is ready, once that it is absent, and comes back by itself", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.unplug();
    time.runUntil(20_000);
    link.plug();
    time.runUntil(20_000 + REOPEN_LAST_MS + 100);
    assert.deepEqual(heard.statuses, ["ready", "absent: the device hung up", "ready"]);
    link.send(Buffer.from(`${OTHER}\r`));
    time.runUntil(40_000);
    assert.deepEqual(heard.scans, [OTHER]);
  });

  it("is back within 3 s of a short unplug", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.unplug();
    time.runUntil(2_200);
    link.plug();
    time.runUntil(2_200 + 3_000);
    assert.equal(heard.statuses.at(-1), "ready");
  });

  it("never joins half a code from before an unplug to the rest after it", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { time, link, scanner, heard } = bench(seed);
      const random = new Random(seed + 1_000);
      scanner.start();
      time.runUntil(1_000);
      const cut = random.between(1, CODE.length - 1);
      link.send(Buffer.from(CODE.slice(0, cut)));
      time.runUntil(1_000 + random.between(0, 40));
      link.unplug();
      time.runUntil(1_000 + random.between(40, 3_000));
      link.plug();
      time.runUntil(15_000);
      link.send(Buffer.from(`${CODE.slice(cut)}\r`));
      time.runUntil(20_000);
      assert.deepEqual(heard.scans, [], `seed ${seed}: a code that nobody showed`);
      link.send(Buffer.from(`${OTHER}\r`));
      time.runUntil(25_000);
      assert.deepEqual(heard.scans, [OTHER], `seed ${seed}: the next scan counts`);
    }
  });

  it("waits 0.5 s before it opens again, twice as long after each failure up to 5 s, and 0.5 s after a success", () => {
    const time = new SimulatedTime();
    const link = new HeldLink(time);
    const { scanner } = scannerOn(time, link);
    scanner.start();
    for (let failure = 0; failure < 7; failure += 1) {
      link.listeners.at(-1)?.closed("No such file or directory");
      time.step();
    }
    const pauses = link.openedAt.slice(1).map((moment, index) => moment - (link.openedAt[index] ?? 0));
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    link.listeners.at(-1)?.opened();
    link.listeners.at(-1)?.closed("the device hung up");
    const failedAt = time.now;
    time.step();
    assert.equal((link.openedAt.at(-1) ?? 0) - failedAt, REOPEN_FIRST_MS);
  });

  it("does not hear what an earlier connection still says", () => {
    const time = new SimulatedTime();
    const link = new HeldLink(time);
    const { scanner, heard } = scannerOn(time, link);
    scanner.start();
    const first = link.listeners[0];
    assert.ok(first);
    first.opened();
    first.closed("the device hung up");
    time.step();
    first.line(CODE);
    first.discarded();
    first.opened();
    first.closed("again");
    assert.equal(link.listeners.length, 2);
    assert.deepEqual([heard.scans, heard.refusals], [[], []]);
    assert.deepEqual(heard.statuses, ["ready", "absent: the device hung up"]);
  });

  it("is silent after stop, whatever it was doing, calls back, and can start again", () => {
    for (const doing of ["opening", "ready", "failed"] as const) {
      const time = new SimulatedTime();
      const link = new HeldLink(time);
      const { scanner, heard } = scannerOn(time, link);
      scanner.start();
      if (doing === "ready") link.listeners[0]?.opened();
      if (doing === "failed") link.listeners[0]?.closed("No such file or directory");
      const before = heard.statuses.length;
      let stopped = false;
      scanner.stop(() => {
        stopped = true;
      });
      assert.equal(stopped, false, "stop calls back after it has returned");
      link.listeners[0]?.opened();
      link.listeners[0]?.line(CODE);
      time.runUntil(60_000);
      assert.equal(stopped, true, doing);
      assert.equal(link.listeners.length, 1, "a stopped scanner is not opened again");
      assert.deepEqual(heard.scans, []);
      assert.equal(heard.statuses.length, before);
      scanner.start();
      assert.equal(link.listeners.length, 2);
    }
  });

  it("calls back from stop where it never was started", () => {
    const { time, scanner } = bench();
    let stopped = false;
    scanner.stop(() => {
      stopped = true;
    });
    time.runUntil(0);
    assert.equal(stopped, true);
  });

  it("writes no payment code to the log, and nothing of a line that it refuses", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from(`${CODE}\r281234567890123456\r0${OTHER}\r`));
    time.runUntil(3_000);
    link.unplug();
    time.runUntil(60_000);
    const log = heard.logged.join("\n");
    assert.match(log, /"code":"13\*+789"/);
    assert.doesNotMatch(log, /\d{5}/, "the longest number in it is a pause of 5,000 ms");
  });
});
