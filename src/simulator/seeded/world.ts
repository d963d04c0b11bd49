/**
 * A whole world for one box: the production runtime on simulated links, a sandbox, a broker, a card, people, and everything
 * that goes wrong, all from one seed. Faults stop after a while; from then on the box must bring every order to its end.
 */
import type { DeviceConfig } from "../../config/device-config.ts";
import { invariant } from "../../core/kernel/defect.ts";
import { standardTiming } from "../../core/payment/rules.ts";
import type { Screen } from "../../core/payment/screen.ts";
import { simulatedProviders } from "../../providers/sandboxes.ts";
import type { Finding } from "../checker/invariant-checker.ts";
import { type PublishOutcome, SimulatedBroker } from "../outside/broker.ts";
import { SimulatedHost } from "../outside/host.ts";
import { JoinedProviders } from "../outside/joined-providers.ts";
import { LastingFaults } from "../outside/lasting-faults.ts";
import type {
  SimulatedProvider,
  SimulatedProviderMaker,
  SimulatedProviderParts,
} from "../outside/provider.ts";
import { Random } from "../outside/random.ts";
import { SimulatedDisk } from "../outside/store.ts";
import { type Swarm, swarmOf } from "../outside/swarm.ts";
import { SimulatedTime } from "../outside/time.ts";
import { PeopleModel } from "../site/habits.ts";
import { People } from "../site/people.ts";
import { SimulatedPins } from "../site/pins.ts";
import type { PlantedDefect } from "../site/planted-defect.ts";
import { readerBehaviours } from "../site/reader.ts";
import { SimulatedSerialLink } from "../site/serial.ts";
import { Stage } from "../site/stage.ts";
import { type BoxRun, StagedBox } from "../site/staged-box.ts";
import { Card } from "./card.ts";
import { Clocks } from "./clocks.ts";
import { Crowd } from "./crowd.ts";
import { DamagedJournal } from "./damaged-journal.ts";
import { LastCustomer } from "./last-customer.ts";
import { Machine } from "./machine.ts";
import { Network } from "./network.ts";
import { type Scene, streamOf } from "./scene.ts";
import { throwingSeams } from "./throwing.ts";
import { Tills } from "./tills.ts";
import { BOX_ID, configOf, HOSTS } from "./world-config.ts";

/** How long an undisturbed box may take for what is open: reversals wait up to 60 s between rounds, and 60 s to confirm. */
const LIVENESS_MS = 40 * 60_000;

/** How long whoever watches over a process waits before it starts another one, in milliseconds: after a crash, after a refusal. */
const AGAIN_MS = 1_000;
const REFUSED_MS = 5_000;

/** Which world to run, and for how long. */
export interface WorldOptions {
  readonly seed: number;
  /** How long faults and people go on, in simulated minutes. */
  readonly minutes: number;
  /** Hears what happens, for people who read stories. */
  readonly tell?: (at: number, line: string) => void;
  readonly defect?: PlantedDefect;
  /** From which providers it draws its own; all that there are, where nothing is said. */
  readonly providers?: readonly SimulatedProviderMaker[] | undefined;
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

/** How many worlds have one provider alone. */
const ALONE = 0.5;

/** The provider of a world, or all of them behind one network. */
function providersOf(
  makers: readonly SimulatedProviderMaker[],
  parts: SimulatedProviderParts,
  { random, time }: { readonly random: Random; readonly time: SimulatedTime },
): SimulatedProvider {
  const [first, ...others] = makers;
  invariant(first !== undefined, "a world has a provider");
  if (others.length === 0 || random.chance(ALONE)) return random.pick([first, ...others])(parts);
  return new JoinedProviders([first(parts), ...others.map((make) => make(parts))], random, time);
}

class World implements Scene {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly config: DeviceConfig;
  readonly time = new SimulatedTime();
  readonly random: Random;
  readonly box: StagedBox;
  readonly provider: SimulatedProvider;
  faulty = true;
  readonly #options: WorldOptions;
  readonly #stage: Stage;
  readonly #entropy: Random;
  readonly #serial: SimulatedSerialLink;
  readonly #broker: SimulatedBroker;
  readonly #crowd: Crowd;
  readonly #tills: Tills | null;
  readonly #keyless: boolean;
  readonly #machine: Machine | null;
  readonly #clocks: Clocks;
  readonly #network: Network;
  readonly #card: Card;
  readonly #journal: DamagedJournal;
  readonly #lasting: LastingFaults;
  /** How long an amount waits for a code. */
  readonly #armedMs: number;
  #crashes = 0;

