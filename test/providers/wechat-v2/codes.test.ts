import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CodeAction,
  chargeCodes,
  queryCodes,
  reverseCodes,
} from "../../../src/providers/wechat-v2/codes.ts";
import { isAbout } from "../../../src/providers/wechat-v2/evidence.ts";
import { refusalWords } from "../../../src/providers/wechat-v2/refusal-words.ts";
import { openReply, readCharge, readQuery, readReverse } from "../../../src/providers/wechat-v2/replies.ts";
import { answered, fixtureFields, fixtureNames, intent, resigned, settings } from "./fixtures.ts";

const asked = { ...intent, tradeType: "MICROPAY" } as const;

/** WeChat Pay v2, micropay, error codes: the action that the documentation asks for, and what this box makes of it. */
const chargeTable: readonly (readonly [code: string, action: CodeAction, meaning: string])[] = [
  ["SYSTEMERROR", "query", "unknown system-error"],
  ["BANKERROR", "query", "unknown system-error"],
  ["USERPAYING", "query", "pending"],
  ["AUTHCODEEXPIRE", "rescan", "declined code-expired"],
  ["AUTH_CODE_ERROR", "rescan", "declined code-used"],
  ["AUTH_CODE_INVALID", "rescan", "declined code-invalid"],
  ["NOTENOUGH", "show", "declined funds"],
  ["NOTSUPORTCARD", "show", "declined card"],
  ["NOTSUPPORTCARD", "show", "declined card"],
  ["TRADE_ERROR", "show", "refused-unconfirmed"],
  ["RULELIMIT", "show", "refused-unconfirmed"],
  ["ORDERREVERSED", "renumber", "refused-unconfirmed"],
  ["ORDERCLOSED", "renumber", "refused-unconfirmed"],
  ["ORDERPAID", "renumber", "number-conflict"],
  ["OUT_TRADE_NO_USED", "renumber", "number-conflict"],
  ["BUYER_MISMATCH", "renumber", "number-conflict"],
  ["NOAUTH", "configure", "declined configuration"],
  ["PARAM_ERROR", "configure", "declined request"],
  ["LACK_PARAMS", "configure", "declined request"],
  ["SIGNERROR", "configure", "declined configuration"],
  ["XML_FORMAT_ERROR", "configure", "declined request"],
  ["REQUIRE_POST_METHOD", "configure", "declined request"],
  ["POST_DATA_EMPTY", "configure", "declined request"],
  ["NOT_UTF8", "configure", "declined request"],
  ["APPID_NOT_EXIST", "configure", "declined configuration"],
  ["MCHID_NOT_EXIST", "configure", "declined configuration"],
  ["APPID_MCHID_NOT_MATCH", "configure", "declined configuration"],
  ["INVALID_REQUEST", "configure", "refused-unconfirmed"],
];

/** Codes of other calls, of other times, of other spellings, and none. */
const unlisted = [
  "",
  "ORDERNOTEXIST",
  "REFUND_FEE_MISMATCH",
  "FREQUENCY_LIMITED",
  "systemerror",
  "SYSTEM_ERROR",
  "__proto__",
  "get",
];

function refusal(code: string, recall: string | null = null) {
  return openReply(
    answered(resigned(fixtureFields("micropay-userpaying"), { err_code: code, err_code_des: null, recall })),
    settings,
  );
}

function charged(code: string): string {
  const answer = readCharge(refusal(code), asked);
  if ("code" in answer) assert.equal(answer.code, code);
  if (answer.kind === "unknown") assert.equal(answer.signed, true);
  if (answer.kind === "declined") return `declined ${answer.reason}`;
  return answer.kind === "unknown" ? `unknown ${answer.why}` : answer.kind;
}

test("every code of the micropay table has its action and its meaning, and there are no others", () => {
  assert.deepEqual(new Set(chargeCodes.keys()), new Set(chargeTable.map(([code]) => code)));
  for (const [code, action, meaning] of chargeTable) {
    assert.equal(chargeCodes.get(code)?.action, action, code);
    assert.equal(charged(code), meaning, code);
  }
});

test("a code that the micropay table does not have leaves the charge unknown", () => {
  for (const code of unlisted) assert.equal(charged(code), "unknown unlisted-code", code);
});

test("every refusal among the fixtures reads as its table says", () => {
  const names = fixtureNames("micropay-").filter((name) => !/success|message-refused/.test(name));
  assert.equal(names.length, 19);
  for (const name of names) {
    const code = fixtureFields(name).get("err_code") ?? "";
    const meaning = chargeTable.find(([listed]) => listed === code)?.[2];
    assert.equal(charged(code), meaning, name);
  }
});

