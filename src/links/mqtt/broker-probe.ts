/** What an MQTT broker does with a box, found out over the link that the box itself uses. */
import type {
  BrokerConnection,
  BrokerListener,
  BrokerMessage,
  BrokerSession,
  BrokerSettings,
} from "../../runtime/ports.ts";
import { MqttBroker, type MqttSettings } from "./mqtt-broker.ts";

/** Reasons after which the link tries in another way: an older MQTT, nothing retained. */
const TRIED_AGAIN: readonly number[] = [0x01, 0x84, 0x9a];

/** Connections that one visit makes at most: as it is, in an older MQTT, without retaining. */
const TRIES = 3;

/** Who visits, and what is said there. */
export interface BrokerVisitor {
  readonly broker: MqttSettings;
  readonly clientId: string;
  /** As of a box; null for a visitor beside one. */
  readonly will: BrokerMessage | null;
  /** A topic that is subscribed, or null. */
  readonly subscribes: string | null;
  /** Published one after the other, each when the one before it was answered. */
  readonly messages: readonly BrokerMessage[];
}

/** What came of it. `reason` is a reason code of MQTT. */
export type BrokerVisit =
  | {
      readonly kind: "let-in";
      readonly ms: number;
      readonly session: BrokerSession;
      /** The reason codes of the answers, message by message; fewer where one was not answered. */
      readonly answers: readonly number[];
      /** Why the connection ended before everything was said, null where it did not. */
      readonly lost: { readonly cause: string; readonly reason: number | null } | null;
    }
  | { readonly kind: "refused"; readonly reason: number }
  | { readonly kind: "unreached"; readonly code: string };

/** Connects as a box would, says what is to be said, and leaves with a farewell. */
export async function visitBroker(visitor: BrokerVisitor, withinMs: number): Promise<BrokerVisit> {
  const link = new MqttBroker(visitor.broker);
  for (let left = TRIES; ; left -= 1) {
    const visit = await visitOnce(link, visitor, withinMs);
    const again = visit.kind === "refused" && TRIED_AGAIN.includes(visit.reason);
    if (!again || left <= 1) return visit;
  }
}

async function visitOnce(
  link: MqttBroker,
  { clientId, will, subscribes, messages }: BrokerVisitor,
  withinMs: number,
): Promise<BrokerVisit> {
  const began = performance.now();
  const settings: BrokerSettings = { clientId, will, connectTimeoutMs: 2 * withinMs, keepAliveS: 30 };
  return await new Promise((resolve) => {
    let session: BrokerSession | null = null;
    let ms = 0;
    const answers: number[] = [];
    const letIn = (
      made: BrokerSession,
      lost: { cause: string; reason: number | null } | null,
    ): BrokerVisit => {
      return { kind: "let-in", ms, session: made, answers, lost };
    };
    const leave = (visit: BrokerVisit): void => {
      clearTimeout(timer);
      connection.close(() => resolve(visit));
    };
    const next = (made: BrokerSession): void => {
      const message = messages[answers.length];
      if (message === undefined) {
        leave(letIn(made, null));
        return;
      }
      connection.publish(message, (code) => {
        answers.push(code);
        next(made);
      });
    };
    const listener: BrokerListener = {
      connected: (made) => {
        session = made;
        ms = Math.round(performance.now() - began);
        if (subscribes !== null) connection.subscribe(subscribes);
        next(made);
      },
      message: () => undefined,
      closed: (cause, reason = null) => {
        clearTimeout(timer);
        if (session !== null) resolve(letIn(session, { cause, reason }));
        else if (reason !== null) resolve({ kind: "refused", reason });
        else resolve({ kind: "unreached", code: codeOf(cause) });
      },
    };
    const timer = setTimeout(() => {
      if (session === null) leave({ kind: "unreached", code: "ETIMEDOUT" });
      else leave(letIn(session, { cause: `no answer within ${withinMs} ms`, reason: null }));
    }, withinMs);
    const connection: BrokerConnection = link.connect(settings, listener);
  });
}

/** The system's code at the end of a cause, such as ECONNREFUSED; else the cause itself. */
function codeOf(cause: string): string {
  return /\b(E[A-Z0-9_]{3,})\b/.exec(cause)?.[1] ?? cause;
}
