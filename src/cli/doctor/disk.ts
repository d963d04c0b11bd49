import { isForgetful, type MountBelow, mountBelow, nearestRealPath } from "../../links/machine/mounts.ts";
import { type FolderSeen, isAccessible, lookAtFolder, timeFlushes } from "../../links/sqlite/disk-probe.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The folder of the journal and the disk below it. */
export const diskArea: Area = {
  name: "disk",
  about: "the journal's folder: writable, private, on a disk that keeps what it is given, quickly",
  network: false,
  configured: true,
  examine: async (subject) => judgeDisk(await diskFacts(subject)),
};

/** What there is of the journal's folder. */
export interface DiskFacts extends MountBelow {
  readonly directory: string;
  readonly folder: FolderSeen;
  /** Whether a folder that is missing could be made by this user. */
  readonly canBeMade: boolean;
  /** Who runs this, by number; root may write everywhere. */
  readonly uid: number;
  /** How long small durable writes took, in milliseconds, or what the system said; null where none was tried. */
  readonly flushes: readonly number[] | string | null;
}

const MIB = 1_048_576;

/** Below the first, SQLite soon fails; the second is some years of a busy box. */
const freeMiB = { fault: 16, warning: 256 };

/** Slower than this, customers wait for the disk: a payment takes three such writes. */
const slowFlushMs = { median: 100, worst: 1_000 };

/** File systems that are elsewhere, where the locks and flushes of SQLite do not mean what they say. */
const remote: readonly string[] = ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"];

/** File systems without owners and permissions. */
const ownerless: readonly string[] = ["vfat", "exfat", "msdos"];

/** How many durable writes are timed, and for how long at most. */
const FLUSHES = 50;
const FLUSHES_WITHIN_MS = 5_000;

/** Judges the folder and its disk; null where no journal is known. */
export function judgeDisk(facts: DiskFacts | null): readonly Finding[] {
  if (facts === null) return [note("disk.folder", "No journal is known: its configuration cannot be read.")];
  const { folder } = facts;
  if (folder.kind !== "folder") return [noFolder(facts, folder), ...fileSystem(facts)];
  return [
    writable(facts, folder),
    ...owner(facts, folder),
    ...fileSystem(facts),
    ...space(folder),
    ...flush(facts),
  ];
}

type Folder = Extract<FolderSeen, { kind: "folder" }>;

function noFolder({ directory, canBeMade }: DiskFacts, folder: Exclude<FolderSeen, Folder>): Finding {
  const make = `sudo install -d -m 700 -o scanbox -g scanbox ${directory}`;
  switch (folder.kind) {
    case "missing":
      return canBeMade
        ? note("disk.folder", `${directory} is not there yet; the box makes it.`)
        : fault("disk.folder", `There is no ${directory}, and this user cannot make it.`, `${make}.`);
    case "other":
      return fault("disk.folder", `${directory} is no folder.`, "Move it away, or set journal.directory.");
    case "hidden":
      return fault(
        "disk.folder",
        `${directory} cannot be looked at (${folder.code}).`,
        `Run doctor as root, or: ${make}.`,
      );
  }
}

function writable({ directory, mount }: DiskFacts, folder: Folder): Finding {
  const data = { directory, mode: folder.mode.toString(8) };
  if (mount?.readOnly === true) {
    const found = `${directory} is on ${mount.point}, which is mounted for reading only.`;
    const remedy = "If it was not meant so, the disk has failed: look at dmesg, check it, replace the card.";
    return fault("disk.writable", found, remedy, data);
  }
  if (folder.writable) return ok("disk.writable", `${directory} can be written.`, data);
  const remedy = `sudo chown scanbox:scanbox ${directory}, or run doctor as the user of the box.`;
  return fault("disk.writable", `This user may not write ${directory}.`, remedy, data);
}

