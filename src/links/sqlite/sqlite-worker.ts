/** The journal's thread: a slow card stalls here and not in the loop that reads keys and draws the screen. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { invariant, unreachable } from "../../core/kernel/defect.ts";
import { STORE_WORKER_ROLE, type StoreReply, type StoreRequest } from "./sqlite-messages.ts";
import { SqliteWriter } from "./sqlite-writer.ts";

/** Without a request for this long the thread tidies up, in milliseconds. */
const IDLE_MS = 2_000;

if (parentPort !== null && workerData?.role === STORE_WORKER_ROLE) serve(parentPort);

/** Answers requests until `close`. */
function serve(port: MessagePort): void {
  let writer: SqliteWriter | null = null;
  let idle: NodeJS.Timeout | undefined;
  port.on("message", (request: StoreRequest) => {
    clearTimeout(idle);
    if (request.kind === "open") writer = new SqliteWriter(request.directory);
    invariant(writer !== null, "a journal is opened before it is asked");
    const reply = answer(writer, request);
    if (reply !== null) port.postMessage(reply);
    if (request.kind === "close") port.close();
    else idle = setTimeout(() => writer?.idle(), IDLE_MS);
  });
}

function answer(writer: SqliteWriter, request: StoreRequest): StoreReply | null {
  const { id } = request;
  switch (request.kind) {
    case "open":
      return { id, kind: "opened", outcome: writer.open() };
    case "append":
      return { id, kind: "appended", error: writer.append(request.rows) };
    case "follow":
      return { id, kind: "rows", rows: writer.follow(request.afterSeq, request.limit) };
    case "order":
      return { id, kind: "rows", rows: writer.order(request.outTradeNo) };
    case "cursor":
      writer.moveCursor(request.name, request.seq);
      return null;
    case "survey":
      return { id, kind: "surveyed", survey: writer.survey(request.wish) };
    case "rotate":
      return { id, kind: "rotated", outcome: writer.rotate(request.segment, request.first) };
    case "read":
      return { id, kind: "slice", slice: writer.read(request.after, request.limit) };
    case "condemn":
      return { id, kind: "condemned", error: writer.condemn(request.sentence) };
    case "room":
      return { id, kind: "room", room: writer.room() };
    case "ping":
      return { id, kind: "pong" };
    case "close":
      writer.close();
      return { id, kind: "closed" };
    default:
      return unreachable(request);
  }
}
