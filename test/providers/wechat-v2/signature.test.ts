import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { ApiKey } from "../../../src/providers/wechat-v2/api-key.ts";
import { isSignedBy, type SignType, signatureOf } from "../../../src/providers/wechat-v2/signature.ts";
import { changedFields, fieldsOf, fixtureFields, fixtureNames, fixtureText, settings } from "./fixtures.ts";

const published = new Map([
  ["appid", "wxd930ea5d5a258f4f"],
  ["mch_id", "10000100"],
  ["device_info", "1000"],
  ["body", "test"],
  ["nonce_str", "ibuaiVcKdpRxkhJA"],
]);
const publishedKey = new ApiKey("192006250b4c09247ec02edce69f6a2d");
const signTypes: readonly SignType[] = ["MD5", "HMAC-SHA256"];

test("the published example has the published signatures", () => {
  assert.equal(signatureOf(published, publishedKey, "MD5"), "9A0A8659F005D6984697E2CA0A9CF3B7");
  assert.equal(
    signatureOf(published, publishedKey, "HMAC-SHA256"),
    "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6",
  );
});

test("every document of the fixtures is signed by its algorithm and by no other", () => {
  const names = fixtureNames("").filter((name) => !/^hostile|message-refused|^bill/.test(name));
  assert.ok(names.length > 40);
  for (const name of names) {
    const fields = fixtureFields(name);
    const expected: SignType = name.includes("hmac") ? "HMAC-SHA256" : "MD5";
    for (const signType of signTypes) {
      assert.equal(
        isSignedBy(fields, settings.apiKey, signType),
        signType === expected,
        `${name} ${signType}`,
      );
    }
  }
});

test("an element that is empty does not take part, and a zero does", () => {
  const signature = signatureOf(published, publishedKey, "MD5");
  assert.equal(signatureOf(changedFields(published, { attach: "" }), publishedKey, "MD5"), signature);
  assert.notEqual(signatureOf(changedFields(published, { attach: "0" }), publishedKey, "MD5"), signature);
});

test("a signature that is missing, empty, in lower case or cut is none", () => {
  for (const signType of signTypes) {
    const sign = signatureOf(published, publishedKey, signType);
    const isSigned = (value: string | null) =>
      isSignedBy(changedFields(published, { sign: value }), publishedKey, signType);
    assert.equal(isSigned(sign), true);
    for (const wrong of [
      null,
      "",
      sign.toLowerCase(),
      sign.slice(1),
      `${sign}0`,
      ` ${sign}`,
      "中".repeat(sign.length),
    ]) {
      assert.equal(isSigned(wrong), false, String(wrong));
    }
  }
});

test("another key does not verify", () => {
  const fields = fieldsOf(fixtureText("micropay-success"));
  assert.equal(isSignedBy(fields, new ApiKey("fixturekeyfixturekeyfixturekey01"), "MD5"), false);
});

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/).filter((text) => text !== "sign");
const someFields = fc.array(fc.tuple(name, fc.string({ unit: "binary", minLength: 1, maxLength: 20 })), {
  minLength: 1,
  maxLength: 12,
});

test("what is signed verifies, in any order of the fields, until one value changes", () => {
  fc.assert(
    fc.property(
      someFields,
      fc.constantFrom(...signTypes),
      fc.nat(),
      fc.string({ maxLength: 20 }),
      (entries, signType, index, value) => {
        const fields = new Map(entries);
        fields.set("sign", signatureOf(fields, publishedKey, signType));
        assert.equal(isSignedBy(new Map([...fields].reverse()), publishedKey, signType), true);
        const [changed, old] = [...fields][index % fields.size] ?? ["", ""];
        fc.pre(value !== old);
        assert.equal(isSignedBy(changedFields(fields, { [changed]: value }), publishedKey, signType), false);
      },
    ),
  );
});

test("the key shows itself to nobody who prints it", () => {
  const key = new ApiKey("fixturekeyfixturekeyfixturekey00");
  for (const print of [
    String(key),
    JSON.stringify({ key }),
    inspect({ key }, { showHidden: true, depth: 5 }),
  ]) {
    assert.equal(print.includes("fixturekey"), false, print);
  }
});
