/** The kinds of account that a configuration may list: one line, and one in each function, for a provider. */
import * as z from "zod";
import type { Frozen } from "../settings/frozen.ts";
import { keyOf } from "./wechat-v2/merchant.ts";
import { wechatV2Problems, wechatV2Settings } from "./wechat-v2/settings.ts";

/** An account, told from the others by its `kind`. */
export const providerSettings = z.discriminatedUnion("kind", [wechatV2Settings], {
  error: 'must be "wechat-v2".',
});

/** An account as the configuration has it, with every default filled in. */
export type ProviderConfig = Frozen<z.output<typeof providerSettings>>;

/** Everything that names the account at its provider, as one text. */
export function accountKeyOf(config: ProviderConfig): string {
  switch (config.kind) {
    case "wechat-v2":
      return keyOf(config);
  }
}

/** What the keys of one account demand of each other; `key` is where it stands in the file, `store` the store's own name. */
export function ownProblems(config: ProviderConfig, key: string, store: string): readonly string[] {
  switch (config.kind) {
    case "wechat-v2":
      return wechatV2Problems(config, key, store);
  }
}
