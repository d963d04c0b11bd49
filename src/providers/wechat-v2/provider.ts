import { invariant } from "../../core/kernel/defect.ts";
import type { Instant } from "../../core/kernel/instant.ts";
import type {
  ChargeAnswer,
  NotSent,
  ProbeAnswer,
  ProbeFailure,
  QueryAnswer,
  UndoAnswer,
} from "../../core/payment/answers.ts";
import type { Intent } from "../../core/payment/order.ts";
import type { PaymentCode } from "../../core/payment/payment-code.ts";
import type { Clock, Entropy, HttpsLane, HttpsLink, HttpsOutcome, Log } from "../../runtime/ports.ts";
import { HostHealth, type Hosts } from "../host-health.ts";
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
  readonly #id: string;
  readonly #settings: WechatV2Settings;
  readonly #link: HttpsLink;
  readonly #entropy: Entropy;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #health: HostHealth;

  constructor(parts: WechatV2Parts) {
    this.#id = parts.id;
    this.#settings = parts.settings;
    this.#link = parts.link;
    this.#entropy = parts.entropy;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#health = new HostHealth(parts.settings.hosts);
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
    const call: Call<ChargeAnswer> = {
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
    this.#attempt(call, this.#hosts(null), done);
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
    this.#attempt(
      {
        ...this.#queryCall("query", { ...order, tradeType: order.mode === "mpm" ? "NATIVE" : "MICROPAY" }),
        fresh,
      },
      this.#hosts(host),
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
    const call: Call<UndoAnswer> = {
      name: "reverse",
      lane: "reverse",
      path: paths.reverse,
      outTradeNo: intent.outTradeNo,
      sendBefore: null,
      write: () => reverseRequest(this.#settings, intent.outTradeNo, this.#nonce()),
      read: (opened) => readReverse(opened, intent),
    };
    this.#attempt(call, this.#hosts(host), done);
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
    const call: Call<OrderAnswer> = {
      name: "order",
      lane: "query",
      path: paths.order,
      outTradeNo: order.outTradeNo,
      sendBefore,
      write: () =>
        nativeOrderRequest(this.#settings, order, { clientIp: this.#clientIp(), nonce: this.#nonce() }),
      read: (opened) => readUnifiedOrder(opened, order),
    };
    this.#attempt(call, this.#hosts(null), done);
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
    const call: Call<CloseAnswer> = {
      name: "close",
      lane: "query",
      path: paths.close,
      outTradeNo: order.outTradeNo,
      sendBefore: null,
      write: () => closeOrderRequest(this.#settings, order.outTradeNo, this.#nonce()),
      read: (opened) => readCloseOrder(opened, order),
    };
    this.#attempt(call, this.#hosts(host), done);
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
    const call: Call<RefundAnswer> = {
      name: "refund",
      lane: "reverse",
      path: paths.refund,
      outTradeNo,
      sendBefore: null,
      write: () => refundRequest(this.#settings, refund, this.#nonce()),
      read: (opened) => readRefund(opened, refund),
    };
    this.#attempt(call, this.#hosts(host), done);
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
    const call: Call<RefundQueryAnswer> = {
      name: "refund-query",
      lane: "query",
      path: paths.refundQuery,
      outTradeNo,
      sendBefore: null,
      write: () => refundQueryRequest(this.#settings, question, this.#nonce()),
      read: (opened) => readRefundQuery(opened, question),
    };
    this.#attempt(call, this.#hosts(host), (from, answer) =>
      done(from, refundConfirmedBy(answer, outTradeNo)),
    );
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
    this.#attempt(call, this.#hosts(null), (_, answer) => {
      done(answer.kind === "absent" ? { kind: "passed" } : { kind: "failed", why: whyProbeFailed(answer) });
    });
  }

  /** Opens the connection of the next charge ahead of need. */
  warm(): void {
    const [first] = this.#health.inOrder(this.#clock.now());
    this.#link.warm(first);
  }

  #queryCall(name: string, asked: AskedTrade): Call<QueryAnswer> {
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

  #attempt<Answer extends AnyAnswer>(
    call: Call<Answer | NotSent>,
    [host, ...others]: Hosts,
    done: (host: string, answer: Answer | NotSent) => void,
    failedBefore: NotSent | null = null,
  ): void {
    const { connectTimeoutMs, answerTimeoutMs } = this.#settings;
    const startedAt = this.#clock.now();
    const left = call.sendBefore === null ? Number.POSITIVE_INFINITY : call.sendBefore - startedAt;
    if (left <= 0) {
      this.#clock.at(startedAt, () => {
        const tooLate: NotSent = { kind: "not-sent", why: "too-late" };
        this.#report(call, host, { genuine: false, answer: tooLate, fields: null }, tooLate, startedAt);
        done(host, tooLate);
      });
      return;
    }
    const request = {
      ...wire,
      lane: call.lane,
      host,
      path: call.path,
      body: call.write(),
      sendWithinMs: Math.min(left, connectTimeoutMs),
      answerWithinMs: answerTimeoutMs,
      ...(call.fresh === true ? { fresh: true } : {}),
    };
    this.#link.exchange(request, (outcome) => {
      const opened = openReply(left > connectTimeoutMs ? silenceOf(outcome) : outcome, this.#settings);
      const answer = call.read(opened);
      this.#report(call, host, opened, answer, startedAt);
      const [next, ...rest] = others;
      if (answer.kind !== "not-sent") done(host, answer);
      else if (next !== undefined && this.#mayMoveOn(call, answer))
        this.#attempt(call, [next, ...rest], done, failedBefore ?? answer);
      // Time that hosts have cost is not the customer's.
      else done(host, answer.why === "too-late" ? (failedBefore ?? answer) : answer);
    });
  }

  #mayMoveOn(call: Call<AnyAnswer>, answer: NotSent): boolean {
    if (answer.why === "stopped" || call.mayLeave?.() === false) return false;
    return call.sendBefore === null || this.#clock.now() < call.sendBefore;
  }

  #report(call: Call<AnyAnswer>, host: string, opened: Opened, answer: AnyAnswer, startedAt: Instant): void {
    const fields = {
      provider: this.#id,
      call: call.name,
      outTradeNo: call.outTradeNo,
      host,
      kind: answer.kind,
      why: "why" in answer ? answer.why : null,
      says: refusalWords(opened),
      ms: Math.round(this.#clock.now() - startedAt),
    };
    if (answer.kind === "not-sent") this.#log.warn("provider.not-sent", fields);
    else if (answer.kind === "unknown") this.#log.warn("provider.unknown", fields);
    else this.#log.info("provider.answered", fields);
    this.#judge(host, answer);
  }

  /** What an attempt says about its host; one that we stopped, or gave less time than a connection may take, says nothing. */
  #judge(host: string, answer: AnyAnswer): void {
    if (answer.kind === "not-sent" && (answer.why === "stopped" || answer.why === "too-late")) return;
    const well = answer.kind !== "not-sent" && (answer.kind !== "unknown" || answer.signed);
    if (well) this.#health.answered(host);
    else this.#health.failed(host, this.#clock.now());
  }

  #hosts(only: string | null): Hosts {
    if (only !== null) return [only];
    return this.#health.inOrder(this.#clock.now());
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

