/** One library in a process of its own, so that its processor time is its own too. Started by `https.ts`. */
import { alipayPayers } from "./alipay-payers.ts";
import { type Payer, payers } from "./payers.ts";
import { makeCodes } from "./site.ts";

/** A call of a payer. */
export type Call = "charge" | "query" | "reverse";

/** What the bench asks for: so many calls, one after the other. */
export interface Round {
  readonly call: Call;
  readonly count: number;
}

/** What came of a round; a failure ends the bench. */
export interface RoundReport {
  readonly ms: number;
  readonly cpuUs: number;
  readonly failure: string | null;
}

const [, , family = "", name = "", setup = ""] = process.argv;
const families = {
  "wechat-v2": { payers, codesBegin: "13" },
  alipay: { payers: alipayPayers, codesBegin: "28" },
};
const { payers: known, codesBegin } = listed(families, family);
const payer = await listed<(setup: never) => Promise<Payer>>(known, name)(JSON.parse(setup) as never);
const code = makeCodes(codesBegin);
const [start = ""] = code().match(/\d{10}/) ?? [];
let orders = 0;

process.on("message", (round: Round) => {
  void run(round).then((report) => process.send?.(report));
});
process.send?.("ready");

async function run({ call, count }: Round): Promise<RoundReport> {
  try {
    const paid = nextOrder();
    if (call !== "charge") await payer.charge(paid, code());
    if (call === "reverse") await payer.reverse(paid);
    const cpu = process.cpuUsage();
    const beganAt = performance.now();
    for (let done = 0; done < count; done += 1) {
      if (call === "charge") await payer.charge(nextOrder(), code());
      else await payer[call](paid);
    }
    const ms = performance.now() - beganAt;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuUs: user + system, failure: null };
  } catch (error) {
    return { ms: 0, cpuUs: 0, failure: `${name}, ${call}: ${String(error)}` };
  }
}

function nextOrder(): string {
  orders += 1;
  return `${start}_${orders}`;
}

function listed<Value>(list: Readonly<Record<string, Value>>, text: string): Value {
  const value = Object.hasOwn(list, text) ? list[text] : undefined;
  if (value === undefined) throw new Error(`there is no "${text}"`);
  return value;
}
