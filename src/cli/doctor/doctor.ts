/** `scanbox doctor`: says what is wrong with this box and what to do about it, without charging or disturbing anything. */
import { configPath } from "../config-file.ts";
import { configOption, type Description } from "../description.ts";
import { exitStatus } from "../exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "../usage.ts";
import { version } from "../version.ts";
import { areas, type DoctorOptions, examine } from "./examination.ts";
import type { Finding } from "./finding.ts";
import { reportText } from "./report.ts";
import { Subject } from "./subject.ts";

const names = areas.map(({ name }) => name);

const remote = areas.filter(({ network }) => network).map(({ name }) => name);

/** `scanbox doctor`, as its help has it. */
export const description = {
  usage: ["scanbox doctor [--config FILE] [--json] [--quick] [--only NAME…]"],
  about: [
    "Looks at everything that a box needs and says what is wrong and what to do. It charges nothing and takes nothing that a running box holds. Where no box runs, it tells the broker what a box tells it: that it is stopped, and its newest event once more.",
  ],
  options: {
    config: configOption,
    json: { type: "boolean", about: "one JSON object: version, box, findings" },
    quick: { type: "boolean", about: "leave the network out" },
    only: {
      type: "string",
      multiple: true,
      words: names,
      value: "NAME…",
      about: "only these areas, separated by blanks or commas",
    },
  },
  terms: areas.map(({ name, about }) => [name, about] as const),
  notes: [
    "Marks: ✓ as it should be, – worth knowing, ! works and will not for ever, ✗ keeps the box from its work.",
  ],
  exit: {
    0: "nothing is wrong (no ✗)",
    1: "something is",
    2: "the configuration is (the rest is looked at all the same)",
  },
} as const satisfies Description;

/** People hear what is waited for, where it takes longer. */
const PATIENCE_MS = 1_000;

/** `scanbox doctor [--config FILE] [--json] [--quick] [--only NAME…]`. */
export async function doctorCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, description.options, areas.length);
  const wish: DoctorOptions = { only: areasNamed(values.only, positionals), quick: values.quick === true };
  if (wish.quick && wish.only?.every((name) => remote.includes(name)) === true)
    throw new UsageError("--quick leaves out everything that --only names.");
  // A lookup by the C library cannot be called off, and the process waits for it at its end: ten seconds where name servers
  // are silent. With less patience (resolv.conf(5)) it is over within the limit that every look has.
  process.env.RES_OPTIONS ??= "timeout:2 attempts:2";
  const subject = new Subject(configPath(values.config));
  const progress = new Progress(values.json === true ? null : io.stderr);
  const findings = await examine(subject, wish, (left) => progress.left(left));
  progress.end();
  if (values.json === true) {
    const box = subject.sections.box?.id ?? null;
    io.stdout.write(`${JSON.stringify({ version, box, findings })}\n`);
  } else {
    io.stdout.write(reportText(findings, wish.quick));
  }
  return statusOf(findings);
}

/** The areas of `--only`, however they were separated; null where it was not given. */
function areasNamed(only: readonly string[] | undefined, more: readonly string[]): readonly string[] | null {
  const [word] = more;
  if (only === undefined && word !== undefined) throw new UsageError(`"${word}" is one word too many.`);
  if (only === undefined) return null;
  const wanted = [...only, ...more].flatMap((list) => list.split(",")).filter((name) => name !== "");
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(unknownName("area", unknown, names));
  if (wanted.length === 0) throw new UsageError("Say which areas: --only clock,disk.");
  return wanted;
}

function statusOf(findings: readonly Finding[]): number {
  const faults = findings.filter(({ level }) => level === "fault");
  if (faults.some(({ check }) => check === "config.problem")) return exitStatus.usage;
  return faults.length > 0 ? exitStatus.no : exitStatus.done;
}

/** Tells a person once what is still being looked at. */
class Progress {
  readonly #timer: NodeJS.Timeout | null;
  #names: readonly string[] = [];

  constructor(stream: CommandIo["stderr"] | null) {
    this.#timer =
      stream === null
        ? null
        : setTimeout(() => stream.write(`Still looking at: ${this.#names.join(", ")} …\n`), PATIENCE_MS);
  }

  left(remaining: readonly string[]): void {
    this.#names = remaining;
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
