/** Which sources are mutated, and which tests look at each. */
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** Sources that belong together, and the tests that have to notice their defects. */
export interface Part {
  readonly name: string;
  /** Patterns of files. */
  readonly sources: readonly string[];
  /** The same; of these each source is judged by those that load it. */
  readonly tests: readonly string[];
}

/**
 * What is not named here is judged otherwise: links are thin skins over Node and native packages, for which contracts and real
 * kernels speak; the simulator and the sandboxes are what tests are made with, for which planted defects speak.
 */
export const parts: readonly Part[] = [
  { name: "core", sources: ["src/core/**/*.ts"], tests: ["test/core/**/*.test.ts"] },
  { name: "journal", sources: ["src/journal/**/*.ts"], tests: ["test/journal/**/*.test.ts"] },
  {
    name: "providers",
    sources: ["src/providers/**/*.ts"],
    // What the configuration may say of an account is read with the configuration.
    tests: ["test/providers/**/*.test.ts", "test/config/**/*.test.ts"],
  },
  {
    name: "runtime",
    sources: ["src/runtime/**/*.ts"],
    // The lines of a scanner go through its guard on every link.
    tests: ["test/runtime/**/*.test.ts", "test/drivers/scanner.test.ts"],
  },
  { name: "reporting", sources: ["src/reporting/**/*.ts"], tests: ["test/reporting/**/*.test.ts"] },
  {
    name: "commands",
    sources: ["src/commands/**/*.ts", "src/control/**/*.ts"],
    tests: ["test/commands/**/*.test.ts", "test/control/**/*.test.ts"],
  },
  { name: "drivers", sources: ["src/drivers/**/*.ts"], tests: ["test/drivers/**/*.test.ts"] },
  {
    name: "compose",
    sources: ["src/compose.ts", "src/composed/**/*.ts", "src/devices.ts"],
    tests: ["test/composed/**/*.test.ts", "test/devices.test.ts", "test/commands/**/*.test.ts"],
  },
];

const typesAlone = "Types alone.";
const doctorAndSetup = "What commands take of a provider: tests of whole commands speak for it.";

/** Sources that are not mutated, or whole folders (with a `/` at the end), with the reason. */
export const leftOut: Readonly<Record<string, string>> = {
  "src/core/no-packages.d.ts": typesAlone,
  "src/core/payment/answers.ts": typesAlone,
  "src/core/payment/command.ts": typesAlone,
  "src/core/payment/events.ts": typesAlone,
  "src/core/payment/provider.ts": typesAlone,
  "src/core/payment/till-sale.ts": typesAlone,
  "src/core/payment/texts.ts":
    "A table of texts and nothing else: what each letter should be is decided there, and src/core/README.md prints them all.",
  "src/core/payment/wallet.ts": "A list of names, from which a type is made.",
  "src/commands/reply.ts": typesAlone,
  "src/composed/parts.ts": typesAlone,
  "src/journal/own-entry.ts": typesAlone,
  "src/providers/bill.ts": typesAlone,
  "src/providers/entry-terms.ts": typesAlone,
  "src/providers/explain.ts":
    "What people are told of a recorded pair: none of it is in the way of a payment.",
  "src/providers/kind.ts": typesAlone,
  "src/providers/provider.ts": typesAlone,
  "src/providers/sandbox.ts": typesAlone,
  "src/providers/registry.ts": "A list of the kinds.",
  "src/providers/sandboxes.ts": "A list of the sandboxes.",
  "src/providers/wechat-v2/sandbox/":
    "What tests, simulation and demo pay through: none of it is in the way of a real payment.",
  "src/providers/sandbox-server.ts": "What serves the sandboxes.",
  "src/providers/setup.ts": typesAlone,
  "src/providers/alipay/sandbox/":
    "What tests, simulation and demo pay through: none of it is in the way of a real payment.",
  "src/providers/alipay/account.ts": typesAlone,
  "src/providers/alipay/doctor.ts": doctorAndSetup,
  "src/providers/alipay/explain.ts": "What people are told of a recorded pair.",
  "src/providers/alipay/kind.ts": doctorAndSetup,
  "src/providers/alipay/setup.ts": doctorAndSetup,
  "src/providers/wechat-v2/explain.ts": "What people are told of a recorded pair.",
  "src/providers/wechat-v2/account.ts": typesAlone,
  "src/providers/wechat-v2/doctor.ts": doctorAndSetup,
  "src/providers/wechat-v2/kind.ts": doctorAndSetup,
  "src/providers/wechat-v2/setup.ts": doctorAndSetup,
  "src/reporting/event.ts": typesAlone,
  "src/reporting/source.ts": typesAlone,
  "src/reporting/tx-members.ts": "A table of names, which the compiler holds against those of the records.",
  "src/runtime/ports.ts": "Types, and two limits that those who keep them are tested with.",
};

