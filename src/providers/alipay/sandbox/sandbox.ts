/**
 * A look-alike of Alipay's gateway for payment codes: alipay.trade.pay, query, cancel, refund and fastpay.refund.query. It does no I/O
 * and knows no clock, so that one behaviour serves a real server and the simulated network. A story is bound to a trade by its first
 * charge and stays with it.
 */
import { unreachable } from "../../../core/kernel/defect.ts";
import { type Fen, formatYuan } from "../../../core/kernel/fen.ts";
import { PaymentCode } from "../../../core/payment/payment-code.ts";
import { beijingText } from "../../beijing-time.ts";
import { fenOfYuan } from "../yuan.ts";
import { type CallNote, type GatewayCall, type GatewayReply, RETURNED, UNSEEN_CANCEL } from "./call.ts";
import { envelope, type Members, objectText, type Signer, signed } from "./reply.ts";
import { isMethod, type ReadRequest, readRequest, rootOf, type SandboxApp, type Wish } from "./request.ts";
import {
  type AlipayStory,
  type CallKind,
  storyOfAmount,
  success,
  type Treatment,
  treatmentOf,
} from "./stories.ts";
import { type Trade, type TradePolicy, Trades } from "./trades.ts";

/** How a sandbox is set up. */
export interface SandboxOptions {
  readonly apps: readonly SandboxApp[];
  /** The gateway's own key, and a stranger's. */
  readonly signer: Signer;
  readonly stranger: Signer;
  /** All times of stories are multiplied by it. Above 0. */
  readonly pace?: number;
  readonly story?: AlipayStory;
  /** Amounts choose their story by their last two digits, where the one set is `success`. */
  readonly byAmount?: boolean;
  readonly unseenCancel?: TradePolicy["unseenCancel"];
  /** Whether a query echoes `body`; documents and replies that were seen differ. */
  readonly echoesBody?: boolean;
}

const GATEWAY = "/gateway.do";

const kinds: Readonly<Record<Wish["method"], CallKind>> = {
  "alipay.trade.pay": "charge",
  "alipay.trade.query": "query",
  "alipay.trade.cancel": "cancel",
  "alipay.trade.refund": "refund",
  "alipay.trade.fastpay.refund.query": "refundQuery",
};

function kindOf(method: string): CallKind | null {
  return Object.entries(kinds).find(([known]) => known === method)?.[1] ?? null;
}

interface Conduct {
  readonly story: AlipayStory;
  readonly counts: Map<CallKind, number>;
}

/** What came of a wish before the story treats the reply. */
interface Outcome {
  readonly members: Members;
  readonly text: string;
}

