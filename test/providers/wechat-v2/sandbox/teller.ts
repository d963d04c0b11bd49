import assert from "node:assert/strict";
import type { ApiKey } from "../../../../src/providers/wechat-v2/api-key.ts";
import type { SandboxReply } from "../../../../src/providers/wechat-v2/sandbox/call.ts";
import type { CustomerAct } from "../../../../src/providers/wechat-v2/sandbox/customer.ts";
import { fixtureMerchant } from "../../../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { Sandbox, type SandboxOptions } from "../../../../src/providers/wechat-v2/sandbox/sandbox.ts";
import { type CallKind, scenarioNamed } from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { isSignedBy, type SignType, signatureOf } from "../../../../src/providers/wechat-v2/signature.ts";
import { type Fields, parseXml, writeXml } from "../../../../src/providers/wechat-v2/xml.ts";
import { Random } from "../../../../src/simulator/outside/random.ts";

/** 2026-03-15 09:30:12 in Beijing, the moment of the fixtures. */
export const morning = Date.UTC(2026, 2, 15, 1, 30, 12);

/** Fields with other values; null takes one away. */
export type Changes = Readonly<Record<string, string | null>>;

/** The calls by what they are called in tests. */
export const paths = {
  charge: "/pay/micropay",
  query: "/pay/orderquery",
  reverse: "/secapi/pay/reverse",
  order: "/pay/unifiedorder",
  close: "/pay/closeorder",
  payer: "/tools/authcodetoopenid",
  refund: "/secapi/pay/refund",
  "refund-query": "/pay/refundquery",
} as const satisfies Record<CallKind, string>;

/** The fields of a charge that meets every rule. */
export function chargeFields(changes: Changes = {}): Map<string, string> {
  return changed(
    {
      appid: "wx1234567890abcdef",
      mch_id: "1900000109",
      device_info: "BOX-000123",
      nonce_str: "n0nceF1xture0001",
      body: "示例便利店-日用百货",
      attach: "till=1;seq=42",
      out_trade_no: "BX0123-20260315-000042",
      total_fee: "1280",
      fee_type: "CNY",
      spbill_create_ip: "203.0.113.7",
      auth_code: "134567890123456789",
    },
    changes,
  );
}

/** The fields of a query or a reversal that meets every rule. */
export function referenceFields(changes: Changes = {}): Map<string, string> {
  return changed(
    {
      appid: "wx1234567890abcdef",
      mch_id: "1900000109",
      out_trade_no: "BX0123-20260315-000042",
      nonce_str: "n0nceF1xture0004",
    },
    changes,
  );
}

/** The fields of a NATIVE order that meets every rule. */
export function bookingFields(changes: Changes = {}): Map<string, string> {
  const own = {
    auth_code: null,
    trade_type: "NATIVE",
    product_id: "000042",
    notify_url: "https://shop.example/wechat/paid",
  };
  return chargeFields({ ...own, ...changes });
}

/** The fields of a refund of 2.80 CNY that meets every rule. */
export function refundFields(changes: Changes = {}): Map<string, string> {
  const own = { out_refund_no: "RF0123-20260315-000007", total_fee: "1280", refund_fee: "280" };
  return referenceFields({ ...own, ...changes });
}

const defaults: Readonly<Record<CallKind, (changes: Changes) => Map<string, string>>> = {
  charge: chargeFields,
  query: referenceFields,
  reverse: referenceFields,
  order: bookingFields,
  close: referenceFields,
  payer: (changes) => referenceFields({ out_trade_no: null, auth_code: "134567890123456789", ...changes }),
  refund: refundFields,
  "refund-query": referenceFields,
};

/** The document with its signature, as bytes. */
export function signed(
  fields: ReadonlyMap<string, string>,
  signType: SignType = "MD5",
  key: ApiKey = fixtureMerchant.apiKey,
): Uint8Array {
  const whole = new Map(fields);
  if (signType !== "MD5") whole.set("sign_type", signType);
  whole.set("sign", signatureOf(whole, key, signType));
  return new TextEncoder().encode(writeXml(whole));
}