/** Tests that judge nothing here, with the reason. */
export const notAsked: Readonly<Record<string, string>> = {
  "test/journal/journal-command.test.ts": "It starts the whole program, which knows nothing of defects.",
};

/** Tests that take seconds each: asked last, about what the others did not notice. */
export const slowTests: readonly string[] = [
  "test/core/payment/dispensing-states.test.ts",
  "test/core/codecs/key-matrix-chance.test.ts",
  "test/core/payment/payment.test.ts",
  "test/composed/settings.test.ts",
  "test/journal/journal.test.ts",
  "test/journal/rotation.test.ts",
  "test/providers/wechat-v2/sandbox/server.test.ts",
  "test/providers/wechat-v2/sandbox/command.test.ts",
];

/** All sources that are mutated, part by part, in the order of their names. */
export function mutatedSources(chosen: readonly Part[] = parts): readonly string[] {
  return chosen.flatMap(({ sources }) =>
    globSync([...sources])
      .filter((source) => !isLeftOut(source))
      .sort(),
  );
}

/** The part that a source belongs to. */
export function partOf(source: string): Part {
  const part = parts.find(({ sources }) => sources.some((pattern) => posix.matchesGlob(source, pattern)));
  if (part === undefined) throw new Error(`${source} belongs to no part`);
  return part;
}

/** The tests of its part that load `source`, the quick ones first, one of its own name before all. */
export function testsOf(source: string): readonly string[] {
  const own = `/${posix.basename(source, ".ts")}.test.ts`;
  const rank = (test: string) => (slowTests.includes(test) ? 2 : test.endsWith(own) ? 0 : 1);
  return globSync([...partOf(source).tests])
    .filter((test) => notAsked[test] === undefined && loadedBy(test).has(source))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The same of several sources: what would come first for each comes first, and what is slow last. */
export function testsOfAll(sources: readonly string[]): readonly string[] {
  const each = sources.map(testsOf);
  const isSlow = (test: string): number => (slowTests.includes(test) ? 1 : 0);
  const all = new Set([...each.flatMap((tests) => tests.slice(0, 1)), ...each.flat()]);
  return [...all].sort((a, b) => isSlow(a) - isSlow(b));
}

/** What each file loads, as it was when it was asked first: one run is about one state of the files. */
const loads = new Map<string, ReadonlySet<string>>();

/** A file of the project and every one that it loads when it runs, directly or not. */
export function loadedBy(file: string): ReadonlySet<string> {
  const known = loads.get(file);
  if (known !== undefined) return known;
  const found = new Set<string>();
  collect(file, found);
  loads.set(file, found);
  return found;
}

function collect(file: string, found: Set<string>): void {
  if (found.has(file)) return;
  found.add(file);
  const imports = /^(?:import|export)(?! type\b)\s[^;"]*?from "(\.[^"]+\.ts)";$/gm;
  for (const [, path] of readFileSync(file, "utf8").matchAll(imports)) {
    if (path !== undefined) collect(posix.join(posix.dirname(file), path), found);
  }
}

function isLeftOut(source: string): boolean {
  return Object.keys(leftOut).some((place) =>
    place.endsWith("/") ? source.startsWith(place) : source === place,
  );
}
