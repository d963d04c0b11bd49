/** Reads a request as the gateway does: app, signature, parameters, time, and only then what it wants. */
import type { KeyObject } from "node:crypto";
import { verify } from "node:crypto";
import * as z from "zod";
import { beijingTextMoment } from "../../beijing-time.ts";
import { type Method, methods } from "../requests.ts";
import { stringToSign } from "../signature.ts";

/** An app that the sandbox serves, by the key that it has uploaded. */
export interface SandboxApp {
  readonly appId: string;
  readonly publicKey: KeyObject;
  /** What requests have to name in certificate mode; null in key mode. */
  readonly certificates: { readonly appSerial: string; readonly rootSerial: string } | null;
}

const number = z.string().regex(/^[A-Za-z0-9_]{1,64}$/);
const yuan = z.string().regex(/^(?:0|[1-9]\d{0,7})\.\d{2}$/);
const id = z.string().regex(/^2088\d{12}$/);

const contents = {
  [methods.charge]: z.strictObject({
    out_trade_no: number,
    scene: z.literal("bar_code"),
    auth_code: z.string().regex(/^(?:2[5-9]|30)\d{14,22}$/),
    product_code: z.literal("FACE_TO_FACE_PAYMENT"),
    subject: z
      .string()
      .max(256)
      .regex(/^[^/=&]+$/),
    total_amount: yuan,
    timeout_express: z.string().regex(/^(?:[1-9]|[1-9]\d)m$/),
    seller_id: id.optional(),
    store_id: z.string().max(32).optional(),
    terminal_id: z.string().max(32).optional(),
    body: z.string().max(128).optional(),
    extend_params: z.strictObject({ sys_service_provider_id: id }).optional(),
  }),
  [methods.query]: z.strictObject({ out_trade_no: number }),
  [methods.cancel]: z.strictObject({ out_trade_no: number }),
  [methods.refund]: z.strictObject({ out_trade_no: number, refund_amount: yuan, out_request_no: number }),
  [methods.refundQuery]: z.strictObject({ out_trade_no: number, out_request_no: number }),
} as const;

/** What a request wants, by its method. */
export type Wish = {
  [M in keyof typeof contents]: { readonly method: M; readonly content: z.output<(typeof contents)[M]> };
}[keyof typeof contents];

/** A request as it was read; `door`: refused before anybody looked at the order, `signed` where the app was proved. */
export type ReadRequest =
  | { readonly kind: "wish"; readonly wish: Wish; readonly token: string | null }
  | {
      readonly kind: "door";
      readonly method: string;
      readonly signed: boolean;
      readonly code: string;
      readonly subCode: string;
    };

/** What may stand in the address; anything else may be intercepted. */
const parameters: ReadonlySet<string> = new Set(
  "app_id method format charset sign_type timestamp version app_cert_sn alipay_root_cert_sn app_auth_token sign".split(
    " ",
  ),
);

/** How far the time of a request may be off, in milliseconds; no page of the gateway says it, its twin's do. */
const TIME_OFF_MAX_MS = 600_000;

/** Reads a request; `now` is the gateway's clock, in milliseconds since 1970. */
export function readRequest(
  { query, body }: { readonly query: string; readonly body: string },
  apps: readonly SandboxApp[],
  now: number,
): ReadRequest {
  const address = new URLSearchParams(query);
  const given = (name: string): string => address.get(name) ?? "";
  const method = given("method");
  const door = (code: string, subCode: string, signed: boolean): ReadRequest => {
    return { kind: "door", method, signed, code, subCode };
  };
  const app = apps.find(({ appId }) => appId === given("app_id"));
  // The app is looked up before the signature is looked at.
  if (app === undefined) return door("40002", "isv.invalid-app-id", false);
  const form = new URLSearchParams(body);
  const bizContent = form.get("biz_content") ?? "";
  const signedText = stringToSign(new Map([...address, ["biz_content", bizContent]]));
  if (given("sign") === "") return door("40001", "isv.missing-signature", false);
  const sign = Buffer.from(given("sign"), "base64");
  if (!verify("sha256", Buffer.from(signedText, "utf8"), app.publicKey, sign))
    return door("40002", "isv.invalid-signature", false);
  const strange = [...address.keys()].some((name) => !parameters.has(name)) || [...form.keys()].length !== 1;
  const usual =
    given("format") === "JSON" &&
    given("charset") === "utf-8" &&
    given("sign_type") === "RSA2" &&
    given("version") === "1.0";
  if (strange || !usual) return door("40002", "isv.invalid-parameter", true);
  const certified =
    given("app_cert_sn") === (app.certificates?.appSerial ?? "") &&
    given("alipay_root_cert_sn") === (app.certificates?.rootSerial ?? "");
  if (!certified) return door("40002", "isv.app-cert-invalid", true);
  const moment = beijingTextMoment(given("timestamp"));
  if (moment === null || Math.abs(moment - now) > TIME_OFF_MAX_MS)
    return door("40002", "isv.invalid-timestamp", true);
  const wish = wishOf(method, bizContent);
  if (wish === null) return door("40002", "isv.invalid-parameter", true);
  return { kind: "wish", wish, token: address.get("app_auth_token") };
}

function wishOf(method: string, bizContent: string): Wish | null {
  const schema = Object.hasOwn(contents, method) ? contents[method as keyof typeof contents] : null;
  if (schema === null) return null;
  let content: unknown;
  try {
    content = JSON.parse(bizContent);
  } catch {
    return null;
  }
  const read = schema.safeParse(content);
  return read.success ? ({ method, content: read.data } as Wish) : null;
}

/** The name of the object in a reply to a method. */
export function rootOf(method: string): string {
  return `${method.replaceAll(".", "_")}_response`;
}

/** Whether a text is one of the calls that are answered. */
export function isMethod(method: string): method is Method {
  return Object.hasOwn(contents, method);
}
