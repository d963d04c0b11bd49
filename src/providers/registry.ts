/** The providers that this program knows, a line each. */
import { invariant } from "../core/kernel/defect.ts";
import { alipayKind } from "./alipay/kind.ts";
import type { ProviderKind } from "./kind.ts";
import type { ProviderConfig } from "./settings.ts";
import { wechatV2Kind } from "./wechat-v2/kind.ts";

type Kind = ProviderKind<ProviderConfig>;

/** By the `kind` of their entries; what a set-up asks for where nobody has said anything else comes first. */
const providerKinds = {
  "wechat-v2": wechatV2Kind,
  alipay: alipayKind,
} satisfies Readonly<Record<ProviderConfig["kind"], Kind>>;

const kinds: ReadonlyMap<string, Kind> = new Map(Object.entries<Kind>(providerKinds));

/** What an entry of the configuration is one of. */
export function kindOf({ kind }: Pick<ProviderConfig, "kind">): Kind {
  const known = kinds.get(kind);
  invariant(known !== undefined, "every kind that a configuration may name is listed");
  return known;
}

/** Whether there is a kind of this name. */
export function isKind(name: string): name is ProviderConfig["kind"] {
  return kinds.has(name);
}

/** The names of all kinds, in their order. */
export function kindNames(): readonly string[] {
  return [...kinds.keys()];
}

/** What a set-up asks for where nobody has said anything else. */
export function usualKind(): ProviderConfig["kind"] {
  const [first] = [...kinds.keys()].filter(isKind);
  invariant(first !== undefined, "a provider is listed");
  return first;
}
