import { invariant } from "../../core/kernel/defect.ts";
import type { Instant } from "../../core/kernel/instant.ts";
import type { ChargeAnswer, ProbeAnswer, QueryAnswer, UndoAnswer } from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import type { PaymentCode } from "../../core/payment/payment-code.ts";
import type { Clock, Entropy, HttpsLink, Log } from "../../runtime/ports.ts";
import { Attempts, type Call } from "../attempts.ts";
import { hex } from "../hex.ts";
import { probeAnswerOf } from "../probe.ts";
import type { WechatV2Settings } from "./account.ts";
import { type CloseAnswer, closeOrderRequest, readCloseOrder } from "./close-order.ts";
import type { AskedTrade } from "./evidence.ts";
import { keyOf } from "./merchant.ts";
import { paths, wire } from "./message.ts";
import { chargeAnswerOf, closingAnswerOf, refundAnswerOf, refundConfirmedBy } from "./native-answers.ts";
import { type RefundAnswer, readRefund, refundRequest } from "./refund.ts";
import { type RefundQueryAnswer, readRefundQuery, refundQueryRequest } from "./refund-query.ts";
import { refusalWords } from "./refusal-words.ts";
import { type Opened, openReply, readCharge, readQuery, readReverse } from "./replies.ts";
import { chargeRequest, queryRequest, reverseRequest } from "./requests.ts";
import {
  type NativeOrder,
  nativeOrderRequest,
  type OrderAnswer,
  type OrderTerms,
  readUnifiedOrder,
} from "./unified-order.ts";

/** What the gateway works with. */
export interface WechatV2Parts {
  /** What the box calls the account; log lines say so. */
  readonly id: string;
  readonly settings: WechatV2Settings;
  readonly link: HttpsLink;
  readonly entropy: Entropy;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * WeChat Pay v2 for one merchant: signs, sends, verifies and translates. A call is one attempt; only where the link proves
 * that nothing was sent may the next host be tried, so that no request reaches WeChat twice.
 */
export class WechatV2 {
  readonly #settings: WechatV2Settings;
  readonly #link: HttpsLink;
  readonly #entropy: Entropy;
  readonly #attempts: Attempts;

  constructor(parts: WechatV2Parts) {
    this.#settings = parts.settings;
    this.#link = parts.link;
    this.#entropy = parts.entropy;
    this.#attempts = new Attempts({ ...parts.settings, ...parts });
  }

  /**
   * Charges the code, whose intent must be durable by now. Headers that have not left at `sendBefore` never leave.
   * `done` names the host that was tried last. Nothing goes to another host unless the charge `mayLeave` in that moment.
   */
  charge(
    intent: Intent,
    code: PaymentCode,
    sendBefore: Instant,
    done: (host: string, answer: ChargeAnswer) => void,
    mayLeave: () => boolean = () => true,
  ): void {
    this.#checkMerchant(intent);
    const call: WechatCall<ChargeAnswer> = {
      name: "charge",
      lane: "charge",
      path: paths.charge,
      outTradeNo: intent.outTradeNo,
      sendBefore,
      mayLeave,
      write: () =>
        chargeRequest(this.#settings, intent, { code, clientIp: this.#clientIp(), nonce: this.#nonce() }),
      read: (opened) => readCharge(opened, intent),
    };
    this.#make(call, null, done);
  }

  /**
   * Asks how an order stands, at one host or, where that is null, at the first that can be reached; `fresh` asks on a
   * connection that nothing else was asked on.
   */
  query(
    order: OrderTerms & Pick<Intent, "mode">,
    host: string | null,
    done: (host: string, answer: QueryAnswer) => void,
    fresh = false,
  ): void {
    this.#checkMerchant(order);
    this.#make(
      {
        ...this.#queryCall("query", { ...order, tradeType: order.mode === "mpm" ? "NATIVE" : "MICROPAY" }),
        fresh,
      },
      host,
      done,
    );
  }

  /** Books the order of an intent whose customer scans our code; the merchant must have an address for notifications. */
  order(intent: Intent, sendBefore: Instant, done: (host: string, answer: ChargeAnswer) => void): void {
    const { notifyUrl, boxId } = this.#settings;
    invariant(notifyUrl !== null, "NATIVE orders are booked only where notifications have an address");
    this.createNative(
      { ...intent, tradeType: "NATIVE", notifyUrl, productId: boxId, expiresAt: null },
      sendBefore,
      (host, answer) => done(host, chargeAnswerOf(answer)),
    );
  }

