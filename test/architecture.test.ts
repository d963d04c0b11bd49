/**
 * The house rules that the compiler cannot see: which way imports point, what reaches for time and chance by itself, and
 * what no file may hold. Every rule is shown a planted offence here that it must find, and an innocent look-alike.
 */
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import test from "node:test";
import { logFields } from "../src/links/log/log-fields.ts";

interface SourceFile {
  /** Relative to the root, such as `src/core/kernel/fen.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Rule {
  readonly claim: string;
  /** What the rule finds in one file, a phrase each. */
  readonly offences: (file: SourceFile) => readonly string[];
  /** Files that the rule must object to, one offence each. */
  readonly planted: readonly SourceFile[];
  /** Files that look alike and are in order. */
  readonly innocent: readonly SourceFile[];
}

interface Layer {
  /** The files of the layer: a folder that ends in `/`, or one file. */
  readonly files: string;
  /** What they may import of the project: folders and files, beside their own folder. */
  readonly project: readonly string[];
  /** Which packages, `node:` ones included; `any` is for the layers that touch the machine. */
  readonly packages: readonly string[] | "any";
}

const pureCrypto = "node:crypto";
const inner = ["src/core/", "src/runtime/ports.ts"];

/** What a box is made of. */
const composed = [
  ...["src/core/", "src/runtime/", "src/providers/", "src/journal/", "src/reporting/"],
  ...["src/commands/", "src/config/", "src/control/", "src/devices.ts"],
];

/** Those of a provider: its sandbox, what the configuration may say of an account, whose ids are in `ids`, and what explains. */
function providerLayers(kind: string, ids: string): readonly Layer[] {
  const own = `src/providers/${kind}/`;
  const sandbox = `${own}sandbox/`;
  const beside = ["provider.ts", "sandbox.ts", "sandbox-server.ts", "kind.ts", "beijing-time.ts"].map(
    (file) => `src/providers/${file}`,
  );
  // How the sandbox stands in the place of a network, and in a world.
  const inWorlds = ["serve", "world", "world-accounts", "small-world", "sandboxes"];
  return [
    ...inWorlds.map((file) => ({
      files: `${sandbox}${file}.ts`,
      project: [...inner, own, "src/providers/provider.ts", "src/simulator/outside/"],
      packages: [],
    })),
    {
      // What the provider's words mean is spelled out there a second time: with the box's own tables it would prove nothing.
      files: `${sandbox}told.ts`,
      project: ["src/core/", "src/simulator/outside/sandbox.ts", `${sandbox}call.ts`],
      packages: [],
    },
    // Whether an address is one at all, nothing of a network.
    {
      files: `${sandbox}request.ts`,
      project: ["src/core/", own, ...beside],
      packages: ["node:net", "zod", pureCrypto],
    },
    {
      files: sandbox,
      project: [...inner, own, ...beside, "src/simulator/outside/sandbox.ts"],
      packages: ["zod", pureCrypto],
    },
    {
      // What the configuration may say of an account; the configuration is read with it.
      files: `${own}settings.ts`,
      project: ["src/core/", "src/settings/", `${own}${ids}`, "src/providers/entry-terms.ts"],
      packages: ["zod"],
    },
    { files: `${own}explain.ts`, project: [...inner, "src/providers/"], packages: ["zod", pureCrypto] },
  ];
}

