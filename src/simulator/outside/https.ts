import type {
  HttpsLane,
  HttpsLink,
  HttpsMethod,
  HttpsOutcome,
  HttpsRequest,
  ReplyHeaders,
  Timer,
} from "../../runtime/ports.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

/** Connecting takes at most this long. */
const SLOW_CONNECTION_MS_MAX = 30_000;

/** An idle connection stays warm this long. */
const IDLE_MS_MAX = 5_000;

/** A request as it arrives at the server. */
export interface SimulatedRequest {
  readonly lane: HttpsLane;
  readonly host: string;
  readonly method: HttpsMethod;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the account's certificate was presented. */
  readonly clientCertificate: boolean;
}

/** What the server does with a request: answers, stays silent, or hangs up before or within its reply. */
export type SimulatedReply =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: ReplyHeaders;
      readonly body: Uint8Array;
      readonly delayMs: number;
    }
  | { readonly kind: "drop" }
  | { readonly kind: "cut"; readonly delayMs: number };

const BROKEN = { kind: "unanswered", why: "broken" } as const;

/** How often the network misbehaves; each is a probability from 0 to 1, drawn for each exchange on its own. */
export interface HttpsFaults {
  readonly noName: number;
  readonly noConnection: number;
  readonly noTrust: number;
  /** Connecting takes up to 30 s, so that deadlines for sending are met and missed. */
  readonly slowConnection: number;
  /** The request leaves and never arrives. */
  readonly requestLost: number;
  /** The request arrives up to `lateMsMax` after it left, whatever became of the exchange meanwhile. */
  readonly requestLate: number;
  /** The request arrives a second time, up to `lateMsMax` after it left; the second reply goes nowhere. */
  readonly requestTwice: number;
  readonly replyLost: number;
  /** The reply comes up to `lateMsMax` after it was given. */
  readonly replyLate: number;
  /** The connection breaks on the way back. */
  readonly replyCut: number;
  /** The most that the network holds anything back, in milliseconds. */
  readonly lateMsMax: number;
}

/** A network without faults. */
export const NO_HTTPS_FAULTS: HttpsFaults = {
  noName: 0,
  noConnection: 0,
  noTrust: 0,
  slowConnection: 0,
  requestLost: 0,
  requestLate: 0,
  requestTwice: 0,
  replyLost: 0,
  replyLate: 0,
  replyCut: 0,
  lateMsMax: 0,
};

/** What a simulated network is made of. */
export interface SimulatedHttpsParts {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly serve: (request: SimulatedRequest) => SimulatedReply;
  /** Whether the box holds the account's certificate; it is presented on the `reverse` lane only. */
  readonly certificate: boolean;
}

/**
 * A network between the box and the hosts of a provider. What has left may still arrive after the box has given up,
 * crashed or stopped; what was reported as `not-sent` never does.
 */
export class SimulatedHttpsLink implements HttpsLink {
  readonly #parts: SimulatedHttpsParts;
  readonly #exchanges = new Set<Exchange>();
  readonly #down = new Set<string>();
  readonly #warmUntil = new Map<string, number>();
  /** What goes wrong from the next exchange on. */
  faults: HttpsFaults = NO_HTTPS_FAULTS;
  #connected = false;
  #closed = false;

  constructor(parts: SimulatedHttpsParts) {
    this.#parts = parts;
  }

