/** The devices of one box: what people touch and see, and what is driven for them. */
import type { DeviceConfig } from "./config/device-config.ts";
import type { DisplaySize } from "./core/codecs/display-frame.ts";
import { after, type Instant } from "./core/kernel/instant.ts";
import type { Key } from "./core/payment/amount-entry.ts";
import type { BoxEvent } from "./core/payment/events.ts";
import type { DispenseAnswer } from "./core/payment/payment.ts";
import type { Screen } from "./core/payment/screen.ts";
import { Contact } from "./drivers/contact.ts";
import { Display } from "./drivers/display.ts";
import { Keypad } from "./drivers/keypad.ts";
import { Relay, type RelayOutcome } from "./drivers/relay.ts";
import { type ScanCounts, Scanner } from "./drivers/scanner.ts";
import { Signals } from "./drivers/signals.ts";
import type { Clock, DisplayLink, GpioLink, Log, SerialLink } from "./runtime/ports.ts";

/** The ports behind the devices; null where the box has none of that kind, or somebody else plays it. */
export interface DeviceLinks {
  readonly clock: Clock;
  readonly log: Log;
  readonly serial: SerialLink | null;
  readonly display: DisplayLink | null;
  readonly gpio: GpioLink | null;
}

/** What the devices are made of. */
export interface DevicesParts {
  readonly config: DeviceConfig;
  readonly links: DeviceLinks;
  readonly post: (event: BoxEvent) => void;
  /** The salted hash by which the journal remembers a code. */
  readonly fingerprint: (code: string) => string;
}

/** How the devices are; `none` where the box has no such device, `unknown` where it has not said yet. */
export interface DevicesStatus {
  readonly keypad: DeviceStatus;
  readonly display: DeviceStatus;
  readonly relay: DeviceStatus;
}

/** `stuck` is a key that nobody lets go of. */
export type DeviceStatus = "ready" | "absent" | "stuck" | "none" | "unknown";

interface Stoppable {
  /** Calls back when the device is free. */
  stop(done: () => void): void;
}

/** How long the machine's word must stand before it counts. */
const INHIBIT_DEBOUNCE_MS = 50;

/** A device that has not let go after so long is left behind: the journal wants to be closed, and the process ends anyway. */
const STOP_WITHIN_MS = 5_000;

/**
 * Starts and stops the devices, tells the box what they say, and shows them what it says. A device that fails is tried again
 * for ever by its driver; the box only hears whether it is there.
 */
