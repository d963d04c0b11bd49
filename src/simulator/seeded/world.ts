/**
 * A whole world for one box: the production runtime on simulated links, a sandbox, a broker, a card, people, and everything
 * that goes wrong, all from one seed. Faults stop after a while; from then on the box must bring every order to its end.
 */
import { ComposedBox } from "../../compose.ts";
import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import { readKeyName } from "../../core/codecs/key-names.ts";
import { invariant } from "../../core/kernel/defect.ts";
import type { Key } from "../../core/payment/amount-entry.ts";
import type { ProbeFailure } from "../../core/payment/answers.ts";
import { standardTiming } from "../../core/payment/rules.ts";
import { bootScreen, type Screen } from "../../core/payment/screen.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import { simulatedProviders } from "../../providers/sandboxes.ts";
import { type Core, core } from "../../runtime/loop.ts";
import type {
  BrokerLink,
  Clock,
  GpioLink,
  HttpsLink,
  HttpsRequest,
  Log,
  StoreLink,
} from "../../runtime/ports.ts";
import { type Finding, InvariantChecker } from "../checker/invariant-checker.ts";
import { type PublishOutcome, SimulatedBroker } from "../outside/broker.ts";
import { SimulatedHost } from "../outside/host.ts";
import {
  NO_HTTPS_FAULTS,
  SimulatedHttpsLink,
  type SimulatedReply,
  type SimulatedRequest,
} from "../outside/https.ts";
import { LastingFaults } from "../outside/lasting-faults.ts";
import { LostHost } from "../outside/lost-host.ts";
import type { SimulatedProvider } from "../outside/provider.ts";
import { Random } from "../outside/random.ts";
import { SimulatedDisk } from "../outside/store.ts";
import { type Swarm, swarmOf } from "../outside/swarm.ts";
import { SimulatedClock, SimulatedTime } from "../outside/time.ts";
import { PeopleModel } from "../site/habits.ts";
import { SimulatedKeypad } from "../site/keypad.ts";
import { type Act, freshCode, People } from "../site/people.ts";
import { SimulatedPins } from "../site/pins.ts";
import { type ReaderBehaviour, readerBehaviours, SimulatedReader } from "../site/reader.ts";
import { SimulatedSerialLink } from "../site/serial.ts";
import { SimulatedTill } from "../site/till.ts";
import { VendingMachine } from "../site/vending-machine.ts";
import { Damage } from "./damage.ts";
import { configuredMerchant, makerOf, type WorldMerchant, WorldMerchants } from "./world-merchants.ts";

/** Where the wall clock of every world begins: 2027-01-15 08:00 UTC. */
const WALL_EPOCH = 1_800_000_000_000;

/** How long an undisturbed box may take for what is open: reversals wait up to 60 s between rounds, and 60 s to confirm. */
const LIVENESS_MS = 40 * 60_000;

/** How soon a box is in service again where nothing is broken, and how soon somebody has paid there, with a reader that rests. */
const BACK_WITHIN_MS = 120_000;
const SERVED_WITHIN_MS = 240_000;
const LOOKS_EVERY_MS = 3_000;

/** Where a host is lost the sandbox says something else once, so long after faults end: amid the absences that stand for it. */
const BUSY_AFTER_MS = 6 * 60_000;
const BUSY_FOR_MS = 60_000;

const HOSTS: readonly [string, string] = ["https://api.example", "https://api2.example"];

/** The years by which a wall clock jumps at most, in milliseconds; less than back to 1970. */
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/**
 * What a test may put between the box and the world, or between the core and its loop, to see that the checks notice. Each is
 * called once for each life of the box.
 */
export interface PlantedDefect {
  readonly core?: (core: Core) => Core;
  readonly clock?: (clock: Clock) => Clock;
  readonly broker?: (broker: BrokerLink, time: SimulatedTime) => BrokerLink;
  readonly store?: (store: StoreLink, time: SimulatedTime) => StoreLink;
  readonly https?: (https: HttpsLink) => HttpsLink;
  readonly config?: (config: DeviceConfig) => DeviceConfig;
  readonly gpio?: (gpio: GpioLink, time: SimulatedTime) => GpioLink;
}

/** Added to a world's seed for the second till, and for how late the timers of the box are. */
const SECOND_TILL_STREAM = 11 * 2 ** 40;
const TIMERS_STREAM = 12 * 2 ** 40;

/** Added to a world's seed for what people do by habit. */
const HABITS_STREAM = 2 ** 40;

/** The stream that draws what the scanner of a world sends behind a code, and what it may send there. */
const CODE_END_STREAM = 12 * 2 ** 40;
/** The stream that draws the habit of the reader, and when it tells of what. */
const READER_STREAM = 17 * 2 ** 40;

/** Where readers tell of a code once, a phone that shows its next one within seconds is waited for, and not for a minute. */
const ONCE_REST_MS = 10_000;

const codeEnds = ["\r", "\n", "\r\n", "\t", "\u0003", ""] as const;

/** Added for the host that is lost. */
const HOSTS_STREAM = 20 * 2 ** 40;

/** The same for libraries of optional parts that throw. */
const THROWS_STREAM = 7 * 2 ** 40;

/** Added to a world's seed for what takes from a box the means to take money back. */
const TAKING_BACK_STREAM = 5 * 2 ** 40;

/** How often the certificate of the box goes bad, for each act of people, and for how long, in milliseconds. */
const CERTIFICATE_FAILURE = 0.003;
const CERTIFICATE_BAD_MS = { least: 10_000, most: 600_000 };

/** How often the sandbox falls deaf to reversals while it hears everything else, and for how long, in milliseconds. */
const DEAFNESS = 0.03;
const DEAF_MS = { least: 30_000, most: 600_000 };

/** Added for journals that are damaged, and put aside. */
const DAMAGE_STREAM = 23 * 2 ** 40;

/** Added for disks that are full when the box starts. */
const FULL_STREAM = 22 * 2 ** 40;

/** In how many worlds that happens, how often there, and for how long after the start, in milliseconds. */
const FULL_WORLDS = 0.1;
const FULL_STARTS = 0.5;
const FULL_MS = { least: 5_000, most: 120_000 };

