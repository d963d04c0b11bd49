/**
 * One box in a simulated world, however often it is switched on: the production runtime on simulated links, and the checker that
 * looks on. What goes wrong, and who stands before it, is for the world to say.
 */
import { ComposedBox, type Refusal } from "../../compose.ts";
import type { BoxParts, Links } from "../../composed/parts.ts";
import { invariant } from "../../core/kernel/defect.ts";
import { bootScreen, type Screen } from "../../core/payment/screen.ts";
import { core } from "../../runtime/loop.ts";
import type {
  BrokerLink,
  Clock,
  GpioLink,
  HttpsLink,
  Log,
  LogFields,
  SerialLink,
  StoreLink,
} from "../../runtime/ports.ts";
import { InvariantChecker } from "../checker/invariant-checker.ts";
import type { SimulatedReply, SimulatedRequest } from "../outside/https.ts";
import type { Asked, Sandbox } from "../outside/sandbox.ts";
import type { SimulatedDisk } from "../outside/store.ts";
import type { SimulatedClock } from "../outside/time.ts";
import type { SimulatedPins } from "./pins.ts";
import type { PlantedDefect } from "./planted-defect.ts";
import type { SimulatedSerialLink } from "./serial.ts";
import type { Stage } from "./stage.ts";

/** From the loss of its journal to the end of a process, in milliseconds. */
const BROKEN_MS = 5_000;

/** What arrives takes so long to be answered, beside what the sandbox takes. */
const SERVED_MS = 20;

/** What a world puts between a box and its links, to see what goes over them or to let them fail. */
export interface Seams {
  readonly store?: (store: StoreLink) => StoreLink;
  readonly gpio?: (gpio: GpioLink) => GpioLink;
  readonly serial?: (serial: SerialLink) => SerialLink;
  readonly broker?: (broker: BrokerLink) => BrokerLink;
}

/** What of a box stays while it is switched on and off. */
export interface StagedBoxParts {
  readonly stage: Stage;
  /** Under which its events are published. */
  readonly id: string;
  readonly disk: SimulatedDisk;
  readonly serial: SimulatedSerialLink;
  readonly pins: SimulatedPins | null;
  readonly seams?: Seams;
  readonly defect?: PlantedDefect | undefined;
  /** What the checker has to know beforehand. */
  readonly checks?: Pick<
    ConstructorParameters<typeof InvariantChecker>[0],
    "barrier" | "unnamed" | "late" | "armedMs"
  >;
  /** Hears what happens, for people who read stories. */
  readonly tell?: (line: string) => void;
}

/** What one life of it is made of. */
export interface BoxRunParts
  extends Pick<BoxParts, "config" | "providers" | "rotation" | "timing" | "onMoney" | "onJournalBroken"> {
  readonly clock: SimulatedClock;
  readonly entropy: Links["entropy"];
  readonly display?: Links["display"];
  /** What holds its calls; where the power fails nothing of them comes back. */
  readonly networks: readonly Network[];
  readonly log?: Log;
  /** A screen is shown, and which one before it; also of a box whose power has gone. */
  readonly onScreen?: (life: BoxRun, screen: Screen, before: Screen) => void;
  readonly onStart?: (life: BoxRun, refusal: Refusal | null) => void;
  /** Its journal has failed, and its process would end now: only another one may believe the disk again. */
  readonly onBroken?: (life: BoxRun) => void;
}

/** A network of one life. */
export interface Network {
  abandon(): void;
}

/** A box from power-on to power-off. */
export interface BoxRun {
  readonly box: ComposedBox;
  readonly clock: SimulatedClock;
  /** What the broker knows it by. */
  readonly id: string;
  /** The journal's store, as the box has it. */
  readonly store: Links["store"];
  readonly networks: readonly Network[];
  screen: Screen;
  /** Whether it was asked to stop. */
  stopping: boolean;
  /** Whether it was said that the box has contradicted itself. */
  contradicted: boolean;
}

/** A box on a stage: one for each disk and checker; the world switches it on and off. */
export class StagedBox {
  readonly checker: InvariantChecker;
  readonly disk: SimulatedDisk;
  readonly #parts: StagedBoxParts;
  readonly #sandbox: Sandbox;
  #life: BoxRun | null = null;

