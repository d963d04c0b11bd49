/** Where in its life a box is killed: the moments that are aimed at, and what the log says of where it struck. */

import { setTimeout as sleep } from "node:timers/promises";
import { ask, findBox } from "../../src/cli/ask-box.ts";
import { type CallNote, sandboxPaths } from "../../src/providers/wechat-v2/sandbox/call.ts";
import type { Random } from "../../src/simulator/outside/random.ts";
import type { Box } from "./box.ts";
import type { LogLine } from "./program.ts";

/** What is waited for before a kill. */
export type Trigger =
  /** A while after the launch, at most so long. */
  | { readonly on: "launch"; readonly withinMs: number }
  /** An order of an earlier process is taken up again; the first screen where there is none. */
  | { readonly on: "resume" }
  /** A while after the scan. */
  | { readonly on: "scan"; readonly withinMs: number }
  /** A line of the log. */
  | { readonly on: "line"; readonly is: (line: LogLine) => boolean }
  /** A call about an order of the box arrives at the sandbox. */
  | { readonly on: "call"; readonly call: "charge" | "query" | "reverse" }
  /** A new segment of the journal is asked for. */
  | { readonly on: "rotation" };

/** A kill as it is planned. */
export interface Aim {
  readonly trigger: Trigger;
  /** Amounts whose last digits bring the payment there: what the sandbox and the customer do. */
  readonly amounts: readonly string[];
}

/** Paid at once, after a password, after a reply that was lost, and so on. */
const paying = ["1.00", "1.11", "1.13", "1.21", "1.23", "1.27", "1.31", "1.43"];
/** Never paid, or too late. */
const reversing = ["1.14", "1.15", "1.37"];
const every = [...paying, ...reversing, "1.41"];

const moved = (kind: RegExp) => (line: LogLine) => line.event === "order.moved" && kind.test(line.kind ?? "");
const line = (is: (line: LogLine) => boolean, amounts: readonly string[] = every): Aim => ({
  trigger: { on: "line", is },
  amounts,
});
const call = (name: "charge" | "query" | "reverse", amounts: readonly string[] = every): Aim => ({
  trigger: { on: "call", call: name },
  amounts,
});
const launch: Aim = { trigger: { on: "launch", withinMs: 450 }, amounts: every };
const scan: Aim = { trigger: { on: "scan", withinMs: 2_000 }, amounts: every };

/** Every aim; over many kills each comes as often as it stands here. */
export const aims: readonly Aim[] = [
  launch,
  launch,
  { trigger: { on: "resume" }, amounts: every },
  scan,
  scan,
  line(({ event }) => event === "scanner.scanned"),
  line(({ event, kind }) => event === "box.asked" && kind === "charge"),
  call("charge"),
  line(moved(/^charge-answered/)),
  call("query", ["1.11", "1.14", "1.21"]),
  line(moved(/^query-answered/), ["1.11", "1.14", "1.21"]),
  line(moved(/^recorded:reversing/), reversing),
  call("reverse", reversing),
  line(moved(/^undo-answered/), reversing),
  line(moved(/^recorded:(?:paid|reversed|refunded|declined)/)),
  line(({ event, screen }) => event === "screen.shown" && screen === "paid", paying),
  { trigger: { on: "rotation" }, amounts: paying },
  { trigger: { on: "rotation" }, amounts: paying },
];

/** The states that kills are counted by, in the order of a life. */
export const killStates = [
  "start",
  "recovery",
  "waiting",
  "recording",
  "charging",
  "asking",
  "reversing",
  "recording-outcome",
  "ended",
  "rotation",
] as const;
export type KillState = (typeof killStates)[number];

/** An aim that is waited for is given up after so long at the latest: neither it came, nor an end of the payment. */
const MISSED_MS = 60_000;

/** The same for the end of what a rotation waits for: reversals are repeated after 1, 2 and 5 s. */
const OPEN_MS = 8_000;

/** The most that passes between the moment and the kill, in milliseconds. */
const SPREAD_MS = 25;

/** Kills the newest process of a box as it was planned, or a while later where its moment never comes. */
export class Killer {
  readonly #box: Box;
  readonly #random: Random;
  #rotates = false;
  #hear: (note: CallNote) => void = () => {};

