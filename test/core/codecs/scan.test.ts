import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { codeForms, readPaymentCode } from "../../../src/core/codecs/scan.ts";
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
  ["https://example.com/134567890123456789", "not-a-payment-code"],
];

for (const [line, expected] of scans) {
  test(`the scan ${JSON.stringify(line)} is read as ${expected}`, () => {
    const read = readPaymentCode(line);
    const said = read.ok && read.value.wallet === "wechat" ? read.value.reveal() : null;
    assert.equal(said ?? (read.ok ? read.value.wallet : read.reason), expected);
    if (read.ok) assert.ok(line.includes(read.value.reveal()));
  });
}

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
