/** Character displays by the kernel's own driver, which needs no native package and no pins of ours. */
import { close, constants, open, write } from "node:fs";
import { charlcdCells, charlcdStart } from "../../core/codecs/charlcd.ts";
import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import type { DisplayConnection, DisplayLink, DisplayListener, DisplayRun } from "../../runtime/ports.ts";
import { type DisplayWork, QueuedDisplay } from "./queued-display.ts";

/** Which device file, such as /dev/lcd, and how large the display is. */
export interface KernelDisplaySettings extends DisplaySize {
  readonly path: string;
}

/**
 * A display behind /dev/lcd (drivers/auxdisplay/charlcd.c), as the overlays hd44780-lcd and hd44780-i2c-lcd of Raspberry Pi OS
 * make one. The kernel writes to the module while our thread pool waits.
 */
export class KernelDisplay implements DisplayLink {
  readonly #settings: KernelDisplaySettings;

  constructor(settings: KernelDisplaySettings) {
    this.#settings = settings;
  }

  open(listener: DisplayListener): DisplayConnection {
    return new QueuedDisplay(new DeviceFile(this.#settings.path), listener);
  }
}

class DeviceFile implements DisplayWork {
  readonly #path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  start(done: (error: string | null) => void): void {
    // Neither made where it is missing nor read from, which the driver refuses.
    open(this.#path, constants.O_WRONLY | constants.O_NOCTTY, (error, fd) => {
      if (error !== null) {
        done(this.#sentence(error));
        return;
      }
      this.#fd = fd;
      this.#send(fd, charlcdStart(), done);
    });
  }

  write(runs: readonly DisplayRun[], done: (error: string | null) => void): void {
    if (this.#fd !== null) this.#send(this.#fd, charlcdCells(runs), done);
  }

  free(done: () => void): void {
    // An error of closing changes nothing: the descriptor is gone either way.
    if (this.#fd === null) setImmediate(done);
    else close(this.#fd, () => done());
    this.#fd = null;
  }

  #send(fd: number, bytes: Uint8Array, done: (error: string | null) => void): void {
    write(fd, bytes, (error, written) => {
      if (error !== null) done(this.#sentence(error));
      else if (written < bytes.length) this.#send(fd, bytes.subarray(written), done);
      else done(null);
    });
  }

  #sentence(error: NodeJS.ErrnoException): string {
    switch (error.code) {
      case "ENOENT":
      case "ENODEV":
      case "ENXIO":
        return `There is no display at ${this.#path} (${error.code}): load the overlay hd44780-lcd or hd44780-i2c-lcd.`;
      case "EBUSY":
        return `Another program has ${this.#path} open (EBUSY); it lets one in at a time.`;
      case "EACCES":
        return `${this.#path} may not be written (EACCES): let the user of the box do so, by a udev rule.`;
      default:
        return error.message;
    }
  }
}
