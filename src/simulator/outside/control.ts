import type { ControlLink, ControlOpened, ControlPeer, ControlPeerListener } from "../../runtime/ports.ts";
import type { SimulatedTime } from "./time.ts";

/** A program that has come in through a simulated control socket. */
export interface SimulatedVisitor {
  /** What it was told so far. */
  readonly heard: string;
  /** Whether the box has ended the connection. */
  readonly ended: boolean;
  send(bytes: Uint8Array): void;
  /** Says no more, and reads on. */
  finish(): void;
  leave(): void;
}

/** The twin of the control socket: visitors are other parts of the same world. */
export class SimulatedControlLink implements ControlLink {
  readonly #time: SimulatedTime;
  #accept: ((peer: ControlPeer) => ControlPeerListener) | null = null;
  readonly #visitors = new Set<Visitor>();
  /** Somebody else listens here already. */
  taken = false;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  listen(accept: (peer: ControlPeer) => ControlPeerListener, done: (outcome: ControlOpened) => void): void {
    this.#time.after(0, () => {
      if (this.taken) {
        done({ kind: "refused", why: "/run/scanbox/control.sock: another program listens there" });
        return;
      }
      this.#accept = accept;
      done({ kind: "listening", path: "/run/scanbox/control.sock" });
    });
  }

  close(done: () => void): void {
    this.#accept = null;
    for (const visitor of this.#visitors) visitor.cut();
    this.#time.after(0, done);
  }

  /** A program comes in; null where nobody listens. */
  visit(): SimulatedVisitor | null {
    const accept = this.#accept;
    if (accept === null) return null;
    const visitor = new Visitor(this.#time, (gone) => this.#visitors.delete(gone));
    this.#visitors.add(visitor);
    visitor.meet(accept);
    return visitor;
  }
}

class Visitor implements SimulatedVisitor {
  readonly #time: SimulatedTime;
  readonly #gone: (visitor: Visitor) => void;
  #listener: ControlPeerListener | null = null;
  #left = false;
  heard = "";
  ended = false;

  constructor(time: SimulatedTime, gone: (visitor: Visitor) => void) {
    this.#time = time;
    this.#gone = gone;
  }

  meet(accept: (peer: ControlPeer) => ControlPeerListener): void {
    this.#listener = accept({
      send: (text) => {
        if (!this.ended && !this.#left) this.heard += text;
      },
      end: () => this.cut(),
    });
  }

  cut(): void {
    this.ended = true;
    this.#gone(this);
  }

  send(bytes: Uint8Array): void {
    this.#time.after(0, () => {
      if (!this.ended && !this.#left) this.#listener?.received(bytes);
    });
  }

  finish(): void {
    this.#time.after(0, () => {
      if (!this.ended && !this.#left) this.#listener?.finished();
    });
  }

  leave(): void {
    this.#time.after(0, () => {
      if (this.ended || this.#left) return;
      this.#left = true;
      this.#gone(this);
      this.#listener?.finished();
      this.#time.after(1, () => {
        if (!this.ended) this.#listener?.closed();
      });
    });
  }
}