/** The look-alike. Its books are open to whoever checks them. */
export class Sandbox {
  readonly trades: Trades;
  readonly pace: number;
  /** While it is, every query is answered ACQ.SYSTEM_ERROR, also one about a number that nobody knows. */
  busy = false;
  story: AlipayStory;
  readonly #options: SandboxOptions;
  readonly #conducts = new Map<string, Conduct>();
  #down = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.story = options.story ?? success;
    this.pace = options.pace ?? 1;
    this.trades = new Trades({ unseenCancel: options.unseenCancel ?? "tombstone" });
  }

  /** Whether connections are refused. */
  get down(): boolean {
    return this.#down || this.story.down;
  }

  set down(down: boolean) {
    this.#down = down;
  }

  /** Answers one request. */
  handle(call: GatewayCall): GatewayReply {
    this.trades.settle(call.now);
    if (call.path !== GATEWAY || call.method !== "POST") return page(call, 404, "<html><h1>404</h1></html>");
    const request = readRequest(call, this.#options.apps, call.now);
    return request.kind === "door" ? this.#refuse(call, request) : this.#fulfil(call, request.wish, call.now);
  }

  #refuse(
    call: GatewayCall,
    { method, signed: isSigned, code, subCode }: ReadRequest & { readonly kind: "door" },
  ): GatewayReply {
    const { signer } = this.#options;
    const object = objectText({ code, msg: "Invalid Arguments", sub_code: subCode, sub_msg: "无效参数" });
    const root = isMethod(method) ? rootOf(method) : "error_response";
    const text = envelope(root, object, isSigned ? signed(object, signer) : null, signer);
    const treatment = isSigned ? null : ("unsigned" as const);
    const note: CallNote = { ...blank(call), call: kindOf(method), outcome: subCode, treatment, door: true };
    return whole(note, text);
  }

  #fulfil(call: GatewayCall, wish: Wish, now: number): GatewayReply {
    const kind = kinds[wish.method];
    const outTradeNo = wish.content.out_trade_no;
    const charge = wish.method === "alipay.trade.pay" ? wish.content : null;
    const amountFen = charge === null ? null : (fenOfYuan(charge.total_amount) as Fen);
    const code = charge === null ? null : new PaymentCode(charge.auth_code, "alipay");
    const conduct = this.#conductOf(kind, outTradeNo, amountFen);
    const treatment = conduct === null ? null : this.#begin(conduct, kind, outTradeNo, now);
    const note: CallNote = {
      ...blank(call),
      call: kind,
      outTradeNo,
      amountFen,
      code,
      treatment: treatment?.kind ?? null,
    };
    if (treatment?.kind === "vanish")
      return { kind: "drop", how: "silence", note: { ...note, outcome: "never arrived" } };
    const spared = this.#spared(treatment, outTradeNo);
    const done = spared ?? this.#book(wish, conduct?.story ?? success, now);
    const outcome = treatment?.kind === "repeat" ? this.#repeated(outTradeNo) : done;
    const status = this.trades.find(outTradeNo)?.status ?? null;
    return this.#treat(treatment, wish, outcome, { ...note, outcome: outcome.text, status });
  }

  #conductOf(kind: CallKind, outTradeNo: string, amountFen: number | null): Conduct | null {
    const known = this.#conducts.get(outTradeNo);
    if (known !== undefined || kind !== "charge") return known ?? null;
    const byAmount = this.#options.byAmount === true && this.story === success && amountFen !== null;
    const story = byAmount ? storyOfAmount(amountFen) : this.story;
    const conduct: Conduct = { story, counts: new Map() };
    this.#conducts.set(outTradeNo, conduct);
    return conduct;
  }

  /** Counts the call and lets the buyer do what they do just before it. */
  #begin({ story, counts }: Conduct, kind: CallKind, outTradeNo: string, now: number): Treatment | null {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const trade = this.trades.find(outTradeNo);
    for (const plan of story.plans) {
      if ("before" in plan && plan.before === kind && plan.count === count && trade !== undefined)
        this.trades.act(trade, plan.act, now);
    }
    const ageMs = trade === undefined ? 0 : (now - trade.createdAt) / this.pace;
    return treatmentOf(story, kind, count, ageMs);
  }

  /** What is answered by a story that does nothing of what was asked. */
  #spared(treatment: Treatment | null, outTradeNo: string): Outcome | null {
    if (treatment?.kind === "refuse") {
      // A charge whose story says so is booked before it is refused.
      if (treatment.gbk === true) return null;
      return refusal(treatment.code, treatment.subCode);
    }
    if (treatment?.kind !== "pretend") return null;
    const { retry } = treatment;
    const members = { code: "10000", msg: "Success", out_trade_no: outTradeNo, retry_flag: retry };
    return {
      members: retry === "N" ? { ...members, action: "close" } : members,
      text: `10000, retry_flag=${retry}`,
    };
  }

  #book(wish: Wish, story: AlipayStory, now: number): Outcome {
    switch (wish.method) {
      case "alipay.trade.pay":
        return this.#charge(wish.content, story, now);
      case "alipay.trade.query": {
        if (this.busy) return refusal("40004", "ACQ.SYSTEM_ERROR");
        const trade = this.trades.find(wish.content.out_trade_no);
        if (trade === undefined) return refusal("40004", "ACQ.TRADE_NOT_EXIST");
        return { members: this.#state(trade), text: statusText(trade) };
      }
      case "alipay.trade.cancel": {
        const { out_trade_no: outTradeNo } = wish.content;
        const action = this.trades.cancel(outTradeNo, now);
        const tradeNo = this.trades.find(outTradeNo)?.tradeNo ?? null;
        const members = {
          code: "10000",
          msg: "Success",
          out_trade_no: outTradeNo,
          retry_flag: "N",
          trade_no: tradeNo,
        };
        const done = action === "nothing" ? null : action;
        return {
          members: { ...members, action: done },
          text: done === null ? UNSEEN_CANCEL : `10000, ${done}`,
        };
      }
      case "alipay.trade.refund":
        return this.#refund(wish.content, now);
      case "alipay.trade.fastpay.refund.query":
        return this.#refundState(wish.content);
      default:
        return unreachable(wish);
    }
  }

  #charge(
    content: (Wish & { readonly method: "alipay.trade.pay" })["content"],
    story: AlipayStory,
    now: number,
  ): Outcome {
    const { out_trade_no: outTradeNo } = content;
    const code = new PaymentCode(content.auth_code, "alipay");
    const amountFen = fenOfYuan(content.total_amount) as Fen;
    const known = this.trades.find(outTradeNo);
    if (known !== undefined) return this.#chargedAgain(known, amountFen);
    if (this.trades.isDead(outTradeNo)) return refusal("40004", "ACQ.TRADE_HAS_CLOSE");
    if (this.trades.isUsed(code)) return refusal("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID");
    const { opening } = story;
    if (opening.kind === "refused" && opening.leaves === "nothing") {
      this.trades.useUp(code);
      return refusal(opening.code, opening.subCode);
    }
    const trade = this.trades.open(
      {
        ...{ outTradeNo, payee: payeeText(content.seller_id ?? null, this.#options.apps), amountFen, code },
        mark: content.body ?? null,
        timeoutMs: Number.parseInt(content.timeout_express, 10) * 60_000 * this.pace,
      },
      now,
    );
    for (const plan of story.plans) {
      if ("afterMs" in plan) trade.plans.push({ act: plan.act, at: now + plan.afterMs * this.pace });
    }
    if (opening.kind === "paid" || (opening.kind === "refused" && opening.leaves === "paid"))
      this.trades.act(trade, "pays", now);
    if (opening.kind === "refused") return refusal(opening.code, opening.subCode);
    // What is rolled back afterwards is answered as if it were paid.
    return opening.kind === "dialog" ? this.#pending(trade) : this.#paid(trade);
  }

  /** The same number once more: the trade's state, or what is wrong with the request. */
  #chargedAgain(trade: Trade, amountFen: number): Outcome {
    if (trade.amountFen !== amountFen) return refusal("40004", "ACQ.CONTEXT_INCONSISTENT");
    if (trade.status === "WAIT_BUYER_PAY") return this.#pending(trade);
    return refusal(
      "40004",
      trade.status === "TRADE_CLOSED" ? "ACQ.TRADE_HAS_CLOSE" : "ACQ.TRADE_HAS_SUCCESS",
    );
  }

  /** What the second of two equal charges is answered with. */
  #repeated(outTradeNo: string): Outcome {
    const trade = this.trades.find(outTradeNo);
    return trade === undefined
      ? refusal("40004", "ACQ.SYSTEM_ERROR")
      : this.#chargedAgain(trade, trade.amountFen);
  }

  #refund(content: (Wish & { readonly method: "alipay.trade.refund" })["content"], now: number): Outcome {
    const { out_trade_no: outTradeNo, out_request_no: number } = content;
    const refundFen = fenOfYuan(content.refund_amount) ?? 0;
    const trade = this.trades.find(outTradeNo);
    if (trade === undefined) return refusal("40004", "ACQ.TRADE_NOT_EXIST");
    const before = trade.refunds.get(number);
    if (before !== undefined && before !== refundFen)
      return refusal("40004", "ACQ.DISCORDANT_REPEAT_REQUEST");
    if (before === undefined) {
      if (trade.status === "TRADE_CLOSED") return refusal("40004", "ACQ.TRADE_HAS_CLOSE");
      if (trade.status === "WAIT_BUYER_PAY") return refusal("40004", "ACQ.TRADE_NOT_ALLOW_REFUND");
      if (refundFen > trade.chargedFen - trade.returnedFen)
        return refusal("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL");
    }
    const moved = this.trades.refund(trade, number, refundFen, "box", now);
    return {
      members: {
        ...{ code: "10000", msg: "Success", out_trade_no: outTradeNo, trade_no: trade.tradeNo },
        ...{ fund_change: moved ? "Y" : "N", refund_fee: formatYuan(trade.returnedFen) },
      },
      text: `10000, fund_change=${moved ? "Y" : "N"}`,
    };
  }

  #refundState(
    content: (Wish & { readonly method: "alipay.trade.fastpay.refund.query" })["content"],
  ): Outcome {
    const trade = this.trades.find(content.out_trade_no);
    if (trade === undefined) return refusal("40004", "ACQ.TRADE_NOT_EXIST");
    const refundFen = trade.refunds.get(content.out_request_no);
    const members = {
      code: "10000",
      msg: "Success",
      out_trade_no: trade.outTradeNo,
      trade_no: trade.tradeNo,
    };
    if (refundFen === undefined) return { members, text: "10000, no refund" };
    return {
      members: {
        ...{ ...members, out_request_no: content.out_request_no, refund_status: "REFUND_SUCCESS" },
        ...{ total_amount: formatYuan(trade.amountFen), refund_amount: formatYuan(refundFen) },
      },
      text: "REFUND_SUCCESS",
    };
  }

  #treat(treatment: Treatment | null, wish: Wish, outcome: Outcome, note: CallNote): GatewayReply {
    const { signer, stranger } = this.#options;
    const root = rootOf(wish.method);
    const object = objectText(outcome.members);
    const reply = (text: string | Uint8Array): GatewayReply & { readonly kind: "reply" } => whole(note, text);
    const plain = () => reply(envelope(root, object, signed(object, signer), signer));
    switch (treatment?.kind) {
      case "delay":
        return { ...plain(), delayMs: treatment.ms * this.pace };
      case "silence":
      case "reset":
        return { kind: "drop", how: treatment.kind, note };
      case "cut": {
        const { body } = plain();
        return { ...plain(), cut: Math.floor(body.byteLength / 2) };
      }
      case "unsigned":
        return reply(envelope(root, object, null, signer));
      case "forge": {
        const claim = objectText(this.#claim(note.outTradeNo ?? "", wish.method));
        return reply(envelope(root, claim, signed(claim, stranger), signer));
      }
      case "claim": {
        const members = this.#claim(note.outTradeNo ?? "", wish.method);
        const { total_amount: total = "" } = members;
        const claim = objectText({
          ...members,
          total_amount: treatment.amount === "near" ? `${total}4` : null,
        });
        return reply(envelope(root, claim, signed(claim, signer), signer));
      }
      case "alter": {
        const { member, value } = treatment;
        const lie = objectText({ ...outcome.members, [member]: value });
        return reply(envelope(root, lie, signed(lie, signer), signer));
      }
      case "page":
        return { ...reply(treatment.body), status: treatment.status, contentType: "text/html" };
      case "form":
        return reply(formed(treatment.how, root, outcome.members, signer));
      case "twice": {
        if (treatment.what === "object") {
          const claim = objectText(this.#claim(note.outTradeNo ?? "", wish.method));
          return reply(`{"${root}":${object},"${root}":${claim},"sign":"${signed(object, signer)}"}`);
        }
        const doubled = object.replace("{", '{"code":"40004",');
        return reply(envelope(root, doubled, signed(doubled, signer), signer));
      }
      case "refuse": {
        if (treatment.unsigned === true) return reply(envelope(root, object, null, signer));
        return treatment.gbk === true ? reply(inGbk(root, object, signer)) : plain();
      }
      case "vanish":
        return { kind: "drop", how: "silence", note };
      case "pretend":
      case "repeat":
      case undefined:
        return plain();
      default:
        return unreachable(treatment);
    }
  }

  /** What a forger says: the trade is paid. */
  #claim(outTradeNo: string, method: string): Members {
    const trade = this.trades.find(outTradeNo);
    const total = formatYuan(trade?.amountFen ?? 1);
    const paid = {
      code: "10000",
      msg: "Success",
      out_trade_no: outTradeNo,
      trade_no: "2026",
      total_amount: total,
    };
    return method === "alipay.trade.query" ? { ...paid, trade_status: "TRADE_SUCCESS" } : paid;
  }

  #paid(trade: Trade): Outcome {
    const amount = formatYuan(trade.amountFen);
    return {
      members: {
        ...{
          code: "10000",
          msg: "Success",
          buyer_logon_id: "138****0000",
          buyer_user_id: "2088000000000001",
        },
        ...{
          out_trade_no: trade.outTradeNo,
          trade_no: trade.tradeNo,
          total_amount: amount,
          receipt_amount: amount,
        },
        gmt_payment: beijingText(trade.paidAt ?? trade.createdAt),
      },
      text: "10000",
    };
  }

  #pending({ outTradeNo, tradeNo, amountFen }: Trade): Outcome {
    return {
      members: {
        ...{
          code: "10003",
          msg: " order success pay inprocess",
          out_trade_no: outTradeNo,
          trade_no: tradeNo,
        },
        total_amount: formatYuan(amountFen),
      },
      text: "10003",
    };
  }

  #state(trade: Trade): Members {
    return {
      ...{ code: "10000", msg: "Success", out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo },
      ...{ total_amount: formatYuan(trade.amountFen), trade_status: trade.status },
      send_pay_date: trade.paidAt === null ? null : beijingText(trade.paidAt),
      body: this.#options.echoesBody === false ? null : trade.mark,
    };
  }
}

