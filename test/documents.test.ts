/**
 * The documents say what the code does: what can be generated is compared, what points somewhere is followed, what is an
 * example is tried.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { plainFiles } from "../scripts/deb/plain-files.ts";
import { saleMembers } from "../scripts/documents/local-parts.ts";
import { eventTable, loggedEvents } from "../scripts/documents/log-parts.ts";
import { suiteMap } from "../scripts/documents/suite-parts.ts";
import { documents, parts, partsOf, regenerated } from "../scripts/generate-documents.ts";
import { outages } from "../src/cli/outages.ts";
import { everyStory } from "../src/cli/sandboxes.ts";
import { saleStateSchema } from "../src/commands/sale.ts";
import { checkConfig } from "../src/config/device-config.ts";
import { REOPEN_LAST_MS } from "../src/drivers/scanner.ts";

const root = join(import.meta.dirname, "..");
const texts = new Map(documents.map((name) => [name, read(name)]));
const architecture = texts.get("ARCHITECTURE.md") ?? "";
const regenerate = "run: scripts/runtime node scripts/generate-documents.ts";

test("what is generated is what the code says now", async () => {
  for (const [name, text] of texts) {
    assert.equal(await regenerated(text), text, `${name} is not up to date; ${regenerate}`);
  }
});

test("a log event that no sentence explains is refused, and so is a sentence of an event that is gone", () => {
  const logged = loggedEvents(['this.#log.warn("moon.full", {});', 'log?.info(\n  "moon.new");']);
  assert.deepEqual([...logged.keys()], ["moon.full", "moon.new"]);
  assert.throws(() => eventTable(logged), /without a sentence: moon\.full, moon\.new/);
  assert.throws(() => eventTable(new Map()), /nobody logs "alarm"/);
});

test("a source is mapped to the suites that import it, else to the sources that do", () => {
  const map = suiteMap(
    new Map([
      ["src/a/moon.ts", 'import { sun } from "./sun.ts";'],
      ["src/a/sun.ts", ""],
      ["src/main.ts", ""],
      ["test/a/all.test.ts", 'import { moon } from "../../src/a/moon.ts";'],
      ["test/a/moon.test.ts", 'await import("../../src/a/moon.ts");'],
    ]),
  );
  assert.match(map, /^- `src\/a\/moon\.ts`: `test\/a\/moon\.test\.ts`, `test\/a\/all\.test\.ts`$/m);
  assert.match(map, /^- `src\/a\/sun\.ts`: through `src\/a\/moon\.ts`$/m);
  assert.match(map, /^- `src\/main\.ts`: as a whole program$/m);
});

test("each generated part stands in one document", () => {
  // The Chinese front page shows what the English one shows.
  assert.deepEqual(partsOf(texts.get("README.zh.md") ?? ""), partsOf(texts.get("README.md") ?? ""));
  const used = [...texts].flatMap(([name, text]) => (name === "README.zh.md" ? [] : partsOf(text)));
  assert.deepEqual([...used].sort(), Object.keys(parts).sort());
});

test("a part that has grown old is written anew, and one that nobody makes is refused", async () => {
  const stale = "Before.\n<!-- generated: commands -->\nold\n<!-- end -->\nAfter.\n";
  const fresh = await regenerated(stale);
  assert.match(
    fresh,
    /^Before\.\n<!-- generated: commands -->\n```text\nscanbox [\s\S]*<!-- end -->\nAfter\.\n$/,
  );
  assert.doesNotMatch(fresh, /^old$/m);
  assert.equal(await regenerated(fresh), fresh);
  const unknown = "<!-- generated: commands of the moon -->\n<!-- end -->";
  await assert.rejects(regenerated(unknown), /no generated part "commands of the moon"/);
});

test("every link leads somewhere", () => {
  const broken = [...texts].flatMap(([name, text]) =>
    linksIn(text)
      .filter((link) => !leadsSomewhere(link, name))
      .map((link) => `${name}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test("the front page and the way into the code stay short", () => {
  const most = { "README.md": 14, "README.zh.md": 14, "ARCHITECTURE.md": 40 };
  for (const [name, kilobytes] of Object.entries(most)) {
    const size = Buffer.byteLength(texts.get(name) ?? "");
    assert.ok(size > 0 && size <= kilobytes * 1_000, `${name} has ${size} bytes, ${kilobytes} KB at most`);
  }
});

test("every document is one of those that are looked at", () => {
  const found = globSync(["*.md", "{src,systemd,test,scripts}/**/*.md"], { cwd: root });
  assert.deepEqual(found.sort(), [...documents].sort());
});

test("a file of the package lies there as it lies here, so that links lead on", () => {
  for (const [from, to] of plainFiles) {
    if (from.endsWith(".md")) assert.equal(to, `usr/share/doc/scanbox/${from}`);
  }
});

test("a link to nowhere is noticed", () => {
  const text = "[a](NOWHERE.md) [b](#nothing-here) [c](README.md#no-such-head) [d](https://example.com)";
  assert.equal(linksIn(text).filter((link) => !leadsSomewhere(link, "README.md")).length, 3);
});

