/** Alipay's sandbox in a simulated world: which stories its payments take, and whether its account still charges. */
import type {
  AccountParts,
  SimulatedProvider,
  SimulatedProviderParts,
} from "../../../simulator/outside/provider.ts";
import type { ProviderMaker } from "../../provider.ts";
import { Sandbox } from "./sandbox.ts";
import { ServedSandbox } from "./serve.ts";
import { type AlipayStory, stories, storyNamed, success } from "./stories.ts";
import { entryOf, worldAccount, worldGateway } from "./world-accounts.ts";

/** Stories that a simulated payment may take; a sandbox that is down is the network's business. */
const usual = stories.filter(({ down }) => !down).map(({ name }) => name);

const subCodes = ["ACQ.TRADE_HAS_CLOSE", "ACQ.PAYMENT_FAIL", "ACQ.INVALID_PARAMETER"];

const drawn = [...usual, ...subCodes];

/** The stream of what a world has beside its swarm. */
const STREAM = 43;

/** Draws from the world's streams, so that the same seed gives the same payments. */
export class WorldOfAlipay implements SimulatedProvider {
  readonly sandbox: ServedSandbox;
  readonly unnamed = false;
  readonly #parts: SimulatedProviderParts;
  readonly #alipay: Sandbox;

  constructor(parts: SimulatedProviderParts) {
    const { swarm, stream, tell } = parts;
    this.#parts = parts;
    const unseenCancel = swarm.unseenReversal;
    this.#alipay = new Sandbox({ ...worldGateway, unseenCancel, echoesBody: stream(STREAM).chance(0.7) });
    this.sandbox = new ServedSandbox(
      this.#alipay,
      tell === null
        ? null
        : ({ call, outTradeNo, outcome, treatment }) =>
            tell(`${call ?? "?"} ${outTradeNo ?? ""} ${outcome} ${treatment ?? ""}`),
    );
  }

  entries(hosts: readonly string[]): readonly object[] {
    return [entryOf(hosts)];
  }

  accounts(parts: AccountParts): readonly [ProviderMaker, ...ProviderMaker[]] {
    return [worldAccount(parts)];
  }

  shown(code: string): string {
    // Two codes of the other wallet that differ in their first digits are two codes of this one.
    return `28${code}`;
  }

  get busy(): boolean {
    return this.#alipay.busy;
  }

  set busy(busy: boolean) {
    this.#alipay.busy = busy;
  }

  drawStory(): void {
    this.#alipay.story = this.#story();
  }

  allGoesWell(): void {
    this.#alipay.story = success;
  }

  actOfStaff(now: number): string | null {
    const { habits } = this.#parts;
    const { trades } = this.#alipay;
    const wish = habits.refund(
      trades.all(),
      ({ status, returnedFen }) => status === "TRADE_SUCCESS" && returnedFen === 0,
    );
    if (wish === null) return null;
    const { order, refundFen } = wish;
    trades.refund(order, `staff${now}`, refundFen, "staff", now);
    return `${order.outTradeNo} gets ${refundFen} of ${order.amountFen} fen back`;
  }

  #story(): AlipayStory {
    const { random, swarm } = this.#parts;
    if (!random.chance(swarm.trouble)) return success;
    const name = drawn[random.between(0, drawn.length - 1)] ?? "success";
    return storyNamed(name) ?? success;
  }
}
