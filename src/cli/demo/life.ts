import { ComposedBox, type Refusal } from "../../compose.ts";
import type { Links } from "../../composed/parts.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import { Defect, invariant } from "../../core/kernel/defect.ts";
import type { TxData } from "../../core/payment/order.ts";
import type { Timing } from "../../core/payment/rules.ts";
import type { Screen } from "../../core/payment/screen.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import { SqliteStore } from "../../links/sqlite/sqlite-store.ts";
import type { WechatV2Timing } from "../../providers/wechat-v2/facts.ts";
import { accountOf } from "../../providers/wechat-v2/kind.ts";
import { type WechatV2Account, wechatV2 } from "../../providers/wechat-v2/maker.ts";
import { fixtureMerchant } from "../../providers/wechat-v2/sandbox/fixture-merchant.ts";
import type { HttpsRequest } from "../../runtime/ports.ts";
import { PowerSession } from "../run/session-links.ts";
import { version } from "../version.ts";

/** What one life of the demonstration's box is made of; the journal's store and the HTTPS link are its own. */
export interface RunParts {
  readonly config: DeviceConfig;
  readonly timing: Partial<Timing>;
  readonly providerTiming: Partial<WechatV2Timing>;
  readonly links: Omit<Links, "store">;
  readonly onScreen: (screen: Screen) => void;
  readonly onMoney: (tx: TxData) => void;
  /** A request is about to leave. */
  readonly onRequest: (request: HttpsRequest) => void;
}

/** The box from one power-on to the next stop or power cut. Starts once, and ends once. */
export class DemoRun {
  readonly box: ComposedBox;
  readonly #mortality = new PowerSession();
  readonly #store: SqliteStore;

  constructor({ config, timing, providerTiming, links, onRequest, onScreen, onMoney }: RunParts) {
    this.#store = new SqliteStore({ directory: config.journal.directory, onDeath });
    const account = demoAccount(config, providerTiming);
    this.box = new ComposedBox({
      config,
      version,
      timing,
      providers: [wechatV2({ ...account, link: this.#mortality.https(account.link, onRequest) })],
      links: this.#mortality.links({ ...links, store: this.#store }),
      onScreen,
      onMoney,
    });
  }

  start(): Promise<Refusal | null> {
    return new Promise((resolve) => this.box.start(resolve));
  }

  /** Asks the box to stop, as a service manager does. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.box.stop(resolve));
  }

  /** Cuts the power; resolves when the journal can be opened by the next life. */
  cut(): Promise<void> {
    this.#mortality.die();
    return new Promise((resolve) => this.#store.close(resolve));
  }
}

/** The one account of the demonstration, with waits of its own. */
function demoAccount(
  { providers, timing, box }: DeviceConfig,
  providerTiming: Partial<WechatV2Timing>,
): WechatV2Account {
  const [entry] = providers;
  invariant(entry !== undefined, "a demonstration has an account");
  const account = accountOf(entry, {
    ...{ boxId: box.id, store: box.store, timing },
    secret: (key) => (key === "apiKey" ? fixtureMerchant.apiKey.reveal() : ""),
    https: (settings) => new UndiciHttpsLink({ ...settings, certificate: null }),
    // Over plain HTTP nobody can present a certificate and the look-alike asks for none: nothing can be at fault.
    pairFault: () => null,
  });
  return { ...account, timing: { ...account.timing, ...providerTiming } };
}

/** Nobody knows whether the last append was done: the process ends, as on a device. */
function onDeath(cause: string): never {
  throw new Defect(`the journal's thread has ended: ${cause}`);
}
