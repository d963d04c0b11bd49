import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import koffi from "koffi";

/** Calls of linux/uinput.h. */
const UI_DEV_CREATE = 0x5501;
const UI_DEV_DESTROY = 0x5502;
const UI_DEV_SETUP = 0x405c5503;
const UI_SET_EVBIT = 0x40045564;
const UI_SET_KEYBIT = 0x40045565;
const UI_SET_MSCBIT = 0x40045568;
const SYSNAME_BYTES = 64;
const UI_GET_SYSNAME = 0x8000552c + SYSNAME_BYTES * 0x10000;

/** Codes of linux/input-event-codes.h. */
const EV_SYN = 0;
const EV_KEY = 1;
const EV_MSC = 4;
const MSC_SCAN = 4;
const KEYS = 128;
const ENTER = 28;
const ZERO = 11;

const ioctl = koffi.load(null).func("int ioctl(int fd, unsigned long request, ...)");

/** A keyboard that the kernel takes for real (uinput): what is typed on it comes out of its /dev/input/eventN. */
export class VirtualKeyboard {
  readonly path: string;
  #fd: number;

  constructor() {
    this.#fd = openSync("/dev/uinput", "w");
    for (const type of [EV_KEY, EV_MSC]) this.#call(UI_SET_EVBIT, "int", type);
    for (let key = 1; key < KEYS; key += 1) this.#call(UI_SET_KEYBIT, "int", key);
    this.#call(UI_SET_MSCBIT, "int", MSC_SCAN);
    // struct uinput_setup: bus, vendor, product and version of two bytes each, a name of 80 bytes, effects.
    const setup = Buffer.alloc(92);
    setup.writeUInt16LE(3, 0);
    setup.write("scanner that plays a keyboard", 8);
    this.#call(UI_DEV_SETUP, "void *", setup);
    this.#call(UI_DEV_CREATE, "int", 0);
    const name = Buffer.alloc(SYSNAME_BYTES);
    this.#call(UI_GET_SYSNAME, "void *", name);
    const folder = `/sys/devices/virtual/input/${name.toString("latin1").replace(/\0.*/s, "")}`;
    const event = readdirSync(folder).find((entry) => entry.startsWith("event"));
    assert.ok(event, `${folder} has an event device`);
    this.path = `/dev/input/${event}`;
  }

  /** Types digits and Enter, each key with its scan code, down and up, a millisecond or more apart as scanners do. */
  async type(digits: string): Promise<void> {
    for (const key of keysOf(digits)) {
      this.#tap(key);
      await sleep(1);
    }
  }

  /** Types digits and Enter before anybody can read them. */
  typeAtOnce(digits: string): void {
    for (const key of keysOf(digits)) this.#tap(key);
  }

  /** Pulls the plug. */
  destroy(): void {
    if (this.#fd < 0) return;
    this.#call(UI_DEV_DESTROY, "int", 0);
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #tap(key: number): void {
    for (const value of [1, 0]) {
      this.#event(EV_MSC, MSC_SCAN, 0x70000 + key);
      this.#event(EV_KEY, key, value);
      this.#event(EV_SYN, 0, 0);
    }
  }

  #event(type: number, code: number, value: number): void {
    const record = Buffer.alloc(24);
    record.writeUInt16LE(type, 16);
    record.writeUInt16LE(code, 18);
    record.writeInt32LE(value, 20);
    writeSync(this.#fd, record);
  }

  #call(request: number, type: string, argument: unknown): void {
    const result: number = ioctl(this.#fd, request, type, argument);
    assert.ok(result >= 0, `ioctl 0x${request.toString(16)}: errno ${koffi.errno()}`);
  }
}

function keysOf(digits: string): readonly number[] {
  return [...Array.from(digits, (digit) => (digit === "0" ? ZERO : Number(digit) + 1)), ENTER];
}
