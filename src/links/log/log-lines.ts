import { type DestinationStream, destination } from "pino";

/** So many bytes of lines wait for a reader that stands still; what comes then is dropped and counted. */
const WAITING_BYTES_MAX = 256 << 10;

/** How often it is seen whether the reader goes on, in milliseconds; each new line looks too. */
const AGAIN_MS = 500;

/** So many times, 100 ms apart, does a process that ends look whether the reader takes what waited. */
const LAST_TRIES = 10;

/**
 * The way of a log's lines to file descriptor `fd`. A line is written before the call returns, so that the last one before a
 * crash is there; where the reader stands still, or is gone (a restart of journald), payments go on without it: an `fd` that
 * does not block (a pipe or a socket that is `process.stdout`) stops nobody. `dropped` hears how many lines never left, once
 * the others have.
 */
export function logLines(fd: number, dropped: (count: number) => void): DestinationStream {
  let triesLeft = 0;
  let count = 0;
  let again: NodeJS.Timeout | null = null;
  const retryEAGAIN = (): boolean => {
    triesLeft -= 1;
    return triesLeft >= 0;
  };
  const lines = destination({ fd, sync: true, maxLength: WAITING_BYTES_MAX, retryEAGAIN });
  // Nothing more is written than what waits.
  const retry = (): void => void lines.write("");
  const tell = (): void => {
    if (count === 0) return;
    const told = count;
    count = 0;
    dropped(told);
  };
  lines.on("drop", () => {
    count += 1;
  });
  lines.on("drain", () => {
    // It also says that an earlier line has left, when later ones wait.
    if (again === null) tell();
  });
  lines.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EAGAIN" || again !== null) return;
    again = setTimeout(() => {
      again = null;
      retry();
    }, AGAIN_MS).unref();
  });
  process.once("exit", () => {
    triesLeft = LAST_TRIES;
    retry();
    tell();
  });
  return lines;
}
