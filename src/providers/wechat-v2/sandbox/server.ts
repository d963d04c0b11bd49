import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { CallNote, SandboxReply } from "./call.ts";
import { control } from "./control.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import { Sandbox, type SandboxOptions } from "./sandbox.ts";

/**
 * How the look-alike is served; what is not said about the sandbox is the merchant of the examples and true
 * randomness.
 */
export interface SandboxServerOptions extends Partial<SandboxOptions> {
  /** 0, the default, takes a free one; both ports are on 127.0.0.1. */
  readonly port?: number;
  readonly controlPort?: number;
  /** HTTPS where given, PEM texts; reversals then need a client certificate that `clientCa` signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** Hears of every call that was handled. */
  readonly observe?: (note: CallNote) => void;
}

/** A look-alike that listens. */
export interface SandboxServer {
  /** Such as `http://127.0.0.1:40123`; stays the same while the sandbox is down and up again. */
  readonly origin: string;
  readonly controlOrigin: string;
  readonly sandbox: Sandbox;
  /**
   * Opens or closes the port after `sandbox` itself was told to be down or up; the control endpoint does it by
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

/**
 * Starts the look-alike over HTTP or HTTPS with its control endpoint (see control.ts); fails where a port is
 * taken.
 */
export async function startSandboxServer(options: SandboxServerOptions = {}): Promise<SandboxServer> {
  const sandbox = new Sandbox({
    merchants: [fixtureMerchant],
    entropy: { bytes: (count) => randomBytes(count) },
    ...options,
  });
  const listener = new ProviderListener(sandbox, options);
  const desk = createServer((request, response) => {
    void attend(request, response, { sandbox, listener });
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
    sandbox,
    follow: () => listener.follow(),
    close: async () => {
      await Promise.all([listener.close(), shut(desk)]);
    },
  };
}

/** One request to the control endpoint; it is answered when the port is as it was asked for. */
async function attend(
  request: IncomingMessage,
  response: ServerResponse,
  { sandbox, listener }: { readonly sandbox: Sandbox; readonly listener: ProviderListener },
): Promise<void> {
  const body = await receive(request, response);
  if (body === null) return;
  const answer = control(sandbox, { ...target(request), body: body.toString("utf8"), now: Date.now() });
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
class ProviderListener {
  readonly #sandbox: Sandbox;
  readonly #options: SandboxServerOptions;
  readonly #delayed = new Set<NodeJS.Timeout>();
  /** TCP connections by their port at the other end: one that carries TLS is reset below it. */
  readonly #connections = new Map<number | undefined, Socket>();
  #server: Server | null = null;
  #port = 0;
  #closed = false;
  /** One change of the port at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(sandbox: Sandbox, options: SandboxServerOptions) {
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
    const { method, path } = target(request);
    const { socket } = request;
    const reply = this.#sandbox.handle({
      method,
      path,
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

function send(response: ServerResponse, reply: SandboxReply & { readonly kind: "reply" }): void {
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

function target(request: IncomingMessage): { readonly method: string; readonly path: string } {
  const [path = ""] = (request.url ?? "").split("?");
  return { method: request.method ?? "", path };
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
