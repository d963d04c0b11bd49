import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Key } from "../../src/core/payment/amount-entry.ts";
import { CLAIM_FIRST_MS, CLAIM_LAST_MS } from "../../src/drivers/claim.ts";
import { Keypad } from "../../src/drivers/keypad.ts";
import type { GpioLine, GpioLines, GpioLink, GpioListener, Log, LogFields } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { BOUNCE_MS_MAX, SimulatedKeypad } from "../../src/simulator/site/keypad.ts";
import { SimulatedPins, type SimulatedPinsOptions } from "../../src/simulator/site/pins.ts";

const ROWS = [5, 6, 13, 19];
const COLUMNS = [12, 16, 20, 21];
const KEYS = ["789C", "456<", "123X", "0.:="];
const LABELS = KEYS.join("");
const names = {
  "double-zero": ":",
  point: ".",
  backspace: "<",
  clear: "C",
  cancel: "X",
  confirm: "=",
} as const;

/** A press comes at the latest this long after the finger: an edge's 3 ms, chatter, 30 ms steady, one scan. */
const LATENCY_MS_MAX = 3 + BOUNCE_MS_MAX + 30 + 5 + 5;

function labelOf(key: Key): string {
  return key.name === "digit" ? String(key.digit) : names[key.name];
}

interface BenchOptions extends SimulatedPinsOptions, Quirks {
  readonly keys?: readonly string[];
  readonly debounceMs?: number;
  readonly bounceMs?: number;
}

