/**
 * HTTPS by undici, one request at a time on each connection, so that nothing ever waits behind anything else and what is
 * known about a connection is known about its request. A request that fails takes its connection with it, and its outcome
 * comes when that connection is gone.
 *
 *     link ── lane (charge | query | reverse, one host) ── wire (undici Client, one socket) ── attempt (one request)
 *
 * Whether a request left is never guessed: undici asks the handler (`onRequestStart`) and publishes `sendHeaders` right
 * before it writes to the socket. `not-sent` needs the silence of both after the connection is dead.
 */
import { subscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Dispatcher } from "undici";
import buildConnector from "undici/lib/core/connect.js";
import errors from "undici/lib/core/errors.js";
import Client from "undici/lib/dispatcher/client.js";
import type { HttpsLane, HttpsLink, HttpsOutcome, HttpsRequest, ReplyHeaders } from "../../runtime/ports.ts";

/** How long a connection may lie idle; the servers close theirs after 8 s (`Keep-Alive: timeout=8`). */
const IDLE_MS_MAX = 5_000;

/** Time for one address to answer before the next is tried, so that a broken IPv6 costs half a second. */
const ADDRESS_ATTEMPT_MS = 500;

/** How many idle connections a lane keeps; more are closed when their request is done. */
const IDLE_WIRES_MAX = 2;

const NO_HEADERS: ReplyHeaders = {};

/** What a link needs to know of its hosts and of the box. */
export interface UndiciHttpsOptions {
  /** Time for name, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** PEM of the authorities to trust instead of Node's own list, or null for that list. */
  readonly ca: string | null;
  /** PEM of the account's certificate and key, presented on the `reverse` lane only; null presents none. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
}

type NotSent = Extract<HttpsOutcome, { kind: "not-sent" }>["why"];
type Unanswered = Extract<HttpsOutcome, { kind: "unanswered" }>["why"];

/** HTTPS to the hosts of one provider on undici's `Client`: no pool, no retry, no redirect. `http:` hosts work for loopback. */
export class UndiciHttpsLink implements HttpsLink {
  readonly #options: UndiciHttpsOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #contexts = new Map<"plain" | "certified", SecureContext>();
  #localAddress: string | null = null;
  #closed = false;

  constructor(options: UndiciHttpsOptions) {
    this.#options = options;
  }

