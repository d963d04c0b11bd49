/** What the configuration says of an account at Alipay: every key, its meaning, its limits and its default. */
import * as z from "zod";
import { entryKeys, host, hostProblems, object, source, text } from "../../settings/fields.ts";
import type { Frozen } from "../../settings/frozen.ts";
import type { EntryTerms } from "../entry-terms.ts";
import { keyOf } from "./seller.ts";

/** Alipay closes an order that nobody paid; before that the box has given up and asked once more, in milliseconds. */
const CLOSES_AFTER_GIVE_UP_MS = 15_000;

const SUBJECT_MAX = 256;

/** Signs that Alipay takes in no `subject`. */
const subjectSigns = /^[^/=&]*$/;

function id(pattern: RegExp, error: string) {
  return z.string().regex(pattern, { error });
}

const certificates = object({
  app: source.describe("The certificate of the app (appCertPublicKey_….crt), PEM."),
  alipay: source.describe(
    "Alipay's own (alipayCertPublicKey_RSA2.crt), PEM; one of before may stand in it too.",
  ),
  root: source.describe("Alipay's root certificates (alipayRootCert.crt), PEM, the file as it is."),
}).describe("Certificate mode: what the console of the app gives out.");

/** What names an account and proves it. */
const accountKeys = {
  appId: id(/^\d{1,32}$/, "must be 1 to 32 digits, as text.").describe("The app's id (app_id)."),
  sellerId: id(/^2088\d{12}$/, "must be 16 digits that begin with 2088.")
    .nullable()
    .default(null)
    .describe("The account that is paid (seller_id); null is the one that the app is bound to."),
  privateKey: source.describe("The app's private key for RSA2, PEM or base64, 2048 bits or more."),
  alipayPublicKey: source
    .nullable()
    .default(null)
    .describe("Key mode: Alipay's public key (not the app's own), PEM or base64."),
  certificates: certificates
    .nullable()
    .default(null)
    .describe("Certificate mode: what the console of the app gives out."),
  appAuthToken: source
    .nullable()
    .default(null)
    .describe("Service providers: the shop's permission (app_auth_token)."),
  sysServiceProviderId: id(/^2088\d{12}$/, "must be 16 digits that begin with 2088.")
    .nullable()
    .default(null)
    .describe("Service providers: their own account (sys_service_provider_id)."),
};

/** How requests for an account are made. */
const callKeys = {
  hosts: z
    .array(host("https://openapi.alipay.com"))
    .min(1)
    .max(4)
    .default(["https://openapi.alipay.com"])
    .describe("Origins of the gateway, the first is preferred. http is for loopback only."),
  ca: source
    .nullable()
    .default(null)
    .describe("Authorities to trust instead of the built-in ones, PEM; null for those."),
  subject: text(SUBJECT_MAX)
    .refine((value) => subjectSigns.test(value), { error: "must not hold /, = or &." })
    .nullable()
    .default(null)
    .describe("What the customer's bill says (subject); null means the store's name."),
  storeId: id(/^[\x21-\x7e]{1,32}$/, "must be 1 to 32 Latin characters without blanks.")
    .nullable()
    .default(null)
    .describe("The merchant's own number of the store (store_id)."),
  terminalId: id(/^[\x21-\x7e]{1,32}$/, "must be 1 to 32 Latin characters without blanks.")
    .nullable()
    .default(null)
    .describe("The merchant's own number of the till (terminal_id); null means box.id."),
  timeoutExpress: id(/^(?:[1-9]|[1-5]\d|60)m$/, "must be 1m to 60m.")
    .default("2m")
    .describe("When Alipay closes an order that nobody paid (timeout_express), in minutes."),
};

/** One account in the list of a configuration. */
const settings = object({
  ...entryKeys("alipay", ["alipay"]),
  ...accountKeys,
  ...callKeys,
}).describe("An account at Alipay, code payment at the counter.");

/** An account as the configuration has it. */
export type AlipayConfig = Frozen<z.output<typeof settings>>;

/** Minutes of `timeoutExpress`. */
export function timeoutMinutes({ timeoutExpress }: Pick<AlipayConfig, "timeoutExpress">): number {
  return Number.parseInt(timeoutExpress, 10);
}

/** What the keys of an account demand of each other; `key` is where it stands in the file. */
function problems(
  config: AlipayConfig,
  key: string,
  { store, giveUpAfterMs }: EntryTerms,
): readonly string[] {
  const { alipayPublicKey, appAuthToken, sellerId, hosts, subject } = config;
  const found = [...hostProblems(hosts, `${key}.hosts`)];
  if ((alipayPublicKey === null) === (config.certificates === null))
    found.push(`${key}.alipayPublicKey: must be given, or certificates instead; not both.`);
  // A token says nothing of whose it is: without the shop's account, orders of two shops could not be told apart (money rule 15).
  if (appAuthToken !== null && sellerId === null)
    found.push(`${key}.sellerId: must be given where appAuthToken is (service providers).`);
  if (subject === null && !(subjectSigns.test(store) && store.length <= SUBJECT_MAX))
    found.push(`${key}.subject: must be given, because box.store holds what Alipay does not take.`);
  const closesAfterMs = timeoutMinutes(config) * 60_000;
  if (closesAfterMs < giveUpAfterMs + CLOSES_AFTER_GIVE_UP_MS)
    found.push(`${key}.timeoutExpress: must be 15 s or more beyond timing.giveUpAfterMs.`);
  return found;
}

/** How entries of this kind are read, what names their account, and what their keys demand of each other. */
export const alipayEntries = { settings, keyOf: (config: AlipayConfig) => keyOf(config), problems };
