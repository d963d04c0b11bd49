/** A configuration while it is being made: any part may still be missing, and keys that are not asked for stay. */
import { checkConfig } from "../../config/device-config.ts";

/** An object of the file as far as it has been written. */
export type Draft = Readonly<Record<string, unknown>>;

/** Whether a value is an object whose keys can be looked at. */
export function isObject(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a key such as `amount.source` or `providers[0].id`; undefined where there is none. */
export function valueAt(draft: Draft, key: string): unknown {
  let value: unknown = draft;
  for (const name of namesOf(key))
    value = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
  return value;
}

/** The names on the way to a value; that of a place in a list is its number. */
function namesOf(key: string): readonly string[] {
  return key.split(/[.[\]]+/).filter((name) => name !== "");
}

/** The text at a key, null where there is none. */
export function textAt(draft: Draft, key: string): string | null {
  const value = valueAt(draft, key);
  return typeof value === "string" ? value : null;
}

/** The whole numbers at a key; none where there is no such list. */
export function numbersAt(draft: Draft, key: string): readonly number[] {
  const value = valueAt(draft, key);
  return Array.isArray(value) ? value.filter((one): one is number => Number.isInteger(one)) : [];
}

/** The texts at a key; none where there is no such list. */
export function textsAt(draft: Draft, key: string): readonly string[] {
  const value = valueAt(draft, key);
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** The draft with a value at a key; what stood in the way of the key is replaced, `undefined` takes the key away. */
export function withValue(draft: Draft, key: string, value: unknown): Draft {
  return withPut(draft, namesOf(key), value);
}

function withPut(draft: Draft, [name = "", ...rest]: readonly string[], value: unknown): Draft {
  if (rest.length > 0) return { ...draft, [name]: putInto(draft[name], rest, value) };
  if (value !== undefined) return { ...draft, [name]: value };
  return Object.fromEntries(Object.entries(draft).filter(([other]) => other !== name));
}

/** A list where the next name is a place in it. */
function putInto(inner: unknown, names: readonly string[], value: unknown): unknown {
  const [place = "", ...rest] = names;
  if (!/^\d+$/.test(place)) return withPut(isObject(inner) ? inner : {}, names, value);
  const list: unknown[] = Array.isArray(inner) ? [...inner] : [];
  list[Number(place)] = putInto(list[Number(place)], rest, value);
  return list;
}

/** The draft without a value that would be refused now; null and the empty list say the same and stay. */
export function withoutValue(draft: Draft, key: string): Draft {
  const value = valueAt(draft, key);
  const isNothing = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
  return isNothing ? draft : withValue(draft, key, undefined);
}

/** The text of the file. */
export function draftText(draft: Draft): string {
  return `${JSON.stringify(draft, null, 2)}\n`;
}

/** What is wrong with the value at a key, a sentence each; what is wrong elsewhere is not said. */
export function problemsAt(draft: Draft, key: string): readonly string[] {
  const checked = checkConfig(draftText(draft));
  if (checked.ok) return [];
  return checked.problems.filter((problem) => {
    const rest = problem.startsWith(key) ? problem.slice(key.length) : "";
    return /^[:.[]/.test(rest);
  });
}
