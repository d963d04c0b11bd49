import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { codeForms, readPaymentCode, scannerMark } from "../../../src/core/codecs/scan.ts";
import { PaymentCode } from "../../../src/core/payment/payment-code.ts";

/** Scans and what they are: a payment code of WeChat Pay, the wallet of another one, or the reason of the refusal. */
const scans: readonly (readonly [line: string, expected: string])[] = [
  ["100000000000000001", "100000000000000001"],
  ["134567890123456789", "134567890123456789"],
  ["159999999999999999", "159999999999999999"],
  // One digit before the first prefix, one after the last, and too short or too long by one or two.
  ["160000000000000000", "not-a-payment-code"],
  ["090000000000000000", "not-a-payment-code"],
  ["1345678901234567", "not-a-payment-code"],
  ["13456789012345678", "not-a-payment-code"],
  ["1345678901234567890", "not-a-payment-code"],
  // Other wallets.
  ["2512345678901234", "alipay"],
  ["281234567890123456", "alipay"],
  ["301234567890123456789012", "alipay"],
  ["311234567890123456", "not-a-payment-code"],
  ["241234567890123456", "not-a-payment-code"],
  ["6212345678901234567", "unionpay"],
  ["0112345678901234567", "e-cny"],
  ["911234567890123456", "qq"],
  // A wallet's form inside something longer is nobody's.
  ["92512345678901234", "not-a-payment-code"],
  ["2512345678901234567890123", "not-a-payment-code"],
  ["96212345678901234567", "not-a-payment-code"],
  ["62123456789012345678", "not-a-payment-code"],
  ["90112345678901234567", "not-a-payment-code"],
  ["01123456789012345678", "not-a-payment-code"],
  ["9911234567890123456", "not-a-payment-code"],
  ["9112345678901234567", "not-a-payment-code"],
  // What scanners put around a code.
  [" \t 134567890123456789 \r\n", "134567890123456789"],
  ["1345678]C190123456789", "not-a-payment-code"],
  ["]C1134567890123456789", "134567890123456789"],
  ["]Q0134567890123456789", "134567890123456789"],
  ["134567890123456789\r\n", "134567890123456789"],
  [" 134567890123456789", "134567890123456789"],
  ["\u0002134567890123456789\u0003", "134567890123456789"],
  ["\u001d]C1134567890123456789\u0004", "134567890123456789"],
  // Blanks inside, a double scan, and other writings of digits are no codes.
  ["1345 6789 0123 4567 89", "not-a-payment-code"],
  ["134567890123456789134567890123456789", "not-a-payment-code"],
  ["134567890123456789\n134567890123456789", "not-a-payment-code"],
  ["１３４５６７８９０１２３４５６７８９", "not-a-payment-code"],
  ["", "not-a-payment-code"],
  ["]C1", "not-a-payment-code"],
  // Receiving codes, which a customer shows by mistake: whatever their case and whoever pays to them.
  ["https://example.com/134567890123456789", "receiving-code"],
  ["https://qr.alipay.com/fkx0000000000000000000", "receiving-code"],
  ["HTTPS://QR.ALIPAY.COM/FKX0000000000000000000", "receiving-code"],
  ["wxp://f2f0000000000000000000000000000", "receiving-code"],
  ["]Q1https://qr.95516.com/00010000", "receiving-code"],
  ["://nothing", "not-a-payment-code"],
  ["see https://example.com", "not-a-payment-code"],
  // Goods: EAN-8, UPC-A, EAN-13 and ISBN, and one digit more or less.
  ["69012345", "goods-barcode"],
  ["690123456789", "goods-barcode"],
  ["6901234567892", "goods-barcode"],
  ["9787111111111", "goods-barcode"],
  ["]E06901234567892", "goods-barcode"],
  ["6901234", "not-a-payment-code"],
  ["690123456", "not-a-payment-code"],
  ["69012345678", "not-a-payment-code"],
  ["69012345678921", "not-a-payment-code"],
  // Cards by length, first digits and check digit; what has a wallet's form is that wallet's.
  ["4111111111111111", "card"],
  ["4111111111111112", "not-a-payment-code"],
  ["6222021234567890128", "unionpay"],
  ["622202123456789012", "card"],
  ["6011000990139424", "card"],
  ["2223003122003222", "card"],
  ["9111111111111111", "not-a-payment-code"],
  ["411111111111111", "not-a-payment-code"],
  // Codes that one source each tells of.
  ["fp0123456789abcdef0123456789abcdefX", "face-code"],
  ["fp0123456789abcdef0123456789abcdef", "not-a-payment-code"],
  ["fp0123456789abcdef0123456789abcdefXY", "not-a-payment-code"],
  ["181234567890123456", "jd-code"],
  ["1812345678901234567", "not-a-payment-code"],
  ["511234567890123456", "bestpay-code"],
  ["51123456789012345", "not-a-payment-code"],
  // A mark that is no AIM identifier, before a code and before what is none.
  ["Q134567890123456789", "marked-code"],
  ["QR: 281234567890123456", "marked-code"],
  ["*********134567890123456789", "not-a-payment-code"],
  ["Q160000000000000000", "not-a-payment-code"],
  ["Q1 134567890123456789", "not-a-payment-code"],
  ["134567890123456789Q", "not-a-payment-code"],
];

