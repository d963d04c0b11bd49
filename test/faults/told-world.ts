/**
 * A simulated world in which nothing happens by chance: a test tells what fails and when, days pass in seconds, and the
 * checker of the simulator looks on. The box is the production runtime on simulated links.
 */
import assert from "node:assert/strict";
import { checkConfig, type DeviceConfig } from "../../src/config/device-config.ts";
import type { ProbeFailure } from "../../src/core/payment/answers.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import type { ProviderMaker } from "../../src/providers/provider.ts";
import { plainTerms } from "../../src/providers/wechat-v2/account.ts";
import { wechatV2 } from "../../src/providers/wechat-v2/maker.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { Sandbox } from "../../src/providers/wechat-v2/sandbox/sandbox.ts";
import { scenarioNamed } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { ServedSandbox } from "../../src/providers/wechat-v2/sandbox/serve.ts";
import type { HttpsLink, Log, LogFields } from "../../src/runtime/ports.ts";
import { Watchdog } from "../../src/runtime/watchdog.ts";
import type { InvariantChecker } from "../../src/simulator/checker/invariant-checker.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { type HttpsFaults, NO_HTTPS_FAULTS, SimulatedHttpsLink } from "../../src/simulator/outside/https.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";
import { Stage } from "../../src/simulator/site/stage.ts";
import { type BoxRun, StagedBox } from "../../src/simulator/site/staged-box.ts";
import { wechatEntry } from "../config-text.ts";

const hosts = ["https://api.example", "https://api2.example"] as const;

/** The id of the box. */
const BOX_ID = "told-000001";

/** As the unit of the service has it. */
const WATCHDOG_MS = 30_000;

/** How long a world may take to come to rest. */
const PATIENCE_MS = 600_000;

const { appId, merchantId } = fixtureMerchant;
const merchant = { appId, merchantId, subAppId: null, subMerchantId: null };

/** One process of the box. */
interface Life {
  readonly run: BoxRun;
  readonly https: SimulatedHttpsLink;
  readonly watchdog: Watchdog;
}

/** One line of the log. */
interface Line {
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** What of a world differs from the usual: a box that charges 5.00, and a sandbox that takes them. */
export interface ToldWishes {
  readonly seed?: number;
  readonly faults?: Partial<HttpsFaults>;
}

export class ToldWorld {
  readonly time = new SimulatedTime();
  readonly disk: SimulatedDisk;
  readonly broker: SimulatedBroker;
  readonly sandbox: Sandbox;
  readonly lines: Line[] = [];
  /** The texts that were shown, each when it came. */
  readonly screens: { readonly at: number; readonly text: string }[] = [];
  /** When the watchdog was fed. */
  readonly fed: number[] = [];
  /** What is wrong with the certificate of the box. */
  certificateFault: ProbeFailure | null = null;
  readonly #random: Random;
  readonly #serial: SimulatedSerialLink;
  readonly #stage: Stage;
  readonly #box: StagedBox;
  readonly #checker: InvariantChecker;
  readonly #faults: HttpsFaults;
  readonly #config: DeviceConfig;
  #codes = 0;
  #network = true;
  #life: Life | null = null;

