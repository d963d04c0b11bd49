/**
 * The box of the demonstration: everything that runs on a device runs here, on real links. The bank is the
 * look-alike on loopback, the broker is embedded; of the hardware the scanner, the keys and the glass are played.
 *
 *     person ─► keys, typed scanner ─► ComposedBox ─► HTTP ─► look-alike bank
 *                       glass ◄──────────┘  │  └────► MQTT ─► embedded broker
 *                                           └► SQLite in a directory that is removed at the end
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ComposedBox, type MerchantParts, type Refusal } from "../compose.ts";
import type { DeviceConfig } from "../config/device-config.ts";
import { Defect } from "../core/kernel/defect.ts";
import { after } from "../core/kernel/instant.ts";
import type { Key } from "../core/payment/amount-entry.ts";
import type { Box } from "../core/payment/box.ts";
import type { TxData } from "../core/payment/order.ts";
import { bootScreen, type Screen } from "../core/payment/screen.ts";
import { MqttBroker } from "../links/mqtt-broker.ts";
import { SqliteStore } from "../links/sqlite-store.ts";
import { SystemClock } from "../links/system-clock.ts";
import { SystemEntropy } from "../links/system-entropy.ts";
import { UndiciHttpsLink } from "../links/undici-https.ts";
import type { Clock, Log, LogFields } from "../runtime/ports.ts";
import type { CallNote } from "../simulator/bank/call.ts";
import { fixtureMerchant } from "../simulator/bank/fixture-merchant.ts";
import type { Scenario } from "../simulator/bank/scenarios.ts";
import { type BankServer, startBankServer } from "../simulator/bank/server.ts";
import { type BrokerReceipt, startEmbeddedBroker } from "../simulator/embedded-broker.ts";
import { TypedScanner } from "../simulator/typed-scanner.ts";
import { txEventSchema } from "../telemetry/tx-event.ts";
import { demoConfig, demoTiming } from "./demo-config.ts";
import { exitStatus } from "./exit-status.ts";
import { version } from "./version.ts";

/** Hears what happens on the glass and on every wire. */
export interface DemoListener {
  /** The glass or the light has changed; several changes in one turn of the event loop are one picture. */
  shown(rows: readonly string[], screen: Screen): void;
  /** The bank has handled a call. */
  called(note: CallNote): void;
  /** A money record is durable. */
  recorded(tx: TxData): void;
  /** The broker has a message. */
  published(receipt: BrokerReceipt): void;
  /** The box warns. */
  warned(event: string, fields: LogFields): void;
}

/** How the box of a demonstration is set up. */
export interface DemoSettings {
  /** By how much all waits for the bank, and the bank itself, are quicker than usual. */
  readonly hurry: number;
  /** The largest payment, in yuan. */
  readonly maximum: string;
}

/** How long the box may take to have its journal open and the bank proved. */
const READY_WITHIN_MS = 20_000;

/** Between the last digit and the confirmation, so that the glass is seen. */
const KEY_PAUSE_MS = 150;

/** In this time the box has taken up what a person did, and the glass shows it. */
const TAKEN_UP_MS = 50;

