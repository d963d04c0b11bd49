/**
 * Pins by the kernel's character devices, where nothing has to be compiled and the kernel does more: pull-ups, debouncing,
 * open drain, levels of several lines set at once, and lines that are free again when the process dies, however it dies.
 * A debounced line reads as its settled level.
 */
import type { GpioLevel, GpioLine, GpioLink, Level } from "../../runtime/ports.ts";
import { chooseChip, type GpioChip, refusedPins, sysfsChips } from "./gpio-chip.ts";
import {
  type ClaimedLines,
  ClaimedPins,
  evenIfGone,
  type HeldLines,
  type LineEvents,
  systemError,
} from "./gpio-claim.ts";
import { freeLeftovers, inUse } from "./gpio-leftover.ts";
import { type GpioDevices, LINE_FLAGS, type LineFile, type LineRequest } from "./gpio-uapi.ts";

const { input, output, edgeRising, edgeFalling, openDrain, pullUp, biasDisabled } = LINE_FLAGS;

/** The pins of the chip with this label, null for the header's. */
export function cdevPins(devices: GpioDevices, label: string | null): GpioLink {
  return new ClaimedPins(async (lines, events) => {
    const chips = devices.chips();
    const chosen = chooseChip(chips, label);
    if (!chosen.ok) return { ok: false, why: chosen.problem };
    const pins = lines.map(({ pin }) => pin);
    const why = refusedPins(pins, chosen.chip, chips);
    if (why !== null) return { ok: false, why };
    const user = await freeOfSysfs(pins, chosen.chip);
    if (user !== null) return { ok: false, why: user };
    return takeLines(devices, chosen.chip, lines, events);
  });
}

/** Pins that an earlier start held by sysfs stay exported when that process is killed; null, or who has one of them. */
async function freeOfSysfs(pins: readonly number[], chip: GpioChip): Promise<string | null> {
  const [twin, ...others] = sysfsChips().filter(({ label }) => label === chip.label);
  if (twin === undefined || others.length > 0) return null;
  const user = await freeLeftovers(pins.map((pin) => twin.base + pin));
  return user === null ? null : inUse(user.number - twin.base, user.program);
}

function takeLines(
  devices: GpioDevices,
  chip: GpioChip,
  lines: readonly GpioLine[],
  events: LineEvents,
): ClaimedLines {
  let held: DeviceLines | null = null;
  try {
    // As they stand: of lines that are set up while they are taken, the kernel drives some before it finds one busy.
    const file = devices.take(
      chip.path,
      lines.map(({ pin }) => pin),
    );
    held = new DeviceLines(file, lines);
    file.configure(lines.map(wishOf));
    if (lines.some(({ use }) => use === "input")) {
      file.follow(
        () => events.moved(),
        (error) => events.failed(error),
      );
    }
    return { ok: true, held };
  } catch (error) {
    const said = systemError(error);
    held?.release();
    return { ok: false, why: userSentence(devices, chip, lines) ?? problemSentence(chip, said) };
  }
}

function wishOf(line: GpioLine): LineRequest {
  const wish = { debounceUs: 0, level: 1 } as const;
  switch (line.use) {
    case "input":
      return {
        ...wish,
        flags: input + edgeRising + edgeFalling + (line.pullUp ? pullUp : 0),
        debounceUs: 1_000 * line.debounceMs,
      };
    case "output":
      return { ...wish, flags: output, level: line.level };
    case "open-drain":
      // A row that is let go of must not pull: pins 9 to 27 of a Raspberry Pi are pulled down from the reset on, which through
      // a pressed key would hold a column half way between the levels.
      return { ...wish, flags: output + openDrain + biasDisabled };
  }
}

/** The program that has one of the lines, where the device can still be asked. */
function userSentence(devices: GpioDevices, chip: GpioChip, lines: readonly GpioLine[]): string | null {
  let sentence: string | null = null;
  evenIfGone(() => {
    for (const { pin } of lines) {
      const user = devices.consumer(chip.path, pin);
      if (user !== null) sentence = inUse(pin, `"${user}"`);
    }
  });
  return sentence;
}

function problemSentence({ path, label }: GpioChip, said: string): string {
  return `The pins of "${label}" (${path}) cannot be taken (${said}).`;
}

/** Lines that one open file holds. */
class DeviceLines implements HeldLines {
  readonly #file: LineFile;
  readonly #lines: readonly GpioLine[];
  readonly #bits: ReadonlyMap<number, number>;

  constructor(file: LineFile, lines: readonly GpioLine[]) {
    this.#file = file;
    this.#lines = lines;
    this.#bits = new Map(lines.map(({ pin }, index) => [pin, 2 ** index]));
  }

  read(pin: number): Level {
    return this.#file.get(this.#bits.get(pin) ?? 0) === 0 ? 0 : 1;
  }

  write(levels: readonly GpioLevel[]): void {
    const wanted = new Map(levels.map(({ pin, level }) => [pin, level]));
    let [bits, mask] = [0, 0];
    for (const [pin, level] of wanted) {
      const bit = this.#bits.get(pin) ?? 0;
      mask += bit;
      if (level === 1) bits += bit;
    }
    this.#file.set(bits, mask);
  }

  watch(): void {
    // The kernel queues edges all the time; whether they are told is decided where the claim is kept.
  }

  release(): void {
    // Not every chip makes a line an input by itself when it is given back.
    evenIfGone(() =>
      this.#file.configure(this.#lines.map(() => ({ flags: input, level: 1, debounceUs: 0 }))),
    );
    evenIfGone(() => this.#file.close());
  }
}
