import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { IClientOptions, MqttClient, Packet } from "mqtt";
import { mqttReason } from "../../core/codecs/mqtt-reasons.ts";
import { invariant } from "../../core/kernel/defect.ts";
import type {
  BrokerConnection,
  BrokerLink,
  BrokerListener,
  BrokerMessage,
  BrokerSession,
  BrokerSettings,
} from "../../runtime/ports.ts";

/** Messages above this size are not taken: on MQTT 5 the broker is told so, on 3.1.1 they are thrown away. */
export const INCOMING_BYTES_MAX = 65_536;
/** A packet that grows beyond this ends the connection: nothing is buffered without a bound. */
export const BUFFERED_BYTES_MAX = 2 * 1_048_576;
/** How long a broker may take to close its side after a DISCONNECT. */
const CLOSE_WITHIN_MS = 1_000;
/** Every message of a box is a CloudEvent in structured form. */
const CONTENT_TYPE = "application/cloudevents+json";
/** MQTT 5, 2.2.2.2 "Packet too large", given to a message that the broker said it would not take. */
const PACKET_TOO_LARGE = 0x95;
/** Refusals of the protocol version: MQTT 3.1.1, 3.2.2.3 (which may answer a CONNECT of MQTT 5) and MQTT 5, 3.2.2.2. */
const VERSION_REFUSED: readonly number[] = [0x01, 0x84];
/** MQTT 5, 2.4 "Retain not supported": a will or a message was to be retained. */
const RETAIN_REFUSED = 0x9a;
/** MQTT 5, 2.4 "QoS not supported": without QoS 1 no event could ever be confirmed. */
const QOS_REFUSED = 0x9b;
/** Receive Maximum where a CONNACK does not name one (MQTT 5, 3.2.2.3.3), and on MQTT 3.1.1. */
const RECEIVE_MAXIMUM_DEFAULT = 65_535;

/** How the broker is reached and who the box is to it. */
export interface MqttSettings {
  /** `mqtt://host:port` or `mqtts://host:port`; the ports are 1883 and 8883 where absent. */
  readonly url: string;
  /** `auto` begins with MQTT 5 and stays with 3.1.1 once the broker has refused that version in so many words. */
  readonly version: "auto" | 5 | "3.1.1";
  readonly username: string | null;
  readonly password: string | null;
  /** PEM; where null, the certificate authorities that Node carries. */
  readonly ca: string | null;
  /** PEM of the client certificate and its key. */
  readonly cert: string | null;
  readonly key: string | null;
}

/** MQTT by mqtt.js, used as a transport only: its store, its queue and its reconnection are switched off. */
export class MqttBroker implements BrokerLink {
  readonly #settings: MqttSettings;
  readonly #url: URL;
  #version: 5 | 4;
  /** Whether anything is published as retained, until the broker has refused that in so many words. */
  #retains = true;

  constructor(settings: MqttSettings) {
    this.#settings = settings;
    this.#url = new URL(settings.url);
    invariant(
      this.#url.protocol === "mqtt:" || this.#url.protocol === "mqtts:",
      "the URL of a broker begins with mqtt: or mqtts:",
    );
    this.#version = settings.version === "3.1.1" ? 4 : 5;
  }

