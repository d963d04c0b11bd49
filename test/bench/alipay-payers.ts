/** The same two calls by this project's provider and by Alipay's own library, as each is meant to be used. */
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:tls";
import { fenOf } from "../../src/core/kernel/fen.ts";
import { after, wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Intent } from "../../src/core/payment/order.ts";
import { PaymentCode } from "../../src/core/payment/payment-code.ts";
import { UndiciHttpsLink } from "../../src/links/https/undici-https.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import type { AccountKeys, AlipaySettings } from "../../src/providers/alipay/account.ts";
import { accountKeys } from "../../src/providers/alipay/keys.ts";
import { Alipay } from "../../src/providers/alipay/provider.ts";
import { chargeContent, methods, orderContent, signedRequest } from "../../src/providers/alipay/requests.ts";
import { APP_ID, appPrivateKey, gatewayPublicKey } from "../../src/providers/alipay/sandbox/sandbox-keys.ts";
import { payeeOf } from "../../src/providers/alipay/seller.ts";
import { pem } from "../e2e/certificates.ts";
import { CannotMeasure } from "./figure.ts";
import type { Payer } from "./payers.ts";

/** Whom to call. */
interface AlipaySetup {
  readonly origin: string;
  readonly sandboxCertFile: string;
}

/** Its last two digits ask nothing special of the sandbox. */
const AMOUNT_FEN = 1_200;

/** Makes each payer by its name. */
export const alipayPayers = {
  scanbox: ownPayer,
  // It believes every reply unless it is told to check signatures.
  "alipay-sdk": (setup: AlipaySetup) => sdkPayer(setup, false),
  "alipay-sdk+checks": (setup: AlipaySetup) => sdkPayer(setup, true),
  // What no library can be below: a TLS socket that signs the same bytes and reads nothing out of the answer.
  "bare-socket": barePayer,
} as const;

function settingsAt(origin: string): AlipaySettings & { readonly keys: AccountKeys } {
  const { keys } = accountKeys({ mode: "key", own: appPrivateKey, alipay: gatewayPublicKey });
  if (keys === null) throw new Error("the keys of the sandbox are keys");
  return {
    ...{
      seller: { appId: APP_ID, sellerId: null },
      keys,
      hosts: [origin],
      subject: "Example store-groceries",
    },
    ...{ storeId: null, terminalId: "bench", appAuthToken: null, sysServiceProviderId: null },
    ...{ timeoutMinutes: 2, connectTimeoutMs: 6_000, answerTimeoutMs: 10_000 },
  };
}

function intentOf(outTradeNo: string, { seller }: AlipaySettings): Intent {
  const amount = fenOf(AMOUNT_FEN);
  if (!amount.ok) throw new Error(amount.reason);
  return {
    ...{ outTradeNo, shortRef: outTradeNo.slice(-4), ref: null, caller: null, amountFen: amount.value },
    ...{ currency: "CNY", payee: payeeOf("alipay", seller), wallet: "alipay", mode: "cpm" },
    ...{ nonce: "6f1d0a9be3c84b57", pulses: null, codeHash: "", boot: "" },
    ...{ intentAt: wallTimeOf(0), clockTrusted: true },
  };
}

async function ownPayer({ origin, sandboxCertFile }: AlipaySetup): Promise<Payer> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const settings = settingsAt(origin);
  const clock = new SystemClock();
  const link = new UndiciHttpsLink({ connectTimeoutMs: 6_000, ca: pem(sandboxCertFile), certificate: null });
  const provider = new Alipay({ id: "alipay", settings, link, entropy: new SystemEntropy(), clock, log });
  const answered = async (
    wanted: string,
    ask: (done: (host: string, answer: { readonly kind: string }) => void) => void,
  ): Promise<void> => {
    const answer = await new Promise<{ readonly kind: string }>((resolve) => ask((_, said) => resolve(said)));
    if (answer.kind !== wanted) throw new Error(`the answer is ${JSON.stringify(answer)}`);
  };
  return {
    charge: (outTradeNo, authCode) => {
      const intent = intentOf(outTradeNo, settings);
      const [code, sendBefore] = [new PaymentCode(authCode, "alipay"), after(clock.now(), 10_000)];
      const wanted = { intent, code, sendBefore, mayLeave: () => true };
      return answered("paid", (done) => provider.charge(wanted, done));
    },
    query: (outTradeNo) => {
      const asked = {
        intent: intentOf(outTradeNo, settings),
        of: "payment",
        host: null,
        fresh: false,
      } as const;
      return answered("paid", (done) => provider.query(asked, done));
    },
    reverse: (outTradeNo) => {
      const wanted = { intent: intentOf(outTradeNo, settings), way: "cancel", host: null } as const;
      return answered("done", (done) => provider.undo(wanted, done));
    },
  };
}