/** A trade as it stands, for people; one that is closed says whether it had been paid. */
function statusText({ status, paidAt }: Trade): string {
  return status === "TRADE_CLOSED" && paidAt !== null ? RETURNED : status;
}

/** Names an account in one text, as requests name it. */
function payeeText(sellerId: string | null, apps: readonly Pick<SandboxApp, "appId">[]): string {
  return `alipay ${apps[0]?.appId ?? ""} ${sellerId ?? "-"}`;
}

function refusal(code: string, subCode: string): Outcome {
  const msg = code === "20000" ? "Service Currently Unavailable" : "Business Failed";
  return { members: { code, msg, sub_code: subCode, sub_msg: "系统繁忙" }, text: subCode };
}

function formed(
  how: "sign-first" | "escaped" | "blanks" | "trap",
  root: string,
  members: Members,
  signer: Signer,
): string {
  switch (how) {
    case "sign-first": {
      const object = objectText(members);
      return `{"sign":"${signed(object, signer)}","${root}":${object}}`;
    }
    case "escaped": {
      const object = objectText({ ...members, store_name: "A/B" });
      return envelope(root, object.replace("A/B", "A\\/B"), signed(object, signer), signer);
    }
    case "blanks": {
      const object = JSON.stringify(members, (_, value: unknown) => value ?? undefined, 2);
      return envelope(root, object, signed(object, signer), signer);
    }
    case "trap": {
      const object = objectText({ ...members, store_name: 'x","sign":"AAAA","alipay_cert_sn":"BBBB' });
      return envelope(root, object, signed(object, signer), signer);
    }
  }
}

