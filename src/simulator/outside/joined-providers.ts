/** Several providers of one world: customers have the wallet of one of them, and a request goes to the one whose it is. */
import { invariant } from "../../core/kernel/defect.ts";
import type { ProviderMaker } from "../../providers/provider.ts";
import type { SimulatedReply, SimulatedRequest } from "./https.ts";
import type { AccountParts, SimulatedProvider } from "./provider.ts";
import type { Random } from "./random.ts";
import type { Asked, Fact, Said, Sandbox } from "./sandbox.ts";
import type { SimulatedTime } from "./time.ts";

/** How many worlds see one of them down, how often for each code that is shown, and for how long at most, in milliseconds. */
const OUTAGES = 0.4;
const OUTAGE = 0.2;
const OUTAGE_MS_MAX = 60_000;

/** How many worlds have one of them down in the end, when the last customers come. */
const LOSSES = 0.2;

/** How many worlds change which of them take new payments; and how many starts then find one of them removed. */
const CHANGES = 0.3;
const REMOVED = 0.5;

/** One of several may be busy, down or removed, with the others untouched. */
export class JoinedProviders implements SimulatedProvider {
  readonly sandbox: JoinedSandbox;
  readonly unnamed: boolean;
  readonly #providers: readonly [SimulatedProvider, ...SimulatedProvider[]];
  readonly #random: Random;
  readonly #ownerOf = new Map<string, SimulatedProvider>();
  readonly #outage: number;
  readonly #changes: boolean;
  readonly #loses: boolean;
  /** Whose wallet everybody has who comes now, and whose nobody has; null where that is left to chance. */
  #everybodys: SimulatedProvider | null = null;
  #nobodys: SimulatedProvider | null = null;

  constructor(
    providers: readonly [SimulatedProvider, ...SimulatedProvider[]],
    random: Random,
    time: SimulatedTime,
  ) {
    this.#providers = providers;
    this.#random = random;
    this.sandbox = new JoinedSandbox(
      providers.map(({ sandbox }) => sandbox),
      time,
    );
    this.unnamed = providers.some((provider) => provider.unnamed);
    this.#outage = random.chance(OUTAGES) ? OUTAGE : 0;
    this.#changes = random.chance(CHANGES);
    this.#loses = random.chance(LOSSES);
  }

  entries(hosts: readonly string[]): readonly object[] {
    return this.#providers.flatMap((provider) => provider.entries(hosts));
  }

  accounts(parts: AccountParts): readonly [ProviderMaker, ...ProviderMaker[]] {
    const removed = this.#changes && this.#random.chance(REMOVED) ? this.#random.pick(this.#providers) : null;
    this.sandbox.removed = removed?.sandbox ?? null;
    const [first, ...others] = this.#providers.flatMap((provider) =>
      provider.accounts({ ...parts, charges: provider !== removed }),
    );
    invariant(first !== undefined, "every provider has an account");
    return [first, ...others];
  }

  shown(code: string): string {
    let owner = this.#ownerOf.get(code);
    if (owner === undefined) {
      const [first, ...others] = this.#providers.filter((provider) => provider !== this.#nobodys);
      owner = this.#everybodys ?? this.#random.pick([first ?? this.#providers[0], ...others]);
      this.#ownerOf.set(code, owner);
    }
    return owner.shown(code);
  }

  get busy(): boolean {
    return this.#providers.every(({ busy }) => busy);
  }

  /** One alone is busy, or all of them. */
  set busy(busy: boolean) {
    const alone = this.#random.chance(0.5) ? this.#random.pick(this.#providers) : null;
    for (const provider of this.#providers) provider.busy = busy && (alone === null || provider === alone);
  }

  drawStory(): void {
    for (const provider of this.#providers) provider.drawStory();
    if (this.#outage > 0 && this.#random.chance(this.#outage))
      this.sandbox.goesDown(
        this.#random.pick(this.#providers).sandbox,
        this.#random.between(1_000, OUTAGE_MS_MAX),
      );
  }

  allGoesWell(): void {
    for (const provider of this.#providers) provider.allGoesWell();
    this.sandbox.isUp();
  }

  loses(): boolean {
    // Somebody else has to be there for whoever comes next.
    if (!this.#loses || this.sandbox.removed !== null) return false;
    this.#everybodys = this.#random.pick(this.#providers);
    this.sandbox.goesDown(this.#everybodys.sandbox, Number.POSITIVE_INFINITY);
    return true;
  }

  isLost(): void {
    this.#nobodys = this.#everybodys;
    this.#everybodys = null;
  }

  actOfStaff(now: number): string | null {
    return this.#random.pick(this.#providers).actOfStaff(now);
  }
}

/** Sandboxes behind one network. */
class JoinedSandbox implements Sandbox {
  /** Whose account takes nothing new. */
  removed: Sandbox | null = null;
  readonly #sandboxes: readonly Sandbox[];
  readonly #time: SimulatedTime;
  #down: { readonly sandbox: Sandbox; readonly until: number } | null = null;

  constructor(sandboxes: readonly Sandbox[], time: SimulatedTime) {
    this.#sandboxes = sandboxes;
    this.#time = time;
  }

  /** Nothing that arrives at this one is heard for so long. */
  goesDown(sandbox: Sandbox, forMs: number): void {
    this.#down = { sandbox, until: this.#time.now + forMs };
  }

  isUp(): void {
    this.#down = null;
  }

  isOwn(request: Pick<SimulatedRequest, "path">): boolean {
    return this.#sandboxes.some((sandbox) => sandbox.isOwn(request));
  }

  asked(request: Parameters<Sandbox["asked"]>[0]): Asked {
    const owner = this.#owner(request);
    return { ...owner.asked(request), removed: owner === this.removed };
  }

  serve(
    request: SimulatedRequest,
    now: number,
  ): { readonly reply: SimulatedReply; readonly said: Said | null } {
    const owner = this.#owner(request);
    const { sandbox = null, until = 0 } = this.#down ?? {};
    if (sandbox === owner && this.#time.now < until) return { reply: { kind: "drop" }, said: null };
    return owner.serve(request, now);
  }

  take(): readonly Fact[] {
    return this.#sandboxes.flatMap((sandbox) => sandbox.take());
  }

  #owner(request: Pick<SimulatedRequest, "path">): Sandbox {
    const owner = this.#sandboxes.find((sandbox) => sandbox.isOwn(request));
    invariant(owner !== undefined, "a request of the box is for one of its providers");
    return owner;
  }
}
