import { exitStatus } from "../exit-status.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Hears the first SIGINT, SIGTERM or SIGHUP while it lives; a second one ends the process at once. */
export class StopSignals implements Disposable {
  #asked = false;
  #stop: () => void = () => {};
  readonly #heard = (): void => {
    if (this.#asked) process.exit(exitStatus.unknown);
    this.#asked = true;
    this.#stop();
  };

  constructor() {
    for (const signal of signals) process.on(signal, this.#heard);
  }

  /** What is to be done when a signal comes; done at once where one came already. */
  onStop(stop: () => void): void {
    this.#stop = stop;
    if (this.#asked) stop();
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#heard);
  }
}
