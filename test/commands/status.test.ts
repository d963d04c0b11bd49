import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { offlineStatusFrom } from "../../src/cli/offline-status.ts";
import { boxStatusJsonSchema, boxStatusSchema } from "../../src/commands/status.ts";
import { aStatus } from "./a-status.ts";

const schemaFile = new URL("../../src/commands/status.schema.json", import.meta.url);

test("the published schema of a status is the one in the code", () => {
  if (process.env.UPDATE_SCHEMAS === "1") writeFileSync(schemaFile, boxStatusJsonSchema());
  assert.equal(readFileSync(schemaFile, "utf8"), boxStatusJsonSchema(), "run again with UPDATE_SCHEMAS=1");
});

test("what is said of a box that does not run fits the published schema", () => {
  const published = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  const directory = mkdtempSync(join(tmpdir(), "scanbox-schema-"));
  try {
    const config = "/etc/scanbox/device.config.json";
    const none = { ...offlineStatusFrom(directory, null), config };
    assert.deepEqual(published.safeParse(none).error, undefined);
    writeFileSync(join(directory, "journal.db"), "this is not a database");
    const unread = { ...offlineStatusFrom(directory, "it does not answer"), config };
    assert.deepEqual([unread.orders, published.safeParse(unread).error], [null, undefined]);
    const readable = { outTradeNo: "a_1", shortRef: "0001", state: "charging", amountFen: 1, problem: null };
    const order = { ...readable, at: "2026-03-15T09:30:12.000Z" };
    const hidden = { ...order, shortRef: null, state: null, amountFen: null, at: null, problem: "row 4" };
    assert.ok(published.safeParse({ ...none, orders: [order, hidden] }).success);
    assert.equal(published.safeParse({ ...none, orders: [{ ...hidden, problem: null }] }).success, false);
    assert.equal(published.safeParse({ ...none, running: true }).success, false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a status fits both schemas, and one that lacks its journal fits neither", () => {
  const published = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  assert.ok(boxStatusSchema.safeParse(aStatus).success);
  assert.ok(published.safeParse({ running: true, ...aStatus }).success);
  const { journal: _gone, ...lacking } = aStatus;
  assert.equal(boxStatusSchema.safeParse(lacking).success, false);
  assert.equal(published.safeParse({ running: true, ...lacking }).success, false);
});
