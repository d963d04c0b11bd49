import { ApiKey } from "../api-key.ts";
import type { SandboxMerchant } from "./request.ts";

/** The merchant of all examples and tests: fictional ids, with which no real call can be signed. */
export const fixtureMerchant: SandboxMerchant = {
  appId: "wx1234567890abcdef",
  merchantId: "1900000109",
  apiKey: new ApiKey("fixturekeyfixturekeyfixturekey00"),
  subMerchants: [{ subMerchantId: "1900000100", subAppIds: ["wxfedcba0987654321"] }],
};
