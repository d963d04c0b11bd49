import type { DisplaySize } from "../core/codecs/display-frame.ts";
import { EXECUTION_US, type Transfer } from "../core/codecs/hd44780.ts";
import type {
  Clock,
  DisplayConnection,
  DisplayLink,
  DisplayListener,
  GpioLevel,
  GpioLines,
  GpioLink,
  Level,
} from "../runtime/ports.ts";
import { ModuleConnection, type ModuleLines } from "./hd44780-module.ts";

/** Which pins a module is wired to, by BCM number, and how large it is. Its RW lies on ground. */
export interface PinModuleSettings extends DisplaySize {
  readonly rs: number;
  readonly e: number;
  /** D4 to D7. */
  readonly data: readonly number[];
}

/** What the driver needs beside its settings. */
export interface PinModuleParts {
  readonly gpio: GpioLink;
  readonly clock: Clock;
  /**
   * Lets at least so many microseconds pass, with the processor at work. The module wants 37 to 60 µs after every byte and
   * cannot be asked whether it is done; a timer of the event loop takes a millisecond at least, which would make 34 ms of
   * a picture of 16×2 that takes 2 ms. So the short waits are spun, a row at a time, and only the long ones are timed.
   */
  readonly spin: (us: number) => void;
  readonly settings: PinModuleSettings;
}

/** Between two edges of E, and between RS and E: more than the 0.45 µs that the slowest module asks for. */
const EDGE_US = 1;

/** An HD44780 on six pins, by any kernel interface that has pins. */
export class Hd44780Pins implements DisplayLink {
  readonly #parts: PinModuleParts;

  constructor(parts: PinModuleParts) {
    this.#parts = parts;
  }

  open(listener: DisplayListener): DisplayConnection {
    const { clock, settings } = this.#parts;
    return new ModuleConnection({ lines: new PinLines(this.#parts), clock, size: settings, listener });
  }
}

/** The six lines of one connection. */
class PinLines implements ModuleLines {
  readonly #parts: PinModuleParts;
  #lines: GpioLines | null = null;
  /** As RS stands. */
  #rs: Level = 0;

  constructor(parts: PinModuleParts) {
    this.#parts = parts;
  }

  take(lost: (cause: string) => void, done: (error: string | null) => void): void {
    const { gpio, settings } = this.#parts;
    const pins = [settings.rs, settings.e, ...settings.data];
    const wanted = pins.map((pin) => ({ use: "output", pin, level: 0 }) as const);
    gpio.claim(wanted, { edge: () => {}, lost }, (outcome) => {
      if (outcome.kind === "claimed") this.#lines = outcome.lines;
      done(outcome.kind === "claimed" ? null : outcome.why);
    });
  }

  send(transfers: readonly Transfer[], done: (error: string | null) => void): void {
    const { clock, spin } = this.#parts;
    for (const { rs, width, value, waitUs } of transfers) {
      if (width === "byte") this.#half(rs, value >> 4);
      this.#half(rs, value & 0x0f);
      spin(Math.min(waitUs, EXECUTION_US));
    }
    // Other work has its turn between two rows.
    clock.at(clock.now(), () => done(null));
  }

  free(done: () => void): void {
    const { clock } = this.#parts;
    const lines = this.#lines;
    this.#lines = null;
    if (lines === null) clock.at(clock.now(), done);
    else lines.release(done);
  }

  /** The module takes the data when E falls; RS has to stand when it rises. */
  #half(rs: Level, value: number): void {
    const { settings, spin } = this.#parts;
    if (rs !== this.#rs) {
      this.#rs = rs;
      this.#write([{ pin: settings.rs, level: rs }]);
      spin(EDGE_US);
    }
    const data = settings.data.map(
      (pin, bit): GpioLevel => ({ pin, level: ((value >> bit) & 1) === 1 ? 1 : 0 }),
    );
    this.#write([...data, { pin: settings.e, level: 1 }]);
    spin(EDGE_US);
    this.#write([{ pin: settings.e, level: 0 }]);
    spin(EDGE_US);
  }

  #write(levels: readonly GpioLevel[]): void {
    this.#lines?.write(levels);
  }
}
