/** Faults that only tests can plant: a setting that does nothing, an order under the wrong merchant, a box that does not come back. */
import type { Effect } from "../../src/core/payment/effects.ts";
import type { ProviderFacts } from "../../src/core/payment/provider.ts";
import { chargingProviders } from "../../src/core/payment/providers.ts";
import type { Planted } from "./planted.ts";
import { ends, otherTurns } from "./planted-core.ts";

export const plantedSettings: readonly Planted[] = [
  {
    // Needs a box that comes back with another merchant while an order of the earlier one is open.
    name: "a reversal leaves under the merchant that is charged for now",
    caughtBy: ["account"],
    seed: 21,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const effects = turn.effects.map((effect): Effect => {
        if (effect.type !== "undo") return effect;
        const [{ payee }] = chargingProviders(rules) as [ProviderFacts];
        return { ...effect, intent: { ...effect.intent, payee } };
      });
      return { ...turn, effects };
    }),
  },
  {
    name: "what is found paid after a restart is always kept",
    caughtBy: ["late"],
    seed: 23,
    defect: { config: (config) => ({ ...config, late: "keep" }) },
  },
  {
    name: "what is found paid after a restart always goes back",
    caughtBy: ["late"],
    seed: 7,
    defect: { config: (config) => ({ ...config, late: "reverse" }) },
  },
  {
    name: "the broker's word confirms, where it should be the host's",
    caughtBy: ["I24"],
    seed: 5,
    defect: {
      config: (config) => ({
        ...config,
        mqtt: config.mqtt === null ? null : { ...config.mqtt, confirm: "puback" },
      }),
    },
  },
  {
    // Needs a reader that was unplugged for good, and an order that is open then.
    name: "what is open waits until the reader is back",
    caughtBy: ["liveness"],
    seed: 2,
    defect: ends((turn) => {
      if (turn.box.scannerReady) return turn;
      const asked = turn.effects.filter(({ type }) => type !== "query" && type !== "undo");
      return { ...turn, effects: asked };
    }),
  },
  {
    name: "a journal that failed at a rotation is told to nobody",
    caughtBy: ["service"],
    seed: 3651,
    defect: otherTurns(({ before, event, stamp, rules }, real) =>
      event.type === "journal-broken" ? real(before, { type: "woke" }, stamp, rules) : null,
    ),
  },
  {
    // Needs a page that goes bad where no start reads, and somebody who pays before people come.
    name: "damage that is found later does not end charging",
    caughtBy: ["damaged"],
    seed: 98,
    defect: otherTurns(({ before, event, stamp, rules }, real) =>
      event.type === "journal-damaged" ? real(before, { type: "woke" }, stamp, rules) : null,
    ),
  },
  {
    name: "a box that was offline once takes no probe for passed any more",
    caughtBy: ["service"],
    seed: 4,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const passed = event.type === "probed" && event.answer.kind === "passed";
      if (!passed) return null;
      const { failure = null } = before.box.health.get(event.provider) ?? {};
      if (failure === null) return null;
      return real(before, { ...event, answer: { kind: "failed", why: failure } }, stamp, rules);
    }),
  },
];