/** Starts the bank, the broker and the box; everything is stopped and removed again by `close`. */
export async function openDemo(settings: DemoSettings, listener: DemoListener): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const directory = temporaryDirectory(stack);
  const demo = new Demo(listener);
  const bank = await startBankServer({
    pace: 1 / settings.hurry,
    observe: (note) => demo.heard(() => listener.called(note)),
  });
  stack.defer(() => bank.close());
  const broker = await startEmbeddedBroker({ port: 0 });
  stack.defer(() => broker.close());
  broker.onMessage((receipt) => demo.published(receipt));

  const config = demoConfig({ bank: bank.origin, broker: broker.url, directory, ...settings });
  const { clock } = demo;
  const scanner = new TypedScanner(clock);
  const box = new ComposedBox({
    config,
    version,
    timing: demoTiming(settings.hurry),
    merchants: [merchantParts(config)],
    links: {
      clock,
      entropy: new SystemEntropy(),
      log: logFor(listener),
      store: new SqliteStore({ directory, onDeath }),
      serial: scanner,
      broker: new MqttBroker({
        url: broker.url,
        version: "3.1.1",
        username: null,
        password: null,
        ca: null,
        cert: null,
        key: null,
      }),
      glass: { write: (rows) => demo.drawn(rows) },
    },
    onScreen: (screen) => demo.screened(screen),
    onMoney: (tx) => demo.recorded(tx),
  });
  const refusal = await new Promise<Refusal | null>((resolve) => {
    box.start(resolve);
  });
  if (refusal !== null) throw new Defect(`a fresh journal is refused: ${refusal.detail}`);
  stack.defer(() => new Promise<void>((resolve) => box.stop(resolve)));
  demo.begin({ box, bank, scanner, brokerUrl: broker.url, directory, stack: stack.move() });
  return demo;
}

interface Running {
  readonly box: ComposedBox;
  readonly bank: BankServer;
  readonly scanner: TypedScanner;
  readonly brokerUrl: string;
  readonly directory: string;
  readonly stack: AsyncDisposableStack;
}

/** A demonstration that runs. */
export class Demo {
  readonly clock: Clock = new SystemClock();
  /** The newest record of each order by its number, in the order they began. */
  readonly orders = new Map<string, TxData>();
  /** `data` of the final event of each order as the broker got it, JSON in one line. */
  readonly reported = new Map<string, string>();
  readonly #listener: DemoListener;
  readonly #watchers = new Set<() => void>();
  #running: Running | null = null;
  #screen: Screen = bootScreen;
  #rows: readonly string[] = [];
  #drawn = "";
  #drawing = false;
  #interrupted = false;

  constructor(listener: DemoListener) {
    this.#listener = listener;
  }

  get screen(): Screen {
    return this.#screen;
  }

  /** What the people at the box deal with. */
  get front(): Box["front"] {
    return this.#parts.box.turn?.box.front ?? { name: "idle" };
  }

