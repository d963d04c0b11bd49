/**
 * HD44780 modules by the package lcd, on pins of sysfs. The package is used as it is, with its traps closed here: its start is
 * a promise that nobody catches, a cursor that is set while text is printed moves that text, and closing it while it
 * prints writes its levels into whatever file gets the descriptor next.
 */
import { closeSync, readdirSync, readlinkSync } from "node:fs";
import type Lcd from "lcd";
import { characterCodes } from "../../core/codecs/character-rom.ts";
import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import { cellTransfers, glyphTransfers, type Transfer } from "../../core/codecs/hd44780.ts";
import type {
  DisplayConnection,
  DisplayLink,
  DisplayListener,
  DisplayRun,
  GpioLines,
  GpioLink,
} from "../../runtime/ports.ts";
import { chooseChip, sysfsChips } from "../gpio/gpio-chip.ts";
import { evenIfGone, systemError } from "../gpio/gpio-claim.ts";
import { notLoaded } from "../machine/not-loaded.ts";
import { type DisplayWork, QueuedDisplay } from "./queued-display.ts";

/** Which pins the module is wired to, by BCM number, and how large it is. Its RW lies on ground. */
export interface LcdDisplaySettings extends DisplaySize {
  readonly rs: number;
  readonly e: number;
  /** D4 to D7. */
  readonly data: readonly number[];
}

/** What the display is reached by. */
export interface LcdDisplayParts {
  /** The pins by sysfs: it exports them and answers for them while the package drives them. */
  readonly gpio: GpioLink;
  /** The number that a BCM pin has in sysfs, asked for while it is exported; it may throw a system error. */
  readonly sysfsNumber: (pin: number) => number;
  readonly settings: LcdDisplaySettings;
}

/** The numbers of a chip's pins, of the header's where no label is given; throws a system error where there is no such chip. */
export function sysfsNumbers(label: string | null): (pin: number) => number {
  return (pin) => {
    const chosen = chooseChip(sysfsChips(), label);
    if (!chosen.ok) throw Object.assign(new Error(chosen.problem), { code: "ENODEV" });
    return chosen.chip.base + pin;
  };
}

type LcdClass = typeof Lcd;

/** Loads the package; rejects with a sentence for the technician. */
export async function loadLcdDisplay(parts: LcdDisplayParts): Promise<DisplayLink> {
  try {
    const { default: lcd } = await import("lcd");
    return new LcdDisplay(lcd, parts);
  } catch (cause) {
    throw new Error(notLoaded("lcd"), { cause });
  }
}

class LcdDisplay implements DisplayLink {
  readonly #guarded: GuardedLcdClass;
  readonly #parts: LcdDisplayParts;

  constructor(lcd: LcdClass, parts: LcdDisplayParts) {
    this.#guarded = guarded(lcd);
    this.#parts = parts;
  }

  open(listener: DisplayListener): DisplayConnection {
    const work = new LcdWork(this.#guarded, this.#parts, (cause) => connection.fail(cause));
    const connection = new QueuedDisplay(work, listener);
    return connection;
  }
}

/** The package's class whose writes never throw: the first failure ends them, and so does `silence`. */
interface GuardedLcd extends Lcd {
  /** Why it writes no more, or null. */
  readonly cause: string | null;
  /** From now on it writes nothing, whatever is still being printed or started. */
  silence(): void;
}

type GuardedLcdClass = new (...args: ConstructorParameters<LcdClass>) => GuardedLcd;

function guarded(lcd: LcdClass): GuardedLcdClass {
  return class extends lcd implements GuardedLcd {
    #silent = false;
    #cause: string | null = null;

    get cause(): string | null {
      return this.#cause;
    }

    silence(): void {
      this.#silent = true;
    }

    override _send(value: number, rs: 0 | 1): void {
      this.#guard(() => super._send(value, rs));
    }

    override _write4Bits(value: number): void {
      this.#guard(() => super._write4Bits(value));
    }

    #guard(step: () => void): void {
      if (this.#silent) return;
      try {
        step();
      } catch (error) {
        this.#silent = true;
        this.#cause = systemError(error);
      }
    }
  };
}

/** The package at work for one connection. */
class LcdWork implements DisplayWork {
  readonly #guarded: GuardedLcdClass;
  readonly #parts: LcdDisplayParts;
  readonly #fail: (cause: string) => void;
  #lines: GpioLines | null = null;
  #lcd: GuardedLcd | null = null;

