/** `scanbox pay`: asks the running box for an amount, as a till does. */
import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import { saleRefSchema, saleStateSchema } from "../commands/sale.ts";
import type { DeviceConfig } from "../config/device-config.ts";
import { callerNameSchema } from "../control/protocol.ts";
import { formatYuan, parseYuan } from "../core/kernel/fen.ts";
import { ask, findBox } from "./ask-box.ts";
import { loadConfig } from "./config.ts";
import { configPath } from "./config-file.ts";
import { configOption, type Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { Leaving } from "./leaving.ts";
import { outOfService } from "./outages.ts";
import { type CommandIo, readOptions, UsageError } from "./usage.ts";

/** `scanbox pay`, as its help has it. */
export const description = {
  usage: [
    "scanbox pay AMOUNT --ref ID [--caller NAME] [--no-wait] [--config FILE]",
    "scanbox pay --ref ID [--no-wait]     how the sale stands",
    "scanbox pay --ref ID --cancel        wants it no more",
  ],
  about: [
    'Asks the running box for an amount in yuan, as a till does, and waits for the end of the sale: the box shows the amount, the customer scans, and the sale is printed as one JSON line. Needs "amount": {"source": "till"} in the configuration.',
    'Keep ID before you ask. Where no answer came, ask again with the same ID: the box says how that sale stands and charges nobody twice for it. Hand out goods only where "charged" is "yes".',
  ],
  options: {
    ref: {
      type: "string",
      value: "ID",
      about: "your own id of the sale: 1 to 64 letters, digits and _ . : -",
    },
    caller: {
      type: "string",
      value: "NAME",
      about:
        "which till this is, where several ask one box: an ID belongs to its till, and no till replaces the amount of another",
    },
    cancel: {
      type: "boolean",
      about: "end a sale that nobody has paid yet; one that is under way is reversed if it can be",
    },
    "no-wait": { type: "boolean", about: "print how it stands now" },
    config: configOption,
  },
  notes: [
    "Ctrl-C, or an end of the terminal, withdraws an amount that waits for a code; a sale that is under way goes on, and the command says so and ends with 3.",
    'A sale that ended before a code was scanned has the state "withdrawn" where its till wanted it no more, and else "lapsed". Asked for again, an ID tells of its sale for ten minutes after its end; after that, or after a restart of the box, it is refused as used, and only asking without an amount tells how it ended. A new sale needs a new ID.',
  ],
  exit: {
    0: "paid",
    1: "not paid or refused",
    2: "wrong usage or configuration",
    3: "not known: ask without an amount",
  },
} as const satisfies Description;

/** A box is asked in one breath for so long to say when a sale moves; less than it is given for an answer. */
const WAIT_MS = 15_000;

/** Between two questions to a box that does not answer. */
const ASK_AGAIN_MS = 250;

/** A box that restarts is back within this time, as a rule. */
const SILENCE_MAX_MS = 60_000;

type Sale = z.output<typeof saleStateSchema>;

/** What the box answered. */
type Told =
  | { readonly kind: "sale"; readonly sale: Sale }
  | { readonly kind: "refused"; readonly problem: string; readonly why: string }
  /** Nobody answers, or nothing that can be read: a sentence. */
  | { readonly kind: "silent"; readonly why: string };

/** What may be asked of a sale that is there. */
type About = "sale" | "wait" | "withdraw";
type Asker = (command: About, args: Wish["args"], unwanted?: AbortSignal) => Promise<Told>;

interface Wish {
  readonly command: "pay" | About;
  readonly args: {
    readonly ref: string;
    readonly amountFen?: number;
    readonly state?: string;
    readonly withinMs?: number;
  };
  readonly caller: string | undefined;
}

/** `scanbox pay`. */
export async function payCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, description.options, 1);
  const wish = wishOf(positionals[0], values);
  const checked = loadConfig(configPath(values.config));
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  using leaving = new Leaving([io.stderr]);
  const told = await tell(checked.config, wish);
  const stays = values["no-wait"] === true || values.cancel === true;
  const about: Asker = (command, asked, unwanted) =>
    tell(checked.config, { command, args: asked, caller: wish.caller }, unwanted);
  const end = stays || told.kind !== "sale" ? told : await untilEnd(about, told.sale, io, leaving);
  return conclude(end, io);
}

function wishOf(
  amount: string | undefined,
  { ref, caller, cancel }: { readonly ref?: string; readonly caller?: string; readonly cancel?: boolean },
): Wish {
  if (ref === undefined) throw new UsageError("--ref is missing: your own id of the sale.");
  if (!saleRefSchema.safeParse(ref).success)
    throw new UsageError("--ref must be 1 to 64 letters, digits, underscores, dots, colons and hyphens.");
  if (caller !== undefined && !callerNameSchema.safeParse(caller).success)
    throw new UsageError("--caller must be 1 to 32 letters, digits, underscores, dots and hyphens.");
  if (amount === undefined) return { command: cancel === true ? "withdraw" : "sale", args: { ref }, caller };
  if (cancel === true) throw new UsageError("An amount is asked for or cancelled, not both.");
  const amountFen = parseYuan(amount);
  if (!amountFen.ok)
    throw new UsageError(`"${amount}" is no amount in yuan such as 12.50, at most 99999.99.`);
  return { command: "pay", args: { ref, amountFen: amountFen.value }, caller };
}