/** A sandbox with a clock that is moved by hand and a merchant who calls it. */
export class Teller {
  readonly sandbox: Sandbox;
  now = morning;

  constructor(options: Partial<SandboxOptions> & { readonly name?: string } = {}) {
    const { name, ...others } = options;
    this.sandbox = new Sandbox({ merchants: [fixtureMerchant], entropy: new Random(1), ...others });
    if (name !== undefined) this.play(name);
  }

  /** Sets the scenario of this name; there must be one. */
  play(name: string): void {
    const scenario = scenarioNamed(name);
    assert.ok(scenario !== null, `there is a scenario ${name}`);
    this.sandbox.scenario = scenario;
  }

  wait(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  post(path: string, body: Uint8Array, clientCertificate = true): SandboxReply {
    return this.sandbox.handle({ method: "POST", path, body, clientCertificate, host: null, now: this.now });
  }

  /** Makes a call that meets every rule but for its changes. */
  send(call: CallKind, changes: Changes = {}): SandboxReply {
    return this.post(paths[call], signed(defaults[call](changes)));
  }

  charge(changes: Changes = {}): SandboxReply {
    return this.send("charge", changes);
  }

  query(changes: Changes = {}): SandboxReply {
    return this.send("query", changes);
  }

  reverse(changes: Changes = {}): SandboxReply {
    return this.send("reverse", changes);
  }

  /** The customer does something with the newest order of this number; false where it is too late. */
  act(act: CustomerAct, outTradeNo = "BX0123-20260315-000042"): boolean {
    const order = this.sandbox.ledger.orders().find((one) => one.outTradeNo === outTradeNo);
    assert.ok(order !== undefined, `there is an order ${outTradeNo}`);
    return this.sandbox.ledger.act(order, act, this.now);
  }
}

/** The fields of a reply that must be there, whole, and signed as it was asked for. */
export function proved(reply: SandboxReply, signType: SignType = "MD5"): Fields {
  const fields = read(reply);
  assert.ok(isSignedBy(fields, fixtureMerchant.apiKey, signType), "the reply is signed");
  return fields;
}

/** The fields of a reply, signed or not. */
export function read(reply: SandboxReply): Fields {
  assert.ok(reply.kind === "reply" && reply.cut === null, "a whole reply came");
  const document = parseXml(reply.body);
  assert.ok(document.ok, "the reply is a document");
  return document.value;
}

/**
 * A reply in a few words, for the tables of stories: `SUCCESS`, `FAIL USERPAYING`, `NOTPAY`, `recall=Y`,
 * `silence`.
 */
export function words(reply: SandboxReply): string {
  if (reply.kind === "drop") return reply.how;
  if (reply.cut !== null) return "cut";
  const delay = reply.delayMs > 0 ? `after ${reply.delayMs} ` : "";
  const document = parseXml(reply.body);
  if (!document.ok) return `${delay}HTTP ${reply.status} ${document.reason}`;
  const fields = document.value;
  if (fields.get("return_code") !== "SUCCESS") return `${delay}refused ${fields.get("return_msg")}`;
  const good = isSignedBy(fields, fixtureMerchant.apiKey, "MD5");
  const seal = good ? "" : fields.has("sign") ? "forged " : "unsigned ";
  const parts = [
    fields.get("trade_state") ?? fields.get("result_code"),
    fields.get("err_code"),
    fields.has("recall") ? `recall=${fields.get("recall")}` : undefined,
  ];
  return delay + seal + parts.filter((part) => part !== undefined).join(" ");
}

function changed(fields: Readonly<Record<string, string>>, changes: Changes): Map<string, string> {
  const map = new Map(Object.entries(fields));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) map.delete(name);
    else map.set(name, value);
  }
  return map;
}
