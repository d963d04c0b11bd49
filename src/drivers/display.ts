import { type DisplaySize, drawFrame } from "../core/codecs/display-frame.ts";
import { after, earlier, type Instant } from "../core/kernel/instant.ts";
import { bootScreen, type Screen } from "../core/payment/screen.ts";
import type { Language } from "../core/payment/texts.ts";
import type { Clock, DisplayConnection, DisplayLink, Log, Timer } from "../runtime/ports.ts";
import { changedRuns } from "./display-runs.ts";
import { RedrawPace } from "./redraw-pace.ts";
import { Reopening } from "./reopening.ts";

/** The first pause before the module is started again; each failure in a row doubles it. */
export const REOPEN_FIRST_MS = 500;

/** The longest such pause. */
export const REOPEN_LAST_MS = 5_000;

/** What is not ready in this time never will be: a module takes a tenth of a second, but udev up to two for its pins. */
export const READY_WITHIN_MS = 3_000;

/** How often a module is started anew although nothing is known to be wrong with it. */
export const RESYNC_EVERY_MS = 600_000;

/** It is not started anew while people look at it: for so long nothing but the line that takes turns must have changed. */
export const REST_MS = 5_000;

/** Where no such rest comes, it is started anew all the same: a tenth of a second without text is better than nonsense. */
export const RESYNC_LATEST_MS = 2 * RESYNC_EVERY_MS;

/** What a display is made of. */
export interface DisplayParts {
  readonly link: DisplayLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly language: Language;
  readonly size: DisplaySize;
}

type State =
  | { readonly at: "stopped" }
  | { readonly at: "opening"; readonly connection: DisplayConnection; readonly timer: Timer }
  | { readonly at: "ready"; readonly connection: DisplayConnection; readonly timer: Timer }
  /** The connection ends; what comes after it is opened, waited for, or nothing. */
  | { readonly at: "closing"; readonly next: "open" | "stop"; readonly cause: string | null }
  | { readonly at: "failed"; readonly timer: Timer };

/**
 * Keeps a character display at the newest screen: it writes only the cells that differ from what stands there, one write at
 * a time, and of pictures that come too fast the newest. A module that loses the beat of its four data lines shows nonsense
 * and says nothing, so every module is started anew from time to time. A display that fails is started again for ever;
 * payments do not depend on it.
 */
export class Display {
  readonly #parts: DisplayParts;
  readonly #pace = new RedrawPace();
  #state: State = { at: "stopped" };
  /** Counts connections; what an earlier one still says is not heard. */
  #connection = 0;
  readonly #reopening: Reopening;
  #status: "ready" | "absent" | null = null;
  #wanted: readonly string[];
  /** What stands on the display, or will when the write that is under way has ended. */
  #shadow: readonly string[] = [];
  #writing = false;
  #redraw: Timer | null = null;
  #screen: Screen = bootScreen;
  /** When something else than the line that takes turns changed last: an advert or a menu goes on for ever. */
  #changedAt: Instant;
  #readyAt: Instant;
  readonly #whenStopped: (() => void)[] = [];

  constructor(parts: DisplayParts) {
    this.#parts = parts;
    this.#reopening = new Reopening(parts.clock, { firstMs: REOPEN_FIRST_MS, lastMs: REOPEN_LAST_MS });
    this.#wanted = drawFrame(bootScreen, parts.language, parts.size);
    this.#changedAt = parts.clock.now();
    this.#readyAt = this.#changedAt;
  }

  /** Whether the module is there; null while nobody has found out. */
  get status(): "ready" | "absent" | null {
    return this.#status;
  }

