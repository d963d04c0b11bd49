import type { WallTime } from "../core/kernel/instant.ts";
import { rfc3339 } from "../core/kernel/rfc3339.ts";

/** Who reports: nothing of it changes while the process runs. */
export interface Reporting {
  readonly box: string;
  /** Version of the program, with its build behind a plus. */
  readonly version: string;
  /** Random id made with the journal. */
  readonly journal: string;
  /** Whether the journal lies in memory, so that the next start of the machine has forgotten every payment. */
  readonly journalInMemory: boolean;
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

/** Whether the box takes payments: what a host would want to know of a box that is there and sells nothing. */
export interface ServiceWord {
  readonly inService: boolean;
  /** Code of the outage, as the screen shows it; null where there is none. */
  readonly code: string | null;
  /** The cause of it, by the names of `scanbox status`; null where nothing is in the way. */
  readonly reason: string | null;
}

/** Which of the `online` messages of a session it is, counted from 1, and when it was written. */
export interface Telling {
  readonly number: number;
  readonly at: WallTime;
}

/** Why a box is offline: it said so itself, or the broker lost it. */
export type OfflineReason = "stopped" | "lost";

/** The retained message of a box that is there; written again whenever its service changes. */
export function onlineStatus(
  who: Reporting,
  session: Session,
  service: ServiceWord,
  { number, at }: Telling,
): string {
  const name = number === 1 ? "online" : `online-${number}`;
  return statusEvent({ state: "online", name, at, reason: null, service }, who, session);
}

/** The retained message of a box that is gone; with "lost" it is the last will, written when the session begins. */
export function offlineStatus(who: Reporting, session: Session, reason: OfflineReason): string {
  return statusEvent(
    { state: "offline", name: reason, at: session.since, reason, service: null },
    who,
    session,
  );
}

function statusEvent(
  said: {
    readonly state: "online" | "offline";
    /** The end of the event's id. */
    readonly name: string;
    readonly at: WallTime;
    readonly reason: OfflineReason | null;
    readonly service: ServiceWord | null;
  },
  who: Reporting,
  session: Session,
): string {
  const { state, name, at, reason, service } = said;
  const since = rfc3339(session.since);
  return JSON.stringify({
    specversion: "1.0",
    id: `${who.box}-${who.boot}-${session.number}-${name}`,
    source: `/box/${who.box}`,
    type: `scanbox.status.${state}.v1`,
    time: rfc3339(at),
    datacontenttype: "application/json",
    journal: who.journal,
    boot: who.boot,
    data: {
      online: state === "online",
      reason,
      service,
      box: who.box,
      version: who.version,
      boot: who.boot,
      journal: who.journal,
      journalInMemory: who.journalInMemory,
      head: session.head,
      session: session.number,
      since,
    },
  });
}
