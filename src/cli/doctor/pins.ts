import { pinUses } from "../../config/pins.ts";
import { MatrixLines, type MatrixPins, matrixLines } from "../../drivers/matrix-lines.ts";
import { type LoadedGpio, loadGpio } from "../../links/gpio/gpio.ts";
import { surveyPins } from "../../links/gpio/pin-survey.ts";
import type { FileHolder } from "../../links/machine/proc-files.ts";
import type { GpioLink } from "../../runtime/ports.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { needsPins } from "./needs.ts";
import type { Area, Subject } from "./subject.ts";

/** Chips, interface and users of the pins, and the pull-ups of the keypad. */
export const pinsArea: Area = {
  name: "pins",
  about: "GPIO chips, who has the configured pins, pull-ups of the keypad",
  network: false,
  configured: true,
  examine: async (subject) => judgePins(await pinFacts(subject)),
};

/** A chip by one of the kernel's interfaces; `base` is the number of its first line in sysfs. */
export interface ChipFacts {
  readonly path: string;
  readonly label: string;
  readonly lines: number;
  readonly base: number | null;
}

/** What there is of pins, and what is configured. */
export interface PinFacts {
  readonly needed: boolean;
  readonly chips: readonly ChipFacts[];
  readonly backend: Pick<LoadedGpio & { ok: true }, "backend" | "why"> | { readonly problem: string };
  /** Configured pins that somebody has. */
  readonly taken: readonly { readonly key: string; readonly pin: number; readonly user: string }[];
  readonly box: FileHolder | null;
  /** What the columns of the keypad read with all rows let go. */
  readonly pullUps:
    | { readonly kind: "read"; readonly low: readonly number[] }
    | { readonly kind: "refused"; readonly why: string }
    | { readonly kind: "none" };
}

/** Judges the pins. */
export function judgePins(facts: PinFacts): readonly Finding[] {
  return [chips(facts), backend(facts), ...claims(facts), ...pullUps(facts)];
}

function chips({ chips: seen }: PinFacts): Finding {
  const data = {
    chips: seen.map(({ path, label, lines, base }) => ({ path, label, lines, base })),
  };
  if (seen.length === 0) return note("pins.chips", "This user sees no GPIO chip.", null, data);
  const each = seen.map(({ path, label, lines, base }) => {
    return `${path} "${label}" with ${lines} lines${base === null ? "" : ` from ${base}`}`;
  });
  return note("pins.chips", `GPIO chips: ${each.join(", ")}.`, null, data);
}

function backend({ backend: chosen, needed }: PinFacts): Finding {
  if ("why" in chosen) return ok("pins.backend", chosen.why, { backend: chosen.backend });
  const { problem } = chosen;
  if (!needed)
    return note("pins.backend", "No pin is configured, and none could be driven here.", null, { problem });
  const remedy = "Add the user of the box to the group gpio, install the packages, or set gpio.chip.";
  return fault("pins.backend", problem, remedy);
}

function claims({ taken, box, needed, backend: chosen }: PinFacts): readonly Finding[] {
  if (!needed || "problem" in chosen) return [];
  const findings = taken.map(({ key, pin, user }) => {
    const data = { key, pin, user };
    if (box !== null && isBox(user, box))
      return ok("pins.taken", `${key}: pin ${pin} is the running box's.`, data);
    const remedy = `End what uses the pin, or take its overlay out of config.txt, or set ${key} to another pin.`;
    return fault("pins.taken", `${key}: pin ${pin} is in use by ${user}.`, remedy, data);
  });
  return findings.length > 0 ? findings : [ok("pins.taken", "Nobody else has a configured pin.")];
}

/** By its process in sysfs, by the name that it gave at the character device. */
function isBox(user: string, { pid }: FileHolder): boolean {
  return user === "scanbox" || user.endsWith(`(process ${pid})`);
}

function pullUps({ pullUps: columns, box }: PinFacts): readonly Finding[] {
  if (columns.kind === "none") return [];
  if (box !== null)
    return [note("pins.pull-ups", "The keypad belongs to the running box, which checks it itself.")];
  if (columns.kind === "refused") {
    return [
      warning(
        "pins.pull-ups",
        `The keypad could not be looked at: ${columns.why}`,
        "See the findings above.",
      ),
    ];
  }
  if (columns.low.length === 0) return [ok("pins.pull-ups", "Every column of the keypad is pulled up.")];
  return columns.low.map((pin) => {
    const found = `The keypad's column on pin ${pin} is low with all rows let go.`;
    const remedy =
      "Is a key stuck? Else it has no pull-up: 10 kΩ to 3.3 V, or gpio.backend cdev, or gpio=" +
      `${pin}=pu in config.txt.`;
    return fault("pins.pull-ups", found, remedy, { pin });
  });
}

async function pinFacts({ sections, runningBox }: Subject): Promise<PinFacts> {
  const settings = sections.gpio ?? { backend: "auto", chip: null };
  const survey = await surveyPins();
  const loaded = await loadGpio(settings);
  const uses = pinUses(sections);
  const taken = uses.flatMap(({ key, pin }) => {
    const user = survey.userOf(pin, settings.chip);
    return user === null ? [] : [{ key, pin, user }];
  });
  const { keypad } = sections;
  const columns = async (): Promise<PinFacts["pullUps"]> => {
    if (!keypad || !loaded.ok) return { kind: "none" };
    // Whoever runs has the pins, and a look would take them for a moment.
    const inUse = taken.some(({ key }) => key.startsWith("keypad."));
    if (runningBox !== null || inUse) return { kind: "refused", why: "its pins are in use." };
    return await readColumns(loaded.link, keypad);
  };
  return {
    needed: needsPins(sections),
    chips: [
      ...survey.sysfs.map(({ path, label, lines, base }) => ({ path, label, lines, base })),
      ...(survey.devices ?? []).map(({ path, label, lines }) => ({ path, label, lines, base: null })),
    ],
    backend: loaded.ok ? loaded : { problem: loaded.problem },
    taken,
    box: runningBox,
    pullUps: await columns(),
  };
}

/** Looks at the columns with all rows let go, and gives everything back. */
export function readColumns(gpio: GpioLink, pins: MatrixPins): Promise<PinFacts["pullUps"]> {
  return new Promise((resolve) => {
    const lost = (why: string): void => resolve({ kind: "refused", why });
    gpio.claim(matrixLines(pins), { edge: () => {}, lost }, (outcome) => {
      if (outcome.kind === "refused") {
        lost(outcome.why);
        return;
      }
      const lines = new MatrixLines(outcome.lines, pins);
      const low = lines.unpulledColumns();
      lines.release(() => resolve({ kind: "read", low }));
    });
  });
}
