/** Where the parts meet: a box is made from its configuration and its links, real or simulated, and nothing else. */
import { boxTag } from "./config/box-tag.ts";
import type { DeviceConfig } from "./config/device-config.ts";
import type { BoxSnapshot } from "./control/status.ts";
import { drawFrame } from "./core/codecs/display-frame.ts";
import { invariant } from "./core/kernel/defect.ts";
import { after, type Instant, type WallTime } from "./core/kernel/instant.ts";
import { rfc3339 } from "./core/kernel/rfc3339.ts";
import type { Key } from "./core/payment/amount-entry.ts";
import type { ChargeAnswer, QueryAnswer, UndoAnswer } from "./core/payment/answers.ts";
import { type Box, isBusy, isDispensing } from "./core/payment/box.ts";
import type { Effect } from "./core/payment/effects.ts";
import type { BoxEvent } from "./core/payment/events.ts";
import type { Intent, OpenOrder, TxData } from "./core/payment/order.ts";
import type { PaymentEvent } from "./core/payment/payment.ts";
import { blockerOf, failureIn, mayMoveOn, outageOf } from "./core/payment/readiness.ts";
import { type AmountRules, type Rules, standardTiming, type Timing } from "./core/payment/rules.ts";
import { type Screen, screenFor } from "./core/payment/screen.ts";
import type { Turn } from "./core/payment/turn.ts";
import { type DeviceLinks, Devices, displaySizeOf } from "./devices.ts";
import { Journal, type JournalOpened, MQTT_CURSOR, type RotationOutcome } from "./journal/journal.ts";
import { type RotationRules, retentionOf } from "./journal/rotation.ts";
import type { Provider, ProviderMaker, ProviderMeans } from "./providers/provider.ts";
import { Reporter, type ReporterStatus } from "./reporting/reporter.ts";
import type { ServiceWord } from "./reporting/status-event.ts";
import { CalmLog } from "./runtime/calm-log.ts";
import {
  found,
  guardedBroker,
  guardedDisplay,
  guardedGpio,
  guardedLog,
  guardedSerial,
} from "./runtime/guards.ts";
import { type Core, core, type Handlers, Loop } from "./runtime/loop.ts";
import type { BrokerLink, Entropy, Log, StoreLink, Timer } from "./runtime/ports.ts";
import { Sales } from "./till/sales.ts";

/** The outside of one box. */
export interface Links extends DeviceLinks {
  readonly entropy: Entropy;
  readonly store: StoreLink;
  readonly broker: BrokerLink | null;
}

/** What a box is made of. */
export interface BoxParts {
  readonly config: DeviceConfig;
  readonly version: string;
  readonly links: Links;
  /** Who moves the money, the preferred one first; no two have the same id. */
  readonly providers: readonly [ProviderMaker, ...ProviderMaker[]];
  /** What is wrong with the configuration: then what is open is brought to its end, and nothing is sold. */
  readonly mistakes?: readonly string[];
  /** Whether the journal lies in memory, so that the next start of the machine has forgotten it: everybody is told. */
  readonly journalInMemory?: boolean;
  /** Hears every screen, the boot screen first. */
  readonly onScreen?: (screen: Screen) => void;
  /** Hears every money record when it has become durable. */
  readonly onMoney?: (tx: TxData) => void;
  /** Hears once that the journal can no longer be written: only a new process may believe the disk again. */
  readonly onJournalBroken?: () => void;
  /** What decides about money; only a simulation has another one than the real. */
  readonly core?: Core;
  /** Waits that the configuration has no key for; tests make them short. */
  readonly timing?: Partial<Timing>;
  /** The same for segments of the journal. */
  readonly rotation?: Partial<RotationRules>;
}

/** Why a box does not start: its journal says no. */
export type Refusal = Extract<JournalOpened, { kind: "refused" }>;

/** Who only finishes orders is asked for no proof. */
const notProbed = { proved: false, unclear: false, failure: null };

/** How long a graceful stop waits for charges that are on their way. */
const STOP_WITHIN_MS = 10_000;

/** The same for a machine that is giving goods: the longest train of pulses and the longest look of the sensor after it. */
const GOODS_WITHIN_MS = 240_000;

