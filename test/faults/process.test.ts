/** The process of a box, its clock, its memory and its disk, failing from inside or from its system. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hastyTiming, Stand } from "../e2e/stand.ts";
import { dropped, ended, proxied, started } from "./proxied.ts";
import type { Surprise } from "./surprises.ts";

const stand = await Stand.start();
after(() => stand.end());

const HOUR_MS = 3_600_000;

describe("a process that fails in the middle of a payment", { concurrency: 4 }, () => {
  const surprises: readonly { readonly what: string; readonly surprise: Surprise }[] = [
    { what: "something throws", surprise: { kind: "throw" } },
    { what: "a promise is rejected and nobody listens", surprise: { kind: "reject" } },
    { what: "the journal's thread dies", surprise: { kind: "threads" } },
    { what: "the memory is used up", surprise: { kind: "memory" } },
  ];
  for (const { what, surprise } of surprises) {
    it(`${what}: the process ends, and the next one finds the payment`, async (t) => {
      const place = await proxied(t, stand, { fixed: "1.11" });
      if (surprise.kind === "memory" && place.box.around !== null) {
        const { execArgv, env } = place.box.around;
        place.box.around = { env, execArgv: [...execArgv, "--max-old-space-size=64"] };
      }
      const program = await started(place);
      const code = stand.code();
      await place.box.scan(code);
      await program.screen("password");
      program.send(surprise);
      const ending = await program.ended();
      assert.notEqual(ending, 0);
      await started(place);
      const [row] = await ended(stand, place);
      assert.deepEqual([row?.state, row?.late, stand.totalsOf(code).charges], ["paid", true, 1]);
    });
  }

  it("a stop is asked for: it takes ten seconds at most, and the next process goes on", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.14" });
    const program = await started(place);
    await place.box.scan(stand.code());
    await program.screen("password");
    program.signal("SIGTERM");
    assert.equal(await program.ended(), 0);
    await started(place);
    const [row] = await ended(stand, place);
    assert.equal(row?.state, "reversed");
  });

  it("it is stopped for longer than every deadline: it ends the order as the provider has it", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.11", hasty: true });
    const program = await started(place);
    await place.box.scan(stand.code());
    await program.screen("password");
    program.signal("SIGSTOP");
    await sleep(hastyTiming.giveUpAfterMs + 1_000);
    program.signal("SIGCONT");
    const [row] = await ended(stand, place);
    assert.ok(row?.state === "paid" || row?.state === "refunded", row?.state);
  });

  it("the clock jumps back an hour and ahead ten years: no deadline moves", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.14", hasty: true });
    const program = await started(place);
    const began = performance.now();
    await place.box.scan(stand.code());
    await program.screen("password");
    await program.done({ kind: "clock", offsetMs: -HOUR_MS });
    await sleep(500);
    await program.done({ kind: "clock", offsetMs: 87_600 * HOUR_MS });
    await program.screen("reversing");
    const took = performance.now() - began;
    assert.ok(took > hastyTiming.giveUpAfterMs - 100, `given up after ${took} ms`);
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.reason], ["reversed", "gave-up"]);
    assert.ok(Date.parse(row?.finalAt ?? "") > Date.now() + 80_000 * HOUR_MS, "the label has the wrong time");
  });

  it("no file descriptor is left: what cannot be sent is not sent, and later it charges", async (t) => {
    const place = await proxied(t, stand);
    const program = await started(place);
    // Connections that close later would give some back.
    await dropped(place);
    await program.done({ kind: "descriptors", taken: true });
    const code = stand.code();
    await place.box.scan(code);
    await program.screen("submitting");
    await stand.settled(place.box);
    assert.equal(stand.totalsOf(code).charges, 0);
    await program.done({ kind: "descriptors", taken: false });
    const mark = program.log.findIndex(({ screen }) => screen === "submitting");
    await program.screen("armed", mark);
    await place.box.scan(stand.code());
    const [paid, declined] = await ended(stand, place, 2);
    assert.deepEqual([paid?.state, declined?.state, declined?.chargeCount], ["paid", "declined", 0]);
  });
});

describe("a box that starts badly", { concurrency: 4 }, () => {
  it("a file stands where the journal's folder should be: it does not start, and says why", async (t) => {
    const place = await proxied(t, stand);
    writeFileSync(place.box.journalDirectory, "");
    const program = place.box.launch();
    assert.notEqual(await program.ended(), 0);
    assert.match(program.stderr, /^journal: .+/m);
    assert.ok(program.stderr.includes(place.box.journalDirectory), program.stderr);
    assert.deepEqual(stand.orders(place.box), []);
  });

  it("ten starts in a row are cut off with an order open: the order ends as the provider has it", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.14" });
    const program = await started(place);
    await place.box.scan(stand.code());
    await program.screen("password");
    await place.box.kill();
    for (let start = 0; start < 10; start += 1) {
      place.box.launch();
      await sleep(50 * start + 50);
      await place.box.kill();
    }
    await started(place);
    const [row] = await ended(stand, place);
    assert.equal(row?.state, "reversed");
  });
});
