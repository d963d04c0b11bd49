/** Ends a process whose case never comes to its end, and says which one it was. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { PATIENCE_MS } from "../e2e/until.ts";

/** Processor time of which no case takes a fraction: a busy machine slows nothing down. */
const CASE_MS_MAX = 30_000;

const STANDARD_ERROR = 2;

const progress: unknown = workerData;
let last = -1;
let [since, sinceMs] = [performance.now(), processorMs()];

setInterval(() => {
  const [seed = 0, cases = 0] = progress instanceof Float64Array ? progress : [];
  if (cases === 0 || cases !== last) {
    last = cases;
    [since, sinceMs] = [performance.now(), processorMs()];
  } else if (processorMs() - sinceMs > CASE_MS_MAX || performance.now() - since > PATIENCE_MS) {
    writeSync(
      STANDARD_ERROR,
      `fuzz: case ${seed} does not end; again: scripts/fuzz --seed ${seed} --cases 1\n`,
    );
    process.kill(process.pid, "SIGKILL");
  }
}, 500);

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
