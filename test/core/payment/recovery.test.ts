import assert from "node:assert/strict";
import { test } from "node:test";
import { recoveryOf, recoveryTable } from "../../../src/core/payment/recovery.ts";

const either = [false, true];
const combinations = either.flatMap((charging) =>
  either.flatMap((reversing) =>
    either.flatMap((dispensing) =>
      either.flatMap((final) =>
        either.flatMap((credentials) =>
          either.flatMap((numberConflict) =>
            either.map((doubted) => ({
              charging,
              reversing,
              numberConflict,
              dispensing,
              final,
              credentials,
              doubted,
            })),
          ),
        ),
      ),
    ),
  ),
);

test("each of the hundred and twenty-eight combinations has exactly one row, and each row is used", () => {
  const used = new Set(combinations.map((facts) => recoveryOf(facts).name));
  assert.equal(combinations.length, 128);
  assert.deepEqual([...used].sort(), recoveryTable.map(({ name }) => name).sort());
});

test("an order that may have been charged is never left alone", () => {
  for (const facts of combinations.filter(({ charging, final }) => charging && !final)) {
    const { action } = recoveryOf(facts);
    assert.notEqual(action, "leave");
    if (facts.reversing && facts.credentials && !facts.numberConflict) assert.equal(action, "reverse");
  }
});

test("goods that were on their way are judged and never asked for again", () => {
  for (const facts of combinations) {
    if (!facts.charging || facts.reversing || facts.numberConflict || facts.final || facts.doubted) continue;
    if (!facts.dispensing || !facts.credentials) continue;
    assert.equal(recoveryOf(facts).action, "resolve-goods");
  }
});

test("what a start does follows from the six facts", () => {
  const none = {
    charging: false,
    reversing: false,
    numberConflict: false,
    dispensing: false,
    final: false,
    credentials: true,
    doubted: false,
  };
  const charging = { ...none, charging: true };
  const rows = [
    [none, "nothing", "leave"],
    [{ ...none, reversing: true }, "orphan-reversal", "refuse"],
    [{ ...none, final: true }, "orphan-end", "refuse"],
    [{ ...none, dispensing: true }, "orphan-payment", "refuse"],
    [{ ...charging, final: true }, "ended", "leave"],
    [charging, "outcome-unknown", "ask"],
    [{ ...charging, dispensing: true }, "goods-unclear", "resolve-goods"],
    [{ ...charging, reversing: true }, "reversal-open", "reverse"],
    [{ ...charging, reversing: true, dispensing: true }, "reversal-open", "reverse"],
    [{ ...charging, doubted: true }, "last-row-lost", "doubt"],
    [{ ...charging, dispensing: true, doubted: true }, "last-row-lost", "doubt"],
    [{ ...charging, reversing: true, doubted: true }, "reversal-open", "reverse"],
    [{ ...charging, numberConflict: true }, "number-conflict", "ask"],
    [{ ...charging, reversing: true, numberConflict: true }, "reversal-of-number-conflict", "ask"],
    [{ ...charging, credentials: false }, "account-gone", "hold"],
    [{ ...charging, credentials: false, doubted: true }, "account-gone", "hold"],
  ] as const;
  for (const [facts, name, action] of rows) {
    const row = recoveryOf(facts);
    assert.deepEqual([row.name, row.action], [name, action]);
    assert.match(row.because, /^[A-Z].+\.$/);
  }
});
