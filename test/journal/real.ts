import { type Instant, instantOf, type WallTime, wallTimeOf } from "../../src/core/kernel/instant.ts";
import { Journal, type JournalOpened, type StartLearned } from "../../src/journal/journal.ts";
import { SqliteStore } from "../../src/links/sqlite/sqlite-store.ts";
import type { Clock, Log, Timer } from "../../src/runtime/ports.ts";

/** The machine's own time. */
export class RealClock implements Clock {
  now(): Instant {
    return instantOf(performance.now());
  }

  wall(): WallTime {
    return wallTimeOf(Date.now());
  }

  trusted(): boolean {
    return true;
  }

  at(moment: Instant, callback: () => void): Timer {
    const timer = setTimeout(callback, Math.max(0, moment - performance.now()));
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Says nothing. */
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A journal in SQLite in `directory`, as the box has it. */
export async function realJournal(
  directory: string,
): Promise<{ readonly journal: Journal; readonly outcome: JournalOpened }> {
  const store = new SqliteStore<StartLearned>({ directory, onDeath: died });
  const journal = new Journal({ store, clock: new RealClock(), log: silent });
  const outcome = await new Promise<JournalOpened>((resolve) => {
    journal.open(resolve);
  });
  return { journal, outcome };
}

function died(cause: string): never {
  throw new Error(`the journal's thread has died: ${cause}`);
}
