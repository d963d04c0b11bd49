import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ReplyField, writeReply } from "../../../../src/providers/wechat-v2/sandbox/reply.ts";
import { parseXml } from "../../../../src/providers/wechat-v2/xml.ts";
import {
  chargeFields,
  morning,
  paths,
  proved,
  read,
  referenceFields,
  signed,
  Teller,
  words,
} from "./teller.ts";

// Goal: replies are what WeChat Pay sends, to the byte. Method: a sandbox whose nonces are those of the
// published fixtures must come to their signatures, which cover every name and value; whole documents show
// the order and the form.
function tellerWith(nonce: string, name = "success"): Teller {
  const teller = new Teller({ name, entropy: { bytes: () => Buffer.from(nonce, "hex") } });
  teller.now = morning + 2_000;
  return teller;
}

const paidFixture = `<xml>
<return_code><![CDATA[SUCCESS]]></return_code>
<return_msg><![CDATA[OK]]></return_msg>
<appid><![CDATA[wx1234567890abcdef]]></appid>
<mch_id><![CDATA[1900000109]]></mch_id>
<nonce_str><![CDATA[4ba6d5f279d293a2]]></nonce_str>
<sign><![CDATA[E12870000E2ECEE05271CB9EA95267E3]]></sign>
<device_info><![CDATA[BOX-000123]]></device_info>
<result_code><![CDATA[SUCCESS]]></result_code>
<openid><![CDATA[oFIXTUREopenid0000000000000A]]></openid>
<is_subscribe><![CDATA[N]]></is_subscribe>
<trade_type><![CDATA[MICROPAY]]></trade_type>
<bank_type><![CDATA[OTHERS]]></bank_type>
<fee_type><![CDATA[CNY]]></fee_type>
<total_fee>1280</total_fee>
<cash_fee_type><![CDATA[CNY]]></cash_fee_type>
<cash_fee>1280</cash_fee>
<transaction_id><![CDATA[4200009990202603150000000001]]></transaction_id>
<out_trade_no><![CDATA[BX0123-20260315-000042]]></out_trade_no>
<attach><![CDATA[till=1;seq=42]]></attach>
<time_end><![CDATA[20260315093014]]></time_end>
</xml>`;

const payingFixture = `<xml>
<return_code><![CDATA[SUCCESS]]></return_code>
<return_msg><![CDATA[OK]]></return_msg>
<appid><![CDATA[wx1234567890abcdef]]></appid>
<mch_id><![CDATA[1900000109]]></mch_id>
<nonce_str><![CDATA[2eba33413a754823]]></nonce_str>
<sign><![CDATA[B0FAB56076AFF162D809218A6755E9F1]]></sign>
<result_code><![CDATA[SUCCESS]]></result_code>
<device_info><![CDATA[BOX-000123]]></device_info>
<total_fee>1280</total_fee>
<out_trade_no><![CDATA[BX0123-20260315-000042]]></out_trade_no>
<attach><![CDATA[till=1;seq=42]]></attach>
<trade_state><![CDATA[USERPAYING]]></trade_state>
<trade_state_desc><![CDATA[需要用户输入支付密码]]></trade_state_desc>
</xml>`;

function textOf(reply: ReturnType<Teller["charge"]>): string {
  assert.ok(reply.kind === "reply");
  return new TextDecoder().decode(reply.body);
}

test("a paid charge is the published document to the byte", () => {
  assert.equal(textOf(tellerWith("4ba6d5f279d293a2").charge()), paidFixture);
});

test("a query while the customer pays is the published document to the byte", () => {
  const teller = tellerWith("2eba33413a754823", "never");
  teller.charge();
  assert.equal(textOf(teller.query()), payingFixture);
});

test("a refused message is the published document", () => {
  const body = signed(new Map([...chargeFields(), ["body", "x"]]));
  const tampered = new TextEncoder().encode(new TextDecoder().decode(body).replace(">x<", ">y<"));
  assert.deepEqual(
    [...read(new Teller().post(paths.charge, tampered))],
    [
      ["return_code", "FAIL"],
      ["return_msg", "签名错误"],
    ],
  );
});

type Row = readonly [
  name: string,
  nonce: string,
  sign: string,
  ask: (teller: Teller) => ReturnType<Teller["charge"]>,
];

const plain = { device_info: null };
const afterwards = (call: "query" | "reverse") => (teller: Teller) => {
  teller.charge(plain);
  return teller[call]();
};