  exchange(request: HttpsRequest, done: (outcome: HttpsOutcome) => void): void {
    const { time, random } = this.#parts;
    const plan = planOf(random.fork(), this.faults);
    const exchange = new Exchange(time, (outcome) => {
      this.#exchanges.delete(exchange);
      // A failed exchange takes its connection with it.
      if (outcome.kind !== "answered") this.#warmUntil.delete(`${request.lane} ${request.host}`);
      done(outcome);
    });
    this.#exchanges.add(exchange);
    if (this.#closed) exchange.end({ kind: "not-sent", why: "stopped" });
    else this.#connect(request, plan, exchange);
  }

  warm(host: string): void {
    const { time, random } = this.#parts;
    const { failure, connectMs } = planOf(random.fork(), this.faults);
    if (this.#closed || failure !== null) return;
    time.after(connectMs, () => {
      if (!this.#closed && !this.#down.has(host)) this.#keepWarm("charge", host);
    });
  }

  localAddress(): string | null {
    return this.#connected ? "192.0.2.7" : null;
  }

  close(done: () => void): void {
    this.#closed = true;
    for (const exchange of this.#exchanges) {
      exchange.end(exchange.sent ? BROKEN : { kind: "not-sent", why: "stopped" });
    }
    this.#parts.time.after(0, done);
  }

  /** A host that is down takes no connection, and swallows what is sent on the connections it had. */
  setDown(host: string, down: boolean): void {
    if (down) this.#down.add(host);
    else this.#down.delete(host);
  }

  /** The process of this link has died: nothing calls back any more; what has left still arrives. */
  abandon(): void {
    this.#closed = true;
    for (const exchange of this.#exchanges) exchange.forget();
    this.#exchanges.clear();
  }

  #connect(request: HttpsRequest, plan: Plan, exchange: Exchange): void {
    const { lane, host, sendWithinMs } = request;
    const { time } = this.#parts;
    const warm = request.fresh !== true && (this.#warmUntil.get(`${lane} ${host}`) ?? 0) > time.now;
    const failure = warm ? null : plan.failure;
    const connectMs = warm ? 0 : plan.connectMs;
    if (connectMs >= sendWithinMs) {
      exchange.endAfter(Math.max(0, sendWithinMs), { kind: "not-sent", why: "too-late" });
    } else if (failure !== null) {
      exchange.endAfter(connectMs, { kind: "not-sent", why: failure });
    } else {
      exchange.later(connectMs, () => {
        if (!warm && this.#down.has(host)) exchange.end({ kind: "not-sent", why: "no-connection" });
        else this.#send(request, plan, exchange);
      });
    }
  }

  #send(request: HttpsRequest, plan: Plan, exchange: Exchange): void {
    const { time, serve, certificate } = this.#parts;
    const { lane, host, method, path, headers, body, answerWithinMs } = request;
    this.#connected = true;
    this.#keepWarm(lane, host);
    exchange.sent = true;
    exchange.endAfter(answerWithinMs, { kind: "unanswered", why: "timeout" });
    if (plan.requestLost) {
      if (plan.lossNoticed) exchange.endAfter(plan.requestMs, BROKEN);
      return;
    }
    const arrive = (): SimulatedReply =>
      this.#down.has(host)
        ? { kind: "drop" }
        : serve({
            lane,
            host,
            method,
            path,
            headers,
            body,
            clientCertificate: certificate && lane === "reverse",
          });
    time.after(plan.requestMs, () => {
      if (plan.againMs !== null) time.after(plan.againMs - plan.requestMs, arrive);
      const reply = arrive();
      if (reply.kind === "drop" || plan.replyLost) return;
      const outcome = plan.replyCut ? BROKEN : outcomeOf(reply, request);
      exchange.endAfter(reply.delayMs + plan.replyMs, outcome);
    });
  }

  #keepWarm(lane: HttpsLane, host: string): void {
    this.#warmUntil.set(`${lane} ${host}`, this.#parts.time.now + IDLE_MS_MAX);
  }
}

/** One request on its way; it ends once, by what comes first. */
class Exchange {
  readonly #time: SimulatedTime;
  readonly #done: (outcome: HttpsOutcome) => void;
  readonly #timers: Timer[] = [];
  #over = false;
  /** Whether the headers were handed to a connection. */
  sent = false;

  constructor(time: SimulatedTime, done: (outcome: HttpsOutcome) => void) {
    this.#time = time;
    this.#done = done;
  }

  /** Does something `delayMs` from now unless the exchange is over by then. */
  later(delayMs: number, action: () => void): void {
    if (!this.#over) this.#timers.push(this.#time.after(delayMs, action));
  }

  /** Ends it `delayMs` from now unless something else does before. */
  endAfter(delayMs: number, outcome: HttpsOutcome): void {
    this.later(delayMs, () => this.end(outcome));
  }

  /** Decides the outcome now, so that nothing more can leave, and reports it after this call has returned. */
  end(outcome: HttpsOutcome): void {
    if (this.#over) return;
    this.forget();
    this.#timers.push(this.#time.after(0, () => this.#done(outcome)));
  }

  /** Nothing happens any more, and nobody is told. */
  forget(): void {
    this.#over = true;
    for (const timer of this.#timers) timer.cancel();
  }
}

/** What will become of one exchange as far as the network is concerned. */
interface Plan {
  readonly failure: "no-name" | "no-connection" | "no-trust" | null;
  readonly connectMs: number;
  readonly requestLost: boolean;
  /** A lost request's connection breaks, where it would else stay silent. */
  readonly lossNoticed: boolean;
  readonly requestMs: number;
  readonly againMs: number | null;
  readonly replyLost: boolean;
  readonly replyMs: number;
  readonly replyCut: boolean;
}

/** Draws everything at once and in one order, so that one fault more does not move the others. */
function planOf(random: Random, faults: HttpsFaults): Plan {
  const noName = random.chance(faults.noName);
  const noConnection = random.chance(faults.noConnection);
  const noTrust = random.chance(faults.noTrust);
  const late = (probability: number): number | null => {
    const lateMs = random.between(0, faults.lateMsMax);
    return random.chance(probability) ? lateMs : null;
  };
  const slowMs = random.between(200, SLOW_CONNECTION_MS_MAX);
  const slow = random.chance(faults.slowConnection);
  return {
    failure: noName ? "no-name" : noConnection ? "no-connection" : noTrust ? "no-trust" : null,
    connectMs: slow ? slowMs : random.between(20, 200),
    requestLost: random.chance(faults.requestLost),
    lossNoticed: random.chance(0.5),
    requestMs: random.between(5, 40) + (late(faults.requestLate) ?? 0),
    againMs: late(faults.requestTwice),
    replyLost: random.chance(faults.replyLost),
    replyMs: random.between(5, 40) + (late(faults.replyLate) ?? 0),
    replyCut: random.chance(faults.replyCut),
  };
}

function outcomeOf(
  reply: Exclude<SimulatedReply, { kind: "drop" }>,
  { replyBytesMax }: HttpsRequest,
): HttpsOutcome {
  if (reply.kind === "cut") return BROKEN;
  if (reply.body.length > replyBytesMax) return { kind: "unanswered", why: "too-large" };
  return { kind: "answered", status: reply.status, headers: reply.headers, body: reply.body };
}