/** Added for merchants that change, the host that confirms, what stays broken, the last customer, and boxes without keys. */
const MERCHANTS_STREAM = 31 * 2 ** 40;
const CONFIRMING_STREAM = 32 * 2 ** 40;
const LASTING_STREAM = 33 * 2 ** 40;
const LAST_CUSTOMER_STREAM = 34 * 2 ** 40;
const HEADLESS_STREAM = 35 * 2 ** 40;

/** Which world to run, and for how long. */
export interface WorldOptions {
  readonly seed: number;
  /** How long faults and people go on, in simulated minutes. */
  readonly minutes: number;
  /** Hears what happens, for people who read stories. */
  readonly tell?: (at: number, line: string) => void;
  readonly defect?: PlantedDefect;
}

/** What came of one world. */
export interface WorldReport {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly findings: readonly Finding[];
  readonly payments: number;
  readonly crashes: number;
  readonly simulatedMs: number;
}

/** Runs one world to its end. The same options give the same report. */
export function runWorld(options: WorldOptions): WorldReport {
  return new World(options).run();
}

/** One life of the box, from power-on to power-off. */
interface Life {
  readonly box: ComposedBox;
  readonly clock: SimulatedClock;
  readonly https: SimulatedHttpsLink;
  screen: Screen;
  stopping: boolean;
  /** Whether it began on a full disk, on which it must not call itself in service. */
  full: boolean;
  /** Whether it was said that the box has contradicted itself. */
  contradicted: boolean;
}

class World {
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #swarm: Swarm;
  readonly #time = new SimulatedTime();
  readonly #disk: SimulatedDisk;
  readonly #serial: SimulatedSerialLink;
  readonly #broker: SimulatedBroker;
  readonly #provider: SimulatedProvider;
  readonly #people: People;
  readonly #habits: PeopleModel;
  readonly #codeEnd: (typeof codeEnds)[number];
  readonly #habit: ReaderBehaviour;
  readonly #reader: SimulatedReader;
  readonly #lost: LostHost;
  readonly #witness: InvariantChecker;
  readonly #config: DeviceConfig;
  readonly #entropy: Random;
  readonly #takingBack: Random;
  #deafUntil = 0;
  #certificateFault: ProbeFailure | null = null;
  /** The header of a box with a machine, and the keypad on it. */
  readonly #pins: SimulatedPins | null;
  readonly #keypad: SimulatedKeypad | null;
  readonly #till: SimulatedTill | null;
  /** Whether the libraries of broker, pins and scanner throw now and then, and when. */
  readonly #throws: { readonly random: Random; readonly chance: number };
  /** Another till at the same box, null where there is one or none; and what draws who asks when. */
  readonly #secondTill: SimulatedTill | null;
  readonly #tillDraws: Random;
  /** Beside a till there may be no keys: what wants to be seen then stands for its time. */
  readonly #keyless: boolean;
  readonly #merchants: WorldMerchants;
  readonly #lasting: LastingFaults;
  /** Whose word confirms events, null where the broker's does. */
  readonly #host: SimulatedHost | null;
  /** How long an amount waits for a code. */
  readonly #armedMs: number;
  /** The moment for which a till has made up its mind. */
  #dueAsked: number | null = null;
  /** How late a timer of the box is, in milliseconds. */
  readonly #lateness: () => number;
  #life: Life | null = null;
  /** Whether the reader has told of the phone that lies there. */
  #phoneRead = false;
  readonly #damage: Damage;
  /** When the disk is full at a start, and whether it is so in this world at all. */
  readonly #fullStarts: { readonly random: Random; readonly chance: number };
  #crashes = 0;
  #faulty = true;
  /** How far the wall clock of the box is ahead of the sandbox's, and whether the box believes it. */
  #wallErrorMs = 0;
  #wallBelieved = true;

