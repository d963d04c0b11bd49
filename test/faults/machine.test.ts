/** The machine under a box: its disk, its memory, its clock, failing in the kernel or beside it. */
import assert from "node:assert/strict";
import { cpSync, existsSync, rmSync } from "node:fs";
import { after, describe, it, type TestContext } from "node:test";
import { RESERVE_FILE } from "../../src/links/sqlite/disk-reserve.ts";
import type { LogLine } from "../e2e/program.ts";
import { Stand } from "../e2e/stand.ts";
import { LoopDisk } from "./loop-disk.ts";
import { MemoryLimit } from "./memory-limit.ts";
import { ended, proxied } from "./proxied.ts";
import { WrongClock } from "./wrong-clock.ts";

const stand = await Stand.start();
after(() => stand.end());

const YEAR_S = 31_556_952;

describe("a machine that fails under a box", { concurrency: 4 }, () => {
  it("its disk turns read-only: no charge, and the order ends when it is mended", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.14" });
    const { box } = place;
    const disk = LoopDisk.make(box.journalDirectory);
    if (typeof disk === "string") return t.skip(disk);
    t.after(() => disk.end());
    const program = await box.start();
    await box.scan(stand.code());
    await program.screen("password");
    disk.fail();
    await program.screen("unknown");
    assert.equal(await program.ended(), 1, "the journal is believed again by a new process alone");
    assert.ok(
      program.log.some(({ event }) => event === "journal.broken"),
      program.tail(),
    );
    const charges = stand.orders(box).length;
    const next = box.launch();
    await next.screen("armed");
    await box.scan(stand.code());
    assert.equal(await next.ended(), 1);
    assert.ok(
      next.log.some(({ event }) => event === "journal.broken"),
      next.tail(),
    );
    assert.equal(stand.orders(box).length, charges, "what cannot be recorded is not charged");
    disk.repair();
    await box.start();
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.charged], ["reversed", "no"]);
    disk.end();
    return undefined;
  });

  for (const [how, left, reserved] of [
    ["what was held back is gone", 1 << 20, false],
    ["to the last byte but what was held back", 0, true],
  ] as const) {
    it(`its disk is full when it starts (${how}): out of service, nobody is asked to pay, until there is room`, async (t) => {
      const place = await proxied(t, stand, { fixed: "1.17" });
      const { box } = place;
      const disk = LoopDisk.make(box.journalDirectory);
      if (typeof disk === "string") return t.skip(disk);
      t.after(() => disk.end());
      await box.start();
      await box.stop();
      if (!reserved) rmSync(`${box.journalDirectory}/${RESERVE_FILE}`);
      disk.fill(left);
      const program = box.launch();
      await program.line(
        "that it has no room",
        ({ screen, code }) => screen === "out-of-service" && code === "E17",
      );
      await box.scan(stand.code());
      disk.free();
      const before = program.log.length;
      await program.screen("armed", before);
      const lured = program.log
        .slice(0, before)
        .filter(({ screen }) => screen === "armed" || screen === "resting");
      assert.deepEqual(lured, [], "nobody is asked to pay before there is room");
      assert.deepEqual(stand.orders(box), []);
      await box.scan(stand.code());
      const [row] = await ended(stand, place);
      assert.deepEqual([row?.state, row?.chargeCount], ["paid", 1]);
      disk.end();
      return undefined;
    });
  }

  it("its control group has no memory left: the process is killed, and the next one finds the payment", async (t) => {
    const limit = MemoryLimit.make(400 << 20);
    if (typeof limit === "string") return t.skip(limit);
    const place = await proxied(t, stand, { fixed: "1.11" });
    const { box } = place;
    assert.ok(box.around !== null);
    const { execArgv, env } = box.around;
    // Node's own limit lies above, so that the kernel acts first.
    box.around = { env, execArgv: [...execArgv, "--max-old-space-size=4000"] };
    const program = await box.start();
    limit.take(program.pid);
    await box.scan(stand.code());
    await program.screen("password");
    program.send({ kind: "memory" });
    assert.equal(await program.ended(), "SIGKILL");
    limit.end();
    await box.start();
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.late], ["paid", true]);
    return undefined;
  });

  for (const [when, years] of [
    ["1970", -56],
    ["ten years ahead", 10],
  ] as const) {
    it(`its clock says ${when} when it starts: it charges nobody, says why, and does when the clock is right`, async (t) => {
      const place = await proxied(t, stand);
      const { box } = place;
      const clock = WrongClock.make(`${stand.directory}/${box.id}`);
      clock.set(years * YEAR_S);
      assert.ok(box.around !== null);
      box.around = { ...box.around, env: { ...box.around.env, ...clock.environment } };
      const program = box.launch();
      const says = ({ screen, code }: LogLine): boolean => screen === "out-of-service" && code === "E23";
      await program.line("that no certificate is valid", says);
      assert.ok(Math.abs(yearOf(program.log[0]?.time) - 2026 - years) <= 1, "the program believes it");
      await box.scan(stand.code());
      assert.deepEqual(stand.orders(box), []);
      clock.set(0);
      await program.screen("armed");
      await box.scan(stand.code());
      const [row] = await ended(stand, place);
      assert.deepEqual([row?.state, row?.chargeCount], ["paid", 1]);
    });
  }
});

/** A card that is somebody's own doing: each has a broker that remembers what it heard, and a consumer that objects. */
describe("a card that was changed", { concurrency: 2 }, () => {
  async function pay(t: TestContext, change: (journal: string) => void) {
    const own = await Stand.start();
    t.after(() => own.end());
    const box = await own.box("card-0001");
    const payOnce = async (): Promise<void> => {
      await box.start();
      const before = own.orders(box).length;
      await box.scan(own.code());
      await box.program.screen("paid");
      await own.settled(box, before + 1);
      await box.stop();
    };
    await payOnce();
    cpSync(box.journalDirectory, `${box.journalDirectory}.image`, { recursive: true });
    await payOnce();
    own.consumer.assertWhole(box.id);
    rmSync(box.journalDirectory, { recursive: true });
    change(box.journalDirectory);
    await box.start();
    await box.scan(own.code());
    await box.program.screen("paid");
    await box.stop();
    return { own, box };
  }

  it("for an older image of itself: no number is made twice, and the consumer notices", async (t) => {
    const { own, box } = await pay(t, (journal) => cpSync(`${journal}.image`, journal, { recursive: true }));
    const orders = own.orders(box);
    assert.equal(new Set(orders.map(({ outTradeNo }) => outTradeNo)).size, 3);
    for (const order of orders) assert.equal(own.sandbox.sandbox.ledger.totalsOfOrder(order).charges, 1);
    assert.throws(() => own.consumer.assertWhole(box.id), /came with other bytes/);
  });

  it("for an empty one: a journal of its own begins, and the consumer can tell", async (t) => {
    const { own, box } = await pay(t, (journal) => assert.ok(!existsSync(journal)));
    const orders = own.orders(box);
    assert.equal(new Set(orders.map(({ outTradeNo }) => outTradeNo)).size, 3);
    assert.throws(() => own.consumer.assertWhole(box.id), /has one journal/);
  });
});

function yearOf(time: string | undefined): number {
  return new Date(time ?? "").getUTCFullYear();
}
