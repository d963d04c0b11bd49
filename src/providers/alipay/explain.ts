/** What a recorded pair of Alipay's says. */
import { X509Certificate } from "node:crypto";
import * as z from "zod";
import { accept, refuse } from "../../core/kernel/result.ts";
import {
  chargeWord,
  type Explain,
  type ExplainTerms,
  explanationOf,
  queryWord,
  refundWord,
  type Said,
  undoWord,
  withUsualStatus,
} from "../explain.ts";
import { readBillAddress } from "./bill-address.ts";
import { certSerialOf } from "./certificates.ts";
import { publicKeyOf } from "./keys.ts";
import { refusalWords } from "./refusal-words.ts";
import {
  type Asked,
  type Members,
  type Opened,
  openReply,
  readCancel,
  readCharge,
  readQuery,
  readRefund,
  readRefundQuery,
} from "./replies.ts";
import { type Method, methods } from "./requests.ts";
import type { AlipayKeys } from "./signature.ts";
import { fenOfYuan } from "./yuan.ts";

const keysSchema = z.object({
  alipay: z.object({
    alipayPublicKey: z.string().optional(),
    certificates: z.object({ alipay: z.string().optional() }).optional(),
  }),
});

const contentSchema = z.object({
  out_trade_no: z.string().default(""),
  total_amount: z.string().optional(),
  body: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_amount: z.string().optional(),
});

/** By the code that reads replies in the box. */
export const explain: Explain = (pair, terms) => {
  const body = new URLSearchParams(pair.body);
  const given = (name: string): string | null => pair.url.searchParams.get(name) ?? body.get(name);
  const method = Object.values(methods).find((known) => known === given("method"));
  if (method === undefined) return refuse("the request is none of the calls that the box makes (method)");
  const content = contentOf(given("biz_content") ?? "{}");
  if (content === null) return refuse("biz_content of the request is no JSON object of texts");
  const keys = keysOf(terms, given("app_cert_sn") !== null);
  const opened = openReply(pair.outcome, method, keys);
  const signature = openReply(withUsualStatus(pair.outcome), method, keys).signature ?? "absent";
  const asked = askedOf(content, terms);
  return accept(
    explanationOf(read(method, opened, content, asked), {
      signature,
      words: refusalWords(opened),
      differing: opened.genuine ? differing(asked, opened.members) : [],
    }),
  );
};

type Content = z.output<typeof contentSchema>;

function askedOf(
  { out_trade_no: outTradeNo, total_amount: total, body }: Content,
  terms: ExplainTerms,
): Asked {
  const amountFen = total === undefined ? terms.amountFen : fenOfYuan(total);
  return { outTradeNo, amountFen, nonce: body ?? terms.nonce };
}

/** The members that contradict what was asked, for the sentence alone. */
function differing({ outTradeNo, amountFen, nonce }: Asked, members: Members): readonly string[] {
  const wanted = [
    ["out_trade_no", (said: string) => said === outTradeNo],
    ["total_amount", (said: string) => amountFen === null || fenOfYuan(said) === amountFen],
    ["body", (said: string) => nonce === null || said === nonce],
  ] as const;
  return wanted.flatMap(([name, isRight]) => {
    const said = members.get(name);
    return said === undefined || isRight(said) ? [] : [name];
  });
}

function read(
  method: Method,
  opened: Opened,
  { out_request_no: refundNumber, refund_amount: refund }: Content,
  asked: Asked,
): Said {
  const { outTradeNo } = asked;
  switch (method) {
    case methods.charge: {
      const answer = readCharge(opened, asked);
      return { answer, word: chargeWord(answer, { chargeProves: false }) };
    }
    case methods.query: {
      const answer = readQuery(opened, asked);
      return { answer, word: queryWord(answer) };
    }
    case methods.cancel: {
      const answer = readCancel(opened, asked);
      const finished = opened.members?.get("sub_code")?.endsWith("TRADE_HAS_FINISHED") === true;
      return { answer, word: undoWord(answer, !finished) };
    }
    case methods.refund: {
      const answer = readRefund(opened, asked);
      const moved = opened.members?.get("fund_change") === "Y" ? "refunded" : "refund-query";
      return { answer, word: answer.kind === "done" ? moved : refundWord(answer) };
    }
    case methods.refundQuery: {
      const refundFen = refund === undefined ? null : fenOfYuan(refund);
      const answer = readRefundQuery(opened, {
        outTradeNo,
        refundNumber: refundNumber ?? outTradeNo,
        refundFen,
      });
      const words = { refunded: "refunded", unpaid: "refund-not-seen" } as const;
      const word =
        answer.kind === "refunded" || answer.kind === "unpaid" ? words[answer.kind] : queryWord(answer);
      return { answer, word };
    }
    case methods.bill: {
      const answer = readBillAddress(opened);
      return { answer, word: answer.kind === "address" ? "bill-address" : "unknown" };
    }
  }
}

function contentOf(text: string): Content | null {
  try {
    const parsed = contentSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Alipay's keys of a file of keys; with none of them nothing can be verified. */
function keysOf({ keys }: ExplainTerms, certificateMode: boolean): AlipayKeys {
  const parsed = keysSchema.safeParse(keys);
  const given = parsed.success ? parsed.data.alipay : null;
  const key = publicKeyOf(given?.alipayPublicKey ?? "");
  if (!certificateMode && key !== null) return { mode: "key", key };
  try {
    const certificate = new X509Certificate(given?.certificates?.alipay ?? "");
    const bySerial = new Map([[certSerialOf(certificate), certificate.publicKey]]);
    return { mode: "certificate", bySerial: certificateMode ? bySerial : new Map() };
  } catch {
    return { mode: "certificate", bySerial: new Map() };
  }
}