/** How often the box looks whether the journal's segment is long enough, and the certificate still valid. */
const TEND_EVERY_MS = 60_000;

/** How often it looks whether the disk has room for the record of another payment. */
const ROOM_EVERY_MS = 10_000;

/** A box that can be started and stopped once. */
export class ComposedBox {
  readonly #parts: BoxParts;
  readonly #log: CalmLog;
  readonly #rules: Rules;
  readonly #journal: Journal;
  /** By their ids, in the order of preference. */
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #devices: Devices;
  readonly #loop: Loop;
  /** What a till may do. */
  readonly sales: Sales;
  #loggedText: string | null = null;
  #stopping = false;
  #toldBroken = false;
  #toldViolation = false;
  #reporter: Reporter | null = null;
  #tendTimer: Timer | null = null;
  #roomTimer: Timer | null = null;
  /** When the last correctly signed answer of each provider came. */
  readonly #signedAt = new Map<string, WallTime>();
  readonly #since: WallTime;
  readonly #sinceMoment: Instant;

  constructor(given: BoxParts) {
    this.#log = new CalmLog(guardedLog(given.links.log), given.links.clock);
    const parts = { ...given, links: guardedLinks(given.links, this.#log) };
    this.#parts = parts;
    const { clock, entropy, log, store } = parts.links;
    this.#since = clock.wall();
    this.#sinceMoment = clock.now();
    this.#providers = providersOf(parts.providers, { clock, entropy, log });
    this.#rules = rulesOf(parts, this.#providers);
    this.#journal = new Journal({
      store,
      clock,
      log,
      followers: this.#reports() ? [MQTT_CURSOR] : [],
      rotation: { retentionMs: retentionOf(parts.config.journal.retentionDays), ...parts.rotation },
      // A row that nobody waits for, or a rotation, fails as well: who would be the next to pay hears of it now.
      broken: () => this.#loop.post({ type: "journal-broken" }),
    });
    this.#devices = new Devices({
      config: parts.config,
      links: parts.links,
      post: (event) => this.#loop.post(event),
      fingerprint: (code) => this.#journal.fingerprint(code),
    });
    this.#loop = new Loop({
      clock,
      entropy,
      rules: this.#rules,
      core: parts.core ?? core,
      handlers: this.#handlers(),
      show: (screen) => {
        this.#logScreen(screen);
        this.#devices.show(screen);
        parts.onScreen?.(screen);
      },
      onTurn: (event, turn) => {
        this.#logTurn(event, turn);
        this.#devices.read(turn.reading);
      },
    });
    this.sales = new Sales({
      clock,
      post: (event) => this.#loop.post(event),
      newestOf: (outTradeNo, done) => this.#journal.newestOf(outTradeNo, done),
    });
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
    const { config, links, version } = this.#parts;
    const { clock } = links;
    const { box, screen } = turn;
    const blocker = blockerOf(box, this.#rules);
    const scanner = links.serial === null || config.scanner === null ? "none" : readyOrNot(box.scannerReady);
    const orders = [...box.orders.values()].map(({ intent, phase }) => ({
      outTradeNo: intent.outTradeNo,
      shortRef: intent.shortRef,
      provider: intent.payee.provider,
      phase: phase.name,
      amountFen: intent.amountFen,
      ageS: Math.round((clock.wall() - intent.intentAt) / 1_000),
    }));
    const held = box.held.map(({ outTradeNo }) => {
      return { outTradeNo, shortRef: null, provider: null, phase: "held", amountFen: null, ageS: null };
    });
    const { n: _newest, writtenAt, ...written } = journal;
    return {
      box: config.box.id,
      store: config.box.store,
      version,
      boot: box.numbering.bootMark,
      since: rfc3339(this.#since),
      upS: Math.round((clock.now() - this.#sinceMoment) / 1_000),
      service: {
        ...this.#serviceOf(turn),
        screen: screen.text,
        display: drawFrame(screen, config.box.language, displaySizeOf(config)).map((row) => row.trimEnd()),
        blocker,
        mistakes: [...(this.#parts.mistakes ?? [])],
      },
      devices: { scanner, ...this.#devices.status() },
      scans: this.#devices.scans(),
      providers: this.#providersOf(box),
      orders: [...orders, ...held],
      journal: {
        ...written,
        inMemory: this.#inMemory(),
        writtenAt: writtenAt === null ? null : rfc3339(writtenAt),
      },
      mqtt: this.reporting,
      clock: { at: rfc3339(clock.wall()), trusted: clock.trusted() },
    };
  }

  #providersOf({ health }: Box): BoxSnapshot["providers"] {
    return [...this.#providers].map(([id, { kind, facts }]) => {
      const { proved, unclear, failure } = health.get(id) ?? notProbed;
      const signedAt = this.#signedAt.get(id);
      return {
        ...{ id, kind, account: facts.payee.account, wallets: [...facts.wallets], charges: facts.charges },
        ...{ proved, unclear, failure, signedAt: signedAt === undefined ? null : rfc3339(signedAt) },
      };
    });
  }

  #inMemory(): boolean {
    return this.#parts.journalInMemory ?? false;
  }

  /** Whether a payment could begin now or within seconds, and why not. */
  #serviceOf({ box }: Turn): ServiceWord {
    const outage = outageOf(box, this.#rules);
    const blocker = outage?.blocker ?? null;
    // What stands in front may be a result: the outage is what people would see behind it.
    const bare = { ...box, foreground: { name: "idle" }, notice: null } as const;
    const code = blocker === null ? null : screenFor(bare, this.#parts.links.clock.now(), this.#rules).ref;
    return {
      inService: blocker === null || blocker === "paused" || blocker === "inhibited",
      reason: outage?.blocker === "unproved" ? (failureIn(box, outage) ?? "starting") : blocker,
      code,
    };
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
      this.#tendLater();
      this.#lookForRoom();
      this.#logStart(opened.journal, opened.open);
      done(null);
    });
  }

  #logStart(journal: string, open: readonly OpenOrder[]): void {
    const { links, config, version } = this.#parts;
    const boot = this.#loop.turn?.box.numbering.bootMark ?? null;
    const providers = [...this.#providers.keys()].join(" ");
    const who = { box: config.box.id, version, journal, boot, providers };
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

  /**
   * Begins a new segment of the journal and drops what may go. Refused while an order is not over: one that has ended may
   * still be contradicted for a while, and then its intent is needed.
   */
  rotateJournal(done: (outcome: RotationOutcome) => void): void {
    const { clock } = this.#parts.links;
    const orders = this.#loop.turn?.box.orders.size ?? null;
    const why = orders === null ? "the box is starting or stopping" : "a payment is not over yet";
    if (orders === 0) this.#journal.rotate(done);
    else clock.at(clock.now(), () => done({ kind: "refused", why }));
  }

  /** A box that cannot record another payment says so before somebody is asked for one. */
  #lookForRoom(): void {
    const { clock, log } = this.#parts.links;
    this.#journal.room((room) => {
      const before = this.#loop.turn?.box.room;
      if (room === before) return;
      if (!room) log.error("journal.full", {});
      else if (before === false) log.info("journal.room", {});
      this.#loop.post({ type: "room-changed", room });
    });
    this.#roomTimer = clock.at(after(clock.now(), ROOM_EVERY_MS), () => this.#lookForRoom());
  }

  #tendLater(): void {
    const { clock } = this.#parts.links;
    this.#tendTimer = clock.at(after(clock.now(), TEND_EVERY_MS), () => {
      if (this.#journal.isRotationDue()) this.rotateJournal(() => undefined);
      this.#checkCertificate();
      this.#tendLater();
    });
  }

  /** A box that is believed is not probed, and its certificate expires meanwhile: that is said as a probe would say it. */
  #checkCertificate(): void {
    for (const [provider, { proved, probe }] of this.#loop.turn?.box.health ?? []) {
      const why = proved && probe !== "inFlight" ? this.#providerOf(provider).fault() : null;
      if (why !== null) this.#loop.post({ type: "probed", provider, answer: { kind: "failed", why } });
    }
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
        journalInMemory: this.#inMemory(),
        boot: this.#loop.turn?.box.numbering.bootMark ?? "",
        confirm: config.mqtt.confirm,
        cursor,
        // Below 0 while events of an earlier journal are unconfirmed: those come first.
        confirmed: droppedSeq === 0 ? (cursors[cursor] ?? 0) : Math.max(cursors[cursor] ?? 0, droppedSeq),
      },
    );
    if (this.#loop.turn !== null) this.#reporter.tell(this.#serviceOf(this.#loop.turn));
    this.#reporter.start();
  }

  #handlers(): Handlers {
    const { clock, log } = this.#parts.links;
    return {
      record: ({ entry }) => {
        this.#journal.append(entry, (ok) => {
          if (entry.kind !== "charging" && entry.kind !== "money") return;
          const { outTradeNo, state } = entry.tx;
          if (ok) this.#recorded(entry.tx);
          this.#happens(outTradeNo, { type: ok ? "recorded" : "record-failed", state });
        });
      },
      note: ({ entry }) => this.#journal.note(entry),
      warm: () => {
        for (const provider of this.#charging()) provider.warm();
      },
      charge: ({ intent, code, sendBefore }) => {
        const mayLeave = (): boolean => {
          const box = this.#loop.turn?.box;
          return box !== undefined && mayMoveOn(box, intent, this.#rules);
        };
        this.#providerOf(intent.payee.provider).charge(
          { intent, code, sendBefore, mayLeave },
          (host, answer) => this.#answered(intent, { type: "charge-answered", host, answer }),
        );
      },
      dispense: ({ outTradeNo, pulses }) => {
        this.#devices.dispense(pulses, (outcome) =>
          this.#happens(outTradeNo, { type: "dispensed", outcome }),
        );
      },
      query: ({ intent, of, host: at, fresh }) => {
        this.#providerOf(intent.payee.provider).query({ intent, of, host: at, fresh }, (host, answer) =>
          this.#answered(intent, { type: "query-answered", host, answer }),
        );
      },
      undo: ({ intent, way, host: at }) => {
        this.#providerOf(intent.payee.provider).undo({ intent, way, host: at }, (host, answer) =>
          this.#answered(intent, { type: "undo-answered", host, answer }),
        );
      },
      answer: ({ token, answer }) => this.sales.answer(token, answer),
      probe: ({ provider }) => {
        this.#providerOf(provider).probe((answer) => {
          if (answer.kind === "passed") this.#signedAt.set(provider, clock.wall());
          this.#loop.post({ type: "probed", provider, answer });
        });
      },
      alarm: ({ alarm, outTradeNo }) => log.error("alarm", { kind: alarm, outTradeNo }),
    };
  }

  #recorded(tx: TxData): void {
    const { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late } = tx;
    const said = { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late };
    this.#parts.links.log.info("order.recorded", said);
    this.#parts.onMoney?.(tx);
  }

  #answered({ outTradeNo, payee }: Intent, event: PaymentEvent & { readonly answer: Answer }): void {
    if (isSigned(event.answer)) this.#signedAt.set(payee.provider, this.#parts.links.clock.wall());
    this.#happens(outTradeNo, event);
  }

  #happens(outTradeNo: string, event: PaymentEvent): void {
    this.#loop.post({ type: "payment", outTradeNo, event });
  }

  /** Those through which new payments go. */
  #charging(): readonly Provider[] {
    return [...this.#providers.values()].filter(({ facts }) => facts.charges);
  }

  #providerOf(id: string): Provider {
    const provider = this.#providers.get(id);
    // Recovery holds orders of accounts that are gone, so an order that is called about has its provider.
    invariant(provider !== undefined, "an order is called about under a provider that is configured");
    return provider;
  }

  #logTurn(event: BoxEvent, turn: Turn): void {
    const { box, effects } = turn;
    const { log } = this.#parts.links;
    this.#reporter?.tell(this.#serviceOf(turn));
    if (box.violation !== null && !this.#toldViolation) {
      this.#toldViolation = true;
      log.error("box.contradicted", { problem: box.violation });
    }
    if (box.journalBroken && !this.#toldBroken) {
      this.#toldBroken = true;
      this.#parts.onJournalBroken?.();
    }
    if (event.type === "payment") {
      const phase = box.orders.get(event.outTradeNo)?.phase.name ?? "over";
      log.info("order.moved", { outTradeNo: event.outTradeNo, kind: kindOf(event.event), phase });
    } else if (event.type !== "woke") {
      log.debug("box.heard", { kind: event.type });
    }
    for (const { type } of effects) log.debug("box.asked", { kind: type satisfies Effect["type"] });
  }

  /** A countdown is not worth a line a second. */
  #logScreen({ text, ref, light }: Screen): void {
    if (text === this.#loggedText) return;
    this.#loggedText = text;
    const { log } = this.#parts.links;
    const outage = text === "out-of-service" || text === "offline";
    const named = outage ? { screen: text, code: ref } : { screen: text, shortRef: ref };
    log.info("screen.shown", { ...named, state: light });
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
    this.#tendTimer?.cancel();
    this.#roomTimer?.cancel();
    this.#loop.stop();
    let open = 1 + this.#providers.size;
    const closed = (): void => {
      open -= 1;
      if (open > 0) return;
      this.#log.flush();
      done();
    };
    for (const provider of this.#providers.values()) provider.close(closed);
    this.#journal.close(closed);
  }
}

