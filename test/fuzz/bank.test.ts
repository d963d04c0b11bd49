/** What comes from where the sandbox should be: documents, replies, notifications and bills, damaged, forged and swollen. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { WechatV2Settings } from "../../src/providers/wechat-v2/account.ts";
import { parseBill } from "../../src/providers/wechat-v2/bill.ts";
import { readBill } from "../../src/providers/wechat-v2/bill-reply.ts";
import type { AskedTrade } from "../../src/providers/wechat-v2/evidence.ts";
import {
  type Opened,
  openReply,
  readCharge,
  readQuery,
  readReverse,
} from "../../src/providers/wechat-v2/replies.ts";
import { readNotification } from "../../src/providers/wechat-v2/server/notification.ts";
import { type Fields, parseXml, writeXml } from "../../src/providers/wechat-v2/xml.ts";
import {
  answered,
  fixtureBytes,
  fixtureFields,
  fixtureNames,
  fixtureText,
  intent,
  providerSettings,
  resigned,
  settings,
} from "../providers/wechat-v2/fixtures.ts";
import { laterCalls, native } from "../providers/wechat-v2/later-calls.ts";
import { type Case, fuzz } from "./fuzz.ts";

const names = fixtureNames("");
const documents = names.map(fixtureText);
const bodies = documents.map((document) => Buffer.from(document));

/** No reply is larger: the transport stops reading there. */
const BODY_BYTES_MAX = 1 << 20;

fuzz("a document is fields that can be written and read again, or is refused", (one) => {
  const body = one.damaged(pickOf(one, bodies), bodies);
  const read = one.timed(() => parseXml(body));
  const roomy = one.timed(() => parseXml(body, { bytesMax: Number.POSITIVE_INFINITY, fieldsMax: 1_000_000 }));
  if (!read.ok) return;
  assert.deepEqual(roomy, read, "limits change nothing of what is within them");
  const again = parseXml(Buffer.from(writeXml(read.value)), { bytesMax: 1 << 20, fieldsMax: 512 });
  assert.ok(again.ok);
  assert.deepEqual(again.value, read.value);
});

const asked: AskedTrade = { ...intent, tradeType: "MICROPAY" };
const page: AskedTrade = { ...intent, tradeType: "JSAPI" };

interface Answer {
  readonly kind: string;
  readonly signed?: boolean;
}

/** Every way in which a reply is read. */
const readers: Readonly<Record<string, (opened: Opened) => Answer>> = {
  charge: (opened) => readCharge(opened, asked),
  query: (opened) => readQuery(opened, asked),
  reverse: (opened) => readReverse(opened, asked),
  ...Object.fromEntries(Object.entries(laterCalls).map(([name, { read }]) => [name, read])),
};

const merchants = [settings, providerSettings, { ...settings, signType: "HMAC-SHA256" }] as const;

/** What is signed, in our own plain words: whoever has no key has no other texts than those of the fixtures. */
function signedText(fields: Fields): string {
  const pairs = [...fields].filter(([name, value]) => name !== "sign" && value !== "");
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort(byName)
    .join("&");
}

function byName(a: string, b: string): number {
  const [one = "", other = ""] = [a, b].map((pair) => pair.slice(0, pair.indexOf("=")));
  return one < other ? -1 : 1;
}

function isSigned(fields: Fields, { apiKey, signType }: WechatV2Settings): boolean {
  const text = `${signedText(fields)}&key=${apiKey.reveal()}`;
  const digest =
    signType === "MD5" ? createHash("md5").update(text) : createHmac("sha256", apiKey.reveal()).update(text);
  return fields.get("sign") === digest.digest("hex").toUpperCase();
}

/** What each way of reading makes of each fixture, by what is signed of it. */
const genuine = new Map<string, Map<string, Answer>>();
for (const [name, read] of Object.entries(readers)) {
  for (const used of merchants) {
    for (const document of names.map((fixture) => fixtureText(fixture))) {
      const fields = parseXml(Buffer.from(document));
      if (!fields.ok || !isSigned(fields.value, used)) continue;
      const answers = genuine.get(`${name} ${used.signType} ${used.merchant.subMerchantId}`) ?? new Map();
      answers.set(signedText(fields.value), read(openReply(answered(document), used)));
      genuine.set(`${name} ${used.signType} ${used.merchant.subMerchantId}`, answers);
    }
  }
}

fuzz("nothing is believed of a reply that the sandbox did not sign", (one) => {
  const body = one.damaged(pickOf(one, bodies), bodies, BODY_BYTES_MAX);
  const used = one.random.pick(merchants);
  for (const [name, read] of Object.entries(readers)) {
    const answer = one.timed(() => read(openReply(answered(body), used)));
    if (answer.kind === "unknown" && answer.signed === false) continue;
    const fields = parseXml(body);
    assert.ok(fields.ok);
    const known = genuine.get(`${name} ${used.signType} ${used.merchant.subMerchantId}`);
    // Damage that leaves what is signed as it was: blanks between elements, empty ones, another order.
    assert.deepEqual(
      answer,
      known?.get(signedText(fields.value)),
      `${name} believed ${JSON.stringify(answer)}`,
    );
  }
});

