/** The loop between the core and the world: what it stamps, shows, wakes for and carries out. */
import assert from "node:assert/strict";
import test from "node:test";
import { Defect } from "../../src/core/kernel/defect.ts";
import { type Instant, instantOf } from "../../src/core/kernel/instant.ts";
import type { Effect } from "../../src/core/payment/effects.ts";
import type { BoxEvent } from "../../src/core/payment/events.ts";
import type { Stamp } from "../../src/core/payment/rules.ts";
import type { Screen } from "../../src/core/payment/screen.ts";
import type { Turn } from "../../src/core/payment/turn.ts";
import { type Handlers, Loop } from "../../src/runtime/loop.ts";
import type { Entropy } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { keypadRules, newJournal, Story } from "../core/payment/story.ts";

/** A turn to begin with; what matters of it is told by each test. */
const standing: Turn = { ...new Story().turn, effects: [], wakeAt: null };

/** How the next turn differs from the one before it. */
type Ending = Partial<Pick<Turn, "effects" | "wakeAt">> & { readonly screen?: Partial<Screen> };

/** A loop around a core that ends each turn as a test says. */
class Bench {
  readonly time = new SimulatedTime();
  readonly shown: Screen[] = [];
  readonly heard: BoxEvent[] = [];
  readonly stamps: Stamp[] = [];
  /** What was done in the world and when the loop told of a turn, in order. */
  readonly done: string[] = [];
  /** How the turns to come end; the last one repeats with nothing new. */
  readonly endings: Ending[] = [];
  readonly handlers: Handlers;
  /** What the world does at once when it is asked for an effect. */
  onHand: (type: Effect["type"]) => void = () => undefined;
  readonly loop: Loop;

  constructor(entropy: Entropy = new Random(7)) {
    const hand = ({ type }: Effect): void => {
      this.done.push(type);
      this.onHand(type);
    };
    this.handlers = new Proxy({} as Handlers, { get: () => hand });
    const turned = (before: Turn, stamp: Stamp, event: BoxEvent): Turn => {
      this.stamps.push(stamp);
      this.heard.push(event);
      const { screen = {}, ...rest } = this.endings.shift() ?? {};
      return { ...before, effects: [], wakeAt: null, ...rest, screen: { ...before.screen, ...screen } };
    };
    this.loop = new Loop({
      clock: new SimulatedClock(this.time, 1_800_000_000_000),
      entropy,
      rules: keypadRules,
      core: {
        firstTurn: (event, stamp) => turned(standing, stamp, event),
        nextTurn: (before, event, stamp) => turned(before, stamp, event),
      },
      handlers: this.handlers,
      show: (screen) => this.shown.push(screen),
      onTurn: (event) => this.done.push(`turn ${event.type}`),
    });
  }

  /** One that has its journal. */
  static started(entropy?: Entropy): Bench {
    const bench = new Bench(entropy);
    bench.loop.post(newJournal);
    bench.shown.length = 0;
    bench.done.length = 0;
    bench.stamps.length = 0;
    bench.heard.length = 0;
    return bench;
  }

  /** A turn that ends so. */
  turn(ending: Ending = {}): this {
    this.endings.push(ending);
    this.loop.post({ type: "woke" });
    return this;
  }
}

/** A value of each member of a screen that differs from what a new box shows. */
const others: { readonly [Member in keyof Screen]-?: Screen[Member] } = {
  text: "paid",
  wallet: "qq",
  amountFen: 1_250,
  typed: "12.5",
  seconds: 44,
  ref: "2369",
  line: ["Tea", "3.00"],
  codeUrl: "weixin://wxpay/bizpayurl?pr=1",
  light: "unknown",
  sound: "changed",
};

for (const [member, value] of Object.entries(others)) {
  test(`a screen that differs in ${member} alone is shown`, () => {
    assert.notEqual(standing.screen[member as keyof Screen], value);
    const bench = Bench.started().turn({ screen: { [member]: value } });
    assert.deepEqual(bench.shown, [{ ...standing.screen, [member]: value }]);
  });
}

test("words that differ at the left or at the right alone are shown, and equal ones are not", () => {
  const [tea, again, dearer] = [
    ["Tea", "3.00"],
    ["Tea", "3.00"],
    ["Tea", "3.50"],
  ] as const;
  const bench = Bench.started();
  for (const line of [tea, again, dearer]) bench.turn({ screen: { line } });
  assert.deepEqual(
    bench.shown.map(({ line }) => line),
    [tea, dearer],
  );
});

test("every member of a screen is one of those", () => {
  assert.deepEqual(Object.keys(standing.screen).sort(), Object.keys(others).sort());
});

test("an equal screen is not shown again", () => {
  assert.deepEqual(
    Bench.started()
      .turn({ screen: { amountFen: null } })
      .turn().shown,
    [],
  );
});

test("a screen is shown after its turn is told of and before its effects", () => {
  const bench = Bench.started();
  const show = bench.shown.push.bind(bench.shown);
  bench.shown.push = (...screens) => {
    bench.done.push("screen");
    return show(...screens);
  };
  bench.turn({
    screen: { text: "paid" },
    effects: [{ type: "warm" }, { type: "probe", provider: "wechat" }],
  });
  assert.deepEqual(bench.done, ["turn woke", "screen", "warm", "probe"]);
});

test("the random words of a stamp are 32 bits each, from bytes of their own", () => {
  const bytes = Uint8Array.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x80, 0, 0, 1]);
  const bench = Bench.started({
    bytes: (count) => {
      assert.equal(count, 16);
      return bytes;
    },
  }).turn();
  assert.deepEqual(bench.stamps[0]?.chance, [0xff010203, 0x04050607, 0x08090a0b, 0x80000001]);
});

