import assert from "node:assert/strict";
import { after, before, describe, it, test } from "node:test";
import { type CallNote, sandboxPaths } from "../../src/providers/wechat-v2/sandbox/call.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import type { Box, JournalRow } from "./box.ts";
import { aims, Killer, type KillState, killStates } from "./kill-moments.ts";
import type { LogLine } from "./program.ts";
import { Stand } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

before(async () => {
  // Its orderly end leaves behind what Node compiled: a process that is killed never does.
  const box = await stand.box("first");
  await box.start();
  await box.stop();
});

/** A moment in the life of a payment, seen from the sandbox or in the log of the box. */
type Moment =
  | { readonly at: "sandbox"; readonly call: "charge" | "query" | "reverse"; readonly count: number }
  | { readonly at: "box"; readonly event: string; readonly kind?: string; readonly screen?: string };

interface Case {
  readonly what: string;
  readonly fixed: string;
  /** The process is killed at each of these, one after the other, and started again after each. */
  readonly moments: readonly Moment[];
  /** How the order may end; the last digits of the amount say what the customer does. */
  readonly ends: readonly string[];
}

const scanned: Moment = { at: "box", event: "scanner.scanned" };
const intent: Moment = { at: "box", event: "box.asked", kind: "charge" };
const charge: Moment = { at: "sandbox", call: "charge", count: 1 };
const query: Moment = { at: "sandbox", call: "query", count: 1 };
const reversing: Moment = { at: "box", event: "order.moved", kind: "recorded:reversing" };
const reverse: Moment = { at: "sandbox", call: "reverse", count: 1 };

const cases: readonly Case[] = [
  {
    what: "before its intent is surely on disk",
    fixed: "1.00",
    moments: [scanned],
    // Nothing at all where the intent was lost.
    ends: ["nothing", "paid", "reversed"],
  },
  {
    what: "between its intent and the charge",
    fixed: "1.00",
    moments: [intent],
    ends: ["paid", "reversed"],
  },
  {
    what: "when a charge that is paid has arrived",
    fixed: "1.00",
    moments: [charge],
    ends: ["paid"],
  },
  {
    what: "when a charge that is declined has arrived",
    fixed: "1.41",
    moments: [charge],
    ends: ["reversed"],
  },
  {
    what: "when a charge that wants a password has arrived, and the password is typed",
    fixed: "1.11",
    moments: [charge],
    ends: ["paid"],
  },
  {
    what: "while it asks, twice, and nobody types",
    fixed: "1.14",
    moments: [query, query],
    ends: ["reversed"],
  },
  {
    what: "while it asks about a reply that was lost",
    fixed: "1.21",
    moments: [query],
    ends: ["paid"],
  },
  {
    what: "when the reversal is on disk and not on its way",
    fixed: "1.14",
    moments: [reversing],
    ends: ["reversed"],
  },
  {
    what: "while it reverses what the customer pays at last, twice",
    fixed: "1.15",
    moments: [reverse, reverse],
    ends: ["refunded"],
  },
  {
    what: "when its end is on disk and hardly shown",
    fixed: "1.00",
    moments: [{ at: "box", event: "order.moved", kind: "recorded:paid" }],
    ends: ["paid"],
  },
  {
    what: "while the answer to its charge is being taken up",
    fixed: "1.00",
    moments: [{ at: "box", event: "order.moved", kind: "charge-answered:paid" }],
    ends: ["paid"],
  },
];

/** Kills the process of a box when a moment comes, from inside the very event that shows it. */
function killAt(box: Box, moment: Moment): void {
  const { program } = box;
  let left = moment.at === "sandbox" ? moment.count : 1;
  const strike = (): void => {
    left -= 1;
    if (left === 0) program.signal("SIGKILL");
  };
  if (moment.at === "sandbox") {
    hearers.set(box, (note) => {
      if (sandboxPaths.get(note.path) === moment.call) strike();
    });
    return;
  }
  hearers.delete(box);
  program.onLine = (line: LogLine) => {
    const { event, kind } = line;
    if (event === moment.event && (moment.kind === undefined || kind === moment.kind)) strike();
  };
}

/** Who wants to hear of the calls about the orders of a box; probes are about no order. */
const hearers = new Map<Box, (note: CallNote) => void>();
stand.onCall = (note) => {
  for (const [box, hear] of hearers) {
    if (stand.orders(box).some(({ outTradeNo }) => outTradeNo === note.outTradeNo)) hear(note);
  }
};

/** How many kills at moments that chance chooses, over all boxes. */
const KILLS = Number(process.env.SCANBOX_E2E_KILLS ?? "200");
/** How many boxes are killed at the same time. */
const BOXES = Math.min(8, KILLS);
const SEED = Number(process.env.SCANBOX_E2E_SEED ?? Date.now());

/** As short as a machine can be that runs all of them, and in the relations that a configuration must have. */
const timing = {
  restMs: 200,
  queryEveryMs: 100,
  giveUpAfterMs: 2_000,
  reverseNotBeforeMs: 200,
  confirmNotBeforeMs: 400,
  sendWithinMs: 2_000,
  connectTimeoutMs: 1_500,
  answerTimeoutMs: 1_000,
};

const killed = new Map<KillState, number>(killStates.map((state) => [state, 0]));
let payments = 0;

