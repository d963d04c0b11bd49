import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { type Bill, type BillRefusal, parseBill } from "../../../src/providers/wechat-v2/bill.ts";
import { billRequest, readBill } from "../../../src/providers/wechat-v2/bill-reply.ts";
import {
  answered,
  fieldsOf,
  fixtureBytes,
  fixtureFields,
  fixtureText,
  providerSettings,
  settings,
} from "./fixtures.ts";

const bytes = fixtureBytes("bill-all.txt");
const text = bytes.toString("utf8");
const lines = text.trimEnd().split("\n");

function refusalOf(changed: string): BillRefusal | null {
  const bill = parseBill(Buffer.from(changed));
  return bill.ok ? null : bill.reason;
}

test("the published bill is read whole: rows by the names of their columns, and sums", () => {
  const bill = parseBill(bytes);
  assert.ok(bill.ok);
  const { columns, rows, sums } = bill.value;
  assert.equal(columns.length, 27);
  assert.equal(columns[0], "交易时间", "the byte-order mark is not part of the first name");
  const [paid, revoked] = rows.map(({ cells, ...row }) => ({ ...row, body: cells.get("商品名称") }));
  assert.deepEqual(paid, {
    at: "2026-03-15 09:30:14",
    merchantId: "1900000109",
    subMerchantId: null,
    deviceInfo: "BOX-000123",
    transactionId: "4200009990202603150000000001",
    outTradeNo: "BX0123-20260315-000042",
    tradeType: "MICROPAY",
    tradeState: "SUCCESS",
    orderFen: 1_280,
    settledFen: 1_280,
    refundFen: 0,
    askedBackFen: 0,
    outRefundNo: null,
    refundId: null,
    refundState: null,
    body: "示例便利店-日用百货",
  });
  assert.deepEqual(
    [revoked?.tradeState, revoked?.refundFen, revoked?.outRefundNo, revoked?.refundState],
    ["REVOKED", 500, "BX0123-20260315-000051", "SUCCESS"],
  );
  assert.equal(sums.get("手续费总金额"), "0.08000");
});

test("line ends, a missing mark and columns in another order make no difference", () => {
  const expected = parseBill(bytes);
  assert.deepEqual(parseBill(Buffer.from(text.slice(1))), expected);
  assert.deepEqual(parseBill(Buffer.from(`${text.trimEnd()}\n\n`.replaceAll("\n", "\r\n"))), expected);
  const turned = lines.map((line, index) => {
    const isTable = index <= lines.length - 3;
    const cells = line.replace("\ufeff", "").split(",");
    return isTable ? cells.reverse().join(",") : line;
  });
  const bill = parseBill(Buffer.from(turned.join("\n")));
  assert.ok(bill.ok && expected.ok);
  assert.deepEqual(
    bill.value.rows.map((row) => ({ ...row, cells: null })),
    expected.value.rows.map((row) => ({ ...row, cells: null })),
  );
});

test("a bill without refund columns leaves them out", () => {
  const dropped = [
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "申请退款金额",
  ];
  const names = (lines[0] ?? "").split(",");
  const kept = names.flatMap((name, index) => (dropped.includes(name) ? [] : [index]));
  const shorter = lines.slice(0, 3).map((line) => kept.map((index) => line.split(",")[index]).join(","));
  const bill = parseBill(Buffer.from([...shorter, lines[3], lines[4]].join("\n")));
  assert.ok(bill.ok);
  assert.deepEqual([bill.value.rows[0]?.refundFen, bill.value.rows[0]?.orderFen], [null, 1_280]);
  assert.equal(bill.value.tellsRefunds, false);
  assert.deepEqual(bill.value.notAdded, ["退款总金额", "充值券退款总金额", "申请退款总金额"]);
});

/** The ordinary bill: the published one without its last three columns and its last two sums. */
const ordinary = lines.map((line, index) => {
  const cells = line.split(",");
  return cells.slice(0, index < 3 ? 24 : 5).join(",");
});

test("the ordinary bill of 24 columns has its amounts, and its sums are added up", () => {
  const bill = parseBill(Buffer.from(ordinary.join("\n")));
  assert.ok(bill.ok);
  const { columns, rows, notAdded, tellsRefunds } = bill.value;
  assert.equal(columns.length, 24);
  assert.deepEqual([rows[0]?.orderFen, rows[0]?.settledFen], [null, 1_280]);
  assert.deepEqual([notAdded, tellsRefunds], [[], true]);
  const changed = ordinary.with(1, (ordinary[1] ?? "").replace("`12.80", "`12.81"));
  assert.equal(refusalOf(changed.join("\n")), "sums");
});

