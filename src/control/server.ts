import type { Ask } from "../commands/callers.ts";
import { put } from "../commands/put.ts";
import type { Role } from "../commands/table.ts";
import { after } from "../core/kernel/instant.ts";
import type { Clock, ControlLink, ControlPeer, ControlPeerListener, Log, Timer } from "../runtime/ports.ts";
import { CONTROL_VERSION, type ControlAnswer, problemAnswer, readRequest } from "./protocol.ts";
import { RequestLines } from "./request-lines.ts";

/** So many programs may be inside at once. */
export const PEERS_MAX = 8;

/** Who says nothing for so long is ended; so is who gets no answer for so long, which no command takes. */
export const IDLE_MS = 30_000;

/** So many requests of one program may wait for the answers before them; so no turn answers more, whatever it brought. */
export const REQUESTS_MAX = 64;

/** A control socket that could not be opened is tried again after so long. */
const OPEN_AGAIN_MS = 10_000;

/** Whom a socket lets in: what its callers are called, and what they may do. */
export interface Admission {
  readonly as: string;
  readonly may: ReadonlySet<Role>;
}

/** What the server works with. */
export interface ControlServerParts {
  readonly link: ControlLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly ask: Ask;
  readonly admits: Admission;
}

/**
 * Answers programs on this machine. Nothing that they send costs more than a bounded piece of memory, and a control socket that
 * cannot be opened costs a line in the log: payments do not depend on it.
 */
export class ControlServer {
  readonly #parts: ControlServerParts;
  readonly #peers = new Set<Visit>();
  #again: Timer | null = null;
  #problem: string | null = null;

  constructor(parts: ControlServerParts) {
    this.#parts = parts;
  }

  /** Opens the control socket, now or when that becomes possible. */
  start(): void {
    const { clock, link, log } = this.#parts;
    link.listen(
      (peer) => this.#enter(peer),
      (outcome) => {
        if (outcome.kind === "listening") {
          log.info("control.listening", { path: outcome.path });
          return;
        }
        if (outcome.why !== this.#problem) log.warn("control.closed", { problem: outcome.why });
        this.#problem = outcome.why;
        this.#again = clock.at(after(clock.now(), OPEN_AGAIN_MS), () => this.start());
      },
    );
  }

  /** Closes it; whoever waits for an answer gets none. */
  stop(done: () => void): void {
    this.#again?.cancel();
    for (const visit of this.#peers) visit.end();
    this.#peers.clear();
    this.#parts.link.close(done);
  }

  #enter(peer: ControlPeer): ControlPeerListener {
    if (this.#peers.size >= PEERS_MAX) {
      peer.send(
        `${JSON.stringify(problemAnswer("too-many-programs", "Too many programs ask at once; try again."))}\n`,
      );
      peer.end();
      const deaf = (): void => undefined;
      return { received: deaf, finished: deaf, closed: deaf };
    }
    const { clock, ask, admits } = this.#parts;
    const visit: Visit = new Visit({ peer, clock, ask, admits, ended: () => this.#peers.delete(visit) });
    this.#peers.add(visit);
    return visit;
  }
}

interface VisitParts {
  readonly peer: ControlPeer;
  readonly clock: Clock;
  readonly ask: Ask;
  readonly admits: Admission;
  readonly ended: () => void;
}

/** One program, from its coming to its going. Its requests are answered in their order, one at a time. */
class Visit implements ControlPeerListener {
  readonly #parts: VisitParts;
  readonly #lines = new RequestLines();
  /** Requests that wait for the answer before them; `REQUESTS_MAX` bounds them. */
  readonly #waiting: string[] = [];
  #answering = false;
  #finished = false;
  #over = false;
  #idle: Timer | null = null;

  constructor(parts: VisitParts) {
    this.#parts = parts;
    this.#wait();
  }

  received(bytes: Uint8Array): void {
    if (this.#over) return;
    for (const line of this.#lines.pass(bytes)) {
      if (line.kind === "too-long" || this.#waiting.length >= REQUESTS_MAX) {
        this.#next();
        const why =
          line.kind === "too-long" ? "The request is too long." : "Wait for the answers before you ask more.";
        this.#say(problemAnswer(line.kind === "too-long" ? "too-long" : "too-many-requests", why));
        this.end();
        return;
      }
      this.#waiting.push(line.text);
    }
    this.#next();
  }

  finished(): void {
    this.#finished = true;
    this.#next();
  }

  closed(): void {
    this.#leave();
  }

  /** Sends them away. */
  end(): void {
    if (this.#over) return;
    this.#parts.peer.end();
    this.#leave();
  }

  #next(): void {
    while (!this.#answering && !this.#over) {
      const line = this.#waiting.shift();
      if (line === undefined) {
        if (this.#finished) this.end();
        return;
      }
      this.#wait();
      const { ask, admits } = this.#parts;
      const read = readRequest(line, admits.as);
      if (!read.ok) {
        this.#say(read.answer);
        continue;
      }
      this.#answering = true;
      put(read.request, admits.may, ask, (reply) => {
        this.#answering = false;
        this.#say({ v: CONTROL_VERSION, ...reply });
        this.#next();
      });
    }
  }

  #say(answer: ControlAnswer): void {
    if (!this.#over) this.#parts.peer.send(`${JSON.stringify(answer)}\n`);
  }

  #wait(): void {
    const { clock } = this.#parts;
    this.#idle?.cancel();
    this.#idle = clock.at(after(clock.now(), IDLE_MS), () => this.end());
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    this.#idle?.cancel();
    this.#parts.ended();
  }
}
