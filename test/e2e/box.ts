import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openReader } from "../../src/links/sqlite/sqlite-reader.ts";
import { txMembers } from "../../src/reporting/tx-event.ts";
import { Program, type Surroundings } from "./program.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";

/** The newest state of an order as `journal list --json` says it. */
export type JournalRow = z.infer<typeof journalRowSchema>;

const journalRowSchema = z.strictObject({ seq: z.int(), at: z.iso.datetime(), ...txMembers });

/** What the program printed and how it ended. */
export interface Said {
  readonly status: Program["ending"];
  readonly stdout: string;
  readonly stderr: string;
}

/** One box: its configuration, its journal, its scanner, and every process that ever ran for it. */
export class Box {
  readonly id: string;
  readonly journalDirectory: string;
  readonly scanner: PseudoTerminal;
  /** What is put around every run of the box. */
  around: Surroundings | null = null;
  /** Every run of the box. */
  readonly programs: Program[] = [];
  /** Every other command about it. */
  readonly commands: Program[] = [];
  readonly #bundle: string;
  readonly #configFile: string;

  constructor(id: string, bundle: string, directory: string) {
    this.id = id;
    this.#bundle = bundle;
    this.#configFile = join(directory, "device.config.json");
    this.journalDirectory = join(directory, "journal");
    this.scanner = new PseudoTerminal(join(directory, "scanner"));
    mkdirSync(directory);
  }

  configure(config: unknown): void {
    writeFileSync(this.#configFile, JSON.stringify(config));
  }

  /** The process that was started last. */
  get program(): Program {
    const program = this.programs.at(-1);
    assert.ok(program, "the box was started");
    return program;
  }

  /** Starts the box and waits for nothing. */
  launch(): Program {
    const program = new Program(this.#bundle, ["run", "--config", this.#configFile], "log", this.around);
    this.programs.push(program);
    return program;
  }

  /** Starts the box and waits until it takes a payment, or an amount. */
  async start(screen: "armed" | "idle" | "till-idle" | "earlier-paid" = "armed"): Promise<Program> {
    const program = this.launch();
    await program.screen(screen);
    return program;
  }

  /** Asks the box to end, which it must do with status 0. */
  async stop(): Promise<void> {
    this.program.signal("SIGTERM");
    assert.equal(await this.program.ended(), 0, this.program.tail());
  }

  /** Ends the process as a power cut would. */
  async kill(): Promise<void> {
    this.program.signal("SIGKILL");
    assert.equal(await this.program.ended(), "SIGKILL");
  }

  /** Holds a phone under the scanner. */
  async scan(code: string): Promise<void> {
    await this.scanner.send(`${code}\r`);
  }

  /** Runs another command of the program to its end. */
  async command(...args: readonly string[]): Promise<Said> {
    const program = new Program(this.#bundle, [...args, "--config", this.#configFile], "text");
    this.commands.push(program);
    const status = await program.ended();
    return { status, stdout: program.stdout, stderr: program.stderr };
  }

  /** How the journal stands, read beside the box that writes it; null where there is none yet. */
  books(): { readonly open: readonly string[]; readonly events: number } | null {
    const opened = openReader(this.journalDirectory);
    if (!opened.ok) return null;
    using reader = opened.value;
    const [newest] = reader.newestOrders(1);
    return { open: reader.openNumbers(), events: newest?.seq ?? 0 };
  }

  /** Every order of the journal in its newest state, newest first. */
  async journal(): Promise<readonly JournalRow[]> {
    const { status, stdout, stderr } = await this.command("journal", "list", "--json", "--limit", "1000");
    assert.equal(status, 0, stderr);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => journalRowSchema.parse(JSON.parse(line)));
  }
}
