/**
 * A look-alike of WeChat Pay v2 for payment codes and booked orders: micropay, orderquery, reverse, unifiedorder, closeorder,
 * authcodetoopenid, refund and refundquery. It does no I/O and knows no clock, so that one behaviour serves the HTTP server
 * of the demonstration and the simulated network:
 *
 *     request ─► read (strict) ─► plans of the customer ─► ledger ─► document
 *                                   reply ◄─ treated by the scenario ◄─ signed ◄┘
 *
 * A scenario is bound to an order by its first charge or booking and stays with it. Calls about other numbers (a probe,
 * say) are answered as the real one would, whatever scenario is set.
 */
import { unreachable } from "../../../core/kernel/defect.ts";
import type { Fen } from "../../../core/kernel/fen.ts";
import type { Entropy } from "../../../runtime/ports.ts";
import { ApiKey } from "../api-key.ts";
import { CLOSE_NOT_BEFORE_MS } from "../close-order.ts";
import { type CallNote, type SandboxCall, type SandboxReply, sandboxPaths, UNSEEN_REVERSAL } from "./call.ts";
import { fulfil } from "./later-calls.ts";
import { closedDocument } from "./later-reply.ts";
import { keyOf, Ledger, type LedgerPolicy, type Order, type OrderReference } from "./ledger.ts";
import { type Outcome, refused } from "./outcome.ts";
import { refundText } from "./refusals.ts";
import {
  enveloped,
  paidDocument,
  type ReplyDocument,
  type ReplyField,
  refusalDocument,
  reversalDocument,
  sealed,
  stateDocument,
  unsignedRefusal,
  writeReply,
} from "./reply.ts";
import {
  type Caller,
  type RememberedRequests,
  readRequest,
  type SandboxMerchant,
  type Wish,
} from "./request.ts";
import {
  type CallKind,
  type Scenario,
  scenarioOfAmount,
  success,
  type Treatment,
  treatmentOf,
} from "./scenarios.ts";
import { garbled, liar } from "./spoil.ts";

/** How a sandbox is set up; `auto-revoke` comes 45 s after the charge, at pace 1. */
export interface SandboxOptions {
  readonly merchants: readonly SandboxMerchant[];
  readonly entropy: Entropy;
  /** All times of scenarios are multiplied by it: 0.1 is ten times as quick. Above 0. */
  readonly pace?: number;
  readonly scenario?: Scenario;
  /** Amounts choose their scenario by their last two digits, where the one set is `success`. */
  readonly byAmount?: boolean;
  readonly autoRevoke?: boolean;
  readonly unseenReversal?: LedgerPolicy["unseenReversal"];
  readonly paidReversal?: LedgerPolicy["paidReversal"] | "unnamed";
  /** What a reversal of a number that was never seen is answered with; no page of WeChat Pay says it. */
  readonly unseenAnswer?: "done" | "invalid" | "refused";
  /** By how much a reply grows that is far too long, in bytes; ten megabytes where nothing is said. */
  readonly hugeBytes?: number;
  /** What requests say that came before, to this sandbox or another one of the same merchants. */
  readonly remembered?: RememberedRequests;
}

const HUGE_BYTES = 10_000_000;

const AUTO_REVOKE_MS = 45_000;

/** WeChat Pay v2, unifiedorder: how long a `prepay_id` lives. */
const BOOKED_FOR_MS = 7_200_000;

/** How long after its booking a customer scans an order, in scenarios that say nothing else about paying it. */
const SCANNED_AFTER_MS = 3_000;

/** How long a refund is under way; the real one takes up to twenty minutes, to a card days. */
const REFUND_AFTER_MS = 10_000;

/** What a scenario has done to one order so far. */
interface Conduct {
  readonly scenario: Scenario;
  readonly counts: Map<CallKind, number>;
}

