import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../src/reporting/backoff.ts";
import { Random } from "../../src/simulator/outside/random.ts";

const highest = { bytes: (count: number) => new Uint8Array(count).fill(0xff) };

test("the longest possible waits double from one second to two minutes, and begin again after a reset", () => {
  const backoff = new Backoff(highest);
  const waits = Array.from({ length: 9 }, () => backoff.next());
  assert.deepEqual(waits, [999, 1_999, 3_999, 7_999, 15_999, 31_999, 63_999, 119_999, 119_999]);
  backoff.reset();
  assert.equal(backoff.next(), 999);
});

test("ten thousand boxes that lost their broker long ago come back spread over two minutes", () => {
  const random = new Random(7);
  const perSecond = new Map<number, number>();
  for (let box = 0; box < 10_000; box += 1) {
    const backoff = new Backoff(random);
    for (let attempt = 0; attempt < 8; attempt += 1) backoff.next();
    const second = Math.floor(backoff.next() / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  assert.equal(perSecond.size, 120);
  assert.ok(Math.max(...perSecond.values()) < 130);
});
