/**
 * Writes what the documents take from the code: everything between `<!-- generated: NAME -->` and `<!-- end -->` is the
 * text of that name. `scripts/runtime node scripts/generate-documents.ts` writes; `test/documents.test.ts` compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faults } from "./documents/fault-parts.ts";
import { commandRows, controlProblems, journalMembers, saleMembers } from "./documents/local-parts.ts";
import { alarms, logEvents } from "./documents/log-parts.ts";
import { packages, toolbox } from "./documents/package-parts.ts";
import { moneyRecords, recovery, stateDiagram, waits } from "./documents/payment-parts.ts";
import { providerFacts } from "./documents/provider-parts.ts";
import { displayOfPayment, outageCodes, screenTexts } from "./documents/screen-parts.ts";
import { commands, configKeys } from "./documents/setting-parts.ts";
import { suitesOfSources } from "./documents/suite-parts.ts";
import { errorCodes, sandboxScenarios, txMembers } from "./documents/wire-parts.ts";
import { wiring } from "./documents/wiring-parts.ts";

const root = join(import.meta.dirname, "..");

/** The documents, in the order in which a reader meets them. */
export const documents: readonly string[] = [
  "README.md",
  "README.zh.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SAFETY.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "systemd/README.md",
  "src/cli/README.md",
  "src/commands/README.md",
  "src/config/README.md",
  "src/control/README.md",
  "src/core/README.md",
  "src/drivers/README.md",
  "src/journal/README.md",
  "src/links/README.md",
  "src/reporting/README.md",
  "src/simulator/README.md",
  "src/providers/README.md",
  "src/providers/alipay/README.md",
  "src/providers/wechat-v2/README.md",
  "test/README.md",
  "test/faults/README.md",
  "test/suites.md",
];

/** How each part is made; a document names the ones it wants. */
export const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  commands,
  "display of a payment": displayOfPayment,
  scenarios: sandboxScenarios,
  "configuration keys": configKeys,
  wiring: () => wiring(readFileSync(join(root, "device.config.json"), "utf8")),
  "outage codes": outageCodes,
  "state diagram": stateDiagram,
  "recovery table": recovery,
  "money records": moneyRecords,
  waits: () =>
    waits(
      readFileSync(join(root, "src/core/payment/rules.ts"), "utf8"),
      readFileSync(join(root, "src/providers/wechat-v2/facts.ts"), "utf8"),
    ),
  "error codes": errorCodes,
  "screen texts": screenTexts,
  faults,
  "event members": txMembers,
  "sale members": saleMembers,
  "control socket problems": controlProblems,
  "box commands": commandRows,
  "journal members": journalMembers,
  "provider facts": () => providerFacts(readFileSync(join(root, "device.config.json"), "utf8")),
  "log events": () => logEvents(root),
  alarms,
  "suites of sources": () => suitesOfSources(root),
  packages: () => packages(root),
  tools: () => toolbox(root),
};

const marked = /^<!-- generated: (.+) -->\n[\s\S]*?^<!-- end -->$/gm;

/** The names of the parts that a document wants, in its order. */
export function partsOf(document: string): readonly string[] {
  return [...document.matchAll(marked)].map(([, name = ""]) => name);
}

/** The document with every part as the code has it now. A name that no part has is an error. */
export async function regenerated(document: string): Promise<string> {
  const made = new Map<string, string>();
  for (const name of partsOf(document)) {
    const part = parts[name];
    if (part === undefined) throw new Error(`there is no generated part "${name}"`);
    made.set(name, await part());
  }
  return document.replace(
    marked,
    (_, name: string) => `<!-- generated: ${name} -->\n${made.get(name)}\n<!-- end -->`,
  );
}

if (import.meta.main) {
  for (const name of documents) {
    const path = join(root, name);
    const before = readFileSync(path, "utf8");
    const after = await regenerated(before);
    if (after === before) continue;
    writeFileSync(path, after);
    console.log(`wrote ${name}`);
  }
}
