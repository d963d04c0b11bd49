import { styleText } from "node:util";
import { readPaymentCode } from "../../core/codecs/scan.ts";
import { formatYuan } from "../../core/kernel/fen.ts";
import type { TxData } from "../../core/payment/order.ts";
import type { Light, Screen } from "../../core/payment/screen.ts";
import type { Wallet } from "../../core/payment/wallet.ts";
import type { HandledCall, RequestWords } from "../../providers/sandbox.ts";
import type { Clock, LogFields } from "../../runtime/ports.ts";
import type { BrokerReceipt } from "../../simulator/outside/embedded-broker.ts";
import { sandboxOf, usualSandbox } from "../sandboxes.ts";
import type { DemoListener } from "./box.ts";

/** Where a story is told. */
export interface StoryTeller {
  readonly clock: Clock;
  /** Writes whole lines. */
  readonly write: (text: string) => void;
  /** What the lines end up in: a terminal that has colours gets them. */
  readonly stream: NodeJS.WritableStream;
}

type Channel = "display" | "keypad" | "scanner" | "sandbox" | "https" | "journal" | "mqtt" | "box";
type Colour = "green" | "yellow" | "red" | "cyan" | "gray";

const colours: Readonly<Record<Light, Colour>> = {
  off: "gray",
  ready: "green",
  scan: "cyan",
  wait: "yellow",
  paid: "green",
  dispensing: "green",
  refused: "red",
  unknown: "yellow",
};

const walletNames: Readonly<Record<Wallet, string>> = {
  wechat: "a WeChat Pay code",
  alipay: "an Alipay code",
  unionpay: "a UnionPay code",
  "e-cny": "an e-CNY code",
  qq: "a QQ Wallet code",
};

/** What the scanner read, for people: masked as everywhere, and whose code it is where it is not the usual one. */
export function scanWords(text: string): string {
  const read = readPaymentCode(text);
  if (!read.ok) return `${text.length} characters, not a payment code`;
  const { wallet } = read.value;
  return usualSandbox().wallets.includes(wallet)
    ? String(read.value)
    : `${String(read.value)}, ${walletNames[wallet]}`;
}

/** Why the box has refused this text, which a sandbox would have had to take. */
export function whyRefused(text: string): string {
  const read = readPaymentCode(text);
  if (!read.ok) return "not a payment code";
  const { wallet } = read.value;
  return sandboxOf(wallet) === null ? walletNames[wallet] : "it was used before";
}

/** Tells what happens at the box: a line with its time for each event, a frame for each picture. */
export class DemoStory implements DemoListener {
  readonly #teller: StoryTeller;
  readonly #startedAt: number;

  constructor(teller: StoryTeller) {
    this.#teller = teller;
    this.#startedAt = teller.clock.now();
  }

  /** A sentence of the demonstration itself. */
  say(text: string): void {
    this.#teller.write(`${text}\n`);
  }

  typed(keys: string): void {
    this.#tell("keypad", `${keys.split("").join(" ")}`);
  }

  /** What goes onto the scanner's wire; the code is masked as everywhere. */
  scanned(code: string, heard: boolean): void {
    const what = scanWords(code);
    this.#tell("scanner", heard ? what : `${what}; nobody listens`);
  }

  shown(rows: readonly string[], { light, sound }: Screen): void {
    const [first] = rows;
    // A dark display is no picture.
    if (first === undefined) return;
    const edge = "─".repeat(first.length);
    const notes = [`light: ${light}`, sound === "none" ? "" : `sound: ${sound}`];
    const paint = (text: string): string => this.#paint(colours[light], text);
    const pictured = rows.map(
      (row, index) => `${paint(`│${row}│`)}  ${this.#paint("gray", notes[index] ?? "")}`,
    );
    this.#tell("display", [paint(`┌${edge}┐`), ...pictured, paint(`└${edge}┘`)]);
  }

  called(call: HandledCall): void {
    const { amountFen, code, outcome, treatment } = call;
    const wanted =
      amountFen === null || code === null ? "" : ` ${formatYuan(amountFen)} CNY from ${code.toString()}`;
    const done = treatment?.lost === true ? "" : ` → ${outcome}`;
    const spoilt = treatment === null ? "" : `, ${treatment.words}`;
    this.#tell("sandbox", `${callWords(call)}${wanted}${done}${spoilt}`);
  }

  recorded(tx: TxData): void {
    const { state, amountFen, outTradeNo, reason, charged, transactionId } = tx;
    const words = [
      `${state} ${refOf(outTradeNo)} ${formatYuan(amountFen)} CNY`,
      state === "charging" ? `order ${outTradeNo}` : null,
      reason === null ? null : `reason ${reason}`,
      tx.final ? `charged: ${charged}` : null,
      transactionId === null ? null : `transaction ${transactionId}`,
    ];
    this.#tell("journal", words.filter((word) => word !== null).join(", "));
  }

  published({ topic, payload, retain }: BrokerReceipt): void {
    const event: unknown = JSON.parse(payload);
    const is = (name: string): string => {
      const value: unknown = typeof event === "object" && event !== null ? Reflect.get(event, name) : null;
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
    };
    const seq = is("seq") === "" ? "" : ` seq ${is("seq")}`;
    this.#tell("mqtt", `${topic} ← ${is("type")}${seq}${retain ? ", retained" : ""}`);
  }

  warned(event: string, fields: LogFields): void {
    if (event === "provider.not-sent") {
      this.#tell("https", `${fields.call}: nothing was sent (${fields.why})`);
    } else if (event === "provider.unknown") {
      this.#tell("https", `${fields.call}: no answer to rely on (${fields.why})`);
    } else if (event === "scanner.absent") {
      this.#tell("scanner", `gone (${fields.cause}); it is looked for again and again`);
    } else {
      const words = Object.entries(fields).filter(([, value]) => value !== null);
      this.#tell("box", `${event} ${words.map(([name, value]) => `${name}=${value}`).join(" ")}`);
    }
  }

  /** Seconds since the story began. */
  get seconds(): number {
    return (this.#teller.clock.now() - this.#startedAt) / 1_000;
  }

  #tell(channel: Channel, text: string | readonly string[]): void {
    const [first = "", ...others] = typeof text === "string" ? [text] : text;
    const time = this.#paint("gray", this.seconds.toFixed(2).padStart(7));
    const lines = [`${time}  ${this.#paint("cyan", channel.padEnd(8))}${first}`];
    for (const other of others) lines.push(`${" ".repeat(17)}${other}`.trimEnd());
    this.#teller.write(`${lines.join("\n")}\n`);
  }

  #paint(colour: Colour, text: string): string {
    return text === "" ? "" : styleText(colour, text, { stream: this.#teller.stream });
  }
}

/** The short reference in an order number, as screens show it. */
export function refOf(outTradeNo: string | null): string {
  const counter = outTradeNo?.split("_").at(-1) ?? "";
  return `#${counter.slice(-4).padStart(4, "0")}`;
}

/** What a call is and whose order it is about; a probe is about none. */
export function callWords({ call, outTradeNo }: RequestWords): string {
  return call === "probe" ? "probe" : `${call} ${refOf(outTradeNo)}`;
}