interface Call<Answer> {
  readonly name: string;
  readonly lane: HttpsLane;
  readonly path: string;
  readonly outTradeNo: string;
  /** No attempt begins at or after this moment; null means whenever it can be sent. */
  readonly sendBefore: Instant | null;
  /** Whether it may still leave for another host, where that can change. */
  readonly mayLeave?: () => boolean;
  /** Writes the request anew for each attempt: nonce and address are its own. */
  readonly write: () => string;
  readonly read: (opened: Opened) => Answer;
  readonly fresh?: boolean;
}

/**
 * What an attempt means that had more time than a connection may take: one that was not sent in that time had none, however
 * quiet the host was about it.
 */
function silenceOf(outcome: HttpsOutcome): HttpsOutcome {
  if (outcome.kind !== "not-sent" || outcome.why !== "too-late") return outcome;
  return { kind: "not-sent", why: "no-connection" };
}

function whyProbeFailed(answer: QueryAnswer): ProbeFailure {
  if (answer.kind === "not-sent") return answer.why === "no-trust" ? "no-trust" : "no-network";
  if (answer.kind !== "unknown") return "no-answer";
  switch (answer.why) {
    case "unsigned-refusal":
    case "bad-signature":
      return "api-key";
    case "configuration":
    case "mismatch":
      return "account";
    case "request":
      return "request";
    case "clock":
      return "clock";
    case "silence":
    case "http-status":
    case "malformed":
    case "system-error":
    case "unlisted-code":
      return "no-answer";
  }
}

/** By a table: for so few bytes a buffer costs more than they do. */
function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexDigits[byte] ?? "";
  return text;
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
