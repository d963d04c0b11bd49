import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiKey } from "../../../../src/providers/wechat-v2/api-key.ts";
import { fixtureMerchant } from "../../../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { writeXml } from "../../../../src/providers/wechat-v2/xml.ts";
import { chargeFields, paths, proved, read, referenceFields, signed, Teller, words } from "./teller.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The refusal of a charge with these fields, signed as it should be. */
function refusalOf(changes: Readonly<Record<string, string | null>>): string {
  const fields = proved(new Teller().charge(changes));
  return `${fields.get("err_code")}: ${fields.get("err_code_des")}`;
}

test("a charge that meets every rule is paid, whatever optional fields it carries", () => {
  const everything = {
    sub_appid: "wxfedcba0987654321",
    sub_mch_id: "1900000100",
    version: "1.0",
    detail: '{"goods_detail":[]}',
    goods_tag: "SUMMER",
    limit_pay: "no_credit",
    time_start: "20260315093012",
    time_expire: "20260315093512",
    receipt: "Y",
    profit_sharing: "N",
    deposit: "N",
    scene_info: '{"store_info":{"id":"SH001","name":"示例便利店"}}',
    unheard_of: "is signed and ignored",
  };
  for (const name of [null, ...Object.keys(everything)]) {
    const without = name === null ? {} : { [name]: null };
    // A sub-merchant's appid needs its sub-merchant.
    const pair = name === "sub_mch_id" ? { sub_appid: null } : {};
    assert.equal(
      words(new Teller().charge({ ...everything, ...without, ...pair })),
      "SUCCESS",
      name ?? "all",
    );
  }
});

test("a missing or empty required field is named", () => {
  const required = [
    "appid",
    "nonce_str",
    "body",
    "out_trade_no",
    "total_fee",
    "spbill_create_ip",
    "auth_code",
  ];
  for (const name of required) {
    assert.equal(refusalOf({ [name]: null }), `LACK_PARAMS: 缺少参数${name}`);
    assert.equal(refusalOf({ [name]: "" }), `LACK_PARAMS: 缺少参数${name}`);
  }
});

test("a malformed field is named", () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    nonce_str: ["n".repeat(33), " blank"],
    body: ["店".repeat(43), "b".repeat(128)],
    out_trade_no: ["x".repeat(33), "a b", "a@b", "中文", "a.b", "a\n"],
    total_fee: ["0", "-1", "1.0", "01", "1e3", "10000000", "99999999999", "一"],
    spbill_create_ip: ["localhost", "256.1.1.1", "1.2.3", "203.0.113.7:80", "::g"],
    auth_code: ["1".repeat(129)],
    device_info: ["d".repeat(33)],
    attach: ["a".repeat(128)],
    fee_type: ["USD", "cny"],
    version: ["1.1"],
    detail: ["not json", "{}", "null"],
    goods_tag: ["g".repeat(33)],
    limit_pay: ["no_debit"],
    time_start: ["2026-03-15", "20260231000000", "20260315240000"],
    time_expire: ["soon"],
    receipt: ["N"],
    profit_sharing: ["y"],
    deposit: ["1"],
    scene_info: ["SH001", "{}", '{"store_info":{"id":1}}', `{"store_info":{"id":"${"x".repeat(256)}"}}`],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.equal(refusalOf({ [name]: value }), `PARAM_ERROR: ${name}参数格式错误`, `${name}=${value}`);
    }
  }
});

test("an order that lives less than five minutes is refused", () => {
  const time_start = "20260315093012";
  assert.match(refusalOf({ time_start, time_expire: "20260315093511" }), /^PARAM_ERROR: time_expire/);
});

test("both forms of an address pass", () => {
  for (const spbill_create_ip of ["127.0.0.1", "2001:db8::7"]) {
    assert.equal(words(new Teller().charge({ spbill_create_ip })), "SUCCESS");
  }
});

test("a code of another form is no payment code", () => {
  for (const auth_code of [
    "160000000000000000",
    "090000000000000000",
    "13456789012345678",
    "13456789012345678x",
  ]) {
    assert.match(refusalOf({ auth_code }), /^AUTH_CODE_INVALID/);
  }
});

test("unknown merchants, foreign appids and sub-merchants that do not belong are told apart", () => {
  const stranger = { ...fixtureMerchant, appId: "wxffffffffffffffff", merchantId: "1900000999" };
  const merchants = [fixtureMerchant, stranger];
  const code = (changes: Readonly<Record<string, string | null>>) =>
    proved(new Teller({ merchants }).charge(changes)).get("err_code");
  assert.equal(code({ appid: "wx0000000000000000" }), "APPID_NOT_EXIST");
  assert.equal(code({ appid: stranger.appId }), "APPID_MCHID_NOT_MATCH");
  assert.equal(code({ sub_mch_id: "1900000101" }), "NOAUTH");
  assert.equal(code({ sub_appid: "wxfedcba0987654321" }), "LACK_PARAMS");
  assert.equal(code({ sub_mch_id: "1900000100", sub_appid: "wx0000000000000000" }), "APPID_MCHID_NOT_MATCH");
});

