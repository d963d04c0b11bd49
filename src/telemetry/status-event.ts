import type { WallTime } from "../core/kernel/instant.ts";
import { rfc3339 } from "../core/kernel/rfc3339.ts";

/** Who reports: nothing of it changes while the process runs. */
export interface Reporting {
  readonly box: string;
  /** Version of the program. */
  readonly version: string;
  /** Random id made with the journal. */
  readonly journal: string;
  readonly boot: string;
}

/** One connection to the broker, as its `status` messages name it. */
export interface Session {
  /** Counts the connections of this boot from 1: a will that comes late names the session it belongs to. */
  readonly number: number;
  readonly since: WallTime;
  /** The newest durable event when the message was written: at the begin of the session, or at its orderly end. */
  readonly head: number;
}

/** Why a box is offline: it said so itself, or the broker lost it. */
export type OfflineReason = "stopped" | "lost";

/** The retained message of a box that is there. */
export function onlineStatus(who: Reporting, session: Session): string {
  return statusEvent("online", who, session, null);
}

/** The retained message of a box that is gone; with "lost" it is the last will, written when the session begins. */
export function offlineStatus(who: Reporting, session: Session, reason: OfflineReason): string {
  return statusEvent("offline", who, session, reason);
}

function statusEvent(
  state: "online" | "offline",
  who: Reporting,
  session: Session,
  reason: OfflineReason | null,
): string {
  const since = rfc3339(session.since);
  return JSON.stringify({
    specversion: "1.0",
    id: `${who.box}-${who.boot}-${session.number}-${reason ?? state}`,
    source: `/box/${who.box}`,
    type: `scanbox.status.${state}.v1`,
    time: since,
    datacontenttype: "application/json",
    journal: who.journal,
    boot: who.boot,
    data: {
      online: state === "online",
      reason,
      box: who.box,
      version: who.version,
      boot: who.boot,
      journal: who.journal,
      head: session.head,
      session: session.number,
      since,
    },
  });
}
