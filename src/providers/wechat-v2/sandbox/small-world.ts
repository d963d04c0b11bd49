/** WeChat Pay's sandbox in a world without chance. */
import { invariant } from "../../../core/kernel/defect.ts";
import type { Entropy } from "../../../runtime/ports.ts";
import type {
  AccountParts,
  SmallOrder,
  SmallProvider,
  SmallWays,
} from "../../../simulator/outside/provider.ts";
import type { ProviderMaker } from "../../provider.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import type { Order } from "./ledger.ts";
import { RememberedRequests } from "./request.ts";
import { Sandbox } from "./sandbox.ts";
import { scenarioNamed } from "./scenarios.ts";
import { ServedSandbox } from "./serve.ts";
import { entryOf, simulatedAccount } from "./world-accounts.ts";

const merchants = [fixtureMerchant];
const remembered = new RememberedRequests(merchants);

/** Its worlds are many and alike, so that they share what requests say. */
export class SmallWorldOfWechatV2 implements SmallProvider {
  readonly sandbox: ServedSandbox;
  readonly stories = ["success", "password", "never", "declined", "paid-at-last", "refused-but-paid"];
  readonly #wechat: Sandbox;

  constructor(ways: SmallWays, entropy: Entropy, tell: (line: string) => void) {
    this.#wechat = new Sandbox({ merchants, remembered, entropy, ...ways });
    this.sandbox = new ServedSandbox(this.#wechat, ({ path, outTradeNo, outcome }) =>
      tell(`${path} ${outTradeNo ?? ""} ${outcome}`),
    );
  }

  shown(code: string): string {
    return code;
  }

  entry(hosts: readonly string[]): object {
    return entryOf(hosts);
  }

  account(parts: AccountParts): ProviderMaker {
    return simulatedAccount(parts);
  }

  take(story: string): void {
    const scenario = scenarioNamed(story);
    invariant(scenario !== null, "a story of a small world is there");
    this.#wechat.scenario = scenario;
  }

  settle(now: number): void {
    this.#wechat.ledger.settle(now);
  }

  look(order: string): SmallOrder | undefined {
    const found = this.#wechat.ledger.orders().find(({ outTradeNo }) => outTradeNo === order);
    return found === undefined ? undefined : seen(found);
  }

  orders(): readonly SmallOrder[] {
    return this.#wechat.ledger.orders().map(seen);
  }

  passages(): number {
    return this.#wechat.ledger.orders().reduce((count, { history }) => count + history.length, 0);
  }
}

function seen({ createdAt, open, state }: Order): SmallOrder {
  const unpaid = state === "userpaying" || state === "accept" || state === "notpay" || state === "payerror";
  return { createdAt, open, state: unpaid ? "unpaid" : state === "success" ? "paid" : "over" };
}