  connect(settings: BrokerSettings, listener: BrokerListener): BrokerConnection {
    const spoken = { version: this.#version, retains: this.#retains };
    return new MqttConnection(spoken, () => this.#openSocket(), this.#options(settings), {
      connected: (session) => listener.connected(session),
      message: (topic, payload) => listener.message(topic, payload),
      closed: (cause, code) => {
        if (this.#settings.version === "auto" && VERSION_REFUSED.includes(code ?? 0)) this.#version = 4;
        if (code === RETAIN_REFUSED) this.#retains = false;
        listener.closed(cause, code);
      },
    });
  }

  #openSocket(): Duplex {
    // WHATWG URLs keep the brackets of an IPv6 address, sockets want it without.
    const host = this.#url.hostname.replace(/^\[(.*)\]$/, "$1");
    const { ca, cert, key } = this.#settings;
    if (this.#url.protocol === "mqtt:") {
      const socket = connectTcp({ host, port: Number(this.#url.port || 1883) });
      return socket.setNoDelay(true);
    }
    const socket = connectTls({
      host,
      port: Number(this.#url.port || 8883),
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
    });
    return socket.setNoDelay(true);
  }

  #options({ clientId, will, connectTimeoutMs, keepAliveS }: BrokerSettings): IClientOptions {
    const { username, password } = this.#settings;
    const five = this.#version === 5;
    const properties = five ? { properties: { contentType: CONTENT_TYPE } } : {};
    return {
      clientId,
      protocolVersion: this.#version,
      clean: true,
      keepalive: keepAliveS,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      timerVariant: "native",
      // Else mqtt.js makes a buffer of each of the 65,536 packet identifiers ahead of need, 7 MiB of them.
      writeCache: false,
      ...(will === null
        ? {}
        : {
            will: {
              topic: will.topic,
              payload: Buffer.from(will.payload),
              qos: will.qos,
              retain: will.retain && this.#retains,
              ...properties,
            },
          }),
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password }),
      ...(five ? { properties: { maximumPacketSize: INCOMING_BYTES_MAX } } : {}),
    };
  }
}

interface ConnectionListener {
  connected(session: BrokerSession): void;
  message(topic: string, payload: Uint8Array): void;
  /** `code` is the reason code of a refused CONNECT or of the broker's DISCONNECT. */
  closed(cause: string, code: number | null): void;
}

class MqttConnection implements BrokerConnection {
  readonly #version: 5 | 4;
  readonly #options: IClientOptions;
  readonly #listener: ConnectionListener;
  readonly #openSocket: () => Duplex;
  #client: MqttClient | null = null;
  #socket: Duplex | null = null;
  /** PUBLISH packets that no PUBACK has answered, by packet identifier. */
  readonly #unanswered = new Map<number, (reasonCode: number) => void>();
  /** Bytes received since the last whole packet. */
  #pendingBytes = 0;
  /** The first sign of what went wrong; what follows it is only its echo. */
  #cause: string | null = null;
  #code: number | null = null;
  #packetBytesMax = Number.POSITIVE_INFINITY;
  #ended = false;
  #retains: boolean;

  constructor(
    { version, retains }: { readonly version: 5 | 4; readonly retains: boolean },
    openSocket: () => Duplex,
    options: IClientOptions,
    listener: ConnectionListener,
  ) {
    this.#version = version;
    this.#retains = retains;
    this.#openSocket = openSocket;
    this.#options = options;
    this.#listener = listener;
    // Loaded when it is needed for the first time: a box is ready for payments before it is ready to report them.
    // The client alone: the package's entry brings WebSockets and proxies along.
    void import("mqtt/lib/client").then(
      (module) => {
        // A key that is none throws here: nobody waits for this promise, so it would end the process.
        try {
          this.#begin(module.default.default);
        } catch (error) {
          this.#failed(error);
        }
      },
      (error: unknown) => this.#failed(error),
    );
  }

