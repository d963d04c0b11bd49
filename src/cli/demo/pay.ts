import { type Fen, formatYuan } from "../../core/kernel/fen.ts";
import type { TxData } from "../../core/payment/order.ts";
import type { TextName } from "../../core/payment/texts.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import type { Story } from "../../providers/sandbox.ts";
import { exitStatus } from "../exit-status.ts";
import type { CommandIo } from "../usage.ts";
import { type Demo, openDemo } from "./box.ts";
import { StopSignals } from "./signals.ts";
import { DemoStory, whyRefused } from "./story.ts";

/** One payment, as it was asked for on the command line. */
export interface DemoPayment {
  readonly amountFen: Fen;
  readonly code: string;
  readonly scenario: Story;
}

/** Ten times as quick as a real payment; the longest usual scenario then takes ten seconds. */
const HURRY = 10;

/** How long the box may take to the order's end; what is open then is reported as unknown. */
const FINAL_WITHIN_MS = 120_000;

/** How long the last message may take to the broker, which is on this machine. */
const REPORTED_WITHIN_MS = 10_000;

/** Between the steps of the person, so that the display is seen. */
const STEP_PAUSE_MS = 150;

/** A box that was armed or has refused shows it at once. */
const SHOWN_WITHIN_MS = 5_000;

/**
 * `scanbox demo --pay`: one payment without a terminal. The order's final transaction, as it reached the broker,
 * is the one line on stdout; the story is told on stderr.
 */
export async function payOnce(payment: DemoPayment, io: CommandIo): Promise<number> {
  using signals = new StopSignals();
  const { scenario, amountFen } = payment;
  const clock = new SystemClock();
  const story = new DemoStory({
    clock,
    write: (text) => void io.stderr.write(text),
    stream: io.stderr,
  });
  story.say(`${formatYuan(amountFen)} CNY, scenario "${scenario.name}": ${scenario.story}`);
  story.say(`It should end ${scenario.ends}. Sandbox and waits are ${HURRY} times as quick as usual.\n`);
  const demo = await openDemo({ hurry: HURRY, maximum: "99999.99" }, story);
  let ending: Ending;
  try {
    signals.onStop(() => demo.interrupt());
    ending = await pay(demo, story, payment);
    if (ending.line !== null) io.stdout.write(`${ending.line}\n`);
  } finally {
    await demo.close();
  }
  story.say(`\n${ending.sentence}`);
  return ending.status;
}

/** How it ended: `line` is the final transaction, where there is one. */
interface Ending {
  readonly status: number;
  readonly line: string | null;
  readonly sentence: string;
}

async function pay(demo: Demo, story: DemoStory, payment: DemoPayment): Promise<Ending> {
  const { scenario, amountFen, code } = payment;
  if (!(await demo.ready())) {
    if (demo.interrupted) return unknown("Interrupted.");
    const why = demo.outage;
    return unknown(why === null ? "The box did not become ready." : `${why}, and no payment has begun.`);
  }
  await demo.pause(STEP_PAUSE_MS);
  // The start-up probe has passed by now: a sandbox that is down is down for the charge alone.
  await demo.sandboxes.tell(scenario);
  const amount = formatYuan(amountFen);
  story.typed(`${amount}=`);
  await demo.typeAmount(amount);
  const shown = await demo.until(
    () => (demo.screen.text === "armed" ? ("armed" as const) : demo.outage),
    SHOWN_WITHIN_MS,
  );
  if (shown !== null && shown !== "armed") return unknown(`${shown}, and no payment has begun.`);
  await demo.pause(STEP_PAUSE_MS);
  if (!demo.interrupted) story.scanned(code, await demo.scan(code));
  const begun = await demo.until(() => orderOf(demo) ?? refusalOf(demo) ?? demo.outage, SHOWN_WITHIN_MS);
  if (begun === "refused") {
    await demo.pause(STEP_PAUSE_MS);
    return { status: exitStatus.no, line: null, sentence: `The box refused the code: ${whyRefused(code)}.` };
  }
  const end = await demo.until(() => finalOf(demo) ?? demo.outage, FINAL_WITHIN_MS);
  if (end === null || typeof end === "string") {
    // The display is to show the code that the sentence names.
    if (end !== null) await demo.pause(STEP_PAUSE_MS);
    const state = orderOf(demo)?.state;
    const how = end ?? (demo.interrupted ? "Interrupted" : "Time is up");
    return unknown(
      state === undefined
        ? `${how}, and no payment has begun.`
        : `${how}, and the payment is ${state}, not final.`,
    );
  }
  const line = await demo.until(() => demo.reported.get(end.outTradeNo) ?? null, REPORTED_WITHIN_MS);
  if (line === null) return unknown(`It ended ${end.state}, and the report did not reach the broker.`);
  // The display is drawn after the record is durable.
  await demo.pause(STEP_PAUSE_MS);
  return end.state === scenario.ends
    ? { status: exitStatus.done, line, sentence: `It ended ${end.state}, as it should.` }
    : {
        status: exitStatus.no,
        line,
        sentence: `It ended ${end.state} and should have ended ${scenario.ends}.`,
      };
}

function unknown(sentence: string): Ending {
  return { status: exitStatus.unknown, line: null, sentence };
}

function orderOf(demo: Demo): TxData | null {
  return [...demo.orders.values()][0] ?? null;
}

function finalOf(demo: Demo): TxData | null {
  const order = orderOf(demo);
  return order?.final === true ? order : null;
}

/** Screens that refuse a code before anything is sent, or after it was declined as nobody's. */
const refusals: ReadonlySet<TextName> = new Set([
  "code-not-taken",
  "wallet-not-taken",
  "wallet-not-taken-here",
  "wallet-out",
  "not-a-code",
  "receiving-code",
  "goods-barcode",
  "card",
  "marked-code",
  "code-used",
]);

function refusalOf(demo: Demo): "refused" | null {
  return refusals.has(demo.screen.text) ? "refused" : null;
}