const values = [
  "",
  "0",
  "1",
  "1280",
  "12.80",
  "SUCCESS",
  "FAIL",
  "REFUND",
  "CNY",
  "MICROPAY",
  "NATIVE",
  "Y",
  "N",
];

fuzz("nothing is paid by a reply that the sandbox signed about something else", (one) => {
  const fields = oddly(one, fixtureFields(pickOf(one, genuineNames)));
  for (const [name, read] of Object.entries(readers)) {
    const answer = one.timed(() => read(openReply(answered(fields), settings)));
    // A closing that was refused for a payment names no order; what it means is asked by a query.
    if (answer.kind !== "paid" || name === "close") continue;
    const trade = name === "query of a booked order" ? native : asked;
    assert.equal(fields.get("out_trade_no"), trade.outTradeNo);
    assert.equal(fields.get("total_fee"), String(trade.amountFen));
    assert.equal(fields.get("appid"), settings.merchant.appId);
    assert.equal(fields.get("mch_id"), settings.merchant.merchantId);
    assert.ok(["", "CNY"].includes(fields.get("fee_type") ?? ""));
    assert.ok(["", trade.tradeType].includes(fields.get("trade_type") ?? ""));
    assert.ok(["", "SUCCESS"].includes(fields.get("trade_state") ?? ""));
    assert.ok((fields.get("transaction_id") ?? "") !== "");
    assert.deepEqual([fields.get("return_code"), fields.get("result_code")], ["SUCCESS", "SUCCESS"]);
    assert.ok(isSigned(fields, settings));
  }
});

const genuineNames = names.filter((name) => {
  const fields = parseXml(Buffer.from(fixtureText(name)));
  return fields.ok && isSigned(fields.value, settings) && !name.startsWith("request-");
});

/** The fields with some of them changed, taken away or taken from other documents, and signed again. */
function oddly(one: Case, fields: Fields): Fields {
  const changes: Record<string, string | null> = {};
  for (let change = one.random.between(1, 4); change > 0; change -= 1) {
    const other = fixtureFields(pickOf(one, genuineNames));
    const name = pickOf(one, [...(one.random.chance(0.5) ? fields : other).keys()]);
    const candidates = [
      ...values,
      other.get(name) ?? "",
      other.get(name) ?? null,
      `${fields.get(name) ?? ""}0`,
      null,
    ];
    changes[name] = pickOf(one, candidates);
  }
  return resigned(fields, changes);
}

fuzz("a notification is believed where it is signed and about our order alone", (one) => {
  const notifications = ["notification-native", "notification-jsapi"];
  const forged = one.random.chance(0.5);
  const fixture = pickOf(one, one.random.chance(0.7) ? notifications : genuineNames);
  const body = forged
    ? one.damaged(Buffer.from(fixtureText(fixture)), bodies, BODY_BYTES_MAX)
    : Buffer.from(writeXml(oddly(one, fixtureFields(fixture))));
  const trade = one.random.pick([native, page, null]);
  const read = one.timed(() =>
    readNotification(body, settings, (number) => (number === intent.outTradeNo ? trade : null)),
  );
  assert.ok(parseXml(Buffer.from(read.reply)).ok, "the answer to it is a document");
  if (read.answer.kind === "unknown") return;
  const fields = parseXml(body);
  assert.ok(fields.ok && isSigned(fields.value, settings));
  assert.equal(read.outTradeNo, fields.value.get("out_trade_no"));
  if (read.answer.kind !== "paid") return;
  assert.ok(trade !== null);
  assert.equal(fields.value.get("out_trade_no"), intent.outTradeNo);
  assert.equal(fields.value.get("total_fee"), String(intent.amountFen));
  assert.equal(fields.value.get("trade_type"), trade.tradeType);
});

const bill = fixtureBytes("bill-all.txt");

fuzz("a bill adds up, or is refused", (one) => {
  const body = one.damaged(bill, [bill, fixtureBytes("bill-no-bill-exist.xml")]);
  const table = one.timed(() => parseBill(body));
  const answer = one.timed(() => readBill(answered(body), settings));
  if (answer.kind === "bill") assert.deepEqual(table, { ok: true, value: answer.bill });
  if (!table.ok) return;
  const { rows, sums } = table.value;
  assert.equal(sums.get("总交易单数"), String(rows.length));
  for (const { at, transactionId, outTradeNo, orderFen, refundFen, merchantId } of rows) {
    assert.ok(at.length === 19 && transactionId !== "" && outTradeNo !== "");
    for (const fen of [orderFen, refundFen]) assert.ok(fen === null || Number.isSafeInteger(fen));
    if (answer.kind === "bill") assert.equal(merchantId, settings.merchant.merchantId);
  }
});

function pickOf<Value>(one: Case, all: readonly Value[]): Value {
  const [first, ...rest] = all;
  assert.ok(first !== undefined);
  return one.random.pick([first, ...rest]);
}
