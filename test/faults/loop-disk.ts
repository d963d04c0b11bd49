import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";

/** How large the disk is, in MiB: ext4 with its own log takes eight. */
const SIZE_MIB = 24;

/** What somebody else has written there. */
const BALLAST = "ballast";

/** False where the disk takes no more. */
function wrote(file: number, bytes: number): boolean {
  try {
    writeSync(file, new Uint8Array(bytes));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

/** A real ext4 file system in a file, mounted where a journal shall lie, whose kernel can be told that it is broken. */
export class LoopDisk {
  readonly #image: string;
  readonly #folder: string;

  private constructor(image: string, folder: string) {
    this.#image = image;
    this.#folder = folder;
  }

  /** Makes one at `folder`, or says why this machine lets nobody do that. */
  static make(folder: string): LoopDisk | string {
    const image = `${folder}.ext4`;
    writeFileSync(image, Buffer.alloc(SIZE_MIB << 20));
    execFileSync("mkfs.ext4", ["-q", "-F", image], { env: { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" } });
    mkdirSync(folder, { mode: 0o700 });
    const disk = new LoopDisk(image, folder);
    const refusal = disk.#mount();
    return refusal ?? disk;
  }

  /** The kernel finds an error in it and lets nobody write from now on (ext4(5), errors=remount-ro). */
  fail(): void {
    const device = execFileSync("findmnt", ["-no", "SOURCE", this.#folder], { encoding: "utf8" }).trim();
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, "planted");
  }

  /** Somebody else writes on it until nothing but so many bytes are left. */
  fill(left: number): void {
    const file = openSync(join(this.#folder, BALLAST), "w");
    try {
      for (const size of [1 << 20, 1 << 12])
        for (let written = 0; written < SIZE_MIB << 20; written += size) {
          if (!wrote(file, size)) break;
        }
      ftruncateSync(file, fstatSync(file).size - left);
    } finally {
      closeSync(file);
    }
  }

  /** What filled it is taken away. */
  free(): void {
    rmSync(join(this.#folder, BALLAST));
  }

  /** Checks and mends it, as a start of the machine does. */
  repair(): void {
    execFileSync("umount", [this.#folder]);
    // Status 1: errors were corrected (e2fsck(8)).
    spawnSync("e2fsck", ["-fy", this.#image], { env: { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" } });
    const refusal = this.#mount();
    if (refusal !== null) throw new Error(refusal);
  }

  end(): void {
    spawnSync("umount", ["--lazy", this.#folder]);
  }

  #mount(): string | null {
    const { status, stderr } = spawnSync(
      "mount",
      ["-o", "loop,errors=remount-ro", this.#image, this.#folder],
      { encoding: "utf8" },
    );
    return status === 0 ? null : `this machine lets nobody mount a disk: ${stderr.trim()}`;
  }
}