/** The look-alike. Its books are open to whoever checks them. */
export class Sandbox {
  readonly ledger: Ledger;
  readonly pace: number;
  /** While it is, every query is answered SYSTEMERROR, also one about a number that nobody knows. */
  busy = false;
  readonly #options: SandboxOptions;
  readonly #conducts = new Map<string, Conduct>();
  #scenario: Scenario;
  #down = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#scenario = options.scenario ?? success;
    this.pace = options.pace ?? 1;
    this.ledger = new Ledger({
      autoRevokeMs: options.autoRevoke === true ? AUTO_REVOKE_MS * this.pace : null,
      unseenReversal: options.unseenReversal ?? "tombstone",
      paidReversal: options.paidReversal === "refund" ? "refund" : "revoked",
      bookedForMs: BOOKED_FOR_MS * this.pace,
      closeNotBeforeMs: CLOSE_NOT_BEFORE_MS * this.pace,
      refundAfterMs: REFUND_AFTER_MS * this.pace,
    });
  }

  /** The merchants whose requests are understood. */
  get merchants(): readonly SandboxMerchant[] {
    return this.#options.merchants;
  }

  /** The scenario of the orders that are charged or booked from now on. */
  get scenario(): Scenario {
    return this.#scenario;
  }

  set scenario(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Whether connections are refused: nothing can be sent to this sandbox. */
  get down(): boolean {
    return this.#down || this.#scenario.down;
  }

  set down(down: boolean) {
    this.#down = down;
  }

  /** Answers one request. */
  handle(call: SandboxCall): SandboxReply {
    this.ledger.settle(call.now);
    const kind = sandboxPaths.get(call.path);
    if (kind === undefined) return page(call, 404, "<html><head><title>404 Not Found</title></head></html>");
    if ((kind === "reverse" || kind === "refund") && !call.clientCertificate)
      return page(call, 400, noCertificate);
    if (call.method !== "POST") return refuseMessage(call, "请使用post方法");
    const { merchants, remembered } = this.#options;
    const request = remembered?.read(kind, call.body) ?? readRequest(kind, call.body, merchants);
    switch (request.kind) {
      case "message-fault":
        return refuseMessage(call, request.text);
      case "fault": {
        const recall = kind === "reverse" ? "N" : null;
        const document = refusalDocument(request.code, request.text, recall);
        return plainReply(call, this.#signed(document, request.caller), request.code);
      }
      case "wish":
        return this.#fulfil(call, request.wish, request.caller);
      default:
        return unreachable(request);
    }
  }

  #fulfil(call: SandboxCall, wish: Wish, caller: Caller): SandboxReply {
    const outTradeNo = this.#numberOf(wish, caller, call.now);
    const note = noteOf(call, wish, outTradeNo);
    const conduct = this.#conductOf(wish, caller, outTradeNo);
    const treatment = conduct === null ? null : this.#begin(conduct, wish, caller, call.now);
    if (treatment?.kind === "vanish") {
      return {
        kind: "drop",
        how: "silence",
        note: { ...note, outcome: "never arrived", treatment: "vanish" },
      };
    }
    const booked = spared(wish.kind, treatment) ?? this.#book(wish, caller, conduct, call.now);
    const outcome = treatment?.kind === "repeat" ? this.#repeated(wish, caller, call.now) : booked;
    const noted: CallNote = { ...note, outcome: outcome.text, treatment: treatment?.kind ?? null };
    return this.#treat(treatment, { document: outcome.document, caller, wish, note: noted });
  }

  /** Counts the call and lets the customer do what they do just before it. */
  #begin(conduct: Conduct, wish: Wish, caller: Caller, now: number): Treatment | null {
    const count = (conduct.counts.get(wish.kind) ?? 0) + 1;
    conduct.counts.set(wish.kind, count);
    const reference = referenceOf(wish);
    const order = reference === null ? null : this.ledger.find(caller.merchant, reference, now);
    for (const { act, when } of conduct.scenario.plans) {
      if (when.kind !== "before" || when.call !== wish.kind || when.count !== count || order === null)
        continue;
      this.ledger.act(order, act, now);
    }
    const ageMs = order === null ? 0 : (now - order.createdAt) / this.pace;
    return treatmentOf(conduct.scenario, wish.kind, count, ageMs);
  }

  #book(wish: Wish, caller: Caller, conduct: Conduct | null, now: number): Outcome {
    switch (wish.kind) {
      case "charge":
        return this.#charge(wish, conduct?.scenario ?? success, now);
      case "query": {
        if (this.busy) return refused("SYSTEMERROR", null);
        const order = this.ledger.find(caller.merchant, wish.reference, now);
        if (order === null) return refused("ORDERNOTEXIST", null);
        return { document: stateDocument(this.#told(order)), text: order.state.toUpperCase() };
      }
      case "reverse":
        return this.#reverse(wish, caller, now);
      case "order": {
        const reference = named(wish.order.outTradeNo);
        const isNew = this.ledger.find(caller.merchant, reference, now) === null;
        const outcome = fulfil(this.ledger, { merchant: caller.merchant, wish, now });
        const order = this.ledger.find(caller.merchant, reference, now);
        if (isNew && order !== null) this.#planScan(order, conduct?.scenario ?? success, now);
        return outcome;
      }
      case "close":
      case "payer":
      case "refund":
      case "refund-query":
        return fulfil(this.ledger, { merchant: caller.merchant, wish, now });
      default:
        return unreachable(wish);
    }
  }

  /** What the customer does with an order on a screen; where a charge would be paid at once, they scan it soon. */
  #planScan(order: Order, { opening, plans }: Scenario, now: number): void {
    if (opening.kind === "paid") this.ledger.actAt(order, "pays", now + SCANNED_AFTER_MS * this.pace);
    for (const { act, when } of plans) {
      if (when.kind === "after") this.ledger.actAt(order, act, now + when.ms * this.pace);
    }
  }

  #charge(wish: Wish & { readonly kind: "charge" }, scenario: Scenario, now: number): Outcome {
    const { merchant, outTradeNo } = wish.order;
    const reference = { outTradeNo, transactionId: null };
    const isNew = this.ledger.find(merchant, reference, now) === null;
    const result = this.ledger.charge(wish.order, scenario.opening, now);
    const order = this.ledger.find(merchant, reference, now);
    if (isNew && order !== null) {
      for (const { act, when } of scenario.plans) {
        if (when.kind === "after") this.ledger.actAt(order, act, now + when.ms * this.pace);
      }
    }
    switch (result.kind) {
      case "paid":
        return { document: paidDocument(result.order), text: "SUCCESS" };
      case "paying":
        return refused("USERPAYING", null);
      case "refused":
        return refused(result.code, null);
      default:
        return unreachable(result);
    }
  }

  #reverse(wish: Wish & { readonly kind: "reverse" }, caller: Caller, now: number): Outcome {
    const result = this.ledger.reverse(caller.merchant, wish.reference, now);
    switch (result.kind) {
      case "reversed":
        return { document: reversalDocument("N"), text: `SUCCESS, ${result.order.state.toUpperCase()}` };
      case "expired":
        return refused("REVERSE_EXPIRE", "N");
      case "partly-refunded":
        return refused("TRADE_ERROR", "N", "订单已发起退款");
      case "booked":
        return refused("INVALID_REQUEST", "N", "非付款码订单请调用关单接口");
      case "unseen":
        if (this.#options.unseenAnswer === "invalid") return refused("INVALID_TRANSACTIONID", "N");
        if (this.#options.unseenAnswer === "refused") return refused("INVALID_REQUEST", "N");
        return { document: reversalDocument("N"), text: UNSEEN_REVERSAL };
      default:
        return unreachable(result);
    }
  }

  #treat(treatment: Treatment | null, made: Made): SandboxReply {
    const { caller, note } = made;
    const { merchant, apiKey, signType } = caller;
    const fields = enveloped(made.document, merchant, this.#nonce());
    const whole = sent(note, sealed(fields, apiKey, signType));
    if (treatment === null) return whole;
    switch (treatment.kind) {
      case "delay":
        return { ...whole, delayMs: treatment.ms * this.pace };
      case "silence":
      case "reset":
        return { kind: "drop", how: treatment.kind, note };
      case "cut":
        return { ...whole, cut: Math.floor(whole.body.byteLength / 2) };
      case "unsigned":
        return sent(note, fields);
      case "forge": {
        const claim = enveloped(this.#claim(made), merchant, this.#nonce());
        return sent(note, sealed(claim, strangersKey, signType));
      }
      case "alter":
        return sent(note, sealed(fields.map(liar(treatment)), apiKey, signType));
      case "page": {
        const { status, contentType } = treatment;
        return { ...whole, status, contentType, body: encode(treatment.body) };
      }
      case "garble":
        return {
          ...whole,
          body: garbled(decode(whole.body), treatment.how, this.#options.hugeBytes ?? HUGE_BYTES),
        };
      case "refuse":
      case "pretend":
      case "repeat":
        return whole;
      case "vanish":
        return { kind: "drop", how: "silence", note };
      default:
        return unreachable(treatment);
    }
  }

  /** What the second of two equal requests is answered with: the number is known by then. */
  #repeated(wish: Wish, caller: Caller, now: number): Outcome {
    const reference = wish.kind === "charge" || wish.kind === "order" ? named(wish.order.outTradeNo) : null;
    const order = reference === null ? null : this.ledger.find(caller.merchant, reference, now);
    return refused(order?.state === "success" ? "ORDERPAID" : "OUT_TRADE_NO_USED", null);
  }

  /** What a forger says: the order is paid. */
  #claim(made: Made): ReplyDocument {
    const { wish, caller, note } = made;
    if (wish.kind !== "charge" && wish.kind !== "query") return made.document;
    const reference = wish.kind === "charge" ? named(wish.order.outTradeNo) : wish.reference;
    const order = this.ledger.find(caller.merchant, reference, note.at);
    if (order === null) return made.document;
    const transactionId = "4200000000000000000000000000";
    const paid: Order = { ...order, state: "success", transactionId, paidAt: note.at };
    return wish.kind === "charge" ? paidDocument(paid) : stateDocument(paid);
  }

  /** An order as a query tells of it: the documents promise the number of a payment for SUCCESS alone. */
  #told(order: Order): Order {
    const unnamed = order.state === "revoked" && this.#options.paidReversal === "unnamed";
    return unnamed ? { ...order, transactionId: null, paidAt: null } : order;
  }

  #signed(document: ReplyDocument, caller: Caller): readonly ReplyField[] {
    return sealed(enveloped(document, caller.merchant, this.#nonce()), caller.apiKey, caller.signType);
  }

  #nonce(): string {
    const { buffer, byteOffset, byteLength } = this.#options.entropy.bytes(8);
    return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
  }

  #numberOf(wish: Wish, caller: Caller, now: number): string | null {
    if (wish.kind === "charge") return wish.order.outTradeNo;
    if (wish.kind === "refund-query" && wish.reference.outRefundNo !== null) {
      const { outRefundNo } = wish.reference;
      return this.ledger.refunds().find((one) => one.outRefundNo === outRefundNo)?.order.outTradeNo ?? null;
    }
    const reference = referenceOf(wish);
    if (reference === null) return null;
    return this.ledger.find(caller.merchant, reference, now)?.outTradeNo ?? reference.outTradeNo;
  }

  #conductOf(wish: Wish, caller: Caller, outTradeNo: string | null): Conduct | null {
    if (outTradeNo === null) return null;
    const key = keyOf(caller.merchant, outTradeNo);
    const known = this.#conducts.get(key);
    if (known !== undefined || (wish.kind !== "charge" && wish.kind !== "order")) return known ?? null;
    const byAmount = this.#options.byAmount === true && this.#scenario === success;
    const scenario = byAmount ? scenarioOfAmount(wish.order.amountFen) : this.#scenario;
    const conduct: Conduct = { scenario, counts: new Map() };
    this.#conducts.set(key, conduct);
    return conduct;
  }
}

