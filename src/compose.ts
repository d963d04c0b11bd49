/** Where the parts meet: a box is made from its configuration and its links, real or simulated, and nothing else. */
import { type Ask, Callers } from "./commands/callers.ts";
import type { BoxSnapshot } from "./commands/status.ts";
import { guardedLinks } from "./composed/guarded-links.ts";
import { handlersOf } from "./composed/handlers.ts";
import type { BoxParts } from "./composed/parts.ts";
import { Providers } from "./composed/providers.ts";
import { rulesOf } from "./composed/rules.ts";
import { serviceOf } from "./composed/service.ts";
import { statusOf } from "./composed/status.ts";
import { TurnLog } from "./composed/turn-log.ts";
import { Upkeep } from "./composed/upkeep.ts";
import { after, type Instant, type WallTime } from "./core/kernel/instant.ts";
import type { Key } from "./core/payment/amount-entry.ts";
import { isBusy, isDispensing } from "./core/payment/box.ts";
import type { OpenOrder } from "./core/payment/order.ts";
import type { Rules } from "./core/payment/rules.ts";
import type { Turn } from "./core/payment/turn.ts";
import { Devices } from "./devices.ts";
import { Journal, type JournalOpened, MQTT_CURSOR } from "./journal/journal.ts";
import { retentionOf } from "./journal/rotation.ts";
import { Reporter, type ReporterStatus } from "./reporting/reporter.ts";
import { CalmLog } from "./runtime/calm-log.ts";
import { guardedLog } from "./runtime/guards.ts";
import { core, Loop } from "./runtime/loop.ts";

/** Why a box does not start: its journal says no. */
export type Refusal = Extract<JournalOpened, { kind: "refused" }>;

/** How long a graceful stop waits for charges that are on their way. */
const STOP_WITHIN_MS = 10_000;

/** The same for a machine that is giving goods: the longest train of pulses and the longest look of the sensor after it. */
const GOODS_WITHIN_MS = 240_000;

/** A box that can be started and stopped once. */
export class ComposedBox {
  readonly #parts: BoxParts;
  readonly #log: CalmLog;
  readonly #turnLog: TurnLog;
  readonly #rules: Rules;
  readonly #journal: Journal;
  readonly #providers: Providers;
  readonly #devices: Devices;
  readonly #loop: Loop;
  readonly #upkeep: Upkeep;
  readonly #callers: Callers;
  #stopping = false;
  #toldBroken = false;
  #reporter: Reporter | null = null;
  readonly #since: { readonly wall: WallTime; readonly moment: Instant };