/** The arrows of ARCHITECTURE.md as a table; the first row that fits a file is its layer. */
const layers: readonly Layer[] = [
  { files: "src/core/kernel/", project: [], packages: [] },
  { files: "src/core/payment/", project: ["src/core/kernel/"], packages: [] },
  { files: "src/core/codecs/", project: ["src/core/payment/", "src/core/kernel/"], packages: [] },
  { files: "src/runtime/", project: ["src/core/"], packages: [] },
  { files: "src/drivers/", project: inner, packages: [] },
  { files: "src/commands/", project: inner, packages: ["zod"] },
  ...providerLayers("wechat-v2", "merchant.ts"),
  ...providerLayers("alipay", "seller.ts"),
  {
    files: "src/providers/sandboxes.ts",
    project: ["src/providers/", "src/simulator/outside/provider.ts"],
    packages: [],
  },
  {
    files: "src/providers/sandbox-server.ts",
    project: [],
    packages: ["node:http", "node:https", "node:net", "node:tls"],
  },
  { files: "src/providers/explain.ts", project: [...inner, "src/providers/"], packages: ["zod"] },
  {
    files: "src/providers/settings.ts",
    project: [
      ...["src/core/", "src/settings/", "src/providers/entry-terms.ts"],
      ...["src/providers/wechat-v2/settings.ts", "src/providers/alipay/settings.ts"],
    ],
    packages: ["zod"],
  },
  {
    files: "src/providers/",
    project: [...inner, "src/providers/"],
    packages: ["fast-xml-parser", pureCrypto],
  },
  { files: "src/journal/", project: inner, packages: ["zod", pureCrypto] },
  { files: "src/reporting/", project: inner, packages: ["zod", pureCrypto] },
  { files: "src/control/", project: [...inner, "src/commands/"], packages: ["zod"] },
  { files: "src/settings/", project: [], packages: ["zod"] },
  {
    files: "src/config/",
    project: [...inner, "src/settings/", "src/providers/settings.ts", "src/providers/entry-terms.ts"],
    packages: ["zod", pureCrypto],
  },
  {
    // What a start learns of the journal is concluded in its thread, so that no row has to leave it.
    files: "src/links/sqlite/sqlite-worker.ts",
    project: ["src/links/sqlite/", "src/journal/recovered.ts"],
    packages: ["node:worker_threads"],
  },
  { files: "src/links/", project: [...inner, "src/runtime/guarded-lines.ts"], packages: "any" },
  {
    // A whole box on simulated links.
    files: "src/simulator/site/staged-box.ts",
    project: ["src/simulator/", "src/core/", "src/runtime/", "src/compose.ts", "src/composed/parts.ts"],
    packages: [],
  },
  {
    files: "src/simulator/site/till.ts",
    project: ["src/simulator/", "src/core/", "src/commands/callers.ts"],
    packages: [],
  },
  {
    files: "src/simulator/site/planted-defect.ts",
    project: ["src/simulator/", "src/runtime/", "src/config/device-config.ts"],
    packages: [],
  },
  {
    // What people do with a damaged journal is what the command does.
    files: "src/simulator/seeded/damage.ts",
    project: ["src/simulator/", "src/core/", "src/runtime/", "src/journal/"],
    packages: [],
  },
  {
    files: "src/simulator/seeded/",
    project: [
      ...["src/simulator/", "src/core/", "src/runtime/", "src/providers/"],
      "src/config/device-config.ts",
    ],
    packages: [],
  },
  {
    // The same, smaller and without chance.
    files: "src/simulator/exhaustive/",
    project: [
      ...["src/simulator/", "src/core/", "src/runtime/", "src/providers/"],
      "src/config/device-config.ts",
    ],
    packages: [],
  },
  {
    // Hears of providers in neutral words alone.
    files: "src/simulator/checker/",
    project: [...inner, "src/commands/callers.ts", "src/simulator/"],
    packages: [],
  },
  {
    files: "src/simulator/outside/embedded-broker.ts",
    project: ["src/simulator/", "src/core/", "src/runtime/"],
    packages: ["node:net", "node:tls", "aedes"],
  },
  {
    files: "src/simulator/",
    project: ["src/core/", "src/runtime/", "src/providers/"],
    packages: ["zod", pureCrypto],
  },
  {
    files: "src/devices.ts",
    project: ["src/core/", "src/runtime/ports.ts", "src/drivers/", "src/config/"],
    packages: [],
  },
  { files: "src/composed/", project: composed, packages: [] },
  { files: "src/compose.ts", project: [...composed, "src/composed/"], packages: [] },
  { files: "src/cli/", project: ["src/", "package.json"], packages: "any" },
  { files: "src/main.ts", project: ["src/cli/"], packages: "any" },
];

/** Files that may take chance from the machine: they stand outside every simulated world. */
const takesChance =
  /^src\/(?:links\/|cli\/|providers\/sandbox-server\.ts|providers\/[^/]+\/sandbox\/server\.ts)/;