  start(): void {
    if (this.#state.at === "stopped") this.#open();
  }

  /** Shows the screen in place of the last one, as soon as there is a display. */
  show(screen: Screen): void {
    const { clock, language, size } = this.#parts;
    const before = drawFrame({ ...this.#screen, line: screen.line }, language, size);
    this.#screen = screen;
    this.#wanted = drawFrame(screen, language, size);
    if (String(this.#wanted) !== String(before)) this.#changedAt = clock.now();
    this.#draw();
  }

  /** Starts the module anew and draws the whole picture, where there is a module. */
  resync(): void {
    if (this.#state.at === "ready") this.#close("open", null);
  }

  /** Draws nothing more; calls back when the last write has ended and the module is free. */
  stop(done: () => void): void {
    const { clock } = this.#parts;
    switch (this.#state.at) {
      case "opening":
      case "ready":
        this.#whenStopped.push(done);
        this.#close("stop", null);
        return;
      case "closing":
        this.#whenStopped.push(done);
        this.#state = { at: "closing", next: "stop", cause: null };
        return;
      case "failed":
        this.#state.timer.cancel();
        break;
      case "stopped":
        break;
    }
    this.#stopped();
    clock.at(clock.now(), done);
  }

  #open(): void {
    const { link, clock } = this.#parts;
    this.#connection += 1;
    const number = this.#connection;
    const heard = (event: () => void): void => {
      if (number === this.#connection) event();
    };
    const connection = link.open({
      ready: () => heard(() => this.#ready(connection)),
      closed: (cause) => heard(() => this.#closed(cause)),
    });
    const timer = clock.at(after(clock.now(), READY_WITHIN_MS), () =>
      this.#close("open", `not ready within ${READY_WITHIN_MS} ms`),
    );
    this.#state = { at: "opening", connection, timer };
  }

  #ready(connection: DisplayConnection): void {
    const { clock, log, size } = this.#parts;
    if (this.#state.at !== "opening") return;
    this.#state.timer.cancel();
    const now = clock.now();
    this.#reopening.reset();
    this.#shadow = Array.from({ length: size.rows }, () => " ".repeat(size.columns));
    this.#readyAt = now;
    this.#state = { at: "ready", connection, timer: this.#resyncTimer(after(now, RESYNC_EVERY_MS)) };
    if (this.#status !== "ready") log.info("display.ready");
    this.#status = "ready";
    this.#draw();
  }

  #draw(): void {
    if (this.#state.at !== "ready" || this.#writing || this.#redraw !== null) return;
    const { clock } = this.#parts;
    const runs = changedRuns(this.#shadow, this.#wanted);
    if (runs.length === 0) return;
    const now = clock.now();
    const allowedAt = this.#pace.allowedAt(now);
    if (allowedAt > now) {
      this.#redraw = clock.at(allowedAt, () => {
        this.#redraw = null;
        this.#draw();
      });
      return;
    }
    this.#pace.spend(now);
    this.#shadow = this.#wanted;
    this.#writing = true;
    const number = this.#connection;
    this.#state.connection.write(runs, () => {
      if (number !== this.#connection) return;
      this.#writing = false;
      this.#draw();
    });
  }

  #resyncTimer(moment: Instant): Timer {
    return this.#parts.clock.at(moment, () => {
      if (this.#state.at !== "ready") return;
      const rested = earlier(after(this.#changedAt, REST_MS), after(this.#readyAt, RESYNC_LATEST_MS));
      if (rested <= this.#parts.clock.now()) this.resync();
      else this.#state = { ...this.#state, timer: this.#resyncTimer(rested) };
    });
  }

  /** Ends the connection from our side. */
  #close(next: "open" | "stop", cause: string | null): void {
    const state = this.#state;
    if (state.at !== "opening" && state.at !== "ready") return;
    this.#forget();
    this.#state = { at: "closing", next, cause };
    state.connection.close(() => this.#free());
  }

  /** The module has ended the connection. */
  #closed(cause: string): void {
    this.#forget();
    this.#fail(cause);
  }

  #free(): void {
    if (this.#state.at !== "closing") return;
    const { next, cause } = this.#state;
    if (next === "stop") this.#stopped();
    else if (cause === null) this.#open();
    else this.#fail(cause);
  }

  #fail(cause: string): void {
    const { log } = this.#parts;
    const { timer, retryInMs } = this.#reopening.later(() => this.#open());
    this.#state = { at: "failed", timer };
    const fields = { cause, retryInMs };
    if (this.#status === "absent") log.debug("display.absent", fields);
    else log.warn("display.absent", fields);
    this.#status = "absent";
  }

  /** Nothing that belongs to the connection that ends is heard or done any more. */
  #forget(): void {
    this.#connection += 1;
    this.#writing = false;
    this.#redraw?.cancel();
    this.#redraw = null;
    if (this.#state.at === "opening" || this.#state.at === "ready") this.#state.timer.cancel();
  }

  #stopped(): void {
    this.#state = { at: "stopped" };
    this.#reopening.reset();
    this.#status = null;
    for (const done of this.#whenStopped.splice(0)) done();
  }
}
