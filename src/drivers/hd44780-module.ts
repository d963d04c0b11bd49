import type { DisplaySize } from "../core/codecs/display-frame.ts";
import {
  cellTransfers,
  EXECUTION_US,
  POWER_ON_WAIT_US,
  startTransfers,
  type Transfer,
} from "../core/codecs/hd44780.ts";
import { after } from "../core/kernel/instant.ts";
import type { Clock, DisplayConnection, DisplayListener, DisplayRun, Timer } from "../runtime/ports.ts";

/** What a module hangs on. Every callback comes later than the call. */
export interface ModuleLines {
  /** Gets hold of the lines, or says why not; `lost` may come from then on, once, and ends everything. */
  take(lost: (cause: string) => void, done: (error: string | null) => void): void;
  /**
   * Sends transfers and keeps `EXECUTION_US` after each; a longer wait is asked for by the last one alone and is not kept
   * here. Calls back with null, or with why they did not go out.
   */
  send(transfers: readonly Transfer[], done: (error: string | null) => void): void;
  /** Lets go of the lines, if they are held. */
  free(done: () => void): void;
}

/** What is sent in one go: the longest row with its address, or as much of the start. */
const TRANSFERS_MAX = 21;

/** One connection to an HD44780: it starts the module, writes runs of cells, and lets go of its lines. */
export class ModuleConnection implements DisplayConnection {
  readonly #lines: ModuleLines;
  readonly #clock: Clock;
  readonly #size: DisplaySize;
  readonly #listener: DisplayListener;
  /** `ending` while the lines are let go of. */
  #state: "starting" | "ready" | "writing" | "ending" | "over" = "starting";
  /** Whether the lines are to call back. */
  #pending = true;
  #timer: Timer | null = null;
  #whenFree: (() => void) | null = null;

  constructor(parts: {
    readonly lines: ModuleLines;
    readonly clock: Clock;
    readonly size: DisplaySize;
    readonly listener: DisplayListener;
  }) {
    this.#lines = parts.lines;
    this.#clock = parts.clock;
    this.#size = parts.size;
    this.#listener = parts.listener;
    const start = groupsOf(startTransfers());
    this.#lines.take(
      (cause) => this.#end(cause),
      // The board may have got its supply this very moment, and the module with it.
      (error) =>
        this.#heard(error, () => this.#wait(POWER_ON_WAIT_US, () => this.#send(start, this.#started))),
    );
  }

  write(runs: readonly DisplayRun[], done: () => void): void {
    if (this.#state !== "ready") return;
    this.#state = "writing";
    const rows = Map.groupBy(runs, ({ row }) => row);
    const groups = [...rows.values()].map((inRow) => inRow.flatMap((run) => cellTransfers(run, this.#size)));
    this.#send(groups, () => {
      this.#state = "ready";
      if (this.#whenFree === null) done();
      else this.#end(null);
    });
  }

  close(done: () => void): void {
    if (this.#state === "over") {
      this.#clock.at(this.#clock.now(), done);
      return;
    }
    this.#whenFree = done;
    // A picture is finished; a start is not, but what is on its way to the lines is waited for.
    if (this.#state !== "writing" && !this.#pending) this.#end(null);
  }

  readonly #started = (): void => {
    this.#state = "ready";
    this.#listener.ready();
  };

  /** Sends groups one after the other; the long waits between them are kept by the clock. */
  #send(groups: readonly (readonly Transfer[])[], done: () => void): void {
    const [group, ...rest] = groups;
    if (group === undefined) {
      done();
      return;
    }
    const waitUs = group.at(-1)?.waitUs ?? 0;
    const next = (): void => this.#send(rest, done);
    this.#pending = true;
    this.#lines.send(group, (error) =>
      this.#heard(error, () => (waitUs > EXECUTION_US ? this.#wait(waitUs, next) : next())),
    );
  }

  #heard(error: string | null, next: () => void): void {
    this.#pending = false;
    if (this.#state === "ending" || this.#state === "over") return;
    if (error !== null) this.#end(error);
    else if (this.#whenFree !== null && this.#state === "starting") this.#end(null);
    else next();
  }

  #wait(us: number, next: () => void): void {
    // The clock counts whole milliseconds that may have begun already.
    const moment = after(this.#clock.now(), Math.ceil(us / 1_000) + 1);
    this.#timer = this.#clock.at(moment, next);
  }

  /** Lets go of the lines; a cause is told, unless the owner has asked for the end itself. */
  #end(cause: string | null): void {
    if (this.#state === "ending" || this.#state === "over") return;
    this.#state = "ending";
    this.#timer?.cancel();
    this.#lines.free(() => {
      this.#state = "over";
      if (this.#whenFree !== null) this.#whenFree();
      else if (cause !== null) this.#listener.closed(cause);
    });
  }
}

/** Parts what is sent where the module asks for a long wait, and where one go would become too long. */
function groupsOf(transfers: readonly Transfer[]): readonly (readonly Transfer[])[] {
  const groups: Transfer[][] = [];
  let group: Transfer[] = [];
  for (const transfer of transfers) {
    group.push(transfer);
    if (transfer.waitUs <= EXECUTION_US && group.length < TRANSFERS_MAX) continue;
    groups.push(group);
    group = [];
  }
  return group.length > 0 ? [...groups, group] : groups;
}
