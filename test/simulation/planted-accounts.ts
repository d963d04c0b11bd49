/** Faults that only tests can plant: what is one account's touches the other, in worlds in which both charge. */
import type { Effect } from "../../src/core/payment/effects.ts";
import type { ProviderFacts } from "../../src/core/payment/provider.ts";
import { chargingProviders } from "../../src/core/payment/providers.ts";
import { withHealth } from "../core/payment/story.ts";
import type { Planted } from "./planted.ts";
import { ends, otherTurns } from "./planted-core.ts";

export const plantedAccounts: readonly Planted[] = [
  {
    // Needs a doubt of one account, and a customer of it before anybody has asked it again.
    name: "an account that is well lifts the doubt of the other",
    caughtBy: ["ready", "precondition"],
    seed: 1548,
    defect: ends((turn) => {
      const isWell = [...turn.box.health.values()].some(({ proved, unclear }) => proved && !unclear);
      return isWell ? { ...turn, box: withHealth(turn.box, { unclear: false }) } : turn;
    }),
  },
  {
    name: "a code is charged by the first account, whatever its wallet",
    caughtBy: ["account"],
    seed: 2,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const [{ payee }] = chargingProviders(rules) as [ProviderFacts];
      const effects = turn.effects.map(
        (effect): Effect =>
          effect.type === "charge" && effect.code !== null
            ? { ...effect, intent: { ...effect.intent, payee } }
            : effect,
      );
      return { ...turn, effects };
    }),
  },
];
