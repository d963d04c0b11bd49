import { Worker } from "node:worker_threads";

/** A thread for a store that hands over the rows of the start, which the program's own thread reads for itself. */
export function rowsThread(): Worker {
  const thread = new Worker(new URL("rows-thread.ts", import.meta.url), { name: "journal" });
  thread.unref();
  return thread;
}
