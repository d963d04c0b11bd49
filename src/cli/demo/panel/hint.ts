import type { Screen } from "../../../core/payment/screen.ts";

/** What whoever sits at the panel can do now, in one sentence. */
export interface Situation {
  readonly powered: boolean;
  readonly screen: Screen;
  readonly entry: "implied" | "explicit";
  readonly scannerPlugged: boolean;
  readonly sandboxUp: boolean;
}

/** The sentence. */
export function hintFor({ powered, screen, entry, scannerPlugged, sandboxUp }: Situation): string {
  if (!powered) return "The power is gone, and with it all but the journal. It comes back by itself.";
  switch (screen.text) {
    case "idle":
    case "no-amount":
    case "amount-zero":
      return `Type an amount: ${entry === "implied" ? "1250 is 12.50" : "12.50"}, then Enter.`;
    case "entering":
      return "Enter confirms the amount.";
    case "out-of-service":
      if (screen.ref !== "E14") return "Support asks for this code; the README explains it.";
      return scannerPlugged ? "The scanner is plugged in; the box finds it." : "No scanner: u plugs it in.";
    case "offline":
      return sandboxUp
        ? "The box asks the provider until it is proved again."
        : "No network: b brings the sandbox back.";
    default:
      return hints[screen.text] ?? "";
  }
}

/** By the name of the text on the display. */
const hints: Readonly<Record<string, string>> = {
  boot: "The box reads its journal, then makes sure of the provider.",
  armed: "The customer shows a phone (g, or a for Alipay), or scans us (n).",
  "armed-no-scanner": "No scanner: n shows a code that the customer scans.",
  "code-shown": "The customer scans the code with the phone.",
  "code-withdrawn": "Enter: staff have seen it. The box goes on until it knows.",
  resting: "The box waits until the phone has left the reader.",
  submitting: "The intent is durable; the charge is on its way.",
  password: "The customer types the password on the phone. Esc gives up.",
  checking: "Was it paid? Nobody knows, so the box asks. k cuts the power now.",
  reversing: "The box takes it back until the provider confirms that.",
  paid: "Paid: signed by the provider, durable in the journal.",
  "not-paid": "Not paid, and that is proved.",
  "not-paid-funds": "Not paid, and that is proved. The amount stays: scan again.",
  "not-paid-card": "Not paid, and that is proved. The amount stays: scan again.",
  "not-sent": "Nothing has left the box, so nothing can be charged.",
  "not-charged": "Nothing has left the box: something forbade the charge.",
  "code-expired": "A payment code lives for a minute. The amount stays: scan again.",
  "code-used": "Each code pays once. g shows a new one.",
  "code-not-taken": "The provider says it is no code of its wallet: nothing is charged.",
  "wallet-not-taken": "Another wallet's code: nothing is sent. g shows a WeChat code.",
  "wallet-not-taken-here": "A wallet's code that nobody takes here: nothing is sent.",
  "wallet-out": "The provider of this wallet is out of service, and another one works.",
  "receiving-code": "An address to pay to, not a payment code: nothing is sent.",
  "goods-barcode": "The barcode of goods: nothing is sent. g shows a WeChat code.",
  card: "The number of a card: nothing is sent. g shows a WeChat code.",
  "marked-code": "The scanner puts something before the code: nothing is sent.",
  "not-a-code": "Not a payment code: nothing is sent. g shows a WeChat code.",
  "till-idle": "The till asks for the amount: scanbox pay.",
  "till-busy": "The till asked for another sale. This one goes on.",
  "amount-changed": "The till has changed the amount. The old one is gone.",
  "no-amount-of-till": "A code without an amount is refused. The till asks first.",
  menu: "A number chooses what is sold.",
  dispensing: "Paid and durable; the relay pulses once for each unit of goods.",
  "vend-failed": "Nothing came: the money goes back until the provider confirms that.",
  "vend-unclear": "Paid; whether goods came nobody knows. Staff look; nothing pulses again.",
  "refund-pending": "The refund goes on by itself; the customer keeps the reference.",
  "machine-busy": "The machine takes no order now.",
  paused: "Three declines in a minute: ten seconds of rest.",
  "amount-uneven": "The machine sells in steps. c clears the amount.",
  "amount-too-large": "More than this box may take. c clears the amount.",
  cancelled: "Cancelled, and it is proved that nothing was charged.",
  "timed-out": "Given up, taken back, and the provider has confirmed it.",
  refunded: "It was paid too late and has been given back.",
  "recent-open": "One of the last orders, looked up: the box still asks about it.",
  "recent-reversing": "One of the last orders, looked up: it is being taken back.",
  "recent-paid": "One of the last orders, looked up: it is paid.",
  "recent-not-paid": "One of the last orders, looked up: nothing was charged.",
  "recent-refunded": "One of the last orders, looked up: the money went back.",
  "recent-manual": "One of the last orders, looked up: staff must look.",
  "earlier-paid": "Whoever waits since before the start has paid. Enter: told.",
  "earlier-refunded": "Whoever waits since before the start has the money back.",
  unknown: "Enter: staff have seen it. The box goes on until it knows.",
};
