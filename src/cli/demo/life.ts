import { ComposedBox, type Refusal } from "../../compose.ts";
import type { Links } from "../../composed/parts.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import { Defect, invariant } from "../../core/kernel/defect.ts";
import type { TxData } from "../../core/payment/order.ts";
import type { Timing } from "../../core/payment/rules.ts";
import type { Screen } from "../../core/payment/screen.ts";
import type { StartLearned } from "../../journal/journal.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import { SqliteStore } from "../../links/sqlite/sqlite-store.ts";
import type { HttpsSettings } from "../../providers/kind.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import type { RequestWords } from "../../providers/sandbox.ts";
import { sandboxKinds } from "../../providers/sandboxes.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import type { HttpsLink } from "../../runtime/ports.ts";
import { PowerSession } from "../run/session-links.ts";
import { version } from "../version.ts";

/** What one life of the demonstration's box is made of; the journal's store and the HTTPS link are its own. */
export interface RunParts {
  readonly config: DeviceConfig;
  readonly timing: Partial<Timing>;
  /** By how much the waits for the sandbox are shorter that have no key in the configuration, 1 or more. */
  readonly hurry: number;
  readonly links: Omit<Links, "store">;
  readonly onScreen: (screen: Screen) => void;
  readonly onMoney: (tx: TxData) => void;
  /** A request is about to leave. */
  readonly onRequest: (request: RequestWords) => void;
}

/** The box from one power-on to the next stop or power cut. Starts once, and ends once. */
export class DemoRun {
  readonly box: ComposedBox;
  readonly #mortality = new PowerSession();
  readonly #store: SqliteStore<StartLearned>;

  constructor({ config, timing, hurry, links, onRequest, onScreen, onMoney }: RunParts) {
    this.#store = new SqliteStore<StartLearned>({ directory: config.journal.directory, onDeath });
    const [first, ...others] = config.providers;
    invariant(first !== undefined, "a demonstration has an account");
    const account = (entry: ProviderConfig): ProviderMaker =>
      this.#account(entry, { config, hurry, onRequest });
    this.box = new ComposedBox({
      config,
      version,
      timing,
      providers: [account(first), ...others.map(account)],
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

  #account(
    entry: ProviderConfig,
    { config, hurry, onRequest }: Pick<RunParts, "config" | "hurry" | "onRequest">,
  ): ProviderMaker {
    const { timing, box } = config;
    const kind = sandboxKinds.get(entry.kind);
    invariant(kind !== undefined, "a demonstration pays through sandboxes");
    const https = (settings: HttpsSettings): HttpsLink =>
      this.#mortality.https(new UndiciHttpsLink({ ...settings, certificate: null }), (request) =>
        onRequest(kind.requestWords(request)),
      );
    // Over plain HTTP nobody can present a certificate and no look-alike asks for one: nothing can be at fault.
    const parts = { boxId: box.id, store: box.store, timing, https, pairFault: () => null };
    return kind.account(entry, parts, hurry);
  }
}

/** Nobody knows whether the last append was done: the process ends, as on a device. */
function onDeath(cause: string): never {
  throw new Defect(`the journal's thread has ended: ${cause}`);
}