  constructor(options: WorldOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#random = random;
    const throwing = new Random(options.seed + THROWS_STREAM);
    this.#throws = { random: throwing, chance: throwing.chance(0.2) ? 0.3 : 0 };
    this.#swarm = swarmOf(random.fork());
    this.#entropy = random.fork();
    this.#damage = new Damage(new Random(options.seed + DAMAGE_STREAM));
    const full = new Random(options.seed + FULL_STREAM);
    this.#fullStarts = { random: full, chance: full.chance(FULL_WORLDS) ? FULL_STARTS : 0 };
    this.#takingBack = new Random(options.seed + TAKING_BACK_STREAM);
    this.#disk = new SimulatedDisk(this.#time, random.fork());
    this.#serial = new SimulatedSerialLink(this.#time, random.fork(), (bytes) => this.#reader.told(bytes));
    this.#broker = new SimulatedBroker(this.#time);
    this.#people = new People(random.fork(), this.#swarm.silliness);
    this.#habits = new PeopleModel(new Random(options.seed + HABITS_STREAM), this.#time);
    this.#codeEnd = new Random(options.seed + CODE_END_STREAM).pick(codeEnds);
    this.#lost = new LostHost(new Random(options.seed + HOSTS_STREAM), HOSTS);
    const [make] = simulatedProviders;
    invariant(make !== undefined, "a world has a provider");
    this.#provider = make({
      swarm: this.#swarm,
      habits: this.#habits,
      random,
      entropy: random.fork(),
      stream: (number) => new Random(options.seed + number * 2 ** 40),
      tell: options.tell === undefined ? null : (line) => this.#tell(`sandbox: ${line}`),
    });
    const readers = new Random(options.seed + READER_STREAM);
    this.#habit = readers.pick(readerBehaviours);
    this.#reader = new SimulatedReader({
      habit: this.#habit,
      time: this.#time,
      random: readers.fork(),
      tell: (text) => this.#read(text),
      reply: (bytes) => this.#serial.send(bytes),
    });
    this.#tillDraws = new Random(options.seed + SECOND_TILL_STREAM);
    const headless = new Random(options.seed + HEADLESS_STREAM).chance(0.4);
    this.#keyless =
      this.#swarm.amountSource === "till"
        ? this.#tillDraws.chance(0.5)
        : this.#swarm.amountSource === "fixed" && headless;
    const signType = options.seed % 2 === 0 ? "HMAC-SHA256" : "MD5";
    this.#merchants = new WorldMerchants(new Random(options.seed + MERCHANTS_STREAM), signType);
    this.#lasting = new LastingFaults(new Random(options.seed + LASTING_STREAM));
    const confirming = new Random(options.seed + CONFIRMING_STREAM);
    this.#host = confirming.chance(0.25)
      ? new SimulatedHost({ broker: this.#broker, time: this.#time, random: confirming })
      : null;
    this.#armedMs = this.#tillDraws.pick([standardTiming.armedMs, 20_000]);
    const confirm = this.#host === null ? "puback" : "ack";
    const config = configOf(this.#swarm, this.#habit, this.#keyless, confirm);
    this.#config = options.defect?.config?.(config) ?? config;
    this.#witness = new InvariantChecker({
      disk: this.#disk,
      sandboxes: [this.#provider.sandbox],
      time: this.#time,
      barrier: this.#swarm.machine?.barrier === true,
      unnamed: this.#provider.unnamed,
      late: this.#swarm.late,
      armedMs: this.#armedMs,
    });
    const { machine } = this.#swarm;
    this.#pins = machine === null ? null : new SimulatedPins(this.#time, random.fork());
    this.#keypad = this.#pins === null ? null : this.#wire(this.#pins, random.fork());
    this.#till = this.#swarm.amountSource === "till" ? this.#tillOf(random.fork(), "till-1") : null;
    const second = this.#till !== null && this.#swarm.segments === null && this.#tillDraws.chance(0.6);
    this.#secondTill = second ? this.#tillOf(this.#tillDraws.fork(), "till-2") : null;
    this.#lateness = latenessOf(new Random(options.seed + TIMERS_STREAM));
    this.#disk.flush = this.#swarm.flush;
    const fates = random.fork();
    this.#broker.temper.fate = () => this.#fateOfMessage(fates);
    this.#broker.watch("scanbox/v1/+/tx", ({ topic, payload }) => {
      this.#witness.reported(payload);
      if (this.#host === null) return;
      this.#witness.confirmedUpTo(
        this.#life?.box.reporting?.confirmed ?? 0,
        this.#host.saidOf(this.#disk.journal),
      );
      this.#host.hears(topic, payload);
    });
  }

  /** A box that drops its orders within minutes knows no more than the newest sale for certain. */
  #tillOf(random: Random, caller: string): SimulatedTill {
    return new SimulatedTill({
      random,
      caller,
      silliness: this.#swarm.silliness,
      remembered: this.#swarm.segments === null ? 6 : 1,
      ear: this.#witness.tills,
    });
  }

  /** The keypad and the machine on the header. */
  #wire(pins: SimulatedPins, random: Random): SimulatedKeypad {
    const { machine } = this.#swarm;
    invariant(machine !== null, "a header belongs to a machine");
    const { jams, barrier } = machine;
    new VendingMachine({
      pins,
      time: this.#time,
      random: random.fork(),
      relay: RELAY_PIN,
      barrier: barrier ? BARRIER_PIN : null,
      jams,
      pulsed: () => {
        this.#tell("relay: a pulse");
        this.#witness.pulsed();
      },
      fell: () => {
        this.#tell("machine: goods fall");
        this.#witness.fell();
      },
    });
    return new SimulatedKeypad({ pins, time: this.#time, random, ...keypadPins });
  }

  run(): WorldReport {
    const safeUntil = this.#options.minutes * 60_000;
    try {
      this.#start();
      this.#planLoss();
      this.#planDamage(safeUntil);
      this.#planPeople();
      this.#planCrash();
      this.#time.runUntil(safeUntil);
      this.#calm();
      this.#untilSettled(safeUntil + LIVENESS_MS);
      this.#lastCustomer();
      this.#witness.final({ reported: !this.#lasting.broker });
    } catch (error) {
      this.#witness.found(
        "no-defect",
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    }
    return {
      seed: this.#options.seed,
      swarm: this.#swarm,
      findings: this.#witness.findings,
      payments: this.#witness.payments,
      crashes: this.#crashes,
      simulatedMs: this.#time.now,
    };
  }

  #start(): void {
    const { defect } = this.#options;
    const full = this.#fillsDisk();
    const clock = this.#clock();
    const https = new SimulatedHttpsLink({
      time: this.#time,
      random: this.#random.fork(),
      serve: (request) => this.#serve(request),
      certificate: true,
    });
    if (this.#faulty) https.faults = this.#swarm.https;
    for (const host of HOSTS) https.setDown(host, this.#lost.isGone(host, this.#time.now));
    const store = this.#disk.link();
    const watched = this.#witnessed(https);
    const link = defect?.https?.(watched) ?? watched;
    const [first, ...earlier] = this.#merchants.next();
    const life: Life = {
      clock,
      https,
      screen: bootScreen,
      stopping: false,
      full,
      contradicted: false,
      box: new ComposedBox({
        config: this.#config,
        version: "0.0.0",
        links: {
          clock: defect?.clock?.(clock) ?? clock,
          entropy: this.#entropy,
          log: this.#log(),
          store: defect?.store?.(store, this.#time) ?? store,
          serial: this.#throwing(this.#serial, ["open", "watch"]),
          broker: this.#throwing(defect?.broker?.(this.#broker, this.#time) ?? this.#broker, ["connect"]),
          display: null,
          gpio: this.#gpio(),
        },
        providers: [
          this.#makerOf(first, true, link),
          ...earlier.map((merchant) => this.#makerOf(merchant, false, link)),
        ],
        core: defect?.core?.(core) ?? core,
        rotation: this.#swarm.segments ?? {},
        timing: this.#till === null ? {} : { armedMs: this.#armedMs },
        onScreen: (screen) => this.#shown(life, screen),
        onJournalBroken: () => this.#endSoon(life),
        onMoney: (tx) =>
          this.#tell(`journal: ${tx.outTradeNo} ${tx.state}${tx.reason === null ? "" : ` (${tx.reason})`}`),
      }),
    };
    this.#life = life;
    this.#witness.started();
    this.#tell("power on");
    life.box.start((refusal) => {
      if (refusal === null && this.#isDamaged)
        this.#witness.found("damaged", "the box starts on what is left of a damaged journal");
      if (refusal !== null && this.#life === life) this.#refused(life, `${refusal.why}: ${refusal.detail}`);
    });
  }

  /** Somebody has filled the disk while the box was off, and makes room some time later. */
  #fillsDisk(): boolean {
    const { random, chance } = this.#fullStarts;
    if (!this.#faulty || this.#disk.fault !== "none" || !random.chance(chance)) return false;
    this.#disk.fault = "full";
    this.#tell("disk: full at the start");
    this.#time.after(random.between(FULL_MS.least, FULL_MS.most), () => {
      if (this.#disk.fault === "full") this.#disk.fault = "none";
      // A disk that fills up later is found out by looking every ten seconds.
      if (this.#life !== null) this.#life.full = false;
    });
    return true;
  }

  #makerOf(merchant: WorldMerchant, charges: boolean, link: HttpsLink): ProviderMaker {
    const { box, timing } = this.#config;
    const notifyUrl = this.#swarm.native ? "https://merchant.example/paid" : null;
    const fault = (): ProbeFailure | null => this.#certificateFault;
    return makerOf(merchant, { charges, timing, link, fault, hosts: HOSTS, boxId: box.id, notifyUrl });
  }

  /** The clocks of one life. Without a battery the wall clock begins in 1970, and the network puts it right some time later. */
  #clock(): SimulatedClock {
    const forgotten = this.#faulty && this.#random.chance(this.#swarm.clock.forgotten);
    if (!forgotten) {
      return this.#late(new SimulatedClock(this.#time, this.#wall + this.#wallErrorMs, this.#wallBelieved));
    }
    const clock = this.#late(new SimulatedClock(this.#time, this.#random.between(0, 60_000), false));
    this.#time.after(this.#random.between(100, 90_000), () => this.#setWall(clock, 0, true));
    return clock;
  }

  #late(clock: SimulatedClock): SimulatedClock {
    clock.lateness = this.#lateness;
    return clock;
  }

  /** The true time. */
  get #wall(): number {
    return WALL_EPOCH + this.#time.now;
  }

  #setWall(clock: SimulatedClock, errorMs: number, believed: boolean): void {
    if (clock !== this.#life?.clock) return;
    this.#wallErrorMs = errorMs;
    this.#wallBelieved = believed;
    clock.setWall(this.#wall + errorMs, believed);
    this.#tell(
      `clock: set to ${new Date(this.#wall + errorMs).toISOString()}${believed ? "" : ", not believed"}`,
    );
  }

  #fateOfMessage(random: Random): PublishOutcome {
    const { cutBefore, cutAfter, refused, mute } = this.#swarm.broker;
    if (!this.#faulty) return { kind: "accept" };
    if (random.chance(cutBefore)) return { kind: "cut-before" };
    if (random.chance(cutAfter)) return { kind: "cut-after" };
    // MQTT 5, 3.4.2.1: quota exceeded.
    if (random.chance(refused)) return { kind: "refuse", reasonCode: 0x97 };
    return { kind: random.chance(mute) ? "mute" : "accept" };
  }

  #gpio(): GpioLink | null {
    if (this.#pins === null) return null;
    return this.#throwing(this.#options.defect?.gpio?.(this.#pins, this.#time) ?? this.#pins, ["claim"]);
  }

  /** A link whose library throws now and then while there are faults, at one of these calls. */
  #throwing<Link extends object>(link: Link, calls: readonly (keyof Link)[]): Link {
    const { random, chance } = this.#throws;
    if (chance === 0) return link;
    return new Proxy(link, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: readonly unknown[]): unknown => {
          if (this.#faulty && calls.some((call) => call === name) && random.chance(chance))
            throw new Error(`a library threw at ${String(name)}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  }

  /** A process whose journal has failed ends, and whoever watches over it starts another one. */
  #endSoon(life: Life): void {
    this.#time.after(5_000, () => {
      if (this.#life !== life) return;
      this.#crash();
      this.#time.after(1_000, () => {
        if (this.#life === null) this.#start();
      });
    });
  }

  /** The process ends with a sentence; whoever watches over it tries again, for the disk may heal. */
  #refused(life: Life, sentence: string): void {
    this.#tell(`the box does not start: ${sentence}`);
    if (this.#disk.faultAtOpen === "none" && !this.#isDamaged)
      this.#witness.found("starts", `the box did not start: ${sentence}`);
    life.clock.stop();
    this.#pins?.abandon();
    this.#witness.stopped();
    this.#disk.crash();
    this.#life = null;
    this.#time.after(5_000, () => {
      if (this.#life !== null) return;
      if (this.#isDamaged) this.#mendJournal();
      this.#start();
    });
  }

  #shown(life: Life, screen: Screen): void {
    const violation = life.box.turn?.box.violation ?? null;
    // A violation begins with the name of its invariant.
    if (violation !== null && !life.contradicted) {
      life.contradicted = true;
      this.#witness.found(violation.split(":")[0] ?? "no-defect", violation);
    }
    life.screen = screen;
    if (life.full && this.#disk.fault === "full" && life.box.status()?.service.inService === true)
      this.#witness.found("room", "the box says that it is in service, and its disk was full when it began");
    if (life !== this.#life) return;
    this.#witness.reads(screen);
    const foreground = life.box.turn?.box.foreground;
    const intent = foreground?.name === "result" || foreground?.name === "unknown" ? foreground.intent : null;
    if (screen.seconds === null || screen.seconds % 10 === 0) {
      this.#tell(`screen: ${screen.text}${screen.amountFen === null ? "" : ` ${screen.amountFen} fen`}`);
    }
    if (intent !== null) this.#witness.shown(intent.outTradeNo, screen);
    else this.#witness.endLeft();
    if (foreground?.name === "earlier") this.#witness.shownEarlier(foreground.end.intent.outTradeNo, screen);
    // An outage or a refused scan may stand over it.
    if (foreground?.name === "looking" && screen.text.startsWith("recent-"))
      this.#witness.looksBack(foreground.order.outTradeNo, screen);
    this.#lookWhoWaits(life);
  }

  /** Nothing is at the box but what it sells by itself: who stands there since before the start has been told. */
  #lookWhoWaits(life: Life | null): void {
    const name = life?.box.turn?.box.foreground.name;
    const free = name === "idle" || (name === "resting" && this.#swarm.amountSource === "fixed");
    if (free) this.#witness.waits();
  }

  #serve(request: SimulatedRequest): SimulatedReply {
    this.#witness.arrived(this.#provider.sandbox.asked(request));
    if (request.lane === "reverse" && this.#time.now < this.#deafUntil) return { kind: "drop" };
    const { reply, said } = this.#provider.sandbox.serve(request, this.#wall);
    this.#witness.served(reply, said);
    return reply.kind === "reply" ? { ...reply, delayMs: 20 + reply.delayMs } : reply;
  }

  /** One host of some worlds leaves for good. */
  #planLoss(): void {
    const { name, leavesAt } = this.#lost;
    if (name === null) return;
    this.#time.after(leavesAt, () => {
      this.#tell(`network: ${name} is gone for good`);
      this.#life?.https.setDown(name, true);
    });
  }

  /** The power goes, and takes some of the journal with it. A till has heard of its sales what people now have to look up. */
  #planDamage(safeUntil: number): void {
    if (!this.#damage.planned || this.#till !== null) return;
    this.#time.after(this.#damage.random.between(5_000, safeUntil), () => {
      if (this.#life === null || this.#life.stopping || !this.#faulty || this.#disk.fault !== "none") return;
      this.#crash();
      const kind = this.#damage.strike(this.#disk);
      if (kind !== null) this.#tell(`disk: the journal is damaged (${kind})`);
      this.#time.after(1_000, () => {
        if (this.#life === null) this.#start();
      });
    });
  }

  get #isDamaged(): boolean {
    return this.#disk.gone || this.#disk.torn;
  }

  /** Whoever looks after the box puts the journal aside, or finds the file again. */
  #mendJournal(): void {
    if (this.#disk.gone && this.#damage.random.chance(0.3)) {
      this.#tell("people: they bring the journal back");
      this.#disk.gone = false;
      return;
    }
    const { journal } = this.#disk;
    this.#witness.beforeQuarantine();
    const taken = this.#damage.quarantine(this.#disk, this.#wall);
    this.#host?.misses(journal, taken.lostSeqs);
    this.#witness.quarantined(taken, journal);
    this.#tell(`people: journal quarantine, ${this.#disk.rows.length} rows go on`);
  }

  #planBusyBank(): void {
    this.#time.after(BUSY_AFTER_MS, () => {
      this.#tell("sandbox: busy for a minute");
      this.#provider.busy = true;
      this.#time.after(BUSY_FOR_MS, () => {
        this.#provider.busy = false;
      });
    });
  }

  /** Lets the witness hear what the box asks for and what it is answered. */
  #witnessed(https: SimulatedHttpsLink): HttpsLink {
    return {
      exchange: (request: HttpsRequest, done) => {
        const { violation = null } = this.#life?.box.turn?.box ?? {};
        this.#witness.asked(request, this.#provider.sandbox.asked(request), violation !== null);
        https.exchange(request, (outcome) => {
          this.#witness.answered(request, outcome);
          done(outcome);
        });
      },
      warm: (host) => https.warm(host),
      localAddress: () => https.localAddress(),
      close: (done) => https.close(done),
    };
  }

  #planPeople(): void {
    const wait = Math.round(this.#swarm.actEveryMs * (0.5 + this.#random.fraction()));
    this.#time.after(wait, () => {
      if (!this.#faulty) return;
      this.#actOfPeople();
      this.#actOfTill();
      this.#actOfStaff();
      this.#actOfGod();
      this.#rotate();
      this.#planPeople();
    });
  }

  #actOfPeople(): void {
    const life = this.#life;
    if (life === null) return;
    if (this.#habits.phone !== null) {
      this.#actBesidePhone(life);
      return;
    }
    const act = this.#people.act(life.screen);
    if (act.kind !== "nothing") this.#tell(`people: ${describe(act)}`);
    switch (act.kind) {
      case "keys":
        if (this.#keyless) break;
        this.#witness.tills.keyed();
        this.#press(life, act.keys);
        break;
      case "scan":
        this.#provider.drawStory();
        this.#present(act.text);
        break;
      case "code":
        this.#provider.drawStory();
        life.box.wantCode();
        break;
      case "unplug":
        this.#serial.unplug();
        this.#time.after(this.#random.between(10, 5_000), () => this.#plug());
        break;
      case "nothing":
        break;
    }
  }

  /** What the scanner sends of a line. */
  #send(line: string): void {
    this.#witness.scanned(line.trim());
    this.#serial.send(Buffer.from(line.replace(/\r$/, this.#codeEnd), "latin1"));
  }

  /** What the reader tells of. */
  #read(text: string): void {
    if (this.#habits.phone !== null) {
      this.#tell("people: a phone is in the reader");
      this.#provider.drawStory();
      this.#phoneRead = true;
    }
    this.#send(text);
  }

  /** Somebody shows a code. Where a box sells by itself, nothing but the reader tells a phone that stays from the next customer's. */
  #present(text: string): void {
    const { source } = this.#config.amount;
    const alone = source === "fixed" || source === "menu";
    const code = text.trim();
    const stays =
      alone &&
      /^1\d{17}\r$/.test(text) &&
      this.#habits.afterScan(code, {
        shows: (next) => this.#reader.lay(`${next}\r`),
        gone: () => {
          this.#tell("people: the phone is taken along");
          this.#reader.clear();
          this.#witness.left();
        },
      });
    if (!stays) {
      this.#reader.pass(text);
      return;
    }
    this.#phoneRead = false;
    if (this.#habits.phone !== null) this.#witness.stays(this.#habits.phone, source === "menu");
    this.#reader.lay(text);
  }

  /** Nobody else shows a code while a phone lies in the reader; but somebody presses OK, or chooses something. */
  #actBesidePhone(life: Life): void {
    const { text } = life.screen;
    const chance = this.#habits.beside(6);
    if (chance === null) return;
    const menu = this.#config.amount.source === "menu";
    const ends: ReadonlySet<string> = new Set(["unknown", "vend-unclear", "paid", "not-paid"]);
    if (ends.has(text)) {
      this.#tell("people: OK, beside the phone");
      const ok: Key = { name: "confirm" };
      const digit: Key = { name: "digit", digit: 1 };
      const keys: readonly (readonly Key[])[] = [[ok], [ok, ok], [ok, ok], [digit]];
      this.#press(life, keys[chance % keys.length] ?? [ok]);
      return;
    }
    if (!menu || !this.#phoneRead || (text !== "menu" && text !== "resting")) return;
    this.#tell("people: somebody else chooses, beside the phone");
    this.#witness.chosenByAnother();
    this.#press(life, [{ name: "digit", digit: (chance % 3) + 1 }]);
  }

  #press(life: Life, keys: readonly Key[]): void {
    if (this.#keypad !== null) {
      this.#type(this.#keypad, keys);
      return;
    }
    for (const key of keys) {
      this.#pressed(key);
      life.box.press(key);
    }
  }

  /** Who asks for a payment of the fixed amount that rests has seen the phone. */
  #pressed(key: Key): void {
    if (key.name === "confirm") this.#witness.confirmed();
    const foreground = this.#life?.box.turn?.box.foreground;
    if (foreground?.name !== "resting" || this.#config.amount.source !== "fixed") return;
    const asking = key.name === "confirm" || key.name === "digit" || key.name === "point";
    const seen = this.#time.now >= foreground.since + 900;
    if (seen && (asking || key.name === "double-zero")) this.#witness.left();
  }

  #actOfStaff(): void {
    const act = this.#provider.actOfStaff(this.#wall);
    if (act !== null) this.#tell(`staff: ${act}`);
  }

  #actOfTill(): void {
    const life = this.#life;
    if (life === null || this.#till === null) return;
    this.#tell(`till: ${this.#till.act(life.box.sales)}`);
    const second = this.#secondTill;
    const draws = this.#tillDraws;
    if (second !== null && draws.chance(0.5)) this.#tell(`till: ${second.act(life.box.sales)}`);
    if (second !== null && draws.chance(0.1)) this.#tell(`till: ${second.remember(life.box.sales)}`);
    if (draws.chance(0.8)) this.#askWhenDue(life, second !== null && draws.chance(0.5) ? second : this.#till);
  }

  /** A till asks at the very moment at which something of the box is over; a timer that is late comes after it. */
  #askWhenDue(life: Life, till: SimulatedTill): void {
    const { foreground, pausedUntil } = life.box.turn?.box ?? {
      foreground: { name: "idle" },
      pausedUntil: null,
    };
    const due = pausedUntil ?? ("until" in foreground ? foreground.until : null);
    if (due === null || due === this.#dueAsked) return;
    this.#dueAsked = due;
    this.#time.after(due - life.clock.now(), () => {
      if (life === this.#life && this.#faulty) this.#tell(`till: ${till.askOnce(life.box.sales)}`);
    });
  }

  /** Fingers on the real keypad, one key after the other. */
  #type(keypad: SimulatedKeypad, keys: readonly Key[]): void {
    for (const [index, key] of keys.entries()) {
      const place = placeOf(key);
      if (place === null) continue;
      this.#time.after(index * KEY_EVERY_MS, () => {
        keypad.tap(place.row, place.column, KEY_HELD_MS);
        this.#pressed(key);
      });
    }
  }

  #actOfGod(): void {
    const { diskFailure, brokerCut, hostDown, clock } = this.#swarm;
    if (this.#random.chance(clock.jumps) && this.#life !== null) {
      const errorMs = this.#random.pick([0, 3_600_000, -3_600_000, TEN_YEARS_MS, -TEN_YEARS_MS]);
      this.#setWall(this.#life.clock, errorMs, this.#random.chance(0.5));
    }
    if (this.#random.chance(brokerCut)) {
      this.#tell("broker: every connection breaks");
      this.#broker.cut();
    }
    if (this.#random.chance(hostDown)) {
      const host = this.#random.chance(0.5) ? HOSTS[0] : HOSTS[1];
      const { https } = this.#life ?? {};
      if (host !== undefined && https !== undefined) {
        this.#tell(`network: ${host} is down for a minute`);
        https.setDown(host, true);
        this.#time.after(60_000, () => https.setDown(host, this.#lost.isGone(host, this.#time.now)));
      }
    }
    if (this.#takingBack.chance(CERTIFICATE_FAILURE)) this.#certificateFails();
    if (this.#takingBack.chance(DEAFNESS)) {
      this.#deafUntil = this.#time.now + this.#takingBack.between(DEAF_MS.least, DEAF_MS.most);
      this.#tell("sandbox: deaf to reversals");
    }
    if (this.#pins !== null && this.#random.chance(this.#swarm.machine?.pinFailure ?? 0)) {
      const pin = this.#random.pick([RELAY_PIN, keypadPins.rows[0]]);
      this.#tell(`pins: ${pin} fails`);
      this.#pins.fail(pin, "the line failed");
    }
    if (this.#random.chance(diskFailure)) {
      this.#disk.fault = this.#random.pick(["refusing", "full", "read-only"]);
      if (this.#life !== null) this.#life.full = false;
      this.#tell(`disk: ${this.#disk.fault}`);
      this.#time.after(this.#random.between(1_000, 60_000), () => {
        this.#disk.fault = "none";
      });
    }
  }

  /** The certificate expires, and somebody brings another one later. */
  #certificateFails(): void {
    this.#tell("certificate: it has expired");
    this.#certificateFault = "certificate-expired";
    this.#witness.certificate(false);
    const { least, most } = CERTIFICATE_BAD_MS;
    this.#time.after(this.#takingBack.between(least, most), () => this.#certificateMended());
  }

  #certificateMended(): void {
    this.#certificateFault = null;
    this.#witness.certificate(true);
  }

  /** Somebody asks for a new segment of the journal: a person, or a timer of another world. */
  #rotate(): void {
    const life = this.#life;
    if (life === null || this.#swarm.segments === null || !this.#random.chance(0.3)) return;
    life.box.rotateJournal((outcome) => {
      if (outcome.kind === "rotated")
        this.#tell(`journal: a segment begins, ${outcome.dropped} rows dropped`);
    });
  }

  #planCrash(): void {
    const { crashEveryMs, gracefulStops, restartAfterMs } = this.#swarm;
    if (crashEveryMs === null) return;
    this.#time.after(Math.round(crashEveryMs * 2 * this.#random.fraction()), () => {
      if (!this.#faulty || this.#life === null) return;
      const restart = (): void => {
        this.#time.after(this.#random.between(50, restartAfterMs), () => {
          if (this.#life !== null) return;
          this.#start();
          this.#planCrash();
        });
      };
      if (this.#random.chance(gracefulStops)) this.#stop(restart);
      else {
        this.#crash();
        restart();
      }
    });
  }

  /** The power is gone: nothing of this life is heard again, but what has left may still arrive. */
  #crash(): void {
    const life = this.#life;
    invariant(life !== null, "only a living box crashes");
    this.#witness.stopped();
    this.#life = null;
    this.#crashes += 1;
    this.#tell("power off");
    life.clock.stop();
    life.https.abandon();
    this.#pins?.abandon();
    this.#disk.crash();
    this.#serial.unplug();
    this.#serial.abandon();
    this.#plug();
    this.#broker.cut("the box is gone");
  }

  #stop(done: () => void): void {
    const life = this.#life;
    invariant(life !== null, "only a living box stops");
    this.#tell("the box is asked to stop");
    life.stopping = true;
    life.box.stop(() => {
      if (this.#life !== life) return;
      this.#witness.stopped();
      this.#life = null;
      life.clock.stop();
      this.#witness.stoppedInOrder();
      this.#tell("the box has stopped");
      done();
    });
  }

  /** Faults end: from here on the box must bring everything to its end. */
  #calm(): void {
    this.#tell("faults end");
    this.#faulty = false;
    this.#certificateMended();
    this.#deafUntil = 0;
    this.#habits.takePhone();
    this.#reader.clear();
    this.#witness.left();
    this.#disk.fault = "none";
    this.#disk.flush = { least: 1, most: 8 };
    this.#plug();
    this.#breakForGood();
    if (this.#life?.stopping === true) this.#crash();
    if (this.#life === null) this.#start();
    if (this.#lost.name !== null) this.#planBusyBank();
    const { https } = this.#life ?? {};
    if (https === undefined) return;
    https.faults = NO_HTTPS_FAULTS;
    for (const host of HOSTS) https.setDown(host, this.#lost.isGone(host, this.#time.now));
  }

  /** Somebody plugs the reader in, unless it is gone for good. */
  #plug(): void {
    if (this.#faulty || !this.#lasting.reader) this.#serial.plug();
  }

  /** What does not come back when all other faults end. */
  #breakForGood(): void {
    const { reader, line, broker } = this.#lasting;
    if (reader) {
      this.#tell("people: the reader is unplugged for good");
      this.#serial.unplug();
    }
    if (line !== null && this.#pins !== null) {
      const pins = [RELAY_PIN, BARRIER_PIN, keypadPins.rows[0]];
      const pin = pins[Math.floor(line * pins.length)] ?? RELAY_PIN;
      this.#tell(`pins: ${pin} fails for good`);
      this.#pins.failForGood(pin, "the line is dead");
    }
    if (broker) {
      this.#tell("broker: it is gone for good");
      this.#broker.temper.down = true;
      this.#broker.cut();
    }
  }

  #untilSettled(limit: number): void {
    while (this.#time.now < limit) {
      this.#time.runUntil(this.#time.now + 10_000);
      // The box may not know yet what has just become durable, so its own count of events does not decide alone; but it alone knows
      // what an earlier journal has left it to report.
      const { confirmed = null, unconfirmed = 0 } = this.#life?.box.reporting ?? {};
      const everything = confirmed === this.#witness.newestEvent && unconfirmed === 0;
      const reported = this.#lasting.broker || everything;
      if (!reported || !this.#witness.isSettled()) continue;
      this.#lookWhoWaits(this.#life);
      return;
    }
    this.#witness.found(
      "liveness",
      `after ${LIVENESS_MS / 60_000} calm minutes: ${this.#witness.openOrders().join(", ") || "events unreported"}`,
    );
  }

  /** Where nothing is broken any more, the box must be back in service soon, and somebody can pay. */
  #lastCustomer(): void {
    const jams = (this.#swarm.machine?.jams ?? 0) > 0;
    if (this.#witness.findings.length > 0 || this.#lost.name !== null || !this.#lasting.none || jams) return;
    const blocker = (): string | null => this.#life?.box.status()?.service.blocker ?? null;
    if (!this.#until(() => blocker() === null, BACK_WITHIN_MS)) {
      this.#witness.found("service", `after ${BACK_WITHIN_MS / 1_000} calm seconds: ${blocker()}`);
      return;
    }
    this.#tell("the last customer comes");
    const before = this.#witness.payments;
    this.#provider.allGoesWell();
    const random = new Random(this.#options.seed + LAST_CUSTOMER_STREAM);
    const ended = (): boolean => this.#witness.newSince(before)?.final === true;
    this.#until(() => ended() || this.#comesToPay(random), SERVED_WITHIN_MS);
    const tx = this.#witness.newSince(before);
    if (tx?.state !== "paid") {
      const at =
        tx === null ? `at the screen ${this.#life?.screen.text}` : `with an order that is ${tx.state}`;
      this.#witness.found("service", `the last customer ends ${at}`);
    }
    this.#untilSettled(this.#time.now + LIVENESS_MS);
  }

  /** The last customer does what the screen says; never done by that. */
  #comesToPay(random: Random): false {
    const life = this.#life;
    if (life === null) return false;
    const { text } = life.screen;
    if (text === "armed" || text === "amount-changed") {
      this.#reader.pass(`${freshCode(random)}\r`);
      return false;
    }
    if (text === "till-idle" && this.#till !== null) this.#till.askOnce(life.box.sales);
    const digit = { name: "digit", digit: 1 } as const;
    const ok = { name: "confirm" } as const;
    const keys = new Map<string, readonly Key[]>([
      ["idle", [digit, digit, ok]],
      ["menu", [digit]],
      ["entering", [ok]],
      ["unknown", [ok]],
      ["vend-unclear", [ok]],
      ["code-withdrawn", [ok]],
      ["earlier-paid", [ok]],
      ["earlier-refunded", [ok]],
      ["earlier-unknown", [ok]],
    ]).get(text);
    if (keys !== undefined && !this.#keyless) this.#press(life, keys);
    return false;
  }

  /** Looks every few seconds, at most so long, whether something is so. */
  #until(isSo: () => boolean, mostMs: number): boolean {
    const limit = this.#time.now + mostMs;
    while (!isSo()) {
      if (this.#time.now >= limit) return false;
      this.#time.runUntil(this.#time.now + LOOKS_EVERY_MS);
    }
    return true;
  }

  #tell(line: string): void {
    this.#options.tell?.(this.#time.now, line);
  }

  #log(): Log {
    const alarmed = (event: string, fields: { kind?: unknown; outTradeNo?: unknown } = {}): void => {
      if (event !== "alarm") return;
      this.#tell(`alarm: ${JSON.stringify(fields)}`);
      this.#witness.alarmed(String(fields.kind), String(fields.outTradeNo));
    };
    return { debug: () => undefined, info: () => undefined, warn: () => undefined, error: alarmed };
  }
}

/** How late the timers of one world's box are: in some never, else by some milliseconds, each by its own. */
function latenessOf(random: Random): () => number {
  const most = random.pick([0, 3, 40]);
  return () => (most === 0 ? 0 : random.between(1, most));
}

/** The pin of every simulated relay. */
export const RELAY_PIN = 26;
const BARRIER_PIN = 17;
const keypadPins = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21] } as const;
const keyRows = ["789C", "456<", "123X", "0 :="];

