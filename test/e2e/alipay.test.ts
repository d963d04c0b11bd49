import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { appPrivateKey, gatewayPublicKey } from "../../src/providers/alipay/sandbox/sandbox-keys.ts";
import type { Box } from "./box.ts";
import { hastyTiming, Stand, timing } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start({
  second: { plays: "Alipay", secrets: { privateKey: appPrivateKey, alipayPublicKey: gatewayPublicKey } },
});
after(() => stand.end());
stand.hide("a payer", "2088000000000001");

before(async () => {
  // Its orderly end leaves behind what Node compiled: a process that is killed never does.
  const box = await stand.box("first", { wallets: ["alipay"] });
  await box.start();
  await box.stop();
});

/** A code that nobody has used, of Alipay's. */
function alipayCode(): string {
  return stand.code(stand.code().replace(/^13/, "28"));
}

/** The times of a box whose payments end unpaid, or whose sandbox keeps silent. */
const givingUp = {
  ...timing,
  giveUpAfterMs: 5_000,
  sendWithinMs: 5_000,
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 5_000,
};
const muted = { ...timing, answerTimeoutMs: hastyTiming.answerTimeoutMs };

interface Story {
  readonly what: string;
  readonly fixed: string;
  readonly states: readonly string[];
  readonly reason: string | null;
  /** What people saw, in order; other screens may stand between for a moment. */
  readonly screens: readonly string[];
  readonly times: typeof timing;
}

const reversed = ["charging", "reversing", "reversed"];
const refunded = ["charging", "reversing", "refunded"];

const stories: readonly Story[] = [
  {
    ...{ what: "it is paid at once, and a query has said so first", fixed: "1.00", reason: null },
    ...{ states: ["charging", "paid"], screens: ["armed", "submitting", "checking", "paid"], times: timing },
  },
  {
    ...{ what: "a password is typed while the box asks", fixed: "1.11", reason: null },
    ...{ states: ["charging", "paid"], screens: ["armed", "submitting", "password", "paid"], times: timing },
  },
  {
    ...{
      what: "the reply to a charge is lost, and the query finds the payment",
      fixed: "1.21",
      reason: null,
    },
    ...{ states: ["charging", "paid"], screens: ["armed", "submitting", "checking", "paid"], times: muted },
  },
  {
    ...{ what: "a stranger's claim that it is paid is not believed", fixed: "1.27", reason: "gave-up" },
    ...{
      states: reversed,
      screens: ["armed", "submitting", "checking", "reversing", "timed-out"],
    },
    times: givingUp,
  },
  {
    ...{ what: "nobody types the password, and the charge is cancelled", fixed: "1.14", reason: "gave-up" },
    ...{ states: reversed, screens: ["armed", "submitting", "password", "reversing", "timed-out"] },
    times: givingUp,
  },
  {
    ...{ what: "a charge that was answered 10000 is rolled back", fixed: "1.16", reason: "gave-up" },
    ...{ states: reversed, screens: ["armed", "submitting", "reversing", "timed-out"], times: givingUp },
  },
  {
    ...{ what: "the customer pays between the last query and the cancel", fixed: "1.15", reason: "gave-up" },
    ...{ states: refunded, screens: ["armed", "submitting", "password", "reversing", "refunded"] },
    times: givingUp,
  },
  {
    ...{
      what: "the cancel comes too late, and a refund gives the money back",
      fixed: "1.64",
      reason: "gave-up",
    },
    ...{ states: refunded, screens: ["armed", "submitting", "password", "reversing", "refunded"] },
    times: givingUp,
  },
  {
    ...{ what: "the balance is not enough", fixed: "1.41", reason: "funds" },
    ...{
      states: ["charging", "declined"],
      screens: ["armed", "submitting", "not-paid-funds"],
      times: timing,
    },
  },
];

describe("a box that charges through Alipay", { concurrency: 4 }, () => {
  for (const { what, fixed, states, reason, screens, times } of stories) {
    it(what, async () => {
      const wishes = { fixed, wallets: ["alipay"], extra: { timing: times } } as const;
      const box = await stand.box(`alipay-${fixed.replace(".", "-")}`, wishes);
      const program = await box.start();
      await box.scan(alipayCode());
      await stand.settled(box);
      await program.screen(screens.at(-1) ?? "");
      assert.deepEqual(stand.consumer.states(box.id), states);
      await box.stop();
      const [row] = await stand.assertOneStory(box);
      assert.deepEqual([row?.reason, row?.provider, row?.wallet], [reason, "alipay", "alipay"]);
      const shown = program.log.flatMap(({ event, screen }) => (event === "screen.shown" ? [screen] : []));
      let from = 0;
      for (const screen of screens) {
        from = shown.indexOf(screen, from) + 1;
        assert.ok(from > 0, `${screen} was shown in its turn: ${shown.join(" ")}`);
      }
    });
  }
});

/** A moment in the life of a payment, seen from the sandbox or in the log of the box. */
type Moment =
  | { readonly at: "sandbox"; readonly call: "charge" | "query" | "cancel" | "refund" }
  | { readonly at: "box"; readonly event: string; readonly kind: string };

