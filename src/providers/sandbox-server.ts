import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** One HTTP request, as it arrived. */
export interface ServedCall {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** Behind the question mark; empty where there is none. */
  readonly query: string;
  readonly body: Uint8Array;
  /** Whether the connection presented a client certificate that the sandbox trusts. */
  readonly clientCertificate: boolean;
  /** The host that was called; it is only noted. */
  readonly host: string | null;
  /** Milliseconds since 1970 on the sandbox's clock. */
  readonly now: number;
}

/** What the caller gets: a reply, or none, where the connection stays open or is reset. */
export type ServedReply<Note> =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly contentType: string;
      readonly body: Uint8Array;
      readonly delayMs: number;
      /** How many bytes of the body leave before the connection ends; null for all of them. */
      readonly cut: number | null;
      readonly note: Note;
    }
  | { readonly kind: "drop"; readonly how: "silence" | "reset"; readonly note: Note };

/** One request to the control endpoint. */
export interface ControlCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Its answer; `json` is ready to be written. */
export interface ControlAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** A look-alike that can be served. */
export interface ServableSandbox<Note> {
  /** Whether connections are refused: nothing can be sent to it. */
  readonly down: boolean;
  handle(call: ServedCall): ServedReply<Note>;
}

/** How it is served. */
export interface ServerOptions<Note> {
  /** 0, the default, takes a free one; both ports are on 127.0.0.1. */
  readonly port?: number;
  readonly controlPort?: number;
  /** HTTPS where given, PEM texts; what wants a client certificate then takes one that `clientCa` signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** Hears of every call that was handled. */
  readonly observe?: (note: Note) => void;
}

/** A look-alike that listens. */
export interface SandboxServer {
  /** Such as `http://127.0.0.1:40123`; stays the same while the sandbox is down and up again. */
  readonly origin: string;
  readonly controlOrigin: string;
  /**
   * Opens or closes the port after the sandbox itself was told to be down or up; the control endpoint does it by
   * itself.
   */
  follow(): Promise<void>;
  /** Ends every connection, answered or not, and frees both ports. */
  close(): Promise<void>;
}

/** How long the real gateway keeps an idle connection. */
const KEEP_ALIVE_MS = 8_000;

/** More than any request. */
const REQUEST_BYTES_MAX = 65_536;

/** Starts a look-alike over HTTP or HTTPS with its control endpoint; fails where a port is taken. */
export async function serveOverHttp<Note>(
  sandbox: ServableSandbox<Note>,
  control: (call: ControlCall) => ControlAnswer,
  options: ServerOptions<Note>,
): Promise<SandboxServer> {
  const listener = new ProviderListener(sandbox, options);
  const desk = createServer((request, response) => {
    void attend(request, response, { control, listener });
  });
  const port = await listener.open();
  let controlPort: number;
  try {
    controlPort = await listen(desk, options.controlPort ?? 0);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return {
    origin: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    controlOrigin: `http://127.0.0.1:${controlPort}`,
    follow: () => listener.follow(),
    close: async () => {
      await Promise.all([listener.close(), shut(desk)]);
    },
  };
}

/** The side of the listener that the desk needs. */
interface Follower {
  follow(): Promise<void>;
}

/** One request to the control endpoint; it is answered when the port is as it was asked for. */
async function attend(
  request: IncomingMessage,
  response: ServerResponse,
  {
    control,
    listener,
  }: { readonly control: (call: ControlCall) => ControlAnswer; readonly listener: Follower },
): Promise<void> {
  const body = await receive(request, response);
  if (body === null) return;
  const answer = control({ ...target(request), body: body.toString("utf8"), now: Date.now() });
  let { status, json } = answer;
  try {
    await listener.follow();
  } catch (error) {
    status = 503;
    json = { error: `The port cannot be opened again: ${String(error)}` };
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(json)}\n`);
}

/** The side that merchants see. Being down closes the port, so that nothing at all can be sent. */
class ProviderListener<Note> {
  readonly #sandbox: ServableSandbox<Note>;
  readonly #options: ServerOptions<Note>;
  readonly #delayed = new Set<NodeJS.Timeout>();
  /** TCP connections by their port at the other end: one that carries TLS is reset below it. */
  readonly #connections = new Map<number | undefined, Socket>();
  #server: Server | null = null;
  #port = 0;
  #closed = false;
  /** One change of the port at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(sandbox: ServableSandbox<Note>, options: ServerOptions<Note>) {
    this.#sandbox = sandbox;
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** Listens once even where the sandbox starts down, to know its port. */
  async open(): Promise<number> {
    await this.#listen();
    await this.follow();
    return this.#port;
  }

  /** Opens or closes the port, as the sandbox now wants it. */
  follow(): Promise<void> {
    const before = this.#turn.catch(() => undefined);
    this.#turn = before.then(async () => {
      const wanted = !this.#sandbox.down && !this.#closed;
      if (wanted && this.#server === null) await this.#listen();
      if (!wanted) await this.#shut();
    });
    return this.#turn;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#delayed) clearTimeout(timer);
    return this.follow();
  }

  async #listen(): Promise<void> {
    const { tls } = this.#options;
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    };
    const server =
      tls === undefined
        ? createServer(answer)
        : createTlsServer(
            { cert: tls.cert, key: tls.key, ca: tls.clientCa, requestCert: true, rejectUnauthorized: false },
            answer,
          );
    server.on("connection", (socket: Socket) => {
      const { remotePort } = socket;
      this.#connections.set(remotePort, socket);
      socket.once("close", () => {
        if (this.#connections.get(remotePort) === socket) this.#connections.delete(remotePort);
      });
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Node would wait a second longer than it says.
    server.keepAliveTimeoutBuffer = 0;
    this.#port = await listen(server, this.#port);
    this.#server = server;
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server !== null) await shut(server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await receive(request, response);
    if (body === null) return;
    const { method, path, query } = target(request);
    const { socket } = request;
    const reply = this.#sandbox.handle({
      method,
      path,
      query,
      body,
      // Without TLS nobody can present one, and nothing is protected.
      clientCertificate: socket instanceof TLSSocket ? socket.authorized : true,
      host: request.headers.host ?? null,
      now: Date.now(),
    });
    this.#options.observe?.(reply.note);
    if (reply.kind === "drop") {
      if (reply.how === "reset") this.#connections.get(socket.remotePort)?.resetAndDestroy();
      return;
    }
    if (reply.delayMs === 0) return send(response, reply);
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      send(response, reply);
    }, reply.delayMs);
    this.#delayed.add(timer);
  }
}

function send(response: ServerResponse, reply: ServedReply<unknown> & { readonly kind: "reply" }): void {
  if (response.destroyed) return;
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "content-length": reply.body.byteLength,
  });
  if (reply.cut === null) {
    response.end(reply.body);
    return;
  }
  const { socket } = response;
  response.write(reply.body.subarray(0, reply.cut), () => socket?.destroy());
}

/** The whole body; null where it never came whole or was too long, which is then answered. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.byteLength;
      if (size > REQUEST_BYTES_MAX) {
        response.writeHead(413, { connection: "close" }).end();
        return null;
      }
      chunks.push(chunk);
    }
  } catch {
    // The caller hung up; there is nobody to answer.
    return null;
  }
  return Buffer.concat(chunks);
}

function target(request: IncomingMessage): {
  readonly method: string;
  readonly path: string;
  readonly query: string;
} {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  return { method: request.method ?? "", path, query };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(portOf(server.address()));
    });
  });
}

function portOf(address: AddressInfo | string | null): number {
  return address !== null && typeof address === "object" ? address.port : 0;
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
