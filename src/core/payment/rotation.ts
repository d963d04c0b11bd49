/** What takes turns on a screen that waits: the lines of an advert, the items of a menu. */
import { formatYuan } from "../kernel/fen.ts";
import type { Instant } from "../kernel/instant.ts";
import { instantOf } from "../kernel/instant.ts";
import type { Foreground } from "./box.ts";
import type { Rules } from "./rules.ts";

/** Words of the merchant's: at the left, and at the right. Nothing in them is filled in. */
export type FreeLine = readonly [left: string, right: string];

/** How many lines take turns in front of people now; 1 is the screen's own text, which stands for ever. */
export function lineCount(foreground: Foreground, rules: Rules): number {
  return linesOf(foreground, rules).length;
}

/** The line whose turn it is, null for the screen's own text. */
export function lineAt(foreground: Foreground, now: Instant, rules: Rules): FreeLine | null {
  const lines = linesOf(foreground, rules);
  return lines[Math.floor(now / rules.timing.advertMs) % lines.length] ?? null;
}

/** When the next line has its turn. */
export function nextLineAt(now: Instant, { timing }: Rules): Instant {
  return instantOf((Math.floor(now / timing.advertMs) + 1) * timing.advertMs);
}

function linesOf(foreground: Foreground, rules: Rules): readonly (FreeLine | null)[] {
  const { amount } = rules;
  const idle = foreground.name === "idle";
  const waits = idle || (foreground.name === "armed" && amount.source === "fixed");
  if (!waits) return [null];
  const advert = rules.advert.map((line): FreeLine => [line, ""]);
  // A menu says what there is; nobody has to be welcomed.
  if (amount.source !== "menu") return [null, ...advert];
  const items = amount.items.map(({ digit, name, amountFen }): FreeLine => {
    return [`${digit} ${name}`, `\u00a5${formatYuan(amountFen)}`];
  });
  return [...items, ...advert];
}
