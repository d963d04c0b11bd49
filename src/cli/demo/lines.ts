import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import type { Writable } from "node:stream";
import { formatYuan } from "../../core/kernel/fen.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import type { Story } from "../../providers/sandbox.ts";
import { exitStatus } from "../exit-status.ts";
import { chargedWallets, everyStory, played, type Stories } from "../sandboxes.ts";
import { type CommandIo, unknownName } from "../usage.ts";
import { program, version } from "../version.ts";
import { type Demo, openDemo } from "./box.ts";
import { codeOf } from "./code.ts";
import { StopSignals } from "./signals.ts";
import { DemoStory, refOf } from "./story.ts";

/** Quick enough to be watched, slow enough to be read. */
const HURRY = 3;

/** How long a line from a pipe waits for the payment before it. */
const AT_REST_WITHIN_MS = 120_000;

/** The scanner is read again within 3 s; a busy machine takes longer. */
const PLUGGED_WITHIN_MS = 6_000;

const PROMPT = "> ";

const lineHelp = `  12.50            type this amount and confirm it
  scan [DIGITS]    scan a payment code; without digits a new one
  scan WALLET      scan a new one of this wallet: ${chargedWallets.join(", ")}
  134567890123456789   (8 digits or more) scan this code
  cancel, ok       press the key
  scenario NAME    what becomes of the next payments; "scenarios" lists them
  unplug, plug     pull the scanner's plug, put it in
  orders           the orders of the box, and what the sandbox says of them
  help, quit
`;

/** What a conversation begins with. */
export interface Talk {
  readonly scenario: Story;
  /** Whose codes are shown where none is given. */
  readonly wallet: Wallet;
}

/**
 * `scanbox demo` without a payment: reads commands line by line and tells on stdout what happens, until the
 * input ends. Lines from a pipe wait for the payment before them, but for those that may come in between.
 */
export async function talk({ scenario, wallet }: Talk, io: CommandIo): Promise<number> {
  using signals = new StopSignals();
  const console = new Console(io);
  const clock = new SystemClock();
  const story = new DemoStory({ clock, write: (text) => console.write(text), stream: io.stdout });
  story.say(banner());
  const demo = await openDemo({ hurry: HURRY, maximum: "3000.00" }, story);
  try {
    story.say(addresses(demo));
    signals.onStop(() => {
      demo.interrupt();
      console.end();
    });
    if (await demo.ready()) {
      await demo.sandboxes.tell(scenario);
      await demo.settle();
      story.say(`\nType an amount such as 12.50, then "scan". "help" lists the rest, "quit" ends.\n`);
      await new Conversation({ demo, story, console, wallet }).run();
    } else if (!demo.interrupted) {
      story.say(`\n${demo.outage ?? "The box did not become ready"}.`);
      return exitStatus.unknown;
    }
  } finally {
    console.end();
    await demo.close();
  }
  const open = [...demo.orders.values()].filter(({ final }) => !final).map((tx) => refOf(tx.outTradeNo));
  if (open.length > 0)
    story.say(`Not final: ${open.join(" ")}. A real box goes on with it when it starts again.`);
  story.say("Stopped; the journal is removed.");
  return exitStatus.done;
}

/** Lines in, lines out; on a terminal what is being typed stays below what is written. */
class Console {
  readonly #io: CommandIo;
  readonly isTerminal: boolean;
  #reader: Interface | null = null;
  #ended = false;

  constructor(io: CommandIo) {
    this.#io = io;
    this.isTerminal = isTerminal(io.stdin) && isTerminal(io.stdout);
  }

  write(text: string): void {
    const { stdout } = this.#io;
    if (!this.isTerminal || this.#reader === null) {
      stdout.write(text);
      return;
    }
    clearLine(stdout, 0);
    cursorTo(stdout, 0);
    stdout.write(text);
    this.#reader.prompt(true);
  }

