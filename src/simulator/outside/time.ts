import { type Instant, instantOf, type WallTime, wallTimeOf } from "../../core/kernel/instant.ts";
import type { Clock, Timer } from "../../runtime/ports.ts";

class Appointment implements Timer {
  readonly moment: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled = false;

  constructor(moment: number, order: number, callback: () => void) {
    this.moment = moment;
    this.order = order;
    this.callback = callback;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

/**
 * Time that passes only when the simulation says so: appointments are kept in the order of their moments, those of one
 * moment in the order they were made. Whatever a twin does "later" goes through here, so that a run is one sequence.
 */
export class SimulatedTime {
  #now = 0;
  #made = 0;
  /** A binary heap by (moment, order). */
  readonly #heap: Appointment[] = [];

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Calls back `delayMs` from now, in whole milliseconds; 0 means after what is already due at this moment. */
  after(delayMs: number, callback: () => void): Timer {
    this.#made += 1;
    const moment = this.#now + Math.max(0, Math.round(delayMs));
    const appointment = new Appointment(moment, this.#made, callback);
    this.#push(appointment);
    return appointment;
  }

  /** Keeps the next appointment, however far away it is; false where there is none. */
  step(): boolean {
    for (;;) {
      const appointment = this.#pop();
      if (appointment === undefined) return false;
      if (appointment.cancelled) continue;
      this.#now = appointment.moment;
      appointment.callback();
      return true;
    }
  }

  /** Keeps every appointment up to `moment` and leaves the clock there. */
  runUntil(moment: number): void {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.moment > moment) break;
      if (next.cancelled) this.#pop();
      else this.step();
    }
    this.#now = Math.max(this.#now, moment);
  }

  #push(appointment: Appointment): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(appointment);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(appointment, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = appointment;
  }

  #pop(): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let below = left;
      const leftChild = heap[left];
      let child = leftChild;
      const rightChild = heap[right];
      if (leftChild !== undefined && rightChild !== undefined && isBefore(rightChild, leftChild)) {
        below = right;
        child = rightChild;
      }
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.moment < b.moment || (a.moment === b.moment && a.order < b.order);
}

/**
 * The clocks of one run of a simulated box: the monotonic clock starts at zero when the process starts, the wall clock
 * is whatever the world says it is, and stopping the process forgets its timers.
 */
export class SimulatedClock implements Clock {
  readonly #time: SimulatedTime;
  readonly #startedAt: number;
  /** How far the wall clock is ahead of the world's time. */
  #wallAhead: number;
  #believed: boolean;
  #stopped = false;
  /** How late a timer is in this process, in milliseconds; one that is due at once never is. */
  lateness: () => number = () => 0;

  /** `believed` says whether the wall clock of this process is known to be right. */
  constructor(time: SimulatedTime, wallAtStart: number, believed = true) {
    this.#time = time;
    this.#believed = believed;
    this.#startedAt = time.now;
    this.#wallAhead = wallAtStart - time.now;
  }

  now(): Instant {
    return instantOf(this.#time.now - this.#startedAt);
  }

  wall(): WallTime {
    return wallTimeOf(this.#wallAhead + this.#time.now);
  }

  trusted(): boolean {
    return this.#believed;
  }

  at(moment: Instant, callback: () => void): Timer {
    const delayMs = this.#startedAt + moment - this.#time.now;
    return this.#time.after(delayMs > 0 ? delayMs + this.lateness() : delayMs, () => {
      if (!this.#stopped) callback();
    });
  }

  /** Somebody sets the wall clock to `moment`, which is believed from now on or not. */
  setWall(moment: number, believed: boolean): void {
    this.#wallAhead = moment - this.#time.now;
    this.#believed = believed;
  }

  /** The process of this clock has died: no timer of its fires any more. */
  stop(): void {
    this.#stopped = true;
  }
}
