/** What the checker of a world makes of the facts that sandboxes tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "../../src/simulator/checker/books.ts";
import type { Fact } from "../../src/simulator/outside/sandbox.ts";

const of = { order: "one", payee: "ours", at: 0 } as const;
const opened: Fact = { ...of, kind: "opened", amountFen: 500, nonce: "mark" };
const charged: Fact = { ...of, kind: "charged", amountFen: 500, code: "13" };

function booksOf(...facts: readonly Fact[]): Books {
  const books = new Books();
  for (const fact of facts) books.enter(fact);
  return books;
}

test("an order is open from its first fact to its last, and has what moved between", () => {
  const fresh = { order: "one", payee: "ours", nonce: "mark", open: true };
  const unpaid = { chargedFen: 0, takenBackFen: 0, byStaffFen: 0 };
  assert.deepEqual(booksOf(opened).find("one", "ours"), { ...fresh, ...unpaid });
  const ended: Fact = { ...of, kind: "ended" };
  const back: Fact = { ...of, kind: "taken-back", amountFen: 500, by: "box" };
  const over = booksOf(opened, charged, ended, back).find("one", "ours");
  assert.deepEqual(over, { ...fresh, open: false, chargedFen: 500, takenBackFen: 500, byStaffFen: 0 });
});

test("what staff give back is told apart from what a box takes back", () => {
  const staff: Fact = { ...of, kind: "taken-back", amountFen: 100, by: "staff" };
  const { takenBackFen, byStaffFen } = booksOf(opened, charged, staff).find("one", "ours") ?? {};
  assert.deepEqual([takenBackFen, byStaffFen], [0, 100]);
});

test("one number at two accounts is two orders; without an account the first is meant", () => {
  const books = booksOf(opened, { ...opened, payee: "theirs", nonce: "other" });
  assert.equal(books.find("one", "theirs")?.nonce, "other");
  assert.equal(books.find("one", undefined)?.nonce, "mark");
  assert.equal(books.find("one", "nobody's"), undefined);
  assert.equal([...books.orders()].length, 2);
});

test("charges are counted by code, whatever order they are of", () => {
  const other = { ...of, order: "two" };
  const books = booksOf(opened, { ...opened, ...other }, charged, { ...charged, ...other });
  assert.deepEqual([...books.charges()], [2]);
  assert.deepEqual([...booksOf(opened, { ...charged, code: null }).charges()], []);
});

test("a fact about an order that was never opened is a fault of its sandbox", () => {
  assert.throws(() => booksOf(charged), /that was opened/);
});
