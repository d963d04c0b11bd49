import { after, type Instant } from "../core/kernel/instant.ts";
import type { Clock, GpioLines, GpioLink, Log, Timer } from "../runtime/ports.ts";
import { Claim } from "./claim.ts";
import { isOn, type Pin } from "./pin.ts";

/** The pin of a contact, and how many milliseconds it must be steady. */
export interface ContactSettings extends Pin {
  readonly debounceMs: number;
}

/** Hears a contact. */
export interface ContactListener {
  /** Comes once when the first level is steady, then at each change. */
  changed(active: boolean): void;
  /**
   * Comes at each change and once for the first try; `cause` says why the contact cannot be read. It is ready when its first
   * level has been told: what it was before it was lost says nothing.
   */
  status(state: ContactStatus, cause: string | null): void;
}

/** Whether the contact can be read now. */
export type ContactStatus = "ready" | "absent";

/** What a contact is made of. */
export interface ContactParts {
  readonly link: GpioLink;
  readonly clock: Clock;
  readonly log: Log;
  /** What it is, for the log: `inhibit`, `door`. */
  readonly name: string;
  readonly settings: ContactSettings;
  readonly listener: ContactListener;
}

/** Edges get lost: a level that nobody told of is seen after so long. */
export const LOOK_EVERY_MS = 1_000;

/** A level that does not stand still for so long is a wire without a pull-up, or a loose one. */
export const UNSTEADY_MS = 5_000;

/**
 * A contact or an output of a machine that is either active or not. Edges only say that there is something to
 * see: what counts is a level that stood still, because contacts bounce and long wires pick things up.
 */
export class Contact {
  readonly #parts: ContactParts;
  readonly #claim: Claim;
  #lines: GpioLines | null = null;
  /** What was told last. */
  #told: boolean | null = null;
  #ready = false;
  /** Waits for the level to stand still, or for the next look. */
  #timer: Timer | null = null;
  /** Since when it has not stood still, and whether that was logged. */
  #unsteady: { readonly since: Instant; logged: boolean } | null = null;

  constructor(parts: ContactParts) {
    this.#parts = parts;
    const { link, clock, log, name, settings, listener } = parts;
    const { pin, debounceMs } = settings;
    this.#claim = new Claim({
      ...{ link, clock, log, device: name },
      lines: [{ use: "input", pin, pullUp: true, debounceMs }],
      listener: {
        claimed: (lines) => {
          this.#lines = lines;
          lines.watch(true);
          this.#settle(lines);
        },
        edge: () => {
          if (this.#lines !== null) this.#settle(this.#lines);
        },
        absent: (cause) => {
          this.#leave();
          listener.status("absent", cause);
        },
      },
    });
  }

  start(): void {
    this.#claim.start();
  }

  /** Lets go of the line; nothing is heard after this call. Calls back when the line is free. */
  stop(done: () => void): void {
    this.#leave();
    this.#told = null;
    this.#claim.stop(done);
  }

  #leave(): void {
    this.#lines = null;
    this.#ready = false;
    this.#unsteady = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /**
   * Looks now and again when nothing has moved for the time: a level that is the same then has stood still.
   */
  #settle(lines: GpioLines): void {
    const { clock, settings } = this.#parts;
    this.#timer?.cancel();
    this.#watchRest();
    const active = isOn(settings, lines.read(settings.pin));
    this.#timer = clock.at(after(clock.now(), settings.debounceMs), () => {
      // An edge that was not told of.
      if (isOn(settings, lines.read(settings.pin)) !== active) {
        this.#settle(lines);
        return;
      }
      this.#unsteady = null;
      this.#timer = clock.at(after(clock.now(), LOOK_EVERY_MS), () => this.#settle(lines));
      this.#tell(active);
    });
  }

  /** Says once that the level moves and moves: nobody would know why the box takes the machine for busy. */
  #watchRest(): void {
    const { clock, log, name } = this.#parts;
    this.#unsteady ??= { since: clock.now(), logged: false };
    if (this.#unsteady.logged || clock.now() < after(this.#unsteady.since, UNSTEADY_MS)) return;
    this.#unsteady.logged = true;
    log.warn("contact.unsteady", { device: name });
  }

  #tell(active: boolean): void {
    const { listener, log, name } = this.#parts;
    const lines = this.#lines;
    if (active !== this.#told) {
      this.#told = active;
      log.info("contact.changed", { device: name, active });
      listener.changed(active);
    }
    // Whoever heard that may have stopped it.
    if (this.#ready || lines === null || lines !== this.#lines) return;
    this.#ready = true;
    listener.status("ready", null);
  }
}
