/**
 * A world as small as one can be, and without chance: the production runtime on the usual simulated links, one or two
 * payments, and a choice at each point where something could go otherwise. The same choices give the same world, so that all
 * worlds up to a number of faults can be run one after the other (`exploration.ts`).
 *
 * The power may fail, and a person may press cancel, after every step in which the box and its outside touched: a write was
 * asked for or told of, a request was asked for, left, arrived late or was answered, an event reached the broker, a pin was
 * driven, a key was pressed. Between two such steps nothing outside the box changes by the box, and whatever the box thinks
 * meanwhile dies with it. Three more kinds of worlds are left out because they are the same as others:
 *
 * - A write that is under way when the power fails is kept or lost; that is all there is to see of the moment in which it
 *   becomes durable.
 * - Where nothing goes on outside (no request is on its way, and no order at the sandbox waits for its customer or a time-out),
 *   an outage can be as long as it likes. Else it is short, or so long that all of this has happened.
 * - Where besides nothing outside has changed since a step in which the power could fail, it need not fail again: all that a
 *   box knows after an outage is what stands outside. A cursor that has moved does not count, for an outage loses the move.
 */
import { invariant } from "../../core/kernel/defect.ts";
import type { Screen } from "../../core/payment/screen.ts";
import { smallProviders } from "../../providers/sandboxes.ts";
import type { GpioLines, GpioLink, HttpsLink, HttpsRequest, StoreLink } from "../../runtime/ports.ts";
import type { Finding, InvariantChecker } from "../checker/invariant-checker.ts";
import { SimulatedBroker } from "../outside/broker.ts";
import { SimulatedHttpsLink, type SimulatedReply, type SimulatedRequest } from "../outside/https.ts";
import type { SmallOrder, SmallProvider } from "../outside/provider.ts";
import { SimulatedDisk } from "../outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../outside/time.ts";
import { RELAY_PIN } from "../seeded/world-config.ts";
import { SimulatedPins } from "../site/pins.ts";
import type { PlantedDefect } from "../site/planted-defect.ts";
import { SimulatedSerialLink } from "../site/serial.ts";
import { Stage } from "../site/stage.ts";
import { type BoxRun, StagedBox } from "../site/staged-box.ts";
import { VendingMachine } from "../site/vending-machine.ts";
import { type Choice, Choices, type Point, type Way } from "./choices.ts";
import { type Interruption, interruptionPoint } from "./interruptions.ts";
import { BARRIER_PIN, BOX_ID, configOf, HOSTS, type SmallSetup } from "./setups.ts";
import {
  chargeDeliveries,
  type Delivery,
  faultsOf,
  heldMs,
  NoChance,
  PartTime,
  PROMPT_MS,
  queryDeliveries,
  reversalDeliveries,
} from "./twins.ts";

/** From the start of a world until it must have come to its end: reversals wait up to 60 s between rounds. */
const LIVENESS_MS = 60 * 60_000;

/** Where a process has ended because its journal failed, the next one begins so long after it. */
const NEXT_MS = 1_000;

/** People take so long to do what a screen asks for, and try again after so long where it still asks. */
const PERSON_MS = 400;
const AGAIN_MS = 8_000;

/** WeChat Pay v2, micropay: what revokes itself does so after some 45 s. */
const AUTO_REVOKE_MS = 45_000;

/** Which small world to run. */
export interface SmallWorldOptions {
  readonly setup: SmallSetup;
  readonly choices: readonly Choice[];
  /** Hears what happens, for people who read stories. */
  readonly tell?: (at: number, line: string) => void;
  readonly defect?: PlantedDefect;
  /** Ways that the world has beside those of its choices; one that it meets is a finding. */
  readonly unmet?: readonly Way[];
}

/** What came of it. */
export interface SmallWorldReport {
  readonly findings: readonly Finding[];
  /** Every point at which the world could have gone on otherwise, in order. */
  readonly points: readonly Point[];
  readonly outages: number;
  readonly simulatedMs: number;
}

/** Runs one world to its end. The same options give the same report. */
export function runSmallWorld(options: SmallWorldOptions): SmallWorldReport {
  return new SmallWorld(options).run();
}

