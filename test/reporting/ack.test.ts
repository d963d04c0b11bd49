import assert from "node:assert/strict";
import { test } from "node:test";
import { readAck } from "../../src/reporting/ack.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a host's confirmation names a journal and a number, and may say more", () => {
  const ack = readAck(encode('{"journal":"jrnl0001","upto":12,"host":"ledger-2"}'));
  assert.deepEqual(ack, { ok: true, value: { journal: "jrnl0001", upto: 12 } });
});

test("whatever else comes on the topic is refused", () => {
  const payloads = [
    "",
    "null",
    "12",
    "[]",
    "{}",
    '{"journal":"a"}',
    '{"upto":1}',
    '{"journal":1,"upto":1}',
    '{"journal":"a","upto":"1"}',
    '{"journal":"a","upto":-1}',
    '{"journal":"a","upto":1.5}',
    '{"journal":"a","upto":1e300}',
    "[".repeat(1_000),
  ];
  for (const payload of payloads) {
    assert.deepEqual(readAck(encode(payload)), { ok: false, reason: "malformed" }, payload);
  }
  assert.deepEqual(readAck(Uint8Array.of(0x22, 0xff, 0x22)), { ok: false, reason: "malformed" });
  assert.deepEqual(readAck(new Uint8Array(1_048_576)), { ok: false, reason: "too-large" });
});
