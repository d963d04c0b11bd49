import { exitStatus } from "./exit-status.ts";

/** Hears the first SIGINT or SIGTERM while it lives; a second one ends the process at once. */
export class StopSignals implements Disposable {
  #asked = false;
  #stop: () => void = () => {};
  readonly #heard = (): void => {
    if (this.#asked) process.exit(exitStatus.unknown);
    this.#asked = true;
    this.#stop();
  };

  constructor() {
    process.on("SIGINT", this.#heard);
    process.on("SIGTERM", this.#heard);
  }

  /** What is to be done when a signal comes; done at once where one came already. */
  onStop(stop: () => void): void {
    this.#stop = stop;
    if (this.#asked) stop();
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#heard);
    process.off("SIGTERM", this.#heard);
  }
}
