/** Makes damaged inputs out of sound ones: the same seed makes the same ones on any machine. */
import { Random } from "../../src/simulator/outside/random.ts";

/** Bytes that end, begin or escape something in most formats, and the borders of their ranges. */
const telling = Buffer.from(
  "\0\t\n\r \"&'+,-./0129:;<=>?AZ[\\]_`az{|}\x7f\x80\xbf\xc0\xd0\xd1\xed\xef\xff",
  "latin1",
);

type Change = (bytes: Buffer, others: readonly Uint8Array[]) => Buffer;

/** One source of damage. */
export class Mutator {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** The example with one to six changes; `others` lend their parts. At most twice as long as the longest of them and 1 KiB. */
  bytes(example: Uint8Array, others: readonly Uint8Array[] = []): Uint8Array {
    const longest = Math.max(example.length, ...others.map(({ length }) => length));
    let bytes: Buffer = Buffer.from(example);
    const changes = this.random.between(1, 6);
    for (let change = 0; change < changes; change += 1) {
      bytes = this.random.pick(this.#changes)(bytes, others);
    }
    return Uint8Array.from(bytes.subarray(0, 2 * longest + 1_024));
  }

  /** The same for a text. What is no UTF-8 any more becomes U+FFFD, or, half of the time, is read byte by byte. */
  text(example: string, others: readonly string[] = []): string {
    const bytes = this.bytes(
      Buffer.from(example),
      others.map((other) => Buffer.from(other)),
    );
    return Buffer.from(bytes).toString(this.random.chance(0.5) ? "utf8" : "latin1");
  }

  /** The example with one piece of it, or one telling byte, repeated until it is `size` bytes long. */
  swollen(example: Uint8Array, size: number): Uint8Array {
    const [from, to] = this.#range(example.length);
    const piece = this.random.chance(0.3) ? this.#tellingByte() : Buffer.from(example.subarray(from, to));
    const bytes = Buffer.alloc(Math.max(size, example.length), piece.length > 0 ? piece : "a");
    bytes.set(example.subarray(0, from), 0);
    if (this.random.chance(0.7)) bytes.set(example.subarray(to), bytes.length - (example.length - to));
    return Uint8Array.from(bytes);
  }

  /** Cuts bytes as a wire may: into pieces of any length, some of them empty. */
  chunks(bytes: Uint8Array): readonly Uint8Array[] {
    const chunks: Uint8Array[] = [];
    const longest = bytes.length > 16_384 ? 4_096 : this.random.pick([1, 3, 64, bytes.length + 1]);
    for (let at = 0; at < bytes.length; ) {
      const length = this.random.between(bytes.length > 16_384 ? 64 : 0, longest);
      chunks.push(bytes.subarray(at, at + length));
      at += length;
    }
    return chunks;
  }

  readonly #changes: readonly [Change, ...Change[]] = [
    (bytes) => {
      if (bytes.length === 0) return bytes;
      const at = this.random.between(0, bytes.length - 1);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << this.random.between(0, 7)), at);
      return bytes;
    },
    (bytes) => {
      const at = this.random.between(0, bytes.length);
      return Buffer.concat([bytes.subarray(0, at), this.#tellingByte(), bytes.subarray(at + 1)]);
    },
    (bytes) => {
      const [from, to] = this.#range(bytes.length);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    },
    (bytes) => bytes.subarray(0, this.random.between(0, bytes.length)),
    (bytes) => {
      const [from, to] = this.#range(bytes.length);
      const at = this.random.between(0, bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, to), bytes.subarray(at)]);
    },
    (bytes) => {
      const at = this.random.between(0, bytes.length);
      const noise = this.random.bytes(this.random.between(1, 16));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    },
    (bytes) => {
      const at = this.random.between(0, bytes.length);
      const many = Buffer.alloc(this.random.between(1, 300), this.#tellingByte());
      return Buffer.concat([bytes.subarray(0, at), many, bytes.subarray(at)]);
    },
    (bytes, others) => {
      const [first = bytes, ...rest] = others;
      const other = this.random.pick([first, ...rest]);
      const [from, to] = this.#range(other.length);
      const at = this.random.between(0, bytes.length);
      const on = this.random.chance(0.5) ? at : Math.min(bytes.length, at + to - from);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(on)]);
    },
  ];

  #tellingByte(): Buffer {
    const at = this.random.between(0, telling.length - 1);
    return telling.subarray(at, at + 1);
  }

  /** Mostly short ranges: a long one leaves little of what was sound. */
  #range(length: number): readonly [from: number, to: number] {
    const from = this.random.between(0, length);
    const most = this.random.chance(0.7) ? 24 : length;
    return [from, Math.min(length, from + this.random.between(0, most))];
  }
}
