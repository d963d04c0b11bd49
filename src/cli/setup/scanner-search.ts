/** Finds the scanner among all devices that could be one: the one that delivers a readable line. */
import { readPaymentCode } from "../../core/codecs/scan.ts";
import { after } from "../../core/kernel/instant.ts";
import type { ScanDiscarded, SerialConnection } from "../../runtime/ports.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Machine } from "./machine.ts";

/** How long a round of the search takes: for so long keyboards belong to it too, the technician's own among them. */
export const SEARCH_MS = 30_000;

/** What a keyboard types must be longer than what people type in that time by mistake; on a serial line nobody types. */
const KEYBOARD_LINE_MIN = 8;
const SERIAL_LINE_MIN = 4;

/** What came of a round. */
export interface SearchEnd {
  /** The device that a code came from, and what kind of code; the code itself is forgotten at once. */
  readonly found: { readonly path: string; readonly payment: boolean } | null;
  /** Devices from which something came that nobody can read: usually the speed is wrong. */
  readonly garbled: readonly string[];
  /** Keyboards that type each character as Alt and a number. */
  readonly altNumbers: readonly string[];
  /** Devices that could not be opened, and why. */
  readonly closed: ReadonlyMap<string, string>;
}

/** Which devices, at which speed; `ready` hears when each of them is open or has refused. */
export interface SearchOptions {
  readonly paths: readonly string[];
  readonly baudRate: number;
  readonly ready: () => void;
}

/** Opens all devices at once and waits for a code. Every one of them is free again when this resolves. */
export async function searchScanner(
  machine: Machine,
  dialogue: Dialogue,
  { paths, baudRate, ready }: SearchOptions,
): Promise<SearchEnd> {
  const connections: SerialConnection[] = [];
  const closed = new Map<string, string>();
  const garbled = new Set<string>();
  const altNumbers = new Set<string>();
  const undecided = new Set(paths);
  const decided = (path: string): void => {
    if (undecided.delete(path) && undecided.size === 0) ready();
  };
  const round = Promise.withResolvers<SearchEnd["found"]>();
  const end = (): void => round.resolve(null);
  const timer = machine.clock.at(after(machine.clock.now(), SEARCH_MS), end);
  const ear = dialogue.listen(end);
  dialogue.left.addEventListener("abort", end, { once: true });
  if (dialogue.left.aborted) end();
  for (const path of paths) {
    try {
      const link = await machine.scannerLink(path);
      const listener = {
        opened: () => decided(path),
        line: (text: string) => {
          const kind = kindOf(text, path);
          if (kind === "garbled") garbled.add(path);
          else round.resolve({ path, payment: kind === "payment" });
        },
        discarded: (why: ScanDiscarded) => void (why === "alt-numbers" ? altNumbers : garbled).add(path),
        closed: (cause: string) => {
          closed.set(path, cause);
          decided(path);
        },
      };
      connections.push(link.open({ path, baudRate, profile: "plain" }, listener));
    } catch (error) {
      closed.set(path, error instanceof Error ? error.message : String(error));
      decided(path);
    }
  }
  const found = await round.promise;
  timer.cancel();
  ear.end();
  dialogue.left.removeEventListener("abort", end);
  await Promise.all(connections.map((one) => new Promise<void>((free) => one.close(free))));
  return { found, garbled: [...garbled], altNumbers: [...altNumbers], closed };
}

function kindOf(line: string, path: string): "payment" | "readable" | "garbled" {
  if (readPaymentCode(line).ok) return "payment";
  const text = line.trim();
  const shortest = path.startsWith("/dev/input/") ? KEYBOARD_LINE_MIN : SERIAL_LINE_MIN;
  return /^[ -~]+$/.test(text) && text.length >= shortest ? "readable" : "garbled";
}