test("earlier names of columns and sums are read as the present ones", () => {
  const earlier = ordinary
    .join("\n")
    .replace("特约商户号", "子商户号")
    .replace("应结订单金额", "总金额")
    .replace("代金券金额", "代金券或立减优惠金额")
    .replace("充值券退款金额", "代金券或立减优惠退款金额")
    .replace("应结订单总金额,退款总金额,充值券退款总金额", "总交易额,总退款金额,总代金券或立减优惠退款金额");
  const [read, expected] = [parseBill(Buffer.from(earlier)), parseBill(Buffer.from(ordinary.join("\n")))];
  assert.ok(read.ok);
  assert.deepEqual(read, expected);
  assert.equal(refusalOf(earlier.replace("`2,`12.80", "`2,`12.81")), "sums");
});

test("zero yuan is read as bills write it: 0, 0.0 and 0.00", () => {
  const expected = parseBill(bytes);
  assert.ok(expected.ok);
  for (const zero of ["0", "0.0"]) {
    const bill = parseBill(Buffer.from(text.replaceAll("`0.00,", `\`${zero},`)));
    assert.ok(bill.ok, zero);
    const bare = ({ rows }: Bill) => rows.map((row) => ({ ...row, cells: null }));
    assert.deepEqual(bare(bill.value), bare(expected.value), zero);
  }
});

test("a day without payments is three lines", () => {
  const sums = "`0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00";
  const bill = parseBill(Buffer.from([lines[0], lines[3], sums].join("\n")));
  assert.deepEqual(bill.ok && bill.value.rows, []);
});

test("a comma in a name is part of it", () => {
  const bill = parseBill(Buffer.from(text.replace("`示例便利店-日用百货", "`tea, milk")));
  assert.equal(bill.ok && bill.value.rows[0]?.cells.get("商品名称"), "tea, milk");
});

const broken: readonly (readonly [about: string, table: string, refusal: BillRefusal])[] = [
  ["nothing", "", "malformed"],
  ["a header alone", lines[0] ?? "", "malformed"],
  ["no sums", lines.slice(0, 3).join("\n"), "malformed"],
  ["a row cut off", text.replace(",`0.60%", ""), "malformed"],
  ["a row without back-ticks", text.replaceAll("`", ""), "malformed"],
  ["a line end in a cell", text.replace("till=1;seq=42", "till=1\nseq=42"), "malformed"],
  ["a separator in a cell", text.replace("till=1;seq=42", "till=1,`seq=42"), "malformed"],
  ["a column twice", text.replace("费率备注", "费率"), "malformed"],
  ...["12.805", "12,80", "-12.80", "1.28e1", "￥12.80", ""].map(
    (amount) =>
      [
        `an amount that is none: "${amount}"`,
        text.replace("`12.80,`0.00,`\n", `\`${amount},\`0.00,\`\n`),
        "malformed",
      ] as const,
  ),
  ["a settled amount that is none", text.replace("`CNY,`12.80", "`CNY,`x"), "malformed"],
  ["a row without an order", text.replace("`BX0123-20260315-000042", "`"), "malformed"],
  ["a time that is none", text.replace("`2026-03-15 09:30:14", "`yesterday"), "malformed"],
  ["no column of order numbers", text.replace("商户订单号", "订单号"), "missing-column"],
  ["no column of amounts", text.replace("应结订单金额", "手续费二"), "missing-column"],
  ["no column of devices", text.replace("设备号", "费率二"), "missing-column"],
  ["a column that nobody knows", text.replace("费率备注", "优惠备注"), "unknown-column"],
  ["a sum that nobody knows", text.replace("手续费总金额", "优惠总金额"), "unknown-column"],
  ["refunds alone", text.replace("费率备注", "退款成功时间"), "refunds-alone"],
  ["a row missing", [lines[0], lines[1], lines[3], lines[4]].join("\n"), "count"],
  ["a row twice", [lines[0], lines[1], lines[1], ...lines.slice(2)].join("\n"), "count"],
  ["a row changed", text.replace("`12.80,`0.00,`\n", "`12.81,`0.00,`\n"), "sums"],
  ["sums changed", text.replace("`2,`12.80", "`2,`12.70"), "sums"],
];

for (const [about, table, refusal] of broken) {
  test(`a bill with ${about} is refused as ${refusal}`, () => {
    assert.equal(refusalOf(table), refusal);
  });
}

