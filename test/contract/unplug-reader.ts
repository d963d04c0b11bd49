/**
 * A process with nothing but a scanner in it, so that what the scanner costs can be measured from outside: it reports all
 * that it hears, and for each absence what the process spent from there on. `fork`ed with the path of the device.
 */
import { Scanner } from "../../src/drivers/scanner.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { loadSerialLink } from "../../src/links/serial/serial-port.ts";
import type { SerialLink } from "../../src/runtime/ports.ts";

/** What the process says. `connection` counts from 1. */
export type Said =
  | { readonly kind: "status"; readonly status: "ready" | "absent"; readonly at: number }
  | { readonly kind: "line"; readonly connection: number; readonly text: string }
  | { readonly kind: "scanned"; readonly code: string }
  | { readonly kind: "spent"; readonly cpuMs: number; readonly rssBytes: number };

/** What it is asked: to be deaf for a while, as a process is that does something else. */
export interface Asked {
  readonly busyMs: number;
}

/** How long after an absence began the process is watched. */
const WATCHED_MS = 1_500;

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function say(said: Said): void {
  process.send?.(said);
}

/** The same link, whose lines are reported as they come. */
function overheard(link: SerialLink): SerialLink {
  let connections = 0;
  return {
    ...link,
    open: (settings, listener) => {
      connections += 1;
      const connection = connections;
      return link.open(settings, {
        opened: () => listener.opened(),
        line: (text) => {
          say({ kind: "line", connection, text });
          listener.line(text);
        },
        discarded: (why) => listener.discarded(why),
        closed: (cause) => listener.closed(cause),
      });
    },
  };
}

function watchSpending(): void {
  const cpu = process.cpuUsage();
  const rss = process.memoryUsage.rss();
  setTimeout(() => {
    const { user, system } = process.cpuUsage(cpu);
    say({ kind: "spent", cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() - rss });
  }, WATCHED_MS);
}

async function read(path: string): Promise<void> {
  const scanner = new Scanner({
    link: overheard(await loadSerialLink()),
    clock: new SystemClock(),
    log: quiet,
    settings: { path, baudRate: 9_600, profile: "plain" },
    listener: {
      scanned: (code) => say({ kind: "scanned", code: code.reveal() }),
      refused: () => {},
      status: (status) => {
        say({ kind: "status", status, at: Date.now() });
        if (status === "absent") watchSpending();
      },
    },
  });
  process.on("message", ({ busyMs }: Asked) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs);
  });
  scanner.start();
}

if (import.meta.main) {
  const [, , path = ""] = process.argv;
  await read(path);
}
