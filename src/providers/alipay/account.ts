import type { KeyObject } from "node:crypto";
import type { AlipayKeys } from "./signature.ts";

/** What the provider knows of one account and of the box it charges from; it never changes while the box runs. */
export interface AlipaySettings {
  readonly seller: Seller;
  /** Null where they cannot be used: then nothing can be signed or believed. */
  readonly keys: AccountKeys | null;
  /** Origins such as `https://openapi.alipay.com`, the first choice first; at least one. */
  readonly hosts: readonly string[];
  /** What the customer's bill says, at most 256 characters without `/`, `=` and `&`. */
  readonly subject: string;
  readonly storeId: string | null;
  /** At most 32 characters. */
  readonly terminalId: string;
  /** The shop's permission for its service provider (`app_auth_token`); a secret. */
  readonly appAuthToken: string | null;
  readonly sysServiceProviderId: string | null;
  /** After so many minutes Alipay closes an order that nobody paid (`timeout_express`). */
  readonly timeoutMinutes: number;
  /** How long one host may take until the request's headers leave. */
  readonly connectTimeoutMs: number;
  /** How long the whole reply may take after the headers left. */
  readonly answerTimeoutMs: number;
}

/** Alipay's ids of who is charged for. */
export interface Seller {
  readonly appId: string;
  /** The receiving account, 2088…; null is the one that the app is bound to. */
  readonly sellerId: string | null;
}

/** Ours, to sign with, and Alipay's, to believe by. */
export interface AccountKeys {
  readonly own: KeyObject;
  readonly alipay: AlipayKeys;
  /** What requests name in certificate mode; null in key mode. */
  readonly certificates: { readonly appSerial: string; readonly rootSerial: string } | null;
}