/** What of `node:crypto` is chance. */
const chance = /^(?:random|generateKey|generatePrime|getRandomValues|webcrypto|subtle)/;

/** Folders in which time, chance and the process come through ports, if they come at all. */
const withoutWorld =
  /^src\/(?:core|runtime|drivers|till|providers(?!\/sandbox-server\.ts|\/[^/]+\/sandbox\/server\.ts)|journal|reporting|control|config|composed|devices\.ts|compose\.ts)/;

const worldly = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "performance",
  "process",
  "crypto",
  "console",
  "fetch",
  "globalThis",
] as const;

const rules: readonly Rule[] = [
  {
    claim: "imports point one way",
    offences: (file) =>
      importsOf(file).flatMap(({ target }) => {
        const layer = layerOf(file.path);
        if (layer === undefined) return file.path.startsWith("src/") ? ["belongs to no layer"] : [];
        return mayImport(layer, file.path, target) ? [] : [`imports ${target}`];
      }),
    planted: [
      file("src/core/payment/a.ts", 'import { b } from "../../providers/b.ts";'),
      file("src/core/payment/a.ts", 'import { readFileSync } from "node:fs";'),
      file("src/core/kernel/a.ts", 'import type { B } from "../payment/b.ts";'),
      file("src/drivers/a.ts", 'import { Loop } from "../runtime/loop.ts";'),
      file("src/drivers/a.ts", 'import { b } from "../providers/b.ts";'),
      file("src/drivers/a.ts", 'const { SerialPort } = await import("serialport");'),
      file("src/journal/a.ts", 'import { DatabaseSync } from "node:sqlite";'),
      file("src/providers/a.ts", 'import {\n  Client,\n} from "undici";'),
      file("src/config/a.ts", 'import "../links/b.ts";'),
      file("src/reporting/a.ts", 'import { connect } from "mqtt";'),
      file("src/links/a.ts", 'import { loadConfig } from "../cli/config.ts";'),
      file("src/links/a.ts", 'import { Journal } from "../journal/journal.ts";'),
      file("src/simulator/a.ts", 'import { SystemClock } from "../links/system-clock.ts";'),
      file("src/simulator/a.ts", 'import { createServer } from "node:http";'),
      file("src/simulator/checker/a.ts", 'import { b } from "../../providers/wechat-v2/b.ts";'),
      ...["../codes", "../order-codes", "../replies", "./sandbox"].map((told) =>
        file("src/providers/wechat-v2/sandbox/told.ts", `import { b } from "${told}.ts";`),
      ),
      file("src/compose.ts", 'import { SimulatedTime } from "./simulator/time.ts";'),
      file("src/compose.ts", 'import { PinoLog } from "./links/pino-log.ts";'),
      file("src/composed/a.ts", 'import { ComposedBox } from "../compose.ts";'),
      file("src/main.ts", 'import { Box } from "./compose.ts";'),
      file("src/core/a.ts", 'import { c } from "../../test/core/c.ts";'),
      file("src/elsewhere/a.ts", 'import { b } from "./b.ts";'),
    ],
    innocent: [
      file("src/core/codecs/a.ts", 'import { b } from "../payment/b.ts"; // from "serialport"'),
      file("src/drivers/a.ts", 'import type { Clock } from "../runtime/ports.ts";'),
      file("src/providers/a.ts", 'import { createHmac } from "node:crypto";'),
      file("src/links/a.ts", 'import { SerialPort } from "serialport";'),
      file("src/simulator/outside/embedded-broker.ts", 'import { Aedes } from "aedes";'),
      file("src/cli/a.ts", 'import { SimulatedTime } from "../simulator/time.ts";'),
      file("test/a.ts", 'import { SerialPort } from "serialport";'),
    ],
  },
  {
    claim: "the checker of worlds names no provider and reads no document of one",
    offences: ({ path, text }) =>
      path.startsWith("src/simulator/checker/") && /wechat|alipay|xml|<[a-z]+_[a-z_]+>/i.test(text)
        ? ["names a provider"]
        : [],
    planted: [
      file("src/simulator/checker/a.ts", "// As WeChat Pay v2 has it."),
      file("src/simulator/checker/a.ts", 'const fen = textIn(body, "<total_fee>");'),
    ],
    innocent: [
      file("src/simulator/checker/a.ts", "const found = new Map<string, Asked>();"),
      file("src/simulator/seeded/a.ts", "// As WeChat Pay v2 has it."),
    ],
  },
  {
    claim: "nothing of the box needs what only a server uses, its types neither",
    offences: (source) =>
      source.path.startsWith("src/") && !/^src\/providers\/[^/]+\/server\//.test(source.path)
        ? importsOf(source).flatMap(({ target }) =>
            /^src\/providers\/[^/]+\/server\//.test(posix.join(posix.dirname(source.path), target))
              ? [`imports ${target}`]
              : [],
          )
        : [],
    planted: [
      file("src/providers/a/b.ts", 'import type { C } from "./server/c.ts";'),
      file("src/cli/a.ts", 'import { c } from "../providers/a/server/c.ts";'),
    ],
    innocent: [
      file("src/providers/a/server/b.ts", 'import { c } from "./c.ts";'),
      file("src/cli/a.ts", 'import { c } from "../control/server.ts";'),
      file("test/a.ts", 'import { c } from "../src/providers/a/server/c.ts";'),
    ],
  },
  {
    claim: "of node:crypto, only what touches the machine takes chance",
    offences: (source) => {
      if (!source.path.startsWith("src/") || takesChance.test(source.path)) return [];
      return importsOf(source).flatMap(({ target, names }) =>
        target === pureCrypto
          ? names.filter((name) => chance.test(name)).map((name) => `imports ${name}`)
          : [],
      );
    },
    planted: [
      file("src/providers/a.ts", 'import { createHmac, randomBytes } from "node:crypto";'),
      file("src/simulator/a.ts", 'import {\n  randomUUID as uuid,\n} from "node:crypto";'),
    ],
    innocent: [
      file("src/providers/a.ts", 'import { createHmac, timingSafeEqual } from "node:crypto";'),
      file("src/links/a.ts", 'import { randomBytes } from "node:crypto";'),
    ],
  },
  {
    claim: "time, chance and the process come through ports",
    offences: (source) => {
      if (!withoutWorld.test(source.path)) return [];
      const code = withoutText(source.text);
      return [
        ...worldly.filter((name) => new RegExp(`(?<![.\\w$#])${name}\\b(?!\\s*[?]?:)`).test(code)),
        ...(/\bMath\s*\.\s*random\b/.test(code) ? ["Math.random"] : []),
        // A date made of a given moment is arithmetic; one made of nothing is the wall clock.
        ...(/(?<![.\w$#])Date\b(?!\s*\.\s*(?:UTC|parse)\b)(?<!\bnew\s+Date(?=\s*\(\s*[^)\s]))/.test(code)
          ? ["Date"]
          : []),
      ];
    },
    planted: [
      file("src/core/a.ts", "const now = Date.now();"),
      file("src/core/a.ts", "const now = new Date();"),
      file("src/drivers/a.ts", "setTimeout(stop, 5);"),
      file("src/providers/a.ts", "const n = Math.random();"),
      file("src/journal/a.ts", "const id = crypto.randomUUID();"),
      file("src/reporting/a.ts", "const { env } = process;"),
      file("src/reporting/a.ts", `const text = \`at \${performance.now()}\`;`),
      file("src/config/a.ts", "console.log(1);"),
    ],
    innocent: [
      file("src/core/a.ts", "// Date.now() and setTimeout are not for us.\nconst text = 'Math.random()';"),
      file("src/journal/a.ts", "const at = new Date(wall).toISOString();"),
      file("src/journal/a.ts", "const at = Date.parse(text);"),
      file(
        "src/drivers/a.ts",
        "timer.process(); const x = { process: 1, performance };".replace("performance", "a"),
      ),
      file("src/links/a.ts", "setTimeout(stop, 5);"),
    ],
  },
  {
    claim: "what is exported has a name, one home and a docstring",
    offences: (source) => {
      if (!source.path.startsWith("src/")) return [];
      const code = withoutText(source.text);
      const offences: string[] = [];
      if (/^export\s+default\b/m.test(code)) offences.push("has a default export");
      if (/^export\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/m.test(code)) offences.push("is a barrel");
      return [...offences, ...undocumented(source.text).map((name) => `does not document ${name}`)];
    },
    planted: [
      file("src/core/a.ts", "/** A thing. */\nexport default 1;"),
      file("src/core/a.ts", 'export * from "./b.ts";'),
      file("src/core/a.ts", 'export { b } from "./b.ts";'),
      file("src/core/a.ts", "// A comment is no docstring.\nexport const a = 1;"),
      file("src/core/a.ts", "/** One. */\nexport const a = 1;\n\nexport async function b() {}"),
      file("src/core/a.ts", "/** One. */\nexport const a = 1;\nexport const b = 2;"),
      file("src/core/a.ts", "/** Opens the file. */\n\nexport class A {}"),
    ],
    innocent: [
      file("src/core/a.ts", "/** One. */\nexport const a = 1;"),
      file(
        "src/core/a.ts",
        "/** All of them. */\nexport const all = [1] as const;\nexport type One = (typeof all)[number];",
      ),
      file("src/core/a.ts", "/**\n * Two\n * lines.\n */\nexport function f(): void {}"),
    ],
  },
  {
    claim: "nothing is left lying about",
    offences: ({ text }) =>
      leftovers.flatMap(({ name, pattern }) => (pattern.test(text) ? [`holds ${name}`] : [])),
    planted: [
      file("src/core/a.ts", `// ${"FIX"}${"ME"}: later`),
      file("src/core/a.ts", `// ${"TO"}${"DO"}: later`),
      file("test/a.test.ts", `test.${"only"}("x", () => {});`),
      file("test/a.test.ts", `// @ts-${"ignore"}\nf(1);`),
      file("test/a.test.ts", `readonly #${"wit"}${"ness"}: InvariantChecker;`),
    ],
    innocent: [
      file("src/core/a.ts", `// ${"TO"}${"DO"}(#12): when the panel can do it`),
      file("test/a.test.ts", 'test("only", () => { assert.ok(commonly(1)); });'),
    ],
  },
  {
    claim: "what is cited can be opened by whoever has the repository",
    offences: ({ text }) =>
      papers.flatMap(({ name, pattern }) => (pattern.test(text) ? [`cites ${name}`] : [])),
    planted: [
      file("src/core/a.ts", `// Durable first (${"desi"}${"gn"} §4.1).`),
      file("test/a.ts", `/** The ${"Desi"}${"gn"} §3 as a table. */`),
      file("src/providers/a.ts", `// As ${"proto"}${"col.md"} §1.5 has it.`),
      file("src/links/a.ts", `// ${"hard"}${"ware.md"} §4`),
      file("src/core/a.ts", `// ${"till-and"}${"-ux"} §3.2`),
      file("README.md", `See ${"reli"}${"ability"} §1.3.`),
      file("src/simulator/a.ts", `// Wants a restart (${"reli"}${"ability"} I22).`),
      file("ARCHITECTURE.md", `Compared in ${"pe"}${"ers.md"}.`),
      file("scripts/check", `# Rule 12 of ${"code"}${"bases.md"}`),
    ],
    innocent: [
      file("src/core/a.ts", "// Money rule 9 (ARCHITECTURE.md); WeChat Pay v2, micropay; MQTT 5 §3.1.2."),
      file("README.md", "A design that survives; a protocol; hardware; reliability is the point."),
    ],
  },
  {
    claim: "what is exported, a phase or a state bears the field's word",
    offences: ({ path, text }) => {
      if (!path.startsWith("src/")) return [];
      // Providers call an order closed, and say how it is closed: those names are theirs.
      const own = path.startsWith("src/providers/") ? providersOwn : noWords;
      const exported = text.matchAll(
        /^export (?:async |abstract )*(?:type|interface|class|function\*?|const|let) (\w+)/gm,
      );
      const names = text.matchAll(/\bname: "([a-z-]+)"/g);
      return [...exported, ...names].flatMap(([, name = ""]) =>
        wordsOf(name)
          .filter((word) => foreignWords.has(word) && !own.has(word))
          .map((word) => `says ${word} in ${name}`),
      );
    },
    planted: [
      file("src/core/payment/a.ts", "export interface Settlement {}\nexport function settleOrder(): void {}"),
      file("src/core/payment/a.ts", 'export type Phase = { readonly name: "booking" };'),
      file("src/cli/a.ts", "export const BANK_HOSTS = 1;"),
      file("src/providers/a/a.ts", "export function voidOrder(): void {}"),
    ],
    innocent: [
      file("src/providers/a/a.ts", "export function readCloseOrder(): void {}"),
      file("src/core/payment/a.ts", 'const book = "settled"; export const bookmark = { name: "final" };'),
    ],
  },
  {
    claim: "log lines have a stable name and fields of the list",
    offences: (source) => {
      if (!source.path.startsWith("src/")) return [];
      return [
        ...source.text.matchAll(/[lL]og\.(?:debug|info|warn|error)\(\s*"([^"]*)"(?:,\s*\{([^}]*)\})?/g),
      ].flatMap(([, event = "", fields = ""]) => [
        ...(/^[a-z]+(?:[.-][a-z]+)*$/.test(event) ? [] : [`logs "${event}"`]),
        ...[...fields.matchAll(/(?:^|,)\s*(\w+)\s*(?=[:,]|$)/g)]
          .map(([, field = ""]) => field)
          .filter((field) => !logFields.has(field))
          .map((field) => `logs the field ${field}`),
      ]);
    },
    planted: [
      file("src/drivers/a.ts", 'log.info("Scanner is ready");'),
      file("src/drivers/a.ts", 'this.#log.warn("scanner.lost", { cause, openid: who });'),
      file("src/drivers/a.ts", 'log.info("scanner.read", { authCode });'),
    ],
    innocent: [
      file("src/drivers/a.ts", 'log.info("scanner.ready", { path: f(a, b), cause });'),
      file("src/drivers/a.ts", 'log.warn("scanner.lost");'),
    ],
  },
];

/** Words that mean something else in payments, and those that only this house would know. */
const foreignWords: ReadonlySet<string> = new Set([
  ...["settle", "settled", "void", "voided", "dispute", "disputed", "book", "booked", "booking"],
  ...["close", "closed", "closing", "capture", "captured", "bank", "desk", "door", "glass", "hands"],
  ...["fate", "habits", "life", "mortality", "stranded", "taken", "temper", "twin", "wish"],
]);

/** What providers call things in their own calls and documents, and what a look-alike of theirs has for that. */
const providersOwn: ReadonlySet<string> = new Set(["close", "closed", "closing", "wish"]);
const noWords: ReadonlySet<string> = new Set();

/** The words that a name is made of, in lower case. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .split(/[-_]/);
}

const leftovers: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "a reminder to repair", pattern: new RegExp(`\\b${"FIX"}${"ME"}\\b`) },
  { name: "a reminder without an issue", pattern: new RegExp(`\\b${"TO"}${"DO"}\\b(?!\\(#\\d+\\))`) },
  { name: "a test that silences the others", pattern: new RegExp(`\\.${"only"}\\(`) },
  { name: "the private word for the checker of worlds", pattern: new RegExp(`${"wit"}${"ness"}`, "i") },
  { name: "a silenced compiler", pattern: new RegExp(`@ts-${"ignore"}|@ts-${"nocheck"}`) },
];

/** Working papers that stand in no repository: what they say stands in the documents of the root. */
const papers: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "a design paper", pattern: new RegExp(`\\b${"desi"}${"gn"}(?:\\.md\\b|\\s*§)`, "i") },
  { name: "a paper on the protocol", pattern: new RegExp(`\\b${"proto"}${"col"}(?:\\.md\\b|\\s*§)`, "i") },
  { name: "a paper on hardware", pattern: new RegExp(`\\b${"hard"}${"ware"}(?:\\.md\\b|\\s*§)`, "i") },
  {
    name: "a paper on reliability",
    pattern: new RegExp(`\\b${"reli"}${"ability"}(?:-fleet|\\.md\\b|\\s*§|\\s+I\\d)`, "i"),
  },
  { name: "a paper on tills", pattern: new RegExp(`\\b${"till-and"}${"-ux"}\\b`, "i") },
  {
    name: "a paper on others",
    pattern: new RegExp(`\\b(?:${"pe"}${"ers"}|${"code"}${"bases"})\\.md\\b`, "i"),
  },
];