  constructor(options: WorldOptions) {
    const { seed, defect, tell } = options;
    const random = new Random(seed);
    this.#options = options;
    this.seed = seed;
    this.random = random;
    this.swarm = swarmOf(random.fork());
    this.#entropy = random.fork();
    const { swarm, time } = this;
    const disk = new SimulatedDisk(time, random.fork());
    this.#serial = new SimulatedSerialLink(time, random.fork(), (bytes) => this.#crowd.told(bytes));
    this.#broker = new SimulatedBroker(time);
    const people = new People(random.fork(), swarm.silliness);
    const habits = new PeopleModel(streamOf(seed, "habits"), time);
    const providers = streamOf(seed, "providers");
    const parts: SimulatedProviderParts = {
      ...{ seed, swarm, habits, random },
      entropy: random.fork(),
      stream: (number) => new Random(seed + number * 2 ** 40),
      tell: tell === undefined ? null : (line) => this.tell(`sandbox: ${line}`),
    };
    this.provider = providersOf(options.providers ?? simulatedProviders, parts, { random: providers, time });
    this.#stage = new Stage({ time, broker: this.#broker, sandbox: this.provider.sandbox });
    const reading = streamOf(seed, "reader");
    const habit = reading.pick(readerBehaviours);
    const tillDraws = streamOf(seed, "secondTill");
    const headless = streamOf(seed, "headless").chance(0.4);
    this.#keyless =
      swarm.amountSource === "till" ? tillDraws.chance(0.5) : swarm.amountSource === "fixed" && headless;
    this.#lasting = new LastingFaults(streamOf(seed, "lasting"));
    const confirming = streamOf(seed, "confirming");
    const host = confirming.chance(0.25)
      ? new SimulatedHost({ broker: this.#broker, time, random: confirming })
      : null;
    this.#armedMs = tillDraws.pick([standardTiming.armedMs, 20_000]);
    const confirm = host === null ? "puback" : "ack";
    const entries = this.provider.entries(HOSTS);
    const config = configOf({ swarm, habit, keyless: this.#keyless, confirm, entries });
    this.config = defect?.config?.(config) ?? config;
    const pins = swarm.machine === null ? null : new SimulatedPins(time, random.fork());
    this.box = new StagedBox({
      ...{ stage: this.#stage, id: BOX_ID, disk, serial: this.#serial, pins, defect },
      seams: throwingSeams(seed, this),
      checks: {
        barrier: swarm.machine?.barrier === true,
        unnamed: this.provider.unnamed,
        late: swarm.late,
        armedMs: this.#armedMs,
      },
      tell: this.tell,
    });
    this.#machine = pins === null ? null : new Machine(this, pins, random.fork());
    this.#tills = swarm.amountSource === "till" ? new Tills(this, random.fork(), tillDraws) : null;
    this.#crowd = new Crowd(this, {
      ...{ people, habits, habit, serial: this.#serial, reading: reading.fork(), keyless: this.#keyless },
      keypad: this.#machine?.keypad ?? null,
      plug: () => this.#plug(),
    });
    this.#clocks = new Clocks(this, this.#stage, streamOf(seed, "timers"));
    this.#network = new Network(this);
    this.#card = new Card(this, disk);
    this.#journal = new DamagedJournal(this, host);
    disk.flush = swarm.flush;
    const fates = random.fork();
    this.#broker.temper.fate = () => this.#fateOfMessage(fates);
    if (host !== null) this.#listen(host);
  }

  /** Tells whoever reads the story. */
  readonly tell = (line: string): void => this.#options.tell?.(this.time.now, line);

  run(): WorldReport {
    const { checker } = this.box;
    const safeUntil = this.#options.minutes * 60_000;
    try {
      this.#start();
      this.#network.planLoss();
      this.#planDamage(safeUntil);
      this.#planPeople();
      this.#planCrash();
      this.time.runUntil(safeUntil);
      this.#calm();
      this.#untilSettled(safeUntil + LIVENESS_MS);
      this.#lastCustomer();
      checker.final({ reported: !this.#lasting.broker });
    } catch (error) {
      checker.found("no-defect", error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    return {
      seed: this.seed,
      swarm: this.swarm,
      findings: checker.findings,
      payments: checker.payments,
      crashes: this.#crashes,
      simulatedMs: this.time.now,
    };
  }

  /** A host keeps the events of the box, and says so. */
  #listen(host: SimulatedHost): void {
    this.#broker.watch(`scanbox/v1/${BOX_ID}/tx`, ({ topic, payload }) => {
      const confirmed = this.box.life?.box.reporting?.confirmed ?? 0;
      this.box.checker.confirmedUpTo(confirmed, host.saidOf(this.box.disk.journal));
      host.hears(topic, payload);
    });
  }

  #start(): void {
    const full = this.#card.maybeFill();
    const clock = this.#clocks.next();
    const https = this.#network.next();
    const life = this.box.start({
      ...{ clock, config: this.config, entropy: this.#entropy, networks: [https] },
      providers: this.provider.accounts({
        ...{ link: this.box.heard(https), hosts: HOSTS, timing: this.config.timing },
        ...{ boxId: this.config.box.id, charges: true },
        fault: () => this.#network.certificateFault,
        notifyUrl: this.swarm.native ? "https://merchant.example/paid" : null,
      }),
      rotation: this.swarm.segments ?? {},
      timing: this.#tills === null ? {} : { armedMs: this.#armedMs },
      onScreen: (shown, screen) => this.#shown(shown, screen),
      onBroken: () => {
        this.#crash();
        this.#startAfter(AGAIN_MS);
      },
      onStart: (started, refusal) => {
        if (refusal === null && this.#journal.isDamaged)
          this.box.checker.found("damaged", "the box starts on what is left of a damaged journal");
        if (refusal !== null && this.box.life === started) this.#refused(`${refusal.why}: ${refusal.detail}`);
      },
    });
    this.#card.began(life, full);
  }

  #startAfter(waitMs: number, before: () => void = () => undefined): void {
    this.time.after(waitMs, () => {
      if (this.box.life !== null) return;
      before();
      this.#start();
    });
  }

  #fateOfMessage(random: Random): PublishOutcome {
    const { cutBefore, cutAfter, refused, mute } = this.swarm.broker;
    if (!this.faulty) return { kind: "accept" };
    if (random.chance(cutBefore)) return { kind: "cut-before" };
    if (random.chance(cutAfter)) return { kind: "cut-after" };
    // MQTT 5, 3.4.2.1: quota exceeded.
    if (random.chance(refused)) return { kind: "refuse", reasonCode: 0x97 };
    return { kind: random.chance(mute) ? "mute" : "accept" };
  }

  /** The process ends with a sentence; whoever watches over it tries again, for the disk may heal. */
  #refused(sentence: string): void {
    this.tell(`the box does not start: ${sentence}`);
    const { checker, disk } = this.box;
    if (disk.faultAtOpen === "none" && !this.#journal.isDamaged)
      checker.found("starts", `the box did not start: ${sentence}`);
    this.box.refused();
    this.#startAfter(REFUSED_MS, () => {
      if (this.#journal.isDamaged) this.#journal.mend(this.#stage.wall);
    });
  }

  #shown(life: BoxRun, screen: Screen): void {
    this.#card.look(life);
    if (life !== this.box.life) return;
    const { checker } = this.box;
    if (screen.seconds === null || screen.seconds % 10 === 0) {
      this.tell(`screen: ${screen.text}${screen.amountFen === null ? "" : ` ${screen.amountFen} fen`}`);
    }
    const foreground = life.box.turn?.box.foreground;
    if (foreground?.name !== "result" && foreground?.name !== "unknown") checker.endLeft();
    if (foreground?.name === "earlier") checker.shownEarlier(foreground.end.intent.outTradeNo, screen);
    this.#lookWhoWaits(life);
  }

  /** Nothing is at the box but what it sells by itself: who stands there since before the start has been told. */
  #lookWhoWaits(life: BoxRun | null): void {
    const name = life?.box.turn?.box.foreground.name;
    const free = name === "idle" || (name === "resting" && this.swarm.amountSource === "fixed");
    if (free) this.box.checker.waits();
  }

  /** A till has heard of its sales what people have to look up where a journal was damaged. */
  #planDamage(safeUntil: number): void {
    if (this.#tills !== null) return;
    const power = { crash: () => this.#crash(), start: () => this.#start() };
    this.#journal.plan(safeUntil, power);
    this.#journal.planRot(safeUntil, power);
  }

  #planPeople(): void {
    const wait = Math.round(this.swarm.actEveryMs * (0.5 + this.random.fraction()));
    this.time.after(wait, () => {
      if (!this.faulty) return;
      if (this.box.life !== null) this.#crowd.act(this.box.life);
      if (this.box.life !== null) this.#tills?.act(this.box.life);
      this.#actOfStaff();
      this.#actOfGod();
      this.#rotate();
      this.#planPeople();
    });
  }

  #actOfStaff(): void {
    const act = this.provider.actOfStaff(this.#stage.wall);
    if (act !== null) this.tell(`staff: ${act}`);
  }

  #actOfGod(): void {
    this.#clocks.maybeJump();
    if (this.random.chance(this.swarm.brokerCut)) {
      this.tell("broker: every connection breaks");
      this.#broker.cut();
    }
    this.#network.maybeLoseHost();
    this.#network.maybeKeepMoney();
    this.#machine?.maybeFail();
    this.#card.maybeFail();
  }

