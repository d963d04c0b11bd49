import type { BoxSnapshot } from "../commands/status.ts";
import { invariant } from "../core/kernel/defect.ts";
import type { WallTime } from "../core/kernel/instant.ts";
import { rfc3339 } from "../core/kernel/rfc3339.ts";
import type { Box } from "../core/payment/box.ts";
import { codeOf } from "../core/payment/outage-code.ts";
import type { ProviderFacts } from "../core/payment/provider.ts";
import { providerBlockerOf } from "../core/payment/readiness.ts";
import type { Provider, ProviderMaker, ProviderMeans } from "../providers/provider.ts";
import type { Clock } from "../runtime/ports.ts";

/** Who only finishes orders is asked for no proof. */
const notProbed = { proved: false, unclear: false, failure: null };

/** The providers of one box, by their ids, in the order of preference. */
export class Providers {
  readonly #clock: Clock;
  readonly #byId = new Map<string, Provider>();
  /** When the last correctly signed answer of each came. */
  readonly #signedAt = new Map<string, WallTime>();

  constructor(makers: readonly ProviderMaker[], means: ProviderMeans) {
    this.#clock = means.clock;
    for (const make of makers) {
      const provider = make(means);
      const { payee } = provider.facts;
      invariant(!this.#byId.has(payee.provider), "each provider of a box has an id of its own");
      this.#byId.set(payee.provider, provider);
    }
  }

  /** Their ids. */
  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** What the core reads of each. */
  facts(): ReadonlyMap<string, ProviderFacts> {
    return new Map([...this.#byId].map(([id, { facts }]) => [id, facts]));
  }

  /** Those through which new payments go. */
  charging(): readonly Provider[] {
    return [...this.#byId.values()].filter(({ facts }) => facts.charges);
  }

  /** The one that an order is called about under, or that is probed. */
  of(id: string): Provider {
    const provider = this.#byId.get(id);
    // Recovery holds orders of accounts that are gone, so an order that is called about has its provider.
    invariant(provider !== undefined, "an order is called about under a provider that is configured");
    return provider;
  }

  /** A correctly signed answer of this one has come now. */
  signed(id: string): void {
    this.#signedAt.set(id, this.#clock.wall());
  }

  /** How each stands, for people and their tools. */
  status(box: Box): BoxSnapshot["providers"] {
    return [...this.#byId].map(([id, { kind, facts }]) => {
      const { proved, unclear, failure } = box.health.get(id) ?? notProbed;
      const blocker = facts.charges ? providerBlockerOf(box, facts) : null;
      const code = blocker === null ? null : codeOf(box, { blocker, provider: id });
      const signedAt = this.#signedAt.get(id);
      return {
        ...{ id, kind, account: facts.payee.account, wallets: [...facts.wallets], charges: facts.charges },
        ...{
          proved,
          unclear,
          failure,
          blocker,
          code,
          signedAt: signedAt === undefined ? null : rfc3339(signedAt),
        },
      };
    });
  }

  /** Ends all that runs with any of them; calls back once for each. */
  close(closed: () => void): void {
    for (const provider of this.#byId.values()) provider.close(closed);
  }
}