const rows: readonly Row[] = [
  ["never", "a71b7ebb980034bb", "CF073D2C91E6143CE666A969E2B0ED1B", (teller) => teller.charge()],
  ["declined", "f2fecc56ff4a57a5", "ECDF4225252C92CBC737A91009873504", (teller) => teller.charge()],
  ["system-error", "822a41b7b475b50c", "06D6BDA3ED13CF06BC7F59C0B7BF62EF", (teller) => teller.charge()],
  ["expired-code", "79ec31fcac2c0543", "D22AA77578BB189EC6369915D64ECA9E", (teller) => teller.charge()],
  ["ORDERPAID", "6cf7d74e3c671131", "27459E9CD623E9CE039EA8739ADBA61D", (teller) => teller.charge()],
  ["success", "a6b141f4dae0c819", "414E38200B8C8389FBA36E3CA4548CCF", afterwards("query")],
  ["success", "436a93ca626f8af4", "91054C12855D95FD21F13B4D0B9F83BF", (teller) => teller.query()],
  ["success", "0736bb6bfebe8e46", "2D3D453D1116FAB4F01200DA066AE3C4", afterwards("reverse")],
  ["reverse-expired", "281e73127466ecd0", "4463345FB0E5EBBC1A48270AD5E99C4C", afterwards("reverse")],
];

for (const [name, nonce, sign, ask] of rows) {
  test(`a reply of ${name} with the nonce ${nonce} has the published signature`, () => {
    assert.equal(proved(ask(tellerWith(nonce, name))).get("sign"), sign);
  });
}

test("a paid charge in HMAC-SHA256 has the published signature", () => {
  const body = signed(chargeFields(plain), "HMAC-SHA256");
  const reply = tellerWith("c215ddd66b0a15ec").post(paths.charge, body);
  const sign = "FF41B05DD08B0240DB6DF0ADDB23571C2BA1DC2E66398FF2F96D9148AFFBAF1C";
  assert.equal(proved(reply, "HMAC-SHA256").get("sign"), sign);
});

test("a charge for a sub-merchant has the published signature", () => {
  const teller = tellerWith("bf0b0cf0d2527838");
  teller.charge();
  const reply = teller.charge({
    ...plain,
    sub_appid: "wxfedcba0987654321",
    sub_mch_id: "1900000100",
    out_trade_no: "BX0123-20260315-000043",
    total_fee: "1",
    auth_code: "134567890100000000",
  });
  assert.equal(proved(reply).get("sign"), "48189BC8C8E2B3DBB5452C45B97AF1C8");
});

test("a query by transaction_id finds the order, and the id wins over the number", () => {
  const teller = new Teller();
  const transaction_id = proved(teller.charge()).get("transaction_id") ?? "";
  const wrong = { transaction_id, out_trade_no: "another_1" };
  assert.equal(proved(teller.query(wrong)).get("out_trade_no"), "BX0123-20260315-000042");
  assert.equal(words(teller.reverse(wrong)), "SUCCESS recall=N");
  assert.equal(words(teller.query()), "REVOKED");
  assert.equal(
    words(
      teller.post(paths.query, signed(referenceFields({ transaction_id: `9${transaction_id.slice(1)}` }))),
    ),
    "FAIL ORDERNOTEXIST",
  );
});

test("every text arrives as it was sent, whatever it holds", () => {
  const texts = fc.string({ unit: fc.constantFrom("]", ">", "<", "&", "]]>", "中", "\n", "a", '"') });
  fc.assert(
    fc.property(texts, (attach) => {
      const fields: readonly ReplyField[] = [
        ["attach", attach],
        ["total_fee", 1],
      ];
      const document = parseXml(new TextEncoder().encode(writeReply(fields)));
      assert.ok(document.ok);
      assert.deepEqual(
        [...document.value],
        [
          ["attach", attach],
          ["total_fee", "1"],
        ],
      );
    }),
  );
});

const laterRows: readonly Row[] = [
  ["success", "c4fe12f9c180bd7e", "83E6E8D0AD1684480C2627978C94C087", refunded("refund")],
  ["refund-poor", "67f9eec6fe5526bc", "99EBE2784D9B94337119D8BD2772F39D", refunded("refund")],
  ["success", "759abb6b80b40248", "5032CB6F58D3D404718C40DB308B7F6D", refunded("refund-query")],
  ["success", "e1fa5e508ba0ffc9", "19BD3863518BD3363D78C454DC4245BA", (teller) => teller.send("payer")],
];

function refunded(call: "refund" | "refund-query"): Row[3] {
  return (teller) => {
    teller.charge();
    teller.wait(638_000);
    const reply = teller.send("refund");
    return call === "refund" ? reply : teller.wait(10_000).send("refund-query");
  };
}

for (const [name, nonce, sign, ask] of laterRows) {
  test(`a reply around a payment with the nonce ${nonce} has the published signature`, () => {
    assert.equal(proved(ask(tellerWith(nonce, name))).get("sign"), sign);
  });
}
