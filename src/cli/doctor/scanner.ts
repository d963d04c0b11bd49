import { basename, join } from "node:path";
import { loadKernelProbe } from "../../links/gpio/kernel-probe.ts";
import {
  type FileHolder,
  type FileHolders,
  holdersOf,
  isRunning,
  lockHoldersOf,
  namesIn,
  readTextIfAny,
  realPathIfAny,
} from "../../links/machine/proc-files.ts";
import { isAccessible, isCharacterDevice } from "../../links/sqlite/disk-probe.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { isKeyboard } from "./needs.ts";
import type { Area, Subject } from "./subject.ts";

/** The scanner's device. It is never opened as a line: that alone may start some scanners anew. */
export const scannerArea: Area = {
  name: "scanner",
  about: "the scanner: there, readable, free, and nobody else's",
  network: false,
  configured: true,
  examine: async (subject) => judgeScanner(await scannerFacts(subject)),
};

/** What there is of a scanner; null where none is configured. */
export interface ScannerFacts {
  readonly path: string;
  /** Where the path leads; null where nothing is there. */
  readonly device: string | null;
  /** Whether a device is there; a file that somebody made, or a folder, is none. */
  readonly isDevice: boolean;
  /** Scanners that could be meant, by their stable names. */
  readonly candidates: readonly { readonly path: string; readonly device: string | null }[];
  readonly accessible: boolean;
  readonly users: FileHolders;
  readonly box: FileHolder | null;
  /** The devices that the kernel's console is on. */
  readonly consoles: readonly string[];
  /** Whether ModemManager runs, and whether a rule of this program keeps it from scanners. */
  readonly modemManager: { readonly runs: boolean; readonly ruled: boolean };
  /** Null where it could be taken for the box alone, else why not; a keyboard that nobody else has. */
  readonly grab: string | null;
}

/** Judges the scanner. */
export function judgeScanner(facts: ScannerFacts | null): readonly Finding[] {
  if (facts === null) return [note("scanner.path", "No scanner is configured.")];
  if (facts.device === null) return [absent(facts)];
  if (!facts.isDevice) return [noDevice(facts)];
  return [path(facts), access(facts), ...users(facts), ...console_(facts), ...modems(facts), ...grab(facts)];
}

function absent({ path: wanted, candidates }: ScannerFacts): Finding {
  const list = candidates.map((one) => one.path);
  const remedy =
    list.length === 0
      ? "Plug it in, switch it to USB serial (a code in its manual), and look at /dev/serial/by-id."
      : `Plug it in, or set scanner.path to what is there: ${list.join(", ")}.`;
  return fault("scanner.path", `Nothing is at ${wanted}.`, remedy, { path: wanted, candidates: list });
}

function noDevice({ path: wanted, device, candidates }: ScannerFacts): Finding {
  const list = candidates.map((one) => one.path);
  const found = `${wanted} is no device: somebody has made a file of that name.`;
  const other = list.length === 0 ? "look at /dev/serial/by-id" : `what is there is ${list.join(", ")}`;
  return fault("scanner.path", found, `Remove it and plug the scanner in, or set scanner.path: ${other}.`, {
    path: wanted,
    device,
    candidates: list,
  });
}

function path({ path: wanted, device, candidates }: ScannerFacts): Finding {
  const data = { path: wanted, device };
  const stable = candidates.find((one) => one.device === device && one.path !== wanted);
  const volatile = /^\/dev\/(?:tty(?:USB|ACM)\d+|input\/event\d+)$/.test(wanted);
  if (!volatile) return ok("scanner.path", `${wanted} leads to ${device ?? "nothing"}.`, data);
  const found = `${wanted} is a name that another device may have after the next start.`;
  const remedy =
    stable === undefined
      ? "Name it by a link below /dev/serial/by-id, /dev/input/by-id or /dev/serial/by-path."
      : `Set scanner.path to ${stable.path}.`;
  return warning("scanner.path", found, remedy, data);
}

function access({ path: wanted, accessible }: ScannerFacts): Finding {
  if (accessible) return ok("scanner.access", "This user may use it.");
  const group = isKeyboard(wanted) ? "input" : "dialout";
  const remedy = `sudo usermod -a -G ${group} USER, then log in again or restart the service.`;
  return fault("scanner.access", `This user may not use ${wanted}.`, remedy);
}