test("a fault of the message is answered without a signature and moves nothing", () => {
  const teller = new Teller();
  const good = signed(chargeFields());
  const otherKey = new ApiKey("another0key0another0key0another0");
  const tampered = new TextDecoder().decode(good).replace("1280", "1");
  const faults: readonly (readonly [body: Uint8Array, text: string])[] = [
    [new Uint8Array(), "post数据为空"],
    [Uint8Array.of(0x3c, 0xff), "编码格式错误"],
    [bytes("a=1&b=2"), "XML格式错误"],
    [bytes("<xml><a>1</a><a>2</a></xml>"), "XML格式错误"],
    [bytes('<!DOCTYPE xml [<!ENTITY x "y">]><xml><a>&x;</a></xml>'), "XML格式错误"],
    [bytes(`<xml><body>${"x".repeat(70_000)}</body></xml>`), "post数据过大"],
    [signed(chargeFields({ mch_id: null })), "缺少参数mch_id"],
    [signed(chargeFields({ mch_id: "1900000999" })), "mch_id不存在"],
    [signed(chargeFields({ sign_type: "SHA1" })), "sign_type参数格式错误"],
    [signed(chargeFields(), "MD5", otherKey), "签名错误"],
    [bytes(tampered), "签名错误"],
    [bytes(writeXml(chargeFields())), "签名错误"],
  ];
  for (const [body, text] of faults) {
    const fields = read(teller.post(paths.charge, body));
    assert.deepEqual(
      [...fields],
      [
        ["return_code", "FAIL"],
        ["return_msg", text],
      ],
    );
  }
  assert.equal(teller.sandbox.ledger.orders().length, 0);
  assert.equal(words(teller.post(paths.charge, good)), "SUCCESS");
});

test("a request in another algorithm than it says is not signed", () => {
  const md5 = new TextDecoder().decode(signed(chargeFields()));
  const claims = md5.replace("</xml>", "<sign_type>HMAC-SHA256</sign_type></xml>");
  assert.equal(words(new Teller().post(paths.charge, bytes(claims))), "refused 签名错误");
});

test("anything but POST is refused", () => {
  const { sandbox, now } = new Teller();
  const call = { path: paths.query, body: new Uint8Array(), clientCertificate: false, host: null, now };
  assert.equal(words(sandbox.handle({ ...call, method: "GET" })), "refused 请使用post方法");
});

test("a reversal without a client certificate gets a page and reverses nothing", () => {
  const teller = new Teller();
  teller.charge();
  const reply = teller.post(paths.reverse, signed(referenceFields()), false);
  assert.ok(reply.kind === "reply" && reply.status === 400 && reply.contentType === "text/html");
  assert.equal(words(teller.query()), "SUCCESS");
  assert.equal(words(teller.post(paths.query, signed(referenceFields()), false)), "SUCCESS");
});

test("a path that the sandbox does not have is a page", () => {
  for (const path of ["/", "/pay/downloadbill", "/toString"]) {
    const reply = new Teller().post(path, signed(chargeFields()));
    assert.ok(reply.kind === "reply" && reply.status === 404, path);
  }
});

test("a query or a reversal names its order and has nothing malformed", () => {
  for (const call of ["query", "reverse"] as const) {
    const refusal = (changes: Readonly<Record<string, string | null>>) =>
      proved(new Teller()[call](changes)).get("err_code_des");
    assert.equal(refusal({ out_trade_no: null }), "缺少参数out_trade_no");
    assert.equal(refusal({ out_trade_no: "a b" }), "out_trade_no参数格式错误");
    assert.equal(refusal({ transaction_id: "42" }), "transaction_id参数格式错误");
    assert.equal(refusal({ nonce_str: null }), "缺少参数nonce_str");
  }
  assert.equal(words(new Teller().reverse({ nonce_str: null })), "FAIL LACK_PARAMS recall=N");
});

test("requests of either algorithm are answered in the same one", () => {
  const teller = new Teller();
  assert.equal(proved(teller.charge(), "MD5").get("sign")?.length, 32);
  const reply = teller.post(paths.query, signed(referenceFields(), "HMAC-SHA256"));
  assert.equal(proved(reply, "HMAC-SHA256").get("sign")?.length, 64);
});

test("a merchant with codes of its own takes these, and no others", () => {
  const merchants = [{ ...fixtureMerchant, codes: /^91\d{16}$/ }];
  const charged = (auth_code: string): string => words(new Teller({ merchants }).charge({ auth_code }));
  assert.equal(charged("911234567890123456"), "SUCCESS");
  assert.equal(charged("131234567890123456"), "FAIL AUTH_CODE_INVALID");
});
