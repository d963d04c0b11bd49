import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { finalStates } from "../../src/core/payment/order.ts";
import { txEvent } from "../../src/telemetry/event.ts";
import { txEventJsonSchema, txEventSchema } from "../../src/telemetry/tx-event.ts";
import { eventRow, hashOf, intent, txData } from "./records.ts";

const schemaFile = new URL("../../src/telemetry/tx-event.schema.json", import.meta.url);

const row = eventRow(3, { kind: "money", tx: txData() });

function build(row: Parameters<typeof txEvent>[0]): string {
  const event = txEvent(row, "jrnl0001");
  assert.ok(event.ok);
  return event.value;
}

test("a money record becomes one CloudEvent with its place in the journal", () => {
  const text = build(eventRow(7, { kind: "money", tx: txData() }));
  assert.deepEqual(JSON.parse(text), {
    specversion: "1.0",
    id: "box-000123-jrnl0001-7",
    source: "/box/box-000123",
    type: "scanbox.tx.paid.v1",
    time: "2026-01-01T08:00:01.300Z",
    datacontenttype: "application/json",
    dataschema: "urn:scanbox:schema:tx-event:1#/properties/data",
    journal: "jrnl0001",
    boot: "bootQ7dV2mTz",
    seq: 7,
    hash: hashOf(7),
    prev: hashOf(6),
    data: txData(),
  });
});

test("the first event of a journal names none before it", () => {
  const tx = txData({
    state: "charging",
    final: false,
    charged: "unknown",
    transactionId: null,
    finalAt: null,
  });
  const event = txEventSchema.parse(
    JSON.parse(build(eventRow(1, { kind: "charging", tx, intent: intent() }))),
  );
  assert.equal(event.type, "scanbox.tx.charging.v1");
  assert.equal("prev" in event, false);
});

test("nothing private of an entry leaves the box, not even where it stands beside the reported members", () => {
  const body = JSON.stringify({
    kind: "charging",
    intent: intent(),
    tx: {
      ...txData(),
      codeHash: "CODE-HASH-IS-PRIVATE",
      attach: "ATTACH-IS-PRIVATE",
      openid: "OPENID-IS-PRIVATE",
    },
  });
  const text = build({ ...row, body });
  assert.match(text, /k3b9x0aaQ7dV2mTz0000001/);
  assert.doesNotMatch(text, /PRIVATE|codeHash|attach|openid/);
});

test("data stands in the order in which the journal has it", () => {
  const reversed = Object.fromEntries(Object.entries(txData()).reverse());
  const text = build({ ...row, body: JSON.stringify({ kind: "money", tx: reversed }) });
  assert.ok(text.endsWith(`"data":${JSON.stringify(reversed)}}`));
});

test("a body that is no money entry is refused, whatever it is", () => {
  const bodies = [
    "",
    "{",
    "null",
    "7",
    '{"kind":"boot","boot":"b","version":"1","at":"x"}',
    '{"kind":"money","tx":{}}',
  ];
  for (const body of bodies) {
    assert.deepEqual(txEvent({ ...row, body }, "jrnl0001"), {
      ok: false,
      reason: "unreadable",
    });
  }
});

test("every event satisfies its published JSON Schema, in less than 2 KB", () => {
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  fc.assert(
    fc.property(
      fc.constantFrom("charging" as const, "reversing" as const, ...finalStates),
      fc.option(fc.string({ maxLength: 40 })),
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.constantFrom("yes" as const, "no" as const, "unknown" as const),
      (state, ref, seq, charged) => {
        const finalAt = state === "charging" ? null : txData().finalAt;
        const text = build(eventRow(seq, { kind: "money", tx: txData({ state, ref, charged, finalAt }) }));
        const checked = schema.safeParse(JSON.parse(text));
        assert.ok(checked.success, JSON.stringify(checked.error?.issues));
        assert.ok(Buffer.byteLength(text) < 2_048);
      },
    ),
  );
});

test("the published schema refuses an event that lacks its number or has an unknown state", () => {
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  const { seq, ...unnumbered } = JSON.parse(build(eventRow(7, { kind: "money", tx: txData() })));
  assert.equal(seq, 7);
  assert.equal(schema.safeParse(unnumbered).success, false);
  assert.equal(schema.safeParse({ ...unnumbered, seq, type: "scanbox.tx.failed.v1" }).success, false);
});

test("the published schema is the one in the code", () => {
  if (process.env.UPDATE_SCHEMAS === "1") writeFileSync(schemaFile, txEventJsonSchema());
  assert.equal(readFileSync(schemaFile, "utf8"), txEventJsonSchema(), "run this test with UPDATE_SCHEMAS=1");
});
