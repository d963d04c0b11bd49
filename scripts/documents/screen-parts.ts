/** What people see, drawn by the code that draws it on the display. */
import { type Outage, outages } from "../../src/cli/outages.ts";
import { drawFrame } from "../../src/core/codecs/display-frame.ts";
import type { Box } from "../../src/core/payment/box.ts";
import type { Payment } from "../../src/core/payment/payment.ts";
import { blockerOf } from "../../src/core/payment/readiness.ts";
import { type Screen, screenFor } from "../../src/core/payment/screen.ts";
import { type Language, type TextName, texts } from "../../src/core/payment/texts.ts";
import { withProvider } from "../../test/core/payment/reachable.ts";
import { keypadRules, Story, withHealth } from "../../test/core/payment/story.ts";
import { hanzi } from "./hanzi.ts";
import { code, fenced, table } from "./markdown.ts";

const size = { columns: 16, rows: 2 };

/** Every text in every language, and what the pinyin says in hanzi. */
export function screenTexts(): string {
  const widest = Math.max(...Object.keys(texts).map((name) => name.length));
  const lines = (Object.keys(texts) as TextName[]).flatMap((text) => {
    const screen: Screen = {
      text,
      wallet: "wechat",
      amountFen: 1_250,
      seconds: 37,
      typed: null,
      ref: text === "out-of-service" || text === "wallet-out" ? "E31" : "0042",
      line: null,
      codeUrl: null,
      light: "off",
      sound: "none",
    };
    const [en, zh] = (["en", "zh"] satisfies Language[]).map((language) => drawFrame(screen, language, size));
    return [0, 1].map((row) => {
      const name = (row === 0 ? text : "").padEnd(widest);
      return `${name}  │${en?.[row]}│  │${zh?.[row]}│  ${hanzi[text][row]}`.trimEnd();
    });
  });
  return fenced(lines.join("\n"));
}

/** One payment with a password, as the customer sees it. */
export function displayOfPayment(): string {
  const story = Story.ready();
  const pictures: (readonly string[])[] = [];
  const look = (): void => void pictures.push(story.display);
  look();
  story.keys("1250=");
  look();
  story.scan().recorded().charge({ kind: "pending" }).wait(8_000);
  look();
  story.query({ kind: "paid", transactionId: "4200009990202611210000000001" }).recorded();
  look();
  const edge = (left: string, right: string): string =>
    pictures.map(() => `${left}${"─".repeat(size.columns)}${right}`).join("   ");
  const row = (index: number): string => pictures.map((picture) => `│${picture[index]}│`).join(" → ");
  const below = pictures.map((picture) => `│${picture[1]}│`).join("   ");
  return fenced([edge("┌", "┐"), row(0), below, edge("└", "┘")].join("\n"));
}

const silence = { kind: "unknown", why: "silence", signed: false } as const;

/** The outages with their codes, as the box itself shows them. */
export function outageCodes(): string {
  const rows = (Object.keys(outages) as Outage[]).map((outage) => {
    const { text, ref } = outageScreen(outage);
    const [means, remedy] = outages[outage];
    return { number: ref ?? "", cells: [`**${ref}**`, code(texts[text].en[0]), means, remedy] };
  });
  rows.sort((a, b) => a.number.localeCompare(b.number));
  return table(
    ["code", "screen", "means", "what helps"],
    rows.map(({ cells }) => cells),
  );
}

/** The clock stands against nobody who needs none. */
const clockRules = withProvider(keypadRules, { needsClock: true });

function outageScreen(outage: Outage): Screen {
  const { box, now } = Story.ready();
  const rules = outage === "misconfigured" ? { ...keypadRules, sells: false } : clockRules;
  return screenFor(brokenBy(box, outage), now as never, rules);
}

function brokenBy(box: Box, outage: Outage): Box {
  switch (outage) {
    case "stopping":
      return { ...box, stopping: true };
    case "journal-broken":
      return { ...box, journalBroken: true };
    case "journal-damaged":
      return { ...box, journalDamaged: true };
    case "disk-full":
      return { ...box, room: false };
    case "account-gone":
      return { ...box, held: [{ outTradeNo: "order", wallet: null }] };
    case "unresolved": {
      const { order } = Story.ready().payTo();
      return { ...box, orders: new Map(["a", "b", "c", "d"].map((number) => [number, order])) };
    }
    case "cannot-reverse":
      return { ...box, orders: new Map([["a", muteReversal()]]) };
    case "clock-untrusted":
      return { ...box, clockTrusted: false };
    case "no-scanner":
      return { ...box, scannerReady: false };
    case "invariant-broken":
      return { ...box, violation: "I6: an example" };
    case "misconfigured":
      return box;
    case "no-keypad":
      return { ...box, keypadReady: false };
    case "no-relay":
      return { ...box, relayReady: false };
    default:
      return withHealth(box, { proved: false, failure: outage });
  }
}

/** An order whose reversal has been asked for often, and never answered. */
function muteReversal(): Payment {
  const story = Story.ready().payTo().charge(silence);
  for (let turns = 0; turns < 40 && blockerOf(story.box, keypadRules) !== "cannot-reverse"; turns += 1) {
    const { inFlight, phase } = story.order;
    if (phase.name === "recording-reversal") story.recorded();
    else if (inFlight?.call === "undo") story.reverse(silence);
    else if (inFlight?.call === "query") story.query(silence);
    else story.wait(15_000);
  }
  return story.order;
}