test("the random words of all stamps are independent: none comes twice, and each bit is set half of the time", () => {
  const bench = Bench.started();
  for (let turn = 0; turn < 2_000; turn += 1) bench.turn();
  const words = bench.stamps.flatMap(({ chance }) => chance);
  assert.equal(new Set(words).size, 8_000);
  for (let place = 0; place < 4; place += 1) {
    for (let bit = 0; bit < 32; bit += 1) {
      const set = bench.stamps.filter(({ chance }) => ((chance[place] ?? 0) >>> bit) & 1).length;
      // Of 2,000 fair draws; six standard deviations are 134.
      assert.ok(Math.abs(set - 1_000) < 134, `bit ${bit} of word ${place} is set ${set} times`);
    }
  }
});

test("a stamp has the moment at which its event was taken up, on both clocks", () => {
  const bench = Bench.started();
  bench.time.runUntil(1_234);
  bench.turn();
  assert.equal(bench.stamps[0]?.at, 1_234);
  assert.equal(bench.stamps[0]?.wall, 1_800_000_001_234);
  assert.equal(bench.stamps[0]?.clockTrusted, true);
});

test("it wakes at the moment of the newest turn, once, and not at those of earlier ones", () => {
  const bench = Bench.started()
    .turn({ wakeAt: instantOf(50) })
    .turn({ wakeAt: instantOf(80) });
  bench.heard.length = 0;
  bench.time.runUntil(79);
  assert.deepEqual(bench.heard, []);
  bench.time.runUntil(10_000);
  assert.deepEqual(bench.heard, [{ type: "woke" }]);
  assert.equal(bench.stamps.at(-1)?.at, 80);
});

test("a turn that wants no wake calls off the one before", () => {
  const bench = Bench.started()
    .turn({ wakeAt: instantOf(50) })
    .turn();
  bench.heard.length = 0;
  bench.time.runUntil(10_000);
  assert.deepEqual(bench.heard, []);
});

test("the same moment asked for again is one timer", () => {
  const bench = Bench.started()
    .turn({ wakeAt: instantOf(50) })
    .turn({ wakeAt: instantOf(50) });
  bench.heard.length = 0;
  bench.time.runUntil(10_000);
  assert.equal(bench.heard.length, 1);
});

test("what the world answers at once is taken up after all effects of its turn", () => {
  const bench = Bench.started();
  bench.onHand = (type) => {
    if (type === "warm") bench.loop.post({ type: "code-wanted" });
  };
  bench.turn({ effects: [{ type: "warm" }, { type: "probe", provider: "wechat" }] });
  assert.deepEqual(bench.done, ["turn woke", "warm", "probe", "turn code-wanted"]);
});

test("a mailbox that fills is a defect and not a queue without end", () => {
  const bench = Bench.started();
  bench.onHand = () => {
    for (let event = 0; event < 1_024; event += 1) bench.loop.post({ type: "woke" });
    assert.throws(() => bench.loop.post({ type: "woke" }), Defect);
  };
  bench.turn({ effects: [{ type: "warm" }] });
  assert.equal(bench.heard.length, 1_025);
});

test("before its journal is open nothing that devices say is heard, and a box without one is a defect", () => {
  const bench = new Bench();
  bench.loop.post({ type: "woke" });
  assert.deepEqual(bench.heard, []);
  assert.equal(bench.loop.turn, null);
  bench.loop.boot();
  assert.deepEqual(
    bench.shown.map(({ text }) => text),
    ["boot"],
  );
});

test("whoever hands in an event is told whether there is a box that takes it, during a turn as well", () => {
  const taken: boolean[] = [];
  const bench = new Bench();
  taken.push(
    bench.loop.post({ type: "woke" }),
    bench.loop.post(newJournal),
    bench.loop.post({ type: "woke" }),
  );
  bench.onHand = () => void taken.push(bench.loop.post({ type: "code-wanted" }));
  bench.turn({ effects: [{ type: "warm" }] });
  bench.loop.stop();
  taken.push(bench.loop.post({ type: "woke" }));
  assert.deepEqual(taken, [false, true, true, true, false]);
});

test("a loop that was stopped hears nothing, wakes nobody, and has no box to look at", () => {
  const bench = Bench.started().turn({ wakeAt: instantOf(50) });
  bench.heard.length = 0;
  bench.loop.stop();
  bench.loop.post({ type: "woke" });
  bench.time.runUntil(10_000);
  assert.deepEqual(bench.heard, []);
  assert.equal(bench.loop.turn, null);
});

test("turns are counted, one for each event", () => {
  const bench = Bench.started();
  const before = bench.loop.turns;
  bench.turn().turn();
  assert.equal(bench.loop.turns, before + 2);
});

test("a clock with fractions is a defect", () => {
  const bench = Bench.started();
  const odd = new SimulatedClock(bench.time, 0);
  const loop = new Loop({
    clock: Object.assign(Object.create(odd), {
      now: () => 0.5 as Instant,
      wall: () => odd.wall(),
      trusted: () => true,
    }),
    entropy: new Random(1),
    rules: keypadRules,
    core: { firstTurn: () => standing, nextTurn: (before) => before },
    handlers: bench.handlers,
    show: () => undefined,
    onTurn: () => undefined,
  });
  assert.throws(() => loop.post(newJournal), Defect);
});
