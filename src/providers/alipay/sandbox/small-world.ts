/** Alipay's sandbox in a world without chance. */
import { invariant } from "../../../core/kernel/defect.ts";
import type {
  AccountParts,
  SmallOrder,
  SmallProvider,
  SmallWays,
} from "../../../simulator/outside/provider.ts";
import type { ProviderMaker } from "../../provider.ts";
import { Sandbox } from "./sandbox.ts";
import { ServedSandbox } from "./serve.ts";
import { storyNamed } from "./stories.ts";
import type { Trade } from "./trades.ts";
import { entryOf, worldAccount, worldGateway } from "./world-accounts.ts";

/** Alipay, where what happens is chosen. */
export class SmallWorldOfAlipay implements SmallProvider {
  readonly sandbox: ServedSandbox;
  readonly stories = [
    ...["success", "password", "never", "declined", "paid-at-last"],
    ...["rolled-back", "cancel-late", "cancel-late-unpaid"],
  ];
  readonly #alipay: Sandbox;

  constructor({ unseenReversal }: SmallWays, tell: (line: string) => void) {
    this.#alipay = new Sandbox({ ...worldGateway, unseenCancel: unseenReversal });
    this.sandbox = new ServedSandbox(this.#alipay, ({ call, outTradeNo, outcome }) =>
      tell(`${call ?? "?"} ${outTradeNo ?? ""} ${outcome}`),
    );
  }

  shown(code: string): string {
    return `28${code.slice(2)}`;
  }

  entry(hosts: readonly string[]): object {
    return entryOf(hosts);
  }

  account(parts: AccountParts): ProviderMaker {
    return worldAccount(parts);
  }

  take(name: string): void {
    const story = storyNamed(name);
    invariant(story !== null, "a story of a small world is there");
    this.#alipay.story = story;
  }

  settle(now: number): void {
    this.#alipay.trades.settle(now);
  }

  look(order: string): SmallOrder | undefined {
    const trade = this.#alipay.trades.find(order);
    return trade === undefined ? undefined : seen(trade);
  }

  orders(): readonly SmallOrder[] {
    return this.#alipay.trades.all().map(seen);
  }

  passages(): number {
    return this.#alipay.trades.all().reduce((count, { changes }) => count + changes, 0);
  }
}

function seen({ createdAt, status }: Trade): SmallOrder {
  const open = status === "WAIT_BUYER_PAY";
  return { createdAt, open, state: open ? "unpaid" : status === "TRADE_CLOSED" ? "over" : "paid" };
}
