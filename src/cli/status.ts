/** `scanbox status`: how the box is, from the box itself where it runs, else from its journal. */
import { resolve } from "node:path";
import type { BoxStatus, OfflineOrder, OfflineStatus } from "../commands/status.ts";
import { formatYuan } from "../core/kernel/fen.ts";
import { findBox } from "./ask-box.ts";
import { loadLeniently } from "./config.ts";
import { configPath } from "./config-file.ts";
import { counted } from "./counted.ts";
import { configOption, type Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { offlineStatusFrom } from "./offline-status.ts";
import { outageOf, outages } from "./outages.ts";
import { type CommandIo, readOptions } from "./usage.ts";

/** `scanbox status`, as its help has it. */
export const description = {
  usage: ["scanbox status [--json] [--config FILE]"],
  about: [
    "Says how the box is. Where none runs, what its journal says without it: above all the orders that are open.",
  ],
  options: {
    json: { type: "boolean", about: "one JSON object; its schema is src/commands/status.schema.json" },
    config: configOption,
  },
  exit: { 0: "in service", 1: "out of service or not running", 2: "wrong usage or configuration" },
} as const satisfies Description;

/** `scanbox status`. */
export async function statusCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, description.options);
  const path = configPath(values.config);
  const checked = loadLeniently(path);
  if (!checked.ok) {
    for (const problem of checked.problems) io.stderr.write(`${problem}\n`);
    return exitStatus.usage;
  }
  const found = await findBox(checked.config, "read");
  if (found.kind === "found") {
    const { status } = found;
    const text = values.json === true ? JSON.stringify({ running: true, ...status }) : table(status);
    io.stdout.write(`${text}\n`);
    return status.service.inService ? exitStatus.done : exitStatus.no;
  }
  const problem = found.kind === "unclear" ? found.why : null;
  const asleep: OfflineStatus = {
    ...offlineStatusFrom(checked.config.journal.directory, problem),
    config: resolve(path),
  };
  io.stdout.write(`${values.json === true ? JSON.stringify(asleep) : offlineStatusText(asleep)}\n`);
  return exitStatus.no;
}

type Line = readonly [name: string, text: string];

/** The status as people read it. */
export function table(status: BoxStatus): string {
  const { box, store, version, boot, pid, since, upS, service, devices, providers, orders, journal } = status;
  const lines: Line[] = [
    ["box", `${box}, ${store}`],
    ["program", `scanbox ${version}, boot ${boot}, process ${pid}`],
    ["config", status.config],
    ["since", `${since} (${age(upS)})`],
    ["service", serviceText(service)],
    ...helpLines(service),
    [
      "devices",
      Object.entries(devices)
        .map(([name, state]) => `${name} ${state}`)
        .join(", "),
    ],
    ...(status.scans === null ? [] : scansLines(status.scans)),
    ...providers.map((one, index): Line => [index === 0 ? "providers" : "", providerText(one)]),
    ["orders", orders.length === 0 ? "none is open" : `${orders.length} not over yet`],
    ...orders.map((order): Line => ["", orderText(order)]),
    [
      "journal",
      `${journal.path}: ${megabytes(journal.bytes)}, ${counted(journal.rows, "row")}, ${counted(journal.seq, "money event")}` +
        `${journal.writtenAt === null ? "" : `, last written ${journal.writtenAt}`}` +
        `${journal.broken ? ", CANNOT BE WRITTEN" : ""}`,
    ],
    [
      "",
      journal.damage === null
        ? `${journal.proofDone ? "every row is proved" : `${counted(journal.proved, "row")} proved so far`}`
        : `DAMAGED: ${journal.damage}`,
    ],
    ...memoryLines(journal),
    ["MQTT", mqttText(status.mqtt)],
    ...brokerLines(status.mqtt).map((sentence): Line => ["", sentence]),
    ["clock", `${status.clock.at}, ${status.clock.trusted ? "believed" : "not known to be right"}`],
    ["memory", `${megabytes(status.memory.rssBytes)}, ${megabytes(status.memory.heapBytes)} of it heap`],
  ];
  return lined(lines);
}

/** Said of a box that runs, too: by the time that somebody asks why payments are missing it is too late. */
function memoryLines({ inMemory }: { readonly inMemory: boolean }): readonly Line[] {
  return inMemory
    ? [["", "IT LIES IN MEMORY: the next start has forgotten every payment; set journal.directory"]]
    : [];
}

