/**
 * The front panel of the demonstration's box in a terminal. What is seen is a pure function of what is known
 * (panel-view.ts), what is typed becomes an intent (keyboard.ts); here both meet the box.
 */
import { after, type Instant } from "../../../core/kernel/instant.ts";
import type { Key } from "../../../core/payment/amount-entry.ts";
import type { TxData } from "../../../core/payment/order.ts";
import { bootScreen, type Screen } from "../../../core/payment/screen.ts";
import { SystemClock } from "../../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../../links/machine/system-entropy.ts";
import type { HandledCall, RequestWords, Story } from "../../../providers/sandbox.ts";
import type { LogFields, Timer } from "../../../runtime/ports.ts";
import type { BrokerReceipt } from "../../../simulator/outside/embedded-broker.ts";
import { exitStatus } from "../../exit-status.ts";
import { program, version } from "../../version.ts";
import { type Demo, type DemoListener, openDemo } from "../box.ts";
import { codeOf } from "../code.ts";
import type { DemoDevice } from "../config.ts";
import { StopSignals } from "../signals.ts";
import { refOf } from "../story.ts";
import { keyName } from "./device-view.ts";
import {
  type Intent,
  intentsOf,
  lastingRequestOf,
  type Press,
  printable,
  type Stroke,
  StrokeReader,
} from "./keyboard.ts";
import { type OrderNote, orderNote } from "./order-notes.ts";
import { type Abilities, Painter } from "./painter.ts";
import { drawPanel, helpPages, type Overlay, type PanelFacts } from "./panel-view.ts";
import { Redraw } from "./redraw.ts";
import { beginPicking, pick } from "./scenario-picker.ts";
import { Terminal, type TerminalStreams } from "./terminal.ts";
import {
  logNote,
  messageNote,
  type Noted,
  note,
  recordNote,
  requestNote,
  sandboxNote,
  scanNote,
  type WireNote,
  withNote,
} from "./wire-notes.ts";

/** What a panel begins with. */
export interface PanelSettings {
  readonly scenario: Story;
  readonly device: DemoDevice;
  /** By how much all waits for the sandbox are shorter than in life, 1 or more. */
  readonly hurry: number;
  readonly abilities: Abilities;
}

/** The largest payment, in yuan. */
const MAXIMUM = "3000.00";

/** How long the box stays without power. */
const DARK_MS = 2_000;

/** How long a key looks held down, and how long a sound is named. */
const HELD_MS = 200;
const SOUNDING_MS = 1_500;

/** Countdowns are looked at so often; what has not changed is not written. */
const LOOK_MS = 200;

/** How many orders a panel may have to show. */
const ORDERS_SHOWN = 4;

/** Runs the panel on a terminal until somebody quits; the terminal is as before when this resolves. */
export async function runPanel(settings: PanelSettings, streams: TerminalStreams): Promise<number> {
  using signals = new StopSignals();
  const panel = new Panel(settings, streams);
  let signalled = false;
  let demo: Demo | null = null;
  try {
    panel.open();
    signals.onStop(() => {
      signalled = true;
      panel.stop();
    });
    demo = await openDemo({ hurry: settings.hurry, maximum: MAXIMUM, device: settings.device }, panel);
    await panel.run(demo);
  } finally {
    await panel.close();
    // A charge that is on its way is waited for; whoever has quit by a key may become impatient.
    if (!signalled) signals.onStop(() => process.exit(exitStatus.unknown));
    await demo?.close();
  }
  panel.sayGoodbye(demo);
  return exitStatus.done;
}