  constructor(lcd: GuardedLcdClass, parts: LcdDisplayParts, fail: (cause: string) => void) {
    this.#guarded = lcd;
    this.#parts = parts;
    this.#fail = fail;
  }

  start(done: (error: string | null) => void): void {
    const { gpio, settings } = this.#parts;
    const pins = [settings.rs, settings.e, ...settings.data];
    const wanted = pins.map((pin) => ({ use: "output", pin, level: 0 }) as const);
    gpio.claim(wanted, { edge: () => {}, lost: this.#fail }, (outcome) => {
      if (outcome.kind === "refused") {
        done(outcome.why);
        return;
      }
      this.#lines = outcome.lines;
      this.#begin(done);
    });
  }

  write(runs: readonly DisplayRun[], done: (error: string | null) => void): void {
    const [run, ...rest] = runs;
    const lcd = this.#lcd;
    if (run === undefined || lcd === null) {
      setImmediate(done, null);
      return;
    }
    const [address] = cellTransfers(run, this.#parts.settings);
    if (address !== undefined) instruct(lcd, [address]);
    // Nothing may come between the address and the text, so the next run waits for the end of this one.
    lcd.print(String.fromCharCode(...characterCodes(run.text)), () => {
      if (lcd.cause !== null || rest.length === 0) done(lcd.cause);
      else this.write(rest, done);
    });
  }

  free(done: () => void): void {
    const lines = this.#lines;
    const lcd = this.#lcd;
    this.#lines = null;
    this.#lcd = null;
    lcd?.silence();
    const close = (): void => {
      if (lcd !== null) evenIfGone(() => lcd.close());
      done();
    };
    // The claim makes the pins inputs and takes them out of sysfs; the package then only closes its files.
    if (lines === null) setImmediate(close);
    else lines.release(close);
  }

  #begin(done: (error: string | null) => void): void {
    const { settings, sysfsNumber } = this.#parts;
    const { rs, e, data, columns, rows } = settings;
    const before = levelFiles();
    try {
      this.#lcd = new this.#guarded({
        rs: sysfsNumber(rs),
        e: sysfsNumber(e),
        data: data.map(sysfsNumber),
        cols: columns,
        rows,
      });
    } catch (error) {
      // The package keeps the files of the pins that it had got before one failed, and nobody has the package then.
      for (const file of levelFiles()) if (!before.has(file)) closeSync(file);
      done(systemError(error));
      return;
    }
    const lcd = this.#lcd;
    // The package tells nobody of an error that nobody listens for but by ending the process.
    lcd.on("error", (error: Error) => this.#fail(error.message));
    lcd.once("ready", () => {
      instruct(lcd, glyphTransfers());
      done(lcd.cause);
    });
  }
}

/** The descriptors of this process that lead to the level of a pin (proc_pid_fd(5)); none where that cannot be told. */
function levelFiles(): ReadonlySet<number> {
  const folder = "/proc/self/fd";
  try {
    return new Set(
      readdirSync(folder)
        .filter((file) => isLevel(`${folder}/${file}`))
        .map(Number),
    );
  } catch {
    return new Set();
  }
}

/** One that was closed meanwhile, as that of the listing itself, leads nowhere. */
function isLevel(path: string): boolean {
  try {
    return /\/gpio\d+\/value$/.test(readlinkSync(path));
  } catch {
    return false;
  }
}

/** Sends transfers by the package's own ways, which keep the module's waits. */
function instruct(lcd: GuardedLcd, transfers: readonly Transfer[]): void {
  for (const { rs, value } of transfers) {
    if (rs === 0) lcd._command(value);
    else lcd._write(value);
  }
}
