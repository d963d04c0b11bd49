/** What an answer may look like, and what it becomes in the configuration. */

import { isObject } from "./draft.ts";

/** A value for the configuration, or a sentence that says why the text is none. */
export type Read =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string };

/** A form of answers. */
export interface Form {
  /** Lines above the question. */
  readonly above: readonly string[];
  readonly secret: boolean;
  read(text: string): Read;
  /** The text that would be read as this value. */
  show(value: unknown): string;
}

/** One of several answers. */
export interface Choice {
  readonly name: string;
  readonly about: string;
}

/** How a text or a number is typed. */
function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

const plain = { above: [], secret: false } as const;

/** Any text. */
export const anyText: Form = { ...plain, read: (text) => ({ ok: true, value: text }), show: shown };

/** Any text, or `none` for null. */
export const textOrNone: Form = {
  ...plain,
  read: (text) => ({ ok: true, value: text === "none" ? null : text }),
  show: (value) => (value === null ? "none" : shown(value)),
};

/** A text that nobody may see. */
export const secretText: Form = { ...anyText, secret: true };

/** What stands before the name of a systemd credential. */
const CREDENTIAL = "credential:";

/** A file, or a credential that systemd hands to the service, as `{file}` or `{credential}` in the configuration. */
export const source: Form = {
  ...plain,
  read: (text) =>
    text.startsWith(CREDENTIAL)
      ? { ok: true, value: { credential: text.slice(CREDENTIAL.length) } }
      : { ok: true, value: { file: text } },
  show: (value) => {
    const { file, credential } = isObject(value) ? value : {};
    return typeof credential === "string" ? `${CREDENTIAL}${credential}` : shown(file);
  },
};

/** A file or a credential, or `none` for null. */
export const sourceOrNone: Form = {
  ...source,
  read: (text) => (text === "none" ? { ok: true, value: null } : source.read(text)),
  show: (value) => (value === null ? "none" : source.show(value)),
};

/** A whole number, decimal or hexadecimal with 0x. */
export const wholeNumber: Form = {
  ...plain,
  read: (text) =>
    /^(?:\d+|0x[0-9a-f]+)$/i.test(text)
      ? { ok: true, value: Number(text) }
      : { ok: false, why: "Type a whole number." },
  show: shown,
};

/** A whole number, or `none` for null. */
export const numberOrNone: Form = {
  ...wholeNumber,
  read: (text) => (text === "none" ? { ok: true, value: null } : wholeNumber.read(text)),
  show: (value) => textOrNone.show(value),
};

/** A whole number that people know in hexadecimal. */
export const address: Form = {
  ...wholeNumber,
  show: (value) => (typeof value === "number" ? `0x${value.toString(16)}` : shown(value)),
};

/** Numbers of pins, separated by blanks or commas. */
export const pinList: Form = {
  ...plain,
  read: (text) => {
    const words = text.split(/[ ,]+/).filter((word) => word !== "");
    return words.every((word) => /^\d{1,2}$/.test(word))
      ? { ok: true, value: words.map(Number) }
      : { ok: false, why: "Type BCM numbers of pins, separated by blanks, such as 5 6 13 19." };
  },
  show: (value) => (Array.isArray(value) ? value.join(" ") : shown(value)),
};

/** The keys of a keypad as they are printed on it, row by row; `_` is a place without a key. */
export const keyRows: Form = {
  ...plain,
  read: (text) => ({ ok: true, value: text.split(/ +/).map((row) => row.replaceAll("_", " ")) }),
  show: (value) =>
    Array.isArray(value) ? value.map((row) => String(row).replaceAll(" ", "_")).join(" ") : shown(value),
};

/** One of these, by its name, the beginning of it, or its number. */
export function oneOf(choices: readonly Choice[]): Form {
  const widest = Math.max(...choices.map(({ name }) => name.length));
  return {
    secret: false,
    above: choices.map(({ name, about }, index) => `  ${index + 1}  ${name.padEnd(widest)}  ${about}`),
    read: (text) => {
      const typed = text.toLowerCase();
      const byName = choices.filter(({ name }) => name.toLowerCase().startsWith(typed));
      const exact = choices.find(({ name }) => name.toLowerCase() === typed);
      const chosen = exact ?? (byName.length === 1 ? byName[0] : choices[Number(text) - 1]);
      if (chosen !== undefined) return { ok: true, value: chosen.name };
      return { ok: false, why: `Type a number from 1 to ${choices.length}, or one of the names.` };
    },
    show: shown,
  };
}

/** One or more of these names, separated by blanks or commas. */
export function wordsOf(names: readonly string[]): Form {
  return {
    ...plain,
    read: (text) => {
      const words = text
        .toLowerCase()
        .split(/[ ,]+/)
        .filter((word) => word !== "");
      return words.length > 0 && words.every((word) => names.includes(word))
        ? { ok: true, value: words.join(" ") }
        : { ok: false, why: `Type one or more of ${names.join(", ")}, separated by blanks.` };
    },
    show: shown,
  };
}

/** Yes or no. */
export const yesOrNo: Form = {
  ...plain,
  read: (text) => {
    if (/^(?:y|yes)$/i.test(text)) return { ok: true, value: true };
    if (/^(?:n|no)$/i.test(text)) return { ok: true, value: false };
    return { ok: false, why: "Type yes or no." };
  },
  show: (value) => (value === true ? "yes" : "no"),
};
