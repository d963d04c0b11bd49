/** Packages with native parts: which of their files run on the box, and the add-ons that have to be compiled for it. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { bundling } from "../bundle.ts";
import { run } from "./sources.ts";
import { cache, type Target } from "./target.ts";

/** A file of the package: where it lies now, and where under /usr/lib/scanbox. */
export interface Placed {
  readonly from: string;
  readonly to: string;
}

/** The add-ons that come as sources, and where the package `bindings` looks for them. */
const addOns = [
  {
    name: "epoll",
    source: "node_modules/epoll/src/epoll.cc",
    to: "node_modules/epoll/build/Release/epoll.node",
  },
  {
    name: "i2c",
    source: "node_modules/i2c-bus/src/i2c.cc",
    to: "node_modules/i2c-bus/build/Release/i2c.node",
  },
] as const;

/** Every file of the packages that stay outside the bundle that is really loaded, found by following what they import. */
export async function nativeFiles(
  packages: string,
  target: Target,
  runtime: string,
): Promise<readonly Placed[]> {
  const contents = bundling.external.map((name) => `import(${JSON.stringify(name)});`).join("\n");
  const { metafile } = await build({
    absWorkingDir: packages,
    stdin: { contents, resolveDir: packages },
    bundle: true,
    platform: "node",
    format: "esm",
    splitting: true,
    outdir: "nowhere",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const scripts = Object.keys(metafile.inputs).filter((path) => path.startsWith("node_modules/"));
  const binding = `node_modules/@serialport/bindings-cpp/${target.serialport}`;
  const koffi = `node_modules/@koromix/koffi-linux-${target.cpu}`;
  const loaded = [...scripts, binding, `${koffi}/linux_${target.cpu}/koffi.node`, `${koffi}/index.js`];
  const descriptions = new Set(
    loaded.flatMap((path) => packageFolders(path)).map((folder) => `${folder}/package.json`),
  );
  const placed = [...loaded, ...descriptions]
    .filter((path) => existsSync(join(packages, path)))
    .map((path) => ({ from: join(packages, path), to: path }));
  const compiled = addOns.map(({ name, source, to }) => ({
    from: compile(name, source, { packages, target, runtime }),
    to,
  }));
  return [...placed, ...compiled];
}

/** The packages that a file belongs to, the innermost first: node_modules/a/node_modules/@b/c/x.js has two. */
export function packageFolders(path: string): readonly string[] {
  return [...path.matchAll(/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/g)]
    .map(({ 0: name, index }) => path.slice(0, index + name.length))
    .reverse();
}

/** The licences of a package, by path. */
export function licenceFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Compiles one add-on with the flags of node-gyp, hardened as Debian does; gives its path. */
function compile(
  name: string,
  source: string,
  {
    packages,
    target,
    runtime,
  }: { readonly packages: string; readonly target: Target; readonly runtime: string },
): string {
  const made = join(cache, `add-ons-${target.cpu}`, `${name}.node`);
  mkdirSync(dirname(made), { recursive: true });
  const defines = [
    ...[`NODE_GYP_MODULE_NAME=${name}`, "USING_UV_SHARED=1", "USING_V8_SHARED=1", "BUILDING_NODE_EXTENSION"],
    ...["_GLIBCXX_USE_CXX11_ABI=1", "_FILE_OFFSET_BITS=64", "_LARGEFILE_SOURCE", "__STDC_FORMAT_MACROS"],
    "_FORTIFY_SOURCE=2",
  ];
  // From inside: neither the folder of the build nor its time is in what comes out.
  const flags = [
    ...["-shared", "-fPIC", "-pthread", "-O2", "-std=gnu++20", "-w", "-s"],
    ...["-fno-rtti", "-fno-exceptions", "-fno-strict-aliasing", "-fstack-protector-strong"],
    `-ffile-prefix-map=${runtime}=node`,
    ...["-Wl,-z,relro", "-Wl,-z,now", "-Wl,--build-id=sha1"],
    ...defines.map((define) => `-D${define}`),
    ...[`-I${join(runtime, "include/node")}`, "-Inode_modules/nan"],
    ...["-o", made, source],
  ];
  run(`${target.triplet}-g++`, flags, { folder: packages });
  return made;
}
