import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { providerContract } from "./provider-suite.ts";

providerContract({
  plays: "WeChat Pay",
  secrets: { apiKey: fixtureMerchant.apiKey.reveal() },
  codeBegins: "13",
  way: "reverse",
  charges: {
    success: { kind: "paid" },
    never: { kind: "pending" },
    declined: { kind: "declined", reason: "funds" },
    "expired-code": { kind: "declined", reason: "code-expired" },
    "refused-but-paid": { kind: "refused-unconfirmed" },
    repeated: { kind: "number-conflict" },
  },
  doubts: {
    "reply-lost": ["silence", false, true],
    "reply-reset": ["silence", false, true],
    "reply-cut": ["silence", false, true],
    "request-lost": ["silence", false, false],
    "reply-html": ["malformed", false, true],
    "reply-empty": ["malformed", false, true],
    "reply-doctype": ["malformed", false, true],
    "reply-twice": ["malformed", false, true],
    "reply-huge": ["malformed", false, true],
    "http-502": ["http-status", false, true],
    "reply-unsigned": ["bad-signature", false, true],
    forged: ["bad-signature", false, false],
    "wrong-amount": ["mismatch", false, true],
    "other-order": ["mismatch", false, true],
    "system-error": ["system-error", true, true],
    "unlisted-code": ["unlisted-code", true, false],
  },
  queries: {
    success: { kind: "paid" },
    never: { kind: "unpaid", paying: true },
    declined: { kind: "unpaid", paying: false },
    "query-error": { kind: "unknown", why: "system-error", signed: true },
    "number-of-others": { kind: "foreign", state: "paid" },
  },
  confirmed: {
    paid: { kind: "closed", paidOnce: true },
    unpaid: { kind: "closed", paidOnce: false },
  },
  tooLate: "reverse-expired",
  undoLost: "reverse-lost",
  probes: {
    "the key is another one": [{ secrets: { apiKey: "0".repeat(32) } }, "api-key"],
    "the merchant is unknown": [{ entry: { merchantId: "1900000999" } }, "api-key"],
    "the app is unknown": [{ entry: { appId: "wx0000000000000000" } }, "account"],
  },
  certified: {},
});
