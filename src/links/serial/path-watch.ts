import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { PathWatch } from "../../runtime/ports.ts";

/**
 * Watches for a device to appear at a path. The folders of /dev/serial/by-id go with the last device and come with the
 * first, so the watch lies on the deepest folder that is there and follows the path down as it grows.
 */
export function watchPath(path: string, changed: () => void): PathWatch {
  return new DeepestWatch(path, changed);
}

class DeepestWatch implements PathWatch {
  readonly #path: string;
  readonly #changed: () => void;
  #watcher: FSWatcher | null = null;
  #ended = false;

  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
    this.#descend();
  }

  end(): void {
    this.#ended = true;
    this.#watcher?.close();
    this.#watcher = null;
  }

  /** Lays the watch on the deepest folder that there is. Where none can be watched, nothing is told. */
  #descend(): void {
    this.#watcher?.close();
    this.#watcher = null;
    let below = this.#path;
    while (this.#watcher === null && below !== dirname(below)) {
      this.#watcher = this.#watchFolder(dirname(below), basename(below));
      below = dirname(below);
    }
  }

  #watchFolder(folder: string, name: string): FSWatcher | null {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, changed) => {
        // A folder's own end is told under its own name.
        const own = changed === basename(folder) && !existsSync(folder);
        if (!this.#ended && (changed === name || changed === null || own)) this.#seen(folder);
      });
      watcher.on("error", () => watcher.close());
      return watcher;
    } catch {
      return null;
    }
  }

  #seen(folder: string): void {
    if (folder !== dirname(this.#path) || !existsSync(folder)) this.#descend();
    if (existsSync(this.#path)) this.#changed();
  }
}
