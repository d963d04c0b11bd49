/**
 * A box on its real links, like that of `scanbox run`, with a display that stamps what it shows and with results that
 * leave at once. Started by `latency.ts`, which hears of every screen.
 */
import { loadConfig } from "../../src/cli/config.ts";
import { deviceParts } from "../../src/cli/device-links.ts";
import { ComposedBox } from "../../src/compose.ts";
import { moment } from "./moment.ts";

const checked = loadConfig(process.argv[2] ?? "");
if (!checked.ok) throw new Error(checked.problems.join("\n"));
const made = await deviceParts(checked.config, (cause) => {
  throw new Error(cause);
});
if (!made.ok) throw new Error(made.problems.join("\n"));
const { parts } = made;

let drawnAt = 0;
const glass = {
  write: () => {
    drawnAt = moment();
  },
};
const box = new ComposedBox({
  ...parts,
  links: { ...parts.links, glass },
  timing: { resultMs: 20, restMs: 20, noticeMs: 20 },
  onScreen: ({ text }) => process.send?.({ screen: text, at: drawnAt }),
});
box.start((refusal) => {
  if (refusal !== null) throw new Error(refusal.detail);
});
process.once("SIGTERM", () => box.stop(() => process.exit()));
