import { after, type Instant } from "../core/kernel/instant.ts";
import type { Clock, Log, LogFields, Timer } from "./ports.ts";

/** How many lines of one event are written before they are thinned, and how often one more is after that. */
interface Pace {
  readonly burst: number;
  readonly everyMs: number;
}

/** What a loose plug, a broker or a person may cause: the first thirty tell the story, then ten seconds apart. */
const usual: Pace = { burst: 30, everyMs: 10_000 };

/** What an open line or a wrong speed causes at any rate: bytes that are no lines once, lines that are no codes a few times, then once a minute. */
const noise: Pace = { burst: 1, everyMs: 60_000 };
const nonsense: Pace = { burst: 20, everyMs: 60_000 };

/** A code and some screens for each payment are the story that is read when somebody complains. */
const story: Pace = { burst: 300, everyMs: 5_000 };

const paces: ReadonlyMap<string, Pace> = new Map([
  ["scanner.discarded", noise],
  ["scanner.refused", nonsense],
  ["scanner.scanned", story],
  ["screen.shown", story],
]);

/** What happens to money, goods and the journal: nobody outside causes more of it than payments allow, and all of it counts. */
const whole = /^(?:alarm$|box\.|provider\.|goods\.|journal\.|order\.|relay\.)/;

type Level = "info" | "warn" | "error";

/** The newest line of an event that was not written yet. */
interface Waiting {
  readonly level: Level;
  readonly fields: LogFields;
  readonly timer: Timer;
}

interface Account {
  /** Lines that may be written now. */
  left: number;
  /** When one more comes back; null while none is spent. */
  nextAt: Instant | null;
  /** How many were held back since the last line. */
  unsaid: number;
  waiting: Waiting | null;
}

/**
 * A log in which nobody can fill the disk: where an event comes more often than anybody reads, it is counted instead, and its
 * newest line is written later with how many came before it (`unsaid`). The end of a flood is always told, so that the last
 * line about a device says how it is.
 */
export class CalmLog implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  debug(event: string, fields?: LogFields): void {
    this.#log.debug(event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#say("info", event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#say("warn", event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#say("error", event, fields);
  }

  /** Writes what waits, at the end of the process. */
  flush(): void {
    for (const [event, account] of this.#accounts) this.#tell(event, account);
  }

  #say(level: Level, event: string, fields: LogFields = {}): void {
    if (whole.test(event)) {
      this.#log[level](event, fields);
      return;
    }
    const pace = paces.get(event) ?? usual;
    const account = this.#accountOf(event, pace);
    const now = this.#clock.now();
    this.#regain(account, pace, now);
    account.nextAt ??= after(now, pace.everyMs);
    if (account.left > 0 && account.waiting === null) {
      account.left -= 1;
      this.#log[level](event, fields);
      return;
    }
    const timer =
      account.waiting?.timer ?? this.#clock.at(account.nextAt, () => this.#due(event, account, pace));
    if (account.waiting !== null) account.unsaid += 1;
    account.waiting = { level, fields, timer };
  }

  #due(event: string, account: Account, pace: Pace): void {
    this.#regain(account, pace, this.#clock.now());
    account.left -= 1;
    account.nextAt ??= after(this.#clock.now(), pace.everyMs);
    this.#tell(event, account);
  }

  #tell(event: string, account: Account): void {
    const { waiting, unsaid } = account;
    if (waiting === null) return;
    waiting.timer.cancel();
    account.waiting = null;
    account.unsaid = 0;
    this.#log[waiting.level](event, unsaid === 0 ? waiting.fields : { ...waiting.fields, unsaid });
  }

  #accountOf(event: string, { burst }: Pace): Account {
    const known = this.#accounts.get(event);
    if (known !== undefined) return known;
    // Events have names of their own in the sources, so there are some dozens of them.
    const made: Account = { left: burst, nextAt: null, unsaid: 0, waiting: null };
    this.#accounts.set(event, made);
    return made;
  }

  #regain(account: Account, { burst, everyMs }: Pace, now: Instant): void {
    while (account.nextAt !== null && account.nextAt <= now) {
      account.left += 1;
      account.nextAt = account.left < burst ? after(account.nextAt, everyMs) : null;
    }
  }
}