const root = join(import.meta.dirname, "..");
const folders = ["src", "test", "scripts", ".ci"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ts$|^[^.]+$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name)),
);
const documents = readdirSync(root)
  .filter((name) => name.endsWith(".md"))
  .map((name) => join(root, name));
const sources: readonly SourceFile[] = [...folders, ...documents].map((path) => ({
  path: relative(root, path),
  text: readFileSync(path, "utf8"),
}));

test("the sources are read at all", () => {
  assert.ok(sources.some(({ path }) => path === "src/core/kernel/fen.ts"));
  assert.ok(sources.some(({ path }) => path === "test/architecture.test.ts"));
  assert.ok(sources.some(({ path }) => path === "scripts/check"));
  assert.ok(sources.some(({ path }) => path === "ARCHITECTURE.md"));
});

for (const rule of rules) {
  test(`${rule.claim}, in every file`, () => {
    const found = sources.flatMap((source) =>
      rule.offences(source).map((offence) => `${source.path} ${offence}`),
    );
    assert.deepEqual(found, []);
  });

  test(`"${rule.claim}" finds each planted offence and nothing in what looks alike`, () => {
    for (const offender of rule.planted) {
      assert.equal(rule.offences(offender).length, 1, `${offender.path}: ${offender.text}`);
    }
    for (const one of rule.innocent) assert.deepEqual(rule.offences(one), [], `${one.path}: ${one.text}`);
  });
}

