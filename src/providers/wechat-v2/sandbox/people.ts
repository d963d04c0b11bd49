/** The sandbox as people meet it: in the demonstration, and served by a command. */
import { invariant } from "../../../core/kernel/defect.ts";
import { accept, refuse } from "../../../core/kernel/result.ts";
import type { EntryParts } from "../../kind.ts";
import type { ProviderMaker } from "../../provider.ts";
import type { RunningSandbox, SandboxKind, SandboxPlace, ServeSettings } from "../../sandbox.ts";
import { wechatV2Timing } from "../facts.ts";
import { accountOf } from "../kind.ts";
import { wechatV2 } from "../maker.ts";
import type { WechatV2Config } from "../settings.ts";
import { commandWords, ownOptions } from "./command-options.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import type { SandboxOptions } from "./sandbox.ts";
import { type Scenario, scenarioFamilies, scenarioNamed, scenarios, success } from "./scenarios.ts";
import { handledCall, requestWords } from "./words.ts";

/** WeChat Pay, API v2. */
export const sandboxForPeople: SandboxKind = {
  plays: "WeChat Pay",
  wallets: ["wechat"],
  stories: scenarios,
  families: scenarioFamilies,
  command: commandWords,
  storyNamed: scenarioNamed,
  entry: entryAt,
  account: (entry: WechatV2Config, parts: Omit<EntryParts, "secret">, hurry: number): ProviderMaker => {
    const secret = (key: string): string => (key === "apiKey" ? fixtureMerchant.apiKey.reveal() : "");
    const account = accountOf(entry, { ...parts, secret });
    const closeNotBeforeMs = Math.round(wechatV2Timing.closeNotBeforeMs / hurry);
    return wechatV2({ ...account, timing: { ...account.timing, closeNotBeforeMs } });
  },
  requestWords,
  optionsRead: (options, textOf) => {
    const own = ownOptions(options, textOf);
    return own.ok ? accept((settings) => serve(settings, own.value)) : refuse(own.reason);
  },
  serve: (settings) => serve(settings, {}),
};

function entryAt({ origin, store, offersCode }: SandboxPlace): object {
  const { appId, merchantId } = fixtureMerchant;
  return {
    id: "wechat",
    kind: "wechat-v2",
    appId,
    merchantId,
    // Named and never opened: the key is the one that the sandbox knows.
    apiKey: { credential: "api-key" },
    certificate: { cert: { credential: "certificate" }, key: { credential: "certificate-key" } },
    hosts: [origin],
    body: `${store}-groceries`,
    // WeChat Pay wants an address for notifications; the box only queries, so nobody serves it.
    notifyUrl: offersCode ? `${origin}/nobody-listens` : null,
  };
}

async function serve(settings: ServeSettings, own: Partial<SandboxOptions>): Promise<RunningSandbox> {
  const { story, observe, ...served } = settings;
  // What listens is loaded where it listens: simulated worlds, which know this sandbox too, have no sockets.
  const { startSandboxServer } = await import("./server.ts");
  const server = await startSandboxServer({
    ...own,
    ...served,
    ...(story === undefined ? {} : { scenario: scenarioOf(story.name) }),
    ...(observe === undefined ? {} : { observe: (note) => observe(handledCall(note)) }),
  });
  const { sandbox, origin, controlOrigin } = server;
  return {
    origin,
    controlOrigin,
    get story() {
      return sandbox.scenario;
    },
    get down() {
      return sandbox.down;
    },
    tell: async ({ name }) => {
      sandbox.scenario = scenarioOf(name);
      await server.follow();
    },
    setDown: async (down) => {
      sandbox.down = down;
      // A scenario can keep it down too.
      if (!down && sandbox.down) sandbox.scenario = success;
      await server.follow();
    },
    books: (outTradeNo) => {
      const order = sandbox.ledger.orders().find((one) => one.outTradeNo === outTradeNo);
      if (order === undefined) return null;
      const { chargedFen, returnedFen } = sandbox.ledger.totalsOfOrder(order);
      return { state: order.state.toUpperCase(), chargedFen, returnedFen };
    },
    close: () => server.close(),
  };
}

function scenarioOf(name: string): Scenario {
  const scenario = scenarioNamed(name);
  invariant(scenario !== null, "a story that is told is one of the sandbox's own");
  return scenario;
}
