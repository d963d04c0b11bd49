/**
 * What of the package lcd 3.1.1 is used. It has no types of its own; the names that begin with an underscore are not meant
 * for others and hold for this version alone, which is why package.json names it exactly.
 */
declare module "lcd" {
  import { EventEmitter } from "node:events";

  class Lcd extends EventEmitter {
    /** Takes its pins by their numbers in sysfs, at once; "ready" comes when the module is started. */
    constructor(config: {
      readonly rs: number;
      readonly e: number;
      readonly data: readonly number[];
      readonly cols: number;
      readonly rows: number;
    });
    /** Sends the lower byte of every character code, one in each turn of the event loop. */
    print(text: string, done: (error: Error | null) => void): void;
    /** Gives its pins back, whatever is still being printed. */
    close(): void;
    /** An instruction. */
    _command(value: number): void;
    /** A datum. */
    _write(value: number): void;
    _send(value: number, rs: 0 | 1): void;
    _write4Bits(value: number): void;
  }

  export = Lcd;
}