/** What is used of Alipay's library, which scripts/bench installs into a folder of its own. */
interface Sdk {
  readonly AlipaySdk: new (config: {
    readonly appId: string;
    readonly privateKey: string;
    readonly alipayPublicKey: string;
    readonly keyType: "PKCS8";
    readonly gateway: string;
  }) => {
    exec(
      method: string,
      parameters: { readonly format: string; readonly bizContent: object },
      options: { readonly validateSign: boolean },
    ): Promise<Readonly<Record<string, unknown>>>;
  };
}

async function sdkPayer({ origin }: AlipaySetup, validateSign: boolean): Promise<Payer> {
  const { AlipaySdk } = librariesOf("alipay-sdk") as Sdk;
  const sdk = new AlipaySdk({
    ...{ appId: APP_ID, privateKey: appPrivateKey, alipayPublicKey: gatewayPublicKey, keyType: "PKCS8" },
    gateway: `${origin}/gateway.do`,
  });
  const call = async (method: string, bizContent: object): Promise<Readonly<Record<string, unknown>>> => {
    const said = await sdk.exec(method, { format: "JSON", bizContent }, { validateSign });
    if (said.code !== "10000") throw new Error(`the answer is ${JSON.stringify(said)}`);
    return said;
  };
  const settings = settingsAt(origin);
  return {
    charge: async (outTradeNo, authCode) => {
      const code = new PaymentCode(authCode, "alipay");
      const content = chargeContent(settings, intentOf(outTradeNo, settings), code);
      const given = Object.entries(content).filter(([, value]) => value !== null);
      await call(methods.charge, Object.fromEntries(given));
    },
    query: async (outTradeNo) => {
      const { tradeStatus } = await call(methods.query, orderContent(outTradeNo));
      if (tradeStatus !== "TRADE_SUCCESS") throw new Error(`the trade is ${String(tradeStatus)}`);
    },
    reverse: async (outTradeNo) => void (await call(methods.cancel, orderContent(outTradeNo))),
  };
}

/** A package of `.runtime/bench`. */
function librariesOf(name: string): unknown {
  const folder = new URL("../../.runtime/bench/", import.meta.url).pathname;
  try {
    return createRequire(folder)(name);
  } catch (error) {
    throw new CannotMeasure(`${name} is not in ${folder}, where scripts/bench installs it: ${String(error)}`);
  }
}

async function barePayer({ origin, sandboxCertFile }: AlipaySetup): Promise<Payer> {
  const { hostname, port, host } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), ca: pem(sandboxCertFile) });
  socket.setNoDelay(true).setEncoding("latin1");
  await once(socket, "secureConnect");
  let answered: (answer: string) => void = () => {};
  let answer = "";
  socket.on("data", (text: string) => {
    answer += text;
    const [head = "", length = ""] = /^.*?content-length: (\d+).*?\r\n\r\n/is.exec(answer) ?? [];
    if (length === "" || answer.length < head.length + Number(length)) return;
    answered(answer);
    answer = "";
  });
  const settings = settingsAt(origin);
  const post = async (
    method: (typeof methods)[keyof typeof methods],
    content: ReturnType<typeof orderContent>,
  ): Promise<void> => {
    const { path, body } = signedRequest(settings, settings.keys, method, content, Date.now());
    const said = new Promise<string>((resolve) => {
      answered = resolve;
    });
    const type = "content-type: application/x-www-form-urlencoded;charset=utf-8";
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    if (!(await said).includes('"code":"10000"')) throw new Error("the answer is no");
  };
  return {
    charge: (outTradeNo, authCode) => {
      const code = new PaymentCode(authCode, "alipay");
      return post(methods.charge, chargeContent(settings, intentOf(outTradeNo, settings), code));
    },
    query: (outTradeNo) => post(methods.query, orderContent(outTradeNo)),
    reverse: (outTradeNo) => post(methods.cancel, orderContent(outTradeNo)),
  };
}
