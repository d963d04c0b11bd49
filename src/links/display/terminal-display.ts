/** The display of a box that has none, for the table of who sets it up: on a terminal, or line by line in a log. */
import type { Writable } from "node:stream";
import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import type { DisplayConnection, DisplayLink, DisplayListener, DisplayRun } from "../../runtime/ports.ts";
import { type DisplayWork, QueuedDisplay } from "./queued-display.ts";

/** Where it is drawn; a terminal says that it is one, and how many lines it has. */
export type DisplayStream = Writable & { readonly isTTY?: boolean; readonly rows?: number };

/** Where the display is drawn, and how large it is. */
export interface TerminalDisplayParts {
  readonly stream: DisplayStream;
  readonly size: DisplaySize;
}

/**
 * A display drawn as text. A terminal keeps it in its uppermost lines while everything else runs below; any other stream gets
 * each picture once more.
 */
export class TerminalDisplay implements DisplayLink {
  readonly #parts: TerminalDisplayParts;

  constructor(parts: TerminalDisplayParts) {
    this.#parts = parts;
  }

  open(listener: DisplayListener): DisplayConnection {
    const work = new DrawnDisplay(this.#parts, (cause) => connection.fail(cause));
    const connection = new QueuedDisplay(work, listener);
    return connection;
  }
}

const ESC = "\u001b";

class DrawnDisplay implements DisplayWork {
  readonly #stream: DisplayStream;
  readonly #height: number;
  readonly #failed: (error: Error) => void;
  #rows: string[];

  constructor({ stream, size }: TerminalDisplayParts, fail: (cause: string) => void) {
    this.#stream = stream;
    this.#rows = Array.from({ length: size.rows }, () => " ".repeat(size.columns));
    // The edges above and below, and at least a line for everything else.
    const room = (stream.rows ?? 0) > size.rows + 2;
    this.#height = stream.isTTY === true && room ? (stream.rows ?? 0) : 0;
    this.#failed = (error) => fail(error.message);
    // A stream without a listener would end the process.
    stream.on("error", this.#failed);
  }

  start(done: (error: string | null) => void): void {
    if (this.#height === 0) {
      setImmediate(done, null);
      return;
    }
    const first = this.#rows.length + 3;
    // The lines below the display become the part that scrolls (DECSTBM), and the cursor goes there.
    this.#put(`${ESC}[2J${ESC}[${first};${this.#height}r${this.#picture()}${ESC}[${first};1H`, done);
  }

  write(runs: readonly DisplayRun[], done: (error: string | null) => void): void {
    for (const { row, column, text } of runs) {
      const before = this.#rows[row] ?? "";
      this.#rows[row] = `${before.slice(0, column)}${text}${before.slice(column + text.length)}`;
    }
    if (this.#height > 0) this.#put(`${ESC}7${this.#picture()}${ESC}8`, done);
    else this.#put(this.#rows.map((row) => `|${row}|\n`).join(""), done);
  }

  free(done: () => void): void {
    const end = (): void => {
      this.#stream.off("error", this.#failed);
      done();
    };
    if (this.#height > 0) this.#put(`${ESC}7${ESC}[r${ESC}8`, end);
    else setImmediate(end);
  }

  #picture(): string {
    const edge = "─".repeat(this.#rows[0]?.length ?? 0);
    const lines = [`┌${edge}┐`, ...this.#rows.map((row) => `│${row}│`), `└${edge}┘`];
    return lines.map((line, index) => `${ESC}[${index + 1};1H${line}${ESC}[K`).join("");
  }

  #put(text: string, done: (error: string | null) => void): void {
    this.#stream.write(text, (error) => setImmediate(done, error?.message ?? null));
  }
}
