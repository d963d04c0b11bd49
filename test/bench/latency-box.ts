/**
 * A box on its real links, like that of `scanbox run`, with a display that stamps what it shows and with results that
 * leave at once. Started by `latency.ts`, which hears of every screen.
 */
import { loadConfig } from "../../src/cli/config.ts";
import { deviceParts } from "../../src/cli/run/device-links.ts";
import { ComposedBox } from "../../src/compose.ts";
import type { DisplayLink } from "../../src/runtime/ports.ts";
import { moment } from "./moment.ts";

const checked = loadConfig(process.argv[2] ?? "");
if (!checked.ok) throw new Error(checked.problems.join("\n"));
const made = await deviceParts({ ...checked, mistakes: [] }, (cause) => {
  throw new Error(cause);
});
if (!made.ok) throw new Error(made.problems.join("\n"));
const { parts } = made;

let screen = "";
const display: DisplayLink = {
  open: ({ ready }) => {
    setImmediate(ready);
    return {
      write: (_runs, done) => {
        const at = moment();
        // By then the box has said which screen it is that it draws.
        setImmediate(() => {
          process.send?.({ screen, at });
          done();
        });
      },
      close: (done) => void setImmediate(done),
    };
  },
};
const box = new ComposedBox({
  ...parts,
  links: { ...parts.links, display },
  // A payment has four pictures, and a display takes no more than five a second for ever.
  timing: { resultMs: 400, restMs: 500, noticeMs: 400 },
  onScreen: ({ text }) => {
    screen = text;
  },
});
box.start((refusal) => {
  if (refusal !== null) throw new Error(refusal.detail);
});
process.once("SIGTERM", () => box.stop(() => process.exit()));
