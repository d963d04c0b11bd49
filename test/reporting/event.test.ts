import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { finalStates, type TxData } from "../../src/core/payment/order.ts";
import { txEvent } from "../../src/reporting/event.ts";
import { txEventJsonSchema, txEventSchema } from "../../src/reporting/tx-event.ts";
import { eventRow, hashOf, txData } from "./records.ts";

const schemaFile = new URL("../../src/reporting/tx-event.schema.json", import.meta.url);

function build(seq: number, tx: TxData): string {
  return txEvent(eventRow(seq, tx), "jrnl0001");
}

test("a money record becomes one CloudEvent with its place in the journal", () => {
  const text = build(7, txData());
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
  const event = txEventSchema.parse(JSON.parse(build(1, tx)));
  assert.equal(event.type, "scanbox.tx.charging.v1");
  assert.equal("prev" in event, false);
});

test("nothing private leaves the box, not even where it stands beside the reported members", () => {
  const tx = {
    ...txData(),
    codeHash: "CODE-HASH-IS-PRIVATE",
    attach: "ATTACH-IS-PRIVATE",
    openid: "OPENID-IS-PRIVATE",
  };
  const text = build(3, tx);
  assert.match(text, /k3b9x0aaQ7dV2mTz0000001/);
  assert.doesNotMatch(text, /PRIVATE|codeHash|attach|openid/);
});

test("data stands in the order in which the journal has it", () => {
  const { box, finalAt, ...others } = txData();
  const moved = { box, ...others, finalAt };
  assert.ok(build(3, moved).endsWith(`"data":${JSON.stringify(moved)}}`));
  const more = { box, ...others, openid: "OPENID-IS-PRIVATE", finalAt };
  assert.equal(build(3, more), build(3, moved));
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
        const text = build(seq, txData({ state, ref, charged, finalAt }));
        const checked = schema.safeParse(JSON.parse(text));
        assert.ok(checked.success, JSON.stringify(checked.error?.issues));
        assert.ok(Buffer.byteLength(text) < 2_048);
      },
    ),
  );
});

test("the published schema refuses an event that lacks its number or has an unknown state", () => {
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  const { seq, ...unnumbered } = JSON.parse(build(7, txData()));
  assert.equal(seq, 7);
  assert.equal(schema.safeParse(unnumbered).success, false);
  assert.equal(schema.safeParse({ ...unnumbered, seq, type: "scanbox.tx.failed.v1" }).success, false);
});

test("the published schema is the one in the code", () => {
  if (process.env.UPDATE_SCHEMAS === "1") writeFileSync(schemaFile, txEventJsonSchema());
  assert.equal(readFileSync(schemaFile, "utf8"), txEventJsonSchema(), "run this test with UPDATE_SCHEMAS=1");
});
