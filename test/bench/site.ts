/** Where a box of the benches lives: a directory on the disk, certificates, a broker and a scanner on a pseudo-terminal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP_ID, appPrivateKey, gatewayPublicKey } from "../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { wechatEntry } from "../config-text.ts";
import { type Certificates, makeCertificates } from "../e2e/certificates.ts";
import { Mosquitto } from "../e2e/mosquitto.ts";
import { PseudoTerminal } from "../e2e/pseudo-terminal.ts";
import { alipayServed, type Served, startTlsBank, type TlsBank } from "./tls-bank.ts";

/** Below the checkout: what lies in memory would flush in no time. */
const parent = new URL("../../.cache/bench/", import.meta.url).pathname;

/** Makes a directory that is removed when the process ends. */
export function makeDirectory(): string {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(parent);
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What differs from the usual box, which charges 1.00 and reports over MQTT. */
export interface SiteWishes {
  /** Yuan; its last two digits choose what happens at the sandbox. */
  readonly fixed?: string;
  /** Whether staff type the amount, on pins that are played; the bundle has to be `makeKeypadBundle`'s. */
  readonly keypad?: boolean;
  /** Whether a till asks for the amounts. */
  readonly till?: boolean;
  /** Whether it charges through Alipay as well. */
  readonly alipay?: boolean;
  /** Hears of every call at the sandbox. */
  readonly served?: (call: Served) => void;
}

/** Everything that one box needs around it. */
export interface Site {
  readonly directory: string;
  readonly configFile: string;
  readonly sandbox: TlsBank;
  readonly scanner: PseudoTerminal;
  readonly end: () => Promise<void>;
}

/** Times that only loopback hosts allow, so that a reversal does not take a minute, nor a fixed amount seconds to rest. */
const timing = {
  restMs: 200,
  queryEveryMs: 200,
  giveUpAfterMs: 2_500,
  reverseNotBeforeMs: 500,
  confirmNotBeforeMs: 1_500,
  sendWithinMs: 2_500,
  connectTimeoutMs: 1_000,
  answerTimeoutMs: 1_200,
};

const keypad = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0.:="] };

/** Makes a site; nothing of a box runs yet. */
export async function openSite({
  fixed = "1.00",
  keypad = false,
  till = false,
  alipay = false,
  served,
}: SiteWishes = {}): Promise<Site> {
  const directory = makeDirectory();
  const certificates = await makeCertificates(directory);
  const sandbox = await startTlsBank(certificates, {
    pace: 0.1,
    ...(served === undefined ? {} : { served }),
  });
  const second = alipay ? await startTlsBank(certificates, { sandbox: alipayServed() }) : null;
  const broker = await Mosquitto.prepare(directory);
  await broker.start();
  const scanner = new PseudoTerminal(join(directory, "scanner"));
  await scanner.plug();
  const configFile = join(directory, "device.config.json");
  const config = boxConfig(directory, {
    ...{ certificates, sandbox, second, broker, scanner, fixed, keypad, till },
  });
  writeFileSync(configFile, JSON.stringify(config));
  return {
    directory,
    configFile,
    sandbox,
    scanner,
    end: async () => {
      await scanner.unplug();
      await broker.stop();
      await sandbox.close();
      await second?.close();
    },
  };
}

function boxConfig(
  directory: string,
  parts: {
    readonly certificates: Certificates;
    readonly sandbox: TlsBank;
    /** Alipay's, where the box has an account there. */
    readonly second: TlsBank | null;
    readonly broker: Mosquitto;
    readonly scanner: PseudoTerminal;
    readonly fixed: string;
    readonly keypad: boolean;
    readonly till: boolean;
  },
): object {
  const { merchant, sandbox } = parts.certificates;
  const { appId, merchantId, apiKey } = fixtureMerchant;
  const keyFile = join(directory, "api-key");
  writeFileSync(keyFile, apiKey.reveal(), { mode: 0o600 });
  return {
    version: 1,
    box: { id: "bench", store: "Example store" },
    providers: [
      wechatEntry({
        appId,
        merchantId,
        hosts: [parts.sandbox.origin],
        apiKey: { file: keyFile },
        certificate: { cert: { file: merchant.certFile }, key: { file: merchant.keyFile } },
        ca: { file: sandbox.certFile },
      }),
      ...(parts.second === null ? [] : [alipayEntry(directory, parts.second, sandbox.certFile)]),
    ],
    amount: parts.till
      ? { source: "till", maximum: "100.00" }
      : parts.keypad
        ? { source: "keypad", maximum: "100.00" }
        : { source: "fixed", fixed: parts.fixed },
    scanner: { path: parts.scanner.path },
    keypad: parts.keypad ? keypad : null,
    display: null,
    outputs: null,
    mqtt: { url: `mqtt://127.0.0.1:${parts.broker.port}` },
    journal: { directory: join(directory, "journal") },
    timing,
  };
}

function alipayEntry(directory: string, { origin }: TlsBank, ca: string): object {
  const [own, gateway] = [join(directory, "private-key"), join(directory, "alipay-key")];
  writeFileSync(own, appPrivateKey, { mode: 0o600 });
  writeFileSync(gateway, gatewayPublicKey);
  return {
    ...{ id: "alipay", kind: "alipay", appId: APP_ID, hosts: [origin], ca: { file: ca } },
    ...{ privateKey: { file: own }, alipayPublicKey: { file: gateway } },
  };
}

/** A payment code that was not used before: what codes of its wallet begin with, something random, and a counter. */
export function makeCodes(beginning = "13"): () => string {
  const start = `${beginning}${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  let count = 0;
  return () => {
    count += 1;
    return start + String(count).padStart(8, "0");
  };
}
