/** Makes dist/scanbox.mjs, the whole program in one file, and its source map. Run by scripts/build. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type BuildOptions, build, type OutputFile, type Plugin } from "esbuild";

/**
 * Loads a module of Node where it is first used. As an import it would stand at the top of the bundle, so that every start
 * would load what only other commands need: an HTTP server, a terminal, Node's own `fetch`.
 */
const modulesOnDemand: Plugin = {
  name: "modules-on-demand",
  setup: (steps) => {
    steps.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "require-call" ? { path, external: true } : { path, namespace: "on-demand" },
    );
    steps.onLoad({ filter: /^/, namespace: "on-demand" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * undici asks Node for two protocols that nobody here speaks with Node's own code: of `node:http` it takes a number and a class to
 * compare with, and without `node:http2`, which it can do without, it speaks HTTP/1.1 alone. Each start would load both.
 */
const notSpoken: Plugin = {
  name: "not-spoken",
  setup: (steps) => {
    steps.onResolve({ filter: /^node:http2?$/ }, ({ path, importer }) =>
      /node_modules\/undici\/lib\/(?:core|dispatcher)\//.test(importer)
        ? { path, namespace: "not-spoken" }
        : null,
    );
    steps.onLoad({ filter: /^/, namespace: "not-spoken" }, ({ path }) => ({
      contents:
        path === "node:http2"
          ? 'throw new Error("HTTP/2 is not spoken.");'
          : "module.exports = { maxHeaderSize: 16384, IncomingMessage: class IncomingMessage {} };",
    }));
  },
};

/** How the program becomes one file; the benches bundle single packages in the same way. */
export const bundling = {
  absWorkingDir: new URL("..", import.meta.url).pathname,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // Names and lines survive, so that a stack trace can be read; what is left out shortens the start.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 200,
  legalComments: "none",
  // Packages with native parts find them beside their own files, so they stay in node_modules.
  external: ["@serialport/bindings-cpp", "onoff", "lcd", "i2c-bus", "koffi"],
  // undici asks so whether it is made into one file, and then leaves out a second parser of HTTP that nobody turns on.
  define: { esbuildDetection: "true" },
  // Node's own streams, of which this package is a copy for other platforms.
  alias: { "readable-stream": "node:stream" },
  // CommonJS inside the bundle calls require, which an ES module has to make for itself.
  banner: {
    js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);',
  },
  plugins: [notSpoken, modulesOnDemand],
  logLevel: "warning",
} as const satisfies BuildOptions;

/** The program of the journal's thread as a text, for `JOURNAL_THREAD` in src/links/sqlite/sqlite-store.ts. */
export async function journalThread(): Promise<string> {
  const { outputFiles } = await build({
    ...bundling,
    entryPoints: ["src/links/sqlite/sqlite-worker.ts"],
    // Started from a text, a thread has require and no import.
    format: "cjs",
    banner: {},
    plugins: [],
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("");
}

/** Stands in the bundle for the hash of it, and is as long: the source map's columns stay right. */
const BUILD_PLACE = "build-to-be-";

/** Where it stands, also where the limit of lines has broken it in two. */
const place = new RegExp(BUILD_PLACE.split("").join("(?:\\\\\\n)?"), "g");

/** The text with the build in its place, character for character. */
export function withBuildIn(text: string, build: string): string {
  const named = text.replace(place, (found) => {
    let next = 0;
    return found.replace(/[^\\\n]/g, () => build.charAt(next++));
  });
  if (named === text) throw new Error("The program has no place for its build.");
  return named;
}

/** The program with its build in it: the first digits of the hash that its bytes have with the place still empty. */
function withBuild(program: OutputFile): OutputFile {
  const build = createHash("sha256").update(program.contents).digest("hex").slice(0, BUILD_PLACE.length);
  const text = withBuildIn(program.text, build);
  return { ...program, text, contents: new TextEncoder().encode(text) };
}

/**
 * The program, dist/scanbox.mjs, and its source map: the same sources give the same bytes, wherever they are written. A
 * bench puts it elsewhere, and a plugin of its own before the others.
 */
export async function bundleProgram({
  outfile = "dist/scanbox.mjs",
  plugins = [],
}: {
  readonly outfile?: string;
  readonly plugins?: readonly Plugin[];
} = {}): Promise<{
  readonly files: readonly OutputFile[];
  /** Every source that is in it, by path from the root. */
  readonly inputs: readonly string[];
}> {
  const { outputFiles, metafile } = await build({
    ...bundling,
    entryPoints: ["src/main.ts"],
    outfile,
    plugins: [...plugins, ...bundling.plugins],
    define: {
      ...bundling.define,
      JOURNAL_THREAD: JSON.stringify(await journalThread()),
      PROGRAM_BUILD: JSON.stringify(BUILD_PLACE),
    },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
  });
  const files = outputFiles.map((file) => (file.path.endsWith(".map") ? file : withBuild(file)));
  return { files, inputs: Object.keys(metafile.inputs) };
}

if (import.meta.main) {
  for (const { path, contents } of (await bundleProgram()).files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}
