import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "./consumer.ts";
import { leaks } from "./secrets.ts";
import { Stand } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

interface Story {
  readonly what: string;
  readonly fixed: string;
  readonly states: readonly string[];
  readonly reason: string | null;
  /** What people saw, in order; other screens may stand between for a moment. */
  readonly screens: readonly string[];
}

const stories: readonly Story[] = [
  {
    what: "a password is typed while the box asks",
    fixed: "1.11",
    states: ["charging", "paid"],
    reason: null,
    screens: ["armed", "submitting", "password", "paid"],
  },
  {
    what: "the reply to a charge is lost, and the query finds the payment",
    fixed: "1.21",
    states: ["charging", "paid"],
    reason: null,
    screens: ["armed", "submitting", "checking", "paid"],
  },
  {
    what: "nobody types the password, and the charge is reversed",
    fixed: "1.14",
    states: ["charging", "reversing", "reversed"],
    reason: "gave-up",
    screens: ["armed", "submitting", "password", "reversing", "timed-out"],
  },
  {
    what: "a stranger's claim that it is paid is not believed",
    fixed: "1.27",
    states: ["charging", "reversing", "reversed"],
    reason: "gave-up",
    screens: ["armed", "submitting", "checking", "password", "reversing", "timed-out"],
  },
  {
    what: "the balance is not enough",
    fixed: "1.41",
    states: ["charging", "declined"],
    reason: "funds",
    screens: ["armed", "submitting", "not-paid-funds"],
  },
  {
    what: "the customer pays between the last query and the reversal",
    fixed: "1.15",
    states: ["charging", "reversing", "refunded"],
    reason: "gave-up",
    screens: ["armed", "submitting", "password", "reversing", "refunded"],
  },
];

describe("a box that is left in peace", { concurrency: true }, () => {
  it("charges once, records, reports, pays again, and says farewell", async () => {
    const box = await stand.box("pays", { logLevel: "info" });
    const program = await box.start();
    const first = stand.code();
    await box.scan(first);
    await program.screen("paid");
    await stand.settled(box);
    assert.deepEqual(stand.totalsOf(first), { chargedFen: 100, returnedFen: 0, charges: 1 });
    assert.deepEqual(stand.consumer.states("pays"), ["charging", "paid"]);

    // A customer who comes later sees it as a new subscriber does.
    const late = new Consumer(stand.mosquitto.port);
    await until(() => late.status("pays") === "online", "the retained status");
    await late.end();

    const mark = program.log.length;
    await program.screen("armed", mark);
    const second = stand.code();
    await box.scan(second);
    await stand.settled(box, 2);
    assert.equal(stand.totalsOf(second).charges, 1);

    await box.stop();
    await until(() => stand.consumer.status("pays") === "offline, stopped", "the farewell");
    assert.equal(program.stderr, "");
    const rows = await stand.assertOneStory(box);
    assert.deepEqual(
      rows.map(({ state, charged, late: wasLate }) => ({ state, charged, late: wasLate })),
      Array.from({ length: 2 }, () => ({ state: "paid", charged: "yes", late: false })),
    );
  });

  for (const { what, fixed, states, reason, screens } of stories) {
    it(what, async () => {
      const box = await stand.box(`story-${fixed.replace(".", "-")}`, { fixed });
      const program = await box.start();
      await box.scan(stand.code());
      await stand.settled(box);
      await program.screen(screens.at(-1) ?? "");
      assert.deepEqual(stand.consumer.states(box.id), states);
      await box.stop();
      const [row] = await stand.assertOneStory(box);
      assert.equal(row?.reason, reason);
      const shown = program.log.flatMap(({ event, screen }) => (event === "screen.shown" ? [screen] : []));
      assert.deepEqual(inOrder(shown, screens), screens, shown.join(" "));
    });
  }

  it("moves no money for anything but a fresh payment code, and pays afterwards", async () => {
    const box = await stand.box("bad-input");
    let program = await box.start();
    const good = stand.code();
    const bad: readonly (readonly [string | Uint8Array, string])[] = [
      [Buffer.from([0x00, 0xff, 0x80, 0x07, 0x1b, 0x0d]), "not-a-code"],
      [`${good.slice(0, 9)}\r`, "not-a-code"],
      [`${good.slice(9)}\r`, "not-a-code"],
      ["8".repeat(65_536), "not-a-code"],
      // Ends the line without an end.
      ["\r", "not-a-code"],
      [`${stand.code("281234567890123456")}\r`, "wallet-not-taken"],
      [`${stand.code("6212345678901234567")}\r`, "wallet-not-taken"],
      [`${stand.code("0112345678901234567")}\r`, "wallet-not-taken"],
      [`${stand.code("911234567890123456")}\r`, "wallet-not-taken"],
      [`${stand.code(`${good}7`)}\r`, "not-a-code"],
      [`${stand.code(`99${good.slice(2)}`)}\r`, "not-a-code"],
      ["https://example.com/?q=1\r", "receiving-code"],
    ];
    for (const [bytes] of bad) {
      await box.scanner.send(bytes);
      await sleep(20);
    }
    await program.screen("wallet-not-taken");
    await program.screen("not-a-code");
    await until(
      () =>
        program.log.filter(({ event }) => /^scanner\.(?:scanned|refused|discarded)$/.test(event)).length >=
        11,
      () => `every line is logged: ${program.tail()}`,
    );
    assert.deepEqual(stand.orders(box), []);
    // An open line makes lines of nothing for as long as it likes.
    for (let time = 0; time < 50; time += 1) await box.scanner.send("~x\r".repeat(20));

    // A phone that stays under the scanner shows its code again and again.
    for (let time = 0; time < 5; time += 1) await box.scan(good);
    await stand.settled(box);
    await program.screen("paid");
    const refusals = program.log.filter(({ event }) => event === "scanner.refused").length;
    assert.ok(refusals < 40, `a thousand of them are ${refusals} lines of the log`);
    for (let time = 0; time < 5; time += 1) await box.scan(good);
    await box.stop();

    program = await box.start();
    await box.scan(good);
    await program.screen("code-used");
    // It waits until the phone is gone.
    await program.screen("armed", program.log.length);
    await box.scan(stand.code());
    await stand.settled(box, 2);
    await box.stop();
    assert.equal((await stand.assertOneStory(box)).length, 2);
    assert.equal(stand.totalsOf(good).charges, 1);
  });
});

