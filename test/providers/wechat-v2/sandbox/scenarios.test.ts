import assert from "node:assert/strict";
import { test } from "node:test";
import { laterScenarios } from "../../../../src/providers/wechat-v2/sandbox/later-scenarios.ts";
import { chargeRefusals } from "../../../../src/providers/wechat-v2/sandbox/refusals.ts";
import {
  type CallKind,
  scenarioNamed,
  scenarioOfAmount,
  scenarios,
} from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { proved, Teller, words } from "./teller.ts";

// A story is a merchant who charges, asks every 5 s and reverses at the end; what each call brought is
// written beside it.
type Step = readonly [afterMs: number, call: CallKind, reply: string];

const paidAtOnce: readonly Step[] = [[5_000, "query", "SUCCESS"]];
const neverPaid: readonly Step[] = [
  [5_000, "query", "USERPAYING"],
  [40_000, "query", "USERPAYING"],
  [1_000, "reverse", "SUCCESS recall=N"],
  [1_000, "query", "REVOKED"],
];

const stories: Readonly<Record<string, readonly Step[]>> = {
  success: [[0, "charge", "SUCCESS"], ...paidAtOnce],
  password: [
    [0, "charge", "FAIL USERPAYING"],
    [2_999, "query", "USERPAYING"],
    [1, "query", "SUCCESS"],
  ],
  "password-wrong": [
    [0, "charge", "FAIL USERPAYING"],
    [3_000, "query", "USERPAYING"],
    [3_999, "query", "USERPAYING"],
    [1, "query", "SUCCESS"],
  ],
  cancelled: [
    [0, "charge", "FAIL USERPAYING"],
    [2_999, "query", "USERPAYING"],
    [1, "query", "PAYERROR"],
    [12_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  never: [[0, "charge", "FAIL USERPAYING"], ...neverPaid],
  "paid-at-last": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "query", "USERPAYING"],
    [1_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "card-changed": [
    [0, "charge", "FAIL USERPAYING"],
    [5_000, "query", "PAYERROR"],
    [10_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  accepted: [
    [0, "charge", "FAIL USERPAYING"],
    [5_000, "query", "ACCEPT"],
    [1_000, "query", "SUCCESS"],
  ],
  "reply-lost": [[0, "charge", "silence"], ...paidAtOnce],
  "reply-late": [[0, "charge", "after 12000 SUCCESS"], ...paidAtOnce],
  "reply-cut": [[0, "charge", "cut"], ...paidAtOnce],
  "reply-unsigned": [[0, "charge", "unsigned SUCCESS"], ...paidAtOnce],
  "reply-html": [[0, "charge", "HTTP 200 wrong-root"], ...paidAtOnce],
  "http-502": [[0, "charge", "HTTP 502 malformed"], ...paidAtOnce],
  forged: [
    [0, "charge", "forged SUCCESS"],
    [5_000, "query", "forged SUCCESS"],
    [5_000, "query", "USERPAYING"],
    [5_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "wrong-amount": [[0, "charge", "SUCCESS"], ...paidAtOnce],
  "other-order": [[0, "charge", "SUCCESS"], ...paidAtOnce],
  "other-mark": [[0, "charge", "SUCCESS"], ...paidAtOnce],
  "other-merchant": [[0, "charge", "SUCCESS"], ...paidAtOnce],
  "reply-reset": [[0, "charge", "reset"], ...paidAtOnce],
  "reply-empty": [[0, "charge", "HTTP 200 malformed"], ...paidAtOnce],
  "reply-doctype": [[0, "charge", "HTTP 200 doctype"], ...paidAtOnce],
  "reply-twice": [[0, "charge", "HTTP 200 duplicate"], ...paidAtOnce],
  "reply-not-utf8": [[0, "charge", "HTTP 200 not-utf8"], ...paidAtOnce],
  "reply-huge": [[0, "charge", "HTTP 200 too-large"], ...paidAtOnce],
  "request-lost": [
    [0, "charge", "silence"],
    [5_000, "query", "FAIL ORDERNOTEXIST"],
    [10_000, "reverse", "SUCCESS recall=N"],
    [60_000, "query", "FAIL ORDERNOTEXIST"],
  ],
  declined: [
    [0, "charge", "FAIL NOTENOUGH"],
    [5_000, "query", "NOTPAY"],
  ],
  "expired-code": [
    [0, "charge", "FAIL AUTHCODEEXPIRE"],
    [5_000, "query", "FAIL ORDERNOTEXIST"],
  ],
  "system-error": [[0, "charge", "FAIL SYSTEMERROR"], ...paidAtOnce],
  "bank-error": [
    [0, "charge", "FAIL BANKERROR"],
    [0, "query", "USERPAYING"],
    [3_000, "query", "SUCCESS"],
  ],
  "unlisted-code": [
    [0, "charge", "FAIL NEW_RULE_2031"],
    [0, "query", "NOTPAY"],
    [15_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "declined-but-paid": [
    [0, "charge", "FAIL NOTENOUGH"],
    [30_000, "query", "SUCCESS"],
    [1_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "refused-but-paid": [[0, "charge", "FAIL TRADE_ERROR"], ...paidAtOnce],
  "query-lost": [
    [0, "charge", "silence"],
    [5_000, "query", "silence"],
    [5_000, "query", "silence"],
    [5_000, "query", "SUCCESS"],
  ],
  "query-error": [
    [0, "charge", "FAIL USERPAYING"],
    [5_000, "query", "FAIL SYSTEMERROR"],
    [5_000, "query", "FAIL SYSTEMERROR"],
    [5_000, "query", "SUCCESS"],
  ],
  "absent-at-first": [
    [0, "charge", "reset"],
    [0, "query", "FAIL ORDERNOTEXIST"],
    [5_000, "query", "FAIL ORDERNOTEXIST"],
    [5_000, "query", "SUCCESS"],
  ],
  "rate-limited": [
    [0, "charge", "FAIL USERPAYING"],
    [5_000, "query", "FAIL FREQUENCY_LIMITED"],
    [5_000, "query", "FAIL FREQUENCY_LIMITED"],
    [5_000, "query", "SUCCESS"],
  ],
  "reverse-userpaying": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "reverse", "FAIL USERPAYING recall=Y"],
    [5_000, "reverse", "FAIL USERPAYING recall=Y"],
    [0, "query", "USERPAYING"],
    [5_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "reverse-lost": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "reverse", "silence"],
    [10_000, "reverse", "silence"],
    [10_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "reverse-lies": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "SUCCESS"],
    [1_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
  "reverse-expired": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "reverse", "FAIL REVERSE_EXPIRE recall=N"],
    [1_000, "query", "USERPAYING"],
  ],
  "password-29": [
    [0, "charge", "FAIL USERPAYING"],
    [28_999, "query", "USERPAYING"],
    [1, "query", "SUCCESS"],
  ],
  "recall-3": [
    [0, "charge", "FAIL USERPAYING"],
    [45_000, "reverse", "FAIL SYSTEMERROR recall=Y"],
    [1_000, "reverse", "SUCCESS recall=Y"],
    [0, "query", "USERPAYING"],
    [1_000, "reverse", "FAIL SYSTEMERROR recall=Y"],
    [1_000, "reverse", "SUCCESS recall=N"],
    [1_000, "query", "REVOKED"],
  ],
};

// A merchant who books an order, asks how it stands and closes it where nobody came.
const booked: Step = [0, "order", "SUCCESS"];
const closed: readonly Step[] = [
  [300_000, "close", "SUCCESS"],
  [1_000, "query", "CLOSED"],
];

const laterStories: Readonly<Record<string, readonly Step[]>> = {
  "scan-paid": [booked, [19_999, "query", "NOTPAY"], [1, "query", "SUCCESS"]],
  "scan-again": [booked, [10_000, "query", "NOTPAY"], [20_000, "query", "SUCCESS"]],
  "scan-never": [booked, [60_000, "query", "NOTPAY"], ...closed],
  "scan-late": [booked, ...closed, [60_000, "query", "CLOSED"]],
  "scan-at-last": [
    booked,
    [300_000, "query", "NOTPAY"],
    [0, "close", "FAIL ORDERPAID"],
    [0, "query", "SUCCESS"],
  ],
  "scan-order-lost": [
    [0, "order", "silence"],
    [10_000, "query", "NOTPAY"],
    [0, "order", "SUCCESS"],
    [10_000, "query", "SUCCESS"],
  ],
  "scan-order-vanished": [
    [0, "order", "silence"],
    [10_000, "query", "FAIL ORDERNOTEXIST"],
    booked,
    [20_000, "query", "SUCCESS"],
  ],
  "scan-order-error": [[0, "order", "FAIL SYSTEMERROR"], booked, [20_000, "query", "SUCCESS"]],
  "scan-order-forged": [[0, "order", "forged SUCCESS"], [0, "query", "NOTPAY"], ...closed],
  "scan-query-lost": [
    booked,
    [10_000, "query", "silence"],
    [5_000, "query", "silence"],
    [5_000, "query", "silence"],
    [5_000, "query", "SUCCESS"],
  ],
  "scan-query-forged": [
    booked,
    [5_000, "query", "forged SUCCESS"],
    [5_000, "query", "forged SUCCESS"],
    [5_000, "query", "forged SUCCESS"],
    [5_000, "query", "NOTPAY"],
    ...closed,
  ],
  "scan-close-lost": [
    booked,
    [300_000, "close", "silence"],
    [10_000, "close", "silence"],
    [10_000, "close", "FAIL ORDERCLOSED"],
    [0, "query", "CLOSED"],
  ],
  "scan-close-error": [
    booked,
    [300_000, "close", "FAIL SYSTEMERROR"],
    [1_000, "close", "FAIL SYSTEMERROR"],
    [0, "query", "NOTPAY"],
    [1_000, "close", "SUCCESS"],
    [0, "query", "CLOSED"],
  ],
  "scan-close-lies": [
    booked,
    [300_000, "close", "SUCCESS"],
    [0, "query", "NOTPAY"],
    [30_000, "query", "SUCCESS"],
  ],
  "refund-lost": [
    [0, "charge", "SUCCESS"],
    [0, "refund", "silence"],
    [10_000, "refund", "SUCCESS"],
    [0, "query", "REFUND"],
  ],
  "refund-poor": [
    [0, "charge", "SUCCESS"],
    [0, "refund", "FAIL NOTENOUGH"],
    [0, "refund", "FAIL NOTENOUGH"],
    [0, "query", "SUCCESS"],
    [0, "refund", "SUCCESS"],
    [10_000, "refund-query", "SUCCESS"],
  ],
  "refund-again": [
    [0, "charge", "SUCCESS"],
    [0, "refund", "FAIL BIZERR_NEED_RETRY"],
    [0, "refund-query", "FAIL REFUNDNOTEXIST"],
    [0, "refund", "SUCCESS"],
    [0, "refund-query", "SUCCESS"],
  ],
};

for (const [name, steps] of Object.entries({ ...stories, ...laterStories })) {
  test(`${name} tells its story`, () => {
    const teller = new Teller({ name });
    const told = steps.map(([afterMs, call]) => [afterMs, call, words(teller.wait(afterMs).send(call))]);
    assert.deepEqual(told, steps);
  });
}

test("every scenario that can be called has its story here", () => {
  const told = Object.keys(stories);
  for (const { name, down } of scenarios) assert.equal(told.includes(name), !down, name);
});

test("every scenario of a booked order and of a refund has its story here", () => {
  assert.deepEqual(
    laterScenarios.map(({ name }) => name),
    Object.keys(laterStories),
  );
});

test("a booked order ends as its scenario names it, with the money that this means", () => {
  for (const [name, steps] of Object.entries(laterStories)) {
    if (!name.startsWith("scan-")) continue;
    const teller = new Teller({ name });
    for (const [afterMs, call] of steps) teller.wait(afterMs).send(call);
    const moved = teller.sandbox.ledger.movements().map(({ kind }) => kind);
    assert.deepEqual(moved, scenarioNamed(name)?.ends === "paid" ? ["charged"] : [], name);
    assert.equal(teller.sandbox.ledger.orders()[0]?.open, false, name);
  }
});

test("a scenario of a charge tells of a booked order, too: where it is paid at once it is scanned soon", () => {
  const scanned = (name: string) => {
    const teller = new Teller({ name });
    teller.send("order");
    return [2_999, 1, 7_000, 40_000].map((ms) => words(teller.wait(ms).query()));
  };
  assert.deepEqual(scanned("success"), ["NOTPAY", "SUCCESS", "SUCCESS", "SUCCESS"]);
  assert.deepEqual(scanned("password-wrong"), ["NOTPAY", "NOTPAY", "SUCCESS", "SUCCESS"]);
  assert.deepEqual(scanned("never"), ["NOTPAY", "NOTPAY", "NOTPAY", "NOTPAY"]);
});

test("the end that a scenario names agrees with the money that moved in its story", () => {
  const moved: Readonly<Record<string, readonly string[]>> = {
    paid: ["charged"],
    refunded: ["charged", "returned"],
  };
  for (const [name, steps] of Object.entries(stories)) {
    const teller = new Teller({ name });
    for (const [afterMs, call] of steps) teller.wait(afterMs).send(call);
    const kinds = teller.sandbox.ledger.movements().map((movement) => movement.kind);
    const expected = moved[scenarioNamed(name)?.ends ?? ""] ?? [];
    assert.deepEqual(kinds, expected, name);
  }
});

test("the lying replies are signed and lie about one field alone", () => {
  const truth = proved(new Teller().charge());
  const lies = {
    "wrong-amount": "total_fee",
    "other-order": "out_trade_no",
    "other-merchant": "mch_id",
    "other-mark": "attach",
  };
  for (const [name, field] of Object.entries(lies)) {
    const lie = proved(new Teller({ name }).charge());
    const different = [...truth.keys()].filter((key) => key !== "sign" && truth.get(key) !== lie.get(key));
    assert.deepEqual(different, [field]);
  }
});

test("a wrong amount is wrong for every amount", () => {
  for (const total_fee of ["1", "2", "3"]) {
    const fields = proved(new Teller({ name: "wrong-amount" }).charge({ total_fee }));
    assert.notEqual(fields.get("total_fee"), total_fee);
  }
});

test("every err_code of micropay is a scenario, and a charge repeated as it was meets the same refusal", () => {
  for (const code of Object.keys(chargeRefusals)) {
    const teller = new Teller({ name: code });
    const expected = `FAIL ${code}`;
    assert.equal(words(teller.charge()), expected);
    assert.equal(words(teller.charge()), expected);
  }
});

test("names that are no scenario are refused", () => {
  for (const name of ["", "sucess", "recall-0", "recall-1001", "password-601", "toString", "__proto__"]) {
    assert.equal(scenarioNamed(name), null, name);
  }
});

test("a bank that is down says so, in its scenario and by command", () => {
  const teller = new Teller();
  assert.equal(teller.sandbox.down, false);
  teller.play("provider-down");
  assert.equal(teller.sandbox.down, true);
  teller.play("success");
  assert.equal(teller.sandbox.down, false);
  teller.sandbox.down = true;
  assert.equal(teller.sandbox.down, true);
});

test("pace shortens every time of a scenario and of the auto-revocation", () => {
  const quick = new Teller({ name: "password", pace: 0.1 });
  quick.charge();
  assert.equal(words(quick.wait(299).query()), "USERPAYING");
  assert.equal(words(quick.wait(1).query()), "SUCCESS");
  assert.equal(words(new Teller({ name: "reply-late", pace: 0.1 }).charge()), "after 1200 SUCCESS");
  const forgotten = new Teller({ name: "never", pace: 0.1, autoRevoke: true });
  forgotten.charge();
  assert.equal(words(forgotten.wait(4_499).query()), "USERPAYING");
  assert.equal(words(forgotten.wait(1).query()), "REVOKED");
});

test("amounts choose a scenario by their last two digits only where that is switched on", () => {
  const declined = { total_fee: "1241" };
  assert.equal(words(new Teller({ byAmount: true }).charge(declined)), "FAIL NOTENOUGH");
  assert.equal(words(new Teller({ byAmount: false }).charge(declined)), "SUCCESS");
  assert.equal(words(new Teller({ byAmount: true, name: "never" }).charge(declined)), "FAIL USERPAYING");
  assert.equal(scenarioOfAmount(1_200).name, "success");
});

test("no two scenarios share the digits that choose them", () => {
  const chosen = scenarios.flatMap(({ cents }) => (cents === null ? [] : [cents]));
  assert.equal(new Set(chosen).size, chosen.length);
  for (const { cents, name } of scenarios) {
    if (cents !== null) assert.equal(scenarioOfAmount(12_300 + cents).name, name);
  }
});

test("an order keeps the scenario of its first charge, and other numbers are answered as usual", () => {
  const teller = new Teller({ name: "never" });
  teller.charge();
  teller.play("success");
  assert.equal(words(teller.charge()), "FAIL USERPAYING");
  teller.play("reply-lost");
  assert.equal(words(teller.query({ out_trade_no: "probe_1" })), "FAIL ORDERNOTEXIST");
  assert.equal(words(teller.query()), "USERPAYING");
  const second = { out_trade_no: "second_1", auth_code: "134567890123450000" };
  assert.equal(words(teller.charge(second)), "silence");
  teller.play("success");
  assert.equal(words(teller.charge(second)), "silence", "a charge that is repeated meets the same fate");
});
