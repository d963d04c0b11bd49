import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the C library answers about the time of day, with what a file says put on top. Other clocks are left alone. */
const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long offset() {
  char text[32] = {0};
  int file = open(getenv("WRONG_CLOCK"), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *at) {
  int status = (int)syscall(SYS_clock_gettime, clock, at);
  if (status == 0 && clock == CLOCK_REALTIME) at->tv_sec += offset();
  return status;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
`;

/** The time of day of a process as its C library, and so TLS, tells it; it may be set while the process runs. */
export class WrongClock {
  readonly #file: string;
  readonly #library: string;

  private constructor(file: string, library: string) {
    this.#file = file;
    this.#library = library;
  }

  /** Compiles it in a folder, with the compiler that add-ons need. */
  static make(folder: string): WrongClock {
    const library = join(folder, "wrong-clock.so");
    const program = join(folder, "wrong-clock.c");
    writeFileSync(program, source);
    execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, program]);
    const clock = new WrongClock(join(folder, "wrong-clock"), library);
    clock.set(0);
    return clock;
  }

  /** Goes wrong by so many seconds, or right by none. */
  set(seconds: number): void {
    writeFileSync(this.#file, String(Math.round(seconds)));
  }

  /** What the environment of the process needs. */
  get environment(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, WRONG_CLOCK: this.#file };
  }
}