  /** Somebody asks for a new segment of the journal: a person, or a timer of another world. */
  #rotate(): void {
    const { life } = this.box;
    if (life === null || this.swarm.segments === null || !this.random.chance(0.3)) return;
    life.box.ask({ name: "journal rotate" }, (answer) => {
      if (answer.kind !== "rotation" || answer.outcome.kind !== "rotated") return;
      this.tell(`journal: a segment begins, ${answer.outcome.dropped} rows dropped`);
      this.box.checker.toldOfSegment(answer.outcome.row);
    });
  }

  #planCrash(): void {
    const { crashEveryMs, gracefulStops, restartAfterMs } = this.swarm;
    if (crashEveryMs === null) return;
    this.time.after(Math.round(crashEveryMs * 2 * this.random.fraction()), () => {
      if (!this.faulty || this.box.life === null) return;
      const restart = (): void => {
        this.time.after(this.random.between(50, restartAfterMs), () => {
          if (this.box.life !== null) return;
          this.#start();
          this.#planCrash();
        });
      };
      if (this.random.chance(gracefulStops)) this.box.stop(restart);
      else {
        this.#crash();
        restart();
      }
    });
  }

  #crash(): void {
    this.#crashes += 1;
    this.box.crash();
    this.#plug();
  }

  /** Faults end: from here on the box must bring everything to its end. */
  #calm(): void {
    this.tell("faults end");
    this.faulty = false;
    this.#network.mend();
    this.#crowd.leave();
    this.#card.mend();
    this.#plug();
    this.#breakForGood();
    if (this.box.life?.stopping === true) this.#crash();
    if (this.box.life === null) this.#start();
    this.#clocks.calm();
    this.#network.calm();
  }

  /** Somebody plugs the reader in, unless it is gone for good. */
  #plug(): void {
    if (this.faulty || !this.#lasting.reader) this.#serial.plug();
  }

  /** What does not come back when all other faults end. */
  #breakForGood(): void {
    const { reader, line, broker } = this.#lasting;
    if (reader) {
      this.tell("people: the reader is unplugged for good");
      this.#serial.unplug();
    }
    if (line !== null) this.#machine?.failForGood(line);
    if (broker) {
      this.tell("broker: it is gone for good");
      this.#broker.temper.down = true;
      this.#broker.cut();
    }
  }

  #untilSettled(limit: number): void {
    const { checker } = this.box;
    while (this.time.now < limit) {
      this.time.runUntil(this.time.now + 10_000);
      // The box may not know yet what has just become durable, so its own count of events does not decide alone; but it alone knows
      // what an earlier journal has left it to report.
      const { confirmed = null, unconfirmed = 0 } = this.box.life?.box.reporting ?? {};
      const everything = confirmed === checker.newestEvent && unconfirmed === 0;
      const reported = this.#lasting.broker || everything;
      if (!reported || !checker.isSettled()) continue;
      this.#lookWhoWaits(this.box.life);
      return;
    }
    checker.found(
      "liveness",
      `after ${LIVENESS_MS / 60_000} calm minutes: ${checker.openOrders().join(", ") || "events unreported"}`,
    );
  }

  #lastCustomer(): void {
    const jams = (this.swarm.machine?.jams ?? 0) > 0;
    const broken = this.#network.loses || !this.#lasting.none || jams;
    if (broken || this.box.checker.findings.length > 0) return;
    const customer = new LastCustomer(this, {
      ...{ crowd: this.#crowd, tills: this.#tills, keyless: this.#keyless },
    });
    if (customer.pays()) this.#untilSettled(this.time.now + LIVENESS_MS);
  }
}
