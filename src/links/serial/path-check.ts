import { stat } from "node:fs";

/** How often a path is compared with the device that was opened by it; a hang-up that was missed heals by this. */
export const PATH_CHECK_EVERY_MS = 2_000;

/** Sees to it that a path still leads to the device that was opened: a link below by-id moves with its scanner. */
export class PathCheck {
  readonly #timer: NodeJS.Timeout;
  #ended = false;

  /** `rdev` is the number of the opened device; `moved` is called once, with the reason. */
  constructor(path: string, rdev: number, everyMs: number, moved: (cause: string) => void) {
    const found = (cause: string): void => {
      if (this.#ended) return;
      this.end();
      moved(cause);
    };
    this.#timer = setInterval(() => {
      stat(path, (error, now) => {
        if (error !== null) found(`the device is gone (${error.code ?? error.message})`);
        else if (now.rdev !== rdev) found("the path leads to another device");
      });
    }, everyMs).unref();
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }
}