class SmallWorld {
  readonly #options: SmallWorldOptions;
  readonly #choices: Choices;
  readonly #ways: ReadonlySet<Way>;
  readonly #met = new Set<Way>();
  readonly #time = new SimulatedTime();
  readonly #disk: SimulatedDisk;
  readonly #serial: SimulatedSerialLink;
  readonly #provider: SmallProvider;
  readonly #stage: Stage;
  readonly #box: StagedBox;
  readonly #checker: InvariantChecker;
  readonly #pins: SimulatedPins | null;
  readonly #entropy = new NoChance();
  #outages = 0;
  /** Whether anybody has scanned yet: before, there is nothing to lose. */
  #begun = false;
  /** Whether the box and its outside have touched in this step. */
  #touched = false;
  /** How many rows there were when the write was asked for that is not told of yet; null where none is. */
  #writingAt: number | null = null;
  #writingRows = 0;
  /** Whether what is in doubt when the power fails turns out to be durable. */
  #kept = false;
  /** By then everything that is on its way has arrived. */
  #heldUntil = 0;
  /** The stories of the charges that have arrived, by order. */
  readonly #stories = new Map<string, string>();
  readonly #reversedUnseen = new Set<string>();
  #codes = 0;
  /** What has been seen outside of the box: events at the broker, pulses, ends on the screen. */
  #seen = 0;
  /** What stood outside, where the power could fail and nothing went on. */
  readonly #outsides = new Set<string>();