function lined(lines: readonly Line[]): string {
  const widest = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(widest)}  ${text}`.trimEnd()).join("\n");
}

function serviceText({ inService, display, code, reason }: BoxStatus["service"]): string {
  const rows = display.map((row) => row.trim().replace(/ +/g, " ")).filter((row) => row !== "");
  const says = `the display says "${rows.join(" / ")}"`;
  if (inService) return `in service${reason === null ? "" : ` (${reason})`}, ${says}`;
  const why = [code, reason].filter((part) => part !== null).join(", ");
  return `OUT OF SERVICE${why === "" ? "" : ` (${why})`}, ${says}`;
}

function helpLines({ inService, reason, mistakes }: BoxStatus["service"]): readonly Line[] {
  const outage = inService || reason === null ? null : outageOf(reason);
  const help = outage === null ? [] : outages[outage];
  return [...help, ...mistakes].map((sentence): Line => ["", sentence]);
}

const MARKED = "the scanner puts a mark before codes (switch its prefix and code id off)";

function scansLines({
  absent,
  codes,
  refused,
  marked,
  discarded,
}: NonNullable<BoxStatus["scans"]>): readonly Line[] {
  const thrown = [
    [discarded["over-long"], "too long (noise, or a wrong speed)"],
    [discarded.unfinished, "without an end (let the scanner send CR behind a code)"],
    [discarded["alt-numbers"], "typed as Alt and numbers (switch that off in the scanner)"],
  ] as const;
  const held =
    absent !== null && isHeld(absent) ? ': another program holds it ("scanbox doctor" names it)' : "";
  return [
    ["scans", `${codes} codes, ${refused} refused`],
    ...(marked === 0 ? [] : [["", `${marked} refused: ${MARKED}`] as const]),
    ...(absent === null ? [] : [["", `the scanner cannot be read: ${absent}${held}`] as const]),
    ...thrown
      .filter(([count]) => count > 0)
      .map(([count, why]): Line => ["", `${count} thrown away: ${why}`]),
  ];
}

function providerText({ id, kind, account, charges, signedAt, ...health }: ProviderStatus): string {
  const doing = charges ? healthText(health) : "charges no more, only finishes its orders";
  return `${id}: ${kind} ${account}, ${doing}, last signed answer ${signedAt ?? "none yet"}`;
}

function healthText({
  proved,
  failure,
  blocker,
  code,
}: Pick<ProviderStatus, "proved" | "failure" | "blocker" | "code">): string {
  if (!proved) return `not proved (${failure ?? "no probe yet"})`;
  if (blocker === "unclear") return "the last answer was unclear";
  return blocker === null ? "proved" : `proved, but nothing is charged through it: ${blocker} (${code})`;
}

type ProviderStatus = BoxStatus["providers"][number];

function orderText({ shortRef, outTradeNo, phase, amountFen, ageS }: BoxStatus["orders"][number]): string {
  const amount = amountFen === null ? "" : ` ${formatYuan(amountFen)}`;
  return `#${shortRef ?? "????"}${amount} ${phase}${ageS === null ? "" : ` for ${age(ageS)}`}, order ${outTradeNo}`;
}

function mqttText(mqtt: BoxStatus["mqtt"]): string {
  if (mqtt === null) return "no broker is configured";
  const { phase, unconfirmed, held, version, lastCause } = mqtt;
  const protocol = version === null ? "" : ` (MQTT ${version === 5 ? "5" : "3.1.1"})`;
  const cause = phase === "online" || lastCause === null ? "" : `, last: ${lastCause}`;
  return `${phase}${protocol}, ${unconfirmed} unconfirmed${held ? ", the first was refused" : ""}${cause}`;
}

/** Whether the system's words for a device that does not open mean that somebody else has it. */
export function isHeld(cause: string): boolean {
  return /\b(?:EBUSY|EAGAIN)\b|busy|cannot lock|temporarily unavailable|holds the scanner/i.test(cause);
}

/** What the broker refuses, in words. */
function brokerLines(mqtt: BoxStatus["mqtt"]): readonly string[] {
  if (mqtt === null) return [];
  const { retains, refused } = mqtt;
  return [
    ...(refused === null ? [] : [`refused: ${refused}`]),
    ...(retains === false ? ["nothing is retained: who subscribes later does not learn of this box"] : []),
  ];
}

/** What is known of a box that does not run, as people read it. */
export function offlineStatusText({ problem, config, journal, orders }: OfflineStatus): string {
  const { rows, problem: wrong } = journal;
  const lines: Line[] = [
    ["service", problem === null ? "NOT RUNNING" : `NO ANSWER: ${problem}`],
    ["config", config],
    ["journal", `${journal.path}: ${journalText(journal)}`],
    ...memoryLines(journal),
    ...(rows === null && wrong !== null ? [["", wrong] as const] : []),
    ["orders", asleepOrders(journal, orders)],
    ...(orders ?? []).map((order): Line => ["", asleepOrder(order)]),
  ];
  return lined(lines);
}

function asleepOrders({ rows, problem }: OfflineStatus["journal"], orders: OfflineStatus["orders"]): string {
  const verify = 'run "scanbox journal verify"';
  if (orders === null)
    return `not known: the journal ${rows === null ? "cannot be read" : "is damaged"}; ${verify}`;
  if (problem !== null || orders.some((order) => order.problem !== null))
    return `${orders.length} open at least; ${verify}`;
  return orders.length === 0 ? "none is open" : `${orders.length} open, and nobody looks after them`;
}

function asleepOrder(order: OfflineOrder): string {
  if (order.problem !== null) return `order ${order.outTradeNo}: ${order.problem}`;
  const { shortRef, amountFen, state, at, outTradeNo } = order;
  return `#${shortRef} ${formatYuan(amountFen)} ${state} since ${at}, order ${outTradeNo}`;
}

function journalText({ bytes, rows, problem }: OfflineStatus["journal"]): string {
  if (rows === null && problem !== null)
    return bytes === null ? "cannot be read" : `${megabytes(bytes)}, cannot be read`;
  if (bytes === null) return "there is none";
  return `${megabytes(bytes)}, ${counted(rows ?? 0, "row")}${problem === null ? "" : `, DAMAGED at ${problem}`}`;
}

function megabytes(bytes: number | null): string {
  return bytes === null ? "no file" : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** A length of time in its two largest units. */
function age(seconds: number): string {
  const units = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ] as const;
  const total = Math.max(0, seconds);
  const first = units.findIndex(([size]) => total >= size);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .map(([size, unit], index) => {
      const rest = index === 0 ? total : total % (units[first]?.[0] ?? 1);
      return [Math.floor(rest / size), unit] as const;
    })
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}
