/** The machines that packages are made for, and what each calls them. */
import { join } from "node:path";

/** One kind of machine. */
export interface Target {
  /** Debian's name. */
  readonly debian: "amd64" | "arm64";
  /** Node's name. */
  readonly cpu: "x64" | "arm64";
  /** Beginning of the names of GNU's tools. */
  readonly triplet: string;
  /** The prebuilt binding of serialport. */
  readonly serialport: string;
}

/** All of them. */
export const targets: readonly Target[] = [
  {
    debian: "amd64",
    cpu: "x64",
    triplet: "x86_64-linux-gnu",
    serialport: "prebuilds/linux-x64/@serialport+bindings-cpp.glibc.node",
  },
  {
    debian: "arm64",
    cpu: "arm64",
    triplet: "aarch64-linux-gnu",
    serialport: "prebuilds/linux-arm64/@serialport+bindings-cpp.armv8.glibc.node",
  },
];

/** The checkout. */
export const root: string = join(import.meta.dirname, "../..");

/** What one build leaves for the next; ignored by git. */
export const cache: string = join(root, ".cache/deb");
