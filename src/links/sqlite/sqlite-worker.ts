/**
 * The journal's thread: a slow card stalls here and not in the loop that reads keys and draws the screen. What a start learns
 * is concluded here too: thousands of rows are read for it, and none of them has to go over to the loop's thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { recover } from "../../journal/recovered.ts";
import { STORE_WORKER_ROLE } from "./sqlite-messages.ts";
import { serve } from "./sqlite-service.ts";

if (parentPort !== null && workerData?.role === STORE_WORKER_ROLE)
  serve(parentPort, (writer) => writer.learn(recover));
