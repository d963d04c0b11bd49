import type { DisplayConnection, DisplayListener, DisplayRun } from "../../runtime/ports.ts";

/** What one kind of display does for a connection. Every callback comes once, later than its call, and with null or a cause. */
export interface DisplayWork {
  /** Starts the module; then it is blank. */
  start(done: (error: string | null) => void): void;
  write(runs: readonly DisplayRun[], done: (error: string | null) => void): void;
  /** Lets go of whatever was taken, also where the start failed half-way; nothing else is under way then. */
  free(done: () => void): void;
}

/**
 * One connection to a display: it waits for what is under way before it lets go of anything, so that no write of a display
 * ever reaches a file descriptor whose number has been given to another file.
 */
export class QueuedDisplay implements DisplayConnection {
  readonly #work: DisplayWork;
  readonly #listener: DisplayListener;
  #state: "starting" | "ready" | "writing" | "over" = "starting";
  /** Whether the work is to call back. */
  #pending = true;
  #freed = false;
  #whenFree: (() => void) | null = null;

  constructor(work: DisplayWork, listener: DisplayListener) {
    this.#work = work;
    this.#listener = listener;
    work.start((error) =>
      this.#heard(error, () => {
        this.#state = "ready";
        this.#listener.ready();
      }),
    );
  }

  write(runs: readonly DisplayRun[], done: () => void): void {
    if (this.#state !== "ready") return;
    this.#state = "writing";
    this.#pending = true;
    this.#work.write(runs, (error) =>
      this.#heard(error, () => {
        this.#state = "ready";
        if (this.#whenFree === null) done();
        else this.#end();
      }),
    );
  }

  close(done: () => void): void {
    if (this.#freed) {
      setImmediate(done);
      return;
    }
    this.#whenFree = done;
    if (this.#state !== "over" && !this.#pending) this.#end();
  }

  /** The display is gone, as it says itself. */
  fail(cause: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    if (this.#whenFree === null) this.#listener.closed(cause);
    if (!this.#pending) this.#free();
  }

  #heard(error: string | null, next: () => void): void {
    this.#pending = false;
    if (this.#state === "over") this.#free();
    else if (error !== null) this.fail(error);
    else if (this.#whenFree !== null && this.#state === "starting") this.#end();
    else next();
  }

  #end(): void {
    this.#state = "over";
    this.#free();
  }

  #free(): void {
    this.#work.free(() => {
      this.#freed = true;
      this.#whenFree?.();
    });
  }
}
