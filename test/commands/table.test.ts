import assert from "node:assert/strict";
import test from "node:test";
import * as z from "zod";
import { commands } from "../../src/commands/table.ts";

test("each command says what it does and what it answers, and each of its arguments what it is", () => {
  for (const [name, { about, answers, args }] of commands) {
    assert.match(about, /^[A-Z].*\.$/, name);
    assert.match(answers, /\w/, name);
    for (const [key, schema] of Object.entries(args.shape)) {
      const { description } = z.toJSONSchema(schema, { io: "input" });
      assert.match(description ?? "", /^[A-Z].*\.$/, `${name} ${key}`);
    }
  }
});

test("only what is served to tills sells, and only what is served to operators operates", () => {
  const roles = Object.fromEntries([...commands].map(([name, { role }]) => [name, role]));
  assert.deepEqual(roles, {
    status: "read",
    pay: "sell",
    sale: "sell",
    wait: "sell",
    withdraw: "sell",
    "journal rotate": "operate",
  });
});
