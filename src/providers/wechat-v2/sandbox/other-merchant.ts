import { ApiKey } from "../api-key.ts";
import type { SandboxMerchant } from "./request.ts";

/** Whom boxes of worlds that change hands charge for now and then: fictional, like the one of all examples, with another key. */
export const otherMerchant: SandboxMerchant = {
  appId: "wx0other0other0001",
  merchantId: "1900000888",
  apiKey: new ApiKey("otherkeyotherkeyotherkeyotherk00"),
  subMerchants: [],
};
