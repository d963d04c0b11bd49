import { readPaymentCode, scannerMark } from "../core/codecs/scan.ts";
import { scannerProfiles } from "../core/codecs/scanner-profile.ts";
import { after, type Instant } from "../core/kernel/instant.ts";
import type { PaymentCode, ScanRefusal } from "../core/payment/payment-code.ts";
import type {
  Clock,
  Log,
  PathWatch,
  ScanDiscarded,
  SerialConnection,
  SerialLink,
  SerialSettings,
  Timer,
} from "../runtime/ports.ts";
import { Reopening } from "./reopening.ts";
import { ScanTrigger } from "./scan-trigger.ts";

/** The first pause before the device is opened again; each failure in a row doubles it. */
export const REOPEN_FIRST_MS = 500;

/** The longest such pause: a scanner is ready within 3 s of its return, where no hint comes of it too. */
export const REOPEN_LAST_MS = 2_000;

/** From the hint that the device is back to the next try: a moment for the system to hand it over. */
export const RETURN_MS = 50;

/** Hears what the scanner reads and whether it is there. */
export interface ScannerListener {
  /** Something lies there that it has not read to its end. */
  began?(): void;
  scanned(code: PaymentCode, at: Instant): void;
  /** `over-long` and `unfinished` were thrown away unread: noise, or codes that ran into each other. */
  refused(refusal: ScanRefusal | "over-long" | "unfinished"): void;
  /** Comes at each change and once for the first try; `cause` says why the scanner is absent. */
  status(state: ScannerStatus, cause: string | null): void;
}

/** Whether codes can be read now. */
export type ScannerStatus = "ready" | "absent";

/** What has come since the start: payment codes of whatever wallet, other lines, and what was thrown away and why. */
export interface ScanCounts {
  /** Why the scanner cannot be read now, null where it can or nobody knows yet. */
  readonly absent: string | null;
  readonly codes: number;
  readonly refused: number;
  /** Those of the refused that are codes behind a mark which the scanner adds. */
  readonly marked: number;
  readonly discarded: Readonly<Record<ScanDiscarded, number>>;
}

/** What a scanner is made of. */
export interface ScannerParts {
  readonly link: SerialLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: SerialSettings;
  readonly listener: ScannerListener;
}

type State =
  | { readonly at: "stopped" }
  | { readonly at: "opening" | "ready"; readonly connection: SerialConnection }
  | { readonly at: "failed"; readonly timer: Timer; readonly watch: PathWatch };

/**
 * A serial scanner that is opened, read and opened again for ever: whatever the device does, payments go on being
 * possible when it returns. Every line that arrives is classified; which scan counts is not decided here. Where its
 * profile has a trigger, it reads while it is wanted to.
 */
export class Scanner {
  readonly #parts: ScannerParts;
  readonly #trigger: ScanTrigger;
  #state: State = { at: "stopped" };
  /** Counts connections; what an earlier one still says is not heard. */
  #connection = 0;
  readonly #reopening: Reopening;
  #status: ScannerStatus | null = null;
  #cause: string | null = null;
  #codes = 0;
  #refused = 0;
  #marked = 0;
  readonly #discarded: Record<ScanDiscarded, number> = { "over-long": 0, unfinished: 0, "alt-numbers": 0 };

  constructor(parts: ScannerParts) {
    this.#parts = parts;
    this.#reopening = new Reopening(parts.clock, { firstMs: REOPEN_FIRST_MS, lastMs: REOPEN_LAST_MS });
    const { trigger } = scannerProfiles[parts.settings.profile];
    this.#trigger = new ScanTrigger(trigger, parts.clock);
  }

