import { invariant } from "../../core/kernel/defect.ts";
import type { ChargeAnswer, ProbeAnswer, QueryAnswer, UndoAnswer } from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import type { Clock, Entropy, HttpsLink, Log } from "../../runtime/ports.ts";
import { Attempts, type Call } from "../attempts.ts";
import { hex } from "../hex.ts";
import { probeAnswerOf } from "../probe.ts";
import type { AskedOrder, WantedCharge, WantedUndo } from "../provider.ts";
import type { AlipaySettings } from "./account.ts";
import { refusalWords } from "./refusal-words.ts";
import {
  isAboutTime,
  type Opened,
  openReply,
  readCancel,
  readCharge,
  readQuery,
  readRefund,
  readRefundQuery,
} from "./replies.ts";
import { RequestClock } from "./request-clock.ts";
import {
  type BizContent,
  chargeContent,
  type Method,
  methods,
  orderContent,
  refundContent,
  refundNumberOf,
  refundQueryContent,
  signedRequest,
} from "./requests.ts";
import { keyOf } from "./seller.ts";

/** What the provider works with. */
export interface AlipayParts {
  /** What the box calls the account; log lines say so. */
  readonly id: string;
  readonly settings: AlipaySettings;
  readonly link: HttpsLink;
  readonly entropy: Entropy;
  readonly clock: Clock;
  readonly log: Log;
}

/** Alipay's gateway for one account: signs, sends, verifies and translates. A call is one attempt. */
export class Alipay {
  readonly #settings: AlipaySettings;
  readonly #entropy: Entropy;
  readonly #clock: Clock;
  readonly #requestClock: RequestClock;
  readonly #attempts: Attempts;

  constructor(parts: AlipayParts) {
    this.#settings = parts.settings;
    this.#entropy = parts.entropy;
    this.#clock = parts.clock;
    this.#requestClock = new RequestClock(parts.clock);
    this.#attempts = new Attempts({ ...parts.settings, ...parts });
  }

  /** Charges the code, whose intent must be durable by now. */
  charge(
    { intent, code, sendBefore, mayLeave }: WantedCharge,
    done: (host: string, answer: ChargeAnswer) => void,
  ): void {
    invariant(code !== null, "Alipay is charged by the customer's code");
    this.#checkSeller(intent);
    const call: AlipayCall<ChargeAnswer> = {
      ...{ name: "charge", lane: "charge", method: methods.charge, outTradeNo: intent.outTradeNo },
      ...{ sendBefore, mayLeave },
      content: () => chargeContent(this.#settings, intent, code),
      read: (opened) => readCharge(opened, intent),
    };
    this.#make(call, null, done);
  }

  /** Asks how an order, or the refund that took it back, stands. */
  query({ intent, of, host, fresh }: AskedOrder, done: (host: string, answer: QueryAnswer) => void): void {
    this.#checkSeller(intent);
    const { outTradeNo, amountFen } = intent;
    const call: AlipayCall<QueryAnswer> = {
      ...{ lane: "query", outTradeNo, sendBefore: null, fresh },
      ...(of === "refund"
        ? {
            ...{ name: "refund-query", method: methods.refundQuery },
            content: () => refundQueryContent(outTradeNo),
            read: (opened: Opened) =>
              readRefundQuery(opened, {
                outTradeNo,
                refundNumber: refundNumberOf(outTradeNo),
                refundFen: amountFen,
              }),
          }
        : {
            ...{ name: "query", method: methods.query },
            content: () => orderContent(outTradeNo),
            read: (opened: Opened) => readQuery(opened, intent),
          }),
    };
    this.#make(call, host, done);
  }

  /** Takes an order back: by a cancel, or by a refund of the whole once that was refused as too late. */
  undo({ intent, way, host }: WantedUndo, done: (host: string, answer: UndoAnswer) => void): void {
    this.#checkSeller(intent);
    invariant(way === "cancel" || way === "refund", `Alipay takes no order back by ${way}`);
    const { outTradeNo, amountFen } = intent;
    const call: AlipayCall<UndoAnswer> = {
      ...{ name: way, lane: "reverse", outTradeNo, sendBefore: null, method: methods[way] },
      content: () => (way === "cancel" ? orderContent(outTradeNo) : refundContent(outTradeNo, amountFen)),
      read: (opened) => (way === "cancel" ? readCancel : readRefund)(opened, intent),
    };
    this.#make(call, host, done);
  }

  /** Proves network, keys, app and clock without money: an order that nobody made must be signed to be absent (money rule 4). */
  probe(done: (answer: ProbeAnswer) => void): void {
    // Order numbers of the box do not begin with this word.
    const outTradeNo = `probe_${hex(this.#entropy.bytes(12))}`;
    const call: AlipayCall<QueryAnswer> = {
      ...{ name: "probe", lane: "query", method: methods.query, outTradeNo, sendBefore: null },
      content: () => orderContent(outTradeNo),
      read: (opened) => readQuery(opened, { outTradeNo, amountFen: null, nonce: null }),
    };
    this.#make(call, null, (_, answer) => done(probeAnswerOf(answer)));
  }

  /** Opens the connection of the next charge ahead of need. */
  warm(): void {
    this.#attempts.warm();
  }

  #make<Answer extends ChargeAnswer | QueryAnswer | UndoAnswer>(
    { method, content, read, ...call }: AlipayCall<Answer>,
    host: string | null,
    done: (host: string, answer: Answer) => void,
  ): void {
    const { keys, hosts } = this.#settings;
    if (keys === null) {
      const [first = ""] = hosts;
      this.#clock.at(this.#clock.now(), () => done(host ?? first, read(unsent)));
      return;
    }
    this.#attempts.make<Answer>(
      {
        ...call,
        write: () => signedRequest(this.#settings, keys, method, content(), this.#requestClock.now()),
        read: (outcome) => {
          this.#requestClock.hear(outcome);
          const opened = openReply(outcome, method, keys.alipay);
          if (isAboutTime(opened.members)) this.#requestClock.refused();
          return { answer: read(opened), says: refusalWords(opened) };
        },
      },
      host,
      done,
    );
  }

  /** Another account's parameters may be answered 10000 though nothing happened (money rule 15). */
  #checkSeller(intent: Intent): void {
    invariant(
      intent.payee.key === keyOf(this.#settings.seller),
      `${intent.outTradeNo} is an order of this account`,
    );
  }
}

/** Without keys nothing leaves. */
const unsent: Opened = {
  genuine: false,
  signature: null,
  answer: { kind: "not-sent", why: "no-connection" },
  members: null,
};

interface AlipayCall<Answer> extends Omit<Call<Answer>, "write" | "read"> {
  readonly method: Method;
  readonly content: () => BizContent;
  readonly read: (opened: Opened) => Answer;
}