function bench(seed = 1, options: BenchOptions = {}) {
  const time = new SimulatedTime();
  const random = new Random(seed);
  const pins = new SimulatedPins(time, random.fork(), options);
  const contacts = new SimulatedKeypad({
    pins,
    time,
    random: random.fork(),
    rows: ROWS,
    columns: COLUMNS,
    ...options,
  });
  const typed: string[] = [];
  const moments: number[] = [];
  const statuses: string[] = [];
  const logged: string[] = [];
  const at = (level: string) => (event: string, fields?: LogFields) =>
    void logged.push(`${level}: ${event} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const listener = {
    pressed: (key: Key): void => {
      typed.push(labelOf(key));
      moments.push(time.now);
    },
    held: (key: Key): void => void typed.push(`${labelOf(key)} held`),
    status: (state: string, cause: string | null): void =>
      void statuses.push(cause === null ? state : `${state}: ${cause}`),
  };
  const keypad = new Keypad({
    link: withQuirks(pins, options),
    clock: new SimulatedClock(time, 0),
    log,
    settings: { rows: ROWS, columns: COLUMNS, keys: KEYS, debounceMs: 30, ...options },
    listener,
  });
  const pass = (milliseconds: number): void => time.runUntil(time.now + milliseconds);
  const place = (label: string): readonly [number, number] => {
    const position = LABELS.indexOf(label);
    return [Math.floor(position / COLUMNS.length), position % COLUMNS.length];
  };
  /** Puts the fingers of a person on the keys. */
  const hand = {
    tap: (label: string, holdMs: number) => contacts.tap(...place(label), holdMs),
    press: (label: string) => contacts.press(...place(label)),
    release: (label: string) => contacts.release(...place(label)),
    stick: (label: string) => contacts.stick(...place(label)),
    free: (label: string) => contacts.free(...place(label)),
  };
  return { time, pins, contacts, keypad, listener, hand, typed, moments, statuses, logged, pass };
}

function started(seed?: number, options?: BenchOptions) {
  const all = bench(seed, options);
  all.keypad.start();
  all.pass(1_000);
  assert.deepEqual(all.statuses, ["ready"]);
  return all;
}

/** What the twin does not do by itself. */
interface Quirks {
  /** How many reads a column takes to go high once a row was let go, as on long cables. */
  readonly slowReads?: number;
  /** Comes just before the watching begins. */
  readonly beforeWatch?: () => void;
  /** Is given the listener of each claim, to tell it what should not be told. */
  readonly heardBy?: (listener: GpioListener) => void;
}

function withQuirks(link: GpioLink, { slowReads = 0, beforeWatch, heardBy }: Quirks): GpioLink {
  const quirky = (lines: GpioLines): GpioLines => {
    let left = slowReads;
    return {
      read: (pin) => {
        left -= 1;
        return left >= 0 ? 0 : lines.read(pin);
      },
      write: (levels) => {
        if (levels.some(({ level }) => level === 1)) left = slowReads;
        lines.write(levels);
      },
      watch: (watching) => {
        if (watching) beforeWatch?.();
        lines.watch(watching);
      },
      release: (freed) => lines.release(freed),
    };
  };
  return {
    claim: (wanted, listener, done) => {
      heardBy?.(listener);
      link.claim(wanted, listener, (outcome) =>
        done(outcome.kind === "claimed" ? { kind: "claimed", lines: quirky(outcome.lines) } : outcome),
      );
    },
  };
}

/** A row that is driven high meets one that is low as soon as two keys of a column are down. */
function assertRowsNeverHigh({ pins }: { readonly pins: SimulatedPins }): void {
  assert.deepEqual(pins.shorts, []);
}

describe("the keypad", () => {
  it("tells every key of a matrix of four by four once, in order, within 51 ms", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const box = started(seed);
      const fingers: number[] = [];
      for (const label of LABELS) {
        fingers.push(box.time.now);
        box.hand.tap(label, 60);
        box.pass(150);
      }
      assert.equal(box.typed.join(""), LABELS);
      for (const [index, moment] of box.moments.entries()) {
        const latency = moment - (fingers[index] ?? 0);
        assert.ok(latency >= 30 && latency <= LATENCY_MS_MAX, `${latency} ms`);
      }
      assertRowsNeverHigh(box);
    }
  });

  it("works with resistors at the columns where the interface has no pull-ups", () => {
    const box = bench(1, { pullUps: false });
    for (const pin of COLUMNS) box.pins.pull(pin, "up");
    box.keypad.start();
    box.pass(1_000);
    for (const label of "1250=") {
      box.hand.tap(label, 60);
      box.pass(120);
    }
    assert.equal(box.typed.join(""), "1250=");
  });

  it("keeps up with fifteen keys a second", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const box = started(seed);
      const text = "1234567890123456789012345678901234567890";
      for (const label of text) {
        box.hand.tap(label, 50);
        box.pass(66);
      }
      box.pass(200);
      assert.equal(box.typed.join(""), text);
    }
  });

  it("keeps up with seven presses a second of one key", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const box = started(seed);
      for (let n = 0; n < 10; n += 1) {
        box.hand.tap("0", 60);
        box.pass(140);
      }
      assert.equal(box.typed.join(""), "0000000000");
    }
  });

  it("tells keys that roll over in turn", () => {
    const box = started();
    box.hand.tap("4", 100);
    box.pass(70);
    box.hand.tap("5", 100);
    box.pass(70);
    box.hand.tap("6", 100);
    box.pass(300);
    assert.equal(box.typed.join(""), "456");
  });

  it("tells nothing of three corners and their ghost, wherever confirm stands among them", () => {
    for (const corners of ["123", "0.1", "<X:", "C<1", ":X3", "36.", "X3=", "20:"]) {
      const box = started();
      for (const label of corners) box.hand.press(label);
      box.pass(500);
      assert.deepEqual(box.typed, [], corners);
      assertRowsNeverHigh(box);
    }
  });

  it("never makes a confirm out of keys that would ghost it, however the fingers move", () => {
    // 3, X and : are the three corners whose fourth is confirm.
    const move = fc.tuple(fc.constantFrom("3", "X", ":"), fc.integer({ min: 1, max: 120 }));
    let ghosts = 0;
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), fc.nat(), (moves, seed) => {
        const box = started(seed);
        const down = new Set<string>();
        for (const [label, pauseMs] of moves) {
          if (down.delete(label)) box.hand.release(label);
          else {
            down.add(label);
            box.hand.press(label);
          }
          if (down.size === 3) ghosts += 1;
          box.pass(pauseMs);
        }
        box.pass(200);
        assert.ok(!box.typed.includes("="));
        assertRowsNeverHigh(box);
      }),
      { numRuns: 100 },
    );
    assert.ok(ghosts > 20, `${ghosts} ghosts were there to be seen`);
  });

  it("tells clear, and as held after two seconds", () => {
    const box = started();
    box.hand.tap("C", 3_000);
    box.pass(1_900);
    assert.deepEqual(box.typed, ["C"]);
    box.pass(2_000);
    assert.deepEqual(box.typed, ["C", "C held"]);
  });

  it("says which key is stuck, once, goes on with the others, and says when it has come up", () => {
    const box = started();
    box.hand.stick("5");
    box.pass(60_000);
    assert.deepEqual(box.typed, ["5"]);
    assert.deepEqual(box.statuses, [
      "ready",
      'stuck: the key "5" (row pin 6, column pin 16) will not come up',
    ]);
    for (const label of "12=") {
      box.hand.tap(label, 80);
      box.pass(200);
    }
    box.hand.free("5");
    box.pass(500);
    box.hand.tap("5", 80);
    box.pass(200);
    assert.equal(box.typed.join(""), "512=5");
    assert.deepEqual(box.statuses.slice(2), ["ready"]);
    assert.equal(box.logged.filter((line) => line.startsWith("warn: keypad.stuck")).length, 1);
  });

  it("names every stuck key", () => {
    const box = started();
    box.hand.stick("1");
    box.hand.stick("2");
    box.pass(11_000);
    assert.deepEqual(box.typed, []);
    assert.equal(
      box.statuses.at(-1),
      'stuck: the keys "1" (row pin 13, column pin 12), "2" (row pin 13, column pin 16) will not come up',
    );
  });

  it("tells nothing of a place without a key, or that no text names", () => {
    const box = started(1, { keys: ["789C", "4 6<", "123"] });
    for (const label of "5X08") {
      box.hand.tap(label, 80);
      box.pass(200);
    }
    assert.deepEqual(box.typed, ["8"]);
  });

  it("takes a key that the configuration should have refused for a defect", () => {
    assert.throws(() => bench(1, { keys: ["789?"] }), /not "\?"/);
  });
});

describe("the keypad: idle", () => {
  it("looks at its columns once a second and does nothing else", () => {
    const box = started();
    const { calls } = box.pins;
    const changes = box.pins.changes.length;
    box.pass(60_000);
    assert.deepEqual(box.pins.calls, { ...calls, read: calls.read + 60 * COLUMNS.length });
    assert.equal(box.pins.changes.length, changes, "no line moves");
  });

  it("is idle again 100 ms after a key has come up", () => {
    const box = started();
    box.hand.tap("5", 80);
    box.pass(180);
    const { write } = box.pins.calls;
    box.pass(60_000);
    assert.equal(box.pins.calls.write, write);
    for (const pin of ROWS) assert.equal(box.pins.level(pin), 0, "any key makes an edge");
  });

  it("costs no more after a hundred keys", () => {
    const box = started();
    for (let n = 0; n < 100; n += 1) {
      box.hand.tap("5", 80);
      box.pass(200 + n);
    }
    const { read } = box.pins.calls;
    box.pass(60_000);
    assert.equal(box.pins.calls.read, read + 60 * COLUMNS.length);
  });

  it("wakes once for a press, however it chatters and however short the debounce", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const box = started(seed, { debounceMs: 5, bounceMs: 18 });
      const { watch } = box.pins.calls;
      box.hand.tap("5", 80);
      box.pass(300);
      assert.equal(box.pins.calls.watch, watch + 2);
    }
  });

  it("is not hurried by edges that come while it scans", () => {
    const listeners: GpioListener[] = [];
    const box = started(1, { heardBy: (listener) => listeners.push(listener) });
    box.hand.tap("5", 1_000);
    box.pass(100);
    const { write } = box.pins.calls;
    for (let ms = 0; ms < 500; ms += 1) {
      listeners[0]?.edge();
      box.pass(1);
    }
    assert.ok(box.pins.calls.write - write <= 20 * 2 * ROWS.length, "twenty scans in half a second");
    assert.deepEqual(box.typed, ["5"]);
  });

  it("finds a key within the second where the edge was lost", () => {
    const box = started(1, { edgesLost: 1 });
    box.hand.tap("5", 1_100);
    box.pass(1_200);
    assert.deepEqual(box.typed, ["5"]);
  });

  it("does not miss a key that goes down just before the watching begins", () => {
    const quirks = { beforeWatch: () => {} };
    const box = started(1, { ...quirks, bounceMs: 0, beforeWatch: () => quirks.beforeWatch() });
    quirks.beforeWatch = () => {
      quirks.beforeWatch = () => {};
      box.hand.tap("2", 60);
    };
    box.hand.tap("1", 60);
    box.pass(300);
    assert.equal(box.typed.join(""), "12");
  });

  it("does not miss a key, at whatever moment after another it goes down", () => {
    for (let gap = 0; gap <= 120; gap += 1) {
      const box = started(gap);
      box.hand.tap("1", 60);
      box.pass(60 + gap);
      box.hand.tap("2", 60);
      box.pass(200);
      assert.equal(box.typed.join(""), "12", `after ${gap} ms`);
    }
  });

  it("goes back to sleep after an edge that was nothing", () => {
    const box = started();
    box.pins.drive(12, "down");
    box.pass(5);
    box.pins.drive(12, "free");
    box.pass(200);
    const { write } = box.pins.calls;
    box.pass(10_000);
    assert.equal(box.pins.calls.write, write);
    assert.deepEqual(box.typed, []);
  });
});

describe("the keypad: coming and going", () => {
  it("names the columns without a pull-up, lets go of all, and tries again more and more slowly", () => {
    const box = bench(1, { pullUps: false });
    box.pins.pull(12, "up");
    box.pins.pull(20, "up");
    box.keypad.start();
    box.pass(20_000);
    const cause = "column pins 16, 21 read low with no key pressed: no pull-up, or a key is held";
    assert.deepEqual(box.statuses, [`absent: ${cause}`]);
    assert.equal(box.pins.calls.claim, box.pins.calls.release);
    assert.ok(box.pins.calls.claim >= 8 && box.pins.calls.claim <= 12, `${box.pins.calls.claim} claims`);
    const line = (level: string, retryInMs: number) =>
      `${level}: pins.absent ${JSON.stringify({ device: "keypad", cause, retryInMs })}`;
    assert.deepEqual(box.logged.slice(0, 4), [
      line("warn", CLAIM_FIRST_MS),
      line("debug", 1_000),
      line("debug", CLAIM_LAST_MS),
      line("debug", CLAIM_LAST_MS),
    ]);
    box.pins.pull(16, "up");
    box.pins.pull(21, "up");
    box.pass(CLAIM_LAST_MS + 200);
    assert.deepEqual(box.statuses.slice(1), ["ready"]);
    box.hand.tap("6", 80);
    box.pass(200);
    assert.deepEqual(box.typed, ["6"]);
    assertRowsNeverHigh(box);
  });

  it("names the one column without a pull-up", () => {
    const box = bench();
    box.pins.drive(16, "down");
    box.keypad.start();
    box.pass(300);
    assert.deepEqual(box.statuses, [
      "absent: column pin 16 reads low with no key pressed: no pull-up, or a key is held",
    ]);
  });

  it("waits for pull-ups that are slow, and takes none of their lag for a key", () => {
    const box = started(1, { slowReads: 60 });
    for (const label of LABELS) {
      box.hand.tap(label, 80);
      box.pass(200);
    }
    assert.equal(box.typed.join(""), LABELS);
  });

  it("says why the pins were refused, and takes them when they are free", () => {
    const box = bench();
    const taken: { release(done: () => void): void }[] = [];
    box.pins.claim([{ use: "output", pin: 13, level: 0 }], { edge: () => {}, lost: () => {} }, (outcome) => {
      if (outcome.kind === "claimed") taken.push(outcome.lines);
    });
    box.pass(100);
    box.keypad.start();
    box.pass(5_000);
    assert.deepEqual(box.statuses, ["absent: pin 13 is in use: end what holds it"]);
    taken[0]?.release(() => {});
    box.pass(CLAIM_LAST_MS + 100);
    assert.deepEqual(box.statuses.slice(1), ["ready"]);
  });

  it("comes back by itself after its lines failed, and does not tell a key again that is still down", () => {
    const box = started();
    box.hand.press("5");
    box.pass(200);
    box.pins.fail(20, "the kernel took the line away");
    while (box.statuses.length === 1) box.time.step();
    const { calls } = box.pins;
    box.pass(400);
    assert.deepEqual(box.pins.calls, calls, "lost lines are left alone");
    box.pass(5_000);
    assert.deepEqual(box.statuses, ["ready", "absent: the kernel took the line away", "ready"]);
    assert.deepEqual(box.typed, ["5"]);
    box.hand.release("5");
    box.pass(200);
    box.hand.tap("5", 80);
    box.pass(200);
    assert.deepEqual(box.typed, ["5", "5"]);
  });

  it("is back half a second after each loss, however often", () => {
    const box = started();
    for (let n = 0; n < 10; n += 1) {
      box.pins.fail(5, "it fell out");
      box.pass(CLAIM_FIRST_MS + 100);
      assert.equal(box.statuses.at(-1), "ready");
    }
  });

  it("does not tell a key that was down when the box started", () => {
    const box = bench();
    box.hand.stick("=");
    box.pass(100);
    box.keypad.start();
    box.pass(1_000);
    assert.deepEqual([box.typed, box.statuses], [[], ["ready"]]);
  });

  it("is silent from the moment it is stopped, wherever it was, and leaves its pins free", () => {
    for (let steps = 0; steps < 200; steps += 1) {
      const box = bench(steps, { pullUps: steps % 2 === 0 });
      box.keypad.start();
      for (let step = 0; step < steps; step += 1) {
        if (step === 40) box.hand.press("C");
        if (step === 120) box.pins.fail(5, "it fell out");
        assert.ok(box.time.step());
      }
      const before = [...box.typed, ...box.statuses];
      let free = false;
      box.keypad.stop(() => {
        free = true;
      });
      assert.equal(free, false, "stop calls back after it has returned");
      const { read, write } = box.pins.calls;
      box.hand.press("5");
      for (let waited = 0; !free && waited < 100; waited += 1) box.pass(1);
      assert.ok(free, `stopped after ${steps} steps`);
      const lines: GpioLine[] = [...ROWS, ...COLUMNS].map((pin) => ({ use: "output", pin, level: 0 }));
      // Lines that are granted only now are let go of, by one write.
      assert.ok(box.pins.calls.write <= write + 1);
      let claimed = "";
      box.pins.claim(lines, { edge: () => {}, lost: () => {} }, (outcome) => {
        claimed = outcome.kind;
      });
      box.pass(10_000);
      assert.equal(claimed, "claimed");
      assert.equal(box.pins.calls.read, read, "released lines are left alone");
      assert.deepEqual([...box.typed, ...box.statuses], before);
    }
  });

  it("lets go of every row before it gives the pins back", () => {
    const box = started();
    const { write } = box.pins.calls;
    for (const pin of [...ROWS, ...COLUMNS]) box.pins.pull(pin, "up");
    box.keypad.stop(() => {});
    assert.equal(box.pins.calls.write, write + 1);
    for (const pin of ROWS) assert.equal(box.pins.level(pin), 1);
  });

  it("hears nothing of an earlier claim", () => {
    const listeners: GpioListener[] = [];
    const box = started(1, { heardBy: (listener) => listeners.push(listener) });
    box.keypad.stop(() => {});
    box.pass(100);
    listeners[0]?.lost("it comes too late");
    box.keypad.start();
    box.pass(100);
    listeners[0]?.lost("it comes too late");
    box.pass(5_000);
    assert.deepEqual(box.statuses, ["ready", "ready"]);
    assert.equal(box.pins.calls.claim, 2);
  });

  it("begins with the first pause again where it was stopped in between", () => {
    const box = bench(1, { pullUps: false });
    box.keypad.start();
    box.pass(5_000);
    box.keypad.stop(() => {});
    box.logged.length = 0;
    box.keypad.start();
    box.pass(100);
    assert.match(box.logged[0] ?? "", /"retryInMs":500/);
  });

  it("can be stopped by who hears it", () => {
    const box = started();
    box.listener.pressed = (key) => {
      box.typed.push(labelOf(key));
      box.keypad.stop(() => box.typed.push("free"));
    };
    box.hand.tap("1", 80);
    box.pass(200);
    const { calls } = box.pins;
    box.hand.tap("2", 80);
    box.pass(5_000);
    assert.deepEqual(box.typed, ["1", "free"]);
    assert.deepEqual(box.pins.calls, calls);
  });

  it("says nothing more of the scan in which it was stopped", () => {
    const box = started(1, { bounceMs: 0 });
    box.hand.stick("1");
    box.pass(11_000);
    box.listener.status = () => box.keypad.stop(() => {});
    box.hand.free("1");
    box.hand.tap("2", 80);
    box.pass(500);
    assert.deepEqual(box.typed, ["1"]);
  });

  it("starts again after it was stopped, says so, and starts once only", () => {
    const box = started();
    box.keypad.start();
    box.keypad.stop(() => {});
    box.pass(100);
    box.keypad.start();
    box.keypad.start();
    box.pass(100);
    assert.deepEqual(box.statuses, ["ready", "ready"]);
    assert.equal(box.pins.calls.claim, 2);
    box.keypad.stop(() => {});
    box.pass(100);
    let free = false;
    box.keypad.stop(() => {
      free = true;
    });
    box.pass(100);
    assert.ok(free, "stopping twice is stopping once");
  });
});