  /** What has come since the start. */
  get counts(): ScanCounts {
    return {
      absent: this.#cause,
      codes: this.#codes,
      refused: this.#refused,
      marked: this.#marked,
      discarded: { ...this.#discarded },
    };
  }

  start(): void {
    if (this.#state.at === "stopped") this.#open();
  }

  /**
   * Says whether a code is waited for. A scanner with a trigger reads while that is so and it is there, and rests
   * otherwise; the others are not told. What a scanner reads unasked is heard all the same.
   */
  want(reading: boolean): void {
    this.#trigger.want(reading);
  }

  /** Ends scanning; nothing is heard after this call. Calls back when the device is free. */
  stop(done: () => void): void {
    const { clock } = this.#parts;
    const state = this.#state;
    this.#trigger.rest();
    this.#trigger.detach();
    this.#state = { at: "stopped" };
    this.#connection += 1;
    this.#reopening.reset();
    this.#status = null;
    switch (state.at) {
      case "opening":
      case "ready":
        state.connection.close(done);
        return;
      case "failed":
        state.timer.cancel();
        state.watch.end();
        break;
      case "stopped":
        break;
    }
    clock.at(clock.now(), done);
  }

  #open(): void {
    const { link, settings } = this.#parts;
    this.#connection += 1;
    const number = this.#connection;
    const heard = (event: () => void): void => {
      if (number === this.#connection) event();
    };
    const connection = link.open(settings, {
      opened: () => heard(() => this.#opened(connection)),
      began: () => heard(() => this.#parts.listener.began?.()),
      line: (text) => heard(() => this.#line(text)),
      discarded: (why) => heard(() => this.#threwAway(why)),
      closed: (cause) => heard(() => this.#closed(cause)),
    });
    this.#state = { at: "opening", connection };
  }

  #opened(connection: SerialConnection): void {
    this.#state = { at: "ready", connection };
    this.#reopening.reset();
    this.#parts.log.info("scanner.ready", { path: this.#parts.settings.path });
    this.#trigger.attach(connection);
    this.#report("ready", null);
  }

  #line(text: string): void {
    const { clock, listener, log } = this.#parts;
    const at = clock.now();
    const scan = readPaymentCode(text);
    if (scan.ok) {
      this.#codes += 1;
      this.#trigger.codeCame();
      log.info("scanner.scanned", { code: scan.value.toString(), wallet: scan.value.wallet });
      listener.scanned(scan.value, at);
    } else {
      this.#refused += 1;
      log.info("scanner.refused", { refusal: scan.reason, characters: text.length });
      const mark = scannerMark(text);
      if (mark !== null) {
        this.#marked += 1;
        log.warn("scanner.marked", { mark: JSON.stringify(mark), count: this.#marked });
      }
      listener.refused(scan.reason);
    }
  }

  /** An over-long line is noise or a wrong baud rate; the rest is a scanner that is set up in another way than boxes need. */
  #threwAway(why: ScanDiscarded): void {
    this.#discarded[why] += 1;
    this.#parts.log.warn("scanner.discarded", { why, count: this.#discarded[why] });
    this.#parts.listener.refused(why === "over-long" ? why : "unfinished");
  }

  #closed(cause: string): void {
    const { link, log, settings } = this.#parts;
    this.#connection += 1;
    this.#trigger.detach();
    const watch = link.watch(settings.path, () => this.#returned());
    const { timer, retryInMs } = this.#reopening.later(() => this.#openAgain());
    this.#state = { at: "failed", timer, watch };
    const fields = { path: settings.path, cause, retryInMs };
    if (this.#status === "absent") log.debug("scanner.absent", fields);
    else log.warn("scanner.absent", fields);
    this.#report("absent", cause);
  }

  /** Something came to the path of the absent scanner: the next try is moved up to now, once. */
  #returned(): void {
    if (this.#state.at !== "failed") return;
    this.#state.timer.cancel();
    this.#state.watch.end();
    const { clock } = this.#parts;
    const timer = clock.at(after(clock.now(), RETURN_MS), () => this.#openAgain());
    this.#state = { ...this.#state, timer };
  }

  #openAgain(): void {
    if (this.#state.at === "failed") this.#state.watch.end();
    this.#open();
  }

  #report(status: ScannerStatus, cause: string | null): void {
    this.#cause = cause;
    if (status === this.#status) return;
    this.#status = status;
    this.#parts.listener.status(status, cause);
  }
}
