import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatYuan } from "../../src/core/kernel/fen.ts";
import { bootScreen, type Screen } from "../../src/core/payment/screen.ts";
import {
  Display,
  READY_WITHIN_MS,
  REOPEN_FIRST_MS,
  REOPEN_LAST_MS,
  REST_MS,
  RESYNC_EVERY_MS,
  RESYNC_LATEST_MS,
} from "../../src/drivers/display.ts";
import type {
  DisplayConnection,
  DisplayLink,
  DisplayListener,
  DisplayRun,
  Log,
  LogFields,
} from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { VirtualDisplay } from "../../src/simulator/site/virtual-display.ts";

const size = { columns: 16, rows: 2 };

function armed(amountFen: number): Screen {
  return { ...bootScreen, text: "armed", wallet: "wechat", amountFen };
}

function countdown(seconds: number): Screen {
  return { ...bootScreen, text: "password", amountFen: 1_250, seconds };
}

/** What a display shows of `armed`. */
function armedRows(amountFen: number): readonly string[] {
  const yuan = `\u00a5${formatYuan(amountFen)}`;
  return [`Pay${yuan.padStart(13)}`, "Show WeChat code"];
}

function displayOn(time: SimulatedTime, link: DisplayLink) {
  const logged: string[] = [];
  const write =
    (level: string) =>
    (event: string, fields?: LogFields): void => {
      logged.push(`${level} ${event}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
    };
  const log: Log = { debug: () => {}, info: write("info"), warn: write("warn"), error: write("error") };
  const clock = new SimulatedClock(time, 0);
  return { display: new Display({ link, clock, log, language: "en", size }), logged };
}

/** A display on a device that tells what stands on it. */
function bench({ writeMs = 3, startMs = 50 }: { readonly writeMs?: number; readonly startMs?: number } = {}) {
  const time = new SimulatedTime();
  const pictures: { readonly at: number; readonly rows: readonly string[] }[] = [];
  const clock = new SimulatedClock(time, 0);
  const device = new VirtualDisplay({
    clock,
    size,
    startMs,
    writeMs,
    shown: (rows) => pictures.push({ at: time.now, rows }),
  });
  return { time, device, pictures, rows: () => pictures.at(-1)?.rows, ...displayOn(time, device) };
}

/** A link whose every opening is remembered and answered by hand. */
class HeldLink implements DisplayLink {
  readonly openings: {
    readonly at: number;
    readonly listener: DisplayListener;
    readonly writes: {
      readonly at: number;
      readonly runs: readonly DisplayRun[];
      readonly done: () => void;
    }[];
    closes: number;
  }[] = [];
  readonly #time: SimulatedTime;
  /** How long a close takes; null for ever. */
  closeMs: number | null = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  get last() {
    const last = this.openings.at(-1);
    assert.ok(last !== undefined, "it was opened");
    return last;
  }

  open(listener: DisplayListener): DisplayConnection {
    const opening: HeldLink["openings"][number] = { at: this.#time.now, listener, writes: [], closes: 0 };
    this.openings.push(opening);
    return {
      write: (runs, done) => opening.writes.push({ at: this.#time.now, runs, done }),
      close: (done) => {
        opening.closes += 1;
        if (this.closeMs !== null) this.#time.after(this.closeMs, done);
      },
    };
  }
}

function held() {
  const time = new SimulatedTime();
  const link = new HeldLink(time);
  return { time, link, ...displayOn(time, link) };
}

describe("the display", () => {
  it("shows that the box starts as soon as the module is ready, and then every screen", () => {
    const { time, display, rows } = bench();
    display.start();
    time.runUntil(100);
    assert.deepEqual(rows(), ["ScanBox         ", "Starting...     "]);
    display.show(armed(1_250));
    time.runUntil(200);
    assert.deepEqual(rows(), armedRows(1_250));
  });

  it("hands the first screen after a rest over at once, and the four after it", () => {
    const { time, link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    time.runUntil(10_000);
    for (let count = 1; count <= 5; count += 1) {
      display.show(armed(count));
      assert.equal(link.last.writes.length, count + 1, "no time has passed");
      link.last.writes.at(-1)?.done();
    }
    display.show(armed(6));
    assert.equal(link.last.writes.length, 6, "the sixth waits");
    time.runUntil(10_200);
    assert.equal(link.last.writes.length, 7);
  });

  it("is redrawn at most ten times in any second, whatever comes, and ends at the newest screen", () => {
    const { time, display, pictures, rows } = bench({ writeMs: 1 });
    display.start();
    time.runUntil(5_000);
    const random = new Random(7);
    for (let count = 1; count <= 2_000; count += 1) {
      display.show(armed(count));
      time.runUntil(time.now + random.between(0, 12));
    }
    time.runUntil(time.now + 1_000);
    assert.deepEqual(rows(), armedRows(2_000));
    for (const { at } of pictures) {
      const within = pictures.filter((other) => other.at >= at && other.at <= at + 1_000);
      assert.ok(within.length <= 10, `${within.length} redraws in the second from ${at} ms`);
    }
    assert.ok(pictures.length > 40, "and often enough to be read");
  });

  it("writes only the cells that change", () => {
    const { link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    display.show(countdown(45));
    link.last.writes[1]?.done();
    display.show(countdown(44));
    assert.deepEqual(link.last.writes[2]?.runs, [{ row: 1, column: 14, text: "4" }]);
  });

  it("writes one picture at a time, and after it the newest one alone", () => {
    const { link, display } = held();
    display.start();
    link.last.listener.ready();
    display.show(countdown(45));
    display.show(countdown(44));
    display.show(armed(1_250));
    assert.equal(link.last.writes.length, 1);
    link.last.writes[0]?.done();
    assert.equal(link.last.writes.length, 2);
    const text = link.last.writes[1]?.runs.map((run) => run.text).join("");
    assert.match(text ?? "", /^Pay .*how WeChat code$/);
  });

  it("writes nothing where a screen looks like the last one", () => {
    const { link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    display.show({ ...bootScreen, light: "paid" });
    assert.equal(link.last.writes.length, 1);
  });

  it("says once that it is absent, once that it is ready, and draws everything again", () => {
    const { time, device, display, rows, logged } = bench();
    display.start();
    time.runUntil(1_000);
    display.show(armed(1_250));
    time.runUntil(2_000);
    device.unplug();
    time.runUntil(30_000);
    display.show(armed(500));
    device.plug();
    time.runUntil(30_000 + REOPEN_LAST_MS + 200);
    assert.deepEqual(rows(), armedRows(500));
    assert.deepEqual(logged, [
      "info display.ready",
      `warn display.absent {"cause":"Remote I/O error","retryInMs":500}`,
      "info display.ready",
    ]);
  });

  it("waits 0.5 s before it starts the module again, twice as long after each failure up to 5 s, and 0.5 s after a success", () => {
    const { time, link, display } = held();
    display.start();
    for (let failure = 0; failure < 7; failure += 1) {
      link.last.listener.closed("Device or resource busy");
      const { length } = link.openings;
      while (link.openings.length === length) time.step();
    }
    const pauses = link.openings.slice(1).map(({ at }, index) => at - (link.openings[index]?.at ?? 0));
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    link.last.listener.ready();
    link.last.listener.closed("Remote I/O error");
    const failedAt = time.now;
    const { length } = link.openings;
    while (link.openings.length === length) time.step();
    assert.equal(link.last.at - failedAt, REOPEN_FIRST_MS);
  });

  it("gives a module up that is not ready within 3 s, and starts it again once it is free", () => {
    const { time, link, display, logged } = held();
    link.closeMs = 40;
    display.start();
    time.runUntil(READY_WITHIN_MS - 1);
    assert.equal(link.last.closes, 0);
    time.runUntil(READY_WITHIN_MS);
    assert.equal(link.last.closes, 1);
    link.last.listener.ready();
    assert.equal(link.last.writes.length, 0, "what comes too late is not heard");
    time.runUntil(READY_WITHIN_MS + 40 + REOPEN_FIRST_MS - 1);
    assert.equal(link.openings.length, 1);
    time.runUntil(READY_WITHIN_MS + 40 + REOPEN_FIRST_MS);
    assert.equal(link.openings.length, 2);
    assert.deepEqual(logged, [`warn display.absent {"cause":"not ready within 3000 ms","retryInMs":500}`]);
  });

  it("does not hear what an earlier connection still says", () => {
    const { time, link, display, logged } = held();
    display.start();
    const first = link.last;
    first.listener.ready();
    first.listener.closed("Remote I/O error");
    time.runUntil(REOPEN_FIRST_MS);
    first.listener.ready();
    first.listener.closed("again");
    first.writes[0]?.done();
    assert.equal(link.openings.length, 2);
    assert.equal(first.writes.length, 1);
    assert.equal(logged.length, 2);
  });

  it("does not take the end of an earlier connection's write for the end of its own", () => {
    const { time, link, display } = held();
    display.start();
    const first = link.last;
    first.listener.ready();
    first.listener.closed("Remote I/O error");
    time.runUntil(REOPEN_FIRST_MS);
    const second = link.last;
    second.listener.ready();
    first.writes[0]?.done();
    display.show(armed(1_250));
    assert.equal(second.writes.length, 1, "one write at a time");
    second.writes[0]?.done();
    assert.equal(second.writes.length, 2);
  });

  it("starts the module anew after ten minutes and draws the whole picture, without a word", () => {
    const { time, link, display, logged } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    time.runUntil(RESYNC_EVERY_MS - 1);
    assert.equal(link.last.closes, 0);
    time.runUntil(RESYNC_EVERY_MS);
    assert.equal(link.openings.length, 2);
    assert.equal(link.openings[0]?.closes, 1);
    link.last.listener.ready();
    const text = link.last.writes[0]?.runs.map((run) => run.text);
    assert.deepEqual(text, ["ScanBox", "Starting..."], "blanks stand there already");
    assert.deepEqual(logged, ["info display.ready"]);
  });

  it("does not start it anew while a countdown runs, and does so 5 s after it", () => {
    const { time, link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    const beganAt = RESYNC_EVERY_MS - 30_000;
    for (let second = 0; second < 60; second += 1) {
      time.runUntil(beganAt + second * 1_000);
      display.show(countdown(60 - second));
      link.last.writes.at(-1)?.done();
    }
    const endedAt = time.now;
    time.runUntil(endedAt + REST_MS - 1);
    assert.equal(link.openings.length, 1);
    time.runUntil(endedAt + REST_MS);
    assert.equal(link.openings.length, 2);
  });

  it("starts it anew although the lines of an advert or a menu take turns for ever", () => {
    const { time, link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    for (let turn = 0; time.now < RESYNC_EVERY_MS; turn += 1) {
      display.show({ ...bootScreen, text: "idle", line: turn % 2 === 0 ? ["Coffee", "9.00"] : null });
      link.last.writes.at(-1)?.done();
      time.runUntil(time.now + 4_000);
    }
    assert.equal(link.openings.length, 2, "lines that take turns are nobody's payment");
    assert.equal(link.last.at, RESYNC_EVERY_MS);
  });

  it("starts it anew after twenty minutes whatever is drawn meanwhile", () => {
    const { time, link, display } = held();
    display.start();
    link.last.listener.ready();
    link.last.writes[0]?.done();
    for (let turn = 0; time.now < RESYNC_LATEST_MS; turn += 1) {
      display.show(armed(turn + 1));
      link.last.writes.at(-1)?.done();
      time.runUntil(time.now + 4_000);
    }
    assert.deepEqual(
      link.openings.map(({ at }) => at),
      [0, RESYNC_LATEST_MS],
    );
  });

  it("can be started anew at any time, and draws what came meanwhile", () => {
    const { time, display, rows } = bench();
    display.resync();
    display.start();
    time.runUntil(1_000);
    display.resync();
    display.show(armed(700));
    display.resync();
    time.runUntil(2_000);
    assert.deepEqual(rows(), armedRows(700));
  });

  it("ends the write that is under way before it is free, and draws nothing after stop", () => {
    const { time, display, pictures } = bench({ writeMs: 20 });
    display.start();
    time.runUntil(1_000);
    const before = pictures.length;
    display.show(armed(1));
    display.show(armed(2));
    let stoppedAt: number | null = null;
    display.stop(() => {
      stoppedAt = time.now;
    });
    display.show(armed(3));
    assert.equal(stoppedAt, null, "stop calls back after it has returned");
    time.runUntil(RESYNC_EVERY_MS * 3);
    assert.equal(stoppedAt, 1_020);
    assert.deepEqual(
      pictures.slice(before).map(({ rows }) => rows),
      [armedRows(1)],
    );
  });

  it("stops whatever it is doing, calls back, opens nothing more, and can start again", () => {
    for (const doing of ["nothing", "opening", "ready", "failed", "resync"] as const) {
      const { time, link, display } = held();
      link.closeMs = 10;
      if (doing !== "nothing") display.start();
      if (doing === "ready" || doing === "resync") link.last.listener.ready();
      if (doing === "resync") display.resync();
      if (doing === "failed") link.last.listener.closed("No such file or directory");
      let stops = 0;
      display.stop(() => {
        stops += 1;
      });
      display.stop(() => {
        stops += 1;
      });
      assert.equal(stops, 0, doing);
      const { length } = link.openings;
      time.runUntil(RESYNC_EVERY_MS * 2);
      assert.equal(stops, 2, doing);
      assert.equal(link.openings.length, length, doing);
      display.start();
      assert.equal(link.openings.length, length + 1, doing);
    }
  });

  it("shows the newest screen in the end, however screens, failures and new starts mix", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ does: fc.constant("show" as const), fen: fc.integer({ min: 1, max: 99 }) }),
      },
      { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("plug", "unplug", "resync") }) },
      {
        weight: 4,
        arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 900 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { time, device, display, rows } = bench();
        display.start();
        let newest: readonly string[] = ["ScanBox         ", "Starting...     "];
        for (const one of steps) {
          if ("fen" in one) {
            display.show(armed(one.fen));
            newest = armedRows(one.fen);
          } else if ("ms" in one) time.runUntil(time.now + one.ms);
          else if (one.does === "plug") device.plug();
          else if (one.does === "unplug") device.unplug();
          else display.resync();
        }
        device.plug();
        time.runUntil(time.now + REOPEN_LAST_MS + 2_000);
        assert.deepEqual(rows(), newest);
      }),
      { numRuns: 300 },
    );
  });
});
