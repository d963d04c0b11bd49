/** WeChat Pay's sandbox in a simulated world: which stories its payments take, and what staff do at the merchant platform. */
import type {
  AccountParts,
  SimulatedProvider,
  SimulatedProviderParts,
} from "../../../simulator/outside/provider.ts";
import type { Random } from "../../../simulator/outside/random.ts";
import type { ProviderMaker } from "../../provider.ts";
import type { Order } from "./ledger.ts";
import { numberScenarios } from "./number-scenarios.ts";
import { STAFF_REFUND } from "./refunds.ts";
import { Sandbox } from "./sandbox.ts";
import { type Scenario, scenarioNamed, scenarios, success } from "./scenarios.ts";
import { ServedSandbox } from "./serve.ts";
import { after } from "./telling.ts";
import { entryOf, WorldAccounts } from "./world-accounts.ts";

/** The streams of draws for whether a reversed payment has a number, and for order numbers that are known already. */
const UNNAMED_STREAM = 6;
const NUMBERS_STREAM = 21;

/** The same for merchants that change, and for worlds of two accounts with a wallet each. */
const MERCHANTS_STREAM = 31;
const WALLETS_STREAM = 37;

/** Twice what the box reads of a reply: each byte above that limit is as good as ten megabytes of them. */
const HUGE_BYTES = 131_072;

/** Stories that a simulated payment may take; a sandbox that is down is the network's business. */
const usual = scenarios.filter(({ down }) => !down).map(({ name }) => name);

const errCodes = [
  "NOTENOUGH",
  "AUTHCODEEXPIRE",
  "TRADE_ERROR",
  "ORDERREVERSED",
  "RULELIMIT",
  "NOTSUPORTCARD",
];

const stories = [...usual, ...errCodes];

/** Draws from the world's streams, so that the same seed gives the same payments. */
export class WorldOfWechatV2 implements SimulatedProvider {
  readonly sandbox: ServedSandbox;
  readonly unnamed: boolean;
  readonly #parts: SimulatedProviderParts;
  readonly #wechat: Sandbox;
  readonly #accounts: WorldAccounts;
  readonly #numbers: Random;
  /** How often a payment meets a number that the sandbox knows already. */
  readonly #knownNumbers: number;

  constructor(parts: SimulatedProviderParts) {
    const { seed, swarm, stream, tell, entropy } = parts;
    this.#parts = parts;
    this.#numbers = stream(NUMBERS_STREAM);
    this.#knownNumbers = this.#numbers.chance(0.15) ? 0.4 : 0;
    this.unnamed = swarm.paidReversal === "revoked" && stream(UNNAMED_STREAM).chance(0.4);
    const signType = seed % 2 === 0 ? "HMAC-SHA256" : "MD5";
    this.#accounts = new WorldAccounts(stream(MERCHANTS_STREAM), stream(WALLETS_STREAM), signType);
    this.#wechat = new Sandbox({
      merchants: this.#accounts.served,
      entropy,
      autoRevoke: swarm.autoRevoke,
      unseenReversal: swarm.unseenReversal,
      unseenAnswer: swarm.unseenAnswer,
      paidReversal: this.unnamed ? "unnamed" : swarm.paidReversal,
      hugeBytes: HUGE_BYTES,
    });
    this.sandbox = new ServedSandbox(
      this.#wechat,
      tell === null
        ? null
        : ({ path, outTradeNo, outcome, treatment }) =>
            tell(`${path} ${outTradeNo ?? ""} ${outcome} ${treatment ?? ""}`),
    );
  }

  entries(hosts: readonly string[]): readonly object[] {
    return [entryOf(hosts)];
  }

  accounts(parts: AccountParts): readonly [ProviderMaker, ...ProviderMaker[]] {
    return this.#accounts.next(parts);
  }

  shown(code: string): string {
    return this.#accounts.shown(code);
  }

  get busy(): boolean {
    return this.#wechat.busy;
  }

  set busy(busy: boolean) {
    this.#wechat.busy = busy;
  }

  drawStory(): void {
    // Whether a number is known is drawn for itself, and leaves the other stories as they are.
    const known = this.#numbers.chance(this.#knownNumbers);
    const number = numberScenarios[this.#numbers.between(0, numberScenarios.length - 1)];
    const drawn = this.#usualStory();
    this.#wechat.scenario = known && number !== undefined ? number : drawn;
  }

  allGoesWell(): void {
    this.#wechat.scenario = success;
  }

  actOfStaff(now: number): string | null {
    const { ledger } = this.#wechat;
    const wish = this.#parts.habits.refund(ledger.orders(), isTheirs);
    if (wish === null) return null;
    const { merchant, outTradeNo, amountFen } = wish.order;
    const reference = { outTradeNo, transactionId: null };
    const refund = { outRefundNo: `${STAFF_REFUND}${now}`, totalFen: amountFen, refundFen: wish.refundFen };
    ledger.refund(merchant, { reference, ...refund }, now);
    return `${outTradeNo} gets ${wish.refundFen} of ${amountFen} fen back`;
  }

  #usualStory(): Scenario {
    const { random, swarm, habits } = this.#parts;
    if (!random.chance(swarm.trouble)) return success;
    const name = stories[random.between(0, stories.length - 1)] ?? "success";
    const told = scenarioNamed(name) ?? success;
    const { opening } = told;
    if (opening.kind !== "refused" || opening.leaves !== "unpaid") return told;
    const dialog = habits.dialog();
    if (dialog === null) return told;
    return { ...told, opening: { ...opening, leaves: "dialog" }, plans: [after(dialog.afterMs, dialog.act)] };
  }
}

/** What was booked is given back whole by the box or, where staff were quicker, by staff: nobody mixes the two. */
function isTheirs({ state, booking }: Order): boolean {
  return state === "success" && booking === null;
}
