import type { DoctorWords } from "../kind.ts";

/** What the doctor says of an account at WeChat Pay. */
export const doctorWords: DoctorWords = {
  needsClock: false,
  keys: [
    {
      key: "apiKey",
      length: 32,
      remedy: "Is it the API key of v2, not that of v3? The merchant platform, Account Center, API Security.",
    },
  ],
  pairs: [
    {
      cert: "certificate.cert",
      key: "certificate.key",
      again: "Fetch apiclient_cert.pem and apiclient_key.pem anew from the merchant platform, both of them.",
      renew: "Renew it at the merchant platform and put both files in place.",
    },
  ],
  remedies: (where) => ({
    "api-key": `Compare ${where}.apiKey (v2), merchantId and signType with the merchant platform.`,
    account: `Compare appId, merchantId and, for a service provider, subMerchantId of ${where} with the merchant platform.`,
    request: `Check subMerchantId, clientIp and what else of ${where} requests carry; its words name the one.`,
  }),
};
