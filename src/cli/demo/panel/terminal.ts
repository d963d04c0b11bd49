/**
 * The thin edge to a real terminal: raw keys in, bytes out, and the promise that the terminal is left as it was found,
 * however the process ends.
 */
import { write, writeSync } from "node:fs";
import { createInterface, emitKeypressEvents, type Key as NodeKey } from "node:readline";
import { PassThrough, type Readable, type Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import { cursorHide, cursorShow, enterAlternativeScreen, exitAlternativeScreen } from "ansi-escapes";
import type { Press } from "./keyboard.ts";
import type { Abilities } from "./painter.ts";
import type { Size } from "./picture.ts";

/** Hears what happens at the terminal. */
export interface TerminalListener {
  /** Keys that came at once, in their order. */
  pressed(presses: readonly Press[]): void;
  /** Its size has changed, or it comes back from elsewhere: what stood on it is gone. */
  disturbed(): void;
  /** It has gone away. */
  lost(): void;
}

/** A lone Escape is told from the beginning of a longer sequence by the silence after it. */
const ESCAPE_MS = 50;

/** A terminal that takes nothing now is asked again so often. */
const BUSY_MS = 20;

/** A program that still runs after this time was not suspended. */
const UNSTOPPED_MS = 100;

/** Pasted text comes between marks (xterm, "Bracketed Paste Mode"). */
const PASTE_MARKS_ON = "\u001b[?2004h";
const PASTE_MARKS_OFF = "\u001b[?2004l";

const ENTER = `${enterAlternativeScreen}${cursorHide}${PASTE_MARKS_ON}`;
const LEAVE = `\u001b[0m${PASTE_MARKS_OFF}${cursorShow}${exitAlternativeScreen}`;

/** Both ends of one terminal. */
export interface TerminalStreams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
}

/** The streams as a terminal, where both of them are one that can move its cursor; null otherwise. */
export function terminalStreams(stdin: Readable, stdout: Writable): TerminalStreams | null {
  if (process.env.TERM === "dumb") return null;
  return isReadTerminal(stdin) && isWriteTerminal(stdout) ? { stdin, stdout } : null;
}

/** What the terminal can show, by the environment (no-color.org; locale(7)). */
export function abilitiesOf(
  stdout: Pick<WriteStream, "getColorDepth">,
  environment = process.env,
): Abilities {
  const { LC_ALL, LC_CTYPE, LANG, TERM = "" } = environment;
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== "");
  return {
    colours: stdout.getColorDepth(environment) > 1,
    unicode: /^vt\d/.test(TERM) ? false : locale === undefined || /utf-?8/i.test(locale),
  };
}