/** Whatever a library of an optional part throws is the end of a connection, and of nothing else. */
function guardedLinks(links: Links, log: Log): Links {
  const { clock, broker, display, gpio, serial } = links;
  return {
    ...links,
    log,
    broker: broker === null ? null : guardedBroker(found(broker), clock),
    display: display === null ? null : guardedDisplay(found(display), clock),
    gpio: gpio === null ? null : guardedGpio(found(gpio), clock),
    serial: serial === null ? null : guardedSerial(found(serial), clock),
  };
}

function readyOrNot(ready: boolean): "ready" | "absent" {
  return ready ? "ready" : "absent";
}

type Answer = ChargeAnswer | QueryAnswer | UndoAnswer;

function isSigned(answer: Answer): boolean {
  return answer.kind === "unknown" ? answer.signed : answer.kind !== "not-sent";
}

function kindOf(event: PaymentEvent): string {
  switch (event.type) {
    case "charge-answered":
    case "query-answered":
    case "undo-answered":
      return `${event.type}:${event.answer.kind}`;
    case "recorded":
    case "record-failed":
      return `${event.type}:${event.state}`;
    case "dispensed":
      return `${event.type}:${event.outcome}`;
    case "woke":
    case "withheld":
    case "cancel-pressed":
      return event.type;
  }
}

