import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { z } from "zod";
import { saleStateSchema } from "../../src/commands/sale.ts";
import type { Box, Said } from "./box.ts";
import { Stand, timing } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

const till = { amount: { source: "till" } };

function saleOf({ stdout, stderr }: Said) {
  assert.notEqual(stdout, "", stderr);
  return saleStateSchema.parse(JSON.parse(stdout));
}

/** What is armed is on the screen by then. */
async function armed(box: Box, mark: number): Promise<void> {
  await box.program.screen("armed", mark);
}

describe("a till beside the box", { concurrency: true }, () => {
  it("asks for an amount, waits while the customer scans, and hears that it is paid; asked again, nobody pays twice", async () => {
    const box = await stand.box("till-pays", { extra: till, logLevel: "info" });
    const program = await box.start("till-idle");
    const asking = box.command("pay", "1.00", "--ref", "sale-1");
    await armed(box, 0);
    const code = stand.code();
    await box.scan(code);
    const said = await asking;
    assert.equal(said.status, 0, said.stderr);
    const sale = saleOf(said);
    assert.deepEqual([sale.ref, sale.amountFen, sale.state, sale.charged], ["sale-1", 100, "paid", "yes"]);
    assert.match(said.stderr, /^1\.00 armed$/m);

    const mark = program.log.length;
    const again = await box.command("pay", "1.00", "--ref", "sale-1");
    assert.equal(again.status, 0, again.stderr);
    assert.deepEqual(saleOf(again), { ...sale, repeated: true });
    const other = await box.command("pay", "2.00", "--ref", "sale-1");
    assert.equal(other.status, 3);
    assert.match(other.stderr, /This ref stands for another amount/);
    assert.ok(program.log.slice(mark).every(({ screen }) => screen !== "armed"));

    await stand.settled(box);
    await box.kill();
    await box.start("till-idle");
    const anew = await box.command("pay", "1.00", "--ref", "sale-1");
    assert.equal(anew.status, 3, "a new sale is not told of as paid, nor the old one as not paid");
    assert.match(anew.stderr, /There was a sale with this ref before/);
    const afterwards = await box.command("pay", "--ref", "sale-1");
    assert.deepEqual([afterwards.status, saleOf(afterwards)], [0, { ...sale, repeated: false }]);
    assert.equal(stand.totalsOf(code).charges, 1);
    await box.stop();
    const [row] = await stand.assertOneStory(box);
    assert.equal(row?.ref, "sale-1");
  });

  it("withdraws a sale that waits for its code, and whoever waited for it hears so", async () => {
    const box = await stand.box("till-cancels", { extra: till, logLevel: "info" });
    await box.start("till-idle");
    const asking = box.command("pay", "1.00", "--ref", "sale-1");
    await armed(box, 0);
    const cancelled = await box.command("pay", "--ref", "sale-1", "--cancel");
    assert.deepEqual([cancelled.status, cancelled.stderr], [1, ""]);
    const { state, final, charged } = saleOf(cancelled);
    assert.deepEqual([state, final, charged], ["withdrawn", true, "no"]);
    const said = await asking;
    assert.deepEqual([said.status, saleOf(said).state, saleOf(said).charged], [1, "withdrawn", "no"]);
    await box.stop();
  });

  it("waits through a declined code for the next one", async () => {
    const box = await stand.box("till-declined", { extra: till, logLevel: "info" });
    const program = await box.start("till-idle");
    const asking = box.command("pay", "1.41", "--ref", "sale-1");
    await armed(box, 0);
    await box.scan(stand.code());
    await program.screen("not-paid-funds");
    const mark = program.log.length;
    await armed(box, mark);
    // The till looks four times a second; it has seen the amount stand again before it gives up.
    const waiting = box.commands.at(-1);
    await until(
      () => /declined #[\s\S]*1\.41 armed/.test(waiting?.stderr ?? ""),
      "the till sees the amount again",
    );
    const cancelled = await box.command("pay", "--ref", "sale-1", "--cancel");
    assert.equal(cancelled.status, 1, cancelled.stderr);
    const said = await asking;
    assert.equal(said.status, 1, said.stderr);
    const { state, final, charged, reason } = saleOf(said);
    assert.deepEqual([state, final, charged, reason], ["declined", true, "no", "funds"]);
    assert.match(said.stderr, /^1\.41 armed\n[\s\S]*1\.41 declined #[\s\S]*1\.41 armed/);
    await stand.settled(box);
    await box.stop();
    await stand.assertOneStory(box);
  });

  it("goes on with a sale under way when who asked for it leaves by Ctrl-C, names it, and says that its end is not known", async () => {
    const box = await stand.box("till-leaves", {
      extra: { ...till, timing: { ...timing, giveUpAfterMs: 60_000 } },
      logLevel: "info",
    });
    const program = await box.start("till-idle");
    const asking = box.command("pay", "1.14", "--ref", "sale-1");
    await armed(box, 0);
    await box.scan(stand.code());
    await program.screen("password");
    const waiting = box.commands.at(-1);
    await until(() => /1\.14 \w+ #\d{4}/.test(waiting?.stderr ?? ""), "the till sees the order");
    waiting?.signal("SIGINT");
    const said = await asking;
    assert.equal(said.status, 3, said.stderr);
    assert.match(said.stderr, /^The sale goes on at the box\. How it ends: scanbox pay --ref sale-1$/m);
    const left = saleOf(said);
    assert.deepEqual([left.ref, left.final, left.charged], ["sale-1", false, "unknown"]);
    assert.match(left.outTradeNo ?? "", /^\w{20}/);
    await box.command("pay", "--ref", "sale-1", "--cancel");
    const ended = await box.command("pay", "--ref", "sale-1");
    assert.deepEqual([ended.status, saleOf(ended).outTradeNo], [1, left.outTradeNo], ended.stderr);
    await stand.settled(box);
    await box.stop();
    await stand.assertOneStory(box);
  });

  it("withdraws a sale under way, which is reversed, and waits through a restart of the box", async () => {
    // Commands are processes of their own, and slower than a password.
    const patient = { ...till, timing: { ...timing, giveUpAfterMs: 60_000 } };
    const box = await stand.box("till-withdraws", { extra: patient, logLevel: "info" });
    const program = await box.start("till-idle");
    const asking = box.command("pay", "1.14", "--ref", "sale-1");
    await armed(box, 0);
    await box.scan(stand.code());
    await program.screen("password");
    const busy = await box.command("pay", "1.00", "--ref", "sale-2");
    assert.equal(busy.status, 1);
    assert.match(busy.stderr, /Another payment is at the box/);
    const stranger = await box.command("pay", "--ref", "sale-1", "--caller", "north");
    assert.deepEqual([stranger.status, stranger.stderr], [1, "The box knows of no sale with this ref.\n"]);
    await until(
      () => program.log.some(({ screen }) => screen === "till-busy"),
      "the box says that it is busy",
    );
    const now = await box.command("pay", "--ref", "sale-1", "--no-wait");
    assert.deepEqual([now.status, saleOf(now).charged], [3, "unknown"]);
    await box.kill();
    const asleep = await box.command("pay", "--ref", "sale-1", "--no-wait");
    assert.equal(asleep.status, 3);
    assert.match(asleep.stderr, /not known: no box runs/);
    await box.start("till-idle");
    await box.command("pay", "--ref", "sale-1", "--cancel");
    const said = await asking;
    assert.equal(said.status, 1, said.stderr);
    assert.deepEqual([saleOf(said).state, saleOf(said).charged], ["reversed", "no"]);
    await stand.settled(box);
    await box.stop();
    await stand.assertOneStory(box);
  });

  it("is refused where the box takes no amounts from a till, and knows of no sale that it never asked for", async () => {
    const box = await stand.box("till-none");
    await box.start();
    const refused = await box.command("pay", "1.00", "--ref", "sale-1");
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /takes no amounts from a till/);
    const unknown = await box.command("pay", "--ref", "sale-1");
    assert.deepEqual([unknown.status, unknown.stderr], [1, "The box knows of no sale with this ref.\n"]);
    await box.stop();
  });
});

describe("scanbox pay", () => {
  it("says what is wrong with what it is given", async () => {
    const box = await stand.box("till-wrong", { extra: till });
    for (const [args, sentence] of [
      [["pay", "1.00"], /--ref is missing/],
      [["pay", "1.00", "--ref", "a b"], /--ref must be 1 to 64/],
      [["pay", "free", "--ref", "a"], /"free" is no amount in yuan/],
      [["pay", "0", "--ref", "a"], /"0" is no amount in yuan/],
      [["pay", "1.00", "--ref", "a", "--cancel"], /asked for or cancelled, not both/],
      [["pay", "1.00", "--ref", "a", "--caller", "a b"], /--caller must be 1 to 32/],
    ] as const) {
      const said = await box.command(...args);
      assert.equal(said.status, 2, args.join(" "));
      assert.match(said.stderr, sentence);
    }
    const help = await box.command("pay", "--help");
    assert.equal(help.status, 0);
    assert.match(z.string().parse(help.stdout), /^Usage: scanbox pay AMOUNT --ref ID/);
  });
});