  /** Whether somebody asked for the end. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  get bank(): BankServer {
    return this.#parts.bank;
  }

  get scanner(): TypedScanner {
    return this.#parts.scanner;
  }

  get brokerUrl(): string {
    return this.#parts.brokerUrl;
  }

  get directory(): string {
    return this.#parts.directory;
  }

  /** Waits until the box takes payments: its journal is open, and the bank has proved itself. */
  async ready(): Promise<boolean> {
    return (await this.until(() => (this.#screen.text === "idle" ? true : null), READY_WITHIN_MS)) ?? false;
  }

  /** Looks after everything that happens until `look` finds something; null after `withinMs` or `interrupt`. */
  until<Found>(look: () => Found | null, withinMs: number): Promise<Found | null> {
    return new Promise((resolve) => {
      const end = (found: Found | null): void => {
        timer.cancel();
        this.#watchers.delete(check);
        resolve(found);
      };
      const check = (): void => {
        const found = this.#interrupted ? null : look();
        if (found !== null || this.#interrupted) end(found);
      };
      const timer = this.clock.at(after(this.clock.now(), withinMs), () => end(null));
      this.#watchers.add(check);
      check();
    });
  }

  async pause(ms: number): Promise<void> {
    await this.until(() => null, ms);
  }

  /** Ends every wait, now and later. */
  interrupt(): void {
    this.#interrupted = true;
    this.#happened();
  }

  /** Presses a key; the box has taken it up when this resolves. */
  async press(key: Key): Promise<void> {
    this.#parts.box.press(key);
    await this.settle();
  }

  /** Types an amount such as `12.50` and confirms it; what is on the keypad already is cleared. */
  async typeAmount(text: string): Promise<void> {
    const { box } = this.#parts;
    const { name } = this.front;
    if (name === "entering" || name === "armed") box.press({ name: "clear" });
    for (const character of text) {
      box.press(
        character === "." ? { name: "point" } : { name: "digit", digit: Number.parseInt(character, 10) },
      );
    }
    await this.pause(KEY_PAUSE_MS);
    await this.press({ name: "confirm" });
  }

  /** Scans a code; the box has taken it up when this resolves. False where nobody listens. */
  scan(code: string): Promise<boolean> {
    return new Promise((resolve) => {
      const heard = this.scanner.send(Buffer.from(`${code}\r`, "latin1"), () => resolve(true));
      if (!heard) resolve(false);
    });
  }

  /** Lets the box take up what was done, and the glass show it. */
  async settle(): Promise<void> {
    await this.pause(TAKEN_UP_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Sets what becomes of the next charges; a bank that is to be down is down when this returns. */
  async setScenario(scenario: Scenario): Promise<void> {
    this.bank.bank.scenario = scenario;
    await this.bank.follow();
  }

  async close(): Promise<void> {
    await this.#parts.stack.disposeAsync();
  }

  /** Takes over what was started; called once, by `openDemo`. */
  begin(running: Running): void {
    this.#running = running;
    this.#draw();
  }

  drawn(rows: readonly string[]): void {
    this.#rows = rows;
    this.#draw();
  }

  screened(screen: Screen): void {
    this.#screen = screen;
    this.#draw();
    this.#happened();
  }

  recorded(tx: TxData): void {
    this.orders.set(tx.outTradeNo, tx);
    this.heard(() => this.#listener.recorded(tx));
  }

  published(receipt: BrokerReceipt): void {
    if (receipt.topic.endsWith("/tx")) {
      const { data } = txEventSchema.parse(JSON.parse(receipt.payload));
      if (data.final) this.reported.set(data.outTradeNo, JSON.stringify(data));
    }
    this.heard(() => this.#listener.published(receipt));
  }

  /** Passes an event on, then lets those who wait look again. */
  heard(tell: () => void): void {
    tell();
    this.#happened();
  }

  get #parts(): Running {
    if (this.#running === null) throw new Defect("a demonstration is used once it runs");
    return this.#running;
  }

  #happened(): void {
    for (const check of [...this.#watchers]) check();
  }

  #draw(): void {
    if (this.#drawing || this.#running === null) return;
    this.#drawing = true;
    setImmediate(() => {
      this.#drawing = false;
      const drawn = `${this.#rows.join("\n")}\n${this.#screen.light}`;
      if (drawn === this.#drawn) return;
      this.#drawn = drawn;
      this.#listener.shown(this.#rows, this.#screen);
    });
  }
}

/** Made now and removed at the end, also where the process ends without a farewell. */
function temporaryDirectory(stack: AsyncDisposableStack): string {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-demo-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  stack.defer(() => {
    process.off("exit", remove);
    remove();
  });
  return directory;
}

function merchantParts({ merchant, timing, box }: DeviceConfig): MerchantParts {
  const { appId, merchantId, subAppId, subMerchantId, signType, hosts, body, clientIp, sceneInfo } = merchant;
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  return {
    settings: {
      merchant: { appId, merchantId, subAppId, subMerchantId },
      apiKey: fixtureMerchant.apiKey,
      signType,
      hosts,
      boxId: box.id,
      body,
      clientIp,
      sceneInfo,
      connectTimeoutMs,
      answerTimeoutMs,
    },
    https: new UndiciHttpsLink({ connectTimeoutMs, ca: null, certificate: null }),
    // Over plain HTTP nobody can present a certificate and the look-alike asks for none: nothing can be at fault.
    certificateFault: () => null,
  };
}

function logFor(listener: DemoListener): Log {
  const warned = (event: string, fields: LogFields = {}): void => listener.warned(event, fields);
  return { debug: () => {}, info: () => {}, warn: warned, error: warned };
}

/** Nobody knows whether the last append was done. */
function onDeath(cause: string): void {
  process.stderr.write(`The journal's thread has ended: ${cause}\n`);
  process.exit(exitStatus.defect);
}
