import type { ProbeFailure } from "../../core/payment/answers.ts";
import { NO_HTTPS_FAULTS, SimulatedHttpsLink } from "../outside/https.ts";
import { LostHost } from "../outside/lost-host.ts";
import type { Random } from "../outside/random.ts";
import { type Scene, streamOf } from "./scene.ts";
import { HOSTS } from "./world-config.ts";

/** How long a host is down, in milliseconds. */
const DOWN_MS = 60_000;

/** Where a host is lost the sandbox says something else once, so long after faults end: amid the absences that stand for it. */
const BUSY_AFTER_MS = 6 * 60_000;
const BUSY_FOR_MS = 60_000;

/** How often the certificate of the box goes bad, for each act of people, and for how long, in milliseconds. */
const CERTIFICATE_FAILURE = 0.003;
const CERTIFICATE_BAD_MS = { least: 10_000, most: 600_000 };

/** How often the sandbox falls deaf to reversals while it hears everything else, and for how long, in milliseconds. */
const DEAFNESS = 0.03;
const DEAF_MS = { least: 30_000, most: 600_000 };

/** What lies between the box and the sandbox: its hosts, the certificate of the box, and who hears what. */
export class Network {
  readonly #scene: Scene;
  readonly #lost: LostHost;
  readonly #takingBack: Random;
  #deafUntil = 0;
  #certificateFault: ProbeFailure | null = null;
  /** The link of the box that is switched on, or was last. */
  #link: SimulatedHttpsLink | null = null;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#lost = new LostHost(streamOf(scene.seed, "hosts"), HOSTS);
    this.#takingBack = streamOf(scene.seed, "takingBack");
  }

  /** Whether a host is lost for good in this world. */
  get loses(): boolean {
    return this.#lost.name !== null;
  }

  /** What is wrong with the certificate of the box. */
  get certificateFault(): ProbeFailure | null {
    return this.#certificateFault;
  }

  /** The link of the next life. */
  next(): SimulatedHttpsLink {
    const { box, faulty, random, swarm, time } = this.#scene;
    const link = new SimulatedHttpsLink({
      time,
      random: random.fork(),
      serve: (request) => box.serve(request, () => request.lane !== "reverse" || time.now >= this.#deafUntil),
      certificate: true,
    });
    if (faulty) link.faults = swarm.https;
    this.#setLost(link);
    this.#link = link;
    return link;
  }

  /** One host of some worlds leaves for good. */
  planLoss(): void {
    const { box, tell, time } = this.#scene;
    const { name, leavesAt } = this.#lost;
    if (name === null) return;
    time.after(leavesAt, () => {
      tell(`network: ${name} is gone for good`);
      if (box.life !== null) this.#link?.setDown(name, true);
    });
  }

  /** A host may go down for a while. */
  maybeLoseHost(): void {
    const { box, random, swarm, tell, time } = this.#scene;
    if (!random.chance(swarm.hostDown)) return;
    const host = random.chance(0.5) ? HOSTS[0] : HOSTS[1];
    const link = this.#link;
    if (link === null || box.life === null) return;
    tell(`network: ${host} is down for a minute`);
    link.setDown(host, true);
    time.after(DOWN_MS, () => link.setDown(host, this.#lost.isGone(host, time.now)));
  }

  /** The means to take money back may be lost for a while. */
  maybeKeepMoney(): void {
    const { tell, time } = this.#scene;
    if (this.#takingBack.chance(CERTIFICATE_FAILURE)) this.#certificateFails();
    if (!this.#takingBack.chance(DEAFNESS)) return;
    this.#deafUntil = time.now + this.#takingBack.between(DEAF_MS.least, DEAF_MS.most);
    tell("sandbox: deaf to reversals");
  }

  /** Nothing goes wrong any more on the way; what is mended before the box may be switched on once more. */
  mend(): void {
    this.#certificateMended();
    this.#deafUntil = 0;
  }

  /** The network of the box that is switched on is as good as it gets; a sandbox with a lost host is busy once. */
  calm(): void {
    if (this.#lost.name !== null) this.#planBusy();
    if (this.#scene.box.life === null || this.#link === null) return;
    this.#link.faults = NO_HTTPS_FAULTS;
    this.#setLost(this.#link);
  }

  #setLost(link: SimulatedHttpsLink): void {
    for (const host of HOSTS) link.setDown(host, this.#lost.isGone(host, this.#scene.time.now));
  }

  #planBusy(): void {
    const { provider, tell, time } = this.#scene;
    time.after(BUSY_AFTER_MS, () => {
      tell("sandbox: busy for a minute");
      provider.busy = true;
      time.after(BUSY_FOR_MS, () => {
        provider.busy = false;
      });
    });
  }

  /** The certificate expires, and somebody brings another one later. */
  #certificateFails(): void {
    const { box, tell, time } = this.#scene;
    tell("certificate: it has expired");
    this.#certificateFault = "certificate-expired";
    box.checker.certificate(false);
    const { least, most } = CERTIFICATE_BAD_MS;
    time.after(this.#takingBack.between(least, most), () => this.#certificateMended());
  }

  #certificateMended(): void {
    this.#certificateFault = null;
    this.#scene.box.checker.certificate(true);
  }
}