test("every sum that a bill gives of a column is checked", () => {
  const sums = (lines[4] ?? "").split(",");
  for (const [index, name] of (lines[3] ?? "").split(",").entries()) {
    const changed = sums.with(index, index === 0 ? "`3" : "`77.77");
    const refusal = refusalOf([...lines.slice(0, 4), changed.join(",")].join("\n"));
    // Fees are no money of the orders, and have five decimals.
    const isFree = name === "手续费总金额";
    assert.equal(refusal, isFree ? null : index === 0 ? "count" : "sums", name);
  }
});

test("whatever bytes come, a bill is read or refused, and never thrown on", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (noise) => {
      assert.equal(parseBill(noise).ok, false);
      assert.notEqual(readBill(answered(noise), settings).kind, "bill");
    }),
  );
});

test("no line of a bill can be lost unnoticed", () => {
  for (let index = 0; index < lines.length; index += 1) {
    assert.notEqual(refusalOf(lines.filter((_, other) => other !== index).join("\n")), null, String(index));
  }
});

test("asking for a bill is the documented request", () => {
  const wish = { date: "20260315", type: "ALL" } as const;
  const fields = fieldsOf(billRequest(settings, wish, "n0nceF1xture0013"));
  assert.deepEqual(new Map(fields), new Map(fixtureFields("request-downloadbill")));
  for (const date of ["2026-03-15", "120260315", "202603151"])
    assert.throws(() => billRequest(settings, { ...wish, date }, "n"), Defect, date);
  const hmac = fieldsOf(billRequest({ ...settings, signType: "HMAC-SHA256" }, wish, "n"));
  assert.equal(new Map(hmac).get("sign_type"), "HMAC-SHA256", "the reply's sign is made in the same way");
});

test("the table is told from a refusal by its first character, with or without a mark", () => {
  assert.equal(readBill(answered(bytes), settings).kind, "bill");
  assert.deepEqual(readBill(answered(fixtureText("bill-no-bill-exist")), settings), { kind: "empty" });
  assert.deepEqual(readBill(answered(`\ufeff${fixtureText("bill-no-bill-exist")}`), settings), {
    kind: "empty",
  });
  const document = readBill(answered("<xml><return_code>"), settings);
  assert.deepEqual([document.kind, "why" in document && document.why !== ""], ["unreadable", true]);
});

test("each documented refusal of a bill has its meaning", () => {
  const table = {
    "No Bill Exist": "empty",
    "Bill Creating": "not-ready",
    SYSTEMERROR: "again",
    "CompressGZip Error": "again",
    "UnCompressGZip Error": "again",
    "invalid bill_type": "configuration",
    "data format error": "configuration",
    "missing parameter": "configuration",
    "SIGN ERROR": "configuration",
    "something new": "unreadable",
    "": "unreadable",
  };
  for (const [message, kind] of Object.entries(table)) {
    const refusal = `<xml><return_code>FAIL</return_code><return_msg>${message}</return_msg></xml>`;
    const answer =
      kind === "configuration"
        ? { kind, text: message }
        : kind === "unreadable"
          ? { kind, why: "unlisted-refusal" }
          : { kind };
    assert.deepEqual(readBill(answered(refusal), settings), answer, message);
  }
  const claimed = "<xml><return_code>SUCCESS</return_code><return_msg>No Bill Exist</return_msg></xml>";
  assert.equal(readBill(answered(claimed), settings).kind, "unreadable");
});

test("a bill that did not come is asked for again, and one of another merchant is not ours", () => {
  assert.deepEqual(readBill({ kind: "unanswered", why: "timeout" }, settings), { kind: "again" });
  assert.deepEqual(readBill(answered(bytes, 502), settings), { kind: "again" });
  assert.deepEqual(readBill({ kind: "not-sent", why: "no-name" }, settings), {
    kind: "not-sent",
    why: "no-name",
  });
  const foreign = text.replaceAll("1900000109", "1900000108");
  assert.deepEqual(readBill(answered(foreign), settings), { kind: "foreign" });
  const oneForeign = text.replace("1900000109", "1900000108");
  assert.deepEqual(readBill(answered(oneForeign), settings), { kind: "foreign" }, "one row is enough");
  const ofSub = text.replaceAll("`1900000109,`0,", "`1900000109,`1900000101,");
  assert.deepEqual(readBill(answered(ofSub), providerSettings), { kind: "foreign" });
  const ofOurSub = text.replaceAll("`1900000109,`0,", "`1900000109,`1900000100,");
  assert.equal(readBill(answered(ofOurSub), providerSettings).kind, "bill");
  assert.equal(
    readBill(answered(text), providerSettings).kind,
    "bill",
    "rows that name no sub-merchant are ours",
  );
  assert.equal(
    readBill(answered(ofSub), settings).kind,
    "bill",
    "who names no sub-merchant gets all of theirs",
  );
});
