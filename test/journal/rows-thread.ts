/** The journal's thread for who wants to see the rows that a start reads: it hands them over as they are. */
import { parentPort } from "node:worker_threads";
import { serve } from "../../src/links/sqlite/sqlite-service.ts";

if (parentPort !== null) serve(parentPort, (writer) => writer.open());
