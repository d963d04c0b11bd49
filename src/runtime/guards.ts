/**
 * What is optional can fail when it is made, when it is opened and at any moment later, and never ends what owes money: each
 * such link stands behind a guard that turns a failure to load and a thrown error of a library into the end that its port has
 * anyway. The driver behind it tells of it and tries again, as it does with a plug that was pulled.
 */
import { Defect } from "../core/kernel/defect.ts";
import type {
  BrokerConnection,
  BrokerLink,
  Clock,
  DisplayConnection,
  DisplayLink,
  GpioLines,
  GpioLink,
  Level,
  Log,
  SerialConnection,
  SerialLink,
} from "./ports.ts";

/** A link, or a sentence that says why there is none now. */
export type Loaded<Link> =
  | { readonly ok: true; readonly link: Link }
  | { readonly ok: false; readonly problem: string };

/** Finds the link; asked again at each try until it is found. It may call back at once. */
export type Loader<Link> = (done: (loaded: Loaded<Link>) => void) => void;

/** A link that is there already. */
export function found<Link>(link: Link): Loader<Link> {
  return (done) => done({ ok: true, link });
}

/** A link that takes a promise to find; what rejects is a failure like any other. */
export function promised<Link>(load: () => Promise<Loaded<Link>>): Loader<Link> {
  const settled = (): Promise<Loaded<Link>> =>
    load().catch((error: unknown) => ({ ok: false, problem: sentenceOf(error) }));
  return (done) => {
    void (async () => done(await settled()))();
  };
}

/** What a thrown error says. Our own contradictions are no failure of a part: they go on. */
function sentenceOf(error: unknown): string {
  if (error instanceof Defect) throw error;
  return error instanceof Error ? error.message : String(error);
}

/** One connection behind a guard, from its opening to the one end that it has. */
class Guarded<Inner> {
  readonly #clock: Clock;
  readonly #closed: (cause: string) => void;
  readonly #free: (inner: Inner, done: () => void) => void;
  #inner: Inner | null = null;
  #over = false;

  constructor(parts: {
    readonly clock: Clock;
    readonly closed: (cause: string) => void;
    /** Lets go of the connection. */
    readonly free: (inner: Inner, done: () => void) => void;
  }) {
    this.#clock = parts.clock;
    this.#closed = parts.closed;
    this.#free = parts.free;
  }

  /** Begins with the link, where there is one. */
  begin<Link>(load: Loader<Link>, open: (link: Link) => Inner | null): void {
    load((loaded) => {
      if (this.#over) return;
      if (loaded.ok) {
        this.#tried(() => {
          const inner = open(loaded.link);
          if (inner !== null) this.hold(inner);
        });
      } else this.#fail(loaded.problem);
    });
  }

  hold(inner: Inner): void {
    this.#inner = inner;
  }

  /** What the connection says is heard until its end. */
  heard(event: () => void): void {
    if (!this.#over) event();
  }

  do(action: (inner: Inner) => void): void {
    const inner = this.#inner;
    if (inner === null || this.#over) return;
    // Not by `#tried`, which would need a closure more for each pin that is read.
    try {
      action(inner);
    } catch (error) {
      this.#fail(sentenceOf(error));
    }
  }

  /** The connection has said itself that it is over. */
  ended(cause: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#closed(cause);
  }

  /** Ends it from our side; it is never heard again. */
  close(done: () => void): void {
    const inner = this.#over ? null : this.#inner;
    this.#over = true;
    if (inner === null) this.#soon(done);
    else this.#freed(inner, done);
  }

  #tried(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(sentenceOf(error));
    }
  }

  /** It failed in our handlers: told after the call that showed it has returned. */
  #fail(cause: string): void {
    const inner = this.#inner;
    this.#inner = null;
    if (inner !== null) this.#freed(inner, () => undefined);
    this.#soon(() => this.ended(cause));
  }

  #freed(inner: Inner, done: () => void): void {
    try {
      this.#free(inner, done);
    } catch (error) {
      sentenceOf(error);
      this.#soon(done);
    }
  }

  #soon(call: () => void): void {
    this.#clock.at(this.#clock.now(), call);
  }
}

