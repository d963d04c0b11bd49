/** The sandbox as people meet it: in the demonstration, and served by a command. */
import { invariant } from "../../../core/kernel/defect.ts";
import { accept, refuse } from "../../../core/kernel/result.ts";
import type { HttpsRequest } from "../../../runtime/ports.ts";
import type { EntryParts } from "../../kind.ts";
import type { ProviderMaker } from "../../provider.ts";
import type {
  HandledCall,
  RequestWords,
  RunningSandbox,
  SandboxKind,
  SandboxPlace,
  ServeSettings,
} from "../../sandbox.ts";
import { publicKeyOf } from "../keys.ts";
import { accountOf } from "../kind.ts";
import { alipay } from "../maker.ts";
import type { AlipayConfig } from "../settings.ts";
import type { CallNote } from "./call.ts";
import type { SandboxOptions } from "./sandbox.ts";
import { APP_ID, appPrivateKey, gatewayPublicKey } from "./sandbox-keys.ts";
import { type AlipayStory, stories, storyFamilies, storyNamed, success, type Treatment } from "./stories.ts";

/** Alipay. */
export const sandboxForPeople: SandboxKind = {
  plays: "Alipay",
  wallets: ["alipay"],
  stories,
  families: storyFamilies,
  command: {
    calls: "alipay.trade.pay, query, cancel, refund",
    options: {
      "app-id": { type: "string", value: "ID", about: "the app's id (default: the one below)" },
      "app-public-key": {
        type: "string",
        takes: "a file",
        about: "the file with the app's public key, with --app-id (default: the one below)",
      },
      "unseen-cancel": {
        type: "string",
        words: ["tombstone", "forget"],
        about: "a cancelled number that was never seen: refuse a later charge of it, or take it",
      },
      "echo-body": { type: "string", words: ["on", "off"], about: "whether queries echo body (default: on)" },
    },
    account: `Without these options it knows one app, which exists nowhere else, in key mode:
  appId ${APP_ID}; its private key and the gateway's public key are in
  src/providers/alipay/sandbox/sandbox-keys.ts.`,
    control: `Control, JSON over HTTP: GET /state, GET /scenarios,
PUT /scenario {"name": NAME}, PUT /down {"down": true},
POST /orders/NUMBER/pay|cancel.`,
  },
  storyNamed,
  entry: entryAt,
  account: (entry: AlipayConfig, parts: Omit<EntryParts, "secret">): ProviderMaker => {
    const secrets = new Map([
      ["privateKey", appPrivateKey],
      ["alipayPublicKey", gatewayPublicKey],
    ]);
    return alipay(accountOf(entry, { ...parts, secret: (key) => secrets.get(key) ?? "" }));
  },
  requestWords,
  optionsRead: (options, textOf) => {
    const appId = options["app-id"];
    const keyFile = options["app-public-key"];
    if ((appId === undefined) !== (keyFile === undefined))
      return refuse("--app-id and --app-public-key go together.");
    const unseen = options["unseen-cancel"] ?? "tombstone";
    const echo = options["echo-body"] ?? "on";
    if (unseen !== "tombstone" && unseen !== "forget")
      return refuse(`--unseen-cancel takes tombstone or forget, not "${unseen}".`);
    if (echo !== "on" && echo !== "off") return refuse(`--echo-body takes on or off, not "${echo}".`);
    const publicKey = keyFile === undefined ? null : publicKeyOf(textOf(keyFile));
    if (keyFile !== undefined && publicKey === null)
      return refuse(`${keyFile} holds no public key of RSA with 2048 bits or more.`);
    const apps =
      appId === undefined || publicKey === null ? {} : { apps: [{ appId, publicKey, certificates: null }] };
    return accept((settings) =>
      serve(settings, { ...apps, unseenCancel: unseen, echoesBody: echo === "on" }),
    );
  },
  serve: (settings) => serve(settings, {}),
};

