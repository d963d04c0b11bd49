import type { Instant } from "../core/kernel/instant.ts";
import type { NotSent, NotSentReason, UnknownReason } from "../core/payment/answers.ts";
import type { Clock, HttpsLane, HttpsLink, HttpsOutcome, HttpsRequest, Log } from "../runtime/ports.ts";
import { HostHealth, type Hosts } from "./host-health.ts";

/** What attempts are made with. */
export interface AttemptParts {
  /** What the box calls the account; log lines say so. */
  readonly id: string;
  /** Origins, the first choice first; at least one. */
  readonly hosts: readonly string[];
  /** How long one host may take until the request's headers leave. */
  readonly connectTimeoutMs: number;
  /** How long the whole reply may take after the headers left. */
  readonly answerTimeoutMs: number;
  readonly link: HttpsLink;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a request says, whichever host it goes to. */
export type WrittenRequest = Pick<HttpsRequest, "method" | "path" | "headers" | "body" | "replyBytesMax">;

/** One call of the account. */
export interface Call<Answer> {
  readonly name: string;
  readonly lane: HttpsLane;
  readonly outTradeNo: string;
  /** No attempt begins at or after this moment; null means whenever it can be sent. */
  readonly sendBefore: Instant | null;
  /** Whether it may still leave for another host, where that can change. */
  readonly mayLeave?: () => boolean;
  /** Writes the request anew for each attempt: what is random in it, and its time, are its own. */
  readonly write: () => WrittenRequest;
  readonly read: (outcome: HttpsOutcome) => ReadReply<Answer>;
  /** Goes out on a connection on which nothing else was asked. */
  readonly fresh?: boolean;
}

/** What a reply came to. */
export interface ReadReply<Answer> {
  readonly answer: Answer;
  /** The provider's own words about a refusal, for a technician; null where it said none. */
  readonly says: string | null;
}

/** What any answer has. */
type AnyAnswer =
  | { readonly kind: "not-sent"; readonly why: NotSentReason }
  | { readonly kind: "unknown"; readonly why: UnknownReason; readonly signed: boolean }
  | { readonly kind: Exclude<string, "not-sent" | "unknown"> };

/**
 * The attempts of one account. A call is one attempt; only where the link proves that nothing was sent may the next host be tried,
 * so that no request reaches a provider twice.
 */
export class Attempts {
  readonly #parts: AttemptParts;
  readonly #health: HostHealth;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#health = new HostHealth(parts.hosts);
  }

  /** Calls one host or, where that is null, the first that can be reached; `done` names the host that was tried last. */
  make<Answer extends AnyAnswer>(
    call: Call<Answer>,
    host: string | null,
    done: (host: string, answer: Answer) => void,
  ): void {
    const { clock } = this.#parts;
    this.#attempt(call, host === null ? this.#health.inOrder(clock.now()) : [host], done);
  }

  /** Opens the connection of the next charge ahead of need. */
  warm(): void {
    const { link, clock } = this.#parts;
    const [first] = this.#health.inOrder(clock.now());
    link.warm(first);
  }

  #attempt<Answer extends AnyAnswer>(
    call: Call<Answer>,
    [host, ...others]: Hosts,
    done: (host: string, answer: Answer) => void,
    failedBefore: Answer | null = null,
  ): void {
    const { connectTimeoutMs, answerTimeoutMs, clock, link } = this.#parts;
    const startedAt = clock.now();
    const left = call.sendBefore === null ? Number.POSITIVE_INFINITY : call.sendBefore - startedAt;
    if (left <= 0) {
      clock.at(startedAt, () => {
        const reply = call.read({ kind: "not-sent", why: "too-late" });
        this.#report(call, host, reply, startedAt);
        done(host, reply.answer);
      });
      return;
    }
    const request: HttpsRequest = {
      ...call.write(),
      lane: call.lane,
      host,
      sendWithinMs: Math.min(left, connectTimeoutMs),
      answerWithinMs: answerTimeoutMs,
      ...(call.fresh === true ? { fresh: true } : {}),
    };
    link.exchange(request, (outcome) => {
      const reply = call.read(left > connectTimeoutMs ? silenceOf(outcome) : outcome);
      const { answer } = reply;
      this.#report(call, host, reply, startedAt);
      const [next, ...rest] = others;
      if (!isNotSent(answer)) done(host, answer);
      else if (next !== undefined && this.#mayMoveOn(call, answer))
        this.#attempt(call, [next, ...rest], done, failedBefore ?? answer);
      // Time that hosts have cost is not the customer's.
      else done(host, answer.why === "too-late" ? (failedBefore ?? answer) : answer);
    });
  }

  #mayMoveOn(call: Pick<Call<unknown>, "mayLeave" | "sendBefore">, answer: NotSent): boolean {
    if (answer.why === "stopped" || call.mayLeave?.() === false) return false;
    return call.sendBefore === null || this.#parts.clock.now() < call.sendBefore;
  }

  #report(
    call: Pick<Call<unknown>, "name" | "outTradeNo">,
    host: string,
    { answer, says }: ReadReply<AnyAnswer>,
    startedAt: Instant,
  ): void {
    const { id, clock, log } = this.#parts;
    const fields = {
      provider: id,
      call: call.name,
      outTradeNo: call.outTradeNo,
      host,
      kind: answer.kind,
      why: "why" in answer ? answer.why : null,
      says,
      ms: Math.round(clock.now() - startedAt),
    };
    if (answer.kind === "not-sent") log.warn("provider.not-sent", fields);
    else if (answer.kind === "unknown") log.warn("provider.unknown", fields);
    else log.info("provider.answered", fields);
    this.#judge(host, answer);
  }

  /** What an attempt says about its host; one that we stopped, or gave less time than a connection may take, says nothing. */
  #judge(host: string, answer: AnyAnswer): void {
    const unproved = "signed" in answer && !answer.signed;
    if (isNotSent(answer) && (answer.why === "stopped" || answer.why === "too-late")) return;
    if (isNotSent(answer) || unproved) this.#health.failed(host, this.#parts.clock.now());
    else this.#health.answered(host);
  }
}

function isNotSent<Answer extends AnyAnswer>(answer: Answer): answer is Answer & NotSent {
  return answer.kind === "not-sent";
}

/**
 * What an attempt means that had more time than a connection may take: one that was not sent in that time had none, however
 * quiet the host was about it.
 */
function silenceOf(outcome: HttpsOutcome): HttpsOutcome {
  if (outcome.kind !== "not-sent" || outcome.why !== "too-late") return outcome;
  return { kind: "not-sent", why: "no-connection" };
}