  constructor({ seed = 1, faults = {} }: ToldWishes = {}) {
    this.#random = new Random(seed);
    this.#faults = { ...NO_HTTPS_FAULTS, ...faults };
    this.disk = new SimulatedDisk(this.time, this.#random.fork());
    this.broker = new SimulatedBroker(this.time);
    this.sandbox = new Sandbox({ merchants: [fixtureMerchant], entropy: this.#random.fork() });
    this.#serial = new SimulatedSerialLink(this.time, this.#random.fork());
    const { time, broker, disk } = this;
    this.#stage = new Stage({ time, broker, sandbox: new ServedSandbox(this.sandbox) });
    this.#box = new StagedBox({ stage: this.#stage, id: BOX_ID, disk, serial: this.#serial, pins: null });
    this.#checker = this.#box.checker;
    this.#config = readConfig();
  }

  /** The money records of the journal, in order. */
  get money(): readonly TxData[] {
    return this.disk.rows
      .filter(({ seq }) => seq !== null)
      .map(({ body }) => (JSON.parse(body) as { readonly tx: TxData }).tx);
  }

  /** The box is switched on, and a payment may come when this returns. */
  start(): void {
    const clock = new SimulatedClock(this.time, this.#stage.wall);
    const https = new SimulatedHttpsLink({
      time: this.time,
      random: this.#random.fork(),
      certificate: true,
      serve: (request) => {
        const reply = this.#box.serve(request);
        assert.equal(reply.kind, "reply", "the sandbox of this world always answers");
        return reply;
      },
    });
    https.faults = this.#faults;
    for (const host of hosts) https.setDown(host, !this.#network);
    const run = this.#box.start({
      ...{ clock, config: this.#config, entropy: this.#random.fork(), networks: [https], log: this.#log() },
      providers: [this.#provider(https)],
      onScreen: (_run, { text }) => {
        if (this.screens.at(-1)?.text !== text) this.screens.push({ at: this.time.now, text });
      },
      onStart: (_run, refusal) => {
        assert.equal(refusal, null);
        this.#living().watchdog.start();
      },
    });
    const watched = {
      turns: () => run.box.turns,
      wake: () => run.box.wake(),
      ping: (done: () => void) => run.store.survey({ segments: 0, charges: 0 }, done),
    };
    const feed = (): void => void this.fed.push(this.time.now);
    this.#life = { run, https, watchdog: new Watchdog({ clock, limitMs: WATCHDOG_MS, box: watched, feed }) };
    // Until it is there, and has seen for long enough that no phone lies in its reader.
    this.pass(7_000);
  }

  /** The box is asked to stop, as systemd does; gives how long that took, in milliseconds. */
  stop(): number {
    const { watchdog } = this.#living();
    const began = this.time.now;
    let stopped = false;
    this.#box.stop(() => {
      stopped = true;
    });
    while (!stopped) {
      assert.ok(this.time.now - began < PATIENCE_MS && this.time.step(), "the box never stopped");
    }
    watchdog.stop();
    this.#life = null;
    return this.time.now - began;
  }

  /** The power goes. */
  crash(): void {
    this.#life = null;
    this.#box.crash();
    this.#serial.plug();
  }

  /** Time passes, in milliseconds. */
  pass(ms: number): void {
    this.time.runUntil(this.time.now + ms);
  }

  /** Time passes until something is so, at most so long. */
  passUntil(isSo: () => boolean, mostMs: number): void {
    const limit = this.time.now + mostMs;
    while (!isSo()) {
      assert.ok(this.time.now < limit, `nothing came of it: ${JSON.stringify(this.lines.slice(-5))}`);
      this.pass(100);
    }
  }

  /** Somebody holds a phone under the scanner; the scenario of the sandbox says what they do. */
  scan(scenario = "success"): void {
    const story = scenarioNamed(scenario);
    assert.ok(story !== null);
    this.sandbox.scenario = story;
    this.#codes += 1;
    this.#serial.send(Buffer.from(`13${String(this.#codes).padStart(16, "0")}\r`));
  }

  /** Every way to the sandbox is cut, or is there again. */
  network(there: boolean): void {
    this.#network = there;
    for (const host of hosts) this.#life?.https.setDown(host, !there);
  }

  /** How often the box asked for a call since a moment, as its log has it. */
  calls(call: string, since = 0): number {
    return this.lines.filter(({ at, fields }) => at >= since && fields.call === call).length;
  }

  /**
   * Waits until so many orders have ended, and there is no other one, then lets the checker compare journal, sandbox, screens
   * and broker. Gives each order as it ended, in the order of their intents.
   */
  ended(count = 1): readonly TxData[] {
    const { box } = this.#living().run;
    this.passUntil(
      () =>
        this.#checker.payments === count &&
        this.#checker.isSettled() &&
        box.reporting?.confirmed === this.#checker.newestEvent,
      PATIENCE_MS,
    );
    this.#checker.final();
    assert.deepEqual(this.#checker.findings, []);
    return [...new Map(this.money.map((tx) => [tx.outTradeNo, tx])).values()];
  }

  #living(): Life {
    assert.ok(this.#life !== null, "the box is switched on");
    return this.#life;
  }

  #provider(https: HttpsLink): ProviderMaker {
    const { connectTimeoutMs, answerTimeoutMs } = this.#config.timing;
    return wechatV2({
      ...{ id: "wechat", charges: true, wallets: ["wechat"], timing: this.#config.timing },
      settings: {
        merchant,
        hosts,
        connectTimeoutMs,
        answerTimeoutMs,
        apiKey: fixtureMerchant.apiKey,
        signType: "HMAC-SHA256",
        boxId: this.#config.box.id,
        body: "Example store",
        clientIp: null,
        sceneInfo: null,
        terms: plainTerms,
        notifyUrl: null,
      },
      link: this.#box.heard(https),
      fault: () => this.certificateFault,
    });
  }

  #log(): Log {
    const to =
      (level: Line["level"]) =>
      (event: string, fields: LogFields = {}): void =>
        void this.lines.push({ at: this.time.now, level, event, fields });
    return { debug: () => undefined, info: to("info"), warn: to("warn"), error: to("error") };
  }
}

function readConfig(): DeviceConfig {
  const checked = checkConfig(
    JSON.stringify({
      version: 1,
      box: { id: BOX_ID },
      providers: [
        wechatEntry({
          ...{ appId, merchantId, hosts },
          apiKey: { file: "/dev/null" },
          certificate: { cert: { file: "/dev/null" }, key: { file: "/dev/null" } },
        }),
      ],
      amount: { source: "fixed", fixed: "5.00" },
      scanner: { path: "/dev/ttyACM0", repeats: "often" },
      keypad: null,
      display: null,
      outputs: null,
      mqtt: { url: "mqtts://broker.example:8883" },
    }),
  );
  assert.ok(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  return checked.config;
}