it("nothing that any of them said, sent or wrote holds a code, a key or a payer", () => {
  const captured = stand.captured();
  assert.deepEqual(leaks(captured, stand.secrets()), []);
  // The search sees what is there: every kind of place holds the number of an order.
  const places = new Set(
    stand.sandbox.sandbox.ledger
      .orders()
      .flatMap(({ outTradeNo }) => leaks(captured, [{ name: "an order", text: outTradeNo }]))
      .map((leak) => leak.replace(/ of .*| holds .*/, "")),
  );
  for (const place of ["the stdout", "an MQTT message", "journal.db"]) assert.ok(places.has(place), place);
});

it("the checks notice money that the journal does not know of, and a secret that leaked", async () => {
  const box = await stand.box("planted");
  await box.start();
  const code = stand.code();
  await box.scan(code);
  await stand.settled(box);
  await box.stop();
  await stand.assertOneStory(box);
  const [order] = stand.orders(box);
  assert.ok(order);
  const reference = { outTradeNo: order.outTradeNo, transactionId: null };
  stand.sandbox.sandbox.ledger.reverse(order.merchant, reference, Date.now());
  await assert.rejects(stand.assertOneStory(box), /is paid here and revoked at the sandbox/);
  const file = join(box.journalDirectory, "journal.db-wal");
  writeFileSync(file, `spilt ${code}`);
  assert.deepEqual(leaks(stand.captured(), stand.secrets()), [
    "journal.db-wal of planted holds what was scanned",
  ]);
  rmSync(file);
});

/** How many of `wanted` occur in `shown` one after the other. */
function inOrder(shown: readonly unknown[], wanted: readonly string[]): readonly string[] {
  let from = 0;
  return wanted.filter((one) => {
    const at = shown.indexOf(one, from);
    if (at >= 0) from = at + 1;
    return at >= 0;
  });
}
