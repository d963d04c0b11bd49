/** The control socket of a running box: what programs on this machine may ask it. */
import type { ComposedBox } from "../../compose.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import { ControlServer } from "../../control/server.ts";
import type { BoxStatus } from "../../control/status.ts";
import { ControlSocket } from "../../links/listen/control-socket.ts";
import type { Clock, Log } from "../../runtime/ports.ts";
import { journalBytes } from "../journal/bytes.ts";
import { controlPaths } from "./control-paths.ts";

/** A configuration and the file that it was read from. */
interface ReadConfig {
  readonly config: DeviceConfig;
  readonly file: string;
}

/** Opens the control socket of a box that has started. */
export function openControlSocket(box: ComposedBox, read: ReadConfig, clock: Clock, log: Log): ControlServer {
  const server = new ControlServer({
    link: new ControlSocket(controlPaths(read.config)),
    clock,
    log,
    handlers: {
      status: () => wholeStatus(box, read),
      rotate: (done) => box.rotateJournal(done),
      sales: box.sales,
    },
  });
  server.start();
  return server;
}

function wholeStatus(box: ComposedBox, { config, file }: ReadConfig): BoxStatus | null {
  const snapshot = box.status();
  if (snapshot === null) return null;
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