  constructor(options: SmallWorldOptions) {
    const { setup, choices, unmet = [] } = options;
    this.#options = options;
    this.#choices = new Choices(choices, ({ what }, option) =>
      this.#tell(`choice ${this.#choices.points.length - 1}, ${what}: ${option}`),
    );
    this.#ways = new Set(choices.flatMap(({ way }) => (way === null ? [] : [way])).concat(unmet));
    this.#disk = new SimulatedDisk(this.#time, new NoChance(() => this.#kept));
    this.#disk.flush = { least: 1, most: 1 };
    this.#serial = new SimulatedSerialLink(this.#time, new NoChance());
    const broker = new SimulatedBroker(this.#time);
    const make = smallProviders[setup.at];
    invariant(make !== undefined, "a world has a provider");
    this.#provider = make(
      {
        autoRevoke: this.#ways.has("auto-revoke"),
        unseenReversal: this.#ways.has("unseen-forgotten") ? "forget" : "tombstone",
        unseenAnswer: this.#ways.has("unseen-refused") ? "invalid" : "done",
        paidReversal: this.#ways.has("paid-becomes-refund") ? "refund" : "revoked",
      },
      new NoChance(),
      (line) => this.#tell(`sandbox: ${line}`),
    );
    this.#stage = new Stage({ time: this.#time, broker, sandbox: this.#provider.sandbox });
    this.#pins = setup.goods === "none" ? null : new SimulatedPins(this.#time, new NoChance());
    this.#box = new StagedBox({
      ...{ stage: this.#stage, id: BOX_ID, disk: this.#disk, serial: this.#serial, pins: this.#pins },
      defect: options.defect,
      seams: {
        store: (store) => this.#watchedStore(store),
        gpio: (pins) => this.#watchedPins(pins),
      },
      tell: (line) => this.#tell(line),
    });
    this.#checker = this.#box.checker;
    if (this.#pins !== null) this.#wire(this.#pins);
    broker.watch(`scanbox/v1/${BOX_ID}/tx`, () => {
      this.#touched = true;
      this.#seen += 1;
    });
  }

  run(): SmallWorldReport {
    try {
      this.#start();
      while (!this.#isOver() && this.#time.now < LIVENESS_MS && this.#time.step()) this.#interrupt();
      this.#provider.settle(this.#stage.wall);
      if (!this.#isOver()) this.#checker.found("liveness", `after an hour: ${this.#whatIsOpen()}`);
      this.#checker.final();
      invariant(this.#choices.spent, "the choices of a world are met by it");
    } catch (error) {
      const sentence = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#checker.found("no-defect", sentence);
    }
    return {
      findings: this.#checker.findings,
      points: this.#choices.points,
      outages: this.#outages,
      simulatedMs: this.#time.now,
    };
  }

  get #life(): BoxRun | null {
    return this.#box.life;
  }

  /** Nothing is open, on its way or unreported, and no order is looked at any more. */
  #isOver(): boolean {
    const { box } = this.#life ?? {};
    return (
      box?.turn?.box.orders.size === 0 &&
      this.#time.now >= this.#heldUntil &&
      this.#checker.payments >= this.#options.setup.payments &&
      this.#checker.isSettled() &&
      box.reporting?.unconfirmed === 0
    );
  }

  #whatIsOpen(): string {
    const orders = this.#checker.openOrders().join(", ");
    return orders !== "" ? orders : `${this.#checker.payments} payments, ${this.#life?.screen.text}`;
  }

  #start(): void {
    const { setup, defect } = this.#options;
    this.#disk.fault = "none";
    if (this.#hasOpen("charging")) this.#meet("late-reversed");
    if (this.#hasOpen("paid")) this.#meet("unclear-refunded");
    const late = this.#ways.has("late-reversed") ? "reverse" : "keep";
    const onAmbiguous = this.#ways.has("unclear-refunded") ? "refund" : "hold";
    const usual = configOf({ ...setup, late, onAmbiguous, provider: this.#provider.entry(HOSTS) });
    const config = defect?.config?.(usual) ?? usual;
    const exchanges: SimulatedHttpsLink[] = [];
    this.#box.start({
      ...{ config, entropy: this.#entropy, networks: exchanges },
      clock: new SimulatedClock(this.#time, this.#stage.wall),
      providers: [
        this.#provider.account({
          ...{ link: this.#box.heard(this.#network(exchanges)), fault: () => null },
          ...{ hosts: HOSTS, boxId: config.box.id, timing: config.timing, notifyUrl: null, charges: true },
        }),
      ],
      onScreen: (life, screen, before) => this.#shown(life, screen, before),
      onBroken: (life) => this.#fail(life, NEXT_MS),
      onStart: (_life, refusal) => {
        if (refusal === null) return;
        this.#checker.found("starts", `the box did not start: ${refusal.why}: ${refusal.detail}`);
      },
    });
  }

  /** Whether the journal holds an order whose newest record says so and is not final. */
  #hasOpen(state: string): boolean {
    const newest = new Map<string, string>();
    for (const { subject: outTradeNo, seq, final, body } of this.#disk.kept) {
      if (outTradeNo === null || seq === null) continue;
      if (final) newest.delete(outTradeNo);
      else newest.set(outTradeNo, body);
    }
    return [...newest.values()].some((body) => body.includes(`"state":"${state}"`));
  }

  /** The power may fail now, or somebody may press a key, as often as the two have touched again by it. */
  #interrupt(): void {
    while (this.#touched && this.#begun && this.#life !== null) {
      this.#touched = false;
      const writing = this.#writingAt === this.#disk.rows.length && this.#disk.fault === "none";
      const pending = this.#time.now < this.#heldUntil || this.#isWaiting();
      const point = interruptionPoint({
        cancellable: cancellable.has(this.#life.screen.text),
        giving: this.#isGiving(this.#life),
        writing,
        pending,
        lost: pending || this.#isNewOutside(0),
        kept: writing && (pending || this.#isNewOutside(this.#writingRows)),
      });
      if (point.options.length === 1) continue;
      const interruption = point.interruptions[this.#choices.take(point)];
      invariant(interruption !== undefined, "an interruption is one of those that may be");
      this.#do(interruption, this.#life);
    }
    this.#touched = false;
  }

  /** Whether an order at the sandbox may still change by its customer, whose plans are for its first seconds, or by a time-out. */
  #isWaiting(): boolean {
    const since = this.#stage.wall - AUTO_REVOKE_MS;
    return this.#provider.orders().some(({ createdAt, state }) => createdAt >= since && state === "unpaid");
  }

  /** Whether the power has not been able to fail yet with what would stand outside, `kept` rows more among it. */
  #isNewOutside(kept: number): boolean {
    const { rows, fault } = this.#disk;
    const books = [this.#provider.orders().length, this.#provider.passages()];
    const sandbox = [...books, this.#reversedUnseen.size, this.#stories.size];
    const doubt = fault === "none" ? "" : `${fault} ${this.#kept}`;
    const outside = [rows.length + kept, ...sandbox, this.#seen, this.#codes, doubt].join(" ");
    if (this.#outsides.has(outside)) return false;
    this.#outsides.add(outside);
    return true;
  }

  #do(interruption: Interruption, life: BoxRun): void {
    switch (interruption.kind) {
      case "nothing":
        return;
      case "cancel":
        life.box.press({ name: "cancel" });
        return;
      case "pin":
        this.#meet("unclear-refunded");
        this.#pins?.fail(RELAY_PIN, "the line failed");
        return;
      case "power":
        // What failed before in a way that left it open was decided then.
        if (this.#disk.fault === "none") this.#kept = interruption.kept;
        this.#fail(life, interruption.forMs);
        return;
    }
  }

  #isGiving({ box }: BoxRun): boolean {
    if (this.#pins?.holds(RELAY_PIN) !== true) return false;
    return [...(box.turn?.box.orders.values() ?? [])].some(({ phase }) => phase.name === "dispensing");
  }

  /** The power fails, and comes back so long after it. */
  #fail(life: BoxRun, forMs: number): void {
    invariant(life === this.#life, "the power of a box that is switched on fails");
    this.#outages += 1;
    this.#writingAt = null;
    this.#box.crash();
    this.#serial.plug();
    this.#time.after(forMs, () => this.#start());
  }

  #shown(life: BoxRun, screen: Screen, before: Screen): void {
    if (life !== this.#life || screen.text === before.text) return;
    const foreground = life.box.turn?.box.foreground;
    this.#seen += Number(foreground?.name === "result" || foreground?.name === "unknown");
    this.#tell(`screen: ${screen.text}${screen.ref === null ? "" : ` ${screen.ref}`}`);
    this.#reactLater(life, PERSON_MS);
  }

  /** Somebody does what the screen asks for, if it still does then. */
  #reactLater(life: BoxRun, waitMs: number): void {
    const { text } = life.screen;
    if (!asking.has(text)) return;
    this.#time.after(waitMs, () => {
      if (this.#life !== life || life.screen.text !== text) return;
      this.#react(life);
      if (this.#life === life && life.screen.text === text) this.#reactLater(life, AGAIN_MS);
    });
  }

  #react({ box, screen }: BoxRun): void {
    const wanted = this.#checker.payments < this.#options.setup.payments;
    if (forStaff.has(screen.text)) box.press({ name: "confirm" });
    else if (!wanted) return;
    else if (screen.text === "armed") this.#scan();
    else {
      // Staff look back before the next sale, where there is anything to look at.
      if ((box.turn?.box.recent.length ?? 0) > 0) box.press({ name: "confirm" });
      for (const digit of [5, 0, 0]) box.press({ name: "digit", digit });
      box.press({ name: "confirm" });
    }
  }

  #scan(): void {
    this.#begun = true;
    const again = this.#codes > 0 && this.#choices.take(whichCode) === 1;
    if (!again) this.#codes += 1;
    this.#tell(`people: scan code ${this.#codes}`);
    const code = this.#provider.shown(`13${String(this.#codes).padStart(16, "0")}`);
    this.#serial.send(Buffer.from(`${code}\r`, "latin1"));
  }

  /** From here on it matters whether the world is so. */
  #meet(way: Way): void {
    if (this.#met.has(way)) return;
    this.#met.add(way);
    const taken = this.#choices.take(wayPoints[way]);
    invariant(
      (taken === 1) === this.#ways.has(way),
      `the choices of a world say where ${way} begins to matter`,
    );
  }

  /** A store whose writes may fail. */
  #watchedStore(store: StoreLink): StoreLink {
    return {
      open: (done) => store.open(done),
      append: (rows, done) => {
        this.#touched = true;
        this.#writingAt = this.#disk.rows.length;
        this.#writingRows = rows.length;
        const fate = this.#begun ? this.#choices.take(whatOfAWrite) : 0;
        if (fate > 0) {
          this.#disk.fault = fate === 1 ? "read-only" : "refusing";
          this.#kept = fate === 2;
        }
        store.append(rows, (error) => {
          this.#touched = true;
          this.#writingAt = null;
          done(error);
        });
      },
      follow: (afterSeq, limit, done) => store.follow(afterSeq, limit, done),
      order: (outTradeNo, done) => store.order(outTradeNo, done),
      moveCursor: (name, seq) => store.moveCursor(name, seq),
      room: (done) => store.room(done),
      survey: (wish, done) => store.survey(wish, done),
      rotate: (segment, first, done) => store.rotate(segment, first, done),
      read: (behind, limit, done) => store.read(behind, limit, done),
      condemn: (sentence, done) => store.condemn(sentence, done),
      close: (done) => store.close(done),
    };
  }

  #watchedPins(pins: GpioLink): GpioLink {
    const watched = (lines: GpioLines): GpioLines => ({
      read: (pin) => lines.read(pin),
      write: (levels) => {
        this.#touched = true;
        lines.write(levels);
      },
      watch: (watching) => lines.watch(watching),
      release: (done) => lines.release(done),
    });
    return {
      claim: (wanted, listener, done) =>
        pins.claim(wanted, listener, (claimed) =>
          done(claimed.kind === "refused" ? claimed : { kind: "claimed", lines: watched(claimed.lines) }),
        ),
    };
  }

  /**
   * A network on which each exchange is chosen for. It has a connection of its own each time: one that is warm changes only
   * the moment at which a request leaves.
   */
  #network(exchanges: SimulatedHttpsLink[]): HttpsLink {
    return {
      exchange: (request, done) => {
        this.#touched = true;
        const fate = this.#fateOf(request);
        const held = heldMs(fate);
        let left = false;
        const time = new PartTime(this.#time, () => {
          // The first thing that happens to an exchange is that its request leaves, or that it certainly does not.
          if (left) return;
          left = true;
          this.#touched = true;
          this.#heldUntil = Math.max(this.#heldUntil, this.#time.now + held);
        });
        let arrivals = 0;
        const link = new SimulatedHttpsLink({
          time,
          random: new NoChance(() => fate === "is lost, the connection breaks"),
          serve: (arrived) => {
            arrivals += 1;
            // What arrives at once would also have arrived while the box is off.
            if (arrivals > 1 || held > PROMPT_MS) this.#touched = true;
            return this.#serve(arrived);
          },
          certificate: true,
        });
        link.faults = faultsOf(fate);
        exchanges.push(link);
        link.exchange(request, (outcome) => {
          this.#touched = true;
          done(outcome);
        });
      },
      warm: () => undefined,
      localAddress: () => "192.0.2.7",
      close: (done) => this.#time.after(0, done),
    };
  }

  /** A probe moves no money: where it fails the box waits, as it does where the one before it failed. */
  #fateOf(request: HttpsRequest): Delivery {
    const { call } = this.#box.asked(request);
    if (call === "probe") return "arrives";
    const point = fatePoints.get(call);
    invariant(point !== undefined, `${call} is a call of a small world`);
    const fate = point.options[this.#choices.take(point)];
    return chargeDeliveries.find((one) => one === fate) ?? "arrives";
  }

  #serve(request: SimulatedRequest): SimulatedReply {
    const { call, order: outTradeNo } = this.#box.asked(request);
    this.#provider.settle(this.#stage.wall);
    const known = this.#provider.look(outTradeNo);
    const reply = this.#box.serve(request, () => {
      if (call === "charge") this.#chargeArrives(outTradeNo, known);
      if (call === "undo") this.#reversalArrives(outTradeNo, known);
      return true;
    });
    if (known === undefined) this.#watchAutoRevoke(outTradeNo);
    return reply;
  }

  #chargeArrives(outTradeNo: string, known: SmallOrder | undefined): void {
    if (known !== undefined || this.#stories.has(outTradeNo)) return;
    if (this.#reversedUnseen.has(outTradeNo)) {
      this.#meet("unseen-forgotten");
      if (!this.#ways.has("unseen-forgotten")) return;
    }
    const { stories } = this.#provider;
    const whichStory = { what: "the payment at the sandbox", options: stories, fault: false, way: null };
    const story = stories[this.#choices.take(whichStory)];
    invariant(story !== undefined, "a story is one of those that may be");
    this.#stories.set(outTradeNo, story);
    this.#provider.take(story);
  }

  #reversalArrives(outTradeNo: string, known: SmallOrder | undefined): void {
    if (known === undefined) {
      this.#reversedUnseen.add(outTradeNo);
      this.#meet("unseen-refused");
    } else if (known.state === "paid" || (known.open && this.#stories.get(outTradeNo) === PAID_AT_LAST)) {
      this.#meet("paid-becomes-refund");
    }
  }

  /** Whether unpaid orders revoke themselves matters from the moment at which one would. */
  #watchAutoRevoke(outTradeNo: string): void {
    if (this.#provider.look(outTradeNo) === undefined) return;
    this.#time.after(AUTO_REVOKE_MS, () => {
      this.#provider.settle(this.#stage.wall - 1);
      if (this.#provider.look(outTradeNo)?.state === "unpaid") this.#meet("auto-revoke");
    });
  }

  #wire(pins: SimulatedPins): void {
    const { setup } = this.#options;
    new VendingMachine({
      pins,
      time: this.#time,
      random: new NoChance(() => this.#choices.take(whatFalls) === 1),
      relay: RELAY_PIN,
      barrier: setup.goods === "barrier" ? BARRIER_PIN : null,
      jams: setup.goods === "barrier" ? 0.5 : 0,
      pulsed: () => {
        this.#seen += 1;
        this.#tell("relay: a pulse");
        this.#checker.pulsed();
      },
      fell: () => this.#checker.fell(),
    });
  }

  #tell(line: string): void {
    this.#options.tell?.(this.#time.now, line);
  }
}