function file(path: string, text: string): SourceFile {
  return { path, text };
}

test("every test file is run by a kind of check", () => {
  // Those of test/hil run in a kernel of their own, and test/power has one that does.
  const script = readFileSync(join(root, "scripts/run-tests.ts"), "utf8");
  const globs = [...script.matchAll(/"(test\/[^"]*\*\.test\.ts)"/g)].flatMap(([, glob]) => glob ?? []);
  assert.ok(globs.length > 5);
  const run = new Set(globs.flatMap((glob) => globSync(glob, { cwd: root })));
  const all = globSync("test/**/*.test.ts", { cwd: root }).filter((path) => !path.startsWith("test/hil/"));
  assert.deepEqual(
    all.filter((path) => !run.has(path)),
    [],
  );
});

/** Where each provider has its one line; test/deletion.test.ts has it compiled without them. */
const registers: readonly string[] = [
  "src/providers/registry.ts",
  "src/providers/settings.ts",
  "src/providers/sandboxes.ts",
];

/** What of the sources would miss a provider's folder. */
function missing(folder: string, all: readonly SourceFile[]): readonly string[] {
  return all
    .filter(({ path }) => path.startsWith("src/") && !path.startsWith(folder) && !registers.includes(path))
    .filter((source) =>
      importsOf(source).some(({ target }) =>
        posix.join(posix.dirname(source.path), target).startsWith(folder),
      ),
    )
    .map(({ path }) => path);
}