/** How long a finger stays on a key, and from one key to the next, in milliseconds. */
const KEY_HELD_MS = 90;
const KEY_EVERY_MS = 180;

/** Where a key of the keypad is, null for one that it does not have. */
function placeOf(key: Key): { readonly row: number; readonly column: number } | null {
  for (const [row, labels] of keyRows.entries()) {
    const column = labels.split("").findIndex((label) => {
      const read = readKeyName(label);
      return read.ok && read.value !== null && isSameKey(read.value, key);
    });
    if (column >= 0) return { row, column };
  }
  return null;
}

function isSameKey(a: Key, b: Key): boolean {
  return a.name === b.name && (a.name !== "digit" || b.name !== "digit" || a.digit === b.digit);
}

/** The few configurations that worlds have; frozen, so that one may serve them all. */
const configs = new Map<string, DeviceConfig>();

function configOf(
  swarm: Swarm,
  habit: ReaderBehaviour,
  keyless: boolean,
  confirm: "puback" | "ack",
): DeviceConfig {
  const { late, amountSource, machine } = swarm;
  const name = `${late} ${amountSource} ${machine?.barrier} ${machine?.onAmbiguous} ${habit} ${keyless} ${confirm}`;
  const config = configs.get(name) ?? readConfig(swarm, habit, keyless, confirm);
  configs.set(name, config);
  return config;
}

