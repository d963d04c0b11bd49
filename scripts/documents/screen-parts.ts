/** What people see, drawn by the code that draws it on the glass. */
import { drawGlass } from "../../src/core/codecs/glass.ts";
import type { ProbeFailure } from "../../src/core/payment/answers.ts";
import { type Blocker, type Box, blockerOf } from "../../src/core/payment/box.ts";
import type { Payment } from "../../src/core/payment/payment.ts";
import { type Screen, screenFor } from "../../src/core/payment/screen.ts";
import { type Language, type TextName, texts } from "../../src/core/payment/texts.ts";
import { keypadRules, Story } from "../../test/core/payment/story.ts";
import { code, fenced, table } from "./markdown.ts";

const size = { columns: 16, rows: 2 };

/** Every text in every language. */
export function screenTexts(): string {
  const widest = Math.max(...Object.keys(texts).map((name) => name.length));
  const lines = (Object.keys(texts) as TextName[]).flatMap((text) => {
    const screen: Screen = {
      text,
      amountFen: 1_250,
      seconds: 37,
      typed: null,
      ref: text === "out-of-service" ? "E31" : "0042",
      line: null,
      codeUrl: null,
      light: "off",
      sound: "none",
    };
    const [en, zh] = (["en", "zh"] satisfies Language[]).map((language) => drawGlass(screen, language, size));
    return [0, 1].map((row) => {
      const name = (row === 0 ? text : "").padEnd(widest);
      return `${name}  │${en?.[row]}│  │${zh?.[row]}│`;
    });
  });
  return fenced(lines.join("\n"));
}

/** One payment with a password, as the customer sees it. */
export function glassOfPayment(): string {
  const story = Story.ready();
  const pictures: (readonly string[])[] = [];
  const look = (): void => void pictures.push(story.glass);
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

type Outage = Exclude<Blocker, "unclear" | "unproved" | "inhibited" | "paused"> | ProbeFailure;

/** What each outage means and who can end it; a new one without a sentence does not compile. */
const outages: Readonly<Record<Outage, readonly [means: string, remedy: string]>> = {
  stopping: [
    "The program was asked to end.",
    "Wait until it has started again; a charge that is on its way is finished first.",
  ],
  "journal-broken": [
    "The journal could not be written: the card is full, read-only or failing.",
    "Look at `journal.broken` in the log, mend or replace the storage, restart. Nothing is charged before that.",
  ],
  "merchant-gone": [
    "An order is open under a merchant whose credentials the configuration no longer holds.",
    "Put that merchant under `merchant.previous` and restart; the log names the orders.",
  ],
  unresolved: [
    "Four payments are still unresolved.",
    "Nothing: queries and reversals go on. `scanbox journal list --open` shows them.",
  ],
  "cannot-reverse": [
    "Reversals get no signed answer: WeChat Pay may not know the client certificate, or their host is cut off.",
    "Check the certificate in the merchant platform and the way to every host. It ends with the first signed answer.",
  ],
  "no-scanner": [
    "The scanner is not there.",
    "Plug it in; it is opened again within 5 s. Else check `scanner.path` and the group `dialout`.",
  ],
  "no-relay": [
    "The relay, or the input that says whether the machine is ready, cannot be reached.",
    "Look at `relay.absent` or `contact.absent` in the log: another program may hold the pin.",
  ],
  "certificate-missing": [
    "The merchant's certificate or its key cannot be read as PEM: reversals would be impossible.",
    "Check `merchant.certificate`; a `.p12` has to be converted to PEM first.",
  ],
  "certificate-mismatch": [
    "Certificate and private key do not belong together.",
    "Install the two files of one download.",
  ],
  "certificate-expired": [
    "The certificate is out of date, or the clock is wrong.",
    "Look at the date of the machine, then renew the certificate with WeChat Pay.",
  ],
  "api-key": [
    "WeChat Pay's answers do not fit the API key, or it refuses our signatures.",
    "Check `merchant.apiKey` (API v2, 32 characters) and `merchant.signType`.",
  ],
  merchant: [
    "WeChat Pay does not accept this merchant for payment codes.",
    "Check `merchantId`, `appId`, their binding and the product permission in the merchant platform.",
  ],
  "no-trust": [
    "The server's TLS certificate is not trusted.",
    "A captive portal, a proxy, or a wrong clock; else check `merchant.ca`.",
  ],
  "no-network": [
    "No host can be reached: no name, or no connection.",
    "Check cable, Wi-Fi and DNS. It heals by itself within a minute.",
  ],
  "no-answer": [
    "A host is reached and gives no usable answer.",
    "Usually passing; look for `gateway.unknown` in the log if it stays.",
  ],
};

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

function outageScreen(outage: Outage): Screen {
  const { box, now } = Story.ready();
  return screenFor(brokenBy(box, outage), now as never, keypadRules);
}

function brokenBy(box: Box, outage: Outage): Box {
  switch (outage) {
    case "stopping":
      return { ...box, stopping: true };
    case "journal-broken":
      return { ...box, journalBroken: true };
    case "merchant-gone":
      return { ...box, held: ["order"] };
    case "unresolved": {
      const { order } = Story.ready().payTo();
      return { ...box, orders: new Map(["a", "b", "c", "d"].map((number) => [number, order])) };
    }
    case "cannot-reverse":
      return { ...box, orders: new Map([["a", muteReversal()]]) };
    case "no-scanner":
      return { ...box, scannerReady: false };
    case "no-relay":
      return { ...box, relayReady: false };
    default:
      return { ...box, trust: { ...box.trust, proved: false, failure: outage } };
  }
}

/** An order whose reversal has been asked for often, and never answered. */
function muteReversal(): Payment {
  const story = Story.ready().payTo().charge(silence);
  for (let turns = 0; turns < 40 && blockerOf(story.box, keypadRules) !== "cannot-reverse"; turns += 1) {
    const { flying, phase } = story.order;
    if (phase.name === "booking") story.recorded();
    else if (flying?.call === "reverse") story.reverse(silence);
    else if (flying?.call === "query") story.query(silence);
    else story.wait(15_000);
  }
  return story.order;
}
