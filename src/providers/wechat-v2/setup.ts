import type { ProviderSetup } from "../setup.ts";

/** What is asked of a person who has an account at WeChat Pay. */
export const setupQuestions: ProviderSetup = {
  id: "wechat",
  about: "From the merchant platform of WeChat Pay, pay.weixin.qq.com.",
  nobody: {
    appId: "wx",
    merchantId: "1",
    apiKey: { file: "/" },
    certificate: { cert: { file: "/" }, key: { file: "/" } },
  },
  questions: [
    {
      form: "text",
      key: "appId",
      text: "appid",
      help: "The appid that the merchant is bound to, such as wx1234567890abcdef. In service-provider mode it is the service provider's.",
    },
    {
      form: "text",
      key: "merchantId",
      text: "Merchant id (mch_id)",
      help: "Digits. In service-provider mode it is the service provider's.",
    },
    {
      form: "text-or-none",
      key: "subMerchantId",
      text: "Sub-merchant id, for service providers",
      help: "Where you charge for a shop as its service provider: the shop's own merchant id (sub_mch_id). Type none where the merchant charges for itself.",
      carries: "subAppId",
    },
    {
      form: "text-or-none",
      key: "subAppId",
      text: "The sub-merchant's appid",
      help: "Only where the sub-merchant has an appid of its own (sub_appid); else none.",
      with: "subMerchantId",
    },
    {
      form: "choice",
      key: "signType",
      text: "Signatures",
      help: "HMAC-SHA256 unless you know that your merchant was told to use MD5.",
      choices: [
        { name: "HMAC-SHA256", about: "what WeChat Pay recommends" },
        { name: "MD5", about: "older" },
      ],
      proposal: "HMAC-SHA256",
    },
    {
      form: "secret",
      key: "apiKey",
      fileName: "api-key",
      text: "API key of v2 (not shown)",
      help: "32 characters, set at the merchant platform under Account Center, API Security; not the key of v3. It is written into a file of its own that only the service can read, never into the configuration.",
      refuse: (key) =>
        /^[!-~]{32}$/.test(key)
          ? []
          : [`An API key has 32 characters without blanks, this has ${key.length}.`],
    },
    {
      form: "source",
      key: "certificate.cert",
      fileName: "apiclient_cert.pem",
      text: "API certificate, path of apiclient_cert.pem",
      help: "Reversals need it. Download it at the merchant platform and copy both files beside the configuration. Where they are not there yet, the paths are remembered. credential:NAME means what systemd hands to the service under that name.",
    },
    {
      form: "source",
      key: "certificate.key",
      fileName: "apiclient_key.pem",
      fits: "certificate.cert",
      text: "Its private key, path of apiclient_key.pem",
      help: "The file that came with the certificate. It must belong to it, which is looked at now.",
    },
  ],
};
