import { readdirSync, readFileSync } from "node:fs";

/** What all threads of a process have run so far, in milliseconds; finer than the ticks of `/proc/PID/stat`. */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => {
    const [ran = "0"] = readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ");
    return sum + Number(ran) / 1e6;
  }, 0);
}

/** The memory of a process that is in RAM, in MiB. */
export function rssMiB(pid: number): number {
  return memoryMiB(pid, "VmRSS");
}

/** The most that a process ever had in RAM, in MiB. */
export function peakMiB(pid: number): number {
  return memoryMiB(pid, "VmHWM");
}

function memoryMiB(pid: number, line: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1_024;
}
