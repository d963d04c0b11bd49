/** The same three calls by this project's gateway and by the libraries it is measured against, as each is meant to be used. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { connect } from "node:tls";
import { fenOf } from "../../src/core/kernel/fen.ts";
import { after, wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { Intent } from "../../src/core/payment/order.ts";
import { PaymentCode } from "../../src/core/payment/payment-code.ts";
import { UndiciHttpsLink } from "../../src/links/https/undici-https.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import { plainTerms } from "../../src/providers/wechat-v2/account.ts";
import { payeeOf } from "../../src/providers/wechat-v2/merchant.ts";
import { WechatV2 } from "../../src/providers/wechat-v2/provider.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { signatureOf } from "../../src/providers/wechat-v2/signature.ts";
import { writeXml } from "../../src/providers/wechat-v2/xml.ts";
import { pem } from "../e2e/certificates.ts";

/** Whom to call, and with what. */
export interface PayerSetup {
  readonly origin: string;
  readonly sandboxCertFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** The same pair as PKCS #12, sealed with the merchant's id. */
  readonly p12File: string;
}

/** One library with one merchant; each call rejects where the sandbox's answer is not the one that was expected. */
export interface Payer {
  charge(outTradeNo: string, authCode: string): Promise<void>;
  query(outTradeNo: string): Promise<void>;
  reverse(outTradeNo: string): Promise<void>;
}

/** Its last two digits ask nothing special of the sandbox. */
const AMOUNT_FEN = 1_200;
const ATTACH = "6f1d0a9be3c84b57";
const BODY = "Example store-groceries";
const CLIENT_IP = "127.0.0.1";
const DEVICE = "bench";

/** What every charge says beside its numbers. */
const charge = {
  device_info: DEVICE,
  body: BODY,
  nonce: ATTACH,
  total_fee: String(AMOUNT_FEN),
  fee_type: "CNY",
  spbill_create_ip: CLIENT_IP,
};

const { appId, merchantId, apiKey } = fixtureMerchant;
const ids = { appid: appId, mch_id: merchantId };

/** Makes each payer by its name. */
export const payers = {
  scanbox: ownPayer,
  tenpay: tenpayPayer,
  "wechatpay-axios-plugin": (setup: PayerSetup) => axiosPayer(setup, null),
  // It makes an agent for each call that needs a certificate; whoever knows that brings one that lasts.
  "wechatpay-axios-plugin+agent": (setup: PayerSetup) =>
    axiosPayer(
      setup,
      new Agent({
        keepAlive: true,
        ca: pem(setup.sandboxCertFile),
        cert: pem(setup.certFile),
        key: pem(setup.keyFile),
      }),
    ),
  // What no library can be below: a TLS socket that writes the same bytes and reads nothing out of the answer.
  "bare-socket": barePayer,
} as const;

async function ownPayer(setup: PayerSetup): Promise<Payer> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const merchant = { appId, merchantId, subAppId: null, subMerchantId: null };
  const link = new UndiciHttpsLink({
    connectTimeoutMs: 6_000,
    ca: pem(setup.sandboxCertFile),
    certificate: { cert: pem(setup.certFile), key: pem(setup.keyFile) },
  });
  const clock = new SystemClock();
  const settings = {
    ...({ merchant, apiKey, signType: "MD5", hosts: [setup.origin], boxId: DEVICE, body: BODY } as const),
    ...{
      clientIp: CLIENT_IP,
      sceneInfo: null,
      terms: plainTerms,
      notifyUrl: null,
      connectTimeoutMs: 6_000,
      answerTimeoutMs: 10_000,
    },
  };
  const gateway = new WechatV2({ id: "wechat", settings, link, entropy: new SystemEntropy(), clock, log });
  const amount = fenOf(AMOUNT_FEN);
  if (!amount.ok) throw new Error(amount.reason);
  const intent = (outTradeNo: string): Intent => ({
    ...{
      outTradeNo,
      shortRef: outTradeNo.slice(-4),
      ref: null,
      caller: null,
      amountFen: amount.value,
      currency: "CNY",
    },
    ...{
      payee: payeeOf("wechat", merchant),
      wallet: "wechat",
      mode: "cpm",
      nonce: ATTACH,
      pulses: null,
      codeHash: "",
      boot: "",
      intentAt: wallTimeOf(0),
      clockTrusted: true,
    },
  });
  const answered = async (
    wanted: string,
    ask: (done: (host: string, answer: { readonly kind: string }) => void) => void,
  ): Promise<void> => {
    const answer = await new Promise<{ readonly kind: string }>((resolve) => ask((_, said) => resolve(said)));
    if (answer.kind !== wanted) throw new Error(`the answer is ${JSON.stringify(answer)}`);
  };
  return {
    charge: (outTradeNo, authCode) =>
      answered("paid", (done) => {
        const code = new PaymentCode(authCode, "wechat");
        gateway.charge(intent(outTradeNo), code, after(clock.now(), 10_000), done);
      }),
    query: (outTradeNo) => answered("paid", (done) => gateway.query(intent(outTradeNo), null, done)),
    reverse: (outTradeNo) => answered("done", (done) => gateway.undo(intent(outTradeNo), null, false, done)),
  };
}