  /** The lines until the input ends or `end` is called. Call once. */
  async *lines(): AsyncGenerator<string> {
    if (this.#ended) return;
    const { stdin, stdout } = this.#io;
    const reader = createInterface({
      input: stdin,
      ...(this.isTerminal ? { output: stdout, terminal: true, prompt: PROMPT } : { terminal: false }),
    });
    this.#reader = reader;
    // A terminal in raw mode sends the key instead of the signal.
    reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    if (this.isTerminal) reader.prompt();
    yield* reader;
    this.end();
  }

  end(): void {
    this.#ended = true;
    const reader = this.#reader;
    if (reader === null) return;
    this.#reader = null;
    reader.close();
    if (this.isTerminal) this.#io.stdout.write("\n");
  }
}

type Verb = (argument: string) => void | Promise<void>;

interface ConversationParts {
  readonly demo: Demo;
  readonly story: DemoStory;
  readonly console: Console;
  readonly wallet: Wallet;
}

/** Obeys one line after the other. */
class Conversation {
  readonly #demo: Demo;
  readonly #story: DemoStory;
  readonly #console: Console;
  readonly #entropy = new SystemEntropy();
  readonly #verbs: ReadonlyMap<string, Verb>;

  constructor({ demo, story, console, wallet }: ConversationParts) {
    this.#demo = demo;
    this.#story = story;
    this.#console = console;
    this.#verbs = new Map<string, Verb>([
      ["scan", (what) => this.#scan(this.#codeFor(what === "" ? wallet : what))],
      ["cancel", () => this.#press("cancel", "X")],
      ["ok", () => this.#press("confirm", "=")],
      ["scenario", (name) => this.#setScenario(name)],
      ["scenarios", () => this.#say(scenarioTable(everyStory))],
      ["unplug", () => this.#unplug()],
      ["plug", () => this.#plug()],
      ["orders", () => this.#say(this.#orderTable())],
      ["help", () => this.#say(lineHelp)],
    ]);
  }

  async run(): Promise<void> {
    for await (const raw of this.#console.lines()) {
      const line = raw.trim();
      if (!this.#console.isTerminal) await this.#takeTurn(line);
      if (this.#demo.interrupted || line === "quit" || line === "exit") return;
      if (line !== "") await this.#obey(line);
    }
    await this.#rest();
  }

  /** A line from a pipe: it is shown, and waits for its time. */
  async #takeTurn(line: string): Promise<void> {
    if (line !== "cancel" && line !== "ok") await this.#rest(isScan(line));
    if (line !== "") this.#say(`${PROMPT}${line.replace(/(\d\d)\d{3,}(\d{3})/, "$1***$2")}\n`);
  }

  async #obey(line: string): Promise<void> {
    if (/^\d{1,7}(?:\.\d{1,2})?$/.test(line)) return await this.#typeAmount(line);
    if (isCode(line)) return await this.#scan(line);
    const [word = "", ...rest] = line.split(/\s+/);
    const verb = this.#verbs.get(word);
    if (verb === undefined) {
      this.#say(`${unknownName("command", word, [...this.#verbs.keys(), "quit"])} "help" lists them.\n`);
    } else {
      await verb(rest.join(" "));
    }
  }

  async #typeAmount(amount: string): Promise<void> {
    const { name } = this.#demo.foreground;
    if (name === "paying") return this.#say("A payment is under way; of the keys only cancel is heard.\n");
    if (name === "unknown") return this.#say("The box waits for somebody to press ok.\n");
    this.#story.typed(`${amount}=`);
    await this.#demo.typeAmount(amount);
  }

  async #scan(code: string): Promise<void> {
    const { name } = this.#demo.foreground;
    this.#story.scanned(code, await this.#demo.scan(code));
    if (name === "paying" || name === "result" || name === "unknown") {
      this.#say("The box hears no code while this is on the display.\n");
    }
    await this.#demo.settle();
  }

  /** A new code of a wallet that is named; anything else is taken for a code. */
  #codeFor(what: string): string {
    const wallet = chargedWallets.find((one) => one === what);
    return wallet === undefined ? what : codeOf(wallet, this.#entropy);
  }

  async #press(name: "cancel" | "confirm", key: string): Promise<void> {
    this.#story.typed(key);
    await this.#demo.press({ name });
  }

  async #setScenario(name: string): Promise<void> {
    if (name === "") return this.#say(`The scenario is ${this.#demo.sandboxes.story.name}.\n`);
    const { stories, storyNamed } = everyStory;
    const scenario = storyNamed(name);
    if (scenario === null) {
      const known = stories.map((one) => one.name);
      return this.#say(`${unknownName("scenario", name, known)} "scenarios" lists them.\n`);
    }
    await this.#demo.sandboxes.tell(scenario);
    this.#say(`${scenario.name}: ${scenario.story} A payment ends ${scenario.ends}.\n`);
  }

  async #unplug(): Promise<void> {
    this.#demo.scanner.unplug();
    await this.#demo.settle();
  }

  async #plug(): Promise<void> {
    this.#demo.scanner.plug();
    await this.#demo.until(
      () => (this.#demo.screen.text === "out-of-service" ? null : true),
      PLUGGED_WITHIN_MS,
    );
    await this.#demo.settle();
  }

  #orderTable(): string {
    const rows = [...this.#demo.orders.values()].map((tx) => {
      const amount = formatYuan(tx.amountFen).padStart(8);
      const state = `${tx.state}${tx.reason === null ? "" : ` (${tx.reason})`}`.padEnd(24);
      return `  ${refOf(tx.outTradeNo)}  ${amount} CNY  ${state}  ${this.#sandboxOn(tx.outTradeNo)}\n`;
    });
    return rows.length === 0 ? "  There are no orders yet.\n" : rows.join("");
  }