/** Screens that stand until staff say OK, those that want something of somebody, and those on which cancel may still change how a payment ends. */
const forStaff: ReadonlySet<string> = new Set([
  "unknown",
  "vend-unclear",
  "earlier-paid",
  "earlier-refunded",
]);
const asking: ReadonlySet<string> = new Set(["idle", "armed", ...forStaff]);
const cancellable: ReadonlySet<string> = new Set(["submitting", "password", "checking"]);

/** The story in which the customer pays just before a reversal. */
const PAID_AT_LAST = "paid-at-last";

const fatePoints: ReadonlyMap<string, Point> = new Map([
  ["charge", { what: "the charge", options: chargeDeliveries, fault: true, way: null }],
  ["query", { what: "a query", options: queryDeliveries, fault: true, way: null }],
  ["other", { what: "a query of a refund", options: queryDeliveries, fault: true, way: null }],
  ["undo", { what: "a reversal", options: reversalDeliveries, fault: true, way: null }],
]);

const whatOfAWrite: Point = {
  what: "a write",
  options: ["becomes durable", "fails and is lost", "fails and is there at the next start"],
  fault: true,
  way: null,
};

const whichCode: Point = {
  what: "the customer",
  options: ["shows another code", "shows the same code again"],
  fault: true,
  way: null,
};

const whatFalls: Point = {
  what: "the machine",
  options: ["gives the goods", "jams"],
  fault: false,
  way: null,
};

function pointOf(way: Way, options: readonly [string, string]): Point {
  return { what: "this world", options, fault: false, way };
}

const wayPoints: Readonly<Record<Way, Point>> = {
  "auto-revoke": pointOf("auto-revoke", ["leaves unpaid orders open", "revokes them after 45 s"]),
  "unseen-forgotten": pointOf("unseen-forgotten", ["remembers a reversal of no order", "forgets it"]),
  "unseen-refused": pointOf("unseen-refused", ["answers it SUCCESS", "answers it INVALID_TRANSACTIONID"]),
  "paid-becomes-refund": pointOf("paid-becomes-refund", ["makes of it REVOKED", "makes of it REFUND"]),
  "late-reversed": pointOf("late-reversed", ["keeps late payments", "reverses them"]),
  "unclear-refunded": pointOf("unclear-refunded", ["holds unclear goods", "refunds them"]),
};
