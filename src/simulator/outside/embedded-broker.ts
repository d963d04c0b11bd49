import { createServer, type Socket } from "node:net";

/** A message that reached the broker. */
export interface BrokerReceipt {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** A broker that listens on loopback. */
export interface EmbeddedBroker {
  readonly url: string;
  readonly port: number;
  /** Calls `listener` with each message that any client publishes. */
  onMessage(listener: (receipt: BrokerReceipt) => void): void;
  /** Breaks the connection of a client, as its power failure would: the broker publishes its will. */
  cut(clientId: string): void;
  close(): Promise<void>;
}

/**
 * Starts an MQTT 3.1.1 broker on the loopback interface, for demonstrations: it keeps nothing on disk and lets everybody in.
 * `port` 0 takes any free port.
 */
export async function startEmbeddedBroker(settings: { readonly port: number }): Promise<EmbeddedBroker> {
  const { Aedes } = await import("aedes");
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const connections = new Map<string, { destroy(): unknown }>();
  aedes.on("client", ({ id, conn }) => connections.set(id, conn));
  aedes.on("clientDisconnect", ({ id, conn }) => {
    if (connections.get(id) === conn) connections.delete(id);
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // What a broken connection means to its client is the client's business.
    socket.on("error", () => {});
    socket.setNoDelay(true);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : settings.port;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    onMessage(listener) {
      aedes.on("publish", ({ topic, payload, retain }) => {
        // Aedes reports on itself below $SYS.
        if (!topic.startsWith("$")) listener({ topic, payload: payload.toString(), retain });
      });
    },
    cut(clientId) {
      connections.get(clientId)?.destroy();
    },
    async close() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await stopped;
    },
  };
}
