import type { DisplaySize } from "../core/codecs/display-frame.ts";
import type { Transfer } from "../core/codecs/hd44780.ts";
import type {
  Clock,
  DisplayConnection,
  DisplayLink,
  DisplayListener,
  I2cLink,
  Level,
} from "../runtime/ports.ts";
import { ModuleConnection, type ModuleLines } from "./hd44780-module.ts";

/** How large the module is, and whether its light is on. */
export interface BackpackSettings extends DisplaySize {
  readonly backlight: boolean;
}

/** What the driver needs beside its settings. */
export interface BackpackParts {
  /** The expander: a PCF8574 or PCF8574A at its address. */
  readonly i2c: I2cLink;
  readonly clock: Clock;
  readonly settings: BackpackSettings;
}

/** Which pin of the expander leads where on nearly all boards of this kind; RW, its pin 1, stays low. */
const RS = 0x01;
const E = 0x04;
const LIGHT = 0x08;

/**
 * An HD44780 behind an I2C expander, D4 to D7 on its pins 4 to 7. A byte on the bus takes 90 µs at 100 kHz, the fastest that
 * a PCF8574 is made for, so that every wait of the module but the longest has passed when the next byte arrives, and a
 * whole row goes in one transfer.
 */
export class Hd44780Backpack implements DisplayLink {
  readonly #parts: BackpackParts;

  constructor(parts: BackpackParts) {
    this.#parts = parts;
  }

  open(listener: DisplayListener): DisplayConnection {
    const { clock, settings } = this.#parts;
    return new ModuleConnection({ lines: new ExpanderLines(this.#parts), clock, size: settings, listener });
  }
}

/** The lines of one connection. */
class ExpanderLines implements ModuleLines {
  readonly #i2c: I2cLink;
  readonly #light: number;
  #rs: Level = 0;

  constructor({ i2c, settings }: BackpackParts) {
    this.#i2c = i2c;
    this.#light = settings.backlight ? LIGHT : 0;
  }

  /** A bus fails by transfers, never by itself. The expander begins with all its pins high. */
  take(_lost: (cause: string) => void, done: (error: string | null) => void): void {
    this.#i2c.write(Uint8Array.of(this.#light), done);
  }

  send(transfers: readonly Transfer[], done: (error: string | null) => void): void {
    const bytes = transfers.flatMap(({ rs, width, value }) => [
      ...this.#select(rs),
      ...(width === "byte" ? this.#half(value >> 4) : []),
      ...this.#half(value & 0x0f),
    ]);
    this.#i2c.write(Uint8Array.from(bytes), done);
  }

  free(done: () => void): void {
    this.#i2c.close(done);
  }

  /** RS has to stand before E rises. */
  #select(rs: Level): readonly number[] {
    if (rs === this.#rs) return [];
    this.#rs = rs;
    return [this.#pins(0)];
  }

  /** The module takes the data when E falls. */
  #half(value: number): readonly number[] {
    const pins = this.#pins(value << 4);
    return [pins | E, pins];
  }

  #pins(data: number): number {
    return data | this.#light | (this.#rs === 1 ? RS : 0);
  }
}
