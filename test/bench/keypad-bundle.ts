import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { bundleProgram } from "../../scripts/bundle.ts";

/** Puts pins that are played in the place of the kernel's, which a machine without a board does not have. */
const playedPins: Plugin = {
  name: "played-pins",
  setup: (steps) => {
    steps.onResolve({ filter: /links\/gpio\/gpio\.ts$/ }, () => ({
      path: new URL("played-pins.ts", import.meta.url).pathname,
    }));
  },
};

/** The program as it is shipped, but for the pins of its keypad, as a file in `directory`, which lies in the checkout. */
export async function makeKeypadBundle(directory: string): Promise<string> {
  const outfile = join(directory, "keypad", "scanbox.mjs");
  const { files } = await bundleProgram({ outfile, plugins: [playedPins] });
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  return outfile;
}
