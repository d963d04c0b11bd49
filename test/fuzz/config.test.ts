/** What somebody may have made of a configuration: any text is a configuration, or sentences for people. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { checkConfig } from "../../src/config/device-config.ts";
import { readJson } from "../../src/config/json-text.ts";
import { type Case, fuzz } from "./fuzz.ts";

const example = readFileSync(new URL("../../device.config.json", import.meta.url), "utf8");

const others = [
  '{"a":{"a":{"a":[[[[[[]]]]]]}}}',
  '{"__proto__":{"toString":1},"constructor":null}',
  '"\\ud800\\u0000\\""',
  "[-0.0e-999,1e999,123456789012345678901234567890]",
  "\ufeff \t\r\n{}",
];

fuzz(
  "a text is JSON to us where it is JSON, but for keys that stand twice and what nests too deep",
  (one) => {
    const text = one.damagedText(
      one.random.chance(0.5) ? example : one.random.pick(["{}", ...others]),
      others,
    );
    const read = one.timed(() => readJson(text));
    const parsed = parsedBy(text);
    if ("fault" in read) {
      const { line, column, sentence } = read.fault;
      assert.ok(line >= 1 && column >= 1 && sentence !== "");
      if (parsed !== null) assert.match(sentence, /second time|deeper than/);
    } else {
      assert.deepEqual({ value: read.value }, parsed);
    }
  },
);

fuzz("a text is a configuration, or sentences that say what is wrong with it", (one) => {
  checked(one, one.damagedText(example, others));
});

fuzz("a configuration with other values in it is one, or sentences with the paths of their keys", (one) => {
  const config: unknown = JSON.parse(example);
  for (let change = one.random.between(1, 5); change > 0; change -= 1) replaceOne(one, config);
  const { problems } = checked(one, JSON.stringify(config));
  for (const problem of problems) assert.match(problem, /^(?:The file |[\w$"-][^\n]*: )/);
});

function checked(one: Case, text: string): { readonly problems: readonly string[] } {
  const check = one.timed(() => checkConfig(text));
  if (!check.ok) {
    assert.ok(check.problems.length > 0);
    for (const problem of check.problems) {
      assert.match(problem, /\S/);
      assert.ok(problem.length < 1_000, "a person can read it");
      assert.doesNotMatch(problem, /\p{Cc}/u, "a terminal is not told what to do");
    }
    return check;
  }
  assert.ok(Object.isFrozen(check.config) && Object.isFrozen(check.config.providers));
  const again = checkConfig(JSON.stringify(JSON.parse(text.replace(/^\ufeff/, ""))));
  assert.deepEqual(again, check);
  return { problems: [] };
}

/** Puts another value, key or nothing in the place of one of its values. */
function replaceOne(one: Case, config: unknown): void {
  const places = placesIn(config);
  const place = places[one.random.between(0, places.length - 1)];
  if (place === undefined) return;
  const { parent, key } = place;
  const value: unknown = Reflect.get(parent, key);
  const [sample = null] = fc.sample(fc.jsonValue({ maxDepth: 3 }), {
    seed: one.random.between(0, 2 ** 31),
    numRuns: 1,
  });
  const wild = one.random.pick([
    sample,
    sample,
    null,
    -1,
    0.5,
    1e21,
    2 ** 53,
    "",
    "0.005",
    "__proto__",
    [],
    {},
    true,
  ]);
  switch (one.random.between(0, 4)) {
    case 0:
      Reflect.deleteProperty(parent, key);
      break;
    case 1:
      Reflect.set(parent, Array.isArray(parent) ? parent.length : one.text(String(key)), wild);
      break;
    case 2:
      if (typeof value === "string") Reflect.set(parent, key, one.text(value));
      else if (typeof value === "number")
        Reflect.set(parent, key, value * one.random.pick([-1, 0, 0.1, 10, 1e9]));
      break;
    default:
      Reflect.set(parent, key, wild);
  }
}

interface Place {
  readonly parent: object;
  readonly key: string;
}

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => [
    { parent: value, key },
    ...placesIn(inner),
  ]);
}

function parsedBy(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text.replace(/^\ufeff/, "")) };
  } catch {
    return null;
  }
}
