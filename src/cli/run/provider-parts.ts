import type { DeviceConfig } from "../../config/device-config.ts";
import { inspectCertificate } from "../../links/https/certificate.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import { ApiKey } from "../../providers/wechat-v2/api-key.ts";
import { type WechatV2Account, wechatV2 } from "../../providers/wechat-v2/maker.ts";
import { idOf, type Merchant } from "../../providers/wechat-v2/merchant.ts";
import type { Clock } from "../../runtime/ports.ts";
import type { Secrets } from "./secrets.ts";

/** The providers of a configuration, the one that is charged through first. */
export function providerMakers(
  config: DeviceConfig,
  secrets: Secrets,
  clock: Clock,
): readonly [ProviderMaker, ...ProviderMaker[]] {
  const [first, ...others] = wechatV2Accounts(config, secrets, clock);
  return [wechatV2(first), ...others.map(wechatV2)];
}

/**
 * The merchants of a configuration, the current one first, each with its own credentials; what could not be read is among the
 * problems of `secrets`.
 */
export function wechatV2Accounts(
  config: DeviceConfig,
  secrets: Secrets,
  clock: Clock,
): readonly [WechatV2Account, ...WechatV2Account[]] {
  const { merchant, timing, box } = config;
  const { mistakes } = secrets;
  const ca = secrets.readIfAny("merchant.ca", merchant.ca, "public", mistakes);
  const partsOf = (who: Credentials, apiKey: string, path: string, charges: boolean): WechatV2Account => {
    const cert = secrets.read(`${path}.certificate.cert`, who.certificate.cert, "public", mistakes);
    const key = secrets.read(`${path}.certificate.key`, who.certificate.key, "secret", mistakes);
    const fault = inspectCertificate(cert, key, clock.wall());
    const { appId, merchantId, subAppId, subMerchantId, signType } = who;
    const ids = { appId, merchantId, subAppId, subMerchantId };
    return {
      id: idOf(ids),
      charges,
      wallets: ["wechat"],
      timing,
      settings: {
        merchant: ids,
        apiKey: new ApiKey(apiKey),
        signType,
        hosts: merchant.hosts,
        boxId: box.id,
        body: merchant.body,
        clientIp: merchant.clientIp,
        sceneInfo: merchant.sceneInfo,
        notifyUrl: merchant.notifyUrl,
        connectTimeoutMs: timing.connectTimeoutMs,
        answerTimeoutMs: timing.answerTimeoutMs,
      },
      link: new UndiciHttpsLink({
        connectTimeoutMs: timing.connectTimeoutMs,
        ca,
        // What is no pair would make every connection fail; the probe says so instead. Days are no reason: this is decided
        // once, and the clock of a start may be wrong.
        certificate: fault === null || fault === "certificate-expired" ? { cert, key } : null,
      }),
      fault: () => inspectCertificate(cert, key, clock.wall()),
    };
  };
  const previous = merchant.previous.flatMap((who, index) => {
    const path = `merchant.previous[${index}]`;
    const apiKey = secrets.read(`${path}.apiKey`, who.apiKey, "secret", mistakes);
    // Without its key nobody speaks for it: its orders are held, and named.
    return apiKey === "" ? [] : [partsOf(who, apiKey, path, false)];
  });
  const apiKey = secrets.read("merchant.apiKey", merchant.apiKey, "secret");
  return [partsOf(merchant, apiKey, "merchant", true), ...previous];
}

type Credentials = Merchant & Pick<DeviceConfig["merchant"], "signType" | "apiKey" | "certificate">;
