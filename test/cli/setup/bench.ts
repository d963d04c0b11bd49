import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Machine, PairJudged } from "../../../src/cli/setup/machine.ts";
import { setupCommand } from "../../../src/cli/setup/setup.ts";
import { readTextIfAny } from "../../../src/links/machine/proc-files.ts";
import { Random } from "../../../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../../../src/simulator/outside/time.ts";
import { SimulatedKeypad } from "../../../src/simulator/site/keypad.ts";
import { SimulatedPins } from "../../../src/simulator/site/pins.ts";
import { VirtualDisplay } from "../../../src/simulator/site/virtual-display.ts";
import { VirtualScanner } from "../../../src/simulator/site/virtual-scanner.ts";

/** What a machine of a test has. */
interface Wish {
  /** The pins as the keypad is really wired, against which a configuration may be wrong. */
  readonly rows?: readonly number[];
  readonly columns?: readonly number[];
  /** What is printed on the keys of those rows and columns. */
  readonly print?: readonly string[];
  readonly scanners?: readonly string[];
  readonly pair?: PairJudged;
  readonly withoutPins?: boolean;
  readonly host?: string;
}

/** A person who answers, hears what is said, and has hands for the devices. */
export class Bench {
  readonly folder: string;
  readonly file: string;
  readonly time = new SimulatedTime();
  readonly pins: SimulatedPins;
  readonly scanners: ReadonlyMap<string, VirtualScanner>;
  readonly display: (readonly string[])[] = [];
  /** Hears each new piece of what is said, and may do something with its handlers. */
  readonly handlers: ((said: string) => void)[] = [];
  readonly #machine: Machine;
  readonly #keypad: SimulatedKeypad;
  readonly #print: readonly string[];

  constructor(t: TestContext, wish: Wish = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "scanbox-setup-"));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.file = join(this.folder, "device.config.json");
    const random = new Random(7);
    const clock = new SimulatedClock(this.time, Date.UTC(2026, 10, 21));
    const { rows = [5, 6, 13, 19], columns = [12, 16, 20, 21], scanners = ["/dev/ttyACM0"] } = wish;
    this.pins = new SimulatedPins(this.time, random.fork());
    this.#keypad = new SimulatedKeypad({
      pins: this.pins,
      time: this.time,
      random: random.fork(),
      rows,
      columns,
    });
    this.#print = wish.print ?? ["789C", "456<", "123X", "0.:="];
    this.scanners = new Map(scanners.map((path) => [path, new VirtualScanner(clock)]));
    this.#machine = {
      clock,
      names: () => ({ host: wish.host ?? "raspberrypi", serial: "10000000a1b2c3d4" }),
      scannerPaths: () => [...this.scanners.keys()],
      scannerLink: async (path) => {
        const scanner = this.scanners.get(path);
        if (scanner === undefined) throw new Error("The package does not load.");
        return scanner;
      },
      pins: async () =>
        wish.withoutPins === true
          ? { ok: false, problem: "There is no GPIO chip." }
          : { ok: true, link: this.pins, backend: "cdev", why: "" },
      panel: async ({ display }) => ({
        ok: true,
        gpio: this.pins,
        display: new VirtualDisplay({
          clock,
          size: display ?? { columns: 16, rows: 2 },
          shown: (rowsShown) => void this.display.push(rowsShown),
        }),
      }),
      pair: () => wish.pair ?? { kind: "fits" },
      text: readTextIfAny,
      examine: async () => [{ check: "machine.model", level: "ok", found: "It is a test.", remedy: null }],
      runningBox: () => null,
      hasService: () => false,
    };
  }

  /** Presses the key with this print for a moment. */
  tap(label: string): void {
    const row = this.#print.findIndex((text) => text.includes(label));
    if (row >= 0) this.#keypad.tap(row, this.#print[row]?.indexOf(label) ?? -1, 120);
  }

  /** Holds a code before a scanner. */
  scan(path: string, text: string): void {
    this.scanners.get(path)?.send(Buffer.from(`${text}\r`), () => {});
  }

  /** Runs `scanbox setup` with these answers, one a line, until it ends. */
  async setup(answers: readonly string[], ...args: readonly string[]) {
    const stdin = new PassThrough();
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let said = "";
    stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const hand of this.handlers) hand(text);
    });
    stdin.end(answers.map((answer) => `${answer}\n`).join(""));
    const running = setupCommand(
      ["--config", this.file, ...args],
      { stdin, stdout, stderr },
      () => this.#machine,
    );
    const ended = running.then(
      (status) => ({ status }),
      (error: unknown) => ({ error }),
    );
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over) {
      this.time.runUntil(this.time.now + 5);
      await turn();
    }
    const end = await ended;
    if ("error" in end) throw end.error;
    await turn();
    return { status: end.status, said, complained: String(stderr.read() ?? "") };
  }

  /** Presses each key that is asked for. */
  pressWhatIsAsked(): void {
    const labels: Readonly<Record<string, string>> = { "00": ":", backspace: "<", OK: "=" };
    this.handlers.push((said) => {
      const asked = /Press {2}(\S+)/.exec(said)?.[1];
      // A finger comes up before it goes to the next key.
      if (asked !== undefined) this.time.after(300, () => this.tap(labels[asked] ?? asked));
    });
  }

  /** Holds a code before a scanner whenever a code is asked for. */
  scanWhenAsked(path: string, text: string): void {
    this.handlers.push((said) => {
      if (said.includes("Hold any code before the")) this.time.after(500, () => this.scan(path, text));
    });
  }
}