test("what a document of the package points at is in the package, too", () => {
  const shipped = new Set(plainFiles.map(([from]) => from));
  // These are there by Debian's names, changelog.gz and copyright.
  const elsewhere = new Set(["CHANGELOG.md", "LICENSE"]);
  for (const name of shipped) {
    const text = texts.get(name);
    if (text === undefined) continue;
    const links = linksIn(text)
      .flatMap((link) => /^([^:#]+)(?:#.*)?$/.exec(link)?.[1] ?? [])
      .map((link) => join(dirname(name), link));
    const schemas = [...text.matchAll(/`(src\/[\w/-]+\.schema\.json)`/g)].map(([, path = ""]) => path);
    const missing = [...links, ...schemas].filter((path) => !shipped.has(path) && !elsewhere.has(path));
    assert.deepEqual(missing, [], name);
  }
});

test("every file that is named exists", () => {
  const named = [...texts].flatMap(([name, text]) =>
    [...text.matchAll(/`((?:src|test|scripts|\.ci)\/[\w./-]+)/g)].map(([, path = ""]) => ({ name, path })),
  );
  assert.ok(named.length > 15);
  // Capitals stand for a name of one's own.
  const missing = named.filter(({ path }) => !/[A-Z]{3}/.test(path) && !existsSync(join(root, path)));
  assert.deepEqual(missing, []);
});

test("every configuration that is shown passes its check, and every other example is JSON", () => {
  const examples = [...texts.values()].flatMap((text) =>
    [...text.matchAll(/^( *)```json\n([\s\S]*?)^ *```$/gm)].map(([, , json = ""]) => json),
  );
  const configs = examples.filter((json) => Object.hasOwn(JSON.parse(json) as object, "version"));
  assert.ok(configs.length > 0);
  for (const config of [...configs, read("device.config.json")]) {
    const checked = checkConfig(config);
    assert.deepEqual(checked.ok ? [] : checked.problems, []);
  }
});

test("the table of configuration keys has the members of every entry of a list too", () => {
  const page = texts.get("src/config/README.md") ?? "";
  for (const key of [
    "id",
    "wallets",
    "appId",
    "subMerchantId",
    "apiKey",
    "certificate.cert",
    "sceneInfo.id",
  ]) {
    assert.ok(page.includes(`\`providers[].${key}\``), `providers[].${key}`);
  }
  for (const key of ["key", "name", "price", "pulses"]) {
    assert.ok(page.includes(`\`amount.menu[].${key}\``), `amount.menu[].${key}`);
  }
});

test("the members of a sale are those that a till reads", () => {
  const listed = [...saleMembers().matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual(listed, Object.keys(saleStateSchema.shape));
});

test("a scanner that returns is promised in the same time wherever it is told, and its longest pause fits in", () => {
  const told = [outages["no-scanner"][1], texts.get("CHANGELOG.md") ?? "", architecture].flatMap((text) =>
    [
      ...text.matchAll(/(?:read|opened) again within (\d+) s|scanner that returns is read within (\d+) s/g),
    ].map(([, first, second]) => Number(first ?? second)),
  );
  assert.equal(told.length, 3);
  assert.deepEqual([...new Set(told)], [3]);
  assert.ok(REOPEN_LAST_MS < 3_000);
});

test("what helps an absent scanner names the groups of both kinds", () => {
  assert.match(outages["no-scanner"][1], /`dialout`.*`input`/);
});

test("every scenario in a command exists, and the kinds of checks are those of the test script", () => {
  const scenarios = [...texts.values()].flatMap((text) =>
    [...text.matchAll(/--scenario ([\w-]+)/g)].map(([, name = ""]) => name),
  );
  assert.ok(scenarios.length > 0);
  assert.deepEqual(
    scenarios.filter((name) => name !== "NAME" && everyStory.storyNamed(name) === null),
    [],
  );
  const kinds = [...read("scripts/run-tests.ts").matchAll(/^ +\{?\s*name: "([^"]+)"/gm)].map(
    ([, kind]) => kind,
  );
  const listed = /^Kinds: `([^`]+)`/m.exec(texts.get("CONTRIBUTING.md") ?? "")?.[1] ?? "";
  assert.deepEqual(
    listed.match(/"[^"]+"|\S+/g)?.map((kind) => kind.replaceAll('"', "")),
    kinds,
  );
});

test("every money rule that is cited stands in ARCHITECTURE.md, every invariant in the page of the tests", () => {
  const rules = new Set([...architecture.matchAll(/^(\d+)\. \*\*/gm)].map(([, number = ""]) => number));
  assert.deepEqual(
    [...rules],
    Array.from({ length: 19 }, (_, index) => String(index + 1)),
  );
  const invariants = new Set(
    [...(texts.get("test/README.md") ?? "").matchAll(/^\| (I\d+) +\|/gm)].map(([, name = ""]) => name),
  );
  const cited = globSync("{src,test,scripts}/**/*.ts", { cwd: root })
    .map((path) => read(path))
    .join("\n");
  const rulesCited = [...cited.matchAll(/\bmoney rules? (\d+)(?:(?: to | and |, )(\d+))?/g)].flatMap(
    ([, first, second]) => [first ?? "", second ?? first ?? ""],
  );
  assert.deepEqual(
    rulesCited.filter((number) => !rules.has(number)),
    [],
  );
  const invariantsCited = [...cited.matchAll(/["(` ](I\d{1,2})(?=["),`: ])/g)].map(([, name = ""]) => name);
  assert.ok(invariantsCited.length > 20);
  assert.deepEqual(
    invariantsCited.filter((name) => !invariants.has(name)),
    [],
  );
});

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
}

function leadsSomewhere(link: string, from: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? from : join(dirname(from), file);
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || anchorsOf(read(path)).has(anchor);
}

/** The anchors that renderers of Markdown make of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
