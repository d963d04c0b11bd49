import assert from "node:assert/strict";
import type { RotationOutcome } from "../../src/core/payment/command.ts";
import type { Entry } from "../../src/core/payment/order.ts";
import type { MoneyEvent } from "../../src/journal/event.ts";
import { Journal, type JournalOpened } from "../../src/journal/journal.ts";
import type { RotationRules } from "../../src/journal/rotation.ts";
import type { Log } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { boot } from "./entries.ts";

/**
 * A journal on a simulated disk, and the world's time. Starts again on the same disk as often as a test
 * likes.
 */
export class JournalBox {
  readonly time = new SimulatedTime();
  readonly disk: SimulatedDisk;
  /** Names of the log events, in order. */
  readonly logged: string[] = [];
  /** How the journals that start here rotate, and for whom they keep events. */
  rotation: Partial<RotationRules> = {};
  followers: readonly string[] = [];
  /** Whether the clocks of processes that start are believed. */
  clockTrusted = true;
  /** Whether the disks of processes that start cannot be read for a rotation. */
  unreadable = false;
  /** How often a journal that started here has said that it is damaged. */
  damaged = 0;
  #clock: SimulatedClock | null = null;

  constructor(seed = 1) {
    this.disk = new SimulatedDisk(this.time, new Random(seed));
  }

  /** A process starts: its journal, and what opening it brought. */
  start(): { readonly journal: Journal; readonly outcome: JournalOpened } {
    const wall = Date.UTC(2026, 2, 15) + this.time.now;
    const clock = new SimulatedClock(this.time, wall, this.clockTrusted);
    this.#clock = clock;
    const { rotation, followers } = this;
    const store = this.disk.link();
    if (this.unreadable) store.survey = (_options, done) => void this.time.after(1, () => done(null));
    const journal = new Journal({
      ...{ store, clock, log: this.#log(), rotation, followers },
      damaged: () => {
        this.damaged += 1;
      },
    });
    let outcome: JournalOpened | null = null;
    journal.open((opened) => {
      outcome = opened;
    });
    assert.equal(outcome, null, "nothing comes before open has returned");
    this.pass(1_000);
    assert.ok(outcome !== null);
    return { journal, outcome };
  }

  /** A process starts and its boot is recorded. */
  startBooted(): Journal {
    const { journal, outcome } = this.start();
    assert.equal(outcome.kind, "opened");
    journal.note(boot);
    return journal;
  }

  /** The power fails and comes back. */
  crash(): void {
    this.disk.crash();
    this.#clock?.stop();
  }

  pass(milliseconds: number): void {
    this.time.runUntil(this.time.now + milliseconds);
  }

  /** Appends and waits for the answer. */
  append(journal: Journal, entry: Entry): boolean {
    let answer: boolean | null = null;
    journal.append(entry, (ok) => {
      answer = ok;
    });
    assert.equal(answer, null, "no answer comes before append has returned");
    this.pass(100);
    assert.ok(answer !== null);
    return answer;
  }

  rotate(journal: Journal): RotationOutcome {
    let answer: RotationOutcome | null = null;
    journal.rotate((outcome) => {
      answer = outcome;
    });
    assert.equal(answer, null, "no answer comes before rotate has returned");
    this.pass(100);
    assert.ok(answer !== null);
    return answer;
  }

  follow(journal: Journal, afterSeq: number, limit = 100): readonly MoneyEvent[] | null {
    let answer: readonly MoneyEvent[] | null | undefined;
    journal.follow(afterSeq, limit, (events) => {
      answer = events;
    });
    this.pass(100);
    assert.ok(answer !== undefined);
    return answer;
  }

  close(journal: Journal): void {
    let closed = false;
    journal.close(() => {
      closed = true;
    });
    assert.ok(!closed, "nothing comes before close has returned");
    this.pass(1_000);
    assert.ok(closed);
  }

  #log(): Log {
    const note = (event: string): void => {
      this.logged.push(event);
    };
    return { debug: note, info: note, warn: note, error: note };
  }
}
