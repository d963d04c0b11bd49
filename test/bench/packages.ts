import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { bundling } from "../../scripts/bundle.ts";
import { endChild, startChild } from "../e2e/child.ts";
import { type Bench, percentile } from "./figure.ts";
import { rssMiB } from "./process.ts";
import { makeDirectory } from "./site.ts";

/** Starts of each bundle; the median counts. */
const STARTS = 3;

/** After this long a loaded package has come to rest. */
const SETTLE_MS = 500;

/** What is loaded, as the program does it. */
const loads: Readonly<Record<string, string>> = {
  undici: 'import { UndiciHttpsLink } from "./src/links/https/undici-https.ts"; keep(UndiciHttpsLink);',
  mqtt: 'import Client from "mqtt/lib/client"; keep(Client);',
  serialport:
    'import { SerialPort } from "serialport"; import { ReadlineParser } from "@serialport/parser-readline";' +
    "keep(SerialPort, ReadlineParser);",
  pino: 'import { destination, pino } from "pino"; keep(pino({}, destination({ fd: 2, sync: true })));',
  "fast-xml-parser":
    'import { parseXml } from "./src/providers/wechat-v2/xml.ts"; keep(parseXml(Buffer.from("<xml></xml>")));',
  zod: 'import { checkConfig } from "./src/config/device-config.ts"; keep(checkConfig("{}"));',
  "worker with node:sqlite":
    'import { Worker } from "node:worker_threads"; const run = `const { DatabaseSync } = require("node:sqlite");' +
    'globalThis.db = new DatabaseSync(":memory:"); require("node:worker_threads").parentPort.on("message", () => {});`;' +
    "keep(new Worker(run, { eval: true }));",
};

/** Which package takes how much memory: each in a bundle of its own, less what Node takes with an empty one. */
export const packages: Bench = {
  name: "packages",
  what: "memory that each package takes, loaded alone from a bundle, beyond what Node takes",
  measure: async (say) => {
    const directory = makeDirectory();
    const bare = await memoryOf("", join(directory, "bare.mjs"));
    const shares = [];
    for (const [name, source] of Object.entries(loads)) {
      say(name);
      const path = join(directory, `${name.replaceAll(/\W/g, "-")}.mjs`);
      shares.push({ name, share: (await memoryOf(source, path)) - bare });
    }
    return [
      { name: "packages.node", value: bare, unit: "MiB", note: "an empty program" },
      ...shares.map(({ name, share }) => ({
        name: `packages.${name.replaceAll(" ", "-")}`,
        value: share,
        unit: "MiB" as const,
      })),
    ];
  },
};

async function memoryOf(source: string, path: string): Promise<number> {
  const { outputFiles } = await build({
    ...bundling,
    stdin: {
      contents: `const keep = (...all) => { globalThis.kept = all; };${source}; setInterval(() => {}, 1e9); require("node:fs").writeSync(1, "loaded");`,
      resolveDir: bundling.absWorkingDir,
    },
    write: false,
  });
  writeFileSync(path, outputFiles[0]?.contents ?? "");
  const sizes: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    const child = startChild(process.execPath, [path], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: "/usr/bin:/bin" },
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve());
      child.once("exit", () => reject(new Error(`a program of ${path} has ended`)));
    });
    await sleep(SETTLE_MS);
    sizes.push(rssMiB(child.pid ?? 0));
    await endChild(child, "SIGKILL");
  }
  return percentile(sizes, 0.5);
}
