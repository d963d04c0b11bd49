import type { DeviceConfig } from "../../config/device-config.ts";
import { inspectCertificate } from "../../links/https/certificate.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import type { EntryParts } from "../../providers/kind.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import { kindOf } from "../../providers/registry.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import type { Clock } from "../../runtime/ports.ts";
import type { Secrets } from "./secrets.ts";

/**
 * The providers of a configuration, in its order. For one whose key cannot be read nobody speaks: its orders are held, and named,
 * and nothing is sold until it is mended; the orders of the others are brought to their end. Where none is left, that is among
 * the problems of `secrets`.
 */
export function providerMakers(
  config: DeviceConfig,
  secrets: Secrets,
  clock: Clock,
): readonly ProviderMaker[] {
  const unread: string[] = [];
  const makers = config.providers.flatMap((entry, index): readonly ProviderMaker[] => {
    const before = unread.length;
    const parts = entryParts({ config, entry, where: `providers[${index}]` }, secrets, clock, unread);
    return unread.length > before ? [] : [kindOf(entry).make(entry, parts)];
  });
  (makers.length === 0 ? secrets.problems : secrets.mistakes).push(...unread);
  return makers;
}

/** An entry of a configuration and where it stands. */
export interface PlacedEntry {
  readonly config: DeviceConfig;
  readonly entry: ProviderConfig;
  readonly where: string;
}

/** What an account is made of on this machine. What nobody can do without and could not be read is added to `unread`. */
export function entryParts(
  { config, entry, where }: PlacedEntry,
  secrets: Secrets,
  clock: Clock,
  unread: string[],
): EntryParts {
  const texts = new Map<string, string>();
  for (const { key, source, kind, vital } of kindOf(entry).secrets(entry)) {
    texts.set(key, secrets.read(`${where}.${key}`, source, kind, vital ? unread : secrets.mistakes));
  }
  return {
    boxId: config.box.id,
    store: config.box.store,
    timing: config.timing,
    secret: (key) => texts.get(key) ?? "",
    https: (settings) => new UndiciHttpsLink(settings),
    pairFault: (cert, key) => inspectCertificate(cert, key, clock.wall()),
  };
}
