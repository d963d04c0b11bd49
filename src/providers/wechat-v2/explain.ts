/** What a recorded pair of WeChat Pay v2 says. */
import * as z from "zod";
import { accept, refuse } from "../../core/kernel/result.ts";
import type { HttpsOutcome } from "../../runtime/ports.ts";
import {
  chargeWord,
  type Explain,
  type ExplainTerms,
  explanationOf,
  type OutcomeWord,
  queryWord,
  refundWord,
  type Said,
  type SignatureWord,
  undoWord,
  withUsualStatus,
} from "../explain.ts";
import { unsignedUnknown } from "../unknown.ts";
import { ApiKey } from "./api-key.ts";
import { type BillAnswer, readBill } from "./bill-reply.ts";
import { readCloseOrder } from "./close-order.ts";
import { type AskedTrade, given, type TradeType } from "./evidence.ts";
import { paths } from "./message.ts";
import { chargeAnswerOf, closingAnswerOf, refundAnswerOf } from "./native-answers.ts";
import { readRefund } from "./refund.ts";
import { type RefundStatus, readRefundQuery } from "./refund-query.ts";
import { refusalWords } from "./refusal-words.ts";
import { type Opened, openReply, type ReplySettings, readCharge, readQuery, readReverse } from "./replies.ts";
import { isSignedBy, type SignType } from "./signature.ts";
import { readUnifiedOrder } from "./unified-order.ts";
import { type Fields, parseXml } from "./xml.ts";

const keysSchema = z.object({ wechat: z.object({ apiKey: z.string().min(1).max(64) }) });

/** By the code that reads replies in the box. */
export const explain: Explain = (pair, terms) => {
  const request = parseXml(Buffer.from(pair.body, "utf8"));
  if (!request.ok) return refuse("the request is no XML of WeChat Pay");
  const fields = request.value;
  const [appId, merchantId] = [given(fields, "appid"), given(fields, "mch_id")];
  if (appId === null || merchantId === null) return refuse("the request names no appid and mch_id");
  const keys = keysSchema.safeParse(terms.keys);
  const signType: SignType = given(fields, "sign_type") === "HMAC-SHA256" ? "HMAC-SHA256" : "MD5";
  const settings = {
    merchant: {
      ...{ appId, merchantId },
      ...{ subAppId: given(fields, "sub_appid"), subMerchantId: given(fields, "sub_mch_id") },
    },
    apiKey: new ApiKey(keys.success ? keys.data.wechat.apiKey : ""),
    signType,
  };
  const read = openReply(pair.outcome, settings);
  const opened = keys.success ? read : withoutKey(read);
  const said =
    pair.url.pathname === paths.bill
      ? billSaid(readBill(pair.outcome, settings))
      : saidOf(pair.url.pathname, opened, fields, terms);
  if (said === null) return refuse("the request is none of the calls that the box makes (its path)");
  const others = opened.fields === null ? [] : differing(fields, opened.fields, terms);
  const isPart = said.word === "contradiction" && others.length === 0 && lacksProof(opened);
  return accept(
    explanationOf(isPart ? partMissing : said, {
      signature: signatureOf(pair.outcome, settings, keys.success),
      words: refusalWords(opened),
      differing: others,
    }),
  );
};

/** The box takes what lacks a part of the proof as it takes what contradicts it; for people the two are not the same. */
const partMissing: Said = { answer: { kind: "unknown", why: "malformed" }, word: "unknown" };

function lacksProof({ fields }: Opened): boolean {
  const proof = ["out_trade_no", "total_fee", "transaction_id"];
  return fields !== null && proof.some((name) => given(fields, name) === null);
}

/** Without a key nothing is genuine, not even what an empty one has signed. */
function withoutKey(opened: Opened): Opened {
  const isProved =
    opened.genuine ||
    (opened.answer.kind === "unknown" && (opened.answer.signed || opened.answer.why === "mismatch"));
  return isProved
    ? { genuine: false, answer: unsignedUnknown("bad-signature"), fields: opened.fields }
    : opened;
}

