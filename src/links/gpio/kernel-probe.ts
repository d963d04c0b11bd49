/** Questions to the kernel that Node has no names for, asked through koffi. None of them changes anything that lasts. */
import { closeSync, constants, openSync, readSync } from "node:fs";

/** EVIOCGRAB of linux/input.h, I2C_SLAVE of linux/i2c-dev.h. */
const EVIOCGRAB = 0x40044590;
const I2C_SLAVE = 0x0703;

/** What adjtimex(2) gives where nothing keeps the clock right. */
const TIME_ERROR = 5;

/** The size of struct timex on 64-bit machines, with room to spare. */
const TIMEX_BYTES = 256;

/** Everything that is asked. */
export interface KernelProbe {
  /** Whether something keeps the clock right, as the kernel was told; null where it does not answer. */
  clockIsKept(): boolean | null;
  /** Takes a keyboard alone and lets go of it at once; null, or what the system said. */
  grab(path: string): string | null;
  /** Reads one byte from a device on an I2C bus; null where it answers, or what the system said. */
  i2cAnswer(path: string, address: number): string | null;
}

/** Loads koffi; null where it is not there for this machine. */
export async function loadKernelProbe(): Promise<KernelProbe | null> {
  let koffi: typeof import("koffi");
  try {
    koffi = await import("koffi");
  } catch {
    return null;
  }
  const libc = koffi.load(null);
  const ioctl = libc.func("int ioctl(int fd, unsigned long request, ...)");
  const adjtimex = libc.func("int adjtimex(void *timex)");
  const said = (result: number): string | null => {
    if (result >= 0) return null;
    const errno = koffi.errno();
    return Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  };
  return {
    clockIsKept: () => {
      const state: number = adjtimex(Buffer.alloc(TIMEX_BYTES));
      return state < 0 ? null : state !== TIME_ERROR;
    },
    grab: (path) => opened(path, constants.O_RDONLY, (fd) => said(ioctl(fd, EVIOCGRAB, "int", 1))),
    i2cAnswer: (path, address) =>
      opened(path, constants.O_RDWR, (fd) => {
        const refused = said(ioctl(fd, I2C_SLAVE, "long", address));
        if (refused === null) readSync(fd, Buffer.alloc(1), 0, 1, null);
        return refused;
      }),
  };
}

/** Asks about a device while it is open; closing it gives back whatever was taken. */
function opened(path: string, flags: number, ask: (fd: number) => string | null): string | null {
  try {
    const fd = openSync(path, flags | constants.O_NONBLOCK);
    try {
      return ask(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
