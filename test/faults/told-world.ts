/**
 * A simulated world in which nothing happens by chance: a test tells what fails and when, days pass in seconds, and the
 * witness of the simulator looks on. The box is the production runtime on simulated links.
 */
import assert from "node:assert/strict";
import { ComposedBox } from "../../src/compose.ts";
import { checkConfig, type DeviceConfig } from "../../src/config/device-config.ts";
import type { ProbeFailure } from "../../src/core/payment/answers.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import { wechatV2 } from "../../src/providers/wechat-v2/maker.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { Sandbox } from "../../src/providers/wechat-v2/sandbox/sandbox.ts";
import { scenarioNamed } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { ServedSandbox } from "../../src/providers/wechat-v2/sandbox/serve.ts";
import type { Log, LogFields } from "../../src/runtime/ports.ts";
import { Watchdog } from "../../src/runtime/watchdog.ts";
import { InvariantChecker } from "../../src/simulator/checker/invariant-checker.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { type HttpsFaults, NO_HTTPS_FAULTS, SimulatedHttpsLink } from "../../src/simulator/outside/https.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk, type SimulatedStore } from "../../src/simulator/outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";
import { wechatEntry } from "../config-text.ts";

const hosts = ["https://api.example", "https://api2.example"] as const;

/** 2027-01-15 08:00 UTC. */
const WALL_EPOCH = 1_800_000_000_000;

/** As the unit of the service has it. */
const WATCHDOG_MS = 30_000;

/** How long a world may take to come to rest. */
const PATIENCE_MS = 600_000;

const { appId, merchantId } = fixtureMerchant;
const merchant = { appId, merchantId, subAppId: null, subMerchantId: null };

/** One process of the box. */
interface Life {
  readonly box: ComposedBox;
  readonly clock: SimulatedClock;
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
  readonly #served: ServedSandbox;
  readonly lines: Line[] = [];
  /** The texts that were shown, each when it came. */
  readonly screens: { readonly at: number; readonly text: string }[] = [];
  /** When the watchdog was fed. */
  readonly fed: number[] = [];
  /** What is wrong with the certificate of the box. */
  certificateFault: ProbeFailure | null = null;
  readonly #random: Random;
  readonly #serial: SimulatedSerialLink;
  readonly #witness: InvariantChecker;
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
    this.#served = new ServedSandbox(this.sandbox);
    this.#witness = new InvariantChecker({ disk: this.disk, sandboxes: [this.#served], time: this.time });
    this.broker.watch("scanbox/v1/+/tx", ({ payload }) => this.#witness.reported(payload));
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
    const clock = new SimulatedClock(this.time, WALL_EPOCH + this.time.now);
    const https = new SimulatedHttpsLink({
      time: this.time,
      random: this.#random.fork(),
      certificate: true,
      serve: (request) => {
        this.#witness.arrived(this.#served.asked(request));
        const { reply, said } = this.#served.serve(request, WALL_EPOCH + this.time.now);
        this.#witness.served(reply, said);
        assert.equal(reply.kind, "reply", "the bank of this world always answers");
        return { ...reply, delayMs: 20 + reply.delayMs };
      },
    });
    https.faults = this.#faults;
    for (const host of hosts) https.setDown(host, !this.#network);
    const store = this.disk.link();
    const box = this.#compose(clock, https, store);
    const watched = {
      turns: () => box.turns,
      wake: () => box.wake(),
      ping: (done: () => void) => store.survey({ segments: 0, charges: 0 }, done),
    };
    const feed = (): void => void this.fed.push(this.time.now);
    const watchdog = new Watchdog({ clock, limitMs: WATCHDOG_MS, box: watched, feed });
    this.#witness.started();
    this.#life = { box, clock, https, watchdog };
    box.start((refusal) => {
      assert.equal(refusal, null);
      watchdog.start();
    });
    // Until it is there, and has seen for long enough that no phone lies in its reader.
    this.pass(7_000);
  }

  /** The box is asked to stop, as systemd does; gives how long that took, in milliseconds. */
  stop(): number {
    const { box, clock, watchdog } = this.#living();
    const began = this.time.now;
    let stopped = false;
    box.stop(() => {
      stopped = true;
    });
    while (!stopped) {
      assert.ok(this.time.now - began < PATIENCE_MS && this.time.step(), "the box never stopped");
    }
    watchdog.stop();
    this.#witness.stopped();
    this.#life = null;
    clock.stop();
    return this.time.now - began;
  }

  /** The power goes. */
  crash(): void {
    const { clock, https } = this.#living();
    this.#witness.stopped();
    this.#life = null;
    clock.stop();
    https.abandon();
    this.disk.crash();
    this.#serial.unplug();
    this.#serial.plug();
    this.broker.cut("the box is gone");
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
   * Waits until so many orders have ended, and there is no other one, then lets the witness compare journal, sandbox, screens
   * and broker. Gives each order as it ended, in the order of their intents.
   */
  ended(count = 1): readonly TxData[] {
    const { box } = this.#living();
    this.passUntil(
      () =>
        this.#witness.payments === count &&
        this.#witness.isSettled() &&
        box.reporting?.confirmed === this.#witness.newestEvent,
      PATIENCE_MS,
    );
    this.#witness.final();
    assert.deepEqual(this.#witness.findings, []);
    return [...new Map(this.money.map((tx) => [tx.outTradeNo, tx])).values()];
  }

  #living(): Life {
    assert.ok(this.#life !== null, "the box is switched on");
    return this.#life;
  }

  #compose(clock: SimulatedClock, https: SimulatedHttpsLink, store: SimulatedStore): ComposedBox {
    const { connectTimeoutMs, answerTimeoutMs } = this.#config.timing;
    const box = new ComposedBox({
      config: this.#config,
      version: "0.0.0",
      links: {
        clock,
        store,
        entropy: this.#random.fork(),
        log: this.#log(),
        serial: this.#serial,
        broker: this.broker,
        display: null,
        gpio: null,
      },
      providers: [
        wechatV2({
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
            notifyUrl: null,
          },
          link: {
            exchange: (request, done) => {
              const contradicted = this.#life?.box.turn?.box.violation != null;
              this.#witness.asked(request, this.#served.asked(request), contradicted);
              https.exchange(request, (outcome) => {
                this.#witness.answered(request, outcome);
                done(outcome);
              });
            },
            warm: (host) => https.warm(host),
            localAddress: () => https.localAddress(),
            close: (done) => https.close(done),
          },
          fault: () => this.certificateFault,
        }),
      ],
      onScreen: (screen) => {
        const { foreground } = box.turn?.box ?? {};
        this.#witness.reads(screen);
        if (this.screens.at(-1)?.text !== screen.text)
          this.screens.push({ at: this.time.now, text: screen.text });
        if (foreground?.name === "result" || foreground?.name === "unknown")
          this.#witness.shown(foreground.intent.outTradeNo, screen);
      },
    });
    return box;
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
      box: { id: "told-000001" },
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
