import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  type AlipayKeys,
  signatureOf,
  signatureState,
  stringToSign,
} from "../../../src/providers/alipay/signature.ts";
import { certificateMode, keyMode } from "./account.ts";
import { fixtureKeys, fixturePairs } from "./fixtures.ts";

test("every request of the fixtures is signed as it was", () => {
  for (const { id, request } of fixturePairs) {
    const parameters = new Map([...new URL(request.url).searchParams, ...new URLSearchParams(request.body)]);
    assert.equal(stringToSign(parameters), request.stringToSign, id);
    assert.equal(signatureOf(request.stringToSign, keyMode.own), parameters.get("sign"), id);
  }
});

test("empty parameters and the signature itself are not signed, and a zero is", () => {
  const parameters = new Map([
    ["b", "0"],
    ["a", ""],
    ["sign", "x"],
    ["sign_type", "RSA2"],
    ["B", "&="],
  ]);
  assert.equal(stringToSign(parameters), "B=&=&b=0&sign_type=RSA2");
});

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const own: AlipayKeys = { mode: "key", key: publicKey };

function replyOf(signed: string, sign: string | null, certSerial: string | null = null) {
  return { refused: false, signed, sign, certSerial };
}

test("only slashes are read in another way, and only where the bytes do not fit", () => {
  const state = (signed: string, signedAs: string) =>
    signatureState(replyOf(signed, signatureOf(signedAs, privateKey)), own);
  assert.equal(state('{"a":"b\\/c"}', '{"a":"b\\/c"}'), "valid");
  assert.equal(state('{"a":"b\\/c\\/"}', '{"a":"b/c/"}'), "valid-unescaped");
  assert.equal(state('{"a":"b\\/c\\/"}', '{"a":"b/c\\/"}'), "invalid");
  assert.equal(state('{"a":"b/c"}', '{"a":"b\\/c"}'), "invalid");
  assert.equal(state('{ "a":1}', '{"a":1}'), "invalid");
});

test("a signature that is cut, changed or no base64 is none, and nothing is thrown", () => {
  const right = signatureOf("text", privateKey);
  assert.equal(signatureState(replyOf("text", right), own), "valid");
  const wrong = [
    right.slice(1),
    right.slice(0, -4),
    ` ${right}`,
    `${right}\n`,
    right.replace(/=+$/, ""),
    "====",
    "€€€€",
  ];
  for (const claimed of [...wrong, `${right}AAAA`, "AAAA"])
    assert.equal(signatureState(replyOf("text", claimed), own), "invalid", claimed);
  assert.equal(signatureState(replyOf("text", null), own), "absent");
});

test("in certificate mode the number of the certificate chooses the key, and one that is not known proves nothing", () => {
  const signed = signatureOf("text", privateKey);
  const { publicKey: other } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const bySerial = new Map([
    ["a", other],
    ["b", publicKey],
  ]);
  const state = (certSerial: string | null, sign: string | null = signed) =>
    signatureState(replyOf("text", sign, certSerial), { mode: "certificate", bySerial });
  assert.equal(state("b"), "valid");
  assert.equal(state("a"), "invalid");
  assert.equal(state("c"), "unverifiable");
  assert.equal(state("c", null), "unverifiable");
  assert.equal(state(null), "valid", "where it names none, every key is tried");
  assert.equal(state(null, null), "absent");
  assert.equal(
    signatureState(replyOf("text", signed), { mode: "certificate", bySerial: new Map() }),
    "unverifiable",
  );
  assert.equal(signatureState(replyOf("text", signed, "c"), own), "valid", "key mode has one key");
});

test("the keys of both modes are Alipay's one", () => {
  const key = createPublicKey(fixtureKeys.alipay.alipayPublicKey);
  assert.ok(keyMode.alipay.mode === "key" && keyMode.alipay.key.equals(key));
  assert.ok(certificateMode.alipay.mode === "certificate");
  const { bySerial } = certificateMode.alipay;
  assert.deepEqual([...bySerial.keys()], [fixtureKeys.alipay.alipayCertSn]);
  assert.ok(bySerial.get(fixtureKeys.alipay.alipayCertSn)?.equals(key));
});
