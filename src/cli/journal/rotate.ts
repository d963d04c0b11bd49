/** `scanbox journal rotate`: the running box does it, or this process where none runs. */
import * as z from "zod";
import type { DeviceConfig } from "../../config/device-config.ts";
import type { RotationOutcome } from "../../core/payment/command.ts";
import { Journal, type StartLearned } from "../../journal/journal.ts";
import { retentionOf } from "../../journal/rotation.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SqliteStore } from "../../links/sqlite/sqlite-store.ts";
import { ask, findBox } from "../ask-box.ts";
import { loadConfig } from "../config.ts";
import { configPath } from "../config-file.ts";
import { counted } from "../counted.ts";
import { exitStatus } from "../exit-status.ts";
import type { CommandIo } from "../usage.ts";
import { journalBytes } from "./bytes.ts";

/** The reporter's name among the followers of a journal, as the box has it. */
const followersOf = ({ mqtt }: DeviceConfig): readonly string[] => (mqtt === null ? [] : ["mqtt"]);

const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rotated"), row: z.int(), dropped: z.int() }),
  z.object({ kind: z.literal("nothing") }),
]);

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Begins a new segment; status 1 where the answer is no. */
export async function rotateJournal(
  { config, json }: { readonly config: string | undefined; readonly json: boolean },
  io: Pick<CommandIo, "stdout" | "stderr">,
): Promise<number> {
  const checked = loadConfig(configPath(config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const found = await findBox(checked.config, "operate");
  const outcome: RotationOutcome =
    found.kind === "found"
      ? await askForIt(found.path)
      : found.kind === "none"
        ? await rotateHere(checked.config)
        : { kind: "refused", why: found.why };
  if (outcome.kind === "refused") {
    io.stderr.write(`The journal was not rotated: ${outcome.why}.\n`);
    return exitStatus.no;
  }
  io.stdout.write(`${json ? JSON.stringify(outcome) : sentence(outcome)}\n`);
  return exitStatus.done;
}

function sentence(outcome: Exclude<RotationOutcome, { kind: "refused" }>): string {
  if (outcome.kind === "nothing")
    return "Nothing was written since the last segment began, and nothing is old enough to go.";
  return `A new segment begins at row ${outcome.row}; ${counted(outcome.dropped, "row")} of old ones ${outcome.dropped === 1 ? "was" : "were"} dropped.`;
}

async function askForIt(path: string): Promise<RotationOutcome> {
  const answer = await ask(path, "journal rotate");
  if (answer === null) return { kind: "refused", why: "the box has just ended" };
  if (typeof answer === "string") return { kind: "refused", why: answer };
  if (!answer.ok) return { kind: "refused", why: answer.message };
  const read = answerSchema.safeParse(answer.result);
  return read.success ? read.data : { kind: "refused", why: "the box runs another version of scanbox" };
}

/** Under the journal's lock, as a box would do it. */
async function rotateHere(config: DeviceConfig): Promise<RotationOutcome> {
  const { directory } = config.journal;
  if (journalBytes(directory) === null)
    return { kind: "refused", why: `there is no journal in ${directory}` };
  return await new Promise((resolve) => {
    const died = (cause: string): void => resolve({ kind: "refused", why: cause });
    const journal = new Journal({
      store: new SqliteStore<StartLearned>({ directory, onDeath: died }),
      clock: new SystemClock(),
      log: silent,
      followers: followersOf(config),
      rotation: { retentionMs: retentionOf(config.journal.retentionDays) },
    });
    journal.open((opened) => {
      if (opened.kind === "refused") resolve({ kind: "refused", why: opened.detail });
      else journal.rotate((outcome) => journal.close(() => resolve(outcome)));
    });
  });
}
