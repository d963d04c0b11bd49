import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ScannerProfileName, scannerProfiles } from "../../src/core/codecs/scanner-profile.ts";
import { START_AGAIN_MS } from "../../src/drivers/scan-trigger.ts";
import { REOPEN_FIRST_MS, REOPEN_LAST_MS, RETURN_MS, Scanner } from "../../src/drivers/scanner.ts";
import type { Log, LogFields, SerialLink, SerialListener } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";

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

function scannerOn(time: SimulatedTime, link: SerialLink, profile: ScannerProfileName = "plain") {
  const heard: Heard = { scans: [], moments: [], refusals: [], statuses: [], logged: [] };
  const write = (event: string, fields?: LogFields): void => {
    heard.logged.push(`${event} ${JSON.stringify(fields ?? {})}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const scanner = new Scanner({
    link,
    clock: new SimulatedClock(time, 0),
    log,
    settings: { path: "/dev/serial/by-id/usb-scanner", baudRate: 9_600, profile },
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
  readonly watches = new Set<() => void>();
  readonly written: string[] = [];
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  open(_settings: unknown, listener: SerialListener) {
    this.listeners.push(listener);
    this.openedAt.push(this.#time.now);
    return {
      write: (bytes: Uint8Array) => void this.written.push(hex(bytes)),
      close: (done: () => void) => void this.#time.after(0, done),
    };
  }

  watch(path: string, changed: () => void) {
    assert.equal(path, "/dev/serial/by-id/usb-scanner");
    this.watches.add(changed);
    return { end: () => void this.watches.delete(changed) };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** What a scanner of a family is sent, by a name each. */
function named(profile: ScannerProfileName, bytes: Uint8Array): string {
  const { trigger } = scannerProfiles[profile];
  assert.ok(trigger);
  const { start, stop, wake } = trigger;
  const names = new Map([
    [hex(start), "start"],
    [stop === null ? "" : hex(stop), "stop"],
    [wake === null ? "" : hex(wake.bytes), "wake"],
  ]);
  return names.get(hex(bytes)) ?? hex(bytes);
}

/** How long a scanner reads after a start, unless a code or a stop ends it before. */
const READS_FOR_MS = 5_000;

/** A scanner of a family with a trigger: it confirms every command, and sees a code only while it reads. */
function triggered(profile: ScannerProfileName, seed = 1) {
  const time = new SimulatedTime();
  const told: { readonly at: number; readonly what: string }[] = [];
  let readsUntil = -1;
  const link = new SimulatedSerialLink(time, new Random(seed), (bytes) => {
    const what = named(profile, bytes);
    told.push({ at: time.now, what });
    if (what === "start") readsUntil = time.now + READS_FOR_MS;
    if (what === "stop") readsUntil = -1;
    if (what !== "wake") link.send(scannerProfiles[profile].replies[0] ?? new Uint8Array());
  });
  const show = (code: string): boolean => {
    if (time.now > readsUntil) return false;
    readsUntil = -1;
    link.send(Buffer.from(`${code}\r`));
    return true;
  };
  return { time, told, link, show, ...scannerOn(time, link, profile) };
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

  it("hands on codes of all wallets, and refuses half codes and noise with their reason", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from(`281234567890123456\r${CODE.slice(1)}\r6901234567892\r\u0000\u0001\r`));
    link.send(Buffer.from(`${"7".repeat(300)}\r`));
    time.runUntil(9_000);
    assert.deepEqual(heard.scans, ["281234567890123456"]);
    assert.deepEqual(heard.refusals, [
      "not-a-payment-code",
      "goods-barcode",
      "not-a-payment-code",
      "over-long",
    ]);
  });

  it("says which mark the scanner puts before codes, and nothing of the code", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from(`Q${CODE}\rQ${CODE}\r`));
    time.runUntil(9_000);
    assert.deepEqual(heard.refusals, ["marked-code", "marked-code"]);
    assert.deepEqual([scanner.counts.refused, scanner.counts.marked], [2, 2]);
    assert.deepEqual(
      heard.logged.filter((line) => line.startsWith("scanner.marked")),
      [1, 2].map((count) => `scanner.marked ${JSON.stringify({ mark: '"Q"', count })}`),
    );
    assert.ok(!heard.logged.some((line) => line.includes(CODE.slice(5, 12))));
  });

  for (const end of ["\r", "\n", "\r\n", "\t", "\u0003", ""]) {
    it(`reads codes that end with ${JSON.stringify(end)}, each by itself`, () => {
      for (let seed = 1; seed <= 50; seed += 1) {
        const { time, link, scanner, heard } = bench(seed);
        scanner.start();
        time.runUntil(1_000);
        for (const code of [CODE, OTHER, CODE]) {
          link.send(Buffer.from(`${code}${end}`));
          time.runUntil(time.now + 700);
        }
        assert.deepEqual(heard.scans, [CODE, OTHER, CODE]);
        assert.deepEqual(heard.refusals, []);
        assert.deepEqual(scanner.counts, {
          absent: null,
          codes: 3,
          refused: 0,
          marked: 0,
          discarded: { "over-long": 0, unfinished: 0, "alt-numbers": 0 },
        });
      }
    });
  }

  it("counts what it throws away, and says why", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.send(Buffer.from("~noise"));
    time.runUntil(5_000);
    link.send(Buffer.from(`${"7".repeat(300)}\r`));
    time.runUntil(9_000);
    assert.deepEqual(scanner.counts, {
      absent: null,
      codes: 0,
      refused: 0,
      marked: 0,
      discarded: { "over-long": 1, unfinished: 1, "alt-numbers": 0 },
    });
    assert.deepEqual(heard.refusals, ["unfinished", "over-long"]);
    assert.deepEqual(
      heard.logged.filter((line) => line.startsWith("scanner.discarded")),
      ['scanner.discarded {"why":"unfinished","count":1}', 'scanner.discarded {"why":"over-long","count":1}'],
    );
  });

  it("says once that it is ready, once that it is absent, and comes back by itself", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.unplug();
    time.runUntil(20_000);
    assert.equal(scanner.counts.absent, "No such file or directory", "as of the last try");
    link.plug();
    time.runUntil(20_000 + REOPEN_LAST_MS + 100);
    assert.deepEqual(heard.statuses, ["ready", "absent: the device hung up", "ready"]);
    assert.equal(scanner.counts.absent, null);
    link.send(Buffer.from(`${OTHER}\r`));
    time.runUntil(40_000);
    assert.deepEqual(heard.scans, [OTHER]);
  });

  it("is back within 3 s however long it was away, also where no hint comes of its return", () => {
    for (const hinted of [true, false]) {
      for (let awayMs = 100; awayMs <= 12_000; awayMs += 100) {
        const { time, link, scanner, heard } = bench();
        if (!hinted) link.watch = () => ({ end: () => {} });
        scanner.start();
        time.runUntil(1_000);
        link.unplug();
        time.runUntil(1_000 + awayMs);
        link.plug();
        time.runUntil(1_000 + awayMs + 3_000);
        assert.equal(heard.statuses.at(-1), "ready", `${awayMs} ms, ${hinted ? "hinted" : "without a hint"}`);
      }
    }
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

  it("waits 0.5 s before it opens again, twice as long after each failure up to 2 s, and 0.5 s after a success", () => {
    const time = new SimulatedTime();
    const link = new HeldLink(time);
    const { scanner } = scannerOn(time, link);
    scanner.start();
    for (let failure = 0; failure < 6; failure += 1) {
      link.listeners.at(-1)?.closed("No such file or directory");
      time.step();
    }
    const pauses = link.openedAt.slice(1).map((moment, index) => moment - (link.openedAt[index] ?? 0));
    assert.deepEqual(pauses, [500, 1_000, 2_000, 2_000, 2_000, 2_000]);
    link.listeners.at(-1)?.opened();
    link.listeners.at(-1)?.closed("the device hung up");
    const failedAt = time.now;
    time.step();
    assert.equal((link.openedAt.at(-1) ?? 0) - failedAt, REOPEN_FIRST_MS);
  });

  it("is opened at once where a hint comes of its return, however long it was away", () => {
    const { time, link, scanner, heard } = bench();
    scanner.start();
    time.runUntil(1_000);
    link.unplug();
    time.runUntil(3_600_000);
    link.plug();
    time.runUntil(3_600_000 + RETURN_MS + 50);
    assert.equal(heard.statuses.at(-1), "ready");
  });

  it("opens once for a flood of hints, and watches only while the scanner is away", () => {
    const time = new SimulatedTime();
    const link = new HeldLink(time);
    const { scanner } = scannerOn(time, link);
    scanner.start();
    assert.equal(link.watches.size, 0);
    link.listeners[0]?.closed("No such file or directory");
    const [hint] = link.watches;
    assert.ok(hint);
    for (let n = 0; n < 100; n += 1) hint();
    time.runUntil(RETURN_MS);
    assert.deepEqual(link.openedAt, [0, RETURN_MS]);
    hint();
    time.runUntil(60_000);
    assert.equal(link.openedAt.length, 2, "a hint after its watch has ended is not heard");
    link.listeners[1]?.opened();
    assert.equal(link.watches.size, 0);
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
    first.discarded("over-long");
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
      assert.equal(link.watches.size, 0);
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
    assert.doesNotMatch(log, /\d{5}/, "the longest number in it is a pause of 2,000 ms");
  });
});

describe("the trigger of a scanner", () => {
  it("is not used where the scanner reads by itself", () => {
    const time = new SimulatedTime();
    const link = new HeldLink(time);
    const { scanner, heard } = scannerOn(time, link);
    scanner.want(true);
    scanner.start();
    link.listeners[0]?.opened();
    time.runUntil(20_000);
    link.listeners[0]?.line(CODE);
    time.runUntil(40_000);
    scanner.want(false);
    scanner.stop(() => {});
    assert.deepEqual(link.written, []);
    assert.deepEqual(heard.scans, [CODE]);
  });

  for (const profile of ["gm65", "gm72"] as const) {
    it(`makes a ${profile} read from the wish to the code, and heeds none of its replies`, () => {
      for (let seed = 1; seed <= 50; seed += 1) {
        const { time, told, show, scanner, heard } = triggered(profile, seed);
        scanner.start();
        time.runUntil(60_000);
        assert.deepEqual(told, [], "nothing is wanted, nothing is sent");
        scanner.want(true);
        time.runUntil(60_100);
        for (const moment of [61_000, 66_000, 73_000, 90_000]) {
          time.runUntil(moment);
          assert.equal(show(CODE), true, `seed ${seed}: a reading is under way after ${moment} ms`);
          time.runUntil(moment + START_AGAIN_MS + 100);
        }
        scanner.want(false);
        const count = told.length;
        time.runUntil(200_000);
        assert.equal(told.length, count, "nobody wants a code any more");
        assert.deepEqual(heard.scans, [CODE, CODE, CODE, CODE], `seed ${seed}`);
        assert.deepEqual(heard.refusals, [], `seed ${seed}: a reply is no line and part of none`);
      }
    });

    it(`starts a ${profile} that returns from the wish of that moment`, () => {
      const { time, told, link, show, scanner, heard } = triggered(profile);
      scanner.start();
      time.runUntil(1_000);
      link.unplug();
      time.runUntil(2_000);
      scanner.want(true);
      time.runUntil(10_000);
      assert.deepEqual(told, [], "nothing is sent to a scanner that is away");
      link.plug();
      time.runUntil(10_200);
      assert.equal(show(CODE), true);
      time.runUntil(10_300);
      link.unplug();
      time.runUntil(20_000);
      scanner.want(false);
      const count = told.length;
      link.plug();
      time.runUntil(40_000);
      assert.equal(heard.statuses.at(-1), "ready");
      assert.equal(told.length, count);
    });
  }

  it("wakes a gm72 50 ms before each start, and stops it when nobody wants a code", () => {
    const { time, told, scanner } = triggered("gm72");
    scanner.start();
    time.runUntil(1_000);
    scanner.want(true);
    scanner.want(true);
    time.runUntil(3_500);
    scanner.want(false);
    scanner.want(false);
    time.runUntil(60_000);
    assert.deepEqual(told, [
      { at: 1_000, what: "wake" },
      { at: 1_050, what: "start" },
      { at: 3_050, what: "wake" },
      { at: 3_100, what: "start" },
      { at: 3_500, what: "stop" },
    ]);
  });

  it("sends no start to a gm72 that is no longer wanted when it has woken", () => {
    const { time, told, scanner } = triggered("gm72");
    scanner.start();
    time.runUntil(1_000);
    scanner.want(true);
    time.runUntil(1_049);
    scanner.want(false);
    time.runUntil(60_000);
    assert.deepEqual(told, [{ at: 1_000, what: "wake" }]);
  });

  it("starts a gm65 every 2 s while a code is wanted, and leaves the last reading to end by itself", () => {
    const { time, told, scanner } = triggered("gm65");
    scanner.start();
    time.runUntil(1_000);
    scanner.want(true);
    time.runUntil(6_000);
    scanner.want(false);
    time.runUntil(60_000);
    assert.deepEqual(
      told.map(({ at, what }) => `${what} ${at}`),
      ["start 1000", "start 3000", "start 5000"],
    );
  });

  it("sends nothing to a scanner whose reading a code has ended, until the wish is new or has lasted", () => {
    const { time, told, show, scanner } = triggered("gm72");
    scanner.start();
    time.runUntil(1_000);
    scanner.want(true);
    time.runUntil(2_000);
    assert.equal(show(CODE), true);
    time.runUntil(2_500);
    const before = told.length;
    scanner.want(false);
    time.runUntil(3_000);
    assert.equal(told.length, before, "what has ended is not stopped");
    scanner.want(true);
    assert.deepEqual(told.at(-1), { at: 3_000, what: "wake" });
  });

  it("stops a reading before the scanner is given back", () => {
    const { time, told, scanner } = triggered("gm72");
    scanner.start();
    scanner.want(true);
    time.runUntil(1_000);
    scanner.stop(() => {});
    time.runUntil(60_000);
    assert.deepEqual(
      told.map(({ what }) => what),
      ["wake", "start", "stop"],
    );
  });
});