  constructor(parts: StagedBoxParts) {
    const { stage, id, disk, checks = {} } = parts;
    this.#parts = parts;
    this.disk = disk;
    this.#sandbox = stage.sandboxOfBox();
    this.checker = new InvariantChecker({ disk, sandboxes: [this.#sandbox], time: stage.time, ...checks });
    stage.broker.watch(`scanbox/v1/${id}/tx`, ({ payload }) => this.checker.reported(payload));
  }

  /** The box while it is switched on. */
  get life(): BoxRun | null {
    return this.#life;
  }

  /** The network as the box has it: its checker hears what it asks for and what it is answered. */
  heard(link: HttpsLink): HttpsLink {
    const { defect } = this.#parts;
    const heard: HttpsLink = {
      exchange: (request, done) => {
        const contradicted = this.#hasContradicted();
        const clockTrusted = this.#life?.clock.trusted() ?? true;
        this.checker.asked(request, this.#sandbox.asked(request), { contradicted, clockTrusted });
        link.exchange(request, (outcome) => {
          this.checker.answered(request, outcome);
          done(outcome);
        });
      },
      warm: (host) => link.warm(host),
      localAddress: () => link.localAddress(),
      close: (done) => link.close(done),
    };
    return defect?.https?.(heard) ?? heard;
  }

  /** What a request of the box means. */
  asked(request: Parameters<Sandbox["asked"]>[0]): Asked {
    return this.#sandbox.asked(request);
  }

  /** A request of the box arrives at the sandbox, which hears it or is deaf to it. */
  serve(request: SimulatedRequest, hears: (asked: Asked) => boolean = () => true): SimulatedReply {
    const asked = this.#sandbox.asked(request);
    this.checker.arrived(asked);
    if (!hears(asked)) return { kind: "drop" };
    const { reply, said } = this.#sandbox.serve(request, this.#parts.stage.wall);
    this.checker.served(reply, said);
    return reply.kind === "reply" ? { ...reply, delayMs: SERVED_MS + reply.delayMs } : reply;
  }

  /** Switches it on. */
  start(parts: BoxRunParts): BoxRun {
    invariant(this.#life === null, "a box is switched on once at a time");
    const { config, providers, rotation = {}, timing = {}, onMoney, onScreen } = parts;
    const { clock, networks, onStart, onBroken, onJournalBroken } = parts;
    const links = this.#links(parts);
    const life: BoxRun = {
      ...{ clock, networks, id: config.box.id, store: links.store },
      ...{ screen: bootScreen, stopping: false, contradicted: false },
      box: new ComposedBox({
        ...{ config, version: "0.0.0", providers, rotation, timing },
        links,
        core: this.#parts.defect?.core?.(core) ?? core,
        onScreen: (screen) => {
          const before = life.screen;
          this.#shown(life, screen);
          onScreen?.(life, screen, before);
        },
        onJournalBroken: () => {
          onJournalBroken?.();
          this.#parts.stage.time.after(BROKEN_MS, () => {
            if (this.#life === life) onBroken?.(life);
          });
        },
        onMoney: (tx) => {
          const { outTradeNo, state, reason } = tx;
          this.#tell(`journal: ${outTradeNo} ${state}${reason === null ? "" : ` (${reason})`}`);
          onMoney?.(tx);
        },
      }),
    };
    this.#life = life;
    this.checker.started();
    this.#tell("power on");
    life.box.start((refusal) => onStart?.(life, refusal));
    return life;
  }

  /** The power is gone: nothing of this life is heard again, but what has left may still arrive. The scanner has lost its plug. */
  crash(): void {
    const { stage, serial, pins } = this.#parts;
    const { clock, id, networks } = this.#end();
    this.#tell("power off");
    clock.stop();
    for (const network of networks) network.abandon();
    pins?.abandon();
    this.disk.crash();
    serial.unplug();
    serial.abandon();
    stage.broker.cut("the box is gone", id);
  }

  /** A process that its journal does not let start has ended. */
  refused(): void {
    const { clock } = this.#end();
    clock.stop();
    this.#parts.pins?.abandon();
    this.disk.crash();
  }

  /** It is asked to stop, and tells when it has. */
  stop(done: () => void): void {
    const life = this.#life;
    invariant(life !== null, "only a living box stops");
    this.#tell("the box is asked to stop");
    life.stopping = true;
    life.box.stop(() => {
      if (this.#life !== life) return;
      this.#end();
      life.clock.stop();
      this.checker.stoppedInOrder();
      this.#tell("the box has stopped");
      done();
    });
  }

  #end(): BoxRun {
    const life = this.#life;
    invariant(life !== null, "only a living box ends");
    this.checker.stopped();
    this.#life = null;
    return life;
  }

  #hasContradicted(): boolean {
    return this.#life !== null && (this.#life.box.turn?.box.violation ?? null) !== null;
  }

  #links({ config, clock, entropy, display = null, log = SILENT }: BoxRunParts): Links {
    const { stage, disk, serial, pins, seams = {}, defect = {} } = this.#parts;
    const store = seams.store?.(disk.link()) ?? disk.link();
    const broker = seams.broker?.(stage.broker) ?? stage.broker;
    const gpio = pins === null ? null : (seams.gpio?.(pins) ?? pins);
    const seen: Clock = defect.clock?.(clock) ?? clock;
    return {
      ...{ clock: seen, entropy, log: this.#log(log) },
      display: config.display === null ? null : display,
      store: defect.store?.(store, stage.time) ?? store,
      serial: config.scanner === null ? null : (seams.serial?.(serial) ?? serial),
      broker: config.mqtt === null ? null : (defect.broker?.(broker, stage.time) ?? broker),
      gpio: gpio === null ? null : (defect.gpio?.(gpio, stage.time) ?? gpio),
    };
  }

  #shown(life: BoxRun, screen: Screen): void {
    const { violation = null, foreground = null } = life.box.turn?.box ?? {};
    // A violation begins with the name of its invariant.
    if (violation !== null && !life.contradicted) {
      life.contradicted = true;
      this.checker.found(violation.split(":")[0] ?? "no-defect", violation);
    }
    life.screen = screen;
    if (life !== this.#life) return;
    this.checker.reads(screen);
    if (foreground?.name === "result" || foreground?.name === "unknown")
      this.checker.shown(foreground.intent.outTradeNo, screen);
    // An outage or a refused scan may stand over it.
    if (foreground?.name === "looking" && screen.text.startsWith("recent-"))
      this.checker.looksBack(foreground.order.outTradeNo, screen);
  }

  #log(log: Log): Log {
    const error = (event: string, fields: LogFields = {}): void => {
      log.error(event, fields);
      if (event !== "alarm") return;
      this.#tell(`alarm: ${JSON.stringify(fields)}`);
      this.checker.alarmed(String(fields.kind), String(fields.outTradeNo));
    };
    // Most worlds keep no log: what is said to nobody takes no way round.
    if (log === SILENT) return { ...SILENT, error };
    return {
      debug: (event, fields) => log.debug(event, fields),
      info: (event, fields) => log.info(event, fields),
      warn: (event, fields) => log.warn(event, fields),
      error,
    };
  }

  #tell(line: string): void {
    this.#parts.tell?.(line);
  }
}

const nothing = (): void => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
