import type { Ask } from "../commands/callers.ts";
import { after } from "../core/kernel/instant.ts";
import { isBusy } from "../core/payment/box.ts";
import type { Journal } from "../journal/journal.ts";
import type { Loop } from "../runtime/loop.ts";
import type { Clock, Log, Timer } from "../runtime/ports.ts";
import type { Providers } from "./providers.ts";

/** What is looked after, and who hears of it. */
export interface UpkeepParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly providers: Providers;
  readonly loop: Loop;
  /** The box takes commands from here as from everybody. */
  readonly ask: Ask;
}

/** How often the box looks whether the journal's segment is long enough, and the certificate still valid. */
const TEND_EVERY_MS = 60_000;

/** How often it looks whether the disk has room for the record of another payment. */
const ROOM_EVERY_MS = 10_000;

/** How often the next slice of the journal is proved: some milliseconds of the processor each time. */
const PROVE_EVERY_MS = 1_000;

/** What is looked at from time to time: the length of the journal, room on the disk, what takes money back. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  #tendTimer: Timer | null = null;
  #roomTimer: Timer | null = null;
  #proofTimer: Timer | null = null;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Looks at the room now, and at everything from time to time. */
  start(): void {
    this.#tendLater();
    this.#lookForRoom();
    this.#proveLater();
  }

  /** Looks at nothing any more. */
  stop(): void {
    this.#tendTimer?.cancel();
    this.#roomTimer?.cancel();
    this.#proofTimer?.cancel();
  }

  /** A box that cannot record another payment says so before somebody is asked for one. */
  #lookForRoom(): void {
    const { clock, journal, log, loop } = this.#parts;
    journal.room((room) => {
      const before = loop.turn?.box.room;
      if (room === before) return;
      if (!room) log.error("journal.full", {});
      else if (before === false) log.info("journal.room", {});
      loop.post({ type: "room-changed", room });
    });
    this.#roomTimer = clock.at(after(clock.now(), ROOM_EVERY_MS), () => this.#lookForRoom());
  }

  /** Proves the journal to its end, a slice at a time, and none while somebody pays. */
  #proveLater(): void {
    const { clock, journal, loop } = this.#parts;
    this.#proofTimer = clock.at(after(clock.now(), PROVE_EVERY_MS), () => {
      const box = loop.turn?.box;
      if (box !== undefined && (isBusy(box) || box.foreground.name === "paying")) this.#proveLater();
      else
        journal.prove((more) => {
          if (more) this.#proveLater();
        });
    });
  }

  #tendLater(): void {
    const { ask, clock, journal } = this.#parts;
    this.#tendTimer = clock.at(after(clock.now(), TEND_EVERY_MS), () => {
      if (journal.isRotationDue()) ask({ name: "journal rotate" }, () => undefined);
      this.#checkCertificates();
      this.#tendLater();
    });
  }

  /** A box that is believed is not probed, and its certificate expires meanwhile: that is said as a probe would say it. */
  #checkCertificates(): void {
    const { loop, providers } = this.#parts;
    for (const [provider, { proved, probe }] of loop.turn?.box.health ?? []) {
      const why = proved && probe !== "inFlight" ? providers.of(provider).fault() : null;
      if (why !== null) loop.post({ type: "probed", provider, answer: { kind: "failed", why } });
    }
  }
}
