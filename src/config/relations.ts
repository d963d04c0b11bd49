/**
 * What one key of the configuration demands of another. Each relation gives the problems it finds, as `path: sentence`,
 * and looks only at sections that could be read, so that one mistake does not hide the next.
 */
import { formatYuan } from "../core/kernel/fen.ts";
import { PULSES_MAX } from "../core/payment/rules.ts";
import { isLoopbackOnly } from "../settings/fields.ts";
import { accountProblems } from "./accounts.ts";
import { pinUses, reservedFor } from "./pins.ts";
import type { ParsedConfig } from "./schema.ts";

/** The sections that could be read. */
export type Sections = Partial<ParsedConfig>;

/** Times below which no box works against a real provider, in milliseconds (money rules 8, 9 and 13). */
const floorsMs = {
  giveUpAfterMs: 30_000,
  reverseNotBeforeMs: 15_000,
  confirmNotBeforeMs: 60_000,
} as const;

/**
 * How long a reader that has told of nothing may have something before it, and a second or so more: a phone shows its next code
 * within a minute, and that is the first that a reader which tells of each code once says of it again.
 */
const restsMs = { often: 5_000, seldom: 15_000, once: 65_000 } as const;

/** The shortest rest that proves a reader empty (money rule 13). Of a reader that nobody has tried nothing good is believed. */
export function leastRestMs(scanner: ParsedConfig["scanner"]): number {
  if (scanner === null) return restsMs.often;
  return restsMs[scanner.repeats ?? (scanner.profile === "plain" ? "once" : "often")];
}

/** Every relation in the order in which its problems are listed. */
export const relations: readonly ((sections: Sections) => readonly string[])[] = [
  accounts,
  amounts,
  menu,
  keypadLayout,
  displaySize,
  advert,
  pins,
  relayAmounts,
  broker,
  floors,
  times,
];

function accounts({ providers, box, timing }: Sections): readonly string[] {
  if (providers === undefined) return [];
  return accountProblems(providers, { store: box?.store ?? "", giveUpAfterMs: timing?.giveUpAfterMs ?? 0 });
}

function amounts({ amount, keypad }: Sections): readonly string[] {
  if (amount === undefined) return [];
  const problems: string[] = [];
  if (amount.source === "fixed" && amount.fixed === null) {
    problems.push('amount.fixed: must be given where amount.source is "fixed".');
  }
  if (amount.source !== "fixed" && amount.fixed !== null) {
    problems.push('amount.fixed: must be null unless amount.source is "fixed".');
  }
  if (amount.fixed !== null && amount.fixed > amount.maximum) {
    problems.push(
      `amount.fixed: must be at most amount.maximum (${formatYuan(amount.maximum)}), got ${formatYuan(amount.fixed)}.`,
    );
  }
  if ((amount.source === "keypad" || amount.source === "menu") && keypad === null) {
    problems.push(`keypad: must be given where amount.source is "${amount.source}".`);
  }
  if (
    amount.source === "keypad" &&
    amount.entry === "explicit" &&
    keypad &&
    !keypad.keys.join("").includes(".")
  ) {
    problems.push('amount.entry: must be "implied" where no key of the keypad is "." (decimal point).');
  }
  return problems;
}

function menu({ amount, keypad }: Sections): readonly string[] {
  if (amount === undefined) return [];
  const { menu: items } = amount;
  if (amount.source !== "menu") {
    return items.length === 0 ? [] : ['amount.menu: must be empty unless amount.source is "menu".'];
  }
  if (items.length === 0) return ['amount.menu: must hold at least one item where amount.source is "menu".'];
  const labels = keypad?.keys.join("") ?? null;
  return items.flatMap(({ key, price }, index) => {
    const path = `amount.menu[${index}]`;
    const problems: string[] = [];
    if (items.findIndex((item) => item.key === key) < index) problems.push(`${path}.key: is listed before.`);
    if (labels !== null && !labels.includes(key)) {
      problems.push(`${path}.key: must be a key of the keypad, got "${key}".`);
    }
    if (price > amount.maximum) {
      problems.push(
        `${path}.price: must be at most amount.maximum (${formatYuan(amount.maximum)}), got ${formatYuan(price)}.`,
      );
    }
    return problems;
  });
}

