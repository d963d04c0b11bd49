/** The box as a service: what whoever started it is told, and when. */
import { after } from "../../core/kernel/instant.ts";
import type { Screen } from "../../core/payment/screen.ts";
import { loadServiceManager } from "../../links/machine/systemd-notify.ts";
import type { Clock, Log, ServiceManager } from "../../runtime/ports.ts";
import { Watchdog, type WatchedBox } from "../../runtime/watchdog.ts";

/** How long a word that was not taken waits before it is said again, in milliseconds. */
const AGAIN_MS = 200;

/** What there is to say it with. */
interface Voice {
  readonly manager: ServiceManager;
  /** How long the process may be silent, in milliseconds; null where nobody watches. */
  readonly watchdogMs: number | null;
}

/** A box under a service manager; without one, all of this does nothing. */
export class Service {
  readonly #clock: Clock;
  readonly #voice: Voice | null;
  #watchdog: Watchdog | null = null;
  #status = "";

  constructor(clock: Clock, voice: Voice | null) {
    this.#clock = clock;
    this.#voice = voice;
  }

  /** Finds whoever started this process; says once where it wants to be told and cannot be. */
  static async load(clock: Clock, log: Log): Promise<Service> {
    const loaded = await loadServiceManager();
    if (loaded.kind === "unusable") log.warn("service.untold", { problem: loaded.problem });
    return new Service(clock, loaded.kind === "loaded" ? loaded : null);
  }

  /** Tells in plain words what people see. */
  shown(screen: Screen): void {
    const status = statusOf(screen);
    if (status === this.#status) return;
    this.#status = status;
    this.#voice?.manager.notify(`STATUS=${status}`);
  }

  /** The journal is open and the loop turns: from here on the watchdog is fed with what the box proves. */
  ready(box: WatchedBox): void {
    this.#insist("READY=1");
    const limitMs = this.#voice?.watchdogMs ?? null;
    if (limitMs === null) return;
    const feed = (): void => {
      this.#voice?.manager.notify("WATCHDOG=1");
    };
    this.#watchdog = new Watchdog({ clock: this.#clock, limitMs, box, feed });
    this.#watchdog.start();
  }

  /** The process was asked to end; a payment that is on its way is still finished. */
  stopping(): void {
    this.#insist("STOPPING=1\nSTATUS=Stopping: payments that are on their way are finished.");
  }

  /** The journal is about to close: it answers nobody any more. */
  stopped(): void {
    this.#watchdog?.stop();
  }

  #insist(state: string): void {
    if (this.#voice === null || this.#voice.manager.notify(state)) return;
    this.#clock.at(after(this.#clock.now(), AGAIN_MS), () => this.#insist(state));
  }
}

/** What the screen says in general terms: no amount, no order, no name. */
export function statusOf({ text, light, ref }: Screen): string {
  const code = ref === null ? "" : ` (${ref})`;
  if (text === "boot") return "Starting: the journal is read, the provider is asked.";
  if (text === "out-of-service") return `Out of service${code}.`;
  if (text === "offline") return `No network${code}.`;
  switch (light) {
    case "off":
    case "ready":
    case "scan":
      return "Ready for payments.";
    case "wait":
    case "dispensing":
      return "A payment is under way.";
    case "paid":
    case "refused":
      return "Shows how a payment ended, or what to do.";
    case "unknown":
      return "Staff are asked for: a payment is unclear.";
  }
}
