/** The box's control socket on this machine: a unix socket that its user and group may use (unix(7)). */
import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { ControlLink, ControlOpened, ControlPeer, ControlPeerListener } from "../../runtime/ports.ts";

/** Owner and group may read and write; everybody else is kept out by the kernel. */
const SOCKET_UMASK = 0o117;

/** `sun_path` of struct sockaddr_un has 108 bytes, the last one for its end (unix(7)). */
const PATH_BYTES_MAX = 107;

/** What stands unsent for somebody who does not read; more than this, and they are gone. */
const UNSENT_BYTES_MAX = 1 << 20;

/** Listens at the first of several paths where that is possible. */
export class ControlSocket implements ControlLink {
  readonly #paths: readonly string[];
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #closed = false;

  /** Paths in the order of preference; the folder of the last one is expected to be there. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  listen(accept: (peer: ControlPeer) => ControlPeerListener, done: (outcome: ControlOpened) => void): void {
    void this.#open(accept, done);
  }

  close(done: () => void): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    // Node removes the socket's file together with the server.
    if (server === null) setImmediate(done);
    else server.close(() => done());
  }

  async #open(
    accept: (peer: ControlPeer) => ControlPeerListener,
    tell: (outcome: ControlOpened) => void,
  ): Promise<void> {
    tell(
      await this.#tryAll(accept).catch((error: unknown): ControlOpened => {
        return { kind: "refused", why: error instanceof Error ? error.message : String(error) };
      }),
    );
  }

  async #tryAll(accept: (peer: ControlPeer) => ControlPeerListener): Promise<ControlOpened> {
    const problems: string[] = [];
    for (const path of this.#paths) {
      const problem = await this.#tryOne(path, accept);
      if (problem === null) return { kind: "listening", path };
      problems.push(`${path}: ${problem}`);
    }
    return { kind: "refused", why: problems.join("; ") };
  }

  async #tryOne(path: string, accept: (peer: ControlPeer) => ControlPeerListener): Promise<string | null> {
    if (Buffer.byteLength(path) > PATH_BYTES_MAX) return "the path is too long for a socket";
    if (!existsSync(dirname(path))) return "there is no such folder";
    const taken = await makeWay(path);
    if (taken !== null) return taken;
    if (this.#closed) return "closed";
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#meet(socket, accept));
    const listening = new Promise<string | null>((resolve) => {
      server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      server.once("listening", () => resolve(null));
    });
    // The file is made inside this call, with the right mode from its first moment on.
    const before = process.umask(SOCKET_UMASK);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
    const problem = await listening;
    if (problem !== null) return problem;
    server.on("error", () => undefined);
    // A control socket alone is no reason to stay alive.
    server.unref();
    this.#server = server;
    if (this.#closed) server.close();
    return null;
  }

  #meet(socket: Socket, accept: (peer: ControlPeer) => ControlPeerListener): void {
    this.#sockets.add(socket);
    let heard: ControlPeerListener | null = null;
    let ended = false;
    const over = (): void => {
      ended = true;
      socket.end();
      // Whoever does not read what was sent keeps nothing open for long.
      setTimeout(() => socket.destroy(), 1_000).unref();
    };
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (!ended) heard?.closed();
      ended = true;
    });
    heard = accept({
      send: (text) => {
        if (ended || socket.destroyed) return;
        if (socket.writableLength > UNSENT_BYTES_MAX) socket.destroy();
        else socket.write(text);
      },
      end: over,
    });
    socket.on("data", (bytes: Buffer) => {
      if (!ended) heard?.received(bytes);
    });
    socket.on("end", () => {
      if (!ended) heard?.finished();
    });
  }
}

/** Removes a socket that nobody listens on any more; says what stands in the way otherwise. */
async function makeWay(path: string): Promise<string | null> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isSocket()) return "something that is no socket stands there";
  const state = await probe(path);
  if (state !== "nobody") return state === "somebody" ? "another program listens there" : state;
  try {
    unlinkSync(path);
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

/** Whether somebody listens on a socket, or the code of what went wrong. */
async function probe(path: string): Promise<string> {
  return await new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve("somebody");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? "nobody" : codeOf(error));
    });
  });
}

/** What came of asking a box: its line, or why there is none. */
export type Asked =
  | { readonly kind: "answered"; readonly line: string }
  /** Nobody listens there. */
  | { readonly kind: "nobody" }
  | { readonly kind: "failed"; readonly why: string };

/** An answer is never longer than this, in bytes. */
const ANSWER_BYTES_MAX = 1 << 20;

/** Sends one line to the box behind `path` and waits for one line, or until nobody wants it any more. */
export async function askSocket(
  path: string,
  line: string,
  withinMs: number,
  unwanted?: AbortSignal,
): Promise<Asked> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = createConnection(path);
    const settle = (asked: Asked): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(asked);
    };
    const timer = setTimeout(() => settle({ kind: "failed", why: "no answer in time" }), withinMs);
    unwanted?.addEventListener("abort", () =>
      settle({ kind: "failed", why: "nobody waits for it any more" }),
    );
    socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      const end = chunk.indexOf("\n");
      if (end >= 0) {
        const text = Buffer.concat(chunks).toString("utf8");
        settle({ kind: "answered", line: text.slice(0, text.indexOf("\n")) });
      } else if (bytes > ANSWER_BYTES_MAX) settle({ kind: "failed", why: "the answer has no end" });
    });
    socket.on("close", () => settle({ kind: "failed", why: "it hung up" }));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const nobody = ["ENOENT", "ECONNREFUSED", "ENOTSOCK"].includes(error.code ?? "");
      settle(nobody ? { kind: "nobody" } : { kind: "failed", why: codeOf(error) });
    });
  });
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) {
    return error.code === "EACCES" ? "this user may not open it" : String(error.code);
  }
  return String(error);
}
