/**
 * A conversation in lines: the program says something, asks, and gets one line back. That is all it takes, so that it
 * works over SSH, on a serial console, for a screen reader and out of a pipe alike; nothing is ever drawn twice.
 */
import { createInterface, type Interface } from "node:readline";
import { type Readable, Writable } from "node:stream";
import { styleText } from "node:util";

/** Somebody left in the middle, or the answers have ended: whatever was begun is given back, and nothing is written. */
export class Left extends Error {
  override readonly name = "Left";
}

/** How a line is meant. */
export type Tone = "heading" | "quiet" | "good" | "bad" | "usual";

/** What the steps of a set-up say and ask through. */
export interface Dialogue {
  /** Aborted when the person leaves. */
  readonly left: AbortSignal;
  /** Says a paragraph, wrapped to the terminal; lines of it that begin with blanks keep them. */
  say(text: string, tone?: Tone): void;
  /** The beginning of a line that the next `say` ends. */
  begin(text: string): void;
  /** A rule with a title, above a new subject. */
  title(text: string): void;
  /** Asks for a line; what is typed for a secret is not shown. Rejects with `Left`. */
  ask(prompt: string, secret: boolean): Promise<string>;
  /** Hears Enter at a terminal while something else is waited for; what is typed meanwhile is not shown. */
  listen(entered: () => void): { readonly end: () => void };
}

/** Both ends of the conversation. */
export interface DialogueStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 78;

const marks = { good: ["✓ ", "ok: "], bad: ["✗ ", "!! "] } as const;

/** What readline writes through: silent while nobody is asked, and while a secret is typed. */
class Gate extends Writable {
  silent = true;
  readonly #target: Writable;

  constructor(target: Writable) {
    super();
    this.#target = target;
  }

  get columns(): number {
    return columnsOf(this.#target);
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    if (!this.silent) this.#target.write(chunk);
    done();
  }
}

/** The conversation on two streams; `close` gives a terminal back as it was. */
export class LineDialogue implements Dialogue {
  readonly #stdout: Writable;
  readonly #terminal: boolean;
  readonly #plain: boolean;
  readonly #lines: string[] = [];
  readonly #leaving = new AbortController();
  readonly #gate: Gate;
  readonly #readline: Interface;
  #asked: ((line: string) => void) | null = null;
  #entered: (() => void) | null = null;
  #ended = false;

  constructor({ stdin, stdout }: DialogueStreams, plain: boolean) {
    this.#stdout = stdout;
    this.#terminal = isTerminal(stdin) && isTerminal(stdout);
    this.#plain = plain || !isTerminal(stdout);
    this.#gate = new Gate(stdout);
    this.#readline = createInterface({
      input: stdin,
      output: this.#gate,
      terminal: this.#terminal,
      // Nothing that was typed comes back by an arrow key: there are secrets among it.
      historySize: 0,
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    this.#readline.on("line", (line) => this.#heard(line));
    this.#readline.on("SIGINT", () => this.leave());
    this.#readline.on("close", () => this.#end());
  }

  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Ends the conversation from outside: whoever waits for an answer hears `Left`. */
  leave(): void {
    this.#leaving.abort();
  }

  close(): void {
    this.#readline.close();
  }

  say(text: string, tone: Tone = "usual"): void {
    const mark = tone === "good" || tone === "bad" ? marks[tone][this.#plain ? 1 : 0] : "";
    const width = Math.min(WIDEST, columnsOf(this.#stdout) - 2);
    for (const line of wrapped(`${mark}${text}`, width)) this.#put(`${this.#toned(line, tone)}\n`);
  }

  begin(text: string): void {
    this.#put(text);
  }

  title(text: string): void {
    const width = Math.min(WIDEST, columnsOf(this.#stdout) - 2);
    const rule = this.#plain ? "-" : "─";
    const line = `${rule}${rule} ${text} `;
    this.#put(`\n${this.#toned(line + rule.repeat(Math.max(0, width - line.length)), "heading")}\n`);
  }

  async ask(prompt: string, secret: boolean): Promise<string> {
    const [line] = this.#lines.splice(0, 1);
    if (line !== undefined) {
      this.#put(`${prompt}${secret ? "(not shown)" : line}\n`);
      return line;
    }
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#asked = null;
        this.#gate.silent = true;
        this.#put("\n");
        reject(new Left());
      };
      if (this.#ended || this.left.aborted) {
        this.#put(prompt);
        leave();
        return;
      }
      this.left.addEventListener("abort", leave, { once: true });
      this.#asked = (answer) => {
        this.left.removeEventListener("abort", leave);
        this.#gate.silent = true;
        if (!this.#terminal) this.#put(`${secret ? "(not shown)" : answer}\n`);
        else if (secret) this.#put("\n");
        resolve(answer);
      };
      this.#prompt(prompt, secret);
    });
  }

  listen(entered: () => void): { readonly end: () => void } {
    if (this.#terminal) this.#entered = entered;
    return {
      end: () => {
        this.#entered = null;
      },
    };
  }

  #prompt(prompt: string, secret: boolean): void {
    if (!this.#terminal) {
      this.#put(prompt);
      return;
    }
    // What was typed before anybody asked is no answer. It is taken away under an empty prompt, for readline goes up as many
    // lines as the prompt has that it knows.
    this.#readline.setPrompt("");
    this.#readline.write(null, { ctrl: true, name: "e" });
    this.#readline.write(null, { ctrl: true, name: "u" });
    this.#gate.silent = false;
    this.#readline.setPrompt(prompt);
    this.#readline.prompt();
    this.#gate.silent = secret;
  }

  #heard(line: string): void {
    const asked = this.#asked;
    if (asked !== null) {
      this.#asked = null;
      asked(line);
    } else if (!this.#terminal) this.#lines.push(line);
    else this.#entered?.();
  }

  /** A pipe has ended when its last line was taken; a terminal at Ctrl-D. */
  #end(): void {
    this.#ended = true;
    if (this.#terminal || this.#asked !== null) this.leave();
  }

  #toned(text: string, tone: Tone): string {
    if (this.#plain || tone === "usual") return text;
    const format = ({ heading: "bold", quiet: "dim", good: "green", bad: "red" } as const)[tone];
    const stream = this.#stdout;
    return "isTTY" in stream ? styleText(format, text, { stream }) : text;
  }

  #put(text: string): void {
    this.#stdout.write(text);
  }
}

/** A text in lines of at most `width` characters; a line goes on below its first word after the blanks it began with. */
function wrapped(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const indent = /^ */.exec(line)?.[0] ?? "";
    const lines: string[] = [];
    let current = indent;
    for (const word of line.slice(indent.length).split(" ")) {
      const longer = current.length > indent.length ? `${current} ${word}` : `${current}${word}`;
      if (longer.length > width && current.trim() !== "") {
        lines.push(current);
        current = `${indent}${word}`;
      } else current = longer;
    }
    return [...lines, current];
  });
}

function isTerminal(stream: Readable | Writable): boolean {
  return "isTTY" in stream && stream.isTTY === true;
}

/** Serial consoles do not know their size. */
function columnsOf(stream: Writable): number {
  return "columns" in stream && typeof stream.columns === "number" && stream.columns > 20
    ? stream.columns
    : 80;
}
