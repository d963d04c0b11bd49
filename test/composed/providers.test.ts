import assert from "node:assert/strict";
import { test } from "node:test";
import { Providers } from "../../src/composed/providers.ts";
import { Defect } from "../../src/core/kernel/defect.ts";
import type { ProviderFacts } from "../../src/core/payment/provider.ts";
import type { Provider, ProviderMeans } from "../../src/providers/provider.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { keypadRules, Story } from "../core/payment/story.ts";
import { keptLog } from "../drivers/late-clock.ts";

const [facts] = [...keypadRules.providers.values()];
assert.ok(facts);

/** A provider that is only asked to end. */
function provider(id: string, more: Partial<ProviderFacts>, ended: string[]): Provider {
  const never = (): never => assert.fail("nothing is asked of it");
  return {
    kind: `kind of ${id}`,
    facts: {
      ...facts,
      ...more,
      payee: { provider: id, account: `account of ${id}`, key: id },
    } as ProviderFacts,
    ...{ charge: never, query: never, undo: never, probe: never, fault: never, warm: never },
    close: (done) => {
      ended.push(id);
      done();
    },
  };
}

function bench() {
  const time = new SimulatedTime();
  const clock = new SimulatedClock(time, Date.UTC(2026, 2, 15));
  const given: ProviderMeans[] = [];
  const ended: string[] = [];
  const make =
    (id: string, more: Partial<ProviderFacts> = {}) =>
    (means: ProviderMeans) => {
      given.push(means);
      return provider(id, more, ended);
    };
  const means = { clock, entropy: new Random(1), log: keptLog().log };
  return { time, make, means, given, ended };
}

test("providers keep the order of the configuration, and each gets what the box has guarded", () => {
  const { make, means, given } = bench();
  const providers = new Providers([make("b"), make("a", { charges: false })], means);
  assert.deepEqual(given, [means, means]);
  assert.deepEqual(providers.ids, ["b", "a"]);
  assert.deepEqual(
    [...providers.facts()].map(([id, { charges }]) => [id, charges]),
    [
      ["b", true],
      ["a", false],
    ],
  );
  assert.deepEqual(
    providers.charging().map(({ kind }) => kind),
    ["kind of b"],
  );
  assert.equal(providers.of("a").kind, "kind of a");
});

test("two of one id are a defect, and so is one that is not configured", () => {
  const { make, means } = bench();
  assert.throws(() => new Providers([make("a"), make("a")], means), Defect);
  const one = new Providers([make("a")], means);
  assert.throws(() => one.of("b"), Defect);
});

test("each is ended, once, and says so", () => {
  const { make, means, ended } = bench();
  let closed = 0;
  new Providers([make("a"), make("b")], means).close(() => {
    closed += 1;
  });
  assert.deepEqual([ended, closed], [["a", "b"], 2]);
});

test("who people ask for is told by account, and when its last signed answer came", () => {
  const { make, means, time } = bench();
  const providers = new Providers([make("wechat"), make("old", { charges: false })], means);
  time.runUntil(5_000);
  providers.signed("wechat");
  time.runUntil(9_000);
  const [wechat, old] = providers.status(Story.ready().turn.box);
  assert.deepEqual(
    [wechat?.id, wechat?.kind, wechat?.account, wechat?.charges, wechat?.proved, wechat?.signedAt],
    ["wechat", "kind of wechat", "account of wechat", true, true, "2026-03-15T00:00:05.000Z"],
  );
  assert.deepEqual(
    [old?.charges, old?.proved, old?.unclear, old?.failure, old?.blocker, old?.code, old?.signedAt],
    [false, false, false, null, null, null, null],
  );
});
