import { blanksEnd, cutObject, stringValue } from "./members.ts";

/** A reply of the gateway, cut apart and believed in nothing yet. Texts are bytes, one character each (latin1). */
export interface SplitReply {
  /** Whether the gateway refused the call at its door (`error_response`). */
  readonly refused: boolean;
  /** What the signature is about, to the byte. */
  readonly signed: string;
  /** Base64; null where the reply bears none. */
  readonly sign: string | null;
  /** `alipay_cert_sn`, in certificate mode. */
  readonly certSerial: string | null;
}

/** Cuts a reply to `method` apart; null where its form is not to be trusted: a name twice, bytes behind its end, another call's answer. */
export function splitReply(body: Uint8Array, method: string): SplitReply | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const envelope = cutObject(text, blanksEnd(text, 0));
  if (envelope === null || blanksEnd(text, envelope.end) !== text.length) return null;
  const { members } = envelope;
  const own = members.get(`${method.replaceAll(".", "_")}_response`);
  const signed = own ?? members.get("error_response");
  const [sign, certSerial] = ["sign", "alipay_cert_sn"].map((name) => members.get(name));
  const [signText, serialText] = [sign, certSerial].map((value) =>
    value === undefined ? "" : stringValue(value),
  );
  if (signed === undefined || !signed.startsWith("{") || signText === null || serialText === null)
    return null;
  return {
    refused: own === undefined,
    signed,
    sign: signText || null,
    certSerial: serialText || null,
  };
}
