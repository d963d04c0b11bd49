import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** How large the disk is, in MiB: ext4 with its own log takes eight. */
const SIZE_MIB = 24;

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
