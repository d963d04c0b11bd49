/** What takes turns on a screen that waits: the lines of an advert, the items of a menu. */
import { formatYuan } from "../kernel/fen.ts";
import type { Instant } from "../kernel/instant.ts";
import { instantOf } from "../kernel/instant.ts";
import type { Box } from "./box.ts";
import { freeWallets } from "./readiness.ts";
import type { MenuItem, Rules } from "./rules.ts";
import type { Wallet } from "./wallet.ts";

/** Words of the merchant's: at the left, and at the right. Nothing in them is filled in. */
export type FreeLine = readonly [left: string, right: string];

/** The names of the wallets that can pay, where they fit. */
export interface WalletLine {
  readonly wallets: readonly Wallet[];
}

/** How many lines take turns in front of people now; 1 is the screen's own text, which stands for ever. */
export function lineCount(box: Box, rules: Rules): number {
  return linesOf(box, rules).length;
}

/** The line whose turn it is, null for the screen's own text. */
export function lineAt(box: Box, now: Instant, rules: Rules): FreeLine | WalletLine | null {
  const lines = linesOf(box, rules);
  return lines[Math.floor((now - beginOf(box)) / rules.timing.advertMs) % lines.length] ?? null;
}

/** When the next line has its turn. */
export function nextLineAt(box: Box, now: Instant, { timing }: Rules): Instant {
  const begin = beginOf(box);
  return instantOf(begin + (Math.floor((now - begin) / timing.advertMs) + 1) * timing.advertMs);
}

/** Whoever waits for a customer says what to do first, and the rest in turn; what waits for nobody has no beginning. */
function beginOf({ foreground }: Box): number {
  return foreground.name === "armed" ? foreground.since : 0;
}

function linesOf(box: Box, rules: Rules): readonly (FreeLine | WalletLine | null)[] {
  const { amount } = rules;
  switch (box.foreground.name) {
    case "idle":
      return amount.source === "menu"
        ? [...itemLines(amount.items), ...advert(rules)]
        : [null, ...advert(rules)];
    case "armed": {
      const wallets = freeWallets(box, rules);
      const named = box.scannerReady && wallets.length > 1 ? [{ wallets }] : [];
      return [null, ...named, ...(amount.source === "fixed" ? advert(rules) : [])];
    }
    default:
      return [null];
  }
}

function advert(rules: Rules): readonly FreeLine[] {
  return rules.advert.map((line) => [line, ""]);
}

/** A menu says what there is; nobody has to be welcomed. */
function itemLines(items: readonly MenuItem[]): readonly FreeLine[] {
  return items.map(({ digit, name, amountFen }) => [`${digit} ${name}`, `\u00a5${formatYuan(amountFen)}`]);
}
