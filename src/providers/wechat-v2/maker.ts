import { Defect } from "../../core/kernel/defect.ts";
import type { ProbeFailure } from "../../core/payment/answers.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import type { HttpsLink } from "../../runtime/ports.ts";
import type { Provider, ProviderMaker } from "../provider.ts";
import type { WechatV2Settings } from "./account.ts";
import { type WechatV2Timing, wechatV2Facts, wechatV2Timing } from "./facts.ts";
import { WechatV2 } from "./provider.ts";

/** One account at WeChat Pay v2, with whatever is needed to speak for it. */
export interface WechatV2Account {
  /** What the box calls it; goes into every record. */
  readonly id: string;
  /** Whether new payments go through it; if not, it only finishes what is open. */
  readonly charges: boolean;
  readonly wallets: readonly Wallet[];
  readonly settings: WechatV2Settings;
  readonly link: HttpsLink;
  /** Waits that differ from the usual ones. */
  readonly timing?: Partial<WechatV2Timing>;
  /** What is wrong with the client certificate now, or null: without it a charge could not be reversed. */
  readonly fault: () => ProbeFailure | null;
}

/** WeChat Pay v2 as the box sees every provider. */
export function wechatV2(account: WechatV2Account): ProviderMaker {
  const { id, settings, link, fault } = account;
  const facts = wechatV2Facts(account, settings, { ...wechatV2Timing, ...account.timing });
  return ({ clock, entropy, log }): Provider => {
    const client = new WechatV2({ id, settings, link, clock, entropy, log });
    return {
      kind: "wechat-v2",
      facts,
      charge: ({ intent, code, sendBefore, mayLeave }, done) => {
        if (code === null) client.order(intent, sendBefore, done);
        else client.charge(intent, code, sendBefore, done, mayLeave);
      },
      query: ({ intent, of, host, fresh }, done) => {
        if (of === "refund") client.refundQuery(intent, host, done);
        else client.query(intent, host, done, fresh);
      },
      undo: ({ intent, way, host }, done) => {
        const { cpm, mpm } = facts.undo;
        const ways = intent.mode === "cpm" ? cpm : mpm;
        if (way !== ways?.unpaid.way && way !== ways?.paid.way)
          throw new Defect(`WeChat Pay takes no order of ${intent.mode} back by ${way}`);
        client.undo(intent, host, way === "refund", done);
      },
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