  /** What the sandbox's books say of an order. */
  #sandboxOn(outTradeNo: string): string {
    const books = this.#demo.sandboxes.books(outTradeNo);
    if (books === null) return "the sandbox never saw it";
    const { state, chargedFen, returnedFen } = books;
    return `sandbox: ${state}, took ${formatYuan(chargedFen)}, gave back ${formatYuan(returnedFen)}`;
  }

  /** Waits until no payment is in front and, for a scan, until the box listens to codes again. */
  async #rest(forScan = false): Promise<void> {
    const isAtRest = (): boolean => {
      const { foreground } = this.#demo;
      if (foreground.name === "paying" || foreground.name === "unknown") return false;
      return !forScan || foreground.name !== "result" || foreground.rearm === null;
    };
    await this.#demo.until(() => (isAtRest() ? true : null), AT_REST_WITHIN_MS);
    await this.#demo.settle();
  }

  #say(text: string): void {
    this.#console.write(text);
  }
}

function isScan(line: string): boolean {
  return isCode(line) || /^scan\b/.test(line);
}

/** More digits than any amount has. */
function isCode(line: string): boolean {
  return /^\d{8,}$/.test(line);
}

function banner(): string {
  return (
    `scanbox ${version}: a whole box on played devices, with look-alikes of\n` +
    `${played} and an MQTT broker. Nothing leaves this machine, and no money moves.\n` +
    `Sandbox and waits are ${HURRY} times as quick as usual: it gives up after ${45 / HURRY} s, not 45 s.\n`
  );
}

function addresses({ sandboxes, broker, directory }: Demo): string {
  const { port } = new URL(broker.url);
  return [
    ...sandboxes.all.map(
      ({ kind, running }) =>
        `  sandbox  ${running.origin} (${kind.plays}), controlled at ${running.controlOrigin}/state`,
    ),
    `  broker   ${broker.url}: mosquitto_sub -p ${port} -t 'scanbox/#' -v`,
    `  journal  ${directory}: ${program} journal list --directory ${directory}\n`,
  ].join("\n");
}

/** The scenarios as people read them. */
export function scenarioTable({ stories, families }: Stories): string {
  const rows = [...stories, ...families.map(({ form, story }) => ({ name: form, ends: "", story }))];
  return rows.map(({ name, ends, story }) => `  ${name.padEnd(19)} ${ends.padEnd(9)} ${story}\n`).join("");
}

function isTerminal(stream: object): stream is Writable {
  return "isTTY" in stream && stream.isTTY === true;
}
