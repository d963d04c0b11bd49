/** What a box is made of: its configuration and its links, real or simulated. */
import type { DeviceConfig } from "../config/device-config.ts";
import type { TxData } from "../core/payment/order.ts";
import type { Timing } from "../core/payment/rules.ts";
import type { Screen } from "../core/payment/screen.ts";
import type { DeviceLinks } from "../devices.ts";
import type { JournalStore } from "../journal/journal.ts";
import type { RotationRules } from "../journal/rotation.ts";
import type { ProviderMaker } from "../providers/provider.ts";
import type { Core } from "../runtime/loop.ts";
import type { BrokerLink, Entropy } from "../runtime/ports.ts";

/** The outside of one box. */
export interface Links extends DeviceLinks {
  readonly entropy: Entropy;
  readonly store: JournalStore;
  readonly broker: BrokerLink | null;
}

/** What a box is made of. */
export interface BoxParts {
  readonly config: DeviceConfig;
  readonly version: string;
  readonly links: Links;
  /** Who moves the money, the preferred one first; no two have the same id. */
  readonly providers: readonly [ProviderMaker, ...ProviderMaker[]];
  /** What is wrong with the configuration: then what is open is brought to its end, and nothing is sold. */
  readonly mistakes?: readonly string[];
  /** Whether the journal lies in memory, so that the next start of the machine has forgotten it: everybody is told. */
  readonly journalInMemory?: boolean;
  /** Hears every screen, the boot screen first. */
  readonly onScreen?: (screen: Screen) => void;
  /** Hears every money record when it has become durable. */
  readonly onMoney?: (tx: TxData) => void;
  /** Hears once that the journal can no longer be written: only a new process may believe the disk again. */
  readonly onJournalBroken?: () => void;
  /** What decides about money; only a simulation has another one than the real. */
  readonly core?: Core;
  /** Waits that the configuration has no key for; tests make them short. */
  readonly timing?: Partial<Timing>;
  /** The same for segments of the journal. */
  readonly rotation?: Partial<RotationRules>;
}