/** A broker whose library, credentials or name may be of no use. */
export function guardedBroker(load: Loader<BrokerLink>, clock: Clock): BrokerLink {
  return {
    connect: (settings, listener) => {
      const guard = new Guarded<BrokerConnection>({
        clock,
        closed: (cause) => listener.closed(cause),
        free: (inner, done) => inner.close(done),
      });
      guard.begin(load, (link) =>
        link.connect(settings, {
          connected: (session) => guard.heard(() => listener.connected(session)),
          message: (topic, payload) => guard.heard(() => listener.message(topic, payload)),
          closed: (cause) => guard.ended(cause),
        }),
      );
      return {
        publish: (message, done) =>
          guard.do((inner) => inner.publish(message, (code) => guard.heard(() => done(code)))),
        subscribe: (topic) => guard.do((inner) => inner.subscribe(topic)),
        close: (done) => guard.close(done),
      };
    },
  };
}

/** A display whose library or bus may not be there. */
export function guardedDisplay(load: Loader<DisplayLink>, clock: Clock): DisplayLink {
  return {
    open: (listener) => {
      const guard = new Guarded<DisplayConnection>({
        clock,
        closed: (cause) => listener.closed(cause),
        free: (inner, done) => inner.close(done),
      });
      guard.begin(load, (link) =>
        link.open({
          ready: () => guard.heard(() => listener.ready()),
          closed: (cause) => guard.ended(cause),
        }),
      );
      return {
        write: (runs, done) => guard.do((inner) => inner.write(runs, () => guard.heard(done))),
        close: (done) => guard.close(done),
      };
    },
  };
}

/** A scanner whose library may not load. */
export function guardedSerial(load: Loader<SerialLink>, clock: Clock): SerialLink {
  let known: SerialLink | null = null;
  return {
    open: (settings, listener) => {
      const guard = new Guarded<SerialConnection>({
        clock,
        closed: (cause) => listener.closed(cause),
        free: (inner, done) => inner.close(done),
      });
      guard.begin(load, (link) => {
        known = link;
        return link.open(settings, {
          opened: () => guard.heard(() => listener.opened()),
          began: () => guard.heard(() => listener.began?.()),
          line: (text) => guard.heard(() => listener.line(text)),
          discarded: (bytes) => guard.heard(() => listener.discarded(bytes)),
          closed: (cause) => guard.ended(cause),
        });
      });
      return {
        write: (bytes) => guard.do((inner) => inner.write(bytes)),
        close: (done) => guard.close(done),
      };
    },
    // A hint that never comes costs a moment: the scanner is tried again in any case.
    watch: (path, changed) => {
      try {
        return known?.watch(path, changed) ?? { end: () => undefined };
      } catch (error) {
        sentenceOf(error);
        return { end: () => undefined };
      }
    },
  };
}

/** Pins whose chip may not be there, or may go. */
export function guardedGpio(load: Loader<GpioLink>, clock: Clock): GpioLink {
  return {
    claim: (wanted, listener, done) => {
      let told = false;
      const guard = new Guarded<GpioLines>({
        clock,
        closed: (cause) => {
          if (told) listener.lost(cause);
          else done({ kind: "refused", why: cause });
        },
        free: (inner, freed) => inner.release(freed),
      });
      const ears = {
        edge: () => guard.heard(() => listener.edge()),
        lost: (cause: string) => guard.ended(cause),
      };
      guard.begin(load, (link) => {
        link.claim(wanted, ears, (outcome) => {
          if (outcome.kind === "refused") {
            guard.ended(outcome.why);
            return;
          }
          guard.hold(outcome.lines);
          told = true;
          done({ kind: "claimed", lines: guardedLines(guard) });
        });
        return null;
      });
    },
  };
}

function guardedLines(guard: Guarded<GpioLines>): GpioLines {
  const levels = new Map<number, Level>();
  return {
    read: (pin) => {
      guard.do((inner) => levels.set(pin, inner.read(pin)));
      // Pulled up, as a line that nobody drives.
      return levels.get(pin) ?? 1;
    },
    write: (wanted) => guard.do((inner) => inner.write(wanted)),
    watch: (watching) => guard.do((inner) => inner.watch(watching)),
    release: (done) => guard.close(done),
  };
}

/** A log that cannot be written is no reason for anything. */
export function guardedLog(log: Log): Log {
  const tried = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      sentenceOf(error);
    }
  };
  return {
    debug: (event, fields) => tried(() => log.debug(event, fields)),
    info: (event, fields) => tried(() => log.info(event, fields)),
    warn: (event, fields) => tried(() => log.warn(event, fields)),
    error: (event, fields) => tried(() => log.error(event, fields)),
  };
}
