/** Faults that take too long, or come too seldom, for a real process: whole boxes in worlds where a test tells what fails. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ToldWorld } from "./told-world.ts";

const HOUR_MS = 3_600_000;

describe("a box in a world that is told", () => {
  for (const flushMs of [5_000, 4_000]) {
    it(`whose flushes take ${flushMs} ms each: it lives, the watchdog is fed, the payment is paid`, () => {
      const world = new ToldWorld();
      world.start();
      world.pass(10_000);
      world.disk.flush = { least: flushMs, most: flushMs };
      const began = world.time.now;
      world.scan();
      const [paid] = world.ended();
      assert.deepEqual([paid?.state, paid?.chargeCount], ["paid", 1]);
      const shown = world.screens.find(({ text }) => text === "paid");
      assert.ok(shown !== undefined && shown.at - began >= 2 * flushMs, "not before its end was durable");
      world.pass(60_000);
      assertFed(world, began);
    });
  }

  it("whose flush takes longer than a charge may wait: it is not sent, and nobody pays", () => {
    const world = new ToldWorld();
    world.start();
    world.disk.flush = { least: 11_000, most: 11_000 };
    const began = world.time.now;
    world.scan();
    const [end] = world.ended();
    assert.deepEqual([end?.state, end?.reason, end?.chargeCount], ["declined", "stale", 0]);
    assert.equal(world.calls("charge"), 0);
    assert.deepEqual(world.sandbox.ledger.orders(), []);
    assertFed(world, began);
  });

  it("that is without a network for a day while a reversal is open: it tries on, and does it when it is back", () => {
    const world = new ToldWorld();
    world.start();
    world.scan("never");
    world.passUntil(() => world.money.at(-1)?.state === "reversing", 120_000);
    world.network(false);
    const began = world.time.now;
    world.pass(24 * HOUR_MS);
    assert.equal(world.money.at(-1)?.state, "reversing", "nothing is decided by the clock");
    const tries = world.calls("reverse", began);
    assert.ok(tries > 24 * 40 && tries < 24 * 80, `${tries} tries in a day`);
    assert.ok(
      world.lines.some(({ level, event, at }) => level === "error" && event === "alarm" && at > began),
      "somebody is told",
    );
    assertFed(world, began);
    const back = world.time.now;
    world.network(true);
    const [end] = world.ended();
    assert.deepEqual([end?.state, end?.charged], ["reversed", "no"]);
    assert.ok(world.time.now - back < 180_000, `it took ${world.time.now - back} ms`);
    // What is read while the box rests is nobody's.
    world.passUntil(() => world.screens.at(-1)?.text === "armed", 120_000);
    world.scan();
    assert.deepEqual(
      world.ended(2).map(({ state }) => state),
      ["reversed", "paid"],
    );
  });

  it("that is asked to stop at any moment of a payment: within ten seconds, and the next process ends the order", () => {
    let longest = 0;
    for (const scenario of ["success", "reply-late", "never", "password"]) {
      for (const afterMs of [1, 50, 300, 1_000, 4_000, 11_000, 30_000, 52_000]) {
        const world = new ToldWorld();
        world.start();
        world.scan(scenario);
        world.pass(afterMs);
        const tookMs = world.stop();
        assert.ok(tookMs <= 10_000, `${scenario}, after ${afterMs} ms: it took ${tookMs} ms`);
        longest = Math.max(longest, tookMs);
        world.start();
        if (world.money.length > 0) world.ended();
      }
    }
    assert.ok(longest > 5_000, "a charge that is on its way is waited for");
  });

  it("whose certificate expires during a payment: that ends as it would, and nobody is charged until one is valid", () => {
    const world = new ToldWorld();
    world.start();
    world.pass(25_000);
    world.scan("password-40");
    world.pass(5_000);
    world.certificateFault = "certificate-expired";
    const [end] = world.ended();
    assert.deepEqual([end?.state, end?.chargeCount], ["paid", 1]);
    // It was found out meanwhile.
    world.passUntil(() => world.screens.at(-1)?.text === "out-of-service", 15_000);
    const shown = world.screens.slice(-3).map(({ text }) => text);
    assert.deepEqual(shown, ["checking", "paid", "out-of-service"]);
    world.scan();
    world.pass(60_000);
    assert.equal(world.screens.at(-1)?.text, "out-of-service");
    assert.equal(world.ended(1).length, 1, "and no other order was begun");
    assert.equal(world.calls("charge"), 1);
    world.certificateFault = null;
    world.passUntil(() => world.screens.at(-1)?.text === "armed", 70_000);
    world.scan();
    assert.equal(world.ended(2).at(-1)?.state, "paid");
  });

  it("whose power goes and comes back three times during that day: the same", () => {
    const world = new ToldWorld();
    world.start();
    world.scan("paid-at-last");
    world.passUntil(() => world.money.at(-1)?.state === "reversing", 120_000);
    world.network(false);
    for (const hours of [3, 20, 1]) {
      world.pass(hours * HOUR_MS);
      world.crash();
      world.start();
    }
    world.network(true);
    const [end] = world.ended();
    assert.deepEqual([end?.state, end?.charged], ["refunded", "no"]);
  });

  it("whose power goes between a payment's end and the screen: it is told of, and shown to nobody", () => {
    const world = new ToldWorld();
    world.start();
    world.scan();
    while (world.money.at(-1)?.state !== "paid") world.pass(1);
    world.crash();
    const began = world.time.now;
    world.start();
    world.pass(120_000);
    const [paid] = world.ended();
    assert.deepEqual([paid?.state, paid?.late, paid?.queryCount], ["paid", false, 0]);
    assert.equal(world.calls("query", began) + world.calls("reverse", began), 0, "it is not touched again");
    assert.ok(!world.screens.some(({ text }) => text === "paid"), "nobody stands there who has paid it");
  });

  it("whose requests all arrive twice: one order, one payment", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      for (const scenario of ["success", "password", "paid-at-last", "declined"]) {
        const world = new ToldWorld({ seed, faults: { requestTwice: 1, lateMsMax: 45_000 } });
        world.start();
        const before = world.sandbox.ledger.orders().length;
        world.scan(scenario);
        const [end] = world.ended();
        assert.equal(end?.chargeCount, 1, scenario);
        // What arrives late is waited for, and changes nothing.
        world.pass(120_000);
        world.ended();
        assert.equal(world.sandbox.ledger.orders().length, before + 1);
      }
    }
  });
});

/** Fails where the watchdog of the service would have ended the process. */
function assertFed(world: ToldWorld, since: number): void {
  const moments = [since, ...world.fed.filter((at) => at > since), world.time.now];
  const longest = Math.max(...moments.slice(1).map((at, index) => at - (moments[index] ?? 0)));
  assert.ok(longest < 30_000, `not fed for ${longest} ms`);
}
