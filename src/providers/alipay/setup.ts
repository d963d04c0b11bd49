import type { ProviderSetup } from "../setup.ts";

/** What is asked of a person who has an account at Alipay. */
export const setupQuestions: ProviderSetup = {
  id: "alipay",
  about:
    "From the console of the app at Alipay, open.alipay.com. The product to sign is code payment at the counter (当面付).",
  nobody: { appId: "1", privateKey: { file: "/" }, alipayPublicKey: { file: "/" } },
  questions: [
    {
      form: "text",
      key: "appId",
      text: "App id (app_id)",
      help: "16 digits, at the top of the app's page.",
    },
    {
      form: "text-or-none",
      key: "sellerId",
      text: "Account that is paid (seller_id)",
      help: "16 digits that begin with 2088. Type none where it is the account that the app is bound to.",
    },
    {
      form: "source",
      key: "privateKey",
      fileName: "alipay-app-key.pem",
      text: "The app's private key for RSA2, path of its file",
      help: "PEM, or the base64 that Alipay's key tool writes; 2048 bits or more. Only the service may read it. credential:NAME means what systemd hands to the service under that name.",
    },
    {
      form: "source",
      key: "alipayPublicKey",
      fileName: "alipay-public-key.pem",
      text: "Alipay's public key, path of its file",
      help: "The console shows it once your own public key has been uploaded there (接口加签方式). It is not your own public key. Where the app is in certificate mode, put certificates into the file by hand.",
    },
  ],
};
