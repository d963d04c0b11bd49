/** A process that claims pins, says how that went in one line of JSON, and then does what it is told. */
import { loadGpio } from "../../src/links/gpio/gpio.ts";
import type { GpioLine, GpioLines } from "../../src/runtime/ports.ts";

/** What the process is to do. */
export interface HolderOrders {
  readonly backend: "auto" | "sysfs" | "cdev";
  readonly lines: readonly GpioLine[];
  /** `hold`: keep the pins; `throw`: throw at the first edge; `exit`: end with the pins in use. */
  readonly afterwards: "hold" | "throw" | "exit";
}

/** What it says. */
export interface HolderAnswer {
  readonly backend: string | null;
  /** Why the interface was chosen, or why there are no pins; null where the pins were claimed. */
  readonly why: string;
  readonly problem: string | null;
  /** The longest time in which the event loop did not turn. */
  readonly stalledMs: number;
}

/** How often the event loop is asked whether it turns. */
const TURN_EVERY_MS = 5;

if (import.meta.main) await obey(JSON.parse(process.argv[2] ?? "{}"));

async function obey({ backend, lines, afterwards }: HolderOrders): Promise<void> {
  const loaded = await loadGpio({ backend, chip: null });
  if (!loaded.ok) {
    answer({ backend: null, why: "", problem: loaded.problem, stalledMs: 0 });
    return;
  }
  let stalledMs = 0;
  let turned = performance.now();
  const turns = setInterval(() => {
    stalledMs = Math.max(stalledMs, performance.now() - turned);
    turned = performance.now();
  }, TURN_EVERY_MS);
  const edge = (): void => {
    if (afterwards === "throw") throw new Error("the owner of the pins is at fault");
  };
  const claimed = await new Promise<GpioLines | string>((resolve) => {
    loaded.link.claim(lines, { edge, lost: () => {} }, (outcome) =>
      resolve(outcome.kind === "claimed" ? outcome.lines : outcome.why),
    );
  });
  clearInterval(turns);
  const refused = typeof claimed === "string";
  answer({ backend: loaded.backend, why: loaded.why, problem: refused ? claimed : null, stalledMs });
  if (refused) return;
  claimed.watch(true);
  claimed.write(lines.filter(({ use }) => use === "open-drain").map(({ pin }) => ({ pin, level: 0 })));
  if (afterwards === "exit") process.exit(0);
  // Pins alone need not keep a process alive.
  setInterval(() => {}, 60_000);
}

function answer(said: HolderAnswer): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
