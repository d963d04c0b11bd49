import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../e2e/until.ts";
import { isGolden, isWriting } from "./golden.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** How often the terminal is looked at, and how long a picture stands before it is written down as agreed. */
const LOOK_MS = 60;
const STANDS_MS = 700;

/** A terminal with a panel in it: a real one, whose other end is tmux. */
export class TmuxPanel {
  readonly #socket: string;
  readonly folder: string;

  /** Starts a shell of `columns` × `rows` and types the command for `scanbox demo` into it. */
  constructor(t: TestContext, settings: { readonly columns: number; readonly rows: number }) {
    this.folder = mkdtempSync(join(tmpdir(), "scanbox-panel-"));
    this.#socket = join(this.folder, "tmux");
    const { columns, rows } = settings;
    const size = ["-x", String(columns), "-y", String(rows)];
    // No file of whoever runs the checks has a say in it.
    const shell = ["env", "-i", `PATH=${process.env.PATH}`, "LANG=C.UTF-8", "TERM=tmux-256color"];
    const inner = [
      ...shell,
      `TMPDIR=${this.#temporary}`,
      "PS1=$ ",
      "HOME=/",
      "bash",
      "--norc",
      "--noprofile",
    ];
    mkdirSync(this.#temporary);
    this.#tmux("-u", "-f", "/dev/null", "new-session", "-d", ...size, "--", ...inner);
    t.after(() => {
      try {
        this.#tmux("kill-server");
      } catch {
        // It has ended with the shell.
      }
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /**
   * Types the command and waits until the box takes payments. `before` are options of Node; `alone` puts the program in the
   * place of the shell.
   */
  async demo(args: string, { before = "", alone = false } = {}): Promise<void> {
    await this.until(/^\$/m);
    const words = [process.execPath, before, join(root, "src/main.ts"), "demo", args];
    const program = `${alone ? "exec " : ""}${words.join(" ")}`;
    this.type(`clear; echo what stood here before; ${program}; echo "ended with $?"`);
    this.keys("Enter");
    await this.until(/status\.online/);
  }

  /** Sends keys by their names, or characters, all at once. */
  keys(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  /** Pastes, with the marks that the program has asked for. */
  paste(text: string): void {
    this.#tmux("set-buffer", text);
    this.#tmux("paste-buffer", "-p");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The text on the terminal. */
  capture(): string {
    return this.#tmux("capture-pane", "-p").replace(/ +$/gm, "");
  }

  /** The text on the terminal and all that has gone out of it at the top. */
  everything(): string {
    return this.#tmux("capture-pane", "-p", "-S", "-").replace(/ +$/gm, "");
  }

  /** A value of tmux, such as `cursor_flag` or `alternate_on`. */
  value(name: string): string {
    return this.#tmux("display-message", "-p", `#{${name}}`).trim();
  }

  /** Ends the terminal under the program, as a broken connection does. */
  hangUp(): void {
    this.#tmux("kill-server");
  }

  /** The processes of the panel on this terminal. */
  pids(): readonly number[] {
    const shell = this.value("pane_pid");
    const children = readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8");
    return children.trim().split(/\s+/).map(Number);
  }

  /** What the program has left in its temporary directory. */
  left(): readonly string[] {
    return readdirSync(this.#temporary);
  }

  /** Waits until the text stands on the terminal, and returns all of it. */
  async until(text: RegExp): Promise<string> {
    return await this.#sees((seen) => text.test(seen), String(text));
  }

  /** Waits until the terminal shows the agreed picture, but for what differs each time. */
  async golden(name: string): Promise<void> {
    if (isWriting()) await pause(STANDS_MS);
    await this.#sees((seen) => isGolden(name, normalised(seen)), `${name}.txt`);
  }

  async #sees(isIt: (seen: string) => boolean, what: string): Promise<string> {
    let seen = "";
    await until(
      () => {
        seen = this.capture();
        return isIt(seen);
      },
      () => `${what} stands on the terminal; there is:\n${seen}`,
      { everyMs: LOOK_MS },
    );
    return seen;
  }

  get #temporary(): string {
    return join(this.folder, "tmp");
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-S", this.#socket, ...args], { encoding: "utf8" });
  }
}

/** The capture without what chance and time decide: numbers, moments, countdowns, and when a report reached the broker. */
function normalised(capture: string): string {
  const lines = capture
    // The name of a build goes, and its place stays.
    .replace(
      /scanbox \d+\.\d+\.\d+(\S*)/,
      (_all, build: string) => `scanbox 0.0.0${" ".repeat(build.length)}`,
    )
    .replace(/(?<before>#|Ref )\d{4}/g, "$<before>0000")
    .replace(/\b\d\d\*{13}\d{3}/g, "10*************000")
    .replace(/[ \d]{4}\.\d (?=(?:keypad|scanner|journal|https|sandbox|mqtt|box|power) )/g, "   0.0 ")
    .replace(/[ \d]\ds│/g, "NNs│")
    .replace(/in \d+ s\b/g, "in N s")
    .replace(/♪ .{10}(?= {2}relay)/, "♪ ..........")
    .split("\n");
  // Reports go their own way: in the log they stand anywhere after their record.
  const heading = lines.findIndex((line) => line.includes("WIRES ─"));
  if (heading === -1) return lines.join("\n");
  const column = (lines[heading] ?? "").indexOf("WIRES");
  const width = Math.max(...lines.map((line) => line.length));
  const rows = lines.slice(heading + 1).map((line) => line.padEnd(width));
  const notes = rows.map((row) => row.slice(column));
  const end = notes.findIndex((row) => row.startsWith("▸") || row.trim() === "");
  const log = notes.slice(0, end === -1 ? notes.length : end);
  const isReport = (row: string): boolean => /^ +0\.0 mqtt/.test(row);
  const sorted = [...log.filter((row) => !isReport(row)), ...log.filter(isReport)];
  const told = rows.map((row, index) =>
    `${row.slice(0, column)}${sorted[index] ?? row.slice(column)}`.trimEnd(),
  );
  return [...lines.slice(0, heading + 1), ...told].join("\n");
}
