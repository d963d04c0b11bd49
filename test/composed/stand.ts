/**
 * A box as `scanbox run` makes it from the text of its configuration, on simulated links, and everything that can be seen of it
 * from outside. Nothing goes wrong here but what a story says.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entryParts } from "../../src/cli/run/provider-parts.ts";
import { Secrets } from "../../src/cli/run/secrets.ts";
import type { ComposedBox } from "../../src/compose.ts";
import { checkConfig, type DeviceConfig } from "../../src/config/device-config.ts";
import { type WallTime, wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Key } from "../../src/core/payment/amount-entry.ts";
import type { ProbeFailure } from "../../src/core/payment/answers.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import type { Screen } from "../../src/core/payment/screen.ts";
import { displaySizeOf } from "../../src/devices.ts";
import type { ProviderMaker } from "../../src/providers/provider.ts";
import { ApiKey } from "../../src/providers/wechat-v2/api-key.ts";
import { accountOf } from "../../src/providers/wechat-v2/kind.ts";
import { type WechatV2Account, wechatV2 } from "../../src/providers/wechat-v2/maker.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import type { SandboxMerchant } from "../../src/providers/wechat-v2/sandbox/request.ts";
import { Sandbox } from "../../src/providers/wechat-v2/sandbox/sandbox.ts";
import { scenarioNamed } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { ServedSandbox } from "../../src/providers/wechat-v2/sandbox/serve.ts";
import type {
  BrokerLink,
  BrokerSettings,
  HttpsLane,
  HttpsLink,
  Log,
  LogFields,
  SerialLink,
  SerialSettings,
} from "../../src/runtime/ports.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { SimulatedHttpsLink } from "../../src/simulator/outside/https.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedKeypad } from "../../src/simulator/site/keypad.ts";
import { SimulatedPins } from "../../src/simulator/site/pins.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";
import { Stage } from "../../src/simulator/site/stage.ts";
import { StagedBox } from "../../src/simulator/site/staged-box.ts";
import { VirtualDisplay } from "../../src/simulator/site/virtual-display.ts";
import { wechatEntry } from "../config-text.ts";
import { makeCertificates, type Pair } from "../e2e/certificates.ts";

export const hosts = ["https://api.example", "https://api2.example"] as const;

/** The merchant that was charged for before; its key is another one, and it has a sub-merchant too. */
export const formerMerchant: SandboxMerchant = {
  appId: "wxformerformer0001",
  merchantId: "1900000777",
  apiKey: new ApiKey("formerkeyformerkeyformerkeyfor00"),
  subMerchants: [{ subMerchantId: "1900000778", subAppIds: ["wxformersub0000001"] }],
};

/** The files that configurations of this stand name. */
export interface Files {
  readonly apiKey: string;
  readonly formerKey: string;
  readonly merchant: Pair;
  readonly stranger: Pair;
  readonly authority: string;
  readonly directory: string;
  remove(): void;
}

