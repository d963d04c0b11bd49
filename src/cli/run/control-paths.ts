import { join } from "node:path";
import type { DeviceConfig } from "../../config/device-config.ts";

/**
 * Where the box's control socket may be, in this order: the folder that the service manager made for it, the usual one, and the
 * journal's, which is always there and never another box's.
 */
export function controlPaths(
  { journal }: Pick<DeviceConfig, "journal">,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  // systemd lists several folders with colons between them (systemd.exec(5), RuntimeDirectory=).
  const [runtime = ""] = (environment.RUNTIME_DIRECTORY ?? "").split(":");
  const folders = [runtime, "/run/scanbox", journal.directory].filter((folder) => folder !== "");
  return [...new Set(folders)].map((folder) => join(folder, "control.sock"));
}