function advert({ box, display }: Sections): readonly string[] {
  if (box === undefined || display === undefined || display === null) return [];
  return box.advert.flatMap((line, index) =>
    line.length > display.columns
      ? [`box.advert[${index}]: must have at most ${display.columns} characters, got ${line.length}.`]
      : [],
  );
}

function keypadLayout({ keypad, amount }: Sections): readonly string[] {
  if (keypad === undefined || keypad === null) return [];
  const { rows, columns, keys } = keypad;
  const problems: string[] = [];
  if (keys.length !== rows.length) {
    problems.push(`keypad.keys: must have one text for each of the ${rows.length} rows, got ${keys.length}.`);
  }
  for (const [index, row] of keys.entries()) {
    const key = `keypad.keys[${index}]`;
    if (row.length !== columns.length) {
      problems.push(
        `${key}: must have one character for each of the ${columns.length} columns, got ${row.length}.`,
      );
    }
    if (!/^[0-9.:<CX= ]*$/.test(row)) {
      problems.push(`${key}: must hold only digits, ".", ":", "<", "C", "X", "=" and blanks.`);
    }
  }
  const labels = keys
    .join("")
    .split("")
    .filter((label) => label !== " ");
  for (const label of new Set(labels)) {
    if (labels.indexOf(label) !== labels.lastIndexOf(label) && /[0-9.:<CX=]/.test(label)) {
      problems.push(`keypad.keys: must hold "${label}" once.`);
    }
  }
  const wanted =
    amount === undefined || amount.source === "keypad" ? "0123456789=" : amount.source === "menu" ? "" : "=";
  const missing = wanted.split("").filter((label) => !labels.includes(label));
  if (missing.length > 0) {
    problems.push(`keypad.keys: must hold ${missing.map((label) => `"${label}"`).join(", ")}.`);
  }
  return problems;
}

function displaySize({ display }: Sections): readonly string[] {
  if (display === undefined || display === null) return [];
  const problems: string[] = [];
  const size = `${display.columns}x${display.rows}`;
  if (size !== "16x2" && size !== "20x4") problems.push(`display: must be 16x2 or 20x4, got ${size}.`);
  if (display.driver === "hd44780-i2c" && display.address > 0x27 && display.address < 0x38) {
    problems.push(
      `display.address: must be 32 to 39 (0x20-0x27) or 56 to 63 (0x38-0x3f), got ${display.address}.`,
    );
  }
  return problems;
}

function pins(sections: Sections): readonly string[] {
  const problems: string[] = [];
  const users = new Map<number, string>();
  for (const { key, pin } of pinUses(sections)) {
    const reserved = reservedFor(pin, sections);
    if (reserved !== null) problems.push(`${key}: must not be pin ${pin}, which belongs to ${reserved}.`);
    const user = users.get(pin);
    if (user !== undefined) problems.push(`${key}: must not be pin ${pin}, which ${user} uses.`);
    else users.set(pin, key);
  }
  return problems;
}

