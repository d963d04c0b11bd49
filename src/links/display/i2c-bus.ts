/** Devices on an I2C bus by the package i2c-bus, whose transfers run in the thread pool. */
import type { I2CBus } from "i2c-bus";
import type { I2cLink } from "../../runtime/ports.ts";
import { notLoaded } from "../machine/not-loaded.ts";

/** Which bus, N of /dev/i2c-N, and the device's address of seven bits. */
export interface I2cSettings {
  readonly bus: number;
  readonly address: number;
}

type OpenBus = typeof import("i2c-bus")["open"];

/** Loads the native package; rejects with a sentence for the technician. */
export async function loadI2cDevice(settings: I2cSettings): Promise<I2cLink> {
  try {
    const { open } = await import("i2c-bus");
    return new I2cDevice(open, settings);
  } catch (cause) {
    throw new Error(notLoaded("i2c-bus"), { cause });
  }
}

class I2cDevice implements I2cLink {
  readonly #open: OpenBus;
  readonly #settings: I2cSettings;
  #bus: I2CBus | null = null;
  /** Transfers under way; the bus is closed after them. */
  #transfers = 0;
  readonly #whenIdle: (() => void)[] = [];

  constructor(open: OpenBus, settings: I2cSettings) {
    this.#open = open;
    this.#settings = settings;
  }

  write(bytes: Uint8Array, done: (error: string | null) => void): void {
    const { bus, address } = this.#settings;
    this.#bus ??= this.#open(bus, () => {});
    this.#transfers += 1;
    this.#bus.i2cWrite(address, bytes.length, Buffer.from(bytes), (error, written) => {
      this.#transfers -= 1;
      const why = error === null ? null : this.#sentence(error);
      // What the package keeps of a device that it could not address is not to be used again.
      if (why !== null) this.close(() => done(why));
      else done(written === bytes.length ? null : `${written} of ${bytes.length} bytes were taken`);
      if (this.#transfers === 0) for (const idle of this.#whenIdle.splice(0)) idle();
    });
  }

  close(done: () => void): void {
    if (this.#transfers > 0) {
      this.#whenIdle.push(() => this.close(done));
      return;
    }
    const bus = this.#bus;
    this.#bus = null;
    // An error of closing changes nothing: the descriptor is gone either way.
    if (bus === null) setImmediate(done);
    else bus.close(() => done());
  }

  #sentence(error: NodeJS.ErrnoException): string {
    const { bus, address } = this.#settings;
    switch (error.code) {
      case "ENOENT":
        return `There is no I2C bus ${bus} (ENOENT): switch I2C on, by raspi-config or dtparam=i2c_arm=on.`;
      case "EACCES":
        return `/dev/i2c-${bus} may not be used (EACCES); the user of the box has to be in the group i2c.`;
      case "ENXIO":
      case "EREMOTEIO":
        return `Nothing answers on I2C bus ${bus} at address 0x${address.toString(16)} (${error.code}).`;
      default:
        return error.message;
    }
  }
}