function readConfig(
  { late, amountSource, machine }: Swarm,
  habit: ReaderBehaviour,
  keyless: boolean,
  confirm: "puback" | "ack",
): DeviceConfig {
  const fixed = amountSource === "fixed" ? "5.00" : null;
  const menu = [
    { key: "1", name: "Tea", price: "3.00" },
    { key: "2", name: "Cola", price: "4.00", pulses: 1 },
    { key: "3", name: "Bread", price: "12.00" },
  ];
  const drop = machine?.barrier === true ? { pin: BARRIER_PIN, withinMs: 3_000 } : null;
  const relay =
    machine === null ? null : { pin: RELAY_PIN, fenPerPulse: 100, onAmbiguous: machine.onAmbiguous, drop };
  const checked = checkConfig(
    JSON.stringify({
      version: 1,
      box: { id: "box-000001" },
      providers: [
        {
          id: "wechat",
          kind: "wechat-v2",
          ...configuredMerchant,
          apiKey: { file: "/dev/null" },
          certificate: { cert: { file: "/dev/null" }, key: { file: "/dev/null" } },
          hosts: HOSTS,
        },
      ],
      amount: { source: amountSource, fixed, menu: amountSource === "menu" ? menu : [] },
      scanner:
        habit === "gm65" || habit === "gm72"
          ? { path: "/dev/ttyACM0", profile: habit }
          : { path: "/dev/ttyACM0", repeats: habit },
      ...(keyless ? {} : { keypad: { ...keypadPins, keys: keyRows } }),
      outputs: { relay },
      mqtt: { url: "mqtts://broker.example:8883", confirm },
      late,
    }),
  );
  invariant(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  if (habit !== "once") return checked.config;
  return { ...checked.config, timing: { ...checked.config.timing, restMs: ONCE_REST_MS } };
}

function describe(act: Act): string {
  switch (act.kind) {
    case "keys":
      return `keys ${act.keys.map((key) => (key.name === "digit" ? key.digit : key.name)).join(" ")}`;
    case "scan":
      return `scan of ${act.text.length} characters`;
    case "code":
      return "wants to scan";
    case "unplug":
      return "pulls the scanner's plug";
    case "nothing":
      return "nothing";
  }
}
