/**
 * Scanners that play a keyboard, read from /dev/input (evdev). The device is taken for this box alone: what an ungrabbed
 * keyboard types also lands in the console's login prompt, and from there in the system's journal. Nothing here blocks:
 * a read that waits for a key would keep the process from ending.
 */
import { close, constants, fstatSync, open, readSync } from "node:fs";
import { createRequire } from "node:module";
import { KEY_RECORD_BYTES, KeyText } from "../../core/codecs/key-text.ts";
import { LineGuard } from "../../core/codecs/line-guard.ts";
import { GuardedLines, textsOf } from "../../runtime/guarded-lines.ts";
import type { SerialConnection, SerialLink, SerialListener, SerialSettings } from "../../runtime/ports.ts";
import { notLoaded } from "../machine/not-loaded.ts";
import { SystemClock } from "../machine/system-clock.ts";
import { PATH_CHECK_EVERY_MS, PathCheck } from "./path-check.ts";
import { watchPath } from "./path-watch.ts";

/** Calls of linux/input.h: take the device alone, and choose the records that come. */
const EVIOCGRAB = 0x40044590;
const EVIOCSMASK = 0x40104593;

/** Scan codes beside each key (EV_MSC) fill a third of the kernel's buffer of 64 records. */
const EV_MSC = 4;

/** Records that one read may bring: all that the kernel keeps of a keyboard. */
const RECORDS_MAX = 64;

const clock = new SystemClock();

/** What is used of the package epoll, which has no types of its own. */
interface Poller {
  add(fd: number, events: number): Poller;
  remove(fd: number): Poller;
  close(): void;
}

interface EpollPackage {
  readonly Epoll: {
    new (ready: (error: Error | null) => void): Poller;
    readonly EPOLLIN: number;
  };
}

/** What the kernel is asked through. */
interface Kernel {
  readonly epoll: EpollPackage["Epoll"];
  /** Null, or why the call failed. */
  ioctl(fd: number, request: number, type: string, argument: unknown): string | null;
}

/**
 * Loads the native packages, only where such a scanner is configured. Where they do not load, there is a link all the
 * same, and every opening ends with a sentence for the technician: an ungrabbed keyboard is not read at all.
 */
export async function loadEvdevKeyboard(pathCheckEveryMs: number = PATH_CHECK_EVERY_MS): Promise<SerialLink> {
  const kernel = await loadKernel();
  return {
    open: (settings, listener) => new Connection(kernel, settings, listener, pathCheckEveryMs),
    watch: watchPath,
  };
}

async function loadKernel(): Promise<Kernel | string> {
  try {
    const koffi = await import("koffi");
    // epoll is a dependency of onoff, and its version is onoff's choice.
    const requireOfOnoff = createRequire(import.meta.resolve("onoff"));
    const { Epoll }: EpollPackage = requireOfOnoff("epoll");
    const ioctl = koffi.load(null).func("int ioctl(int fd, unsigned long request, ...)");
    return {
      epoll: Epoll,
      ioctl: (fd, request, type, argument) => {
        if (ioctl(fd, request, type, argument) >= 0) return null;
        const errno = koffi.errno();
        return Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
      },
    };
  } catch {
    return `${notLoaded("koffi")} Without it and epoll no keyboard scanner is read: mend that, or switch the scanner to USB serial.`;
  }
}