export class Devices {
  readonly #parts: DevicesParts;
  readonly #display: Display | null;
  readonly #scanner: Scanner | null;
  readonly #keypad: Keypad | null;
  readonly #signals: Signals | null;
  readonly #relay: Relay | null;
  readonly #inhibit: Contact | null;
  /** Devices without which nothing may be sold, and whether they can be reached. */
  readonly #needed = new Map<"relay" | "inhibit", boolean>();
  /** What the machine said last. */
  #inhibited = false;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
    const { config, links } = parts;
    const { clock, log, display, gpio } = links;
    const size = displaySizeOf(config);
    const { language } = config.box;
    this.#display = display === null ? null : new Display({ link: display, clock, log, language, size });
    this.#scanner = this.#scannerOf(parts);
    this.#keypad = gpio === null ? null : this.#keypadOf(gpio);
    this.#signals = gpio === null ? null : this.#signalsOf(gpio);
    this.#relay = gpio === null ? null : this.#relayOf(gpio);
    this.#inhibit = gpio === null ? null : this.#inhibitOf(gpio);
  }

  /** Drives the relay off before anything else, and shows that the box is there (money rule 14). */
  boot(): void {
    this.#relay?.start();
    this.#display?.start();
    this.#signals?.start();
  }

  /** Begins to listen to people. */
  start(): void {
    if (this.#scanner === null) this.#parts.post({ type: "scanner-changed", ready: true });
    else this.#scanner.start();
    this.#keypad?.start();
    this.#inhibit?.start();
    this.#tellNeeded();
  }

  /** How they are now; the scanner's state is the box's own. */
  status(): DevicesStatus {
    const relay = this.#relay?.ready === true ? "ready" : "absent";
    return {
      keypad: this.#keypad === null ? "none" : (this.#keypad.status ?? "unknown"),
      display: this.#display === null ? "none" : (this.#display.status ?? "unknown"),
      relay: this.#relay === null ? "none" : relay,
    };
  }

  /** What the scanner has sent since the start; null where there is none. */
  scans(): ScanCounts | null {
    return this.#scanner?.counts ?? null;
  }

  /** Makes everything that people see and hear say what this screen says. */
  show(screen: Screen): void {
    this.#display?.show(screen);
    this.#signals?.show(screen);
  }

  /** Lets the reader read, or rest. */
  read(reading: boolean): void {
    this.#scanner?.want(reading);
  }

  /** Gives goods, once; calls back with what the machine can say about them. */
  dispense(pulses: number, done: (answer: DispenseAnswer) => void): void {
    const { clock, log } = this.#parts.links;
    const cause = this.#cannotGive();
    if (this.#relay !== null && cause === null) {
      this.#relay.pulse(pulses, (outcome) => done(answerOf(outcome)));
      return;
    }
    // Nothing goes out, and that is certain.
    log.warn("goods.refused", { cause });
    clock.at(clock.now(), () => done("not-dispensed"));
  }

  /** Why a pulse would be lost, which may have become so while the customer paid; null where it would not. */
  #cannotGive(): string | null {
    if (this.#relay === null) return "there is no relay";
    if (this.#needed.get("inhibit") === false) return "the machine is not heard";
    return this.#inhibited ? "the machine takes no order" : null;
  }

  /** Listens to nobody any more; calls back when the inputs are free. */
  stopListening(done: () => void): void {
    this.#stopAll({ scanner: this.#scanner, keypad: this.#keypad, inhibit: this.#inhibit }, done);
  }

  /** Drives everything off and lets go of it; calls back when it is free. */
  stopShowing(done: () => void): void {
    this.#stopAll({ relay: this.#relay, signals: this.#signals, display: this.#display }, done);
  }

  #stopAll(devices: Readonly<Record<string, Stoppable | null>>, done: () => void): void {
    const { clock, log } = this.#parts.links;
    const holding = new Map(Object.entries(devices).filter(([, device]) => device !== null));
    if (holding.size === 0) {
      done();
      return;
    }
    const late = clock.at(after(clock.now(), STOP_WITHIN_MS), () => {
      for (const device of holding.keys()) log.warn("device.left-behind", { device });
      holding.clear();
      done();
    });
    for (const [name, device] of [...holding]) {
      device?.stop(() => {
        if (!holding.delete(name) || holding.size > 0) return;
        late.cancel();
        done();
      });
    }
  }

  #scannerOf({ config, links, post, fingerprint }: DevicesParts): Scanner | null {
    const { serial, clock, log } = links;
    if (serial === null || config.scanner === null) return null;
    return new Scanner({
      link: serial,
      clock,
      log,
      settings: config.scanner,
      listener: {
        scanned: (code) => post({ type: "code-scanned", code, codeHash: fingerprint(code.reveal()) }),
        // What it is may be clear a second later; that something lies there is clear now.
        began: () => post({ type: "scan-refused", refusal: "unfinished" }),
        refused: (refusal) => post({ type: "scan-refused", refusal }),
        status: (status) => post({ type: "scanner-changed", ready: status === "ready" }),
      },
    });
  }

  #keypadOf(link: GpioLink): Keypad | null {
    const { config, links, post } = this.#parts;
    const { clock, log } = links;
    const { keypad } = config;
    if (keypad === null) return null;
    const pressed = (key: Key, downAt?: Instant): void => {
      this.#signals?.click();
      post({ type: "key-pressed", key, ...(downAt === undefined ? {} : { downAt }) });
    };
    return new Keypad({
      link,
      clock,
      log,
      settings: keypad,
      listener: {
        pressed,
        // A keypad without a cancel key has a clear key that is held.
        held: (key) => (key.name === "clear" ? pressed({ name: "cancel" }) : undefined),
        status: (state) => post({ type: "keypad-changed", ready: state !== "absent" }),
      },
    });
  }

  #signalsOf(link: GpioLink): Signals | null {
    const { config, links } = this.#parts;
    const { clock, log } = links;
    if (config.outputs === null) return null;
    // The relay is no signal: it has a claim of its own.
    const { paid, wait, refused, buzzer } = config.outputs;
    return new Signals({ link, clock, log, outputs: { paid, wait, refused, buzzer } });
  }

  #relayOf(link: GpioLink): Relay | null {
    const { config, links } = this.#parts;
    const { clock, log } = links;
    const settings = config.outputs?.relay ?? null;
    if (settings === null) return null;
    this.#needed.set("relay", false);
    const status = (ready: boolean): void => this.#reached("relay", ready);
    return new Relay({ link, clock, log, settings, listener: { status } });
  }

  #inhibitOf(link: GpioLink): Contact | null {
    const { config, links, post } = this.#parts;
    const { clock, log } = links;
    const pin = config.inputs?.inhibit ?? null;
    if (pin === null) return null;
    this.#needed.set("inhibit", false);
    const settings = { ...pin, debounceMs: INHIBIT_DEBOUNCE_MS };
    const listener = {
      changed: (inhibited: boolean) => {
        this.#inhibited = inhibited;
        post({ type: "inhibit-changed", inhibited });
      },
      status: (state: "ready" | "absent") => this.#reached("inhibit", state === "ready"),
    };
    return new Contact({ link, clock, log, name: "inhibit", settings, listener });
  }

  #reached(device: "relay" | "inhibit", ready: boolean): void {
    this.#needed.set(device, ready);
    this.#tellNeeded();
  }

  #tellNeeded(): void {
    if (this.#needed.size === 0) return;
    const ready = [...this.#needed.values()].every((reached) => reached);
    this.#parts.post({ type: "relay-changed", ready });
  }
}

function answerOf(outcome: RelayOutcome): DispenseAnswer {
  switch (outcome.kind) {
    case "pulsed":
    case "dropped":
      return "dispensed";
    case "not-dropped":
      return "not-dispensed";
    case "failed":
      return outcome.begun ? "unclear" : "not-dispensed";
  }
}

/** How many cells the display has; where no display is configured, those of the smallest. */
export function displaySizeOf({ display }: DeviceConfig): DisplaySize {
  return { columns: display?.columns ?? 16, rows: display?.rows ?? 2 };
}