test("nothing but the lists of providers imports from the folder of one", () => {
  const folders = readdirSync(join(root, "src/providers"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `src/providers/${name}/`);
  assert.ok(folders.includes("src/providers/wechat-v2/"));
  assert.deepEqual(
    folders.flatMap((folder) => missing(folder, sources)),
    [],
  );
  const planted = file("src/core/a.ts", 'import type { B } from "../providers/wechat-v2/b.ts";');
  assert.deepEqual(missing("src/providers/wechat-v2/", [planted]), ["src/core/a.ts"]);
});

/** What is left when every file is taken away that imports nothing which is left: files in circles, and who needs them. */
function inCircles(files: readonly SourceFile[]): readonly string[] {
  const left = new Map(
    files.map((one) => [
      one.path,
      importsOf(one).map(({ target }) => posix.join(posix.dirname(one.path), target)),
    ]),
  );
  for (;;) {
    const free = [...left].filter(([, targets]) => !targets.some((target) => left.has(target)));
    if (free.length === 0) return [...left.keys()];
    for (const [path] of free) left.delete(path);
  }
}

test("no files import each other in a circle, not even types", () => {
  // The scenarios of a sandbox are told by what they do to its books.
  const sandbox = "src/providers/wechat-v2/sandbox/";
  const files = sources.filter(({ path }) => path.startsWith("src/") && !path.startsWith(sandbox));
  assert.deepEqual(inCircles(files), []);
  const one = file("src/core/a.ts", 'import type { B } from "./b.ts";');
  const other = file("src/core/b.ts", 'import { a } from "./a.ts";');
  assert.deepEqual(inCircles([one, other, file("src/core/c.ts", "")]), ["src/core/a.ts", "src/core/b.ts"]);
  assert.deepEqual(inCircles([one, file("src/core/b.ts", "")]), []);
});

function layerOf(path: string): Layer | undefined {
  return layers.find(({ files }) => within(path, files));
}

function within(path: string, place: string): boolean {
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}

function mayImport(layer: Layer, from: string, target: string): boolean {
  if (!target.startsWith(".")) return layer.packages === "any" || layer.packages.includes(target);
  const path = posix.join(posix.dirname(from), target);
  const own = layer.files.endsWith("/") && within(path, layer.files);
  return own || layer.project.some((place) => within(path, place));
}

interface Import {
  readonly target: string;
  /** The names taken, as the exporting module calls them. */
  readonly names: readonly string[];
}

function importsOf({ text }: SourceFile): readonly Import[] {
  const code = withoutComments(text);
  const statements = [
    /^import\s+(?:type\s+)?([\w$*{},\s]*?)\s*(?:\bfrom\s*)?"([^"]+)"/gm,
    /^export\s+(?:type\s+)?(\*[\w$\s]*|\{[^}]*\})\s*from\s*"([^"]+)"/gm,
  ].flatMap((form) => [...code.matchAll(form)]);
  const calls = /\bimport\(\s*"([^"]+)"/g;
  return [
    ...statements.map(([, clause = "", target = ""]) => ({
      target,
      names: namesIn(clause),
    })),
    ...[...code.matchAll(calls)].map(([, target = ""]) => ({ target, names: [] })),
  ];
}

