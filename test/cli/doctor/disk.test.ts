import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { type DiskFacts, judgeDisk } from "../../../src/cli/doctor/disk.ts";
import { mountOf, readMounts } from "../../../src/links/machine/mounts.ts";
import { lookAtFolder, timeFlushes } from "../../../src/links/sqlite/disk-probe.ts";
import { levelsOf, the } from "./sound.ts";

const GIB = 2 ** 30;
const ext4 = { point: "/", type: "ext4", readOnly: false, upper: null };
const folder = { kind: "folder", uid: 990, mode: 0o700, writable: true, freeBytes: 4 * GIB } as const;
const card: DiskFacts = {
  directory: "/var/lib/scanbox",
  folder,
  canBeMade: false,
  mount: ext4,
  upperType: null,
  uid: 990,
  flushes: [3, 4, 5, 40],
};

const judged = (changes: Partial<DiskFacts>) => judgeDisk({ ...card, ...changes });

test("a private folder on a sound card is in order", () => {
  assert.deepEqual(levelsOf(judged({})), [
    "disk.writable ok",
    "disk.private ok",
    "disk.file-system ok",
    "disk.space ok",
    "disk.flush ok",
  ]);
  assert.deepEqual(the("disk.flush", judged({})).data, { writes: 4, p50Ms: 4, p99Ms: 40 });
});

test("a journal that nobody knows is a note", () => {
  assert.deepEqual(levelsOf(judgeDisk(null)), ["disk.folder note"]);
});

test("a folder that is missing is a note where the box can make it, else a fault", () => {
  const missing = { folder: { kind: "missing" }, flushes: null } as const;
  assert.equal(the("disk.folder", judged({ ...missing, canBeMade: true })).level, "note");
  assert.equal(the("disk.folder", judged(missing)).level, "fault");
});

test("a file in its place, or a folder that nobody may look at, is a fault", () => {
  assert.equal(the("disk.folder", judged({ folder: { kind: "other" } })).level, "fault");
  assert.equal(the("disk.folder", judged({ folder: { kind: "hidden", code: "EACCES" } })).level, "fault");
});

test("a folder that cannot be written is a fault, by its rights or by its mount", () => {
  assert.equal(the("disk.writable", judged({ folder: { ...folder, writable: false } })).level, "fault");
  const finding = the("disk.writable", judged({ mount: { ...ext4, readOnly: true } }));
  assert.equal(finding.level, "fault");
  assert.match(finding.found, /mounted for reading only/);
});

test("a folder that is open to others, or somebody else's, is a warning; root may look at anybody's", () => {
  const level = (changes: Partial<DiskFacts>): string => the("disk.private", judged(changes)).level;
  assert.equal(level({ folder: { ...folder, mode: 0o750 } }), "warning");
  assert.equal(level({ uid: 1000 }), "warning");
  assert.equal(level({ uid: 0 }), "ok");
});

test("a file system that forgets or is far away is a fault, one that may forget or has no owners a warning", () => {
  const level = (type: string, upperType: string | null = null): string =>
    the("disk.file-system", judged({ mount: { ...ext4, type }, upperType })).level;
  for (const type of ["tmpfs", "ramfs", "nfs4", "cifs"]) assert.equal(level(type), "fault", type);
  assert.equal(level("overlay", "tmpfs"), "fault");
  assert.equal(level("overlay", "ext4"), "warning");
  assert.equal(level("overlay"), "warning");
  assert.equal(level("vfat"), "warning");
  assert.equal(the("disk.file-system", judged({ mount: null })).level, "note");
});

test("little space is a warning, hardly any a fault, and space that cannot be asked nothing", () => {
  const space = (freeBytes: number | null) => judged({ folder: { ...folder, freeBytes } });
  assert.equal(the("disk.space", space(GIB / 8)).level, "warning");
  assert.equal(the("disk.space", space(0)).level, "fault");
  assert.ok(!space(null).some(({ check }) => check === "disk.space"));
});

test("a disk that makes customers wait is a warning, one that does not write a fault", () => {
  const level = (flushes: DiskFacts["flushes"]): string => the("disk.flush", judged({ flushes })).level;
  assert.equal(level(Array.from({ length: 50 }, () => 101)), "warning");
  assert.equal(level([...Array.from({ length: 49 }, () => 5), 1_500]), "warning");
  assert.equal(level("ENOSPC"), "fault");
  assert.ok(!judged({ flushes: null }).some(({ check }) => check === "disk.flush"));
});

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
30 27 0:30 / /var/lib/with\\040blank ro,relatime - ext4 /dev/sda1 ro
31 27 0:31 / /srv rw - overlay overlay rw,lowerdir=/lower,upperdir=/media/rw/upper,workdir=/media/rw/work
32 27 0:32 / /media/rw rw - tmpfs tmpfs rw
33 27 0:33 / /srv rw - xfs /dev/sdb1 rw
not a mount at all`;

test("the list of mounts is read, blanks and overlays included", () => {
  const mounts = readMounts(mountinfo);
  assert.equal(mounts.length, 6);
  assert.deepEqual(mountOf("/var/lib/scanbox", mounts), ext4);
  assert.deepEqual(mountOf("/var/lib/with blank/x", mounts), {
    point: "/var/lib/with blank",
    type: "ext4",
    readOnly: true,
    upper: null,
  });
  assert.equal(mounts.find(({ type }) => type === "overlay")?.upper, "/media/rw/upper");
  assert.equal(mountOf("/media/rw/upper", mounts)?.type, "tmpfs");
});

test("of mounts at one place the last one counts, and a name that only begins alike is another place", () => {
  const mounts = readMounts(mountinfo);
  assert.equal(mountOf("/srv/journal", mounts)?.type, "xfs");
  assert.equal(mountOf("/srvother", mounts)?.point, "/");
  assert.equal(mountOf("/anywhere", []), null);
});

test("small durable writes are timed on the disk itself and leave nothing behind", async (t) => {
  const place = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
  t.after(() => rmSync(place, { recursive: true }));
  const times = await timeFlushes(place, 5, 5_000);
  assert.ok(typeof times !== "string" && times.length === 5 && times.every((ms) => ms > 0));
  assert.deepEqual(readdirSync(place), []);
  assert.deepEqual(await timeFlushes(place, 5, -1), []);
  assert.equal(await timeFlushes(join(place, "none"), 5, 5_000), "ENOENT");
});

test("a folder is seen as it is", (t) => {
  const place = mkdtempSync(join(tmpdir(), "scanbox-doctor-"));
  t.after(() => rmSync(place, { recursive: true }));
  const inner = join(place, "journal");
  mkdirSync(inner);
  chmodSync(inner, 0o750);
  const seen = lookAtFolder(inner);
  assert.ok(seen.kind === "folder" && seen.mode === 0o750 && seen.writable);
  assert.equal(seen.uid, process.getuid?.());
  assert.deepEqual(lookAtFolder(join(place, "none")), { kind: "missing" });
  writeFileSync(join(place, "file"), "");
  assert.deepEqual(lookAtFolder(join(place, "file")), { kind: "other" });
  assert.deepEqual(lookAtFolder(join(place, "file", "below")), { kind: "hidden", code: "ENOTDIR" });
});
