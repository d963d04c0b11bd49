import {
  appPrivateKey,
  appPublicKey,
  gatewayPrivateKey,
  gatewayPublicKey,
} from "../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { providerContract } from "./provider-suite.ts";

providerContract({
  plays: "Alipay",
  secrets: { privateKey: appPrivateKey, alipayPublicKey: gatewayPublicKey },
  codeBegins: "28",
  way: "cancel",
  charges: {
    success: { kind: "paid" },
    never: { kind: "pending" },
    declined: { kind: "declined", reason: "funds" },
    "expired-code": { kind: "declined", reason: "code-expired" },
    repeated: { kind: "number-conflict" },
  },
  doubts: {
    "reply-lost": ["silence", false, true],
    "reply-reset": ["silence", false, true],
    "reply-cut": ["silence", false, true],
    "request-lost": ["silence", false, false],
    "reply-html": ["malformed", false, true],
    "reply-twice": ["malformed", false, true],
    "http-502": ["http-status", false, true],
    "reply-unsigned": ["unsigned-refusal", false, true],
    "unsigned-refusal": ["unsigned-refusal", false, false],
    forged: ["bad-signature", false, false],
    "other-order": ["mismatch", false, true],
    "system-error": ["system-error", true, true],
    "unknown-error": ["system-error", true, true],
    "unlisted-code": ["unlisted-code", true, false],
  },
  queries: {
    success: { kind: "paid" },
    never: { kind: "unpaid", paying: null },
    "rolled-back": { kind: "unpaid", paying: null },
    declined: { kind: "absent" },
    "query-error": { kind: "unknown", why: "system-error", signed: true },
    "wrong-amount": { kind: "unknown", why: "mismatch", signed: false },
    "member-twice": { kind: "unknown", why: "malformed", signed: true },
    "sign-first": { kind: "paid" },
    escaped: { kind: "paid" },
    blanks: { kind: "paid" },
    trap: { kind: "paid" },
  },
  confirmed: {
    paid: { kind: "closed", paidOnce: true },
    unpaid: { kind: "closed", paidOnce: false },
  },
  tooLate: "cancel-late",
  undoLost: "cancel-lost",
  probes: {
    "Alipay's key is another one": [{ secrets: { alipayPublicKey: appPublicKey } }, "api-key"],
    "the app is unknown": [{ entry: { appId: "2021000000000000" } }, "api-key"],
    "the app signs with another key": [{ secrets: { privateKey: gatewayPrivateKey } }, "api-key"],
    "the app's key is none": [{ secrets: { privateKey: "" } }, "api-key"],
    "the clock is a day ahead": [{ clock: { aheadMs: 86_400_000, trusted: true } }, "clock"],
  },
  certified: {
    entry: {
      alipayPublicKey: null,
      certificates: {
        app: { credential: "app" },
        alipay: { credential: "alipay" },
        root: { credential: "root" },
      },
    },
  },
});