/** How a wish names its order; null where it names none, or makes it. */
function referenceOf(wish: Wish): OrderReference | null {
  switch (wish.kind) {
    case "charge":
    case "payer":
      return null;
    case "order":
      return named(wish.order.outTradeNo);
    case "close":
      return named(wish.outTradeNo);
    case "refund":
      return wish.refund.reference;
    case "query":
    case "reverse":
    case "refund-query":
      return wish.reference;
    default:
      return unreachable(wish);
  }
}

function named(outTradeNo: string): OrderReference {
  return { outTradeNo, transactionId: null };
}

/** A reply as the sandbox means it, with all that a scenario may need to spoil it. */
interface Made {
  readonly document: ReplyDocument;
  readonly caller: Caller;
  readonly wish: Wish;
  readonly note: CallNote;
}

const strangersKey = new ApiKey("a-stranger-does-not-know-the-key");

const noCertificate =
  "<html><head><title>400 No required SSL certificate was sent</title></head>" +
  "<body><center><h1>400 Bad Request</h1></center></body></html>";

/**
 * What is answered where the scenario keeps the sandbox from doing anything; null where the sandbox does its work.
 */
function spared(call: CallKind, treatment: Treatment | null): Outcome | null {
  if (treatment?.kind === "refuse") {
    const recall = call === "reverse" ? (treatment.recall ?? "N") : null;
    return refused(treatment.code, recall, call === "refund" ? refundText(treatment.code) : null);
  }
  if (treatment?.kind !== "pretend") return null;
  if (call === "close") return { document: closedDocument(), text: "SUCCESS, not done" };
  return {
    document: reversalDocument(treatment.recall),
    text: `SUCCESS, recall=${treatment.recall}, not done`,
  };
}

