import { join } from "node:path";
import { type Draft, textAt, withoutValue } from "./draft.ts";
import { anyText, oneOf, source, textOrNone } from "./form.ts";
import { questionStep } from "./question.ts";
import { secretStep } from "./secret-step.ts";
import type { Section, SetupContext } from "./step.ts";

const name = "Whom customers pay";

/** Whether the merchant charges for another one. */
const isProvider = (draft: Draft): boolean => textAt(draft, "merchant.subMerchantId") !== null;

/** The merchant and what proves it. */
export const merchantSection: Section = {
  name,
  about: "From the merchant platform of WeChat Pay, pay.weixin.qq.com.",
  steps: [
    questionStep({
      section: name,
      key: "merchant.appId",
      text: "appid",
      help: "The appid that the merchant is bound to, such as wx1234567890abcdef. In service-provider mode it is the service provider's.",
      form: anyText,
    }),
    questionStep({
      section: name,
      key: "merchant.merchantId",
      text: "Merchant id (mch_id)",
      help: "Digits. In service-provider mode it is the service provider's.",
      form: anyText,
    }),
    questionStep({
      section: name,
      key: "merchant.subMerchantId",
      text: "Sub-merchant id, for service providers",
      help: "Where you charge for a shop as its service provider: the shop's own merchant id (sub_mch_id). Type none where the merchant charges for itself.",
      form: textOrNone,
      proposal: "none",
      also: (draft) => (isProvider(draft) ? draft : withoutValue(draft, "merchant.subAppId")),
    }),
    questionStep({
      section: name,
      key: "merchant.subAppId",
      text: "The sub-merchant's appid",
      help: "Only where the sub-merchant has an appid of its own (sub_appid); else none.",
      form: textOrNone,
      proposal: "none",
      when: isProvider,
    }),
    questionStep({
      section: name,
      key: "merchant.signType",
      text: "Signatures",
      help: "HMAC-SHA256 unless you know that your merchant was told to use MD5.",
      form: oneOf([
        { name: "HMAC-SHA256", about: "what WeChat Pay recommends" },
        { name: "MD5", about: "older" },
      ]),
      proposal: "HMAC-SHA256",
    }),
    secretStep({
      section: name,
      key: "merchant.apiKey",
      fileName: "api-key",
      text: "API key of v2 (not shown)",
      help: "32 characters, set at the merchant platform under Account Center, API Security; not the key of v3. It is written into a file of its own that only the service can read, never into the configuration.",
      refuse: (key) =>
        /^[!-~]{32}$/.test(key)
          ? []
          : [`An API key has 32 characters without blanks, this has ${key.length}.`],
    }),
    questionStep({
      section: name,
      key: "merchant.certificate.cert",
      text: "API certificate, path of apiclient_cert.pem",
      help: "Reversals need it. Download it at the merchant platform and copy both files beside the configuration. Where they are not there yet, the paths are remembered. credential:NAME means what systemd hands to the service under that name.",
      form: source,
      proposal: (_, { folder }) => join(folder, "apiclient_cert.pem"),
    }),
    questionStep({
      section: name,
      key: "merchant.certificate.key",
      text: "Its private key, path of apiclient_key.pem",
      help: "The file that came with the certificate. It must belong to it, which is looked at now.",
      form: source,
      proposal: (_, { folder }) => join(folder, "apiclient_key.pem"),
      remark: pairRemark,
    }),
  ],
};

function pairRemark(draft: Draft, { machine }: SetupContext): string | null {
  const [cert, key] = ["cert", "key"].map((which) => textAt(draft, `merchant.certificate.${which}.file`));
  if (!cert || !key) return null;
  const judged = machine.pair(cert, key);
  switch (judged.kind) {
    case "fits":
      return null;
    case "unread":
      return `${judged.path} is not there, or cannot be read. Put it there before the box starts.`;
    case "certificate-missing":
      return "One of the two files holds no certificate, or no key, in PEM. Go back with < or mend it later.";
    case "certificate-mismatch":
      return "The key does not belong to the certificate. Go back with < or mend it later: reversals would fail.";
    case "certificate-expired":
      return "The certificate is not valid today. Is the clock right? Else renew it at the merchant platform.";
  }
}
