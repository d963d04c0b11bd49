import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bankPaths, type CallNote } from "../../src/simulator/bank/call.ts";
import { Random } from "../../src/simulator/random.ts";
import type { Box } from "./box.ts";
import type { LogLine } from "./program.ts";
import { Stand } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

/** A moment in the life of a payment, seen from the bank or in the log of the box. */
type Moment =
  | { readonly at: "bank"; readonly call: "charge" | "query" | "reverse"; readonly count: number }
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
const charge: Moment = { at: "bank", call: "charge", count: 1 };
const query: Moment = { at: "bank", call: "query", count: 1 };
const reversing: Moment = { at: "box", event: "order.moved", kind: "recorded:reversing" };
const reverse: Moment = { at: "bank", call: "reverse", count: 1 };

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
  let left = moment.at === "bank" ? moment.count : 1;
  const strike = (): void => {
    left -= 1;
    if (left === 0) program.signal("SIGKILL");
  };
  if (moment.at === "bank") {
    hearers.set(box, (note) => {
      if (bankPaths.get(note.path) === moment.call) strike();
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
const KILLS = Number(process.env.SCANBOX_E2E_KILLS ?? "24");
const BOXES = 4;
const SEED = Number(process.env.SCANBOX_E2E_SEED ?? Date.now());

/** Amounts whose last digits make the bank treat the payment as its scenarios say. */
const amounts = [
  "1.00",
  "1.11",
  "1.13",
  "1.14",
  "1.15",
  "1.21",
  "1.23",
  "1.27",
  "1.31",
  "1.37",
  "1.41",
  "1.43",
];

describe(`boxes that are killed at any moment (SCANBOX_E2E_SEED=${SEED})`, { concurrency: BOXES }, () => {
  for (let number = 1; number <= BOXES; number += 1) {
    it(`box ${number} ends every order as the bank has it`, async () => {
      const random = new Random(SEED + number);
      const box = await stand.box(`chance-${number}`);
      for (let kill = 0; kill < Math.ceil(KILLS / BOXES); kill += 1) {
        box.configure(stand.config(box, { fixed: amounts[random.between(0, amounts.length - 1)] ?? "1.00" }));
        const program = box.launch();
        if (random.fraction() < 0.2) {
          await sleep(random.between(100, 900));
        } else {
          await program.screen("armed");
          await box.scan(stand.code());
          // Most of what can go wrong lies near the scan.
          await sleep(Math.floor(3_000 * random.fraction() ** 2));
        }
        await box.kill();
      }
      box.configure(stand.config(box, {}));
      await box.start();
      await stand.settled(box, 0);
      const before = stand.orders(box).length;
      await box.scan(stand.code());
      await until(
        () => stand.orders(box).length > before,
        () => `the last charge of ${box.program.tail()}`,
      );
      await stand.settled(box);
      await box.stop();
      const rows = await stand.assertOneStory(box);
      assert.ok(rows.length > 1, "chance left something to look at");
    });
  }
});

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
