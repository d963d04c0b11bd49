/** The real outside of a box: secrets are read, links are made, and every problem is a sentence. */
import type { BoxParts, MerchantParts } from "../compose.ts";
import type { DeviceConfig } from "../config/device-config.ts";
import type { Merchant } from "../core/payment/order.ts";
import { ApiKey } from "../gateway/api-key.ts";
import { inspectCertificate, pairProblem } from "../links/certificate.ts";
import { MqttBroker } from "../links/mqtt-broker.ts";
import { PinoLog } from "../links/pino-log.ts";
import { loadScannerLink } from "../links/scanner-link.ts";
import { readSecret, type SecretSource, secretText } from "../links/secret.ts";
import { SqliteStore } from "../links/sqlite-store.ts";
import { SystemClock } from "../links/system-clock.ts";
import { SystemEntropy } from "../links/system-entropy.ts";
import { UndiciHttpsLink } from "../links/undici-https.ts";
import { guardedBroker, guardedSerial, type Loader, promised } from "../runtime/guards.ts";
import type { BrokerLink, Clock, Log } from "../runtime/ports.ts";
import { panelLinks } from "./panel-links.ts";
import { version } from "./version.ts";

/** Everything a box needs, or what is missing, a sentence each. */
export type DeviceParts =
  | {
      readonly ok: true;
      readonly parts: BoxParts;
      /** Calls back when the journal's thread has answered: its sign of life. */
      readonly ping: (done: () => void) => void;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads secrets and collects what is wrong with them, so that all of it is told at once. */
class Secrets {
  /** Without these nothing can be done at all. */
  readonly problems: string[] = [];
  /** Without these nothing is sold, and what is open is brought to its end as far as that goes. */
  readonly mistakes: string[] = [];
  readonly #log: Log | null;

  /** Without a log nobody is warned of files that others may read. */
  constructor(log: Log | null) {
    this.#log = log;
  }

  /** The text of a secret; empty where it could not be read, which is then among the problems. */
  read(key: string, source: SecretSource, kind: "secret" | "public", missing = this.problems): string {
    const read = readSecret(source);
    if (!read.ok) {
      missing.push(`${key}: ${read.problem}`);
      return "";
    }
    if (read.warning !== null && kind === "secret") this.#log?.warn("secret.open", { warning: read.warning });
    return secretText(read.bytes);
  }

  /** The same for a key of the configuration that may be null. */
  readIfAny(
    key: string,
    source: SecretSource | null,
    kind: "secret" | "public",
    missing = this.problems,
  ): string | null {
    return source === null ? null : this.read(key, source, kind, missing);
  }
}

/**
 * Makes the links of a device. `onDeath` is called when the journal's thread dies, after which the process must end.
 * Nothing is opened yet but the merchants' secrets: what is optional is looked for when it is wanted.
 */
export async function deviceParts(
  { config, mistakes }: { readonly config: DeviceConfig; readonly mistakes: readonly string[] },
  onDeath: (cause: string) => void,
): Promise<DeviceParts> {
  const log = new PinoLog({ level: config.log.level, fd: 1 });
  const clock = new SystemClock();
  const secrets = new Secrets(log);
  const merchants = merchantParts(config, secrets, clock);
  if (secrets.problems.length > 0) return { ok: false, problems: [...secrets.problems, ...secrets.mistakes] };
  const wrong = [...mistakes, ...unsupported(config), ...secrets.mistakes];
  const { mqtt, scanner } = config;
  const store = new SqliteStore({ directory: config.journal.directory, onDeath });
  const parts: BoxParts = {
    config,
    version,
    merchants,
    mistakes: wrong,
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
    const settings = {
      url: mqtt.url,
      version: mqtt.version === "5" ? 5 : mqtt.version,
      username: mqtt.username,
      password: secrets.readIfAny("mqtt.password", mqtt.password, "secret"),
      ca: secrets.readIfAny("mqtt.ca", mqtt.ca, "public"),
      cert: secrets.readIfAny("mqtt.cert", mqtt.cert, "public"),
      key: secrets.readIfAny("mqtt.key", mqtt.key, "secret"),
    } as const;
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

type MqttConfig = Exclude<DeviceConfig["mqtt"], null>;

function merchantParts(
  config: DeviceConfig,
  secrets: Secrets,
  clock: Clock,
): readonly [MerchantParts, ...MerchantParts[]] {
  const { merchant, timing, box } = config;
  const { mistakes } = secrets;
  const ca = secrets.readIfAny("merchant.ca", merchant.ca, "public", mistakes);
  const partsOf = (who: Credentials, apiKey: string, path: string): MerchantParts => {
    const cert = secrets.read(`${path}.certificate.cert`, who.certificate.cert, "public", mistakes);
    const key = secrets.read(`${path}.certificate.key`, who.certificate.key, "secret", mistakes);
    const fault = inspectCertificate(cert, key, clock.wall());
    const { appId, merchantId, subAppId, subMerchantId, signType } = who;
    return {
      settings: {
        merchant: { appId, merchantId, subAppId, subMerchantId },
        apiKey: new ApiKey(apiKey),
        signType,
        hosts: merchant.hosts,
        boxId: box.id,
        body: merchant.body,
        clientIp: merchant.clientIp,
        sceneInfo: merchant.sceneInfo,
        notifyUrl: merchant.notifyUrl,
        connectTimeoutMs: timing.connectTimeoutMs,
        answerTimeoutMs: timing.answerTimeoutMs,
      },
      https: new UndiciHttpsLink({
        connectTimeoutMs: timing.connectTimeoutMs,
        ca,
        // What is no pair would make every connection fail; the probe says so instead. Days are no reason: this is decided
        // once, and the clock of a start may be wrong.
        certificate: fault === null || fault === "certificate-expired" ? { cert, key } : null,
      }),
      certificateFault: () => inspectCertificate(cert, key, clock.wall()),
    };
  };
  const previous = merchant.previous.flatMap((who, index) => {
    const path = `merchant.previous[${index}]`;
    const apiKey = secrets.read(`${path}.apiKey`, who.apiKey, "secret", mistakes);
    // Without its key nobody speaks for it: its orders are held, and named.
    return apiKey === "" ? [] : [partsOf(who, apiKey, path)];
  });
  const apiKey = secrets.read("merchant.apiKey", merchant.apiKey, "secret");
  return [partsOf(merchant, apiKey, "merchant"), ...previous];
}

type Credentials = Merchant & Pick<DeviceConfig["merchant"], "signType" | "apiKey" | "certificate">;

/** What a configuration may name already, and this version cannot do. */
function unsupported({ merchant }: DeviceConfig): readonly string[] {
  if (merchant.notifyUrl === null) return [];
  // Without a display that can draw it, a code to scan is a promise that nobody can keep.
  return ["merchant.notifyUrl: this version drives no display that can show a QR code; set it to null."];
}
