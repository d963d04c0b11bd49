/**
 * Loaded into the process of a box before its program: what a test may do to it from inside. `SCANBOX_SURPRISE` is done at
 * once, messages when they come. Nothing of it is in the program itself.
 */

import dns, { type LookupAddress } from "node:dns";
import { closeSync, openSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import type { Worker } from "node:worker_threads";

/** What can be done to a process. */
export type Surprise =
  /** Nothing: that it is answered says that the process has heard whatever came before. */
  | { readonly kind: "nothing" }
  /** Names are not found, or lead to these addresses, after so many milliseconds. */
  | { readonly kind: "names"; readonly addresses: readonly LookupAddress[]; readonly ms: number }
  /** The wall clock goes wrong by so many milliseconds. */
  | { readonly kind: "clock"; readonly offsetMs: number }
  /** Something throws, or rejects and nobody listens. */
  | { readonly kind: "throw" | "reject" }
  /** The event loop stands still. */
  | { readonly kind: "block"; readonly ms: number }
  /** Memory is taken until there is none. */
  | { readonly kind: "memory" }
  /** The threads of the process end. */
  | { readonly kind: "threads" }
  /** Every file descriptor is taken, or they are given back. */
  | { readonly kind: "descriptors"; readonly taken: boolean };

const threads = new Set<Worker>();
const held: number[] = [];
const hoard: unknown[][] = [];
const realNow = Date.now;

function surprise(what: Surprise): void {
  switch (what.kind) {
    case "names":
      mislead(what.addresses, what.ms);
      return;
    case "clock":
      Date.now = () => realNow() + what.offsetMs;
      return;
    case "throw":
      setImmediate(() => {
        throw new Error("a surprise");
      });
      return;
    case "reject":
      void Promise.reject(new Error("a surprise"));
      return;
    case "block":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, what.ms);
      return;
    case "memory":
      for (;;) hoard.push(new Array(1_000).fill(hoard.length));
    case "threads":
      for (const thread of threads) void thread.terminate();
      return;
    case "nothing":
      return;
    case "descriptors":
      for (const descriptor of held.splice(0)) closeSync(descriptor);
      if (what.taken) takeAll();
  }
}

/** Takes the place of the resolver, for whoever asks it for addresses as `node:net` does. */
function mislead(addresses: readonly LookupAddress[], ms: number): void {
  const lookup = (
    name: string,
    options: { readonly all?: boolean },
    done: (error: Error | null, found?: unknown, family?: number) => void,
  ): void => {
    setTimeout(() => {
      const [first] = addresses;
      if (first === undefined) {
        const error = new Error(`getaddrinfo ENOTFOUND ${name}`);
        done(Object.assign(error, { code: "ENOTFOUND", syscall: "getaddrinfo", hostname: name }));
      } else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    }, ms);
  };
  Object.assign(dns, { lookup });
  syncBuiltinESMExports();
}

function takeAll(): void {
  try {
    for (;;) held.push(openSync("/dev/null", "r"));
  } catch {
    // None is left.
  }
}

process.on("worker", (thread) => threads.add(thread));
process.on("message", (message: Surprise) => {
  surprise(message);
  // A turn of the loop later, so that whatever the system had told before has been heard as well.
  setImmediate(() => setImmediate(() => process.send?.("done")));
});
// A channel that is listened to would keep the process from ending.
process.channel?.unref();
const first = process.env.SCANBOX_SURPRISE;
if (first !== undefined) surprise(JSON.parse(first) as Surprise);
