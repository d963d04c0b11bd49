/** Whom the box of a world charges for: one merchant, a sub-merchant of a provider, or another one after some of its starts. */
import type { ProviderMaker } from "../../providers/provider.ts";
import type { WechatV2Settings } from "../../providers/wechat-v2/account.ts";
import type { ApiKey } from "../../providers/wechat-v2/api-key.ts";
import type { WechatV2Timing } from "../../providers/wechat-v2/facts.ts";
import { type WechatV2Account, wechatV2 } from "../../providers/wechat-v2/maker.ts";
import { idOf, type Merchant } from "../../providers/wechat-v2/merchant.ts";
import { fixtureMerchant } from "../../providers/wechat-v2/sandbox/fixture-merchant.ts";
import { otherMerchant } from "../../providers/wechat-v2/sandbox/other-merchant.ts";
import type { SignType } from "../../providers/wechat-v2/signature.ts";
import type { Random } from "../outside/random.ts";

/** A merchant with what signs for it. */
export interface WorldMerchant {
  readonly merchant: Merchant;
  readonly apiKey: ApiKey;
  readonly signType: SignType;
}

/** What a world says of every provider of its box. */
export interface WorldProvider
  extends Pick<WechatV2Account, "charges" | "link" | "fault">,
    Pick<WechatV2Settings, "hosts" | "boxId" | "notifyUrl"> {
  readonly timing: Partial<WechatV2Timing> & Pick<WechatV2Settings, "connectTimeoutMs" | "answerTimeoutMs">;
}

/** The provider that speaks for a merchant. */
export function makerOf(
  { merchant, apiKey, signType }: WorldMerchant,
  { charges, link, fault, timing, hosts, boxId, notifyUrl }: WorldProvider,
): ProviderMaker {
  const { connectTimeoutMs, answerTimeoutMs } = timing;
  return wechatV2({
    ...{ id: idOf(merchant), charges, wallets: ["wechat"], link, fault, timing },
    settings: {
      ...{ merchant, apiKey, signType, hosts, boxId, notifyUrl, connectTimeoutMs, answerTimeoutMs },
      ...{ body: "Example store", clientIp: null, sceneInfo: null },
    },
  });
}

/** How many worlds have a provider's sub-merchant, and how many change hands; in these each start may be with the other one. */
const PROVIDERS = 0.25;
const CHANGES = 0.25;
const CHANGES_HANDS = 0.4;

/** What the configuration of every world says of its merchant; what a life really charges for is told beside it. */
export const configuredMerchant = {
  appId: fixtureMerchant.appId,
  merchantId: fixtureMerchant.merchantId,
  subAppId: null,
  subMerchantId: null,
};

/** The merchants of one world; draws from a stream of their own. */
export class WorldMerchants {
  readonly #random: Random;
  readonly #changes: boolean;
  #known: readonly [WorldMerchant, ...WorldMerchant[]];

  constructor(random: Random, signType: SignType) {
    this.#random = random;
    const [sub = null] = fixtureMerchant.subMerchants;
    const isSub = random.chance(PROVIDERS) && sub !== null;
    const first = {
      ...{ appId: fixtureMerchant.appId, merchantId: fixtureMerchant.merchantId },
      subMerchantId: isSub ? sub.subMerchantId : null,
      subAppId: isSub && random.chance(0.5) ? (sub.subAppIds[0] ?? null) : null,
    };
    const { appId, merchantId } = otherMerchant;
    const other = { appId, merchantId, subAppId: null, subMerchantId: null };
    this.#changes = random.chance(CHANGES);
    this.#known = [
      { merchant: first, apiKey: fixtureMerchant.apiKey, signType },
      { merchant: other, apiKey: otherMerchant.apiKey, signType: signType === "MD5" ? "HMAC-SHA256" : "MD5" },
    ];
  }

  /** The merchants of the next life of the box: it charges for the first, and finishes the orders of the others. */
  next(): readonly [WorldMerchant, ...WorldMerchant[]] {
    const [current, ...earlier] = this.#known;
    if (!this.#changes) return [current];
    const [other] = earlier;
    if (other !== undefined && this.#random.chance(CHANGES_HANDS)) this.#known = [other, current];
    return this.#known;
  }
}
