/** Accounts as a configuration lists them. */

/** An entry of WeChat Pay that is called `wechat`; `keys` are what else it says. */
export function wechatEntry<Keys extends object>(keys: Keys) {
  return { id: "wechat", kind: "wechat-v2", ...keys } as const;
}

/** A configuration with other keys in its first account, which is the only one. */
export function withEntry(config: Readonly<Record<string, unknown>>, keys: object): Record<string, unknown> {
  const list: unknown = config.providers;
  const [entry]: readonly unknown[] = Array.isArray(list) ? list : [];
  return { ...config, providers: [{ ...Object(entry), ...keys }] };
}
