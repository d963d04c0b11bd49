import { join } from "node:path";
import type { Role } from "../../commands/table.ts";
import type { DeviceConfig } from "../../config/device-config.ts";
import type { Admission } from "../../control/server.ts";

/** One of the control sockets: whom it lets in, and where it is. */
export interface LocalSocket extends Admission {
  /** Who uses it. */
  readonly people: string;
  /** Its folder where the package has set the machine up; the group of the folder may use the socket. */
  readonly folder: string;
  /** Its name beside the journal, where there is no such folder. */
  readonly besideJournal: string;
}

/** Tills sell, and read how the box stands. */
const tillSocket: LocalSocket = {
  people: "tills",
  as: "socket",
  may: new Set<Role>(["read", "sell"]),
  folder: "/run/scanbox",
  besideJournal: "control.sock",
};

/** Operators do what no till may; they sell nothing. */
const operatorSocket: LocalSocket = {
  people: "operators",
  as: "operator",
  may: new Set<Role>(["read", "operate"]),
  folder: "/run/scanbox-operator",
  besideJournal: "operator.sock",
};

/** The sockets of every box. */
export const localSockets: readonly LocalSocket[] = [tillSocket, operatorSocket];

/**
 * Where a socket may be, in this order: the folder that the service manager made for tills, the usual one, and the journal's, which
 * is always there and never another box's.
 */
export function socketPaths(
  socket: LocalSocket,
  { journal }: Pick<DeviceConfig, "journal">,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  // systemd lists several folders with colons between them (systemd.exec(5), RuntimeDirectory=).
  const [runtime = ""] = (environment.RUNTIME_DIRECTORY ?? "").split(":");
  const folders = [socket === tillSocket ? runtime : "", socket.folder].filter((folder) => folder !== "");
  const usual = folders.map((folder) => join(folder, "control.sock"));
  return [...new Set([...usual, join(journal.directory, socket.besideJournal)])];
}
