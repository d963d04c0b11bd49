/** What the journal's thread does when it is asked. */
import type { MessagePort } from "node:worker_threads";
import { invariant, unreachable } from "../../core/kernel/defect.ts";
import type { StoreReply, StoreRequest } from "./sqlite-messages.ts";
import { SqliteWriter } from "./sqlite-writer.ts";

/** Without a request for this long the thread tidies up, in milliseconds. */
const IDLE_MS = 2_000;

/** Answers requests until `close`; `open` says what the start is handed. */
export function serve<Outcome>(port: MessagePort, open: (writer: SqliteWriter) => Outcome): void {
  let writer: SqliteWriter | null = null;
  let idle: NodeJS.Timeout | undefined;
  port.on("message", (request: StoreRequest) => {
    clearTimeout(idle);
    if (request.kind === "open") writer = new SqliteWriter(request.directory);
    invariant(writer !== null, "a journal is opened before it is asked");
    const reply = answer(writer, request, open);
    if (reply !== null) port.postMessage(reply);
    if (request.kind === "close") port.close();
    else idle = setTimeout(() => writer?.idle(), IDLE_MS);
  });
}

function answer<Outcome>(
  writer: SqliteWriter,
  request: StoreRequest,
  open: (writer: SqliteWriter) => Outcome,
): StoreReply<Outcome> | null {
  const { id } = request;
  switch (request.kind) {
    case "open":
      return { id, kind: "opened", outcome: open(writer) };
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