  exchange(request: HttpsRequest, done: (outcome: HttpsOutcome) => void): void {
    if (this.#closed) setImmediate(done, { kind: "not-sent", why: "stopped" });
    else if (request.sendWithinMs <= 0) setImmediate(done, { kind: "not-sent", why: "too-late" });
    else this.#lane(request.lane, request.host).exchange(request, done);
  }

  warm(host: string): void {
    if (!this.#closed) this.#lane("charge", host).warm();
  }

  localAddress(): string | null {
    return this.#localAddress;
  }

  close(done: () => void): void {
    this.#closed = true;
    const settled = countdown(this.#lanes.size, done);
    for (const lane of this.#lanes.values()) lane.close(settled);
    this.#lanes.clear();
  }

  #lane(kind: HttpsLane, host: string): Lane {
    const key = `${kind} ${host}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = new Lane(host, this.#connector(kind));
    this.#lanes.set(key, lane);
    return lane;
  }

  /** The connector of a lane; its wires share one, and with it the TLS sessions that make a later handshake cheap. */
  #connector(lane: HttpsLane): buildConnector.connector {
    let connect: buildConnector.connector | null = null;
    return (target, callback) => {
      connect ??= buildConnector({
        allowH2: false,
        timeout: this.#options.connectTimeoutMs,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
        rejectUnauthorized: true,
        ...(target.protocol === "https:" ? { secureContext: this.#context(lane) } : {}),
      });
      return connect(target, (...result) => {
        this.#localAddress = result[1]?.localAddress ?? this.#localAddress;
        callback(...result);
      });
    };
  }

  /** Made once: reading certificates anew for each connection costs more than the handshake. */
  #context(lane: HttpsLane): SecureContext {
    const { ca, certificate } = this.#options;
    const kind = lane === "reverse" && certificate !== null ? "certified" : "plain";
    const known = this.#contexts.get(kind);
    if (known !== undefined) return known;
    const context = createSecureContext({
      minVersion: "TLSv1.2",
      ...(ca === null ? {} : { ca }),
      ...(kind === "certified" && certificate !== null ? certificate : {}),
    });
    this.#contexts.set(kind, context);
    return context;
  }
}

/** The connections for one kind of request to one host. */
class Lane {
  readonly #host: string;
  readonly #connect: buildConnector.connector;
  /** Wires without a request, the one used last at the end. */
  readonly #idle: Wire[] = [];
  readonly #attempts = new Set<Attempt>();
  #closed = false;

  constructor(host: string, connect: buildConnector.connector) {
    this.#host = host;
    this.#connect = connect;
  }

  exchange(request: HttpsRequest, done: (outcome: HttpsOutcome) => void): void {
    const idle = request.fresh === true ? undefined : this.#idle.pop();
    const wire = idle ?? new Wire(this.#host, this.#connect);
    const attempt = new Attempt(request, wire, (outcome) => {
      this.#attempts.delete(attempt);
      if (outcome.kind === "answered") this.#release(wire);
      done(outcome);
    });
    this.#attempts.add(attempt);
    attempt.start();
  }

  /** A running request leaves its connection warm anyway. */
  warm(): void {
    if (this.#attempts.size > 0) return;
    const wire = this.#idle.pop() ?? new Wire(this.#host, this.#connect);
    this.#idle.push(wire);
    wire.warm();
  }

  close(done: () => void): void {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    const settled = countdown(idle.length + this.#attempts.size, done);
    for (const wire of idle) wire.destroy(settled);
    for (const attempt of this.#attempts) attempt.stop(settled);
  }

  #release(wire: Wire): void {
    if (this.#closed || this.#idle.length >= IDLE_WIRES_MAX) wire.destroy(() => {});
    else this.#idle.push(wire);
  }
}

/** One undici client with at most one socket and one request. */
class Wire {
  readonly #client: Client;
  #socket: Socket | null = null;
  /** The headers that were sent last, as a provider words them and as undici takes them: most send the same ones again. */
  #headers: HttpsRequest["headers"] | null = null;
  #headerList: string[] = [];
  /** Why the last try to connect failed. */
  failure: NotSent = "no-connection";

  constructor(host: string, connect: buildConnector.connector) {
    this.#client = new Client(host, {
      pipelining: 1,
      keepAliveTimeout: IDLE_MS_MAX,
      keepAliveMaxTimeout: IDLE_MS_MAX,
      // The attempt has its own limit for the reply, and deadlines that also cover connecting and slow trickles.
      maxResponseSize: -1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => {
        this.failure = "no-connection";
        // undici's connector returns its socket, though its type does not say so; without it, only stopping is slower.
        const socket: unknown = connect(target, (...result) => {
          if (result[0] !== null) this.failure = failureOf(result[0], this.#socket);
          callback(...result);
        });
        this.#socket = socket instanceof Socket ? socket : null;
      },
    });
  }

  dispatch({ method, path, headers, body }: HttpsRequest, handler: Dispatcher.DispatchHandler): void {
    if (headers !== this.#headers) {
      this.#headers = headers;
      this.#headerList = ["user-agent", "scanbox", ...Object.entries(headers).flat()];
    }
    this.#client.dispatch({ path, method, headers: this.#headerList, body }, handler);
  }

  /** Connects ahead of need, where it is not connected. */
  warm(): void {
    if (this.#socket === null || this.#socket.destroyed)
      this.#client.dispatch({ path: "/", method: "POST" }, refusesToStart);
  }

  /** Ends the connection, or the try to make one; calls back when the socket is closed. */
  destroy(done: () => void): void {
    const reason = new errors.ClientDestroyedError();
    this.#client.destroy(reason, done);
    // undici does not know the socket that it is still connecting.
    this.#socket?.destroy(reason);
  }
}

/** A request that makes undici connect, and is dropped unsent when the connection is there; the connection stays. */
const refusesToStart: Dispatcher.DispatchHandler = {
  onRequestStart: () => {
    throw new Error("connected ahead of need");
  },
  onResponseStart: () => {},
  onResponseData: () => {},
  onResponseEnd: () => {},
  // Where connecting failed, the next request meets the same world and reports it.
  onResponseError: () => {},
};

/** What the two ends of a deadline mean: nothing had left, or something had. */
interface Ending {
  readonly unsent: NotSent;
  readonly sent: Unanswered;
}

/** One request on one wire, from `start` to the one call of `done`. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #request: HttpsRequest;
  readonly #wire: Wire;
  readonly #done: (outcome: HttpsOutcome) => void;
  readonly #chunks: Buffer[] = [];
  readonly #whenOver: (() => void)[] = [];
  #sendBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  /** True from the moment when undici may write to the socket; never false again. */
  #left = false;
  #over = false;
  #status = 0;
  #headers: ReplyHeaders = NO_HEADERS;
  #bytes = 0;

  constructor(request: HttpsRequest, wire: Wire, done: (outcome: HttpsOutcome) => void) {
    this.#request = request;
    this.#wire = wire;
    this.#done = done;
  }

  start(): void {
    const { sendWithinMs } = this.#request;
    this.#sendBefore = performance.now() + sendWithinMs;
    this.#timer = setTimeout(() => this.#fail({ unsent: "too-late", sent: "broken" }), sendWithinMs);
    during(this, () => this.#wire.dispatch(this.#request, this));
  }

  /** Ends it because the link closes; calls back after the outcome was given. */
  stop(done: () => void): void {
    this.#whenOver.push(done);
    this.#fail({ unsent: "stopped", sent: "broken" });
  }

  /** The request's headers are about to be handed to a socket. */
  left(): void {
    if (this.#left) return;
    this.#left = true;
    clearTimeout(this.#timer);
    const end = (): void => this.#fail({ unsent: "too-late", sent: "timeout" });
    this.#timer = setTimeout(end, this.#request.answerWithinMs);
  }

  onRequestStart(): void {
    // Throwing here keeps undici from writing. A second start would be a resend; timers may be late, this is not.
    if (this.#over || this.#left || performance.now() > this.#sendBefore)
      throw new Error("not to be sent now");
    this.left();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    // undici ends the connection of a handler that throws, and tells it why.
    if (this.#bytes > this.#request.replyBytesMax) throw new errors.ResponseExceededMaxSizeError();
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#over = true;
    const outcome = {
      kind: "answered",
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
    } as const;
    // Out of undici's handlers: what `done` throws must reach the process, not undici's handler.
    queueMicrotask(() => this.#end(outcome));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const tooLarge = error instanceof errors.ResponseExceededMaxSizeError;
    const unsent = performance.now() > this.#sendBefore ? "too-late" : this.#wire.failure;
    this.#fail({ unsent, sent: tooLarge ? "too-large" : "broken" });
  }

  #fail(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    this.#wire.destroy(() =>
      this.#end(
        this.#left ? { kind: "unanswered", why: ending.sent } : { kind: "not-sent", why: ending.unsent },
      ),
    );
  }

  #end(outcome: HttpsOutcome): void {
    clearTimeout(this.#timer);
    this.#done(outcome);
    for (const callback of this.#whenOver) callback();
  }
}

/** The attempt whose request undici is creating in this very call. */
let dispatching: Attempt | null = null;
const attempts = new WeakMap<object, Attempt>();

function during(attempt: Attempt, dispatch: () => void): void {
  dispatching = attempt;
  dispatch();
  dispatching = null;
}

subscribe("undici:request:create", (message) => {
  const request = requestIn(message);
  if (dispatching !== null && request !== null) attempts.set(request, dispatching);
});

subscribe("undici:client:sendHeaders", (message) => {
  const request = requestIn(message);
  if (request !== null) attempts.get(request)?.left();
});

function requestIn(message: unknown): object | null {
  if (typeof message !== "object" || message === null || !("request" in message)) return null;
  return typeof message.request === "object" ? message.request : null;
}

function failureOf(error: Error, socket: Socket | null): NotSent {
  if ("syscall" in error && error.syscall === "getaddrinfo") return "no-name";
  // Node sets this where the chain or the name in the certificate was refused, with any of some thirty codes.
  if (socket instanceof TLSSocket && socket.authorizationError) return "no-trust";
  return "no-connection";
}

/** Calls `done` after `count` calls, or soon where there is nothing to wait for. */
function countdown(count: number, done: () => void): () => void {
  let left = count;
  if (left === 0) setImmediate(done);
  return () => {
    left -= 1;
    if (left === 0) done();
  };
}
