import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { boxStatusJsonSchema, boxStatusSchema } from "../../src/control/status.ts";
import { aStatus } from "./a-status.ts";

const schemaFile = new URL("../../src/control/status.schema.json", import.meta.url);

test("the published schema of a status is the one in the code", () => {
  if (process.env.UPDATE_SCHEMAS === "1") writeFileSync(schemaFile, boxStatusJsonSchema());
  assert.equal(readFileSync(schemaFile, "utf8"), boxStatusJsonSchema(), "run again with UPDATE_SCHEMAS=1");
});

test("a status fits both schemas, and one that lacks its journal fits neither", () => {
  const published = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, "utf8")));
  assert.ok(boxStatusSchema.safeParse(aStatus).success);
  assert.ok(published.safeParse({ running: true, ...aStatus }).success);
  const { journal: _gone, ...lacking } = aStatus;
  assert.equal(boxStatusSchema.safeParse(lacking).success, false);
  assert.equal(published.safeParse({ running: true, ...lacking }).success, false);
});