  publish({ topic, payload, qos, retain }: BrokerMessage, done: (reasonCode: number) => void): void {
    const client = this.#client;
    if (this.#ended || client === null || !client.connected) return;
    const bytes = Buffer.from(payload);
    // Fixed header, topic length, packet identifier and properties take less than 64 bytes.
    if (bytes.length + Buffer.byteLength(topic) + 64 > this.#packetBytesMax) {
      setImmediate(() => {
        if (!this.#ended) done(PACKET_TOO_LARGE);
      });
      return;
    }
    const properties = this.#version === 5 ? { properties: { contentType: CONTENT_TYPE } } : {};
    client.publish(topic, bytes, { qos, retain: retain && this.#retains, ...properties }, () => {
      // For QoS 1 the PUBACK packet itself says more: mqtt.js hides the reason code 0x10 from this callback.
      if (qos === 0) setImmediate(() => this.#ended || done(0));
    });
    if (qos === 1) this.#unanswered.set(client.getLastMessageId(), done);
  }

  subscribe(topic: string): void {
    if (this.#ended) return;
    this.#client?.subscribe(topic, { qos: 1 }, (error) => {
      if (error === null || this.#ended) return;
      this.#note(describe(error));
      this.#socket?.destroy();
    });
  }

  close(done: () => void): void {
    const client = this.#client;
    const socket = this.#socket;
    this.#ended = true;
    if (client === null || socket === null || socket.destroyed) {
      setImmediate(done);
      return;
    }
    const timer = setTimeout(() => socket.destroy(), CLOSE_WITHIN_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      done();
    });
    if (!client.connected) {
      client.end(true);
      return;
    }
    // mqtt.js would wait for every PUBACK before it sends DISCONNECT.
    for (const messageId of this.#unanswered.keys()) client.removeOutgoingMessage(messageId);
    client.end(false);
  }

  #begin(Client: typeof MqttClient): void {
    if (this.#ended) return;
    const client = new Client(() => {
      const socket = this.#openSocket();
      this.#socket = socket;
      socket.on("error", (error) => this.#note(describe(error)));
      return socket;
    }, this.#options);
    this.#client = client;
    client.on("packetreceive", (packet) => this.#received(packet));
    client.on("connect", ({ properties }) => {
      if (this.#ended) return;
      if (properties?.maximumQoS === 0) {
        this.#refused(QOS_REFUSED);
        this.#socket?.destroy();
        return;
      }
      this.#retains &&= properties?.retainAvailable !== false;
      const packetBytesMax = properties?.maximumPacketSize ?? null;
      this.#packetBytesMax = packetBytesMax ?? Number.POSITIVE_INFINITY;
      const receiveMaximum = properties?.receiveMaximum ?? RECEIVE_MAXIMUM_DEFAULT;
      const session = { version: this.#version, receiveMaximum, retains: this.#retains, packetBytesMax };
      this.#listener.connected(session);
    });
    client.on("message", (topic, payload) => {
      if (!this.#ended && payload.length <= INCOMING_BYTES_MAX) this.#listener.message(topic, payload);
    });
    client.on("disconnect", ({ reasonCode = 0 }) => {
      // Whoever sends it closes the connection (MQTT 5, 3.14.4.3); nobody waits for that.
      this.#code ??= reasonCode;
      this.#note(`disconnected by the broker: ${mqttReason(reasonCode)}`);
      this.#socket?.destroy();
    });
    client.on("error", (error) => {
      this.#note(describe(error));
      // After bytes that are not MQTT, mqtt.js would read on.
      this.#socket?.destroy();
    });
    client.on("close", () => this.#end());
    this.#socket?.on("data", (chunk: Uint8Array) => {
      this.#pendingBytes += chunk.length;
      if (this.#pendingBytes <= BUFFERED_BYTES_MAX) return;
      this.#note("a packet was larger than the box takes");
      this.#socket?.destroy();
    });
  }

  #received(packet: Packet): void {
    this.#pendingBytes = 0;
    if (packet.cmd === "connack") {
      const code = packet.reasonCode ?? packet.returnCode ?? 0;
      if (code !== 0) this.#refused(code);
    }
    if (packet.cmd !== "puback" || packet.messageId === undefined) return;
    const done = this.#unanswered.get(packet.messageId);
    if (done === undefined) return;
    this.#unanswered.delete(packet.messageId);
    // Not now: mqtt.js has yet to forget the packet identifier, which the next message may take.
    setImmediate(() => {
      if (!this.#ended) done(packet.reasonCode ?? 0);
    });
  }

  #failed(error: unknown): void {
    this.#note(describe(error));
    this.#socket?.destroy();
    this.#end();
  }

  #refused(code: number): void {
    this.#code = code;
    this.#note(`refused by the broker: ${mqttReason(code)}`);
  }

  #note(cause: string): void {
    this.#cause ??= cause;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unanswered.clear();
    this.#listener.closed(this.#cause ?? "closed by the broker", this.#code);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string"
    ? `${error.message} (${error.code})`
    : error.message;
}
