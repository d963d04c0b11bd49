/** The real outside of a box: secrets are read, links are made, and every problem is a sentence. */
import type { BoxParts } from "../../composed/parts.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import type { StartLearned } from "../../journal/journal.ts";
import { pairProblem } from "../../links/https/certificate.ts";
import { PinoLog } from "../../links/log/pino-log.ts";
import { liesInMemory } from "../../links/machine/mounts.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import { MqttBroker, type MqttSettings } from "../../links/mqtt/mqtt-broker.ts";
import { loadScannerLink } from "../../links/serial/scanner-link.ts";
import { SqliteStore, type SqliteStoreSettings } from "../../links/sqlite/sqlite-store.ts";
import { kindOf } from "../../providers/registry.ts";
import { guardedBroker, guardedSerial, type Loader, promised } from "../../runtime/guards.ts";
import type { BrokerLink, Log } from "../../runtime/ports.ts";
import { version } from "../version.ts";
import { panelLinks } from "./panel-links.ts";
import { providerMakers } from "./provider-parts.ts";
import { Secrets } from "./secrets.ts";

/** Everything a box needs, or what is missing, a sentence each. */
export type DeviceParts =
  | {
      readonly ok: true;
      readonly parts: BoxParts;
      /** Calls back when the journal's thread has answered: its sign of life. */
      readonly ping: (done: () => void) => void;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The journal's thread, which was started first, and what it says of the journal, where it was asked already. */
export type JournalAhead = Pick<SqliteStoreSettings<StartLearned>, "opened" | "thread">;

/**
 * Makes the links of a device. `onDeath` is called when the journal's thread dies, after which the process must end.
 * Nothing is opened yet but the secrets of accounts: what is optional is looked for when it is wanted.
 */
export async function deviceParts(
  { config, mistakes }: { readonly config: DeviceConfig; readonly mistakes: readonly string[] },
  onDeath: (cause: string) => void,
  journal: JournalAhead = {},
): Promise<DeviceParts> {
  const log = new PinoLog({ level: config.log.level, fd: 1 });
  const clock = new SystemClock();
  const secrets = new Secrets(log);
  const [provider, ...others] = providerMakers(config, secrets, clock);
  if (provider === undefined || secrets.problems.length > 0)
    return { ok: false, problems: [...secrets.problems, ...secrets.mistakes] };
  const wrong = [...mistakes, ...unsupported(config), ...secrets.mistakes];
  const { mqtt, scanner } = config;
  const store = new SqliteStore<StartLearned>({ directory: config.journal.directory, onDeath, ...journal });
  const parts: BoxParts = {
    config,
    version,
    providers: [provider, ...others],
    mistakes: wrong,
    journalInMemory: liesInMemory(config.journal.directory),
    links: {
      clock,
      entropy: new SystemEntropy(),
      log,
      store,
      serial:
        scanner === null
          ? null
          : guardedSerial(
              promised(async () => ({ ok: true, link: await loadScannerLink(scanner) })),
              clock,
            ),
      broker: mqtt === null ? null : guardedBroker(brokerLoader(mqtt, log), clock),
      ...panelLinks(config, clock, log),
      // Pins that a wrong file names are driven by nobody, whatever it says of them.
      ...(mistakes.length > 0 ? { gpio: null } : {}),
    },
  };
  return { ok: true, parts, ping: (done) => store.ping(done) };
}

/**
 * The broker as its credentials are at each try: what is mended is found without a new start. While they stay the same so does
 * the link, which remembers the version of the protocol.
 */
function brokerLoader(mqtt: MqttConfig, log: Log): Loader<BrokerLink> {
  let last: { readonly text: string; readonly link: MqttBroker } | null = null;
  return (done) => {
    const secrets = new Secrets(last === null ? log : null);
    const settings = brokerSettings(mqtt, secrets);
    const { cert, key } = settings;
    const unread = secrets.problems.length > 0;
    const pair = unread || cert === null || key === null ? null : pairProblem("mqtt", cert, key);
    const problems = pair === null ? secrets.problems : [pair];
    if (problems.length > 0) {
      done({ ok: false, problem: problems.join(" ") });
      return;
    }
    const text = JSON.stringify(settings);
    last = last?.text === text ? last : { text, link: new MqttBroker(settings) };
    done({ ok: true, link: last.link });
  };
}

/** Where the broker is and who speaks to it; what could not be read is among the problems of `secrets`. */
export function brokerSettings(mqtt: MqttConfig, secrets: Secrets): MqttSettings {
  return {
    url: mqtt.url,
    version: mqtt.version === "5" ? 5 : mqtt.version,
    username: mqtt.username,
    password: secrets.readIfAny("mqtt.password", mqtt.password, "secret"),
    ca: secrets.readIfAny("mqtt.ca", mqtt.ca, "public"),
    cert: secrets.readIfAny("mqtt.cert", mqtt.cert, "public"),
    key: secrets.readIfAny("mqtt.key", mqtt.key, "secret"),
  };
}

type MqttConfig = Exclude<DeviceConfig["mqtt"], null>;

/** What a configuration may name already, and this version cannot do. */
function unsupported({ providers }: DeviceConfig): readonly string[] {
  return providers.flatMap((entry, index) => {
    const key = kindOf(entry).codeKey(entry);
    // Without a display that can draw it, a code to scan is a promise that nobody can keep.
    const why = "this version drives no display that can show a QR code; set it to null.";
    return key === null ? [] : [`providers[${index}].${key}: ${why}`];
  });
}
