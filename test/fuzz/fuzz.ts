/**
 * Runs one case after the other until its time is up. A case has a number, and the number alone makes it: what fails is
 * named with it and comes again with `scripts/fuzz --seed NUMBER NAME`. A case must not throw, nor take long, nor keep memory.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { Mutator } from "./mutate.ts";

/** How long each test goes on, in seconds. */
const SECONDS = Number(process.env.SCANBOX_FUZZ_SECONDS ?? "2");

/** The number of the first case; where nobody names it, every run has others. */
const SEED = Number(process.env.SCANBOX_FUZZ_SEED ?? String(Date.now() * 1_000));

/** So many cases at most. */
const CASES = Number(process.env.SCANBOX_FUZZ_CASES ?? "Infinity");

/**
 * What one call may take of the processor: eight times what any takes of megabytes, for a machine that is slower. What
 * grows with the square of its input takes minutes.
 */
const CALL_MS_MAX = 5_000;

/** Every so many cases one is of megabytes. */
const LARGE_EVERY = 200;
const LARGE_BYTES = [1 << 20, 4 << 20] as const;

/** What may be kept after all cases, and what may be in use at the end of one, in bytes. */
const KEPT_MAX = 24 << 20;
const USED_MAX = 768 << 20;

/** The cases before memory is looked at first: code is compiled and caches fill. */
const WARM_CASES = 50;

/** What a case works with. */
export class Case extends Mutator {
  /** How long the inputs of this case are to be, in bytes; null where they stay near their examples. */
  readonly large: number | null;

  constructor(seed: number) {
    super(seed);
    this.large = seed % LARGE_EVERY === 0 ? this.random.pick(LARGE_BYTES) : null;
  }

  /** Damages bytes as this case wants it: in its details, or by swelling them to megabytes, as far as `most` goes. */
  damaged(
    example: Uint8Array,
    others: readonly Uint8Array[] = [],
    most = Number.POSITIVE_INFINITY,
  ): Uint8Array {
    if (this.large === null) return this.bytes(example, others);
    return this.swollen(this.random.chance(0.5) ? example : this.bytes(example), Math.min(most, this.large));
  }

  /** The same for a text. */
  damagedText(example: string, others: readonly string[] = []): string {
    if (this.large === null) return this.text(example, others);
    return Buffer.from(this.damaged(Buffer.from(example))).toString("utf8");
  }

  /** Makes the call whose time is bounded. Time is that of this thread alone: a busy machine slows nothing down. */
  timed<Value>(call: () => Value): Value {
    const before = process.threadCpuUsage();
    const value = call();
    const { user, system } = process.threadCpuUsage(before);
    const tookMs = (user + system) / 1_000;
    assert.ok(tookMs < CALL_MS_MAX, `one call took ${Math.round(tookMs)} ms`);
    return value;
  }
}

/** Cases that were run by this process, for the watchman. */
const progress = new Float64Array(new SharedArrayBuffer(16));

/** Declares a test that runs cases of this kind for its time. */
export function fuzz(name: string, run: (one: Case) => void | Promise<void>): void {
  test(`${name}, whatever comes`, async (context) => {
    watch();
    const collect = collector();
    const ends = performance.now() + SECONDS * 1_000;
    let kept: number | null = null;
    let cases = 0;
    for (let seed = SEED; cases < CASES && (performance.now() < ends || cases === 0); seed += 1) {
      progress[0] = seed;
      progress[1] = cases + 1;
      cases += 1;
      try {
        await run(new Case(seed));
        const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
        assert.ok(heap + outside < USED_MAX, `${heap + outside} bytes are in use`);
      } catch (error) {
        throw new Error(`case ${seed} of "${name}"; again: scripts/fuzz --seed ${seed} --cases 1`, {
          cause: error,
        });
      }
      if (cases === WARM_CASES) kept = await usedAfter(collect);
    }
    progress[1] = 0;
    if (kept !== null) {
      const grown = (await usedAfter(collect)) - kept;
      assert.ok(grown < KEPT_MAX, `${grown} bytes more are kept after ${cases} cases from ${SEED} on`);
    }
    context.diagnostic(`${cases} cases from ${SEED} on`);
  });
}

async function usedAfter(collect: () => void): Promise<number> {
  // What holds something outside the heap lets go of it a turn after it was collected.
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert.ok(typeof collect === "function");
  return () => void collect();
}

let watchman: Worker | null = null;

/** A call that never returns keeps this thread from ending itself: another one watches. */
function watch(): void {
  if (watchman !== null) return;
  watchman = new Worker(new URL("./watchman.ts", import.meta.url), { workerData: progress });
  watchman.unref();
}
