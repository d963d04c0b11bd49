/** The account of the box in worlds, and what the sandbox knows of it. */
import type { AccountParts } from "../../../simulator/outside/provider.ts";
import type { ProviderMaker } from "../../provider.ts";
import { alipay } from "../maker.ts";
import type { SandboxOptions } from "./sandbox.ts";
import { publicHalf, worldAppKey, worldGatewayKey } from "./world-keys.ts";

const APP_ID = "2026000000000001";

/** What every sandbox of a world is set up with. */
export const worldGateway: Pick<SandboxOptions, "apps" | "signer" | "stranger"> = {
  apps: [{ appId: APP_ID, publicKey: publicHalf(worldAppKey), certificates: null }],
  signer: { key: worldGatewayKey, certSerial: null },
  stranger: { key: worldAppKey, certSerial: null },
};

/** What the configuration of a world says of it; what a box is really switched on with is told beside it. */
export function entryOf(hosts: readonly string[]): object {
  return {
    ...{ id: "alipay", kind: "alipay", hosts, appId: APP_ID },
    ...{ privateKey: { file: "/dev/null" }, alipayPublicKey: { file: "/dev/null" } },
  };
}

/** The account. */
export function worldAccount({ link, fault, timing, hosts, boxId, charges }: AccountParts): ProviderMaker {
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  return alipay({
    ...{ id: "alipay", charges, wallets: ["alipay"], link, fault, timing },
    settings: {
      ...{ seller: { appId: APP_ID, sellerId: null }, hosts, subject: "Example store", storeId: null },
      keys: {
        own: worldAppKey,
        alipay: { mode: "key", key: publicHalf(worldGatewayKey) },
        certificates: null,
      },
      ...{ terminalId: boxId, appAuthToken: null, sysServiceProviderId: null, timeoutMinutes: 2 },
      ...{ connectTimeoutMs, answerTimeoutMs },
    },
  });
}