/** Kills the process of a box when a moment comes, from inside the very event that shows it. */
function killAt({ id, program }: Box, moment: Moment): void {
  if (moment.at === "sandbox") {
    hearers.set(id, (call) => {
      if (call === moment.call) program.signal("SIGKILL");
    });
    return;
  }
  hearers.delete(id);
  program.onLine = ({ event, kind }) => {
    if (event === moment.event && kind === moment.kind) program.signal("SIGKILL");
  };
}

/** Who wants to hear of the calls about the orders of a box, by its id. */
const hearers = new Map<string, (call: string) => void>();
stand.second.onCall = ({ call, outTradeNo }) => {
  for (const [id, hear] of hearers) {
    if (outTradeNo !== null && stand.second.charged(id).includes(outTradeNo)) hear(call);
  }
};

const intent: Moment = { at: "box", event: "box.asked", kind: "charge" };
const reversing: Moment = { at: "box", event: "order.moved", kind: "recorded:reversing" };
const at = (call: (Moment & { at: "sandbox" })["call"]): Moment => ({ at: "sandbox", call });

/** The process is killed at each moment, one after the other, and started again after each. */
const kills: readonly (readonly [what: string, fixed: string, moments: readonly Moment[], ends: string[]])[] =
  [
    ["between its intent and the charge", "1.00", [intent], ["paid", "reversed"]],
    [
      "when a charge that is paid has arrived, and when it asks",
      "1.00",
      [at("charge"), at("query")],
      ["paid"],
    ],
    ["when the cancel is on disk, and when it has arrived", "1.14", [reversing, at("cancel")], ["reversed"]],
    [
      "while it cancels what the customer pays at last, twice",
      "1.15",
      [at("cancel"), at("cancel")],
      ["refunded"],
    ],
    [
      "when it learns that it is too late to cancel, and while it refunds",
      "1.64",
      [at("cancel"), at("refund")],
      ["refunded"],
    ],
  ];

describe("a box that is killed while it charges through Alipay", { concurrency: 4 }, () => {
  for (const [number, [what, fixed, moments, ends]] of kills.entries()) {
    it(`${what}: the order ends ${ends.join(" or ")}`, async () => {
      const wishes = { fixed, wallets: ["alipay"], extra: { timing: givingUp } } as const;
      const box = await stand.box(`alipay-killed-${number}`, wishes);
      const first = await box.start();
      for (const [round, moment] of moments.entries()) {
        if (round > 0) box.launch();
        killAt(box, moment);
        if (round === 0) await box.scan(alipayCode());
        assert.equal(await box.program.ended(), "SIGKILL", box.program.tail());
      }
      hearers.delete(box.id);
      box.launch();
      await stand.settled(box);
      await box.stop();
      const [row, ...others] = await stand.assertOneStory(box);
      assert.deepEqual(others, []);
      assert.ok(ends.includes(row?.state ?? ""), `it is ${row?.state}: ${first.tail()}`);
    });
  }
});

describe("a box that charges through both", { concurrency: true }, () => {
  it("sends each code to its own provider, and speaks of the wallet", async () => {
    const box = await stand.box("both", { wallets: ["wechat", "alipay"] });
    const program = await box.start();
    const [wechat, alipay] = [stand.code(), alipayCode()];
    for (const [round, code] of [wechat, alipay].entries()) {
      const mark = program.log.length;
      await box.scan(code);
      await stand.settled(box, round + 1);
      await program.screen("armed", mark);
    }
    await box.stop();
    const rows = await stand.assertOneStory(box);
    assert.deepEqual(
      rows.map(({ provider, wallet, state }) => [provider, wallet, state]),
      [
        ["alipay", "alipay", "paid"],
        ["wechat", "wechat", "paid"],
      ],
    );
    assert.deepEqual([stand.totalsOf(wechat).charges, stand.second.chargesOf(alipay)], [1, 1]);
  });

  it("charges through one while the other cannot be reached, and through both again", async (t) => {
    const own = await Stand.start({
      second: { plays: "Alipay", secrets: { privateKey: appPrivateKey, alipayPublicKey: gatewayPublicKey } },
    });
    t.after(() => own.end());
    await own.second.running.setDown(true);
    const box = await own.box("one-down", { wallets: ["wechat", "alipay"] });
    const program = await box.start();
    const refused = own.code(own.code().replace(/^13/, "28"));
    await box.scan(refused);
    await program.screen("wallet-out");
    const code = own.code();
    await program.screen("armed", program.log.length);
    await box.scan(code);
    await own.settled(box);
    assert.equal(own.totalsOf(code).charges, 1);
    assert.deepEqual(own.second.charged(box.id), [], "what cannot be charged is not recorded");

    // The box asks by itself until the other one answers.
    await own.second.running.setDown(false);
    const alipay = own.code(own.code().replace(/^13/, "28"));
    await until(
      async () => {
        if (own.second.charged(box.id).length > 0) return true;
        await box.scan(alipay);
        return false;
      },
      () => `the charge of ${program.tail()}`,
      { everyMs: 1_000 },
    );
    await own.settled(box, 2);
    await box.stop();
    const states = (await own.assertOneStory(box)).map(({ provider, state }) => `${provider} ${state}`);
    assert.deepEqual(states, ["alipay paid", "wechat paid"]);
  });
});