describe(`boxes that are killed at any moment (SCANBOX_E2E_SEED=${SEED})`, { concurrency: BOXES }, () => {
  const chance = new Random(SEED);
  const plan = Array.from({ length: KILLS }, (_, index) => aims[index % aims.length]).filter(
    (aim) => aim !== undefined,
  );
  for (let number = 1; number <= BOXES; number += 1) {
    const random = chance.fork();
    // Each box has its share of every aim, in an order of its own.
    const own = shuffled(
      random,
      plan.filter((_, index) => index % BOXES === number - 1),
    );
    it(`box ${number} ends every order as the sandbox has it`, async () => {
      const box = await stand.box(`chance-${number}`);
      const killer = new Killer(box, random);
      hearers.set(box, (note) => killer.heard(note));
      for (const aim of own) {
        const fixed = aim.amounts[random.between(0, aim.amounts.length - 1)] ?? "1.00";
        box.configure(stand.config(box, { fixed, extra: { timing } }));
        const state = await killer.kill(aim, stand.code());
        killed.set(state, (killed.get(state) ?? 0) + 1);
      }
      hearers.delete(box);
      box.configure(stand.config(box, {}));
      await box.launch().screen("armed");
      await stand.settled(box, 0);
      const before = stand.orders(box).length;
      // What an earlier order came to may stand on the screen when the code is held there: the customer tries once more.
      const code = stand.code();
      await until(
        async () => {
          if (stand.orders(box).length > before) return true;
          await box.scan(code);
          return false;
        },
        () => `the last charge of ${box.program.tail()}`,
        { everyMs: 1_000 },
      );
      await stand.settled(box);
      await box.stop();
      const rows = await stand.assertOneStory(box);
      assert.ok(rows.length > 1, "chance left something to look at");
      for (const { log } of box.programs) assertProven(log, rows);
      payments += rows.length;
    });
  }
});

test("the kills were spread over the whole life of a payment", (t) => {
  const counts = [...killed].map(([state, times]) => `${state} ${times}`);
  t.diagnostic(`note: ${KILLS} kills of ${BOXES} boxes with ${payments} payments: ${counts.join(", ")}`);
  assert.equal(
    [...killed.values()].reduce((all, times) => all + times, 0),
    KILLS,
  );
  if (KILLS < 200) return;
  const together: readonly (readonly KillState[])[] = [
    ...([
      ["start"],
      ["recovery"],
      ["waiting", "recording"],
      ["charging"],
      ["asking"],
      ["reversing"],
    ] as const),
    ...([["recording-outcome", "ended"], ["rotation"]] as const),
  ];
  for (const states of together) {
    assert.ok(
      states.some((state) => killed.get(state) !== 0),
      `no kill in the state ${states.join(" or ")}`,
    );
  }
});

/** Screens that say how a payment ended; any other one claims nothing. */
const claims: ReadonlyMap<string, readonly string[]> = new Map([
  ["paid", ["paid"]],
  ["refunded", ["refunded"]],
  ["not-sent", ["declined"]],
  ["code-expired", ["declined"]],
  ["code-not-taken", ["declined"]],
  ["not-paid-funds", ["declined"]],
  ["not-paid-card", ["declined"]],
  ["not-paid", ["declined", "reversed"]],
  ["timed-out", ["reversed"]],
  ["cancelled", ["cancelled", "reversed"]],
]);

/** Fails where a process showed an end of an order that was not on its disk by then, or that the journal tells otherwise. */
function assertProven(log: readonly LogLine[], rows: readonly JournalRow[]): void {
  for (const [index, { event, screen = "", shortRef }] of log.entries()) {
    const ends = claims.get(screen);
    if (event !== "screen.shown" || ends === undefined || !shortRef) continue;
    const record = log
      .slice(0, index)
      .findLast((line) => line.event === "order.recorded" && line.shortRef === shortRef);
    const story = `${screen} of #${shortRef} was shown after ${JSON.stringify(record)}`;
    assert.ok(record !== undefined && ends.includes(String(record.state)), story);
    const row = rows.find(({ outTradeNo }) => outTradeNo === record.outTradeNo);
    assert.equal(row?.state, record.state, story);
  }
}

/** The same in another order. */
function shuffled<Value>(random: Random, values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => ({ value, at: random.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

describe("a box that is killed", { concurrency: 6 }, () => {
  for (const [number, { what, fixed, moments, ends }] of cases.entries()) {
    it(`${what}: the order ends ${ends.join(" or ")}`, async () => {
      const box = await stand.box(`killed-${number}`, { fixed });
      const first = await box.start();
      for (const [round, moment] of moments.entries()) {
        if (round > 0) box.launch();
        killAt(box, moment);
        if (round === 0) await box.scan(stand.code());
        assert.equal(await box.program.ended(), "SIGKILL", box.program.tail());
      }
      hearers.delete(box);
      await box.start();
      await stand.settled(box, ends.includes("nothing") ? 0 : 1);
      await box.stop();
      const rows = await stand.assertOneStory(box);
      assert.ok(rows.length <= 1);
      assert.ok(ends.includes(rows[0]?.state ?? "nothing"), `it is ${rows[0]?.state}: ${first.tail()}`);
    });
  }
});
