/** What comes from where Alipay's gateway should be: replies damaged, forged and swollen, and keys that are none. */
import assert from "node:assert/strict";
import { verify } from "node:crypto";
import { readBillAddress } from "../../src/providers/alipay/bill-address.ts";
import { accountKeys } from "../../src/providers/alipay/keys.ts";
import { cutObject } from "../../src/providers/alipay/members.ts";
import { refusalWords } from "../../src/providers/alipay/refusal-words.ts";
import {
  type Opened,
  openReply,
  readCancel,
  readCharge,
  readQuery,
  readRefund,
  readRefundQuery,
} from "../../src/providers/alipay/replies.ts";
import { type Method, methods } from "../../src/providers/alipay/requests.ts";
import { splitReply } from "../../src/providers/alipay/split-reply.ts";
import { answered, certificateMode, intent, keyMode } from "../providers/alipay/account.ts";
import { fixtureKeys, fixturePairs } from "../providers/alipay/fixtures.ts";
import { type Case, fuzz } from "./fuzz.ts";

const bodies = fixturePairs.map(({ response: { body, bodyBase64 } }) =>
  bodyBase64 === undefined ? Buffer.from(body ?? "") : Buffer.from(bodyBase64, "base64"),
);

/** No reply is larger: the transport stops reading there. */
const BODY_BYTES_MAX = 1 << 20;

function pickOf<Value>(one: Case, values: readonly Value[]): Value {
  const [first, ...others] = values;
  assert.ok(first !== undefined);
  return one.random.pick([first, ...others]);
}

fuzz("a reply is cut where a parser of JSON cuts it, or is refused", (one) => {
  const body = one.damaged(pickOf(one, bodies), bodies, BODY_BYTES_MAX);
  const text = Buffer.from(body).toString("latin1");
  const cut = one.timed(() => cutObject(text, 0));
  if (cut === null) return;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.slice(0, cut.end));
  } catch {
    // What is inside a value is looked at where it is read.
    return;
  }
  const read = [...cut.members].map(([name, value]) => [name, JSON.parse(value)] as const);
  assert.deepEqual(Object.fromEntries(read), parsed);
});

/** Every way in which a reply is read. */
const readers: readonly (readonly [
  Method,
  (opened: Opened) => { readonly kind: string; readonly signed?: boolean },
])[] = [
  [methods.charge, (opened) => readCharge(opened, intent)],
  [methods.query, (opened) => readQuery(opened, intent)],
  [methods.cancel, (opened) => readCancel(opened, intent)],
  [methods.refund, (opened) => readRefund(opened, intent)],
  [
    methods.refundQuery,
    (opened) =>
      readRefundQuery(opened, {
        outTradeNo: intent.outTradeNo,
        refundNumber: `${intent.outTradeNo}C`,
        refundFen: intent.amountFen,
      }),
  ],
  [methods.bill, readBillAddress],
];

/** The texts that Alipay has signed here, as they are signed: whoever has no key has no others. */
const signedTexts = new Set<string>();
for (const bytes of bodies) {
  const body = Buffer.from(bytes);
  for (const [method] of readers) {
    // What has its object twice is refused whole; the first of them is signed all the same.
    const whole = body.toString("latin1");
    const second = whole.indexOf(',"alipay_trade_pay_response":');
    const once =
      second < 0
        ? body
        : Buffer.from(whole.slice(0, second) + whole.slice(whole.lastIndexOf(',"sign"')), "latin1");
    const split = splitReply(once, method);
    if (split === null || split.sign === null) continue;
    for (const text of [split.signed, split.signed.replaceAll("\\/", "/")]) {
      const signature = Buffer.from(split.sign, "base64");
      const raw = Buffer.from(text, "latin1");
      if (verify("sha256", raw, fixtureKeys.alipay.alipayPublicKey, signature)) signedTexts.add(text);
    }
  }
}

fuzz("nothing is believed of a reply that Alipay did not sign", (one) => {
  const body = one.damaged(pickOf(one, bodies), bodies, BODY_BYTES_MAX);
  const { alipay } = one.random.pick([keyMode, certificateMode]);
  for (const [method, read] of readers) {
    const opened = one.timed(() => openReply(answered(body), method, alipay));
    const answer = read(opened);
    const words = refusalWords(opened);
    assert.ok(words === null || words.length <= 200);
    if (answer.kind === "unknown" && answer.signed === false) continue;
    const signed = splitReply(body, method)?.signed;
    assert.ok(signed !== undefined);
    assert.ok(signedTexts.has(signed) || signedTexts.has(signed.replaceAll("\\/", "/")), signed);
  }
});

const { certificates } = fixtureKeys.alipay;
const keyTexts = [
  certificates.app,
  certificates.alipay,
  certificates.root,
  fixtureKeys.alipay.alipayPublicKey,
];

fuzz("a text is a key or a fault, and no text ends the process", (one) => {
  const damaged = () => one.damagedText(pickOf(one, keyTexts), keyTexts);
  const [own, app, alipay, root] = [damaged(), damaged(), damaged(), damaged()];
  for (const texts of [
    { mode: "key", own, alipay },
    { mode: "certificate", own, app, alipay, root },
  ] as const) {
    const { keys, faults } = one.timed(() => accountKeys(texts));
    assert.ok(keys === null && faults.length > 0, "none of them is a private key");
  }
});
