/** The glass of a box that has none, for the table of who sets it up: on a terminal, or line by line in a log. */
import type { Writable } from "node:stream";
import type { GlassSize } from "../../core/codecs/glass.ts";
import type { GlassConnection, GlassLink, GlassListener, GlassRun } from "../../runtime/ports.ts";
import { type GlassWork, WorkedGlass } from "./worked-glass.ts";

/** Where it is drawn; a terminal says that it is one, and how many lines it has. */
export type GlassStream = Writable & { readonly isTTY?: boolean; readonly rows?: number };

/** Where the glass is drawn, and how large it is. */
export interface TerminalGlassParts {
  readonly stream: GlassStream;
  readonly size: GlassSize;
}

/**
 * A glass drawn as text. A terminal keeps it in its uppermost lines while everything else runs below; any other stream gets
 * each picture once more.
 */
export class TerminalGlass implements GlassLink {
  readonly #parts: TerminalGlassParts;

  constructor(parts: TerminalGlassParts) {
    this.#parts = parts;
  }

  open(listener: GlassListener): GlassConnection {
    const work = new DrawnGlass(this.#parts, (cause) => connection.fail(cause));
    const connection = new WorkedGlass(work, listener);
    return connection;
  }
}

const ESC = "\u001b";

class DrawnGlass implements GlassWork {
  readonly #stream: GlassStream;
  readonly #height: number;
  readonly #failed: (error: Error) => void;
  #rows: string[];

  constructor({ stream, size }: TerminalGlassParts, fail: (cause: string) => void) {
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
    // The lines below the glass become the part that scrolls (DECSTBM), and the cursor goes there.
    this.#put(`${ESC}[2J${ESC}[${first};${this.#height}r${this.#picture()}${ESC}[${first};1H`, done);
  }

  write(runs: readonly GlassRun[], done: (error: string | null) => void): void {
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
