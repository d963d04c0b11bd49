import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { percentile } from "./figure.ts";

/** What the figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Averages of 1, 5 and 15 minutes before the first bench. */
  readonly load: readonly number[];
  /** Median time of one flush of 4 KiB where the journals of the benches lie. */
  readonly flushMs: number;
}

/** Looks at this machine; `directory` is where journals will lie. */
export function describeMachine(directory: string): Machine {
  return {
    cpu: `${model()} (${process.arch})`,
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1_048_576),
    kernel: release(),
    node: process.version,
    load: loadavg().map((average) => Math.round(average * 100) / 100),
    flushMs: flushMs(directory),
  };
}

/** The machine in one line. */
export function machineLine({ cpu, cores, memoryMiB, kernel, node, load, flushMs: flush }: Machine): string {
  return (
    `machine: ${cpu}, ${cores} cores, ${memoryMiB} MiB; Linux ${kernel}; Node ${node}; ` +
    `load ${load.join(" ")}; flush ${flush.toFixed(2)} ms`
  );
}

function model(): string {
  const [first] = cpus();
  if (first !== undefined && first.model !== "unknown") return first.model;
  try {
    // Arm boards say there what they are.
    return readFileSync("/proc/device-tree/model", "utf8").replaceAll("\0", "");
  } catch {
    return "unknown";
  }
}

function flushMs(directory: string): number {
  const path = join(directory, "flushed");
  const file = openSync(path, "w");
  const page = Buffer.alloc(4_096);
  const times = Array.from({ length: 50 }, () => {
    writeSync(file, page);
    const began = performance.now();
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(path);
  return percentile(times, 0.5);
}
