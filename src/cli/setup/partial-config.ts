import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import { kindOf, usualKind } from "../../providers/registry.ts";
import { type Draft, draftText } from "./draft.ts";

/** What every configuration must have, and no device looks at. */
const rest: Draft = {
  version: 1,
  box: { id: "box" },
  providers: [{ ...kindOf({ kind: usualKind() }).setup.nobody, id: "nobody", kind: usualKind() }],
  amount: { source: "fixed", fixed: "0.01" },
};

/** Some sections of a draft as a whole configuration, to reach their devices; null where they are not sound. */
export function partialConfig(draft: Draft, sections: readonly string[]): DeviceConfig | null {
  const own = Object.fromEntries(Object.entries(draft).filter(([name]) => sections.includes(name)));
  const checked = checkConfig(draftText({ ...rest, ...own }));
  return checked.ok ? checked.config : null;
}
