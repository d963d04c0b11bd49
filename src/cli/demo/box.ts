/**
 * The box of the demonstration: everything that runs on a device runs here, on real links. The sandboxes are
 * look-alikes on loopback, the broker is embedded; of the hardware the scanner, the keys and the display are played.
 *
 *     person ─► keys, typed scanner ─► ComposedBox ─► HTTP ─► sandbox
 *                       display ◄──────────┘  │  └────► MQTT ─► embedded broker
 *                                           └► SQLite in a directory that is removed at the end
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceConfig } from "../../config/device-config.ts";
import { drawFrame } from "../../core/codecs/display-frame.ts";
import { Defect } from "../../core/kernel/defect.ts";
import { after } from "../../core/kernel/instant.ts";
import type { Key } from "../../core/payment/amount-entry.ts";
import type { Box } from "../../core/payment/box.ts";
import type { TxData } from "../../core/payment/order.ts";
import { bootScreen, type Screen } from "../../core/payment/screen.ts";
import { displaySizeOf } from "../../devices.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import { MqttBroker } from "../../links/mqtt/mqtt-broker.ts";
import type { HandledCall, RequestWords } from "../../providers/sandbox.ts";
import { txEventSchema } from "../../reporting/tx-event.ts";
import type { Clock, Log, LogFields, Timer } from "../../runtime/ports.ts";
import type { BrokerReceipt } from "../../simulator/outside/embedded-broker.ts";
import { VirtualDisplay } from "../../simulator/site/virtual-display.ts";
import { VirtualScanner } from "../../simulator/site/virtual-scanner.ts";
import { UsageError } from "../usage.ts";
import { DemoBroker } from "./broker.ts";
import { type DemoDevice, demoConfig, demoTiming } from "./config.ts";
import { DemoRun } from "./life.ts";
import { DemoSandboxes } from "./sandboxes.ts";

/** Hears what happens on the display and on every wire. */
export interface DemoListener {
  /** The display or the light has changed; what changes in one moment is one picture. The rows are none where it is dark. */
  shown(rows: readonly string[], screen: Screen): void;
  /** The sandbox has handled a call. */
  called(call: HandledCall): void;
  /** A money record is durable. */
  recorded(tx: TxData): void;
  /** The broker has a message. */
  published(receipt: BrokerReceipt): void;
  /** The box warns. */
  warned(event: string, fields: LogFields): void;
  /** The box notes something in the ordinary course of things. */
  noted?(event: string, fields: LogFields): void;
  /** A request is about to leave the box. */
  asked?(request: RequestWords): void;
}

/** How the box of a demonstration is set up. */
export interface DemoSettings {
  /** By how much all waits for the sandbox, and the sandbox itself, are quicker than usual. */
  readonly hurry: number;
  /** The largest payment, in yuan. */
  readonly maximum: string;
  /** What the box looks like and how it is typed on, where that is not the usual one. */
  readonly device?: DemoDevice;
}

/** How long the box may take to have its journal open and the sandboxes proved. */
const READY_WITHIN_MS = 20_000;

/** Between the last digit and the confirmation, so that the display is seen. */
const KEY_PAUSE_MS = 150;

/** In this time the box has taken up what a person did. */
const TAKEN_UP_MS = 50;

/** In this time the display shows it. */
const SHOWN_WITHIN_MS = 500;

/** Starts the sandboxes, the broker and the box; everything is stopped and removed again by `close`. */
export async function openDemo(settings: DemoSettings, listener: DemoListener): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const directory = temporaryDirectory(stack);
  const demo = new Demo(listener);
  const observe = (call: HandledCall): void => demo.heard(() => listener.called(call));
  const sandboxes = await DemoSandboxes.start({ pace: 1 / settings.hurry, observe }, stack);
  const broker = await DemoBroker.start((receipt) => demo.published(receipt));
  stack.defer(() => broker.stop());
  const config = demoConfig({ sandboxes: sandboxes.all, broker: broker.url, directory, ...settings });
  stack.defer(() => demo.stopBox());
  const scanner = new VirtualScanner(demo.clock);
  demo.begin({ config, hurry: settings.hurry, sandboxes, broker, scanner, directory, stack: stack.move() });
  await demo.switchOn();
  return demo;
}

interface Running {
  readonly config: DeviceConfig;
  readonly hurry: number;
  readonly sandboxes: DemoSandboxes;
  readonly broker: DemoBroker;
  readonly scanner: VirtualScanner;
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
  /** The box that has power. */
  #life: DemoRun | null = null;
  #screen: Screen = bootScreen;
  #rows: readonly string[] = [];
  #drawn = "";
  #drawing = false;
  /** The light is there at once and the display follows; a picture that does not come is told as far as it is there. */
  #drawLate: Timer | null = null;
  #interrupted = false;

  constructor(listener: DemoListener) {
    this.#listener = listener;
  }

  get screen(): Screen {
    return this.#screen;
  }

  /** What the box knows; null while it reads its journal, and without power. */
  get box(): Box | null {
    return this.#life?.box.turn?.box ?? null;
  }

  /** What the people at the box deal with. */
  get foreground(): Box["foreground"] {
    return this.box?.foreground ?? { name: "idle" };
  }

  /** That nobody can pay any more, as a clause; null while somebody can, or a payment stands in front of it. */
  get outage(): string | null {
    return this.#screen.text === "out-of-service" ? `The box is out of service (${this.#screen.ref})` : null;
  }