function saidOf(path: string, opened: Opened, request: Fields, terms: ExplainTerms): Said | null {
  const asked = askedOf(request, opened, terms);
  const order = {
    outTradeNo: asked.outTradeNo,
    amountFen: asked.amountFen as never,
    currency: "CNY" as const,
  };
  const outRefundNo = given(request, "out_refund_no") ?? "";
  switch (path) {
    case paths.charge: {
      const answer = readCharge(opened, asked);
      return { answer, word: chargeWord(answer, { chargeProves: true }) };
    }
    case paths.order: {
      const answer = chargeAnswerOf(readUnifiedOrder(opened, asked));
      return { answer, word: chargeWord(answer, { chargeProves: true }) };
    }
    case paths.query: {
      const answer = readQuery(opened, asked);
      return { answer, word: queryWord(answer) };
    }
    case paths.reverse: {
      const answer = readReverse(opened, asked);
      return { answer, word: undoWord(answer, false) };
    }
    case paths.close: {
      const answer = closingAnswerOf(readCloseOrder(opened, asked));
      return { answer, word: undoWord(answer, false) };
    }
    case paths.refund: {
      const refundFen = Number(given(request, "refund_fee")) as never;
      const refund = { order, outRefundNo, refundFen, why: null, from: "unsettled" } as const;
      const answer = refundAnswerOf(readRefund(opened, refund));
      return { answer, word: refundWord(answer) };
    }
    case paths.refundQuery: {
      const answer = readRefundQuery(opened, { order, about: { kind: "refund", outRefundNo } });
      if (answer.kind === "absent") return { answer, word: "refund-again" };
      if (answer.kind !== "found") return { answer, word: queryWord(answer) };
      const [refund] = answer.refunds;
      return { answer, word: refund === undefined ? "unknown" : refundWords[refund.status] };
    }
    default:
      return null;
  }
}

/** What nobody gives back any more is for people; what was closed is asked for again. */
const refundWords: Readonly<Record<RefundStatus, OutcomeWord>> = {
  refunded: "refunded",
  processing: "refund-pending",
  closed: "refund-again",
  stranded: "manual",
  unknown: "unknown",
};

/** Nobody signs a bill. */
function billSaid(answer: BillAnswer): Said {
  if (answer.kind === "bill") return { answer, word: "bill" };
  if (answer.kind === "foreign")
    return { answer: { kind: "unknown", why: "mismatch" }, word: "contradiction" };
  return { answer: { kind: "unknown", why: "unsigned-refusal" }, word: "unknown" };
}

/** What a request asks about; a refund's query may name no order, and a query never how it is paid: the reply may say any. */
function askedOf(request: Fields, { fields }: Opened, terms: ExplainTerms): AskedTrade {
  const echoed = (name: string) => (fields === null ? null : given(fields, name));
  const total = given(request, "total_fee");
  const tradeTypes: readonly TradeType[] = ["NATIVE", "JSAPI"];
  const tradeType = given(request, "trade_type") ?? echoed("trade_type");
  return {
    outTradeNo: given(request, "out_trade_no") ?? echoed("out_trade_no") ?? "",
    amountFen: total === null ? terms.amountFen : Number(total),
    nonce: given(request, "attach") ?? terms.nonce,
    tradeType: tradeTypes.find((known) => known === tradeType) ?? "MICROPAY",
  };
}

/** The fields of a reply that contradict its request, for the sentence alone. */
function differing(request: Fields, reply: Fields, terms: ExplainTerms): readonly string[] {
  const { amountFen, nonce } = terms;
  const wanted = new Map([
    ["total_fee", amountFen === null ? "" : String(amountFen)],
    ["attach", nonce ?? ""],
    ...request,
  ]);
  const names = ["appid", "mch_id", "sub_mch_id", "out_trade_no", "out_refund_no", "total_fee", "refund_fee"];
  return [...names, "attach"].filter((name) => {
    const said = given(reply, name);
    return said !== null && (wanted.get(name) ?? "") !== "" && said !== wanted.get(name);
  });
}

/** How the text of a reply is signed. */
function signatureOf(outcome: HttpsOutcome, settings: ReplySettings, hasKey: boolean): SignatureWord {
  if (outcome.kind !== "answered") return "absent";
  const { fields } = openReply(withUsualStatus(outcome), settings);
  if (fields === null) return "refused";
  if (given(fields, "sign") === null) return "absent";
  if (!hasKey) return "unverifiable";
  return isSignedBy(fields, settings.apiKey, settings.signType) ? "valid" : "invalid";
}
