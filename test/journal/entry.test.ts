/** What a row may say: of every kind of entry each member is spoiled in turn, and no spoiled one is believed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMoneyEntry, readEntry } from "../../src/journal/entry.ts";
import type { JournalEntry } from "../../src/journal/own-entry.ts";
import { boot, charging, intentOf, money, numberOf, shown, txOf } from "./entries.ts";

const at = "2026-03-15T09:30:12.000Z";
const hash = "0123456789abcdef";

/** One entry of each kind with all of its members, and others that differ in what they may leave out. */
const entries: readonly JournalEntry[] = [
  boot,
  charging(1),
  { kind: "charging", tx: txOf(1, "charging"), intent: { ...intentOf(1), pulses: 3 }, doubted: true },
  money(1, "paid"),
  { kind: "money", tx: { ...txOf(1, "paid"), dispense: { pulses: 3, outcome: "dispensed" } } },
  { kind: "money", tx: { ...txOf(1, "paid"), dispense: { pulses: 3, outcome: null } } },
  { kind: "checked", outTradeNo: numberOf(1), at },
  {
    ...{ kind: "evidence", outTradeNo: numberOf(1), at },
    evidence: { chargedHost: "https://example.test", paid: false, absences: 2, runMs: 60_000 },
  },
  shown(1, "PAID"),
  { kind: "segment", at, clockTrusted: true, first: { n: 1, before: hash }, events: { seq: 0, hash: null } },
  { kind: "unsent", journal: "j", seq: 7, at, boot: "b", prev: hash, tx: txOf(1, "paid") },
  {
    ...{ kind: "quarantine", at, folder: "damaged-1", from: { journal: "j", n: 7, hash }, codes: [hash] },
    refs: [["till 1", numberOf(1)]],
  },
  { kind: "quarantine", at, folder: "damaged-1", from: null, codes: [], refs: [] },
];

/** Members that may be null, by their paths. */
const mayBeNull = new Set([
  ...["tx.ref", "tx.transactionId", "tx.reason", "tx.dispense", "tx.dispense.outcome", "tx.finalAt"],
  ...["intent.ref", "intent.caller", "intent.codeHash", "intent.pulses"],
  ...["evidence.chargedHost", "events.hash", "prev", "from"],
]);

/** Members that may be missing. */
const mayBeMissing = new Set(["doubted"]);

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The paths of all members, those of objects within too. */
function pathsOf(value: Members, before = ""): readonly string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const path = before + name;
    return isMembers(member) ? [path, ...pathsOf(member, `${path}.`)] : [path];
  });
}

/** The same with another value at a path; undefined leaves the member out. */
function withMember(value: Members, path: string, member: unknown): Members {
  const [name = "", ...rest] = path.split(".");
  const { [name]: old, ...others } = value;
  if (rest.length > 0 && isMembers(old)) return { ...value, [name]: withMember(old, rest.join("."), member) };
  return member === undefined ? others : { ...value, [name]: member };
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((at: unknown, name) => (isMembers(at) ? at[name] : undefined), value);
}

for (const entry of entries) {
  const whole: Members = JSON.parse(JSON.stringify(entry));

  test(`${entry.kind}: what was written is read as it is, and further members do no harm`, () => {
    assert.deepEqual(readEntry(whole), entry);
    assert.notEqual(readEntry({ ...whole, before: hash }), null);
    assert.equal(isMoneyEntry(entry), entry.kind === "charging" || entry.kind === "money");
  });

  test(`${entry.kind}: a member that is missing, or of another kind, is damage`, () => {
    for (const path of pathsOf(whole)) {
      const others: readonly unknown[] = [undefined, null, 1.5, "spoiled", true, [1], {}];
      const was = valueAt(whole, path);
      for (const other of others) {
        const allowed =
          (other === null && mayBeNull.has(path)) ||
          (other === undefined && mayBeMissing.has(path)) ||
          // A text may be any text, and a flag either.
          (typeof other === typeof was && typeof other === "boolean") ||
          (typeof other === "string" && isFreeText(path)) ||
          // Wall times are not whole where a clock was set.
          (path === "intent.intentAt" && other === 1.5);
        const read = readEntry(withMember(whole, path, other)) !== null;
        assert.equal(read, allowed, `${path}: ${JSON.stringify(other)}`);
      }
    }
  });
}

function isFreeText(path: string): boolean {
  const name = path.split(".").at(-1) ?? "";
  return (
    !new Set([
      ...["kind", "tx", "intent", "doubted", "wallet", "state", "final", "amountFen", "currency", "charged"],
      ...[
        "late",
        "clockTrusted",
        "chargeCount",
        "queryCount",
        "reverseCount",
        "dispense",
        "pulses",
        "outcome",
      ],
      ...[
        "payee",
        "mode",
        "intentAt",
        "evidence",
        "paid",
        "absences",
        "runMs",
        "n",
        "seq",
        "first",
        "events",
      ],
      ...["from", "codes", "refs"],
    ]).has(name) || path === "tx.intentAt"
  );
}

test("numbers that no counter, row or amount has are damage", () => {
  for (const [path, numbers] of Object.entries({
    "tx.chargeCount": [-1, 2 ** 53, Number.NaN],
    "tx.amountFen": [0, -1, 0.5],
    "intent.amountFen": [0, -1],
    "intent.intentAt": [Number.POSITIVE_INFINITY, Number.NaN],
    "intent.pulses": [-1],
  })) {
    for (const number of numbers)
      assert.equal(readEntry(withMember({ ...charging(1) }, path, number)), null, `${path}: ${number}`);
  }
  const none = { ...charging(1) };
  for (const path of ["tx.chargeCount", "tx.queryCount"])
    assert.notEqual(readEntry(withMember(none, path, 0)), null);
});

test("of words with a list of their own only those of the list are read", () => {
  for (const [path, words] of Object.entries({
    "tx.charged": ["yes", "no", "unknown"],
    "tx.state": ["paid", "declined", "reversed"],
    "intent.mode": ["cpm", "mpm"],
    "intent.wallet": ["wechat", "qq"],
  })) {
    for (const word of words)
      assert.notEqual(readEntry(withMember({ ...charging(1) }, path, word)), null, `${path}: ${word}`);
    assert.equal(readEntry(withMember({ ...charging(1) }, path, "")), null, path);
  }
  assert.equal(readEntry({ ...charging(1), doubted: false }), null);
});

test("lists of a quarantine hold texts and pairs of texts alone", () => {
  const quarantine = { kind: "quarantine", at, folder: "f", from: null, codes: [hash], refs: [["a", "b"]] };
  assert.notEqual(readEntry(quarantine), null);
  for (const refs of [
    ["ab"],
    [["a"]],
    [["a", "b", "c"]],
    [["a", 1]],
    [["a", "b"], null],
    "ab",
    { length: 0 },
  ])
    assert.equal(readEntry({ ...quarantine, refs }), null, JSON.stringify(refs));
  for (const codes of [[1], [hash, null], "ab", { length: 0 }])
    assert.equal(readEntry({ ...quarantine, codes }), null, JSON.stringify(codes));
});

test("what is no object, or of a kind that nobody writes, is no entry", () => {
  for (const value of [null, 7, "boot", [], {}, { kind: "spoiled" }, { kind: "toString" }])
    assert.equal(readEntry(value), null, JSON.stringify(value));
});
