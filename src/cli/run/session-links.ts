/**
 * The links of one life of a box. Whatever the box knows of the world comes through them, so that a box whose links
 * are cut is dead: nothing that it still tries has an effect, nothing reaches it, and only its journal is left.
 */

import type { Links } from "../../composed/parts.ts";
import type { JournalStore } from "../../journal/journal.ts";
import type {
  BrokerLink,
  Clock,
  DisplayLink,
  HttpsLink,
  HttpsRequest,
  Log,
  SerialLink,
  Timer,
} from "../../runtime/ports.ts";

/** Whether a box lives, and what happens when it dies. */
export class PowerSession {
  #alive = true;
  readonly #timers = new Set<Timer>();
  readonly #onDeath = new Set<() => void>();

  /** Ends the life. What was to be heard later never is. */
  die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const timer of this.#timers) timer.cancel();
    for (const callback of this.#onDeath) callback();
  }

  /** Calls back at the end of the life, unless what is returned is called before. */
  #atDeath(callback: () => void): () => void {
    this.#onDeath.add(callback);
    return () => this.#onDeath.delete(callback);
  }

  /** The same callback for as long as the box lives. */
  #heard<Heard extends readonly unknown[]>(callback: (...heard: Heard) => void): (...heard: Heard) => void {
    return (...heard) => {
      if (this.#alive) callback(...heard);
    };
  }

  /** The links as this life has them. */
  links(links: Links): Links {
    const { clock, entropy, log, store, serial, broker, display } = links;
    return {
      clock: this.#clock(clock),
      entropy,
      log: this.#log(log),
      store: this.#store(store),
      serial: serial === null ? null : this.#serial(serial),
      broker: broker === null ? null : this.#broker(broker),
      display: display === null ? null : this.#display(display),
      gpio: null,
    };
  }

  /** A provider's network as this life has it; `asked` hears of every request that is about to leave. */
  https(https: HttpsLink, asked: (request: HttpsRequest) => void): HttpsLink {
    // The kernel closes the sockets of a process that is gone.
    this.#atDeath(() => https.close(() => {}));
    return {
      exchange: (request, done) => {
        if (!this.#alive) return;
        asked(request);
        https.exchange(request, this.#heard(done));
      },
      warm: this.#heard((host: string) => https.warm(host)),
      localAddress: () => https.localAddress(),
      close: (done) => https.close(this.#heard(done)),
    };
  }

  #clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      trusted: () => clock.trusted(),
      at: (moment, callback) => {
        if (!this.#alive) return { cancel: () => {} };
        const timer = clock.at(moment, () => {
          this.#timers.delete(timer);
          callback();
        });
        this.#timers.add(timer);
        return {
          cancel: () => {
            this.#timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
  }

  #log(log: Log): Log {
    return {
      debug: this.#heard((event, fields) => log.debug(event, fields)),
      info: this.#heard((event, fields) => log.info(event, fields)),
      warn: this.#heard((event, fields) => log.warn(event, fields)),
      error: this.#heard((event, fields) => log.error(event, fields)),
    };
  }

  /** What was handed over for writing is written, as a kernel does it for a process that was killed. */
  #store(store: JournalStore): JournalStore {
    return {
      open: (done) => store.open(this.#heard(done)),
      append: (rows, done) => {
        if (this.#alive) store.append(rows, this.#heard(done));
      },
      follow: (afterSeq, limit, done) => {
        if (this.#alive) store.follow(afterSeq, limit, this.#heard(done));
      },
      order: (outTradeNo, done) => {
        if (this.#alive) store.order(outTradeNo, this.#heard(done));
      },
      moveCursor: this.#heard((name, seq) => store.moveCursor(name, seq)),
      room: (done) => {
        if (this.#alive) store.room(this.#heard(done));
      },
      survey: (wish, done) => {
        if (this.#alive) store.survey(wish, this.#heard(done));
      },
      rotate: (segment, first, done) => {
        if (this.#alive) store.rotate(segment, first, this.#heard(done));
      },
      read: (behind, limit, done) => {
        if (this.#alive) store.read(behind, limit, this.#heard(done));
      },
      condemn: (sentence, done) => {
        if (this.#alive) store.condemn(sentence, this.#heard(done));
      },
      close: (done) => {
        if (this.#alive) store.close(this.#heard(done));
      },
    };
  }

  #serial(serial: SerialLink): SerialLink {
    return {
      open: (settings, listener) => {
        const connection = serial.open(settings, {
          opened: this.#heard(() => listener.opened()),
          began: this.#heard(() => listener.began?.()),
          line: this.#heard((text) => listener.line(text)),
          discarded: this.#heard((why) => listener.discarded(why)),
          closed: this.#heard((cause) => {
            forget();
            listener.closed(cause);
          }),
        });
        const forget = this.#atDeath(() => connection.close(() => {}));
        return {
          write: this.#heard((bytes) => connection.write(bytes)),
          close: (done) => connection.close(this.#heard(done)),
        };
      },
      watch: (path, changed) => {
        const watch = serial.watch(path, this.#heard(changed));
        const forget = this.#atDeath(() => watch.end());
        return {
          end: () => {
            forget();
            watch.end();
          },
        };
      },
    };
  }

  /** A connection that stands is not closed here, for that would say goodbye: the broker's side breaks it. */
  #broker(broker: BrokerLink): BrokerLink {
    return {
      connect: (settings, listener) => {
        let stands = false;
        const connection = broker.connect(settings, {
          connected: (session) => {
            stands = true;
            if (this.#alive) listener.connected(session);
          },
          message: this.#heard((topic, payload) => listener.message(topic, payload)),
          closed: this.#heard((cause) => {
            forget();
            listener.closed(cause);
          }),
        });
        const forget = this.#atDeath(() => {
          if (!stands) connection.close(() => {});
        });
        return {
          publish: (message, done) => {
            if (this.#alive) connection.publish(message, this.#heard(done));
          },
          subscribe: this.#heard((topic) => connection.subscribe(topic)),
          close: (done) => connection.close(this.#heard(done)),
        };
      },
    };
  }

  #display(display: DisplayLink): DisplayLink {
    return {
      open: (listener) => {
        const connection = display.open({
          ready: this.#heard(() => listener.ready()),
          closed: this.#heard((cause) => {
            forget();
            listener.closed(cause);
          }),
        });
        const forget = this.#atDeath(() => connection.close(() => {}));
        return {
          write: (runs, done) => {
            if (this.#alive) connection.write(runs, this.#heard(done));
          },
          close: (done) => {
            forget();
            connection.close(this.#heard(done));
          },
        };
      },
    };
  }
}
