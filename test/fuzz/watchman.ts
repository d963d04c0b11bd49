/** Ends a process whose case never comes to its end, and says which one it was. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

/** No case takes a fraction of it, on any machine. */
const CASE_MS_MAX = 30_000;

const STANDARD_ERROR = 2;

const progress: unknown = workerData;
let last = -1;
let since = performance.now();

setInterval(() => {
  const [seed = 0, cases = 0] = progress instanceof Float64Array ? progress : [];
  if (cases === 0 || cases !== last) {
    last = cases;
    since = performance.now();
  } else if (performance.now() - since > CASE_MS_MAX) {
    writeSync(
      STANDARD_ERROR,
      `fuzz: case ${seed} does not end; again: scripts/fuzz --seed ${seed} --cases 1\n`,
    );
    process.kill(process.pid, "SIGKILL");
  }
}, 500);
