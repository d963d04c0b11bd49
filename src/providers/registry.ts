/** The providers that this program knows, a line each. */
import type { ProviderKind } from "./kind.ts";
import type { ProviderConfig } from "./settings.ts";
import { wechatV2Kind } from "./wechat-v2/kind.ts";

/** By the `kind` of their entries. */
const providerKinds: Readonly<Record<ProviderConfig["kind"], ProviderKind<ProviderConfig>>> = {
  "wechat-v2": wechatV2Kind,
};

/** What a set-up asks for where nobody has said anything else. */
export const usualKind: ProviderConfig["kind"] = "wechat-v2";

/** What an entry of the configuration is one of. */
export function kindOf({ kind }: Pick<ProviderConfig, "kind">): ProviderKind<ProviderConfig> {
  return providerKinds[kind];
}

/** Whether there is a kind of this name. */
export function isKind(name: string): name is ProviderConfig["kind"] {
  return Object.hasOwn(providerKinds, name);
}
