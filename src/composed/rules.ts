/** What the payment core is told of the configuration. */
import { boxTag } from "../config/box-tag.ts";
import type { DeviceConfig } from "../config/device-config.ts";
import type { ProviderFacts } from "../core/payment/provider.ts";
import { type AmountRules, type Rules, standardTiming } from "../core/payment/rules.ts";
import type { BoxParts } from "./parts.ts";

/** The rules of a box whose providers, by their ids, are these. */
export function rulesOf(
  { config, version, timing, mistakes = [] }: BoxParts,
  providers: ReadonlyMap<string, ProviderFacts>,
): Rules {
  const { sendWithinMs, restMs } = config.timing;
  return {
    boxId: config.box.id,
    boxTag: boxTag(config.box.id),
    version,
    providers,
    amount: amountRules(config),
    keypad: config.keypad !== null,
    sells: mistakes.length === 0,
    late: config.late,
    relay: config.outputs?.relay ?? null,
    inhibit: (config.inputs?.inhibit ?? null) !== null,
    advert: config.box.advert,
    timing: { ...standardTiming, sendWithinMs, restMs, ...timing },
  };
}

function amountRules({ amount }: DeviceConfig): AmountRules {
  // The configuration refuses a fixed amount that is missing.
  if (amount.source === "fixed" && amount.fixed !== null) return { source: "fixed", maximum: amount.fixed };
  if (amount.source === "menu") {
    const items = amount.menu.map(({ key, name, price, pulses }) => {
      return { digit: Number(key), name, amountFen: price, pulses };
    });
    return { source: "menu", maximum: amount.maximum, items };
  }
  if (amount.source === "till") return { source: "till", maximum: amount.maximum };
  return { source: "keypad", entry: amount.entry, maximum: amount.maximum };
}
