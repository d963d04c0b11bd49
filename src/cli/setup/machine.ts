/** The machine that is set up, as narrow as the steps need it; tests give a simulated one. */
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { DeviceConfig } from "../../config/device-config.ts";
import type { WallTime } from "../../core/kernel/instant.ts";
import { type GpioSettings, type LoadedGpio, loadGpio } from "../../links/gpio/gpio.ts";
import { type CertificateFault, inspectCertificate } from "../../links/https/certificate.ts";
import { namesIn, readTextIfAny, realPathIfAny } from "../../links/machine/proc-files.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { loadScannerLink } from "../../links/serial/scanner-link.ts";
import type { Clock, Log, SerialLink } from "../../runtime/ports.ts";
import { areas, examine } from "../doctor/examination.ts";
import type { Finding } from "../doctor/finding.ts";
import { Subject } from "../doctor/subject.ts";
import { loadPanelLinks, type PanelLinks } from "../run/panel-links.ts";

/** Whether a certificate can be used with its key; `unread` names the file that cannot be read. */
export type PairJudged =
  | { readonly kind: "fits" | CertificateFault }
  | { readonly kind: "unread"; readonly path: string };

/** What a set-up asks of the machine. */
export interface Machine {
  readonly clock: Clock;
  /** Its name on the network, and the serial number of its board where it has one. */
  names(): { readonly host: string; readonly serial: string | null };
  /** Devices that could be a scanner, each once, by their most stable names. */
  scannerPaths(): readonly string[];
  /** Rejects with a sentence where the packages do not load. */
  scannerLink(path: string): Promise<SerialLink>;
  pins(settings: GpioSettings): Promise<LoadedGpio>;
  panel(config: DeviceConfig): Promise<PanelLinks>;
  pair(cert: string, key: string): PairJudged;
  /** The text of a file; null where it cannot be read. */
  text(path: string): string | null;
  /** Looks at the whole machine with the configuration in this file, which may be incomplete. */
  examine(configFile: string): Promise<readonly Finding[]>;
  /** The process of a box that runs with this configuration; null where none does. */
  runningBox(configFile: string): number | null;
  /** Whether systemd knows the service of the box. */
  hasService(): boolean;
}

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Units of a package, and of an administrator (systemd.unit(5)). */
const units = ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];

/** The machine that this process runs on. `more` are devices beside those that have a usual name. */
export function realMachine(more: readonly string[]): Machine {
  const clock = new SystemClock();
  return {
    clock,
    names: () => ({ host: hostname(), serial: readTextIfAny("/proc/device-tree/serial-number") }),
    scannerPaths: () => distinct([...more, ...usualScannerPaths()]),
    scannerLink: (path) => loadScannerLink({ path }),
    pins: loadGpio,
    panel: (config) => loadPanelLinks(config, clock, quiet),
    pair: (cert, key) => judgePair(cert, key, clock.wall()),
    text: readTextIfAny,
    examine: async (file) => await examine(new Subject(file), { only: null, quick: false }, () => {}, areas),
    runningBox: (file) => new Subject(file).runningBox?.pid ?? null,
    hasService: () =>
      existsSync("/run/systemd/system") &&
      units.some((folder) => existsSync(join(folder, "scanbox.service"))),
  };
}

/** A device has several names: the first one counts, so the stable ones stand before the others. */
function usualScannerPaths(): readonly string[] {
  const list = (folder: string, wanted: RegExp): readonly string[] =>
    namesIn(folder)
      .filter((name) => wanted.test(name))
      .map((name) => join(folder, name));
  const consoles = (readTextIfAny("/sys/class/tty/console/active") ?? "").split(" ");
  const uart = "/dev/serial0";
  const onHeader = realPathIfAny(uart);
  return [
    ...list("/dev/serial/by-id", /./),
    ...list("/dev", /^tty(?:ACM|USB)\d+$/),
    ...(onHeader === null || consoles.includes(basename(onHeader)) ? [] : [uart]),
    ...list("/dev/input/by-id", /-kbd$/),
  ];
}

function distinct(paths: readonly string[]): readonly string[] {
  const byDevice = new Map<string, string>();
  for (const path of paths) {
    const device = realPathIfAny(path);
    if (device !== null && !byDevice.has(device)) byDevice.set(device, path);
  }
  return [...byDevice.values()];
}

function judgePair(cert: string, key: string, wall: WallTime): PairJudged {
  const texts: string[] = [];
  for (const path of [cert, key]) {
    try {
      texts.push(readFileSync(path, "utf8"));
    } catch {
      return { kind: "unread", path };
    }
  }
  const [certificate = "", privateKey = ""] = texts;
  return { kind: inspectCertificate(certificate, privateKey, wall) ?? "fits" };
}