  /**
   * Closes an order or gives its money back, at one host or, where that is null, at the first that can be reached. `paid`
   * says of a NATIVE order which of the two is wanted.
   */
  undo(
    intent: Intent,
    host: string | null,
    paid: boolean,
    done: (host: string, answer: UndoAnswer) => void,
  ): void {
    this.#checkMerchant(intent);
    if (intent.mode === "mpm") {
      if (paid) this.refund(intent, host, (from, answer) => done(from, refundAnswerOf(answer)));
      else this.closeNative(intent, host, (from, answer) => done(from, closingAnswerOf(answer)));
      return;
    }
    const call: WechatCall<UndoAnswer> = {
      name: "reverse",
      lane: "reverse",
      path: paths.reverse,
      outTradeNo: intent.outTradeNo,
      sendBefore: null,
      write: () => reverseRequest(this.#settings, intent.outTradeNo, this.#nonce()),
      read: (opened) => readReverse(opened, intent),
    };
    this.#make(call, host, done);
  }

  /**
   * Books an order that the customer pays by scanning, whose intent must be durable by now. After an unknown answer it may
   * be booked again, word for word; only `query` tells whether it was paid.
   */
  createNative(
    order: NativeOrder,
    sendBefore: Instant | null,
    done: (host: string, answer: OrderAnswer) => void,
  ): void {
    this.#checkMerchant(order);
    const call: WechatCall<OrderAnswer> = {
      name: "order",
      lane: "query",
      path: paths.order,
      outTradeNo: order.outTradeNo,
      sendBefore,
      write: () =>
        nativeOrderRequest(this.#settings, order, { clientIp: this.#clientIp(), nonce: this.#nonce() }),
      read: (opened) => readUnifiedOrder(opened, order),
    };
    this.#make(call, null, done);
  }

  /**
   * Ends an unpaid order of `createNative`, which must be `CLOSE_NOT_BEFORE_MS` old, at one host or, where that is null, at
   * the first that can be reached. A query confirms it.
   */
  closeNative(
    order: OrderTerms,
    host: string | null,
    done: (host: string, answer: CloseAnswer) => void,
  ): void {
    this.#checkMerchant(order);
    const call: WechatCall<CloseAnswer> = {
      name: "close",
      lane: "query",
      path: paths.close,
      outTradeNo: order.outTradeNo,
      sendBefore: null,
      write: () => closeOrderRequest(this.#settings, order.outTradeNo, this.#nonce()),
      read: (opened) => readCloseOrder(opened, order),
    };
    this.#make(call, host, done);
  }

  /** Gives back the whole of what an order took; the number of the refund is the order's, so that it happens once. */
  refund(order: OrderTerms, host: string | null, done: (host: string, answer: RefundAnswer) => void): void {
    this.#checkMerchant(order);
    const { outTradeNo, amountFen } = order;
    const refund = {
      order,
      outRefundNo: outTradeNo,
      refundFen: amountFen,
      why: null,
      from: "unsettled",
    } as const;
    const call: WechatCall<RefundAnswer> = {
      name: "refund",
      lane: "reverse",
      path: paths.refund,
      outTradeNo,
      sendBefore: null,
      write: () => refundRequest(this.#settings, refund, this.#nonce()),
      read: (opened) => readRefund(opened, refund),
    };
    this.#make(call, host, done);
  }

  /** Asks whether the refund of `refund` has arrived. */
  refundQuery(
    order: OrderTerms,
    host: string | null,
    done: (host: string, answer: QueryAnswer) => void,
  ): void {
    this.#checkMerchant(order);
    const { outTradeNo } = order;
    const question = { order, about: { kind: "refund", outRefundNo: outTradeNo } } as const;
    const call: WechatCall<RefundQueryAnswer> = {
      name: "refund-query",
      lane: "query",
      path: paths.refundQuery,
      outTradeNo,
      sendBefore: null,
      write: () => refundQueryRequest(this.#settings, question, this.#nonce()),
      read: (opened) => readRefundQuery(opened, question),
    };
    this.#make(call, host, (from, answer) => done(from, refundConfirmedBy(answer, outTradeNo)));
  }

  /** Proves network, key and merchant without money: an order that nobody made must be signed to be absent (money rule 4). */
  probe(done: (answer: ProbeAnswer) => void): void {
    // Order numbers of the box have no hyphen, so that this one is never theirs.
    const outTradeNo = `probe-${hex(this.#entropy.bytes(12))}`;
    const call = this.#queryCall("probe", {
      outTradeNo,
      amountFen: null,
      nonce: null,
      tradeType: "MICROPAY",
    });
    this.#make(call, null, (_, answer) => {
      done(probeAnswerOf(answer));
    });
  }

  /** Opens the connection of the next charge ahead of need. */
  warm(): void {
    this.#attempts.warm();
  }

  #queryCall(name: string, asked: AskedTrade): WechatCall<QueryAnswer> {
    return {
      name,
      lane: "query",
      path: paths.query,
      outTradeNo: asked.outTradeNo,
      sendBefore: null,
      write: () => queryRequest(this.#settings, asked.outTradeNo, this.#nonce()),
      read: (opened) => readQuery(opened, asked),
    };
  }

  #make<Answer extends AnyAnswer>(
    { path, write, read, ...call }: WechatCall<Answer>,
    host: string | null,
    done: (host: string, answer: Answer) => void,
  ): void {
    this.#attempts.make<Answer>(
      {
        ...call,
        write: () => ({ ...wire, path, body: write() }),
        read: (outcome) => {
          const opened = openReply(outcome, this.#settings);
          return { answer: read(opened), says: refusalWords(opened) };
        },
      },
      host,
      done,
    );
  }

  #clientIp(): string {
    return this.#settings.clientIp ?? this.#link.localAddress() ?? "127.0.0.1";
  }

  #nonce(): string {
    return hex(this.#entropy.bytes(16));
  }

  /** Another merchant's parameters may be answered SUCCESS though nothing happened (money rule 15). */
  #checkMerchant(order: OrderTerms): void {
    invariant(
      order.payee.key === keyOf(this.#settings.merchant),
      `${order.outTradeNo} is an order of the merchant of this gateway`,
    );
  }
}

type AnyAnswer =
  | ChargeAnswer
  | QueryAnswer
  | UndoAnswer
  | OrderAnswer
  | CloseAnswer
  | RefundAnswer
  | RefundQueryAnswer;

interface WechatCall<Answer> extends Omit<Call<Answer>, "write" | "read"> {
  readonly path: string;
  readonly write: () => string;
  readonly read: (opened: Opened) => Answer;
}
