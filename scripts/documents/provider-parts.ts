/** What the core reads of each kind of provider, as a table: of the accounts in the example of a configuration. */
import { checkConfig } from "../../src/config/device-config.ts";
import type { ProviderFacts, UndoFacts } from "../../src/core/payment/provider.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import { kindOf } from "../../src/providers/registry.ts";
import type { HttpsLink, Log } from "../../src/runtime/ports.ts";
import { code, list, table } from "./markdown.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Nobody is asked for facts. */
const nowhere: HttpsLink = {
  exchange: () => undefined,
  warm: () => undefined,
  localAddress: () => null,
  close: (done) => done(),
};

/** The table of facts, a column for each kind that the example has. */
export function providerFacts(example: string): string {
  const checked = checkConfig(example);
  if (!checked.ok) throw new Error(checked.problems.join(" "));
  const { box, providers, timing } = checked.config;
  const columns = providers.map((entry) => {
    const parts = { boxId: box.id, store: box.store, timing, secret: () => "" };
    const make = kindOf(entry).make(entry, { ...parts, https: () => nowhere, pairFault: () => null });
    return make({ clock: new SystemClock(), entropy: new SystemEntropy(), log: silent });
  });
  return table(
    ["what differs", ...columns.map(({ kind }) => code(kind))],
    rows.map(([name, say]) => [name, ...columns.map(({ facts }) => say(facts))]),
  );
}

const rows: readonly (readonly [name: string, say: (facts: ProviderFacts) => string])[] = [
  ["wallets", ({ wallets }) => list(wallets)],
  ["hosts", ({ hosts }) => list(hosts.map(code))],
  [
    "“paid” in answer to a charge",
    ({ chargeProves }) => (chargeProves ? "is proof" : "is unknown until a query says so"),
  ],
  ["a clock that is not trusted", ({ needsClock }) => (needsClock ? "ends charging (E25)" : "is no matter")],
  ["is asked every", ({ queryEveryMs }) => seconds(queryEveryMs)],
  ["is given up after", ({ giveUpAfterMs }) => seconds(giveUpAfterMs)],
  ["a code of a customer, not seen paid, is taken back by", ({ undo }) => undoText(undo.cpm.unpaid)],
  ["the same, seen paid, by", ({ undo }) => undoText(undo.cpm.paid)],
  [
    "a code of ours, not seen paid, is taken back by",
    ({ undo }) => (undo.mpm ? undoText(undo.mpm.unpaid) : "–"),
  ],
  ["the same, seen paid, by", ({ undo }) => (undo.mpm ? undoText(undo.mpm.paid) : "–")],
  ["“no such order” counts", ({ absence }) => (absence === null ? "never" : absenceText(absence))],
];

function undoText({ way, notBeforeMs, confirm, overdue }: UndoFacts): string {
  const usual = `${code(way)}, ${seconds(notBeforeMs)} after the charge at the earliest; a query of the ${confirm} confirms it`;
  return overdue === null
    ? usual
    : `${usual}. Refused as too late: ${undoText({ ...overdue, overdue: null })}`;
}

function absenceText({ notBeforeMs, count, lastingMs }: NonNullable<ProviderFacts["absence"]>): string {
  return `${seconds(notBeforeMs)} after the charge; ${count} over ${seconds(lastingMs)} where the host is not known`;
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
