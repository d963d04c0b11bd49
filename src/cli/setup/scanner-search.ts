/** Finds the scanner among all devices that could be one: the one that delivers a readable line. */
import { readScan } from "../../core/codecs/scan.ts";
import { after } from "../../core/kernel/instant.ts";
import type { SerialConnection } from "../../runtime/ports.ts";
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
  /** Devices that could not be opened, and why. */
  readonly closed: ReadonlyMap<string, string>;
}

/** Opens all `paths` at once and waits for a code. Every device is free again when this resolves. */
export async function searchScanner(
  machine: Machine,
  dialogue: Dialogue,
  { paths, baudRate }: { readonly paths: readonly string[]; readonly baudRate: number },
): Promise<SearchEnd> {
  const connections: SerialConnection[] = [];
  const closed = new Map<string, string>();
  const garbled = new Set<string>();
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
        opened: () => {},
        line: (text: string) => {
          const kind = kindOf(text, path);
          if (kind === "garbled") garbled.add(path);
          else round.resolve({ path, payment: kind === "payment" });
        },
        discarded: () => void garbled.add(path),
        closed: (cause: string) => void closed.set(path, cause),
      };
      connections.push(link.open({ path, baudRate, profile: "plain" }, listener));
    } catch (error) {
      closed.set(path, error instanceof Error ? error.message : String(error));
    }
  }
  const found = await round.promise;
  timer.cancel();
  ear.end();
  dialogue.left.removeEventListener("abort", end);
  await Promise.all(connections.map((one) => new Promise<void>((free) => one.close(free))));
  return { found, garbled: [...garbled], closed };
}

function kindOf(line: string, path: string): "payment" | "readable" | "garbled" {
  if (readScan(line).ok) return "payment";
  const text = line.trim();
  const shortest = path.startsWith("/dev/input/") ? KEYBOARD_LINE_MIN : SERIAL_LINE_MIN;
  return /^[ -~]+$/.test(text) && text.length >= shortest ? "readable" : "garbled";
}
