import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { BOUNCE_MS_MAX, SimulatedKeypad } from "../../src/simulator/site/keypad.ts";
import { SimulatedPins } from "../../src/simulator/site/pins.ts";

const ROWS = [5, 6];
const COLUMNS = [12, 16];

/** A keypad whose first row the outside pulls low, so that a column shows whether its key is down. */
function keypad(seed: number, bounceMs?: number) {
  const time = new SimulatedTime();
  const random = new Random(seed);
  const pins = new SimulatedPins(time, random.fork());
  for (const pin of COLUMNS) pins.pull(pin, "up");
  pins.drive(5, "down");
  const bounce = bounceMs === undefined ? {} : { bounceMs };
  const keys = new SimulatedKeypad({ pins, time, random, rows: ROWS, columns: COLUMNS, ...bounce });
  return { time, pins, keys };
}

function changesOf(pins: SimulatedPins, pin: number) {
  return pins.changes.filter((change) => change.pin === pin && change.at > 0);
}

describe("the simulated keypad", () => {
  it("chatters when a key goes down and when it comes up, for no longer than it may", () => {
    let chattered = 0;
    for (let seed = 0; seed < 50; seed += 1) {
      const { time, pins, keys } = keypad(seed);
      time.runUntil(10);
      keys.tap(0, 1, 100);
      time.runUntil(10 + BOUNCE_MS_MAX);
      assert.equal(pins.level(16), 0);
      time.runUntil(110 + BOUNCE_MS_MAX);
      assert.equal(pins.level(16), 1);
      const changes = changesOf(pins, 16);
      assert.ok(changes.every(({ at }) => at <= 10 + BOUNCE_MS_MAX || at >= 110));
      if (changes.length > 2) chattered += 1;
    }
    assert.ok(chattered > 20, `${chattered} of 50 presses chattered`);
  });

  it("moves once a touch where it does not chatter", () => {
    const { time, pins, keys } = keypad(1, 0);
    time.runUntil(10);
    keys.tap(0, 0, 40);
    keys.press(0, 0);
    time.runUntil(200);
    assert.deepEqual(
      changesOf(pins, 12).map(({ at, level }) => [at, level]),
      [
        [10, 0],
        [50, 1],
      ],
    );
  });

  it("comes to rest where the finger is, however quickly it moves", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { time, pins, keys } = keypad(seed);
      keys.tap(0, 0, 2);
      time.runUntil(1 + 2 * BOUNCE_MS_MAX);
      assert.equal(pins.level(12), 1);
    }
  });

  it("keeps a stuck key down until it is freed", () => {
    const { time, pins, keys } = keypad(3);
    keys.stick(0, 0);
    keys.release(0, 0);
    time.runUntil(1_000);
    assert.equal(pins.level(12), 0);
    keys.free(0, 0);
    time.runUntil(2_000);
    assert.equal(pins.level(12), 1);
  });

  it("shows the fourth corner where three are down", () => {
    const { time, pins, keys } = keypad(4);
    keys.press(1, 0);
    keys.press(1, 1);
    time.runUntil(100);
    assert.deepEqual([pins.level(12), pins.level(16)], [1, 1]);
    keys.press(0, 0);
    time.runUntil(200);
    assert.deepEqual([pins.level(12), pins.level(16)], [0, 0]);
  });
});
