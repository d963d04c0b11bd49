/**
 * Serial lines by serialport and its ReadlineParser. Everything is made anew for each connection, and three faults of the
 * native binding are worked around here: a read of zero bytes is retried for ever where a hung-up terminal means it, a
 * poll may finish outside a turn of the event loop so that the scan waits for the next timer, and a read may still be on
 * its way to the kernel when its file is closed.
 */
import { fstatSync, read, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { ReadlineParser } from "@serialport/parser-readline";
import type { SerialPort } from "serialport";
import { LineGuard } from "../../core/codecs/line-guard.ts";
import { scannerProfiles } from "../../core/codecs/scanner-profile.ts";
import { GuardedLines } from "../../runtime/guarded-lines.ts";
import type { SerialConnection, SerialLink, SerialListener, SerialSettings } from "../../runtime/ports.ts";
import { notLoaded } from "../machine/not-loaded.ts";
import { SystemClock } from "../machine/system-clock.ts";
import { PATH_CHECK_EVERY_MS, PathCheck } from "./path-check.ts";
import { watchPath } from "./path-watch.ts";

/** Bytes that one read may bring. */
const READ_BYTES_MAX = 4_096;

const clock = new SystemClock();

const readBytes = promisify(read);

interface Packages {
  readonly SerialPort: typeof SerialPort;
  readonly ReadlineParser: typeof ReadlineParser;
}

/** Loads the native package, only where a serial device is configured; rejects with a sentence for the technician. */
export async function loadSerialLink(pathCheckEveryMs: number = PATH_CHECK_EVERY_MS): Promise<SerialLink> {
  let packages: Packages;
  try {
    const [serialport, readline] = await Promise.all([
      import("serialport"),
      import("@serialport/parser-readline"),
    ]);
    packages = { SerialPort: serialport.SerialPort, ReadlineParser: readline.ReadlineParser };
  } catch (cause) {
    throw new Error(notLoaded("serialport"), { cause });
  }
  return {
    open: (settings, listener) => new Connection(packages, settings, listener, pathCheckEveryMs),
    watch: watchPath,
  };
}

/** One connection, from the try to open it to its end. */
class Connection implements SerialConnection {
  readonly #port: SerialPort;
  readonly #listener: SerialListener;
  readonly #path: string;
  readonly #lines: GuardedLines;
  readonly #parser: ReadlineParser;
  #pathCheck: PathCheck | null = null;
  #state: "opening" | "open" | "closing" | "closed" = "opening";
  /** The owner asked for the end: the listener hears nothing any more. */
  #released = false;
  readonly #whenFree: (() => void)[] = [];

  constructor(
    packages: Packages,
    settings: SerialSettings,
    listener: SerialListener,
    pathCheckEveryMs: number,
  ) {
    this.#listener = listener;
    this.#path = settings.path;
    this.#lines = new GuardedLines(clock, new LineGuard(scannerProfiles[settings.profile].replies), {
      began: () => {
        if (!this.#released) listener.began?.();
      },
      lines: (bytes) => void this.#parser.write(bytes),
      discarded: (why) => {
        if (!this.#released) listener.discarded(why);
      },
    });
    this.#parser = new packages.ReadlineParser({
      delimiter: "\n",
      encoding: "latin1",
      readableObjectMode: true,
    });
    this.#parser.on("data", (line: string) => {
      if (!this.#released) this.#listener.line(line);
    });
    const options = {
      path: settings.path,
      baudRate: settings.baudRate,
      autoOpen: false,
      highWaterMark: READ_BYTES_MAX,
      binding: { ...packages.SerialPort.binding, open: hardenedOpen(packages.SerialPort.binding) },
    };
    this.#port = new packages.SerialPort(options);
    // Flowing from the start: a paused port meets the hang-up late.
    this.#port.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#port.on("error", (error: Error) => this.#failed(error.message));
    this.#port.on("close", (error: Error | null) => this.#closed(error?.message ?? "closed"));
    this.#port.open((error) => {
      if (error === null) this.#opened(pathCheckEveryMs);
      else this.#closed(error.message);
    });
  }

  write(bytes: Uint8Array): void {
    const fd = this.#state === "open" && !this.#released ? this.#port.port?.fd : null;
    if (typeof fd !== "number") return;
    try {
      // The terminal never blocks, and a command fits into its buffer: what it does not take at once is worth nothing later.
      writeSync(fd, bytes);
    } catch {
      // A device that takes no bytes is gone, which the reading side tells.
    }
  }

  close(done: () => void): void {
    this.#released = true;
    if (this.#state === "closed") {
      setImmediate(done);
      return;
    }
    this.#whenFree.push(done);
    if (this.#state === "open") this.#shut("closed");
  }

  #opened(pathCheckEveryMs: number): void {
    this.#state = "open";
    if (this.#released) {
      this.#shut("closed");
      return;
    }
    const fd = this.#port.port?.fd;
    if (typeof fd === "number") {
      const { rdev } = fstatSync(fd);
      this.#pathCheck = new PathCheck(this.#path, rdev, pathCheckEveryMs, (cause) => this.#failed(cause));
    }
    this.#listener.opened();
  }

  #read(chunk: Buffer): void {
    if (this.#released || this.#state !== "open") return;
    this.#lines.take(chunk);
  }

  #shut(cause: string): void {
    this.#state = "closing";
    this.#pathCheck?.end();
    this.#lines.end();
    // An error of closing changes nothing: the descriptor is gone either way.
    this.#port.close(() => this.#closed(cause));
  }

  #failed(cause: string): void {
    if (this.#state === "open") this.#shut(cause);
  }

  #closed(cause: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#pathCheck?.end();
    this.#lines.end();
    this.#parser.destroy();
    if (!this.#released) {
      this.#released = true;
      this.#listener.closed(cause);
    }
    for (const done of this.#whenFree) done();
  }
}

type Binding = (typeof SerialPort)["binding"];
type NativePort = Awaited<ReturnType<Binding["open"]>>;
type PolledPort = Extract<NativePort, { poller: unknown }>;

function hardenedOpen(binding: Binding): (settings: SerialSettings) => Promise<NativePort> {
  return async (settings) => {
    const port = await binding.open(settings);
    if ("poller" in port) harden(port);
    return port;
  };
}

/** Replaces how the port reads; see the top of the file. */
function harden(port: PolledPort): void {
  let reading: Promise<unknown> = Promise.resolve();
  const close = port.close.bind(port);
  port.close = async () => {
    // The descriptor's number is free for others once it is closed, so no read of ours may still be under way.
    await reading;
    await close();
  };
  port.read = async (buffer, offset, length) => {
    for (;;) {
      if (port.fd === null) throw Object.assign(new Error("the port is closed"), { canceled: true });
      const attempt = readBytes(port.fd, buffer, offset, length, null);
      reading = attempt.catch(() => {});
      try {
        const { bytesRead } = await attempt;
        if (bytesRead > 0) return { bytesRead, buffer };
      } catch (error) {
        if (!isNotYet(error)) throw error;
        await readable(port);
        continue;
      }
      throw new Error("the device hung up");
    }
  };
}

function isNotYet(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EINTR");
}

function readable(port: PolledPort): Promise<void> {
  return new Promise((resolve, reject) => {
    // The hop brings the answer into a turn of the event loop, wherever the poller was called from.
    port.poller.once("readable", (error) => setImmediate(() => (error === null ? resolve() : reject(error))));
  });
}
