/** The control sockets of a running box: what programs on this machine may ask it, those of tills and those of operators. */
import type { Ask } from "../../commands/callers.ts";
import type { BoxSnapshot, BoxStatus } from "../../commands/status.ts";
import type { ComposedBox } from "../../compose.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import { ControlServer } from "../../control/server.ts";
import { ControlSocket } from "../../links/listen/control-socket.ts";
import type { Clock, Log } from "../../runtime/ports.ts";
import { journalBytes } from "../journal/bytes.ts";
import { localSockets, socketPaths } from "./control-paths.ts";

/** A configuration and the file that it was read from. */
interface ReadConfig {
  readonly config: DeviceConfig;
  readonly file: string;
}

/** Opens the control sockets of a box that has started. */
export function openControlSockets(
  box: ComposedBox,
  read: ReadConfig,
  clock: Clock,
  log: Log,
): readonly ControlServer[] {
  const ask: Ask = (command, done) =>
    box.ask(command, (answer) =>
      done(answer.kind === "status" ? { ...answer, status: wholeStatus(answer.status, read) } : answer),
    );
  return localSockets.map((socket) => {
    const link = new ControlSocket(socketPaths(socket, read.config));
    const server = new ControlServer({ link, clock, log, ask, admits: socket });
    server.start();
    return server;
  });
}

function wholeStatus(snapshot: BoxSnapshot, { config, file }: ReadConfig): BoxStatus {
  const { directory } = config.journal;
  const { rss, heapUsed } = process.memoryUsage();
  return {
    ...snapshot,
    config: file,
    pid: process.pid,
    journal: { path: directory, bytes: journalBytes(directory), ...snapshot.journal },
    memory: { rssBytes: rss, heapBytes: heapUsed },
  };
}
