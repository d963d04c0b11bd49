/** What the documents say about an order, read off the machine itself: every state it can reach was walked for this. */

import type { MoneyState, TxData } from "../../src/core/payment/order.ts";
import type { PaymentEvent } from "../../src/core/payment/payment.ts";
import { recoveryTable } from "../../src/core/payment/recovery.ts";
import { type Rules, standardTiming } from "../../src/core/payment/rules.ts";
import { chargeCodes } from "../../src/providers/wechat-v2/codes.ts";
import { wechatV2Timing } from "../../src/providers/wechat-v2/facts.ts";
import { type Edge, explore, smallRules } from "../../test/core/payment/reachable.ts";
import { code, fenced, list, table } from "./markdown.ts";

let walked: readonly Edge[] | null = null;

/**
 * All steps of all orders. Where late payments are reversed and goods are sold an order can do whatever it can do elsewhere,
 * and more. Walking takes seconds, so it is done once.
 */
function edges(): readonly Edge[] {
  walked ??= (["hold", "refund"] as const).flatMap((onAmbiguous) => {
    const rules: Rules = { ...smallRules("reverse"), relay: { fenPerPulse: 100, onAmbiguous } };
    return explore(rules, "cpm", 1).edges;
  });
  return walked;
}

/** Phases and the events that lead from one to the other. */
export function stateDiagram(): string {
  const arrows = new Map<string, Set<string>>();
  for (const { before, after, event, effects } of edges()) {
    const [from, to] = [before.phase.name, after.phase.name];
    const calls = effects.flatMap(({ type }) => (type === "query" || type === "undo" ? [type] : []));
    // An order that stays where it is and asks for nothing has only waited or counted.
    if (from === to && calls.length === 0) continue;
    const { cause, detail } = causeOf(event, from === to ? calls : []);
    const arrow = `  ${from} --> ${to} : ${cause}`;
    const details = arrows.get(arrow) ?? new Set();
    arrows.set(arrow, detail === null ? details : details.add(detail));
  }
  const lines = [...arrows].map(([arrow, details]) =>
    details.size === 0 ? arrow : `${arrow} ${[...details].join(", ")}`,
  );
  const begins = [
    "  [*] --> recording : scan",
    "  [*] --> asking : start, charging is open",
    "  [*] --> reversing : start, reversing is open",
    "  [*] --> number-conflict : start, the number is known there",
    "  [*] --> dispensing : start, goods are open",
    "  [*] --> doubted : start, the last row is lost",
  ];
  const ends = ["  final --> [*]", "  abandoned --> [*]"];
  return fenced(["stateDiagram-v2", ...begins, ...lines, ...ends].join("\n"), "mermaid");
}

/** Mermaid ends a label at a colon or a semicolon, so there is none. */
function causeOf(event: PaymentEvent, calls: readonly string[]) {
  switch (event.type) {
    case "charge-answered":
      return { cause: "charge", detail: event.answer.kind };
    case "query-answered":
      return { cause: "query", detail: event.answer.kind };
    case "undo-answered":
      return { cause: "reverse", detail: event.answer.kind };
    case "recorded":
      return { cause: "durable", detail: null };
    case "record-failed":
      return { cause: "not durable", detail: null };
    case "woke":
      return { cause: `time to ${calls.join(", ") || "judge"}`, detail: null };
    case "dispensed":
      return { cause: "goods", detail: event.outcome };
    case "withheld":
      return { cause: "durable, and no charge may leave", detail: null };
    case "cancel-pressed":
      return { cause: "cancel pressed", detail: null };
  }
}

/** Each money record, the phases that ask for it, and what it may say. */
export function moneyRecords(): string {
  const states = new Map<MoneyState, { from: Set<string>; txs: TxData[] }>();
  states.set("charging", { from: new Set(["(a scan)"]), txs: [] });
  for (const { before, effects } of edges()) {
    for (const effect of effects) {
      if (effect.type !== "record" || effect.entry.kind !== "money") continue;
      const { tx } = effect.entry;
      const record = states.get(tx.state) ?? { from: new Set(), txs: [] };
      record.from.add(code(before.phase.name));
      record.txs.push(tx);
      states.set(tx.state, record);
    }
  }
  return table(
    ["record and event", "asked for in", "`charged`", "`reason`", "`final`"],
    [...states].map(([state, { from, txs }]) => [
      code(state),
      list(from),
      list(new Set(state === "charging" ? ["unknown"] : txs.map(({ charged }) => charged))),
      list(new Set(txs.flatMap((tx) => reasonsOf(tx).map(code)))),
      list(new Set(state === "charging" ? ["no"] : txs.map(({ final }) => (final ? "yes" : "no")))),
    ]),
  );
}

/** The walk declines by one code; here every code that declines counts. */
function reasonsOf({ state, reason }: TxData): readonly string[] {
  const byCode = [...chargeCodes.values()].flatMap(({ meaning }) =>
    meaning.kind === "declined" ? [meaning.reason] : [],
  );
  if (reason === null) return [];
  return state === "declined" && byCode.some((one) => one === reason) ? byCode : [reason];
}

/** What a start does with what the journal left open. */
export function recovery(): string {
  const facts = ["charging", "reversing", "dispensing", "final", "credentials", "doubted"] as const;
  const said = (fact: boolean | undefined): string => (fact === undefined ? "either" : fact ? "yes" : "no");
  return table(
    ["row", ...facts, "action", "because"],
    recoveryTable.map(({ name, when, action, because }) => [
      name,
      ...facts.map((fact) => said(when[fact])),
      `**${action}**`,
      because,
    ]),
  );
}

/** Every wait with the sentence that stands beside it in the source: those of the box, and those that are WeChat Pay's. */
export function waits(rules: string, facts: string): string {
  const meanings = new Map([...meaningsIn(rules, "Timing"), ...meaningsIn(facts, "WechatV2Timing")]);
  return table(
    ["wait", "usual", "meaning"],
    Object.entries({ ...wechatV2Timing, ...standardTiming }).map(([name, value]) => {
      const meaning = meanings.get(name);
      if (meaning === undefined) throw new Error(`nobody says what ${name} means`);
      return [code(name), [value].flat().map(seconds).join(", "), meaning];
    }),
  );
}

function meaningsIn(source: string, interfaceName: string): ReadonlyMap<string, string> {
  const body = new RegExp(`export interface ${interfaceName} \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? "";
  return new Map(
    [...body.matchAll(/\/\*\* (.+?) \*\/\s*readonly (\w+):/g)].map(([, meaning = "", name = ""]) => [
      name,
      meaning,
    ]),
  );
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1_000} s`;
}
