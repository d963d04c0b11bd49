/** A watchdog that is fed by anything but proof is worse than none: the ways to get it wrong are planted here. */
import assert from "node:assert/strict";
import test from "node:test";
import { after } from "../../src/core/kernel/instant.ts";
import type { Clock } from "../../src/runtime/ports.ts";
import { Watchdog, type WatchedBox } from "../../src/runtime/watchdog.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";

const LIMIT_MS = 30_000;

interface Fed {
  start(): void;
  stop(): void;
}

type Parts = ConstructorParameters<typeof Watchdog>[0];

/** A box whose loop can hang and whose journal's thread can fall silent. */
class Patient implements WatchedBox {
  readonly #time: SimulatedTime;
  /** How long the journal's thread takes to answer; null is never. */
  answersAfterMs: number | null = 1;
  hangs = false;
  #turns = 1;
  pings = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  turns(): number {
    return this.#turns;
  }

  wake(): void {
    if (!this.hangs) this.#turns += 1;
  }

  ping(done: () => void): void {
    this.pings += 1;
    if (this.answersAfterMs !== null) this.#time.after(this.answersAfterMs, done);
  }
}

/** What a kind of watchdog does to a box that is well for a minute and then falls ill. */
class Ward {
  readonly time = new SimulatedTime();
  readonly patient = new Patient(this.time);
  readonly fedAt: number[] = [];
  readonly watchdog: Fed;

  constructor(make: (parts: Parts) => Fed) {
    const clock: Clock = new SimulatedClock(this.time, 0);
    const feed = (): void => {
      this.fedAt.push(this.time.now);
    };
    this.watchdog = make({ clock, limitMs: LIMIT_MS, box: this.patient, feed });
    this.watchdog.start();
  }

  /** When the manager kills the box: the limit after the last feed; null where it lives to `until`. */
  killedBy(until: number): number | null {
    this.time.runUntil(until);
    let last = 0;
    for (const at of [...this.fedAt, until]) {
      if (at - last > LIMIT_MS) return last + LIMIT_MS;
      last = at;
    }
    return null;
  }
}

const wells = {
  "a box with nothing to do lives": (ward: Ward) => assert.equal(ward.killedBy(3_600_000), null),
  "a card that stalls for 20 s costs nothing": (ward: Ward) => {
    ward.patient.answersAfterMs = 20_000;
    assert.equal(ward.killedBy(3_600_000), null);
  },
} as const;

const ills = {
  "a loop that does not turn is killed within the limit": (ward: Ward) => {
    ward.time.runUntil(60_000);
    ward.patient.hangs = true;
    const killed = ward.killedBy(200_000);
    assert.ok(killed !== null && killed <= 60_000 + LIMIT_MS, `killed: ${killed}`);
  },
  "a journal's thread that does not answer is killed within the limit": (ward: Ward) => {
    ward.time.runUntil(60_000);
    ward.patient.answersAfterMs = null;
    const killed = ward.killedBy(200_000);
    assert.ok(killed !== null && killed <= 60_000 + LIMIT_MS, `killed: ${killed}`);
  },
  "a thread that is silent is not asked more and more": (ward: Ward) => {
    ward.patient.answersAfterMs = null;
    ward.time.runUntil(600_000);
    assert.ok(ward.patient.pings <= 2, `${ward.patient.pings} pings wait`);
  },
} as const;

const real = (parts: Parts): Fed => new Watchdog(parts);

for (const [promise, check] of Object.entries({ ...wells, ...ills })) {
  test(promise, () => check(new Ward(real)));
}

/** Feeds every five seconds what `proved` says is alive. */
function wrong(proved: (box: WatchedBox, feed: () => void) => void): (parts: Parts) => Fed {
  return ({ clock, box, feed }) => {
    const start = (): void => {
      proved(box, feed);
      clock.at(after(clock.now(), 5_000), start);
    };
    return { start, stop: () => {} };
  };
}

const planted = {
  "feeding by a timer alone": wrong((_box, feed) => feed()),
  "feeding what the loop says and not the thread": wrong((box, feed) => {
    const before = box.turns();
    box.wake();
    if (box.turns() > before) feed();
  }),
  "feeding what the thread says and not the loop": wrong((box, feed) => box.ping(feed)),
} as const;

for (const [defect, make] of Object.entries(planted)) {
  test(`${defect} breaks a promise`, () => {
    const broken = Object.values(ills).filter((check) => {
      try {
        check(new Ward(make));
        return false;
      } catch (error) {
        assert.ok(error instanceof assert.AssertionError);
        return true;
      }
    });
    assert.notEqual(broken.length, 0);
  });
}

test("a watchdog that was stopped feeds nothing, even where an answer is still on its way", () => {
  const ward = new Ward(real);
  ward.patient.answersAfterMs = 1_000;
  ward.time.runUntil(6_000);
  const fed = ward.fedAt.length;
  ward.watchdog.stop();
  ward.time.runUntil(600_000);
  assert.equal(ward.fedAt.length, fed);
});