  constructor(box: Box, random: Random) {
    this.#box = box;
    this.#random = random;
  }

  /** A call about an order of the box has arrived at the sandbox. */
  heard(note: CallNote): void {
    this.#hear(note);
  }

  /** Starts the box, brings it to the aim, kills it there; tells in which state it was. */
  async kill({ trigger }: Aim, code: string): Promise<KillState> {
    this.#rotates = false;
    this.#hear = () => {};
    const program = this.#box.launch();
    if (trigger.on === "launch") {
      this.#strikeIn(this.#random.between(0, trigger.withinMs));
    } else if (trigger.on === "resume") {
      program.onLine = ({ event, screen }) => {
        if (event === "order.resumed" || (event === "screen.shown" && screen === "armed"))
          this.#strikeIn(this.#random.between(0, SPREAD_MS));
      };
    } else {
      await program.screen("armed");
      if (trigger.on === "rotation") await this.#rotate();
      else await this.#pay(trigger, code);
    }
    await program.ended();
    this.#hear = () => {};
    return this.#rotates ? "rotation" : stateOf(program.log);
  }

  async #pay(
    trigger: Exclude<Trigger, { on: "launch" | "resume" | "rotation" }>,
    code: string,
  ): Promise<void> {
    const { program } = this.#box;
    // From inside the very event, or a little later.
    const strike = (): void =>
      this.#strikeIn(this.#random.chance(0.5) ? 0 : this.#random.between(1, SPREAD_MS));
    if (trigger.on === "scan") this.#strikeIn(this.#random.between(0, trigger.withinMs));
    program.onLine = (read) => {
      if (trigger.on === "line" && trigger.is(read)) strike();
      // The payment took another way: its end is on the screen.
      else if (read.event === "screen.shown" && stateOf(program.log) === "ended") this.#strikeIn(SPREAD_MS);
    };
    if (trigger.on === "call") {
      this.#hear = ({ path }) => {
        if (sandboxPaths.get(path) === trigger.call) strike();
      };
    }
    this.#strikeIn(MISSED_MS);
    await this.#box.scan(code);
  }

  /** No segment begins while an order is open, so its end is waited for; where that takes long, this is a kill of a recovery. */
  async #rotate(): Promise<void> {
    const journal = { directory: this.#box.journalDirectory, retentionDays: 400 };
    const deadline = performance.now() + OPEN_MS;
    for (;;) {
      const found = await findBox({ journal }, "operate");
      if (found.kind === "found" && found.status.orders.length === 0) {
        this.#rotates = true;
        void ask(found.path, "journal rotate");
        break;
      }
      if (performance.now() > deadline) break;
      await sleep(50);
    }
    this.#strikeIn(this.#random.between(0, SPREAD_MS));
  }

  #strikeIn(ms: number): void {
    const { program } = this.#box;
    if (ms === 0) program.signal("SIGKILL");
    else
      setTimeout(() => {
        if (program.ending === null) program.signal("SIGKILL");
      }, ms);
  }
}

/** Where a process was by the end of its log. */
function stateOf(log: readonly LogLine[]): KillState {
  if (!log.some(({ event }) => event === "box.started")) return "start";
  let state: KillState = "waiting";
  const resumed = new Set<string>();
  for (const { event, outTradeNo, phase } of log) {
    if (event === "scanner.scanned") state = "recording";
    else if (event === "order.resumed") resumed.add(outTradeNo ?? "");
    else if (event !== "order.moved") continue;
    else if (resumed.has(outTradeNo ?? "")) {
      if (phase === "over" || phase === "final") resumed.delete(outTradeNo ?? "");
    } else state = phases.get(phase ?? "") ?? "ended";
  }
  return resumed.size > 0 && (state === "waiting" || state === "ended") ? "recovery" : state;
}

/** Those of a payment; any other one has ended. */
const phases: ReadonlyMap<string, KillState> = new Map([
  ["recording", "recording"],
  ["charging", "charging"],
  ["asking", "asking"],
  ["recording-reversal", "reversing"],
  ["reversing", "reversing"],
  ["recording-outcome", "recording-outcome"],
]);
