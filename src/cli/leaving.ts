/** Somebody who waits for a command wants to wait no longer, or is gone. */
import type { Writable } from "node:stream";

/** Ctrl-C, a service manager, a terminal that was closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Hears once that nobody waits any more; a second signal ends the process as the system does. */
export class Leaving implements Disposable {
  /** Settles when it is so. */
  readonly heard: Promise<void>;
  readonly #outputs: readonly Writable[];
  readonly #leave: () => void;
  #left = false;

  /** `outputs` are written to while somebody waits: where nobody reads them any more, nobody waits. */
  constructor(outputs: readonly Writable[]) {
    let tell = (): void => undefined;
    this.heard = new Promise((resolve) => {
      tell = resolve;
    });
    this.#outputs = outputs;
    this.#leave = () => {
      this.#left = true;
      tell();
    };
    for (const signal of signals) process.once(signal, this.#leave);
    for (const output of outputs) output.on("error", this.#leave);
  }

  get left(): boolean {
    return this.#left;
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#leave);
    // What is still to be said may go nowhere; the end is the same.
    if (!this.#left) for (const output of this.#outputs) output.off("error", this.#leave);
  }
}
