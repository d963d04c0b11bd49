/** Asks the box that runs beside this command. */
import { resolve } from "node:path";
import * as z from "zod";
import { type BoxStatus, boxStatusSchema } from "../commands/status.ts";
import type { Role } from "../commands/table.ts";
import type { DeviceConfig } from "../config/device-config.ts";
import { type ReceivedAnswer, readAnswer, requestLine } from "../control/protocol.ts";
import { askSocket } from "../links/listen/control-socket.ts";
import { localSockets, socketPaths } from "./run/control-paths.ts";

/** How long a box may take for an answer. */
const WITHIN_MS = 20_000;

/** A running box, or why there is none to ask. */
export type BoxFound =
  | { readonly kind: "found"; readonly path: string; readonly status: BoxStatus }
  | { readonly kind: "none" }
  /** Somebody is there, and cannot be understood: a sentence. */
  | { readonly kind: "unclear"; readonly why: string };

const whose = z.object({ journal: z.object({ path: z.string() }) });

/**
 * Finds the box that writes this configuration's journal, at a socket at which this may be done; another box on this machine is
 * not it.
 */
export async function findBox(config: Pick<DeviceConfig, "journal">, wanted: Role): Promise<BoxFound> {
  let unclear: string | null = null;
  const open = localSockets.filter(({ may }) => may.has(wanted));
  for (const path of open.flatMap((socket) => socketPaths(socket, config))) {
    const asked = await ask(path, "status");
    if (asked === null) continue;
    if (typeof asked === "string") {
      unclear ??= `${path}: ${asked}`;
      continue;
    }
    if (!asked.ok) {
      unclear ??= `${path}: ${asked.message}`;
      continue;
    }
    const owner = whose.safeParse(asked.result);
    if (owner.success && resolve(owner.data.journal.path) !== resolve(config.journal.directory)) continue;
    const status = boxStatusSchema.safeParse(asked.result);
    if (status.success) return { kind: "found", path, status: status.data };
    unclear ??= `${path}: the box runs another version of scanbox`;
  }
  return unclear === null ? { kind: "none" } : { kind: "unclear", why: unclear };
}

/** Sends one command; null where nobody listens, a sentence where nothing came back that can be read. */
export async function ask(
  path: string,
  command: string,
  args: object = {},
  caller?: string,
  unwanted?: AbortSignal,
): Promise<ReceivedAnswer | string | null> {
  const asked = await askSocket(path, requestLine(command, args, caller), WITHIN_MS, unwanted);
  if (asked.kind === "nobody") return null;
  if (asked.kind === "failed") return asked.why;
  return readAnswer(asked.line) ?? "the answer cannot be read";
}