for (const [line, expected] of scans) {
  test(`the scan ${JSON.stringify(line)} is read as ${expected}`, () => {
    const read = readPaymentCode(line);
    const said = read.ok && read.value.wallet === "wechat" ? read.value.reveal() : null;
    assert.equal(said ?? (read.ok ? read.value.wallet : read.reason), expected);
    if (read.ok) assert.ok(line.includes(read.value.reveal()));
  });
}

/** What a code of `codes.json` is where nobody is asked to charge it: only that it is none, or whose by a source alone. */
const unrouted: Readonly<Record<string, string>> = {
  "jd?": "jd-code",
  "bestpay?": "bestpay-code",
  "qq?": "qq",
  "alipay-face": "face-code",
  ecny: "e-cny",
};

const { cases } = JSON.parse(readFileSync(new URL("codes.json", import.meta.url), "utf8")) as {
  readonly cases: readonly { readonly code: string; readonly wallet: string }[];
};

for (const { code, wallet } of cases) {
  test(`the table of codes and this program say the same of ${code}: ${wallet}`, () => {
    const read = readPaymentCode(code);
    if (wallet !== "unknown") {
      assert.equal(read.ok ? read.value.wallet : read.reason, unrouted[wallet] ?? wallet);
    } else {
      assert.ok(!read.ok && !["face-code", "jd-code", "bestpay-code", "marked-code"].includes(read.reason));
    }
  });
}

test("a mark before a code is told apart from it: it has none of its digits, and the code is not taken", () => {
  const code = fc.constantFrom(...codeForms).chain(({ form }) => fc.stringMatching(form));
  const mark = fc.stringMatching(/^[A-Za-z*#:=[{(]{1,8}$/);
  fc.assert(
    fc.property(mark, code, (before, digits) => {
      const line = `\u0002${before}${digits}\r`;
      assert.deepEqual([readPaymentCode(line).ok, scannerMark(line)], [false, before]);
      assert.equal(scannerMark(`]C1${before}${digits}`), before);
      assert.equal(scannerMark(digits), null);
      assert.equal(scannerMark(before), null);
    }),
  );
});

test("every number with a card's first digits is a card with exactly one of the ten last digits, unless it is a wallet's", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[34][0-9]{14,17}$/), (first) => {
      const read = Array.from({ length: 10 }, (_, last) => readPaymentCode(`${first}${last}`));
      if (read.some(({ ok }) => ok)) return;
      assert.equal(read.filter((one) => !one.ok && one.reason === "card").length, 1);
    }),
  );
});

test("whatever is scanned, what is accepted has the form of one wallet, and no text has two", () => {
  const digits = fc.stringMatching(/^[0-9]{16,24}$/);
  const formed = fc.constantFrom(...codeForms).chain(({ form }) => fc.stringMatching(form));
  fc.assert(
    fc.property(
      fc.oneof(
        formed,
        digits,
        fc.string(),
        fc.oneof(digits, formed).map((text) => `]C1${text}\r`),
      ),
      (line) => {
        const read = readPaymentCode(line);
        const text = read.ok ? read.value.reveal() : line;
        const matching = codeForms.filter(({ form }) => form.test(text)).map(({ wallet }) => wallet);
        assert.deepEqual(matching, read.ok ? [read.value.wallet] : []);
      },
    ),
  );
});

test("a payment code shows two digits at the start and three at the end to whoever prints it", () => {
  const code = new PaymentCode("134567890123456789", "wechat");
  assert.equal(String(code), "13*************789");
  assert.equal(JSON.stringify({ code }), '{"code":"13*************789"}');
  assert.equal(String(new PaymentCode("2512345678901234", "alipay")), "25***********234");
  for (const print of [code.toString(), inspect(code, { showHidden: true, depth: 5 })]) {
    assert.equal(print.includes("134567890123456789"), false);
  }
});
