/** Signed pairs of request and reply about one made-up order of 12.80 CNY, and the keys to sign more of them. */
import { readFileSync } from "node:fs";
import { invariant } from "../../../src/core/kernel/defect.ts";
import { privateKeyOf } from "../../../src/providers/alipay/keys.ts";
import { gatewayPrivateKey } from "../../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { signatureOf } from "../../../src/providers/alipay/signature.ts";

/** A pair as the fixtures have it. */
export interface FixturePair {
  readonly id: string;
  readonly title: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly stringToSign: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly bodyBase64?: string;
  };
  readonly expect: { readonly signature: string; readonly outcome: string };
}

interface Keys {
  readonly seeds: Readonly<Record<string, string>>;
  readonly alipay: {
    readonly appId: string;
    readonly appPublicKey: string;
    readonly alipayPublicKey: string;
    readonly certificates: Readonly<Record<"app" | "alipay" | "root", string>>;
    readonly appCertSn: string;
    readonly alipayCertSn: string;
    readonly alipayRootCertSn: string;
  };
}

const folder = new URL("fixtures/", import.meta.url);

export const fixturePairs: readonly FixturePair[] = JSON.parse(
  readFileSync(new URL("pairs.json", folder), "utf8"),
).cases;

export const fixtureKeys: Keys = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8"));

/** A pair like those of the fixtures: `signed` is the text of the reply's object, to the byte. */
export function signedPair(
  method: string,
  content: object,
  signed: string,
  root = `${method.replaceAll(".", "_")}_response`,
) {
  invariant(alipaysKey !== null, "the sandbox has a key");
  const signature = signatureOf(signed, alipaysKey);
  return {
    request: {
      method: "POST",
      url: `https://openapi.alipay.com/gateway.do?app_id=${fixtureKeys.alipay.appId}&method=${method}`,
      headers: {},
      body: `biz_content=${encodeURIComponent(JSON.stringify(content))}`,
    },
    response: { status: 200, headers: {}, body: `{"${root}":${signed},"sign":"${signature}"}` },
  };
}

const alipaysKey = privateKeyOf(gatewayPrivateKey);
