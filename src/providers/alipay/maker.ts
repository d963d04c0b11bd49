import type { ProbeFailure } from "../../core/payment/answers.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import type { HttpsLink } from "../../runtime/ports.ts";
import type { Provider, ProviderMaker } from "../provider.ts";
import type { AlipaySettings } from "./account.ts";
import { type AlipayTiming, alipayFacts, alipayTiming } from "./facts.ts";
import { Alipay } from "./provider.ts";

/** One account at Alipay, with whatever is needed to speak for it. */
export interface AlipayAccount {
  /** What the box calls it; goes into every record. */
  readonly id: string;
  /** Whether new payments go through it; if not, it only finishes what is open. */
  readonly charges: boolean;
  readonly wallets: readonly Wallet[];
  readonly settings: AlipaySettings;
  readonly link: HttpsLink;
  /** Waits that differ from the usual ones. */
  readonly timing?: Partial<AlipayTiming>;
  /** What is wrong with its keys and certificates now, or null. */
  readonly fault: () => ProbeFailure | null;
}

/** Alipay as the box sees every provider. */
export function alipay(account: AlipayAccount): ProviderMaker {
  const { id, settings, link, fault } = account;
  const facts = alipayFacts(account, settings, { ...alipayTiming, ...account.timing });
  return ({ clock, entropy, log }): Provider => {
    const client = new Alipay({ id, settings, link, clock, entropy, log });
    return {
      kind: "alipay",
      facts,
      charge: (wanted, done) => client.charge(wanted, done),
      query: (asked, done) => client.query(asked, done),
      undo: (wanted, done) => client.undo(wanted, done),
      probe: (done) => {
        const why = fault();
        if (why === null) client.probe(done);
        else clock.at(clock.now(), () => done({ kind: "failed", why }));
      },
      fault,
      warm: () => client.warm(),
      close: (done) => link.close(done),
    };
  };
}
