/**
 * Whether an MQTT broker lets somebody in. There is no will and no message, so that nothing is ever published, and no
 * session is left behind.
 */
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";

/** Who knocks, and where. */
export interface BrokerProbe {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly version: 5 | 4;
  readonly clientId: string;
  readonly username: string | null;
  readonly password: string | null;
  /** PEM; null where not configured. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** What came of it; `reason` is that of the CONNACK, by MQTT 5 3.2.2.2 or MQTT 3.1.1 3.2.2.3. */
export type BrokerKnocked =
  | { readonly kind: "let-in"; readonly ms: number }
  | { readonly kind: "refused"; readonly reason: number }
  | { readonly kind: "unreached"; readonly code: string };

/** Connects, reads the answer, disconnects. */
export async function knockAtBroker(probe: BrokerProbe, withinMs: number): Promise<BrokerKnocked> {
  // The client alone: the package's entry brings WebSockets and proxies along.
  const { default: MqttClient } = (await import("mqtt/lib/client")).default;
  const began = performance.now();
  const { host, port, tls, version, clientId, username, password, ca, cert, key } = probe;
  const open = () =>
    tls
      ? connectTls({
          ...{ host, port },
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(ca === null ? {} : { ca }),
          ...(cert === null || key === null ? {} : { cert, key }),
        })
      : connectTcp({ host, port });
  return await new Promise((resolve) => {
    const socket = open();
    const client = new MqttClient(() => socket, {
      clientId,
      protocolVersion: version,
      clean: true,
      reconnectPeriod: 0,
      // Ours ends first, and says what it was.
      connectTimeout: 2 * withinMs,
      keepalive: 0,
      timerVariant: "native",
      writeCache: false,
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password }),
    });
    const settle = (knocked: BrokerKnocked): void => {
      clearTimeout(timer);
      resolve(knocked);
      // A DISCONNECT where there is a connection; whatever is not closed then, is with the process.
      client.end(knocked.kind !== "let-in", () => socket.destroy());
    };
    const timer = setTimeout(() => settle({ kind: "unreached", code: "ETIMEDOUT" }), withinMs);
    const failed = (error: Error): void =>
      settle({ kind: "unreached", code: "code" in error ? String(error.code) : "error" });
    client.on("packetreceive", (packet) => {
      if (packet.cmd !== "connack") return;
      const reason = packet.reasonCode ?? packet.returnCode ?? 0;
      if (reason === 0) settle({ kind: "let-in", ms: Math.round(performance.now() - began) });
      else settle({ kind: "refused", reason });
    });
    socket.on("error", failed);
    client.on("error", failed);
    client.on("close", () => settle({ kind: "unreached", code: "ECONNRESET" }));
  });
}