/** One connection, from the try to open it to its end. */
class Connection implements SerialConnection {
  readonly #listener: SerialListener;
  readonly #path: string;
  readonly #pathCheckEveryMs: number;
  readonly #keys = new KeyText();
  readonly #lines = new GuardedLines(clock, new LineGuard(), {
    began: () => {
      if (!this.#released) this.#listener.began?.();
    },
    lines: (bytes) => {
      for (const line of textsOf(bytes)) if (!this.#released) this.#listener.line(line);
    },
    discarded: (why) => {
      if (!this.#released) this.#listener.discarded(why);
    },
  });
  readonly #records = Buffer.alloc(RECORDS_MAX * KEY_RECORD_BYTES);
  #poller: Poller | null = null;
  #pathCheck: PathCheck | null = null;
  #state: "opening" | "open" | "closing" | "closed" = "opening";
  #fd = -1;
  /** The owner asked for the end: the listener hears nothing any more. */
  #released = false;
  readonly #whenFree: (() => void)[] = [];

  constructor(
    kernel: Kernel | string,
    settings: SerialSettings,
    listener: SerialListener,
    pathCheckEveryMs: number,
  ) {
    this.#listener = listener;
    this.#path = settings.path;
    this.#pathCheckEveryMs = pathCheckEveryMs;
    if (typeof kernel === "string") {
      setImmediate(() => this.#closed(kernel));
      return;
    }
    open(settings.path, constants.O_RDONLY | constants.O_NONBLOCK, (error, fd) => {
      if (error === null) this.#opened(kernel, fd);
      else this.#closed(error.message);
    });
  }

  /** A scanner that plays a keyboard is told nothing. */
  write(_bytes: Uint8Array): void {}

  close(done: () => void): void {
    this.#released = true;
    if (this.#state === "closed") {
      setImmediate(done);
      return;
    }
    this.#whenFree.push(done);
    if (this.#state === "open") this.#shut("closed");
  }

  #opened(kernel: Kernel, fd: number): void {
    this.#state = "open";
    this.#fd = fd;
    const refused = this.#released ? "closed" : this.#take(kernel);
    if (refused === null) this.#listener.opened();
    else this.#shut(refused);
  }

  /** Takes the keyboard alone and begins to listen; returns why that is not possible. */
  #take(kernel: Kernel): string | null {
    const fd = this.#fd;
    const grab = kernel.ioctl(fd, EVIOCGRAB, "int", 1);
    if (grab === "EBUSY") return "another program holds the scanner for itself (EVIOCGRAB: EBUSY)";
    if (grab !== null) return `the device cannot be taken for the box alone (EVIOCGRAB: ${grab})`;
    // struct input_mask with an empty set of codes; a kernel that does not know it sends the records all the same.
    const mask = Buffer.alloc(16);
    mask.writeUInt32LE(EV_MSC);
    kernel.ioctl(fd, EVIOCSMASK, "void *", mask);
    const { rdev } = fstatSync(fd);
    this.#pathCheck = new PathCheck(this.#path, rdev, this.#pathCheckEveryMs, (cause) => this.#gone(cause));
    this.#poller = new kernel.epoll((error) => {
      if (error === null) this.#read();
      else this.#gone(error.message);
    }).add(fd, kernel.epoll.EPOLLIN);
    return null;
  }

  #read(): void {
    if (this.#state !== "open") return;
    let length: number;
    try {
      length = readSync(this.#fd, this.#records, 0, this.#records.length, null);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      if (code !== "EAGAIN" && code !== "EINTR") this.#gone(`the device hung up (${code})`);
      return;
    }
    if (length === 0) this.#gone("the device hung up");
    else this.#tell(this.#records.subarray(0, length));
  }

  #tell(records: Uint8Array): void {
    const text = this.#keys.pass(records);
    if (this.#keys.takeAltNumbers()) this.#listener.discarded("alt-numbers");
    if (!this.#released) this.#lines.take(text);
  }

  #gone(cause: string): void {
    if (this.#state === "open") this.#shut(cause);
  }

  #shut(cause: string): void {
    this.#state = "closing";
    this.#pathCheck?.end();
    this.#lines.end();
    this.#poller?.remove(this.#fd);
    // With the descriptor the kernel lets go of the keyboard. The poller is freed outside its own callback.
    close(this.#fd, () => {
      this.#poller?.close();
      this.#closed(cause);
    });
  }

  #closed(cause: string): void {
    this.#state = "closed";
    if (!this.#released) {
      this.#released = true;
      this.#listener.closed(cause);
    }
    for (const done of this.#whenFree) done();
  }
}
