import { resolve } from "node:path";
import { ComposedBox, type Refusal } from "../../compose.ts";
import { clearWords, isClear } from "../../config/clear-broker.ts";
import type { LenientCheck } from "../config.ts";
import { exitStatus } from "../exit-status.ts";
import type { CommandIo } from "../usage.ts";
import { openControlSockets } from "./control-socket.ts";
import { deviceParts, type JournalAhead } from "./device-links.ts";
import { Service } from "./service.ts";
import { strayWordsInto } from "./stray-words.ts";

/**
 * The box of the configuration that was read from `path`, until SIGTERM or SIGINT; gives the status to end with. Its journal is being
 * opened.
 */
export async function runBox(
  checked: LenientCheck,
  { path, journal, io }: { readonly path: string; readonly journal: JournalAhead; readonly io: CommandIo },
): Promise<number> {
  if (!checked.ok) return refuse(checked.problems, io);
  const { config } = checked;
  // Nobody knows whether the last append was done: end at once, the next start reads the journal.
  const onDeath = (cause: string): void => {
    log.error("journal.thread-ended", { cause });
    process.exit(exitStatus.defect);
  };
  const made = await deviceParts(checked, onDeath, journal);
  if (!made.ok)
    return refuse(
      made.problems.map((problem) => `${path}: ${problem}`),
      io,
    );
  const { log, clock } = made.parts.links;
  strayWordsInto(log);
  const service = await Service.load(clock, log);
  const stopped = new StopReason();
  const box = new ComposedBox({
    ...made.parts,
    onScreen: (screen) => service.shown(screen),
    // A disk that failed once is believed again only by a process that has read the journal anew: whoever watches over
    // this one starts it. Until then people see why, and reversals that are durable go on.
    onJournalBroken: () => setTimeout(() => stopped.because("journal"), BROKEN_SHOWN_MS),
  });
  const refusal = await new Promise<Parameters<Parameters<ComposedBox["start"]>[0]>[0]>((resolve) => {
    box.start(resolve);
  });
  if (refusal !== null) return refuse(journalProblems(refusal), io, journalStatus(refusal));
  if (made.parts.journalInMemory === true) log.warn("journal.in-memory", { path: config.journal.directory });
  if (isClear(config.mqtt)) log.warn("mqtt.clear", { warning: clearWords });
  if (config.loopbackOnly) log.warn("config.loopback", { loopbackOnly: true });
  service.ready({ turns: () => box.turns, wake: () => box.wake(), ping: made.ping });
  const controlSockets = openControlSockets(box, { config, file: resolve(path) }, clock, log);
  log.info("run.ready", { box: config.box.id, pid: process.pid, path: resolve(path) });
  const reason = await stopped.reason;
  log.info("run.stopping", { reason });
  service.stopping();
  await new Promise<void>((resolve) => {
    box.stop(resolve);
  });
  for (const socket of controlSockets) {
    await new Promise<void>((resolve) => {
      socket.stop(resolve);
    });
  }
  service.stopped();
  log.info("run.stopped", { left: box.reporting?.unconfirmed ?? null });
  return reason === "journal" ? exitStatus.no : exitStatus.done;
}

/** A disk that heals, or another process that ends, lets a later start open the journal; nothing mends the rest. */
function journalStatus({ why }: Refusal): number {
  return why === "locked" || why === "unreadable" ? exitStatus.no : exitStatus.usage;
}

function journalProblems({ why, detail }: Refusal): readonly string[] {
  const problem = `journal: ${detail}`;
  const help = helps[why];
  return help === undefined ? [problem] : [problem, `journal: ${help}`];
}

const helps: Readonly<Partial<Record<Refusal["why"], string>>> = {
  damaged: '"scanbox journal quarantine" puts it aside and begins a new one with its open orders.',
  locked: 'stop the other one; "scanbox status" names it.',
};

/** How long OUT OF SERVICE stands before a process whose journal has failed ends. */
const BROKEN_SHOWN_MS = 5_000;

function refuse(problems: readonly string[], io: CommandIo, status: number = exitStatus.usage): number {
  for (const problem of problems) io.stderr.write(`${problem}\n`);
  return status;
}

/** Why the process ends: the first of the signals that ask for it, or a journal that failed. */
class StopReason {
  readonly reason: Promise<string>;
  #tell: (reason: string) => void = () => undefined;

  constructor() {
    this.reason = new Promise((resolve) => {
      this.#tell = resolve;
    });
    // Each is heard once: a second signal ends the process as the system does.
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => this.because(signal));
  }

  because(reason: string): void {
    this.#tell(reason);
  }
}