/** Between the terminal and the box; knows what neither of them keeps. */
class Panel implements DemoListener {
  readonly #settings: PanelSettings;
  readonly #terminal: Terminal;
  readonly #painter: Painter;
  readonly #clock = new SystemClock();
  readonly #startedAt = this.#clock.now();
  readonly #redraw = new Redraw(this.#clock, (done) => this.#draw(done));
  readonly #strokes = new StrokeReader();
  readonly #entropy = new SystemEntropy();
  readonly #ended = Promise.withResolvers<void>();
  #look: Timer | null = null;
  #demo: Demo | null = null;
  #rows: readonly string[] = [];
  #screen: Screen = bootScreen;
  #soundUntil = this.#startedAt;
  #held: { readonly key: Key; readonly until: Instant } | null = null;
  #powered = true;
  #notes: readonly WireNote[] = [];
  #overlay: Overlay = { kind: "none" };
  #lastCode: string | null = null;
  /** Changes of the world take time; they come one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(settings: PanelSettings, streams: TerminalStreams) {
    this.#settings = settings;
    this.#painter = new Painter(settings.abilities);
    this.#terminal = new Terminal(streams, {
      pressed: (presses) => this.#pressed(presses),
      disturbed: () => {
        this.#painter.forget();
        this.#redraw.request();
      },
      lost: () => this.stop(),
    });
  }

  open(): void {
    this.#terminal.open();
    this.#lookAgain();
  }

  /** Resolves when somebody has asked for the end. */
  async run(demo: Demo): Promise<void> {
    this.#demo = demo;
    this.#redraw.request();
    this.#change(async () => {
      // A sandbox that is to be down lets the box start first.
      if (await demo.ready()) await demo.sandboxes.tell(this.#settings.scenario);
    });
    await this.#ended.promise;
    demo.interrupt();
    await this.#changes;
  }

  stop(): void {
    this.#ended.resolve();
  }

  async close(): Promise<void> {
    this.#look?.cancel();
    await this.#terminal.close();
  }

  /** Says on the terminal as it was before how things were left. */
  sayGoodbye({ orders }: Demo): void {
    const open = [...orders.values()].filter(({ final }) => !final).map((tx) => refOf(tx.outTradeNo));
    if (open.length > 0) {
      this.#terminal.say(`Not final: ${open.join(" ")}. A real box goes on with it when it starts again.`);
    }
    this.#terminal.say("Stopped; the journal is removed.");
  }

  shown(rows: readonly string[], screen: Screen): void {
    if (screen.text !== this.#screen.text) this.#soundUntil = after(this.#clock.now(), SOUNDING_MS);
    this.#rows = rows;
    this.#screen = screen;
    this.#redraw.request();
  }

  called(call: HandledCall): void {
    this.#note(sandboxNote(call));
  }

  recorded(tx: TxData): void {
    this.#note(recordNote(tx));
  }

  published(receipt: BrokerReceipt): void {
    this.#note(messageNote(receipt));
  }

  warned(event: string, fields: LogFields): void {
    this.#note(logNote(event, fields));
  }

  noted(event: string, fields: LogFields): void {
    this.#note(logNote(event, fields));
  }

  asked(request: RequestWords): void {
    this.#note(requestNote(request));
  }

  #note(noted: Noted | null): void {
    if (noted === null) return;
    this.#notes = withNote(this.#notes, noted, (this.#clock.now() - this.#startedAt) / 1_000);
    this.#redraw.request();
  }

  #draw(done: () => void): void {
    const bytes = this.#painter.paint(drawPanel(this.#facts(), this.#terminal.size));
    if (bytes === "") done();
    else this.#terminal.write(bytes, done);
  }

  /** Countdowns go on where nothing happens. */
  #lookAgain(): void {
    this.#redraw.request();
    this.#look = this.#clock.at(after(this.#clock.now(), LOOK_MS), () => this.#lookAgain());
  }

  #facts(): PanelFacts {
    const now = this.#clock.now();
    const { device, hurry, scenario } = this.#settings;
    const { light, sound } = this.#screen;
    const demo = this.#demo;
    return {
      version,
      hurry,
      entry: device.entry,
      device: {
        display: device.display,
        rows: this.#rows,
        light: this.#powered ? light : "off",
        sound: this.#powered && now < this.#soundUntil ? sound : "none",
        pressed: this.#held !== null && now < this.#held.until ? this.#held.key : null,
      },
      screen: this.#screen,
      powered: this.#powered,
      scannerPlugged: demo?.scanner.plugged ?? true,
      scenario: demo?.sandboxes.story.name ?? scenario.name,
      sandboxUp: demo === null || !demo.sandboxes.down,
      brokerUp: demo?.broker.up ?? true,
      orders: demo === null ? [] : this.#orderNotes(demo, now),
      notes: this.#notes,
      overlay: this.#overlay,
      places: demo === null ? [] : placesOf(demo),
    };
  }

  #orderNotes(demo: Demo, now: Instant): readonly OrderNote[] {
    const orders = [...demo.orders.values()].slice(-ORDERS_SHOWN);
    return orders.map((tx) => {
      const payment = demo.box?.orders.get(tx.outTradeNo) ?? null;
      return orderNote({
        tx,
        payment,
        powered: this.#powered,
        books: demo.sandboxes.books(tx.outTradeNo),
        now,
      });
    });
  }

  #pressed(presses: readonly Press[]): void {
    for (const stroke of this.#strokes.read(presses)) this.#take(stroke);
    this.#redraw.request();
  }

  #take(stroke: Stroke): void {
    const wish = stroke.kind === "key" ? lastingRequestOf(stroke.press) : null;
    if (wish !== null) {
      this.#obey({ kind: wish });
      return;
    }
    switch (this.#overlay.kind) {
      case "none":
        for (const intent of intentsOf(stroke)) this.#obey(intent);
        return;
      case "help":
        this.#turnHelp(this.#overlay.page + 1, stroke);
        return;
      case "code":
        this.#typeCode(this.#overlay.typed, stroke);
        return;
      case "scenarios": {
        if (stroke.kind === "paste") return;
        const picked = pick(this.#overlay.picking, stroke.press);
        this.#overlay =
          picked.kind === "picking" ? { kind: "scenarios", picking: picked.picking } : { kind: "none" };
        if (picked.kind === "chosen") this.#choose(picked.scenario);
      }
    }
  }

  #turnHelp(page: number, stroke: Stroke): void {
    const leaves = stroke.kind === "key" && stroke.press.name === "escape";
    const over = leaves || page >= helpPages(this.#facts(), this.#terminal.size);
    this.#overlay = over ? { kind: "none" } : { kind: "help", page };
  }

  #typeCode(typed: string, stroke: Stroke): void {
    if (stroke.kind === "paste") {
      this.#overlay = { kind: "code", typed: `${typed}${stroke.text.trim()}` };
      return;
    }
    const { name, text } = stroke.press;
    if (name === "escape") this.#overlay = { kind: "none" };
    else if (name === "return" || name === "enter") {
      this.#overlay = { kind: "none" };
      if (typed !== "") this.#scan(typed);
    } else {
      const kept = name === "backspace" ? typed.slice(0, -1) : `${typed}${printable(text)}`;
      this.#overlay = { kind: "code", typed: kept };
    }
  }

  #obey(intent: Intent): void {
    switch (intent.kind) {
      case "keypad":
        this.#press(intent.key);
        return;
      case "scan":
        this.#scan(intent.text);
        return;
      case "wechat":
      case "alipay":
        this.#scan(codeOf(intent.kind, this.#entropy));
        return;
      case "our-code":
        this.#note(note("keypad", "a code to scan is wanted"));
        void this.#demo?.wantCode();
        return;
      case "again":
        if (this.#lastCode === null) this.#note(note("scanner", "no code yet: g shows one", "warn"));
        else this.#scan(this.#lastCode);
        return;
      case "type-code":
        this.#overlay = { kind: "code", typed: "" };
        return;
      case "help":
        this.#overlay = { kind: "help", page: 0 };
        return;
      case "scenarios": {
        const current = this.#demo?.sandboxes.story ?? this.#settings.scenario;
        this.#overlay = { kind: "scenarios", picking: beginPicking(current) };
        return;
      }
      case "clear-log":
        this.#notes = [];
        this.#painter.forget();
        return;
      case "suspend":
        this.#terminal.suspend();
        return;
      case "quit":
        this.stop();
        return;
      case "plug":
        this.#plug();
        return;
      case "sandbox":
        this.#change(() => this.#switchSandbox());
        return;
      case "broker":
        this.#change(() => this.#switchBroker());
        return;
      case "power":
        this.#change(() => this.#cyclePower());
        return;
    }
  }

  #press(key: Key): void {
    this.#held = { key, until: after(this.#clock.now(), HELD_MS) };
    this.#note(note("keypad", keyName(key)));
    void this.#demo?.press(key);
  }

  #scan(text: string): void {
    const demo = this.#demo;
    if (demo === null) return;
    this.#lastCode = text;
    const { name } = demo.foreground;
    const busy = name === "paying" || name === "result" || name === "unknown";
    void demo.scan(text).then((heard) => {
      this.#note(scanNote(text, !heard ? "nobody" : busy ? "busy" : "box"));
    });
  }

  #plug(): void {
    const scanner = this.#demo?.scanner;
    if (scanner === undefined) return;
    if (scanner.plugged) scanner.unplug();
    else scanner.plug();
    this.#note(note("scanner", scanner.plugged ? "plugged in" : "unplugged"));
  }

  #choose(scenario: Story): void {
    this.#note(note("sandbox", `${scenario.name}: a payment ends ${scenario.ends}`));
    this.#change(async () => this.#demo?.sandboxes.tell(scenario));
  }

  async #switchSandbox(): Promise<void> {
    const sandboxes = this.#demo?.sandboxes;
    if (sandboxes === undefined) return;
    const down = !sandboxes.down;
    try {
      await sandboxes.setDown(down);
      this.#note(note("sandbox", down ? "down: connections are refused" : "up"));
    } catch (error) {
      this.#note(note("sandbox", `does not come back: ${String(error)}`, "bad"));
    }
  }

  async #switchBroker(): Promise<void> {
    const broker = this.#demo?.broker;
    if (broker === undefined) return;
    try {
      if (broker.up) await broker.stop();
      else await broker.start();
      this.#note(note("mqtt", broker.up ? "the broker is up, and empty" : "the broker is down"));
    } catch (error) {
      // Somebody has taken its port in the meantime.
      this.#note(note("mqtt", `the broker does not come back: ${String(error)}`, "bad"));
    }
  }

  /** Cuts the power in the middle of whatever the box does, and gives it back. */
  async #cyclePower(): Promise<void> {
    const demo = this.#demo;
    if (demo === null) return;
    this.#powered = false;
    this.#note(note("power", "CUT: only the journal is left", "bad"));
    await demo.cutPower();
    await demo.pause(DARK_MS);
    if (demo.interrupted) return;
    this.#powered = true;
    this.#note(note("power", "on again"));
    await demo.switchOn();
  }

  /** One change of the world at a time; one that fails is a defect and ends the process. */
  #change(change: () => Promise<void>): void {
    this.#changes = this.#changes.then(change).then(() => this.#redraw.request());
  }
}

function placesOf({ sandboxes, broker, directory }: Demo): readonly string[] {
  return [
    ...sandboxes.all.map(({ kind, running }) => `sandbox  ${running.origin} (${kind.plays})`),
    `broker   mosquitto_sub -p ${new URL(broker.url).port} -t 'scanbox/#' -v`,
    `journal  ${program} journal list --directory ${directory}`,
  ];
}
