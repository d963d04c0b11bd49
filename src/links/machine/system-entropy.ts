import { randomBytes } from "node:crypto";
import type { Entropy } from "../../runtime/ports.ts";

/** Randomness of the operating system. */
export class SystemEntropy implements Entropy {
  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
