/** The packages that the program and its tools are made of. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { code, table } from "./markdown.ts";

interface Choice {
  /** The version that was looked at; another one in package.json wants a new look. */
  readonly version: string;
  /** When that version was published. */
  readonly published: string;
  readonly because: string;
}

const dependencies: Readonly<Record<string, Choice>> = {
  "@serialport/parser-readline": {
    version: "13.0.0",
    published: "2025-08",
    because:
      "Splits the scanner's bytes into lines, behind a guard that bounds a line and makes CR, LF and CRLF one.",
  },
  aedes: {
    version: "1.2.0",
    published: "2026-09",
    because: "The broker of `scanbox demo`, so that one command shows everything; loaded by nothing else.",
  },
  "ansi-escapes": {
    version: "7.3.0",
    published: "2026-02",
    because: "What a terminal understands, for the front panel of `scanbox demo`; loaded by nothing else.",
  },
  "fast-xml-parser": {
    version: "5.12.1",
    published: "2026-11",
    because: "Decodes replies after our own check of the dialect; values stay texts, nothing is converted.",
  },
  "i2c-bus": {
    version: "5.2.3",
    published: "2024-12",
    because: "The I2C bus for displays behind an expander, asynchronous; compiled, so optional.",
  },
  koffi: {
    version: "3.3.4",
    published: "2026-10",
    because:
      "Calls the kernel where Node cannot: GPIO lines of the character device, an exclusive grab; prebuilt, optional.",
  },
  lcd: {
    version: "3.1.1",
    published: "2024-12",
    because:
      "Drives an HD44780 on six pins over sysfs; one writer, drained before it is closed; optional with `onoff`.",
  },
  mqtt: {
    version: "5.16.0",
    published: "2026-09",
    because:
      "MQTT 5 and 3.1.1 as a transport alone: its store, its queue and its reconnection are switched off.",
  },
  onoff: {
    version: "6.0.3",
    published: "2024-12",
    because:
      "Pins over sysfs, with edges from its compiled `epoll`; optional, so that a machine without a compiler runs the rest.",
  },
  pino: {
    version: "10.4.0",
    published: "2026-10",
    because: "One JSON object a line, written at once, so that the last line before a crash is there.",
  },
  serialport: {
    version: "13.0.0",
    published: "2025-08",
    because:
      "The serial line, with prebuilt binaries for 64-bit Linux; hardened against a device that hangs up in the middle of a read.",
  },
  undici: {
    version: "8.12.4",
    published: "2026-11",
    because:
      "HTTPS by its `Client`: one socket, one request, no retry, and diagnostics that prove whether a request left.",
  },
  uqr: {
    version: "0.1.3",
    published: "2026-04",
    because:
      "Draws a code to scan as text, without dependencies; loaded by the front panel of `scanbox demo` alone.",
  },
  zod: {
    version: "4.6.7",
    published: "2026-10",
    because: "Decodes the configuration and writes its JSON Schema, and that of the events, from one source.",
  },
};

const tools: Readonly<Record<string, string>> = {
  "@biomejs/biome": "Format and lint.",
  "@types/node": "Types of Node.js.",
  esbuild: "Makes the one file that devices run.",
  "fast-check": "Property tests.",
  knip: "Dead code and dependencies that nobody uses.",
  oxlint: "Promises that nobody awaits, switches that forget a case.",
  "oxlint-tsgolint": "The types for it.",
  tenpay: "Measured beside the gateway, on the same look-alike.",
  typescript: "The compiler, run twice: on everything, and on the core alone.",
  "wechatpay-axios-plugin": "Measured beside the gateway, on the same look-alike.",
};

/** Each dependency with its version, its size and why it is there. */
export function packages(root: string): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const byName = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return table(
    ["package", "version", "published", "installed", "why"],
    byName.map(([name, version]) => {
      const choice = dependencies[name];
      if (choice?.version !== version) {
        throw new Error(`scripts/documents/package-parts.ts does not say why ${name} ${version} is there`);
      }
      const kilobytes = Math.round(bytesIn(join(root, "node_modules", name)) / 1_024);
      return [code(name), version, choice.published, `${kilobytes} KiB`, choice.because];
    }),
  );
}

/** The tools, which no device carries. */
export function toolbox(root: string): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return table(
    ["tool", "version", "why"],
    Object.entries(manifest.devDependencies).map(([name, version]) => {
      const because = tools[name];
      if (because === undefined) {
        throw new Error(`scripts/documents/package-parts.ts does not say why ${name} is there`);
      }
      return [code(name), version, because];
    }),
  );
}

/** What a package itself holds, without the packages that were installed inside it and without what was compiled here. */
function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !["node_modules", "build"].includes(entry.name)) bytes += bytesIn(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}