  constructor(given: BoxParts) {
    this.#log = new CalmLog(guardedLog(given.links.log), given.links.clock);
    const parts = { ...given, links: guardedLinks(given.links, this.#log) };
    this.#parts = parts;
    const { clock, entropy, log, store } = parts.links;
    this.#since = { wall: clock.wall(), moment: clock.now() };
    this.#turnLog = new TurnLog(log);
    this.#providers = new Providers(parts.providers, { clock, entropy, log });
    this.#rules = rulesOf(parts, this.#providers.facts());
    this.#journal = new Journal({
      store,
      clock,
      log,
      followers: this.#reports() ? [MQTT_CURSOR] : [],
      rotation: { retentionMs: retentionOf(parts.config.journal.retentionDays), ...parts.rotation },
      // A row that nobody waits for, or a rotation, fails as well: who would be the next to pay hears of it now.
      broken: () => this.#loop.post({ type: "journal-broken" }),
      damaged: () => this.#loop.post({ type: "journal-damaged" }),
    });
    this.#devices = new Devices({
      config: parts.config,
      links: parts.links,
      post: (event) => this.#loop.post(event),
      fingerprint: (code) => this.#journal.fingerprint(code),
    });
    this.#callers = new Callers({
      clock,
      post: (event) => this.#loop.post(event),
      newestOf: (outTradeNo, done) => this.#journal.newestOf(outTradeNo, done),
      status: () => this.status(),
    });
    this.#loop = new Loop({
      clock,
      entropy,
      rules: this.#rules,
      core: parts.core ?? core,
      handlers: handlersOf({
        ...{
          journal: this.#journal,
          providers: this.#providers,
          devices: this.#devices,
          callers: this.#callers,
        },
        ...{ clock, log, rules: this.#rules },
        post: (event) => this.#loop.post(event),
        turn: () => this.#loop.turn,
        recorded: (tx) => {
          this.#turnLog.recorded(tx);
          parts.onMoney?.(tx);
        },
      }),
      show: (screen) => {
        this.#turnLog.shown(screen);
        this.#devices.show(screen);
        parts.onScreen?.(screen);
      },
      onTurn: (event, turn) => {
        this.#reporter?.tell(serviceOf(turn, this.#rules));
        this.#tellBroken(turn);
        this.#turnLog.turned(event, turn);
        this.#devices.read(turn.reading);
      },
    });
    const kept = { journal: this.#journal, providers: this.#providers, loop: this.#loop };
    this.#upkeep = new Upkeep({ clock, log, ...kept, ask: this.ask });
  }

  /** The one way in for commands, whoever gives them. */
  get ask(): Ask {
    return this.#callers.ask;
  }

  /** Completed turns of the loop, for a watchdog. */
  get turns(): number {
    return this.#loop.turns;
  }

  /** Makes the loop turn once though nothing happened, which proves to a watchdog that it does. */
  wake(): void {
    this.#loop.post({ type: "woke" });
  }

  /** What the box last decided, null until its journal is open. */
  get turn(): Turn | null {
    return this.#loop.turn;
  }

  /** How reporting stands, null without a broker. */
  get reporting(): ReporterStatus | null {
    return this.#reporter?.status() ?? null;
  }

  /** How everything stands, for people and their tools; null until the journal is open. Changes nothing. */
  status(): BoxSnapshot | null {
    const turn = this.#loop.turn;
    const journal = this.#journal.status();
    if (turn === null || journal === null) return null;
    const from = { parts: this.#parts, rules: this.#rules, since: this.#since };
    return statusOf(
      { ...from, devices: this.#devices, providers: this.#providers },
      { turn, journal, mqtt: this.reporting },
    );
  }

  /** Opens the journal, takes up its open orders, and only then listens to people. */
  start(done: (refusal: Refusal | null) => void): void {
    this.#devices.boot();
    this.#loop.boot();
    this.#journal.open((opened) => {
      if (opened.kind === "refused") {
        this.#parts.links.log.error("journal.refused", { why: opened.why, detail: opened.detail });
        this.#devices.stopShowing(() => done(opened));
        return;
      }
      // Somebody asked it to stop while the journal was being read: nothing is taken up, and no device is held.
      if (this.#stopping) {
        done(null);
        return;
      }
      const { open, unchecked, codeHashes, refs, recent } = opened;
      this.#loop.post({ type: "started", open, unchecked, usedCodes: codeHashes, refs, recent });
      this.#devices.start();
      this.#startReporter(opened);
      this.#upkeep.start();
      this.#logStart(opened.journal, opened.open);
      done(null);
    });
  }

  /** A key of the keypad. */
  press(key: Key): void {
    this.#loop.post({ type: "key-pressed", key });
  }

  /** Somebody wants to pay by scanning a code of ours: it comes with a screen, where the merchant's settings allow it. */
  wantCode(): void {
    this.#loop.post({ type: "code-wanted" });
  }

  /**
   * Takes no more payments, waits for charges that are on their way (at most 10 s) and for goods (4 minutes), reports, and
   * frees everything. What is still open stands in the journal and is taken up by the next start.
   */
  stop(done: () => void): void {
    const { clock } = this.#parts.links;
    this.#stopping = true;
    this.#loop.post({ type: "stopping" });
    const since = clock.now();
    this.#devices.stopListening(() =>
      this.#whenIdle(since, () =>
        this.#stopReporter(() => this.#devices.stopShowing(() => this.#stopRest(done))),
      ),
    );
  }

  #logStart(journal: string, open: readonly OpenOrder[]): void {
    const { links, config, version } = this.#parts;
    const boot = this.#loop.turn?.box.numbering.bootMark ?? null;
    const who = { box: config.box.id, version, journal, boot, providers: this.#providers.ids.join(" ") };
    for (const problem of this.#parts.mistakes ?? []) links.log.error("config.mistake", { problem });
    links.log.info("box.started", { ...who, count: open.length });
    for (const { last } of open) {
      links.log.warn("order.resumed", {
        outTradeNo: last.outTradeNo,
        shortRef: last.shortRef,
        state: last.state,
      });
    }
  }

  #tellBroken({ box }: Turn): void {
    if (!box.journalBroken || this.#toldBroken) return;
    this.#toldBroken = true;
    this.#parts.onJournalBroken?.();
  }

  #reports(): boolean {
    return this.#parts.links.broker !== null && this.#parts.config.mqtt !== null;
  }

  #startReporter({ journal, cursors, droppedSeq }: JournalOpened & { readonly kind: "opened" }): void {
    const { links, config, version } = this.#parts;
    const { broker, clock, entropy, log } = links;
    if (broker === null || config.mqtt === null) return;
    const cursor = MQTT_CURSOR;
    this.#reporter = new Reporter(
      { clock, entropy, log, broker, source: this.#journal },
      {
        box: config.box.id,
        version,
        journal,
        journalInMemory: this.#parts.journalInMemory ?? false,
        boot: this.#loop.turn?.box.numbering.bootMark ?? "",
        confirm: config.mqtt.confirm,
        cursor,
        // Below 0 while events of an earlier journal are unconfirmed: those come first.
        confirmed: droppedSeq === 0 ? (cursors[cursor] ?? 0) : Math.max(cursors[cursor] ?? 0, droppedSeq),
      },
    );
    const { turn } = this.#loop;
    if (turn !== null) this.#reporter.tell(serviceOf(turn, this.#rules));
    this.#reporter.start();
  }

  #whenIdle(since: Instant, done: () => void): void {
    const { clock } = this.#parts.links;
    const box = this.#loop.turn?.box;
    const busy = box !== undefined && isBusy(box);
    const limitMs = busy && isDispensing(box) ? GOODS_WITHIN_MS : STOP_WITHIN_MS;
    if (!busy || clock.now() >= after(since, limitMs)) done();
    else clock.at(after(clock.now(), 20), () => this.#whenIdle(since, done));
  }

  #stopReporter(done: () => void): void {
    if (this.#reporter === null) done();
    else this.#reporter.stop(done);
  }

  #stopRest(done: () => void): void {
    this.#upkeep.stop();
    this.#loop.stop();
    let open = 1 + this.#providers.ids.length;
    const closed = (): void => {
      open -= 1;
      if (open > 0) return;
      this.#log.flush();
      done();
    };
    this.#providers.close(closed);
    this.#journal.close(closed);
  }
}
