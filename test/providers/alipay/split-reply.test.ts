import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutObject } from "../../../src/providers/alipay/members.ts";
import { splitReply } from "../../../src/providers/alipay/split-reply.ts";

const METHOD = "alipay.trade.pay";
const ROOT = "alipay_trade_pay_response";
const plain = { refused: false, signed: '{"code":"1"}', sign: "AA==", certSerial: null };

const split = (text: string) => splitReply(Buffer.from(text), METHOD);

test("what is signed is the text of the root's value, wherever its members stand", () => {
  const replies: readonly (readonly [string, object])[] = [
    [`{"${ROOT}":{"code":"1"},"sign":"AA=="}`, plain],
    [`{"sign":"AA==","${ROOT}":{"code":"1"}}`, plain],
    [` {\n"${ROOT}" :\t{"code":"1"} , "sign" : "AA==" }\r\n`, plain],
    [`{"${ROOT}":{ "code" : "1" },"sign":"AA=="}`, { ...plain, signed: '{ "code" : "1" }' }],
    [`{"x":[1,{"y":"]"}],"${ROOT}":{"code":"1"},"sign":"AA=="}`, plain],
    [`{"${ROOT}":{"code":"1"},"alipay_cert_sn":"0b","sign":"AA=="}`, { ...plain, certSerial: "0b" }],
    [`{"${ROOT}":{"code":"1"},"sign":"A\\/=="}`, { ...plain, sign: "A/==" }],
    [`{"${ROOT}":{"code":"1"},"sign":""}`, { ...plain, sign: null }],
    [`{"${ROOT}":{"code":"1"}}`, { ...plain, sign: null }],
    [`{"${ROOT}":{},"sign":"AA=="}`, { ...plain, signed: "{}" }],
    [`{"error_response":{"code":"1"},"sign":"AA=="}`, { ...plain, refused: true }],
    [`{"error_response":{},"${ROOT}":{"code":"1"},"sign":"AA=="}`, plain],
  ];
  for (const [text, expected] of replies) assert.deepEqual(split(text), expected, text);
});

test("strings and nesting are followed: what looks like an end inside them is none", () => {
  const hostile = [
    '{"a":"\\",\\"sign\\":\\"AAAA\\"}"}',
    '{"a":"}","b":[{"c":"]}"},"{"]}',
    '{"a":"\\\\","b":"\\\\\\""}',
    '{"a":{"sign":"x","alipay_cert_sn":"y"}}',
  ];
  for (const signed of hostile)
    assert.deepEqual(split(`{"${ROOT}":${signed},"sign":"AA=="}`), { ...plain, signed }, signed);
});

test("bytes of any charset stay as they are", () => {
  const gbk = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xcf, 0xb5, 0x22, 0x7d]);
  const whole = Buffer.concat([Buffer.from(`{"${ROOT}":`), gbk, Buffer.from(',"sign":"AA=="}')]);
  assert.deepEqual(Buffer.from(splitReply(whole, METHOD)?.signed ?? "", "latin1"), gbk);
});

test("a view of a larger buffer is cut in its own bytes", () => {
  const text = Buffer.from(`....{"${ROOT}":{"code":"1"},"sign":"AA=="}....`);
  assert.deepEqual(
    splitReply(new Uint8Array(text.buffer, text.byteOffset + 4, text.length - 8), METHOD),
    plain,
  );
});

test("what is no reply to the call is refused, not guessed", () => {
  const refused: readonly string[] = [
    ...["", "   ", "null", "[]", "<html>", "{}", `{"sign":"AA=="}`],
    `{"alipay_trade_query_response":{},"sign":"AA=="}`,
    `{"${ROOT}":{},"${ROOT}":{},"sign":"AA=="}`,
    `{"${ROOT}":{},"sign":"AA==","sign":"BB=="}`,
    `{"${ROOT}":{},"sign":"AA==","x":1,"x":2}`,
    `{"${ROOT}":{},"alipay_trade_pay_\\u0072esponse":{},"sign":"AA=="}`,
    `{"${ROOT}":{},"sign":"AA=="}x`,
    `{"${ROOT}":{},"sign":"AA=="}{}`,
    `{"${ROOT}":{},"sign":"AA=="`,
    `{"${ROOT}":{},"sign":"AA=`,
    `{"${ROOT}":{},"sign":"AA==",}`,
    `{,"${ROOT}":{},"sign":"AA=="}`,
    `{"${ROOT}":{} "sign":"AA=="}`,
    `{"${ROOT}" {},"sign":"AA=="}`,
    `{"${ROOT}":{"a":[},"sign":"AA=="}`,
    `{"${ROOT}":{"a":"\\"},"sign":"AA=="}`,
    `{"${ROOT}":"text","sign":"AA=="}`,
    `{"${ROOT}":[],"sign":"AA=="}`,
    `{"${ROOT}":null,"sign":"AA=="}`,
    `{"${ROOT}":,"sign":"AA=="}`,
    `{"${ROOT}":{},"sign":null}`,
    `{"${ROOT}":{},"sign":{}}`,
    `{"${ROOT}":{},"sign":"\\x"}`,
    `{"${ROOT}":{},"alipay_cert_sn":7,"sign":"AA=="}`,
    `{'${ROOT}':{},"sign":"AA=="}`,
    `\ufeff{"${ROOT}":{},"sign":"AA=="}`,
  ];
  for (const text of refused) assert.equal(split(text), null, text);
});

test("of any JSON object the members are found where they are", () => {
  const objects = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(objects, fc.nat({ max: 3 }), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      const cut = cutObject(text, 0);
      assert.ok(cut !== null);
      assert.equal(cut.end, text.length);
      const read = [...cut.members].map(([name, value]) => [name, JSON.parse(value)]);
      assert.deepEqual(Object.fromEntries(read), JSON.parse(text));
    }),
  );
});

test("a document that nests deeply, or has many members, is cut in one pass", () => {
  const deep = `{"a":${"[".repeat(60_000)}${"]".repeat(60_000)}}`;
  assert.equal(cutObject(deep, 0)?.end, deep.length);
  const many = `{${Array.from({ length: 10_000 }, (_, index) => `"m${index}":1`).join(",")}}`;
  assert.equal(cutObject(many, 0)?.members.size, 10_000);
});
