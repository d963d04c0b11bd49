/**
 * Pins by onoff, on the kernel's numbered files in /sys/class/gpio. The package is used as it is, with the traps of those
 * files around it closed here: a pin that is exported already keeps its old direction without an error, udev hands the
 * files over some time after they appear, half a construction leaves pins exported, and a level that cannot be read
 * throws inside the native package. There are no pull-ups and no debouncing on this interface.
 */
import { access, constants, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gpio } from "onoff";
import type { GpioLevel, GpioLine, GpioLink, Level } from "../../runtime/ports.ts";
import { chooseChip, refusedPins, SYSFS_GPIO, type SysfsChip, sysfsChips } from "./gpio-chip.ts";
import {
  type ClaimedLines,
  ClaimedPins,
  evenIfGone,
  type HeldLines,
  type LineEvents,
  systemError,
} from "./gpio-claim.ts";
import { exportedFolder, freeLeftovers, inUse, unexport } from "./gpio-leftover.ts";

/** How long udev may take to hand the files of an exported pin to their group. */
const ACCESS_WITHIN_MS = 2_000;

/** How often it is looked for. */
const ACCESS_EVERY_MS = 5;

/** The class that onoff exports. */
export type OnoffGpio = typeof Gpio;

/** The pins of the chip with this label, null for the header's. */
export function sysfsPins(onoff: OnoffGpio, label: string | null): GpioLink {
  return new ClaimedPins(async (lines, events) => {
    const chips = sysfsChips();
    const chosen = chooseChip(chips, label);
    if (!chosen.ok) return { ok: false, why: chosen.problem };
    const why = refusedPins(
      lines.map(({ pin }) => pin),
      chosen.chip,
      chips,
    );
    if (why !== null) return { ok: false, why };
    return takeExported(onoff, chosen.chip, lines, events);
  });
}

async function takeExported(
  onoff: OnoffGpio,
  chip: SysfsChip,
  lines: readonly GpioLine[],
  events: LineEvents,
): Promise<ClaimedLines> {
  const exported: number[] = [];
  let held: ExportedLines | null = null;
  try {
    const user = await freeLeftovers(lines.map(({ pin }) => chip.base + pin));
    if (user !== null) throw new PinProblem(inUse(user.number - chip.base, user.program));
    for (const { pin } of lines) {
      await exportPin(chip, pin);
      exported.push(pin);
    }
    for (const line of lines) await accessible(chip, line);
    held = new ExportedLines(chip, events);
    for (const line of lines) held.add(onoff, line);
    return { ok: true, held };
  } catch (error) {
    const why = error instanceof PinProblem ? error.message : `The pins fail: ${systemError(error)}.`;
    held?.release();
    for (const pin of exported) await unexport(chip.base + pin);
    return { ok: false, why };
  }
}

/** A sentence for the technician about one pin. */
class PinProblem extends Error {}

async function exportPin(chip: SysfsChip, pin: number): Promise<void> {
  try {
    await writeFile(join(SYSFS_GPIO, "export"), String(chip.base + pin));
  } catch (error) {
    throw new PinProblem(exportProblem(pin, error), { cause: error });
  }
}

function exportProblem(pin: number, error: unknown): string {
  const said = systemError(error);
  if (said.startsWith("EBUSY")) {
    return `Pin ${pin} is in use by the kernel or by another program; the command gpioinfo names the user.`;
  }
  if (said.startsWith("EACCES")) {
    return `Pin ${pin} cannot be exported (${said}); the user of the box has to be in the group gpio.`;
  }
  return `Pin ${pin} cannot be exported (${said}).`;
}

/** Waits in turns of the event loop; onoff itself would try in a loop that stops everything else. */
async function accessible(chip: SysfsChip, line: GpioLine): Promise<void> {
  const deadline = performance.now() + ACCESS_WITHIN_MS;
  const files = line.use === "input" ? ["value", "direction", "edge"] : ["value", "direction"];
  for (const file of files) {
    const path = join(exportedFolder(chip.base + line.pin), file);
    for (;;) {
      try {
        await access(path, constants.R_OK | constants.W_OK);
        break;
      } catch (error) {
        if (performance.now() > deadline) {
          const said = systemError(error);
          throw new PinProblem(
            `Pin ${line.pin} cannot be used (${said}); the user of the box has to be in the group gpio.`,
          );
        }
      }
      await sleep(ACCESS_EVERY_MS);
    }
  }
}

interface ExportedLine {
  readonly use: GpioLine["use"];
  readonly gpio: Gpio;
}

/** Lines that onoff holds. */
class ExportedLines implements HeldLines {
  readonly #chip: SysfsChip;
  readonly #events: LineEvents;
  readonly #lines = new Map<number, ExportedLine>();

  constructor(chip: SysfsChip, events: LineEvents) {
    this.#chip = chip;
    this.#events = events;
  }

  /** Takes one more line, exported and accessible. */
  add(onoff: OnoffGpio, line: GpioLine): void {
    const number = this.#chip.base + line.pin;
    const gpio =
      line.use === "input" ? new onoff(number, "in", "both") : new onoff(number, firstDirection(line));
    this.#lines.set(line.pin, { use: line.use, gpio });
    // The pin was exported before onoff saw it, which makes it pass over whatever fails in setting it up.
    const direction = line.use === "output" ? "out" : "in";
    const edge = line.use === "input" ? "both" : null;
    if (gpio.direction() !== direction || (edge !== null && gpio.edge() !== edge)) {
      throw new PinProblem(
        `Pin ${line.pin} does not become what it is needed as; it is "${gpio.direction()}".`,
      );
    }
    if (line.use === "input") this.#guard(gpio);
  }

  read(pin: number): Level {
    return this.#line(pin).gpio.readSync();
  }

  write(levels: readonly GpioLevel[]): void {
    for (const { pin, level } of levels) {
      const { use, gpio } = this.#line(pin);
      if (use === "output") gpio.writeSync(level);
      // An output that is high would meet one that is low through two pressed keys of a column.
      else gpio.setDirection(level === 0 ? "low" : "in");
    }
  }

  watch(watching: boolean): void {
    for (const { use, gpio } of this.#lines.values()) {
      if (use !== "input") continue;
      if (watching) gpio.watch(() => this.#events.moved());
      else gpio.unwatchAll();
    }
  }

  release(): void {
    for (const { use, gpio } of this.#lines.values()) {
      evenIfGone(() => gpio.unwatchAll());
      // Not every chip makes an unexported line an input by itself.
      if (use !== "input") evenIfGone(() => gpio.setDirection("in"));
      evenIfGone(() => gpio.unexport());
    }
    this.#lines.clear();
  }

  #line(pin: number): ExportedLine {
    const line = this.#lines.get(pin);
    if (line === undefined) throw Object.assign(new Error("the line was given back"), { code: "EBADF" });
    return line;
  }

  /** onoff reads the level of an edge before it tells of it, where nobody could catch that the line is gone. */
  #guard(gpio: Gpio): void {
    const readSync = gpio.readSync.bind(gpio);
    let last: Level = 1;
    gpio.readSync = () => {
      try {
        last = readSync();
      } catch (error) {
        this.#events.failed(error);
      }
      return last;
    };
  }
}

function firstDirection(line: GpioLine): "in" | "high" | "low" {
  if (line.use !== "output") return "in";
  return line.level === 1 ? "high" : "low";
}