test("only the codes that are final on paper and undisputed decline a charge at once", () => {
  for (const [code, { action, meaning }] of chargeCodes) {
    if (meaning.kind !== "declined") continue;
    assert.ok(["rescan", "show", "configure"].includes(action), code);
  }
});

test("a query ends in absent for ORDERNOTEXIST alone, and in unknown for every other code", () => {
  for (const code of [...queryCodes.keys(), ...unlisted, "INVALID_REQUEST"]) {
    const answer = readQuery(refusal(code), asked);
    if (code === "ORDERNOTEXIST") assert.deepEqual(answer, { kind: "absent" });
    else {
      const meaning = queryCodes.get(code);
      const why = meaning === undefined || meaning === "absent" ? "unlisted-code" : meaning;
      assert.deepEqual(answer, { kind: "unknown", why, signed: true }, code);
    }
  }
  assert.equal(queryCodes.get("SYSTEMERROR"), "system-error");
  for (const [code, action] of chargeTable) {
    const isFaultOfMessage = action === "configure" && code !== "INVALID_REQUEST";
    const meaning = queryCodes.get(code);
    assert.equal(meaning === "configuration" || meaning === "request", isFaultOfMessage, code);
  }
});

test("a reversal ends for REVERSE_EXPIRE alone, and is repeated for every other code, listed or not", () => {
  for (const recall of ["Y", "N", null]) {
    for (const code of [...reverseCodes.keys(), ...unlisted]) {
      const answer = readReverse(refusal(code, recall), intent);
      if (code === "REVERSE_EXPIRE") assert.deepEqual(answer, { kind: "expired" });
      else if (reverseCodes.get(code) === "configuration") {
        assert.deepEqual(answer, { kind: "unknown", why: "configuration", signed: true }, code);
      } else assert.deepEqual(answer, { kind: "again", code: code === "" ? null : code }, code);
    }
  }
  for (const code of ["PARAM_ERROR", "SIGNERROR", "REQUIRE_POST_METHOD", "INVALID_REQUEST"]) {
    assert.equal(reverseCodes.get(code), "configuration", code);
  }
});

test("every code of a reversal has its meaning, and there are no others", () => {
  const again = ["SYSTEMERROR", "USERPAYING", "INVALID_TRANSACTIONID", "TRADE_ERROR"];
  const configuration = [
    ...["INVALID_REQUEST", "NOAUTH", "CERT_ERROR", "PARAM_ERROR", "LACK_PARAMS", "SIGNERROR"],
    ...["XML_FORMAT_ERROR", "REQUIRE_POST_METHOD", "POST_DATA_EMPTY", "NOT_UTF8"],
    ...["APPID_NOT_EXIST", "MCHID_NOT_EXIST", "APPID_MCHID_NOT_MATCH"],
  ];
  const all = (codes: readonly string[], meaning: string) => codes.map((code) => [code, meaning] as const);
  assert.deepEqual(
    new Map<string, string>(reverseCodes),
    new Map([...all(again, "again"), ["REVERSE_EXPIRE", "expired"], ...all(configuration, "configuration")]),
  );
});

test("an order that echoes nothing of ours is about anything, and one that echoes something else is not ours", () => {
  const fields = fixtureFields("micropay-success");
  const about = { outTradeNo: fields.get("out_trade_no") ?? "", amountFen: null, nonce: null };
  assert.ok(isAbout(about, fields));
  assert.ok(!isAbout({ ...about, nonce: "another" }, new Map([...fields, ["attach", "mine"]])));
  assert.ok(isAbout(about, new Map([...fields, ["attach", "mine"]])), "nothing was given along");
  assert.ok(!isAbout({ ...about, outTradeNo: "another" }, fields));
});

test("words are told of a refusal alone, whichever of the two results says that it is one", () => {
  const words = (change: Readonly<Record<string, string>>) =>
    refusalWords({ fields: new Map(Object.entries(change)) } as unknown as Parameters<
      typeof refusalWords
    >[0]);
  assert.equal(words({ return_code: "SUCCESS", result_code: "SUCCESS" }), null);
  const refused = { err_code: "NOTENOUGH", err_code_des: "no money" };
  assert.equal(words({ return_code: "SUCCESS", result_code: "FAIL", ...refused }), "NOTENOUGH no money");
  assert.equal(words({ return_code: "FAIL", return_msg: "no" }), "FAIL no");
  assert.equal(words({ return_code: "FAIL", result_code: "SUCCESS", return_msg: "no" }), "FAIL no");
});