async function tenpayPayer({ origin, p12File }: PayerSetup): Promise<Payer> {
  const { default: Tenpay } = await import("tenpay");
  const client = new Tenpay({
    appid: appId,
    mchid: merchantId,
    partnerKey: apiKey.reveal(),
    pfx: readFileSync(p12File),
    spbill_create_ip: CLIENT_IP,
  });
  client.urls.micropay = `${origin}/pay/micropay`;
  client.urls.orderquery = `${origin}/pay/orderquery`;
  client.urls.reverse = `${origin}/secapi/pay/reverse`;
  return {
    charge: async (outTradeNo, authCode) => {
      const said = await client.micropay({ ...charge, out_trade_no: outTradeNo, auth_code: authCode });
      expect(said.out_trade_no, outTradeNo);
    },
    query: async (outTradeNo) => {
      expect((await client.orderQuery({ out_trade_no: outTradeNo })).trade_state, "SUCCESS");
    },
    reverse: async (outTradeNo) => {
      expect((await client.reverse({ out_trade_no: outTradeNo })).recall, "N");
    },
  };
}

async function axiosPayer(setup: PayerSetup, agent: Agent | null): Promise<Payer> {
  const { Wechatpay } = await import("wechatpay-axios-plugin");
  const client = new Wechatpay({
    mchid: merchantId,
    serial: "none",
    // Only its other API signs with these.
    privateKey: pem(setup.keyFile),
    certs: { other: pem(setup.sandboxCertFile) },
    secret: apiKey.reveal(),
    merchant: { cert: pem(setup.certFile), key: pem(setup.keyFile) },
    baseURL: `${setup.origin}/`,
    ...(agent === null ? {} : { httpsAgent: agent }),
  });
  const post = async (path: string, fields: object, more: object = {}): Promise<Record<string, string>> => {
    const { data } = await client.client.v2.post(path, { ...ids, ...fields }, { maxRedirects: 0, ...more });
    return data;
  };
  const certified = agent === null ? { security: true } : {};
  return {
    charge: async (outTradeNo, authCode) => {
      const said = await post("pay/micropay", { ...charge, out_trade_no: outTradeNo, auth_code: authCode });
      expect(said.out_trade_no, outTradeNo);
    },
    query: async (outTradeNo) => {
      expect((await post("pay/orderquery", { out_trade_no: outTradeNo })).trade_state, "SUCCESS");
    },
    reverse: async (outTradeNo) => {
      const said = await post("secapi/pay/reverse", { out_trade_no: outTradeNo }, certified);
      expect(said.recall, "N");
    },
  };
}

async function barePayer(setup: PayerSetup): Promise<Payer> {
  const { hostname, port, host } = new URL(setup.origin);
  const socket = connect({
    host: hostname,
    port: Number(port),
    ca: pem(setup.sandboxCertFile),
    cert: pem(setup.certFile),
    key: pem(setup.keyFile),
  });
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
  const post = async (path: string, body: string): Promise<void> => {
    const said = new Promise<string>((resolve) => {
      answered = resolve;
    });
    const length = Buffer.byteLength(body);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: text/xml\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );
    if (!(await said).includes("<result_code><![CDATA[SUCCESS]]>")) throw new Error("the answer is no");
  };
  const signed = (fields: Readonly<Record<string, string>>): string => {
    const all = new Map(Object.entries({ ...ids, nonce_str: "5K8264ILTKCH16CQ", ...fields }));
    return writeXml(all.set("sign", signatureOf(all, apiKey, "MD5")));
  };
  // Written once for each order, so that its calls cost the socket alone.
  const orders = new Map<string, string>();
  const about = (outTradeNo: string): string => {
    const body = orders.get(outTradeNo) ?? signed({ out_trade_no: outTradeNo });
    orders.set(outTradeNo, body);
    return body;
  };
  return {
    charge: (outTradeNo, authCode) =>
      post("/pay/micropay", signed({ ...charge, out_trade_no: outTradeNo, auth_code: authCode })),
    query: (outTradeNo) => post("/pay/orderquery", about(outTradeNo)),
    reverse: (outTradeNo) => post("/secapi/pay/reverse", about(outTradeNo)),
  };
}

function expect(value: unknown, wanted: string): void {
  if (value !== wanted) throw new Error(`the answer has ${String(value)} where ${wanted} was expected`);
}
