import { accept, refuse } from "../core/kernel/result.ts";
import { quoted } from "./quoted.ts";

/** What stands in the way of reading a text as JSON, with the place a person has to look at (both counted from 1). */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** A sentence that quotes nothing of the text: it could hold what does not belong there. */
  readonly sentence: string;
}

/** How deep lists and objects may nest. The configuration needs five. */
const depthMax = 32;

/**
 * Reads JSON as `JSON.parse` does, but names the line and column of a fault and refuses a key that stands twice in one
 * object, where `JSON.parse` would silently keep the last. A byte order mark at the start is ignored.
 */
export function readJson(text: string): { readonly value: unknown } | { readonly fault: JsonFault } {
  const checked = checkValue({ text, at: text.startsWith("\ufeff") ? 1 : 0 }, 0);
  const ended = checked.ok ? checkEnd(text, checked.value) : checked;
  if (!ended.ok) return { fault: faultAt(text, ended) };
  const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
  return { value };
}

interface Place {
  readonly text: string;
  readonly at: number;
}

type Refusal = { readonly ok: false; readonly reason: string; readonly at: number };
type Checked = { readonly ok: true; readonly value: number } | Refusal;

function stop(at: number, reason: string): Refusal {
  return { ...refuse(reason), at };
}

function checkEnd(text: string, at: number): Checked {
  const end = skipBlank(text, at);
  return end === text.length ? accept(end) : stop(end, "the file should end here.");
}

/** Checks one value and gives the position after it. */
function checkValue({ text, at }: Place, depth: number): Checked {
  if (depth > depthMax) return stop(at, `lists and objects nest deeper than ${depthMax}.`);
  const start = skipBlank(text, at);
  const first = text[start];
  if (first === "{") return checkObject({ text, at: start + 1 }, depth + 1);
  if (first === "[") return checkList({ text, at: start + 1 }, depth + 1);
  if (first === '"') return checkString(text, start);
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
  scalar.lastIndex = start;
  const match = scalar.exec(text);
  return match === null ? stop(start, "a value is expected here.") : accept(start + match[0].length);
}

function checkObject({ text, at }: Place, depth: number): Checked {
  const keys = new Set<string>();
  let position = skipBlank(text, at);
  if (text[position] === "}") return accept(position + 1);
  for (;;) {
    if (text[position] !== '"') return stop(position, 'a key in double quotes (") is expected here.');
    const keyEnd = checkString(text, position);
    if (!keyEnd.ok) return keyEnd;
    // Read, since one key may be written in several ways.
    const key = String(JSON.parse(text.slice(position, keyEnd.value)));
    if (keys.has(key)) return stop(position, `the key ${quoted(key)} stands here a second time.`);
    keys.add(key);
    const colon = skipBlank(text, keyEnd.value);
    if (text[colon] !== ":") return stop(colon, "a colon (:) is expected here.");
    const value = checkValue({ text, at: colon + 1 }, depth);
    if (!value.ok) return value;
    const next = skipBlank(text, value.value);
    if (text[next] === "}") return accept(next + 1);
    if (text[next] !== ",") return stop(next, "a comma (,) or a closing brace (}) is expected here.");
    position = skipBlank(text, next + 1);
  }
}

function checkList({ text, at }: Place, depth: number): Checked {
  let position = skipBlank(text, at);
  if (text[position] === "]") return accept(position + 1);
  for (;;) {
    const value = checkValue({ text, at: position }, depth);
    if (!value.ok) return value;
    const next = skipBlank(text, value.value);
    if (text[next] === "]") return accept(next + 1);
    if (text[next] !== ",") return stop(next, "a comma (,) or a closing bracket (]) is expected here.");
    position = next + 1;
  }
}

function checkString(text: string, at: number): Checked {
  // Every character but control characters, the quote and the backslash stands for itself.
  const string = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
  string.lastIndex = at;
  const match = string.exec(text);
  return match === null
    ? stop(at, "this text is not closed, or holds a character that must be escaped.")
    : accept(at + match[0].length);
}

function skipBlank(text: string, at: number): number {
  let position = at;
  while (" \t\r\n".includes(text[position] ?? "x")) position += 1;
  return position;
}

function faultAt(text: string, { at, reason }: Refusal): JsonFault {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, sentence: reason };
}