function owner({ directory, uid }: DiskFacts, { mode, uid: owned }: Folder): readonly Finding[] {
  const findings: Finding[] = [];
  const data = { uid: owned, mode: mode.toString(8) };
  if ((mode & 0o077) !== 0) {
    const found = `${directory} is open to others (mode ${mode.toString(8)}).`;
    findings.push(warning("disk.private", found, `sudo chmod 700 ${directory}.`, data));
  }
  if (uid !== 0 && owned !== uid) {
    const found = `${directory} belongs to another user (number ${owned}) than this one.`;
    const remedy = "Run doctor as the user of the box, or give the folder to it.";
    findings.push(warning("disk.private", found, remedy, data));
  }
  return findings.length > 0 ? findings : [ok("disk.private", "Nobody but its owner gets into it.", data)];
}

function fileSystem({ mount, upperType }: DiskFacts): readonly Finding[] {
  if (mount === null) return [note("disk.file-system", "Which file system it is on cannot be told.")];
  const data = { type: mount.type, mount: mount.point };
  const where = `It is on ${mount.point} (${mount.type})`;
  const elsewhere = "Set journal.directory to a folder on ext4 that is not below an overlay.";
  if (isForgetful(mount, upperType)) {
    return [
      fault(
        "disk.file-system",
        `${where}, which is empty after each start: payments would be forgotten.`,
        elsewhere,
        data,
      ),
    ];
  }
  if (mount.type === "overlay") {
    return [
      warning("disk.file-system", `${where}, which may be empty after the next start.`, elsewhere, data),
    ];
  }
  if (remote.includes(mount.type)) {
    return [
      fault(
        "disk.file-system",
        `${where}, over a network: SQLite's locks do not hold there.`,
        elsewhere,
        data,
      ),
    ];
  }
  if (ownerless.includes(mount.type)) {
    return [
      warning(
        "disk.file-system",
        `${where}, which knows no owners and no journal of its own.`,
        elsewhere,
        data,
      ),
    ];
  }
  return [ok("disk.file-system", `${where}.`, data)];
}

function space({ freeBytes }: Folder): readonly Finding[] {
  if (freeBytes === null) return [];
  const free = Math.floor(freeBytes / MIB);
  const found = `${free} MiB are free.`;
  const remedy = "Free some, or use a larger card; a box that cannot record charges nobody.";
  if (free < freeMiB.fault) return [fault("disk.space", found, remedy, { freeMiB: free })];
  if (free < freeMiB.warning) return [warning("disk.space", found, remedy, { freeMiB: free })];
  return [ok("disk.space", found, { freeMiB: free })];
}

function flush({ flushes }: DiskFacts): readonly Finding[] {
  if (flushes === null) return [];
  if (typeof flushes === "string") {
    const remedy = "Look at dmesg and at the free space; the box writes there before it charges.";
    return [
      fault("disk.flush", `A file in it cannot be written durably (${flushes}).`, remedy, { code: flushes }),
    ];
  }
  const sorted = [...flushes].sort((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  const data = { writes: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
  const found = `${data.writes} small durable writes: half within ${data.p50Ms} ms, 99 % within ${data.p99Ms} ms.`;
  if (data.p50Ms <= slowFlushMs.median && data.p99Ms <= slowFlushMs.worst)
    return [ok("disk.flush", found, data)];
  const remedy =
    "Use a card made for such writes (A1, A2, industrial) or a small SSD; a payment takes three of them.";
  return [warning("disk.flush", found, remedy, data)];
}

function round(ms: number): number {
  return ms < 10 ? Math.round(ms * 100) / 100 : Math.round(ms);
}

async function diskFacts({ sections }: Subject): Promise<DiskFacts | null> {
  const directory = sections.journal?.directory;
  if (directory === undefined) return null;
  const folder = lookAtFolder(directory);
  const { mount, upperType } = mountBelow(directory);
  const timed = folder.kind === "folder" && folder.writable && mount?.readOnly !== true;
  return {
    directory,
    folder,
    canBeMade: isAccessible(nearestRealPath(directory), "write"),
    mount,
    upperType,
    uid: process.getuid?.() ?? 0,
    flushes: timed ? await timeFlushes(directory, FLUSHES, FLUSHES_WITHIN_MS) : null,
  };
}