function entryAt({ origin, store }: SandboxPlace): object {
  return {
    ...{ id: "alipay", kind: "alipay", appId: APP_ID, hosts: [origin], subject: `${store}-groceries` },
    // Named and never opened: the keys are those that the sandbox knows.
    ...{ privateKey: { credential: "private-key" }, alipayPublicKey: { credential: "public-key" } },
  };
}

async function serve(settings: ServeSettings, own: Partial<SandboxOptions>): Promise<RunningSandbox> {
  const { story, observe, ...served } = settings;
  // What listens is loaded where it listens: simulated worlds, which know this sandbox too, have no sockets.
  const { startSandboxServer } = await import("./server.ts");
  const server = await startSandboxServer({
    ...own,
    ...served,
    ...(story === undefined ? {} : { story: storyOf(story.name) }),
    ...(observe === undefined ? {} : { observe: (note) => observe(handledCall(note)) }),
  });
  const { sandbox, origin, controlOrigin } = server;
  return {
    origin,
    controlOrigin,
    get story() {
      return sandbox.story;
    },
    get down() {
      return sandbox.down;
    },
    tell: async ({ name }) => {
      sandbox.story = storyOf(name);
      await server.follow();
    },
    setDown: async (down) => {
      sandbox.down = down;
      // A story can keep it down too.
      if (!down && sandbox.down) sandbox.story = success;
      await server.follow();
    },
    books: (outTradeNo) => {
      const trade = sandbox.trades.find(outTradeNo);
      if (trade === undefined) return null;
      const { status, chargedFen, returnedFen } = trade;
      return { state: status, chargedFen, returnedFen };
    },
    close: () => server.close(),
  };
}

function storyOf(name: string): AlipayStory {
  const story = storyNamed(name);
  invariant(story !== null, "a story that is told is one of the sandbox's own");
  return story;
}

/** What a story did to a reply, for people. */
const treatmentWords: Readonly<Record<Treatment["kind"], string>> = {
  delay: "and the reply is held back",
  silence: "but no reply is sent",
  reset: "but the connection is reset",
  cut: "but the reply breaks off",
  unsigned: "but the reply has no signature",
  forge: "but the reply is forged: paid, wrongly signed",
  claim: "claimed a payment that was not made",
  alter: "but the reply says something else",
  page: "but a web page comes back",
  form: "in a form of its own",
  twice: "but the reply says one thing twice",
  refuse: "by order of the scenario",
  pretend: "by order of the scenario",
  repeat: "as the answer to the second of two equal requests",
  vanish: "the request is lost on its way",
};

function handledCall(note: CallNote): HandledCall {
  const { at, path, outTradeNo, amountFen, code, outcome, treatment, call } = note;
  return {
    ...{ at, path, outTradeNo, amountFen, code, outcome },
    call: isProbe(outTradeNo) ? "probe" : (call ?? path),
    treatment:
      treatment === null
        ? null
        : { name: treatment, words: treatmentWords[treatment], lost: treatment === "vanish" },
  };
}

const calls: ReadonlyMap<string, string> = new Map([
  ["alipay.trade.pay", "charge"],
  ["alipay.trade.query", "query"],
  ["alipay.trade.cancel", "cancel"],
  ["alipay.trade.refund", "refund"],
  ["alipay.trade.fastpay.refund.query", "refund-query"],
]);

/** A request as it leaves the box. */
function requestWords({ path, body }: Pick<HttpsRequest, "path" | "body">): RequestWords {
  const method = new URLSearchParams(path.split("?")[1] ?? "").get("method") ?? "";
  const [, outTradeNo = null] =
    /"out_trade_no":"([^"]*)"/.exec(new URLSearchParams(body).get("biz_content") ?? "") ?? [];
  return { call: isProbe(outTradeNo) ? "probe" : (calls.get(method) ?? method), outTradeNo };
}

/** A probe asks about an order that nobody has. */
function isProbe(outTradeNo: string | null): boolean {
  return outTradeNo?.startsWith("probe_") ?? false;
}