/** 系统繁忙 in GBK where UTF-8 was asked for; the signature is over these bytes. */
function inGbk(root: string, object: string, signer: Signer): Uint8Array {
  const [before = "", after = ""] = object.split("系统繁忙");
  const text = Buffer.concat([
    Buffer.from(before),
    Buffer.from("cfb5cdb3b7b1c3a6", "hex"),
    Buffer.from(after),
  ]);
  const [head = "", tail = ""] = envelope(root, "\u0000", signed(text, signer), signer).split("\u0000");
  return Buffer.concat([Buffer.from(head), text, Buffer.from(tail)]);
}

function blank({ path, now, body }: GatewayCall): CallNote {
  const [, outTradeNo = null] =
    /"out_trade_no":"(\w{1,64})"/.exec(new URLSearchParams(body).get("biz_content") ?? "") ?? [];
  return {
    ...{ at: now, path, call: null, door: false, outTradeNo, amountFen: null, code: null, outcome: "" },
    ...{ treatment: null, status: null },
  };
}

function whole(note: CallNote, text: string | Uint8Array): GatewayReply & { readonly kind: "reply" } {
  return {
    ...{ kind: "reply", status: 200, contentType: "text/html;charset=utf-8" },
    ...{ body: Buffer.from(text), delayMs: 0, cut: null, note },
  };
}

function page(call: GatewayCall, status: number, text: string): GatewayReply {
  const note = { ...blank(call), outcome: String(status), treatment: "page" as const };
  return { ...whole(note, text), status, contentType: "text/html" };
}