function providersOf(makers: readonly ProviderMaker[], means: ProviderMeans): ReadonlyMap<string, Provider> {
  const providers = new Map<string, Provider>();
  for (const make of makers) {
    const provider = make(means);
    const { payee } = provider.facts;
    invariant(!providers.has(payee.provider), "each provider of a box has an id of its own");
    providers.set(payee.provider, provider);
  }
  return providers;
}

function rulesOf(
  { config, version, timing, mistakes = [] }: BoxParts,
  providers: ReadonlyMap<string, Provider>,
): Rules {
  const { sendWithinMs, restMs } = config.timing;
  return {
    boxId: config.box.id,
    boxTag: boxTag(config.box.id),
    version,
    providers: new Map([...providers].map(([id, { facts }]) => [id, facts])),
    amount: amountRules(config),
    keypad: config.keypad !== null,
    sells: mistakes.length === 0,
    late: config.late,
    relay: config.outputs?.relay ?? null,
    inhibit: (config.inputs?.inhibit ?? null) !== null,
    advert: config.box.advert,
    timing: { ...standardTiming, sendWithinMs, restMs, ...timing },
  };
}

function amountRules({ amount }: DeviceConfig): AmountRules {
  // The configuration refuses a fixed amount that is missing.
  if (amount.source === "fixed" && amount.fixed !== null) return { source: "fixed", maximum: amount.fixed };
  if (amount.source === "menu") {
    const items = amount.menu.map(({ key, name, price, pulses }) => {
      return { digit: Number(key), name, amountFen: price, pulses };
    });
    return { source: "menu", maximum: amount.maximum, items };
  }
  if (amount.source === "till") return { source: "till", maximum: amount.maximum };
  return { source: "keypad", entry: amount.entry, maximum: amount.maximum };
}
