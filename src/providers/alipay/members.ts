/**
 * A JSON object cut into its members without reading them: what is signed is bytes, and a parser that keeps the last of two equal
 * names reads what nobody signed. Texts here are bytes, one character each (latin1), so that nothing is decoded before it is believed.
 */

/** Where the members of an object begin and end. */
export interface CutObject {
  /** By name: the text of each value, to the byte. */
  readonly members: ReadonlyMap<string, string>;
  /** The first character behind the object. */
  readonly end: number;
}

/** The members of the object that begins at `from`; null where it is none, or has a name twice. */
export function cutObject(text: string, from: number): CutObject | null {
  if (text[from] !== "{") return null;
  const members = new Map<string, string>();
  let at = blanksEnd(text, from + 1);
  if (text[at] === "}") return { members, end: at + 1 };
  for (;;) {
    const nameEnd = stringEnd(text, at);
    if (nameEnd === null) return null;
    const name = stringValue(text.slice(at, nameEnd));
    const colon = blanksEnd(text, nameEnd);
    if (name === null || members.has(name) || text[colon] !== ":") return null;
    const value = blanksEnd(text, colon + 1);
    const end = valueEnd(text, value);
    if (end === null) return null;
    members.set(name, text.slice(value, end));
    const next = blanksEnd(text, end);
    if (text[next] === "}") return { members, end: next + 1 };
    if (text[next] !== ",") return null;
    at = blanksEnd(text, next + 1);
  }
}

/** The text that a JSON string stands for; null where the value is no string. */
export function stringValue(value: string): string | null {
  try {
    const read: unknown = JSON.parse(value);
    return typeof read === "string" ? read : null;
  } catch {
    return null;
  }
}

/** The first character at or behind `at` that is no blank of JSON. */
export function blanksEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && " \t\r\n".includes(text[end] ?? "")) end += 1;
  return end;
}

function stringEnd(text: string, from: number): number | null {
  if (text[from] !== '"') return null;
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return null;
}

function valueEnd(text: string, from: number): number | null {
  const first = text[from];
  if (first === '"') return stringEnd(text, from);
  if (first === "{" || first === "[") return nestedEnd(text, from);
  let end = from;
  while (end < text.length && !',}] \t\r\n"'.includes(text[end] ?? "")) end += 1;
  return end === from ? null : end;
}

/** Whether the brackets fit each other is left to the parser, which reads the same bytes. */
function nestedEnd(text: string, from: number): number | null {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (end === null) return null;
      at = end;
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return null;
}