function noteOf(call: SandboxCall, wish: Wish | null, outTradeNo: string | null): CallNote {
  const code = wish?.kind === "charge" ? wish.order.authCode : wish?.kind === "payer" ? wish.authCode : null;
  return {
    at: call.now,
    path: call.path,
    host: call.host,
    outTradeNo,
    amountFen: amountIn(wish),
    authCode: code,
    outcome: "",
    treatment: null,
  };
}

function amountIn(wish: Wish | null): Fen | null {
  if (wish?.kind === "charge" || wish?.kind === "order") return wish.order.amountFen;
  return wish?.kind === "refund" ? wish.refund.refundFen : null;
}

type SentReply = SandboxReply & { readonly kind: "reply" };

function sent(note: CallNote, fields: readonly ReplyField[]): SentReply {
  const body = encode(writeReply(fields));
  // The real gateway says text/plain whatever it sends, so that nobody may choose a parser by it.
  return { kind: "reply", status: 200, contentType: "text/plain", body, delayMs: 0, cut: null, note };
}

function plainReply(call: SandboxCall, fields: readonly ReplyField[], outcome: string): SandboxReply {
  return sent({ ...noteOf(call, null, null), outcome }, fields);
}

function refuseMessage(call: SandboxCall, text: string): SandboxReply {
  return plainReply(call, unsignedRefusal(text), text);
}

function page(call: SandboxCall, status: number, html: string): SandboxReply {
  const note = { ...noteOf(call, null, null), outcome: `HTTP ${status}` };
  return { ...sent(note, []), status, contentType: "text/html", body: encode(html) };
}

function encode(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

function decode(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}