/** Writes them, with openssl. */
export async function makeFiles(): Promise<Files> {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-composed-"));
  const { merchant, stranger, authorityFile } = await makeCertificates(directory);
  const secret = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    apiKey: secret("api-key", fixtureMerchant.apiKey.reveal()),
    formerKey: secret("former-key", formerMerchant.apiKey.reveal()),
    merchant,
    stranger,
    authority: authorityFile,
    directory,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** Some keys of a configuration by their paths, such as `timing.restMs`; undefined takes a key away. */
export type Keys = Readonly<Record<string, unknown>>;

/** A request at the sandbox. */
export interface Asked {
  readonly at: number;
  readonly lane: HttpsLane;
  readonly host: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The id of the box where a story says no other one. */
const BOX_ID = "composed-1";

/** How the keypad is wired, whatever a configuration says; what a story presses is named as it stands here. */
const keyRows = ["789C", "456<", "123X", "0.:="];
const keypad = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: keyRows } as const;

/** How long a finger stays on a key, and until the next, in milliseconds. */
const KEY_HELD_MS = 160;
const KEY_EVERY_MS = 400;

export class Stand {
  readonly time = new SimulatedTime();
  readonly broker: SimulatedBroker;
  readonly sandbox: Sandbox;
  readonly disk: SimulatedDisk;
  readonly pins: SimulatedPins;
  readonly serial: SimulatedSerialLink;
  readonly asked: Asked[] = [];
  /** Everything that was asked for, also where it never left: with the times that the link was given. */
  readonly calls: {
    readonly path: string;
    readonly host: string;
    readonly sendWithinMs: number;
    readonly answerWithinMs: number;
  }[] = [];
  readonly screens: (Screen & { readonly at: number })[] = [];
  readonly display: (readonly string[])[] = [];
  readonly lines: {
    readonly at: number;
    readonly level: string;
    readonly event: string;
    readonly fields: LogFields;
  }[] = [];
  readonly connects: BrokerSettings[] = [];
  readonly opened: SerialSettings[] = [];
  /** What was written to the scanner. */
  readonly written: Uint8Array[] = [];
  readonly broken: number[] = [];
  /** What is wrong with the certificate whatever its file says, null for what its file says. */
  certificateFault: ProbeFailure | null = null;
  /** Where the wall clock of this stand begins; certificates are good today. */
  readonly epoch = Date.now();
  config: DeviceConfig;
  /** When the box was switched on last. */
  wallAtStart: WallTime = wallTimeOf(this.epoch);
  /** How often a box has said that its start is over. */
  starts = 0;
  /** How many charges a rotation keeps; null for as many as on a box. */
  codesKept: number | null = null;
  readonly #files: Files;
  readonly #random = new Random(1);
  readonly #down = new Set<string>();
  #silent: string | null = null;
  #keypad: SimulatedKeypad | null = null;
  #codes = 0;
  #https: SimulatedHttpsLink[] = [];
  readonly #stage: Stage;
  readonly #staged: StagedBox;

  constructor(files: Files, keys: Keys = {}) {
    this.#files = files;
    this.config = this.#configOf(keys);
    this.broker = new SimulatedBroker(this.time);
    this.sandbox = new Sandbox({
      merchants: [fixtureMerchant, formerMerchant],
      entropy: this.#random.fork(),
    });
    this.disk = new SimulatedDisk(this.time, this.#random.fork());
    this.pins = new SimulatedPins(this.time, this.#random.fork());
    this.serial = new SimulatedSerialLink(this.time, this.#random.fork(), (bytes) =>
      this.written.push(bytes),
    );
    const { broker, disk, epoch, pins, serial, time } = this;
    this.#stage = new Stage({ time, broker, epoch, sandbox: new ServedSandbox(this.sandbox) });
    this.#staged = new StagedBox({
      ...{ stage: this.#stage, id: BOX_ID, disk, serial, pins },
      seams: { broker: (link) => this.#reported(link), serial: (link) => this.#scanner(link) },
    });
  }

  get box(): ComposedBox {
    const run = this.#staged.life;
    assert.ok(run !== null, "the box is switched on");
    return run.box;
  }

  /** The money records of the journal, in order. */
  get money(): readonly TxData[] {
    return this.disk.rows
      .filter(({ seq }) => seq !== null)
      .map(({ body }) => (JSON.parse(body) as { readonly tx: TxData }).tx);
  }

  get wallNow(): WallTime {
    return wallTimeOf(this.epoch + this.time.now);
  }

  get texts(): readonly string[] {
    return this.screens.map(({ text }) => text).filter((text, index, all) => text !== all[index - 1]);
  }

  /** The charges that reached the sandbox. */
  get charges(): readonly Asked[] {
    return this.to("/pay/micropay");
  }

  to(path: string): readonly Asked[] {
    return this.asked.filter((one) => one.path === path);
  }

  /** Switches the box on, with other keys where they are given. */
  start(keys?: Keys): this {
    if (keys !== undefined) this.config = this.#configOf(keys);
    const { config, time } = this;
    const clock = new SimulatedClock(time, this.epoch + time.now);
    this.wallAtStart = clock.wall();
    const secrets = new Secrets(null);
    const accounts = config.providers.map((entry, index) => {
      const placed = { config, entry, where: `providers[${index}]` };
      assert.ok(entry.kind === "wechat-v2");
      return accountOf(entry, entryParts(placed, secrets, clock, secrets.problems));
    });
    assert.deepEqual(secrets.problems, []);
    this.#https = [];
    const played = (account: WechatV2Account): ProviderMaker => {
      const link = this.#link();
      this.#https.push(link);
      return wechatV2({
        ...account,
        link: this.#staged.heard(this.#watched(link)),
        fault: () => this.certificateFault ?? account.fault(),
      });
    };
    const [first, ...others] = accounts;
    assert.ok(first !== undefined);
    const display = new VirtualDisplay({
      clock,
      size: displaySizeOf(config),
      shown: (rows) => this.display.push(rows),
    });
    this.#keypad =
      config.keypad === null
        ? null
        : (this.#keypad ?? new SimulatedKeypad({ pins: this.pins, time, random: this.#random, ...keypad }));
    this.#staged.start({
      ...{ clock, config, display, entropy: this.#random.fork(), log: this.#log() },
      networks: this.#https,
      providers: [played(first), ...others.map(played)],
      rotation: this.codesKept === null ? {} : { codesKept: this.codesKept },
      onScreen: (_run, screen) => void this.screens.push({ ...screen, at: time.now }),
      onJournalBroken: () => void this.broken.push(time.now),
      onStart: (_run, refusal) => {
        assert.equal(refusal, null);
        this.starts += 1;
      },
    });
    this.#setDown();
    // Until it is there, and has seen for long enough that no phone lies in its reader.
    this.pass(7_000);
    return this;
  }

  /** The power goes. */
  crash(): this {
    this.#staged.crash();
    this.serial.plug();
    return this;
  }

  pass(ms: number): this {
    this.time.runUntil(this.time.now + ms);
    return this;
  }

  /** Time passes until something is so, in steps of a hundredth of a second; gives the moment. */
  until(isSo: () => boolean, mostMs = 600_000): number {
    const limit = this.time.now + mostMs;
    while (!isSo()) {
      assert.ok(this.time.now < limit, `nothing came of it: ${this.texts.join(" ")}`);
      this.pass(10);
    }
    return this.time.now;
  }

  /** Until this text is on the screen. */
  shows(text: string, mostMs?: number): number {
    return this.until(() => this.screens.at(-1)?.text === text, mostMs);
  }

  /** Somebody holds a phone under the scanner; the scenario of the sandbox says what they do. */
  scan(scenario = "success"): this {
    const story = scenarioNamed(scenario);
    assert.ok(story !== null, scenario);
    this.sandbox.scenario = story;
    this.#codes += 1;
    this.serial.send(Buffer.from(`13${String(this.#codes).padStart(16, "0")}\r`));
    return this;
  }

  /** Fingers on the matrix; a key is named by its place on the usual keypad. */
  type(keys: string, heldMs = KEY_HELD_MS): this {
    for (const label of keys) {
      const row = keyRows.findIndex((labels) => labels.includes(label));
      this.#keypad?.tap(row, keyRows[row]?.indexOf(label) ?? -1, heldMs);
      this.pass(KEY_EVERY_MS);
    }
    return this;
  }

  press(key: Key): this {
    this.box.press(key);
    return this;
  }

  /** A host cannot be reached, or can again. */
  down(host: string, down: boolean): this {
    if (down) this.#down.add(host);
    else this.#down.delete(host);
    this.#setDown();
    return this;
  }

  /** A host takes no connection and does not say so. */
  silent(host: string): this {
    this.#silent = host;
    return this;
  }

  /** The lengths for which a pin was at a level, in milliseconds, since `from`. */
  spans(pin: number, level: 0 | 1, from = 0): readonly number[] {
    const moves = this.pins.changes.filter((change) => change.pin === pin && change.at >= from);
    return moves.flatMap((move, index) => {
      const next = moves[index + 1];
      return move.level === level && next !== undefined ? [next.at - move.at] : [];
    });
  }

  #setDown(): void {
    for (const link of this.#https) for (const host of hosts) link.setDown(host, this.#down.has(host));
  }

  #link(): SimulatedHttpsLink {
    return new SimulatedHttpsLink({
      time: this.time,
      random: this.#random.fork(),
      certificate: true,
      serve: (request) => {
        const { lane, host, path, body } = request;
        this.asked.push({ at: this.time.now, lane, host, path, fields: fieldsOf(body) });
        return this.#staged.serve(request);
      },
    });
  }

  #watched(link: HttpsLink): HttpsLink {
    return {
      exchange: (request, done) => {
        const { path, host, sendWithinMs, answerWithinMs } = request;
        this.calls.push({ path, host, sendWithinMs, answerWithinMs });
        const gone = { kind: "not-sent", why: "no-connection" } as const;
        if (this.#silent === host) this.time.after(sendWithinMs, () => done(gone));
        else link.exchange(request, done);
      },
      warm: (host) => link.warm(host),
      localAddress: () => link.localAddress(),
      close: (done) => link.close(done),
    };
  }

  #scanner(serial: SerialLink): SerialLink {
    return {
      open: (settings, listener) => {
        this.opened.push(settings);
        return serial.open(settings, listener);
      },
      watch: (path, changed) => serial.watch(path, changed),
    };
  }

  #reported(broker: BrokerLink): BrokerLink {
    return {
      connect: (settings, listener) => {
        this.connects.push(settings);
        return broker.connect(settings, listener);
      },
    };
  }

  #log(): Log {
    const to =
      (level: string) =>
      (event: string, fields: LogFields = {}): void =>
        void this.lines.push({ at: this.time.now, level, event, fields });
    return { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  }

  #configOf(keys: Keys): DeviceConfig {
    const { apiKey, merchant } = this.#files;
    const usual = {
      version: 1,
      box: { id: BOX_ID },
      providers: [
        wechatEntry({
          ...{ appId: fixtureMerchant.appId, merchantId: fixtureMerchant.merchantId, hosts },
          apiKey: { file: apiKey },
          certificate: { cert: { file: merchant.certFile }, key: { file: merchant.keyFile } },
        }),
      ],
      amount: { source: "fixed", fixed: "5.00" },
      scanner: { path: "/dev/ttyACM0", repeats: "often" },
      keypad,
      display: { driver: "terminal", columns: 16, rows: 2 },
      outputs: null,
      mqtt: { url: "mqtts://broker.example:8883" },
    };
    const checked = checkConfig(JSON.stringify(withKeys(usual, keys)));
    assert.ok(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
    return checked.config;
  }
}

/** The same configuration with other values at these paths. */
function withKeys(config: Readonly<Record<string, unknown>>, keys: Keys): Record<string, unknown> {
  const copy = structuredClone(config) as Record<string, unknown>;
  for (const [path, value] of Object.entries(keys)) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let place: Record<string, unknown> = copy;
    for (const name of names) {
      if (typeof place[name] !== "object" || place[name] === null) place[name] = {};
      place = place[name] as Record<string, unknown>;
    }
    if (value === undefined) Reflect.deleteProperty(place, last);
    else place[last] = value;
  }
  return copy;
}

/** The elements of a request; none of them holds another. */
function fieldsOf(body: string): Readonly<Record<string, string>> {
  const found = body.slice("<xml>".length).matchAll(/<(\w+)>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?<\/\1>/gs);
  return Object.fromEntries(Array.from(found, ([, name = "", text = ""]) => [name, text]));
}
