/** More of a text than this tells nobody anything. */
const LENGTH_MAX = 64;

/** A text in quotes for a sentence: short, and with nothing in it that a terminal would obey (ECMA-48, C0 and C1). */
export function quoted(text: string): string {
  const short = text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
  return JSON.stringify(short).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.split("").map(escaped).join(""),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