function relayAmounts({ amount, outputs }: Sections): readonly string[] {
  if (amount === undefined || outputs === undefined) return [];
  const relay = outputs?.relay;
  if (!relay) {
    return amount.menu.flatMap(({ pulses }, index) =>
      pulses === null ? [] : [`amount.menu[${index}].pulses: must be null where there is no outputs.relay.`],
    );
  }
  const { fenPerPulse } = relay;
  const free = amount.source === "keypad" || amount.source === "till";
  if (free && fenPerPulse > amount.maximum) {
    return [
      `outputs.relay.fenPerPulse: must be at most amount.maximum (${amount.maximum} fen), got ${fenPerPulse}.`,
    ];
  }
  const prices: (readonly [key: string, fen: number])[] = [];
  if (amount.source === "fixed" && amount.fixed !== null) prices.push(["amount.fixed", amount.fixed]);
  for (const [index, { price, pulses }] of amount.menu.entries()) {
    if (pulses === null) prices.push([`amount.menu[${index}].price`, price]);
  }
  const problems = prices.flatMap(([key, fen]) =>
    fen % fenPerPulse === 0
      ? []
      : [`outputs.relay.fenPerPulse: must divide ${key} (${fen} fen) exactly, got ${fenPerPulse}.`],
  );
  const dearest = prices.length === 0 && free ? [["amount.maximum", amount.maximum] as const] : prices;
  for (const [key, fen] of dearest) {
    const pulses = Math.floor(fen / fenPerPulse);
    if (pulses > PULSES_MAX) {
      problems.push(
        `outputs.relay.fenPerPulse: must make at most ${PULSES_MAX} pulses of ${key} (${fen} fen), got ${fenPerPulse}, which makes ${pulses}.`,
      );
    }
  }
  return problems;
}

function broker({ mqtt }: Sections): readonly string[] {
  if (mqtt === undefined || mqtt === null) return [];
  const problems: string[] = [];
  if (mqtt.password !== null && mqtt.username === null) {
    problems.push("mqtt.username: must be given where mqtt.password is.");
  }
  if ((mqtt.cert === null) !== (mqtt.key === null)) {
    problems.push(
      `mqtt.${mqtt.cert === null ? "cert" : "key"}: mqtt.cert and mqtt.key must be given together.`,
    );
  }
  if (mqtt.url.startsWith("mqtt:")) {
    for (const name of ["ca", "cert", "key"] as const) {
      if (mqtt[name] !== null)
        problems.push(`mqtt.${name}: must be null unless mqtt.url begins with mqtts://.`);
    }
  }
  return problems;
}

function floors({ providers, timing, scanner }: Sections): readonly string[] {
  if (timing === undefined || providers === undefined) return [];
  if (isLoopbackOnly(providers.flatMap(({ hosts }) => hosts))) return [];
  const names = ["giveUpAfterMs", "reverseNotBeforeMs", "confirmNotBeforeMs"] as const;
  const problems = names.flatMap((name) =>
    timing[name] < floorsMs[name]
      ? [`timing.${name}: must be at least ${floorsMs[name]}, got ${timing[name]}.`]
      : [],
  );
  const least = leastRestMs(scanner ?? null);
  const { restMs } = timing;
  if (restMs === null || restMs >= least) return problems;
  return [...problems, `timing.restMs: must be at least ${least}, by scanner.repeats, got ${restMs}.`];
}

/** Pairs of times of which the first must not be longer than the second, and why. */
const notLonger = [
  ["queryEveryMs", "giveUpAfterMs", "else a payment is given up before its first repeated query"],
  ["reverseNotBeforeMs", "giveUpAfterMs", "else a payment that was given up waits for its reversal"],
  [
    "reverseNotBeforeMs",
    "confirmNotBeforeMs",
    "else nothing that the earliest reversal did could be confirmed",
  ],
  ["connectTimeoutMs", "sendWithinMs", "else the backup host is never tried"],
  ["sendWithinMs", "giveUpAfterMs", "else a charge could leave after it was given up"],
  ["answerTimeoutMs", "giveUpAfterMs", "else a charge could be answered after it was given up"],
] as const;

function times({ timing }: Sections): readonly string[] {
  if (timing === undefined) return [];
  return notLonger.flatMap(([short, long, why]) => {
    if (timing[short] <= timing[long]) return [];
    return [
      `timing.${short}: must be at most timing.${long} (${timing[long]}), got ${timing[short]}; ${why}.`,
    ];
  });
}
