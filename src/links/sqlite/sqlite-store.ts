import { Worker, type WorkerOptions } from "node:worker_threads";
import { invariant } from "../../core/kernel/defect.ts";
import type {
  StoredRow,
  StoreLink,
  StoreRotated,
  StoreSlice,
  StoreSurvey,
  StoreSurveyOptions,
} from "../../runtime/ports.ts";
import { STORE_WORKER_ROLE, type StoreReply, type StoreRequest } from "./sqlite-messages.ts";

/** A request before it has its number. */
type Asked<Request> = Request extends StoreRequest ? Omit<Request, "id"> : never;

/** Where the journal lives, and whom its thread's death concerns. */
export interface SqliteStoreSettings<Outcome> {
  /** Where the journal lives; made with mode 0700 where it is missing. */
  readonly directory: string;
  /**
   * The journal's thread has ended unasked, with its cause. What it was asked stays unanswered for ever:
   * nobody knows whether it was done, so the process must end and the next start reads the journal.
   */
  readonly onDeath: (cause: string) => void;
  /** The journal's thread, where it has been started before; else `open` starts it. */
  readonly thread?: Worker | undefined;
  /** What that thread will have said where it was asked before to open this journal. */
  readonly opened?: Promise<Outcome> | undefined;
}

/**
 * The journal's rows in SQLite, written by a thread of its own, which also says what the start learns of them. One instance opens
 * and closes once.
 */
export class SqliteStore<Outcome> implements StoreLink<Outcome> {
  readonly #settings: SqliteStoreSettings<Outcome>;
  readonly #replies = new Map<number, (reply: StoreReply<Outcome>) => void>();
  #worker: Worker | null = null;
  #asked = 0;
  #closed: (() => void) | null = null;

  constructor(settings: SqliteStoreSettings<Outcome>) {
    this.#settings = settings;
  }

  open(done: (outcome: Outcome) => void): void {
    invariant(this.#worker === null, "a store is opened once");
    const { thread, opened } = this.#settings;
    this.#worker = this.#heard(thread ?? startJournalThread());
    if (opened !== undefined) {
      this.#worker.ref();
      // What `done` throws is a defect, which ends the program: not inside a promise.
      void opened.then((outcome) => setImmediate(done, outcome));
      return;
    }
    this.#ask({ kind: "open", directory: this.#settings.directory }, (reply) => {
      invariant(reply.kind === "opened", "an opening is answered with its outcome");
      done(reply.outcome);
    });
  }

  append(rows: readonly StoredRow[], done: (error: string | null) => void): void {
    this.#ask({ kind: "append", rows }, (reply) => {
      invariant(reply.kind === "appended", "an append is answered as one");
      done(reply.error);
    });
  }

  follow(afterSeq: number, limit: number, done: (rows: readonly StoredRow[] | null) => void): void {
    this.#ask({ kind: "follow", afterSeq, limit }, (reply) => {
      invariant(reply.kind === "rows", "a follower is answered with rows");
      done(reply.rows);
    });
  }

  order(outTradeNo: string, done: (rows: readonly StoredRow[] | null) => void): void {
    this.#ask({ kind: "order", outTradeNo }, (reply) => {
      invariant(reply.kind === "rows", "who asks for an order is answered with rows");
      done(reply.rows);
    });
  }

  moveCursor(name: string, seq: number): void {
    this.#ask({ kind: "cursor", name, seq }, null);
  }

  room(done: (room: boolean) => void): void {
    this.#ask({ kind: "room" }, (reply) => {
      invariant(reply.kind === "room", "who asks for room is answered");
      done(reply.room);
    });
  }

  survey(wish: StoreSurveyOptions, done: (survey: StoreSurvey | null) => void): void {
    this.#ask({ kind: "survey", wish }, (reply) => {
      invariant(reply.kind === "surveyed", "a survey is answered as one");
      done(reply.survey);
    });
  }

  rotate(segment: StoredRow, first: number, done: (outcome: StoreRotated) => void): void {
    this.#ask({ kind: "rotate", segment, first }, (reply) => {
      invariant(reply.kind === "rotated", "a rotation is answered as one");
      done(reply.outcome);
    });
  }

  read(after: number, limit: number, done: (slice: StoreSlice) => void): void {
    this.#ask({ kind: "read", after, limit }, (reply) => {
      invariant(reply.kind === "slice", "who reads on is answered with a slice");
      done(reply.slice);
    });
  }

  condemn(sentence: string, done: (error: string | null) => void): void {
    this.#ask({ kind: "condemn", sentence }, (reply) => {
      invariant(reply.kind === "condemned", "who condemns the journal hears whether it is durable");
      done(reply.error);
    });
  }

  /** Calls back when the thread has worked off everything asked before: the sign of life for the watchdog. */
  ping(done: () => void): void {
    this.#ask({ kind: "ping" }, done);
  }

  close(done: () => void): void {
    invariant(this.#closed === null, "a store is closed once");
    this.#closed = done;
    if (this.#worker === null) setImmediate(done);
    // `done` comes when the thread has ended, see `#heard`: then the lock is free.
    else this.#ask({ kind: "close" }, () => {});
  }

  #ask(request: Asked<StoreRequest>, done: ((reply: StoreReply<Outcome>) => void) | null): void {
    const worker = this.#worker;
    invariant(worker !== null, "a store is opened before it is asked");
    this.#asked += 1;
    if (done !== null) {
      this.#replies.set(this.#asked, done);
      worker.ref();
    }
    worker.postMessage({ ...request, id: this.#asked });
  }

  /** Listens to the thread from now on. */
  #heard(worker: Worker): Worker {
    let cause = "it stopped";
    worker.on("message", (reply: StoreReply<Outcome>) => {
      const done = this.#replies.get(reply.id);
      this.#replies.delete(reply.id);
      done?.(reply);
      // Only what somebody waits for keeps the process alive.
      if (this.#replies.size === 0 && this.#closed === null) worker.unref();
    });
    worker.on("error", (error: unknown) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      if (this.#closed !== null) this.#closed();
      else this.#settings.onDeath(cause);
    });
    return worker;
  }
}

/** The program of the thread, which scripts/bundle.ts puts into the bundle; unbuilt, the thread has a file of its own. */
declare const JOURNAL_THREAD: string | undefined;

/**
 * Starts the journal's thread, which does nothing before a store opens: beside it the rest of a program can be loaded. By itself
 * it keeps no process alive. The bundle brings its program along as a text: started from its own file, it would load all again.
 */
export function startJournalThread(): Worker {
  const options: WorkerOptions = { name: "journal", workerData: { role: STORE_WORKER_ROLE } };
  const worker =
    typeof JOURNAL_THREAD === "string"
      ? new Worker(JOURNAL_THREAD, { ...options, eval: true })
      : new Worker(new URL("./sqlite-worker.ts", import.meta.url), options);
  worker.unref();
  return worker;
}

/**
 * Asks the thread to open a journal before there is a store that waits for it: it reads beside whatever the program still has to
 * load. Nothing else may be asked of it until a store has it.
 */
export function openAhead<Outcome>(thread: Worker, directory: string): Promise<Outcome> {
  const request: StoreRequest = { id: 0, kind: "open", directory };
  return new Promise((resolve) => {
    thread.once("message", (reply: StoreReply<Outcome>) => {
      invariant(reply.kind === "opened", "an opening is answered with its outcome");
      resolve(reply.outcome);
    });
    thread.postMessage(request);
  });
}
