/** What is said of a package with native parts that does not load. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NativePackage } from "./package-probe.ts";

/** How each of them comes to a machine. */
const remedies: Readonly<Record<NativePackage, string>> = {
  serialport: "It comes compiled: npm ci in the folder of the program.",
  onoff: "It takes a C++ compiler: npm install-scripts approve epoll, then npm rebuild epoll.",
  lcd: "It takes a C++ compiler: npm install-scripts approve epoll, then npm rebuild epoll.",
  "i2c-bus": "It takes a C++ compiler: npm install-scripts approve i2c-bus, then npm rebuild i2c-bus.",
  koffi: "It comes compiled: npm ci in the folder of the program.",
};

/**
 * What helps where a package does not load. A program that was copied out of its folder has left all of them behind, and no
 * command in the place where it lies now brings them.
 */
export function loadingRemedy(name: NativePackage, folder: string = import.meta.dirname): string {
  return hasPackages(folder)
    ? remedies[name]
    : "The program stands here without its packages: run it in its own folder, beside node_modules, or install the Debian package.";
}

/** The fault and what helps, in a sentence or two. */
export function notLoaded(name: NativePackage, folder?: string): string {
  return `The package ${name} does not load on this machine. ${loadingRemedy(name, folder)}`;
}

/** Whether Node would find any package from this folder. */
function hasPackages(folder: string): boolean {
  const above = dirname(folder);
  return existsSync(join(folder, "node_modules")) || (above !== folder && hasPackages(above));
}