  /** Whether somebody asked for the end. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  get sandboxes(): DemoSandboxes {
    return this.#parts.sandboxes;
  }

  get scanner(): VirtualScanner {
    return this.#parts.scanner;
  }

  get broker(): DemoBroker {
    return this.#parts.broker;
  }

  get directory(): string {
    return this.#parts.directory;
  }

  /** Waits until the box takes payments of every wallet: its journal is open, and all sandboxes have proved themselves. */
  async ready(): Promise<boolean> {
    const { providers } = this.#parts.config;
    const isReady = (): boolean =>
      this.#screen.text === "idle" && providers.every(({ id }) => this.box?.health.get(id)?.proved === true);
    return (await this.until(() => (isReady() ? true : null), READY_WITHIN_MS)) ?? false;
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
    this.#life?.box.press(key);
    await this.settle();
  }

  /** Somebody wants to scan a code of the box's. */
  async wantCode(): Promise<void> {
    this.#life?.box.wantCode();
    await this.settle();
  }

  /** Types an amount such as `12.50` and confirms it; what is on the keypad already is cleared. */
  async typeAmount(text: string): Promise<void> {
    const box = this.#life?.box;
    const { name } = this.foreground;
    if (name === "entering" || name === "armed") box?.press({ name: "clear" });
    for (const character of text) {
      box?.press(
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

  /** Lets the box take up what was done, and the display show it. */
  async settle(): Promise<void> {
    await this.pause(TAKEN_UP_MS);
    // A display that is given pictures too fast takes its time.
    await this.until(() => (this.#isShown() ? true : null), SHOWN_WITHIN_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Gives the box power; it finds what its last life has written. */
  async switchOn(): Promise<void> {
    if (this.#life !== null) throw new Defect("a box is switched on when it is off");
    const { config, hurry, broker, scanner } = this.#parts;
    const life = new DemoRun({
      config,
      timing: demoTiming(hurry),
      hurry,
      links: {
        clock: this.clock,
        entropy: new SystemEntropy(),
        log: logFor(this.#listener),
        serial: scanner,
        broker: new MqttBroker({ ...anonymous, url: broker.url }),
        display: this.#display(config),
        gpio: null,
      },
      onScreen: (screen) => this.#screened(screen),
      onMoney: (tx) => this.#recorded(tx),
      onRequest: (request) => this.#listener.asked?.(request),
    });
    this.#life = life;
    const refusal = await life.start();
    if (refusal !== null) throw new Defect(`the journal is refused: ${refusal.detail}`);
  }

  /** Cuts the power of the box in the middle of whatever it does; resolves when it can be switched on again. */
  async cutPower(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    this.#rows = [];
    this.#screen = bootScreen;
    const freed = life.cut();
    this.#parts.broker.cut(this.#parts.config.box.id);
    this.#draw();
    await freed;
  }

  /** Asks the box to stop, where it has power. */
  async stopBox(): Promise<void> {
    await this.#life?.stop();
    this.#life = null;
  }

  /** Stops everything and removes what was kept. */
  async close(): Promise<void> {
    this.#drawLate?.cancel();
    await this.#parts.stack.disposeAsync();
  }

  /** Takes over what was started; called once, by `openDemo`. */
  begin(running: Running): void {
    this.#running = running;
    this.#draw();
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

  #display(config: DeviceConfig): VirtualDisplay {
    return new VirtualDisplay({
      clock: this.clock,
      size: displaySizeOf(config),
      shown: (rows) => {
        this.#rows = rows;
        this.#draw();
        this.#happened();
      },
    });
  }

  /** Whether the display shows the newest screen; one without power shows nothing. */
  #isShown(): boolean {
    const { config } = this.#parts;
    const rows = drawFrame(this.#screen, config.box.language, displaySizeOf(config));
    return this.#life === null || rows.every((row, index) => row === this.#rows[index]);
  }

  #screened(screen: Screen): void {
    this.#screen = screen;
    this.#draw();
    this.#happened();
  }

  #recorded(tx: TxData): void {
    this.orders.set(tx.outTradeNo, tx);
    this.heard(() => this.#listener.recorded(tx));
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
      if (this.#isShown()) this.#drawNow();
      else this.#drawLate ??= this.clock.at(after(this.clock.now(), SHOWN_WITHIN_MS), () => this.#drawNow());
    });
  }

  #drawNow(): void {
    this.#drawLate?.cancel();
    this.#drawLate = null;
    const drawn = `${this.#rows.join("\n")}\n${this.#screen.light}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#listener.shown(this.#rows, this.#screen);
  }
}

/** Made now and removed at the end, also where the process ends without a farewell. */
function temporaryDirectory(stack: AsyncDisposableStack): string {
  const directory = folderOfItsOwn();
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  stack.defer(() => {
    process.off("exit", remove);
    remove();
  });
  return directory;
}

/** The broker lets everybody in; it speaks 3.1.1 alone. */
const anonymous = {
  version: "3.1.1",
  username: null,
  password: null,
  ca: null,
  cert: null,
  key: null,
} as const;

function logFor(listener: DemoListener): Log {
  const warned = (event: string, fields: LogFields = {}): void => listener.warned(event, fields);
  return {
    debug: () => {},
    info: (event, fields = {}) => listener.noted?.(event, fields),
    warn: warned,
    error: warned,
  };
}

/** A new folder for the journal, in the machine's place for such. */
function folderOfItsOwn(): string {
  try {
    return mkdtempSync(join(tmpdir(), "scanbox-demo-"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no reason";
    throw new UsageError(
      `The demo keeps its journal in ${tmpdir()}, and can make no folder there (${code}): set TMPDIR to one that it may write.`,
    );
  }
}
