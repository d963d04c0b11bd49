import type { DoctorWords, KeyFinding } from "../kind.ts";
import { certificatesIn } from "./certificates.ts";
import { accountKeys, type KeyFault, privatePemOf } from "./keys.ts";

/** What the doctor says of an account at Alipay. */
export const doctorWords: DoctorWords = {
  needsClock: true,
  keys: [],
  pairs: [
    {
      cert: "certificates.app",
      key: "privateKey",
      pemOf: privatePemOf,
      again:
        "Fetch appCertPublicKey of this app anew from its console, and use the private key that it was made for.",
      renew: "Renew it in the console of the app and put the new certificates in place, all three of them.",
    },
  ],
  inspect,
  remedies: (where) => ({
    "api-key": `Compare ${where}.privateKey and Alipay's own key or certificates with the console of the app: RSA2, 2048 bits; not your own public key.`,
    account: `Compare appId and sellerId of ${where} with the console, and look whether code payment at the counter (当面付) is signed.`,
    request: `Check storeId, terminalId, subject and what else of ${where} requests carry; its words name the one.`,
  }),
};

/** An end that comes sooner, in milliseconds, is told. */
const WARN_MS = 30 * 86_400_000;

/** What the keys of an entry are, as far as they can be read; `now` is in milliseconds since 1970. */
function inspect(secret: (key: string) => string | null, now: number): readonly KeyFinding[] {
  const own = secret("privateKey");
  const [alipay, app] = [secret("alipayPublicKey"), secret("certificates.app")];
  const [ofAlipay, root] = [secret("certificates.alipay"), secret("certificates.root")];
  if (own === null) return [];
  if (alipay !== null) return judged(accountKeys({ mode: "key", own, alipay }).faults, "alipayPublicKey");
  if (app === null || ofAlipay === null || root === null) return [];
  const { faults } = accountKeys({ mode: "certificate", own, app, alipay: ofAlipay, root });
  return [...judged(faults, "certificates"), ...validity(ofAlipay, now)];
}

function judged(faults: readonly KeyFault[], theirs: string): readonly KeyFinding[] {
  if (faults.length === 0)
    return [{ level: "ok", key: "privateKey", found: `can be used, and so can ${theirs}`, remedy: "" }];
  return faults.map(({ key, is }) => ({ level: "fault", key, found: found[is], remedy: remedies[is] }));
}

const found: Readonly<Record<KeyFault["is"], string>> = {
  "no-key": "holds no RSA key",
  "too-short": "holds a key of fewer than 2048 bits",
  "no-certificate": "holds no certificate that can be used",
  own: "is the app's own, and Alipay's belongs here",
};

const remedies: Readonly<Record<KeyFault["is"], string>> = {
  "no-key": "It is PEM, or the base64 that Alipay's key tool and console show, and nothing else.",
  "too-short":
    "Make a pair of RSA2 (2048 bits) with Alipay's key tool and upload its public key in the console.",
  "no-certificate":
    "Download the three certificates anew in the console of the app, and use them as they are.",
  own: "The console shows Alipay's beside the app's own: take that one (支付宝公钥, or alipayCertPublicKey_RSA2.crt).",
};

/** Of Alipay's certificates the one that ends last counts. */
function validity(pem: string, now: number): readonly KeyFinding[] {
  const ends = certificatesIn(pem).map(({ validToDate }) => validToDate.getTime());
  const end = Math.max(...ends);
  if (ends.length === 0 || end >= now + WARN_MS) return [];
  const day = new Date(end).toISOString().slice(0, 10);
  const remedy = "Download Alipay's new certificate in the console of the app, and add it to this file.";
  const over = end < now;
  return [
    {
      level: over ? "fault" : "warning",
      key: "certificates.alipay",
      found: over ? `ended on ${day}` : `ends on ${day}`,
      remedy,
    },
  ];
}
