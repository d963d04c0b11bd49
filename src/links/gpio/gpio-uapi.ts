/**
 * The kernel's character devices for pins, interface version 2 (include/uapi/linux/gpio.h), called through koffi, which
 * comes compiled. Its numbers and the places of its fields are those of every 64-bit little-endian Linux.
 */
import { closeSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import type { Level } from "../../runtime/ports.ts";
import { chipNames, type GpioChip } from "./gpio-chip.ts";
import { systemError } from "./gpio-claim.ts";

/** How a line is to be used. */
export interface LineRequest {
  /** Of `LINE_FLAGS`, added up. */
  readonly flags: number;
  /** What a line that drives begins with. */
  readonly level: Level;
  /** 0 for none. */
  readonly debounceUs: number;
}

/** GPIO_V2_LINE_FLAG_…: how a line is used. */
export const LINE_FLAGS = {
  input: 0x4,
  output: 0x8,
  edgeRising: 0x10,
  edgeFalling: 0x20,
  openDrain: 0x40,
  pullUp: 0x100,
  biasDisabled: 0x400,
} as const;

const GET_CHIPINFO = 0x8044_b401;
const GET_LINEINFO = 0xc100_b405;
const GET_LINE = 0xc250_b407;
const SET_CONFIG = 0xc110_b40d;
const GET_VALUES = 0xc010_b40e;
const SET_VALUES = 0xc010_b40f;

const ATTRIBUTES_MAX = 10;
const ATTRIBUTE_FLAGS = 1;
const ATTRIBUTE_VALUES = 2;
const ATTRIBUTE_DEBOUNCE = 3;

/** Shown by gpioinfo as the user of the lines. */
const CONSUMER = "scanbox";

const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** The calls of libc that Node has no names for; each gives -1 where it fails. */
interface Libc {
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
  readonly pipe2: (ends: Uint8Array, flags: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly errno: () => number;
}

/** The character devices of pins. */
export class GpioDevices {
  readonly #libc: Libc;

  private constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Loads koffi; rejects where it is not there for this machine. */
  static async load(): Promise<GpioDevices> {
    const koffi = await import("koffi");
    const libc = koffi.load(null);
    return new GpioDevices({
      ioctl: libc.func("int ioctl(int fd, unsigned long request, void *argument)"),
      fcntl: libc.func("int fcntl(int fd, int command, long argument)"),
      pipe2: libc.func("int pipe2(void *ends, int flags)"),
      dup3: libc.func("int dup3(int from, int to, int flags)"),
      errno: () => koffi.errno(),
    });
  }

  /** The chips that may be opened. */
  chips(folder = "/dev"): readonly GpioChip[] {
    return chipNames(folder).flatMap((name) => {
      const path = join(folder, name);
      // struct gpiochip_info: name[32], label[32], lines.
      const said = Buffer.alloc(68);
      try {
        this.#ask(path, GET_CHIPINFO, said);
      } catch (error) {
        systemError(error);
        return [];
      }
      return [{ path, label: textIn(said.subarray(32, 64)), lines: said.readUInt32LE(64) }];
    });
  }

  /** Who has a line, by the name it gave; null where nobody has. */
  consumer(path: string, offset: number): string | null {
    // struct gpio_v2_line_info: name[32], consumer[32], offset, num_attrs, flags, attrs, padding.
    const info = Buffer.alloc(256);
    info.writeUInt32LE(offset, 64);
    this.#ask(path, GET_LINEINFO, info);
    const used = (info.readUInt32LE(72) & 1) === 1;
    return used ? textIn(info.subarray(32, 64)) || "the kernel" : null;
  }

  /** Takes all of these lines as they stand, or throws what the system said. */
  take(path: string, offsets: readonly number[]): LineFile {
    // struct gpio_v2_line_request: offsets[64], consumer[32], config, num_lines, event_buffer_size, padding, fd.
    const request = Buffer.alloc(592);
    for (const [index, offset] of offsets.entries()) request.writeUInt32LE(offset, 4 * index);
    request.write(CONSUMER, 256, "latin1");
    request.writeUInt32LE(offsets.length, 560);
    this.#ask(path, GET_LINE, request);
    return new LineFile(this.#libc, request.readInt32LE(588));
  }

  #ask(path: string, request: number, argument: Uint8Array): void {
    const fd = openSync(path, "r+");
    try {
      checked(this.#libc, this.#libc.ioctl(fd, request, argument));
    } finally {
      closeSync(fd);
    }
  }
}

/** Lines that were taken; bit N of a mask is the line that was named as the Nth. Calls throw what the system said. */
export class LineFile {
  readonly #libc: Libc;
  readonly #fd: number;
  /** struct gpio_v2_line_values: bits, mask; the upper half of each stays 0. */
  readonly #values = Buffer.alloc(16);
  #events: Socket | null = null;

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  get(mask: number): number {
    this.#values.writeUInt32LE(mask, 8);
    this.#ask(GET_VALUES, this.#values);
    return this.#values.readUInt32LE(0);
  }

  set(bits: number, mask: number): void {
    this.#values.writeUInt32LE(bits, 0);
    this.#values.writeUInt32LE(mask, 8);
    this.#ask(SET_VALUES, this.#values);
  }

  /** Sets all lines up, in the order in which they were named. */
  configure(wishes: readonly LineRequest[]): void {
    this.#ask(SET_CONFIG, lineConfig(wishes));
  }

  /**
   * Tells that the kernel queued edges, which are thrown away: the event loop itself waits for them and reads them. It has
   * no name for a file of this kind, so it is given a pipe, whose number then comes to mean the file of the lines, before
   * the loop has looked at it. A package that waits in a thread of its own would have to be compiled on the box, just where
   * this interface is used because nothing can be; a blocking call on Node's own threads would hold up the end of the
   * process for ever; and a timer would wake an idle box a hundred times a second.
   */
  follow(moved: () => void, failed: (error: Error) => void): void {
    checked(this.#libc, this.#libc.fcntl(this.#fd, F_SETFL, O_NONBLOCK));
    const ends = Buffer.alloc(8);
    checked(this.#libc, this.#libc.pipe2(ends, O_CLOEXEC));
    const [reading, writing] = [ends.readInt32LE(0), ends.readInt32LE(4)];
    this.#events = new Socket({ fd: reading, readable: true, writable: false });
    this.#events.on("data", moved).on("error", failed);
    const moved3 = this.#libc.dup3(this.#fd, reading, O_CLOEXEC);
    closeSync(writing);
    checked(this.#libc, moved3);
  }

  close(): void {
    this.#events?.destroy();
    this.#events = null;
    closeSync(this.#fd);
  }

  #ask(request: number, argument: Uint8Array): void {
    checked(this.#libc, this.#libc.ioctl(this.#fd, request, argument));
  }
}

/** struct gpio_v2_line_config: flags, num_attrs, padding, attrs[10] of (id, padding, value, mask). */
function lineConfig(wishes: readonly LineRequest[]): Buffer {
  const config = Buffer.alloc(272);
  const attributes: { readonly id: number; readonly value: number; readonly mask: number }[] = [];
  const [first = 0, ...others] = new Set(wishes.map(({ flags }) => flags));
  config.writeUInt32LE(first, 0);
  const maskOf = (chosen: (wish: LineRequest) => boolean): number =>
    wishes.reduce((mask, wish, index) => (chosen(wish) ? mask + 2 ** index : mask), 0);
  for (const flags of others) {
    attributes.push({ id: ATTRIBUTE_FLAGS, value: flags, mask: maskOf((wish) => wish.flags === flags) });
  }
  const driving = maskOf(({ flags }) => (flags & LINE_FLAGS.output) !== 0);
  if (driving !== 0) {
    const high = maskOf(({ flags, level }) => (flags & LINE_FLAGS.output) !== 0 && level === 1);
    attributes.push({ id: ATTRIBUTE_VALUES, value: high, mask: driving });
  }
  for (const debounceUs of new Set(wishes.map((wish) => wish.debounceUs))) {
    if (debounceUs === 0) continue;
    const mask = maskOf((wish) => wish.debounceUs === debounceUs);
    attributes.push({ id: ATTRIBUTE_DEBOUNCE, value: debounceUs, mask });
  }
  // What finds no place is the rarest wish of all: one more period of debouncing.
  const fitting = attributes.slice(0, ATTRIBUTES_MAX);
  config.writeUInt32LE(fitting.length, 8);
  for (const [index, { id, value, mask }] of fitting.entries()) {
    const at = 32 + 24 * index;
    config.writeUInt32LE(id, at);
    config.writeUInt32LE(value, at + 8);
    config.writeUInt32LE(mask, at + 16);
  }
  return config;
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}

function checked(libc: Libc, result: number): void {
  if (result !== -1) return;
  const errno = -libc.errno();
  const code = getSystemErrorName(errno);
  throw Object.assign(new Error(`${code}: ${getSystemErrorMessage(errno)}`), { code, errno });
}