function users({ users: { holders, hidden }, box }: ScannerFacts): readonly Finding[] {
  const others = holders.filter(({ pid }) => pid !== box?.pid);
  const data = { holders: holders.map(({ pid, program }) => ({ pid, program })) };
  if (others.length > 0) {
    const list = others.map(({ pid, program }) => `${program} (process ${pid})`).join(", ");
    const remedy = "End that program, or keep it from this device.";
    return [fault("scanner.free", `Somebody else has the scanner open: ${list}.`, remedy, data)];
  }
  if (holders.length > 0) return [ok("scanner.free", `The running box (process ${box?.pid}) has it.`, data)];
  if (hidden) {
    const remedy = "Run doctor as root to see all of them.";
    return [note("scanner.free", "Programs of other users may have it; this user cannot see that.", remedy)];
  }
  return [ok("scanner.free", "No program has it open.")];
}

function console_({ device, consoles }: ScannerFacts): readonly Finding[] {
  if (device === null || !consoles.includes(device)) return [];
  const remedy =
    "sudo raspi-config, Interface Options, Serial Port: no login shell, yes hardware; then restart.";
  return [fault("scanner.console", `The console of the system is on ${device} too.`, remedy)];
}

function modems({ device, modemManager: { runs, ruled } }: ScannerFacts): readonly Finding[] {
  if (!runs || device === null || !/^tty(?:USB|ACM)/.test(basename(device))) return [];
  if (ruled)
    return [note("scanner.modem-manager", "ModemManager runs; a rule keeps it from known scanners.")];
  const remedy =
    "Install 60-scanbox.rules into /etc/udev/rules.d, or sudo systemctl disable --now ModemManager.";
  const found =
    "ModemManager runs and talks to new serial devices for half a minute, as if they were modems.";
  return [warning("scanner.modem-manager", found, remedy)];
}

function grab({ path: wanted, grab: why, users: { holders } }: ScannerFacts): readonly Finding[] {
  if (!isKeyboard(wanted) || holders.length > 0) return [];
  if (why === null) return [ok("scanner.grab", "It can be taken for the box alone.")];
  const remedy = "End what holds it (EBUSY), join the group input (EACCES), or install koffi.";
  return [fault("scanner.grab", `It cannot be taken for the box alone: ${why}.`, remedy)];
}

async function scannerFacts({ sections, runningBox }: Subject): Promise<ScannerFacts | null> {
  const { scanner } = sections;
  if (!scanner) return null;
  const device = realPathIfAny(scanner.path);
  const accessible = isAccessible(scanner.path, isKeyboard(scanner.path) ? "read" : "both");
  const open = holdersOf(scanner.path);
  // A lock is seen where an open file of another user is not.
  const locking = lockHoldersOf(scanner.path).filter(
    ({ pid }) => !open.holders.some((one) => one.pid === pid),
  );
  const users = { ...open, holders: [...open.holders, ...locking] };
  const mayGrab = isKeyboard(scanner.path) && device !== null && accessible && users.holders.length === 0;
  return {
    path: scanner.path,
    device,
    isDevice: device === null || isCharacterDevice(device),
    candidates: candidates(),
    accessible,
    users,
    box: runningBox,
    consoles: consoles(readTextIfAny("/proc/cmdline") ?? "").map(
      (name) => realPathIfAny(join("/dev", name)) ?? join("/dev", name),
    ),
    modemManager: {
      runs: isRunning("ModemManager"),
      ruled: ["/etc", "/usr/lib", "/lib"].some((root) =>
        isAccessible(join(root, "udev/rules.d/60-scanbox.rules"), "read"),
      ),
    },
    grab: mayGrab ? await tryGrab(scanner.path) : null,
  };
}

/** The names behind `console=` of the kernel's command line (kernel-parameters.txt), without their speeds. */
export function consoles(commandLine: string): readonly string[] {
  return [...commandLine.matchAll(/(?:^|\s)console=([^\s,]+)/g)].map(([, name = ""]) => name);
}

async function tryGrab(path: string): Promise<string | null> {
  const kernel = await loadKernelProbe();
  return kernel === null ? "the package koffi does not load" : kernel.grab(path);
}

function candidates(): ScannerFacts["candidates"] {
  const list = (folder: string, wanted: RegExp): ScannerFacts["candidates"] =>
    namesIn(folder)
      .filter((name) => wanted.test(name))
      .map((name) => ({ path: join(folder, name), device: realPathIfAny(join(folder, name)) }));
  return [...list("/dev/serial/by-id", /./), ...list("/dev/input/by-id", /-event-kbd$/)];
}