/** A terminal that is used for a while. `open` once, `close` once; it closes itself where the process ends. */
export class Terminal {
  readonly #streams: TerminalStreams;
  readonly #listener: TerminalListener;
  #presses: Press[] = [];
  #opened = false;
  #inUse = false;
  /** Asked for, and not back yet. */
  #suspended = false;
  /** Settled while no picture is under way: one that lands after the terminal was left would spoil what stands there. */
  #written: Promise<void> = Promise.resolve();
  readonly #onExit = (): void => this.#leave();
  readonly #onResize = (): void => this.#listener.disturbed();
  readonly #onContinue = (): void => {
    this.#enter();
    this.#listener.disturbed();
  };
  readonly #onLost = (): void => this.#listener.lost();
  readonly #onKeypress = (text: string | undefined, key: NodeKey): void => {
    if (this.#presses.length === 0) queueMicrotask(() => this.#flush());
    this.#presses.push({ name: key.name ?? "", text: text ?? "", ctrl: key.ctrl ?? false });
  };

  constructor(streams: TerminalStreams, listener: TerminalListener) {
    this.#streams = streams;
    this.#listener = listener;
  }

  get size(): Size {
    // Serial consoles do not know their size.
    const { columns, rows } = this.#streams.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  open(): void {
    const { stdin, stdout } = this.#streams;
    process.once("exit", this.#onExit);
    // Before the handler that says what went wrong, so that its words are not lost with the screen.
    process.once("uncaughtExceptionMonitor", this.#onExit);
    process.on("SIGCONT", this.#onContinue);
    stdout.on("resize", this.#onResize);
    // It reads nothing; keys are decoded with the patience of the interface that is named.
    const patience = createInterface({ input: new PassThrough(), escapeCodeTimeout: ESCAPE_MS });
    emitKeypressEvents(stdin, patience);
    stdin.on("keypress", this.#onKeypress);
    stdin.on("end", this.#onLost);
    stdin.on("error", this.#onLost);
    this.#opened = true;
    this.#enter();
    stdin.resume();
  }

  /** Leaves the terminal as it was, once the part of a picture that is under way has been written. */
  async close(): Promise<void> {
    const { stdin, stdout } = this.#streams;
    this.#opened = false;
    await this.#written;
    this.#leave();
    process.off("exit", this.#onExit);
    process.off("uncaughtExceptionMonitor", this.#onExit);
    process.off("SIGCONT", this.#onContinue);
    stdout.off("resize", this.#onResize);
    stdin.off("keypress", this.#onKeypress);
    stdin.off("end", this.#onLost);
    stdin.pause();
  }

  /** Writes a line below what stood there before; for after `close`. */
  say(text: string): void {
    this.#writeNow(`${text}\n`);
  }

  /** Gives the terminal back to the shell until it brings the program to the front again. */
  suspend(): void {
    this.#suspended = true;
    void this.#written.then(() => {
      if (!this.#opened) return;
      this.#leave();
      process.kill(0, "SIGTSTP");
      // Where no shell could bring it back, the system does not stop it (POSIX, orphaned process groups).
      setTimeout(() => {
        if (!this.#inUse && this.#opened) this.#onContinue();
      }, UNSTOPPED_MS);
    });
  }

  /**
   * Writes without holding up anything else: a terminal that takes nothing for a while (Ctrl-S, a stalled line) stops
   * the pictures, not the box.
   */
  write(text: string, done: () => void): void {
    const { fd } = this.#streams.stdout;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = promise;
    const ended = (): void => {
      resolve();
      done();
    };
    const go = (bytes: Buffer): void => {
      if (!this.#inUse || !this.#opened || this.#suspended || bytes.length === 0) {
        ended();
        return;
      }
      write(fd, bytes, (error, written) => {
        if (error === null) go(bytes.subarray(written));
        else if (error.code === "EAGAIN") setTimeout(() => go(bytes), BUSY_MS);
        else {
          ended();
          this.#listener.lost();
        }
      });
    };
    go(Buffer.from(text, "utf8"));
  }

  #flush(): void {
    const presses = this.#presses;
    this.#presses = [];
    this.#listener.pressed(presses);
  }

  #enter(): void {
    this.#inUse = true;
    this.#suspended = false;
    this.#streams.stdin.setRawMode(true);
    this.#writeNow(ENTER);
  }

  #leave(): void {
    if (!this.#inUse) return;
    this.#inUse = false;
    this.#writeNow(LEAVE);
    try {
      this.#streams.stdin.setRawMode(false);
    } catch {
      // A terminal that has gone needs nothing any more.
    }
  }

  #writeNow(text: string): void {
    try {
      writeSync(this.#streams.stdout.fd, text);
    } catch {
      // The same; what is read from it says so.
    }
  }
}

function isReadTerminal(stream: Readable): stream is ReadStream {
  return "isTTY" in stream && stream.isTTY === true && "setRawMode" in stream;
}

function isWriteTerminal(stream: Writable): stream is TerminalStreams["stdout"] {
  return "isTTY" in stream && stream.isTTY === true && "getColorDepth" in stream && "fd" in stream;
}