async function tell(
  config: DeviceConfig,
  { command, args, caller }: Wish,
  unwanted?: AbortSignal,
): Promise<Told> {
  const found = await findBox(config, "sell");
  if (found.kind === "none") return { kind: "silent", why: "no box runs with this configuration" };
  if (found.kind === "unclear") return { kind: "silent", why: found.why };
  const answer = await ask(found.path, command, args, caller, unwanted);
  if (answer === null) return { kind: "silent", why: "the box has just ended" };
  if (typeof answer === "string") return { kind: "silent", why: answer };
  if (!answer.ok) {
    const { problem, message } = answer;
    return {
      kind: "refused",
      problem,
      why: problem === "not-ready" ? outOfService(found.status.service) : message,
    };
  }
  const read = saleStateSchema.safeParse(answer.result);
  if (!read.success) return { kind: "silent", why: "the box runs another version of scanbox" };
  return { kind: "sale", sale: read.data };
}

/** Waits until the sale has ended, through a restart of the box too. */
async function untilEnd(about: Asker, first: Sale, io: CommandIo, leaving: Leaving): Promise<Told> {
  let sale = first;
  let shown = "";
  let silentSince: number | null = null;
  while (!sale.final) {
    const line = `${formatYuan(sale.amountFen)} ${sale.state}${sale.shortRef === null ? "" : ` #${sale.shortRef}`}`;
    if (line !== shown) io.stderr.write(`${line}\n`);
    shown = line;
    const unwanted = new AbortController();
    const askedAt = performance.now();
    const { ref, state } = sale;
    const moved = about("wait", { ref, state, withinMs: WAIT_MS }, unwanted.signal);
    const told = await Promise.race([moved, leaving.heard]);
    unwanted.abort();
    if (leaving.left || told === undefined) return await leave(about, sale, io);
    if (told.kind === "sale") {
      // So many may wait at a box; it answers those beyond them at once.
      const atOnce = told.sale.state === state && performance.now() - askedAt < ASK_AGAIN_MS;
      sale = told.sale;
      silentSince = null;
      if (atOnce) await Promise.race([sleep(ASK_AGAIN_MS), leaving.heard]);
      continue;
    }
    if (isGone(told, sale)) return lapsed(sale);
    silentSince ??= performance.now();
    if (performance.now() - silentSince > SILENCE_MAX_MS) return { kind: "silent", why: told.why };
    await Promise.race([sleep(ASK_AGAIN_MS), leaving.heard]);
  }
  return { kind: "sale", sale };
}

/** Nobody waits any more: an amount that nobody has scanned is wanted no more, a sale under way goes on and is named. */
async function leave(about: Asker, sale: Sale, io: CommandIo): Promise<Told> {
  const { ref } = sale;
  const told = await about(sale.outTradeNo === null ? "withdraw" : "sale", { ref });
  if (isGone(told, sale)) return lapsed(sale);
  const isOver = told.kind === "sale" && told.sale.final;
  if (!isOver) io.stderr.write(`The sale goes on at the box. How it ends: scanbox pay --ref ${ref}\n`);
  return told;
}

/** An amount that stood without an order and is gone was scanned by nobody. */
function isGone(told: Told, sale: Sale): boolean {
  return told.kind === "refused" && told.problem === "no-sale" && sale.outTradeNo === null;
}

function lapsed(sale: Sale): Told {
  return { kind: "sale", sale: { ...sale, state: "lapsed", final: true } };
}

/** Problems that say that nothing is charged for what was asked; after any other one there may be a payment. */
const notCharged: ReadonlySet<string> = new Set([
  "no-sale",
  "not-offered",
  "not-ready",
  "busy",
  "amount-too-large",
  "amount-uneven",
]);

function conclude(end: Told, io: CommandIo): number {
  if (end.kind === "sale") {
    io.stdout.write(`${JSON.stringify(end.sale)}\n`);
    if (end.sale.charged === "yes" && end.sale.state === "paid") return exitStatus.done;
    return end.sale.final && end.sale.charged === "no" ? exitStatus.no : exitStatus.unknown;
  }
  const known = end.kind === "refused" && notCharged.has(end.problem);
  io.stderr.write(known ? `${end.why}\n` : `What became of the sale is not known: ${end.why}\n`);
  return known ? exitStatus.no : exitStatus.unknown;
}