function namesIn(clause: string): readonly string[] {
  return clause
    .replace(/[{}]/g, "")
    .split(",")
    .map((part) =>
      part
        .trim()
        .replace(/^type\s+/, "")
        .replace(/\s+as\s+.*$/, ""),
    );
}

/** Exports without a docstring; a type may stand directly below the declaration that has one and that it is made of. */
function undocumented(text: string): readonly string[] {
  const names: string[] = [];
  let documented = false;
  let previous = "";
  for (const line of text.split("\n")) {
    const match =
      /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:const|function|class|interface|type)\s+(\w+)/.exec(
        line,
      );
    if (previous === "") documented = false;
    if (previous.endsWith("*/")) documented = previous.startsWith(" */") || previous.startsWith("/**");
    else if (previous.startsWith("//")) documented = false;
    const own = previous.endsWith("*/") || /^export\s+type\b/.test(line);
    if (match !== null && !(documented && own)) names.push(match[1] ?? "");
    previous = line;
  }
  return names;
}

const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const quoted = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/;
const template = /`(?:[^`\\]|\\[\s\S])*`/;
const pattern =
  /(?<=(?:[(,=:[!&|?{};]|\breturn)\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/;
const tokens = new RegExp(
  [comment, quoted, template, pattern].map(({ source }) => `(${source})`).join("|"),
  "g",
);

function withoutComments(text: string): string {
  return text.replace(tokens, (token, isComment: string | undefined) =>
    isComment === undefined ? token : " ",
  );
}

/** The code alone: comments, texts and patterns are blanked, the expressions inside templates stay. */
function withoutText(text: string): string {
  return text.replace(tokens, (token: string) =>
    token.startsWith("`")
      ? [...token.matchAll(/\$\{([^{}]*)\}/g)].map(([, code]) => ` ${code} `).join("")
      : '""',
  );
}
