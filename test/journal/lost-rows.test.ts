import assert from "node:assert/strict";
import { test } from "node:test";
import { LostRows } from "../../src/journal/lost-rows.ts";
import type { StoredRow } from "../../src/runtime/ports.ts";

/** A row that is not believed: of an order, by its column and its text. */
function row(change: Partial<StoredRow>): StoredRow {
  const { subject = null } = change;
  const body = subject === null ? "{}" : `{"outTradeNo":"${subject}"}`;
  return { n: 9, seq: 9, kind: "money", subject, final: false, hash: "", body, ...change };
}

const orders = ["a", "b", "c"];

/** The orders whose last row may be lost, by what is known at the end. */
function doubted(
  lost: LostRows,
  newestSeq: number | null,
  unreadable: readonly (readonly [number, number])[] = [],
) {
  return orders.filter(lost.atTheEnd(unreadable, newestSeq));
}

/** Events 1 to 3 were read, one of each order. */
function read(): LostRows {
  const lost = new LostRows();
  for (const [index, order] of orders.entries())
    lost.read(index + 1, index + 1, order, orders.slice(0, index));
  return lost;
}

test("where nothing is missing no order is doubted", () => {
  assert.deepEqual(doubted(read(), 3), []);
  assert.deepEqual(doubted(read(), 3, [[1, 3]]), [], "what cannot be read lies before the newest event");
});

test("events that are missing at the end may be any order's, and so may be rows that cannot be read", () => {
  assert.deepEqual(doubted(read(), 4), orders);
  assert.deepEqual(doubted(read(), null), orders);
  assert.deepEqual(
    doubted(read(), 3, [
      [1, 2],
      [4, 4],
    ]),
    orders,
  );
});

test("a damaged event that names its order in column and text is that order's alone", () => {
  const lost = read();
  lost.damaged(row({ subject: "b" }));
  assert.deepEqual(doubted(lost, 4), ["b"]);
  assert.deepEqual(
    orders.filter((order) => lost.isFollowed(order)),
    ["b"],
  );
  assert.deepEqual(doubted(lost, 5), orders, "another one is missing, of which nobody knows whose it was");
  lost.read(5, 5, "b", ["a", "b"]);
  assert.deepEqual(
    orders.filter((order) => lost.isFollowed(order)),
    [],
    "a newer row of its own was read",
  );
  assert.deepEqual(doubted(lost, 5), []);
});

test("a damaged event whose column and text differ may be any order's", () => {
  for (const change of [
    { subject: "b", body: "{}" },
    { subject: null },
    { subject: "b", body: '{"outTradeNo":"a"}' },
  ]) {
    const lost = read();
    lost.damaged(row(change));
    assert.deepEqual(doubted(lost, 4), orders, JSON.stringify(change));
    assert.equal(lost.isFollowed("b"), false);
  }
});

test("a damaged row that says nothing about money is nobody's, if its text says so as well", () => {
  for (const kind of ["boot", "shown", "checked", "evidence", "segment", "quarantine", "unsent"]) {
    const lost = read();
    lost.damaged(row({ kind, seq: null, body: `{"kind":"${kind}"}` }));
    assert.deepEqual(doubted(lost, 3), [], kind);
    for (const change of [{ seq: 9 }, { body: "{}" }, { body: '{"kind":"money"}' }]) {
      const other = read();
      other.damaged(row({ kind, seq: null, body: `{"kind":"${kind}"}`, ...change }));
      assert.deepEqual(doubted(other, 3), orders, `${kind} ${JSON.stringify(change)}`);
    }
  }
  const money = read();
  money.damaged(row({ kind: "money", seq: null, body: '{"kind":"money"}' }));
  assert.deepEqual(doubted(money, 3), orders);
});

test("events that are missing between others doubt what was open then, but for the order that is read next", () => {
  const lost = read();
  lost.read(6, 5, "c", ["a", "c"]);
  assert.deepEqual(doubted(lost, 5), ["a"]);
  lost.read(7, 6, "a", ["a"]);
  assert.deepEqual(doubted(lost, 6), [], "its own row shows how it stands");

  const named = read();
  named.damaged(row({ subject: "b" }));
  named.read(5, 5, "c", orders);
  assert.deepEqual(doubted(named, 5), ["b"], "the one row that is missing has a name");

  const more = read();
  more.damaged(row({ subject: "b" }));
  more.read(6, 6, "c", orders);
  assert.deepEqual(doubted(more, 6), ["a", "b"], "two are missing, and one has no name");

  const none = read();
  none.damaged(row({ subject: "b" }));
  none.read(4, 4, "c", orders);
  assert.deepEqual(doubted(none, 4), [], "no event is missing: what is damaged was none");
});
