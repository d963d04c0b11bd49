/**
 * A line between a box and its sandbox that fails as it is told: it knows bytes, not TLS, so it can be cut anywhere. What it
 * carries it carries unchanged and in order; what it swallows is gone.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Out is from the box to the sandbox. */
export type Way = "out" | "back";

/** What the line does from the moment when it is set. Times are milliseconds. */
export type Fault =
  | { readonly kind: "none" }
  /** Nobody listens. */
  | { readonly kind: "refuse" }
  /** Connections are made and reset at once. */
  | { readonly kind: "reset" }
  /** Connections are made, and nothing is carried on them. */
  | { readonly kind: "silent" }
  /** Every piece is held back for as long, in either direction or that way alone, from the hello or from the first request on. */
  | { readonly kind: "delay"; readonly from: "hello" | "request"; readonly ms: number; readonly way?: Way }
  /** Replies come one byte after the other. */
  | { readonly kind: "trickle"; readonly everyMs: number }
  /**
   * Carries so many bytes more that way, counted for each connection from its hello or from its first request on, and then
   * ends or resets it, or leaves it open and swallows everything. Where it has struck once, `afterwards` follows; without
   * it, every connection meets the same.
   */
  | {
      readonly kind: "cut";
      readonly from: "hello" | "request";
      readonly way: Way;
      readonly after: number;
      readonly how: "end" | "reset" | "hang";
      readonly afterwards?: Fault;
    };

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly carried: Record<Way, number>;
  readonly requests: Requests;
  /** Whether it swallows whatever comes. */
  dead: boolean;
}

export class FaultProxy {
  /** The port of the sandbox, or of who plays it; a connection keeps the one with which it began. */
  target: number;
  /** The times that a cut has struck. */
  strikes = 0;
  #fault: Fault = { kind: "none" };
  #server: Server | null = null;
  #port = 0;
  readonly #connections = new Set<Connection>();
  readonly #held = new Set<Socket>();
  #heardAt = 0;
  #most: Record<Way, number> = { out: 0, back: 0 };

  constructor(target: number) {
    this.target = target;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<this> {
    await this.#listen();
    return this;
  }

  /** Sets what happens from now on, also to connections that are open; counting begins anew. */
  async fail(fault: Fault): Promise<void> {
    this.#set(fault);
    if (fault.kind === "refuse") await this.#shut();
    else await this.#listen();
  }

  /** Ends every connection at once, as a router does that forgot them. */
  drop(): void {
    for (const { near, far } of this.#connections) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    for (const socket of this.#held) socket.resetAndDestroy();
  }

  /** Whether no connection is open. */
  get isBare(): boolean {
    return this.#connections.size === 0 && this.#held.size === 0;
  }

  /** For how long nothing has come to this line, in milliseconds. */
  get quietMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** How many bytes of requests or replies the connection carried that carried most of them, since the last `fail`. */
  most(way: Way): number {
    return this.#most[way];
  }

  async end(): Promise<void> {
    await this.#shut();
  }

  #set(fault: Fault): void {
    this.#fault = fault;
    this.#most = { out: 0, back: 0 };
    for (const { carried } of this.#connections) {
      carried.out = 0;
      carried.back = 0;
    }
  }

  async #listen(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((socket) => this.#take(socket));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, "close");
    server.close();
    this.drop();
    await closed;
  }

  #take(near: Socket): void {
    this.#heardAt = performance.now();
    near.on("error", () => {});
    this.#held.add(near);
    near.once("close", () => this.#held.delete(near));
    if (this.#fault.kind === "reset") {
      near.resetAndDestroy();
      return;
    }
    const far = connect(this.target, "127.0.0.1");
    far.on("error", () => near.destroy());
    const connection: Connection = {
      near,
      far,
      carried: { out: 0, back: 0 },
      requests: new Requests(),
      dead: false,
    };
    this.#connections.add(connection);
    near.on("data", (bytes) => this.#carry(connection, "out", bytes));
    far.on("data", (bytes) => this.#carry(connection, "back", bytes));
    near.once("end", () => this.#later(connection, "out", () => far.end()));
    far.once("end", () => this.#later(connection, "back", () => near.end()));
    near.once("close", () => {
      this.#connections.delete(connection);
      far.destroy();
    });
    far.once("close", () => {
      if (!connection.dead) near.destroySoon();
    });
  }

  #carry(connection: Connection, way: Way, bytes: Buffer): void {
    this.#heardAt = performance.now();
    const fault = this.#fault;
    if (connection.dead || fault.kind === "silent") return;
    const to = way === "out" ? connection.far : connection.near;
    const before = connection.carried[way];
    // What of these bytes does not count: they belong to the handshake.
    const greeting =
      way === "out" ? connection.requests.begin(bytes) : connection.requests.begun ? 0 : bytes.length;
    const free = fault.kind === "cut" && fault.from === "hello" ? 0 : greeting;
    const counted = bytes.length - free;
    if (fault.kind === "cut" && fault.way === way && counted > 0 && before + counted >= fault.after) {
      connection.dead = true;
      this.strikes += 1;
      to.write(bytes.subarray(0, free + fault.after - before), () => strike(connection, fault.how));
      if (fault.afterwards !== undefined) this.#set(fault.afterwards);
      return;
    }
    connection.carried[way] = before + counted;
    this.#most[way] = Math.max(this.#most[way], connection.carried[way]);
    if (fault.kind === "trickle" && way === "back" && connection.requests.begun)
      this.#trickle(connection, bytes, fault.everyMs);
    else this.#later(connection, way, () => to.write(bytes));
  }

  #trickle(connection: Connection, bytes: Buffer, everyMs: number): void {
    let at = 0;
    const drip = setInterval(() => {
      if (at < bytes.length && !connection.dead) connection.near.write(bytes.subarray(at, at + 1));
      at += 1;
      if (at >= bytes.length) clearInterval(drip);
    }, everyMs);
    connection.near.once("close", () => clearInterval(drip));
  }

  /** Now, or as late as the line is. */
  #later(connection: Connection, way: Way, action: () => void): void {
    const fault = this.#fault;
    const isHeldBack =
      fault.kind === "delay" &&
      (fault.way ?? way) === way &&
      (fault.from === "hello" || connection.requests.begun);
    if (!isHeldBack) action();
    else setTimeout(() => connection.dead || action(), fault.ms);
  }
}

function strike({ near, far }: Connection, how: "end" | "reset" | "hang"): void {
  if (how === "hang") return;
  for (const socket of [near, far]) {
    if (how === "reset") socket.resetAndDestroy();
    else socket.end();
  }
}

/** Records of TLS 1.3 before the first request of a client that has no certificate: hello, change, none, finished. */
const GREETING_RECORDS = 4;

/** Finds the first request in what a TLS client says, by the lengths of its records. */
class Requests {
  #records = 0;
  /** Bytes of the record's head so far, then what is left of its body. */
  readonly #head: number[] = [];
  #left = 0;

  get begun(): boolean {
    return this.#records >= GREETING_RECORDS && this.#left === 0;
  }

  /** At which of these bytes the first request begins, 0 where it has already, their number where it does not yet. */
  begin(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && !this.begun) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
      } else {
        this.#head.push(bytes[at] ?? 0);
        at += 1;
        if (this.#head.length === 5) this.#body();
      }
    }
    return at;
  }

  #body(): void {
    const [, , , high = 0, low = 0] = this.#head.splice(0);
    this.#left = high * 256 + low;
    this.#records += 1;
  }
}
