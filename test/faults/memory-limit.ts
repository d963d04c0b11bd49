import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";

/** A control group of the kernel that bounds the memory of what is put into it, as `MemoryMax=` of a service does. */
export class MemoryLimit {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one, or says why this machine lets nobody do that. */
  static make(bytes: number): MemoryLimit | string {
    // Version 1 has a tree for memory alone; version 2 has one for all (cgroups(7)).
    const old = existsSync("/sys/fs/cgroup/memory");
    const folder = `/sys/fs/cgroup/${old ? "memory/" : ""}scanbox-test-${process.pid}`;
    const limit = new MemoryLimit(folder);
    try {
      mkdirSync(folder);
      writeFileSync(`${folder}/${old ? "memory.limit_in_bytes" : "memory.max"}`, String(bytes));
      return limit;
    } catch (error) {
      limit.end();
      return `this machine bounds nobody's memory: ${String(error)}`;
    }
  }

  /** Puts a process into it, with all its threads. */
  take(pid: number): void {
    writeFileSync(`${this.#folder}/cgroup.procs`, String(pid));
  }

  /** Once nobody is in it any more. */
  end(): void {
    if (existsSync(this.#folder)) rmdirSync(this.#folder);
  }
}
