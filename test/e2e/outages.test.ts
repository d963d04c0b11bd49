import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Stand } from "./stand.ts";
import { until } from "./until.ts";

describe("a box that loses what is around it", { concurrency: true }, () => {
  it("charges without its broker as ever, and reports everything in order when it is back", async (t) => {
    const stand = await Stand.start({ broker: false });
    t.after(() => stand.end());
    const [steady, broken] = await Promise.all([stand.box("steady"), stand.box("broken", { fixed: "1.11" })]);
    await Promise.all([steady.start(), broken.start()]);
    await Promise.all([steady.scan(stand.code()), broken.scan(stand.code())]);
    await Promise.all([steady.program.screen("paid"), broken.program.screen("paid")]);

    // What one process could not report, the next one does.
    await broken.kill();
    await broken.start();
    await broken.scan(stand.code());
    await broken.program.screen("paid");
    await stand.mosquitto.start();
    await stand.consumer.ready();
    await Promise.all([stand.settled(steady, 1), stand.settled(broken, 2)]);
    assert.deepEqual(stand.consumer.states("steady"), ["charging", "paid"]);
    assert.deepEqual(stand.consumer.states("broken"), ["charging", "paid", "charging", "paid"]);

    // Away in the middle of a payment that takes a while, and back.
    const paid = steady.program.log.findIndex(({ screen }) => screen === "paid");
    await steady.program.screen("armed", paid);
    const mark = steady.program.log.length;
    await steady.scan(stand.code());
    await stand.mosquitto.stop();
    await steady.program.screen("paid", mark);
    await sleep(300);
    await stand.mosquitto.start();
    await stand.settled(steady, 2);
    await until(() => stand.consumer.status("steady") === "online", "the status after the outage");
    await Promise.all([steady.stop(), broken.stop()]);
    await Promise.all([stand.assertOneStory(steady), stand.assertOneStory(broken)]);
  });

  it("says that its scanner is unplugged, joins nothing to what came before, and charges the next code", async (t) => {
    const stand = await Stand.start();
    t.after(() => stand.end());
    const box = await stand.box("unplugged");
    const program = await box.start();
    const torn = stand.code();
    stand.code(torn.slice(0, 9));
    await box.scanner.send(torn.slice(0, 9));
    await sleep(50);
    let mark = program.log.length;
    await box.scanner.unplug();
    const absent = await program.line("the loss", ({ event }) => event === "scanner.absent");
    assert.equal(absent.level, "warn");
    await program.screen("out-of-service", mark);
    await program.line("code E14", ({ code }) => code === "E14");

    mark = program.log.length;
    await box.scanner.plug();
    await program.screen("armed", mark);
    await box.scanner.send(`${torn.slice(9)}\r`);
    await program.screen("not-a-code", mark);
    assert.deepEqual(stand.orders(box), []);

    const whole = stand.code();
    await box.scan(whole);
    await stand.settled(box);
    assert.equal(stand.totalsOf(whole).charges, 1);

    // Pulled out while the customer types: the payment goes on without it.
    await box.stop();
    box.configure(stand.config(box, { fixed: "1.11" }));
    await box.start();
    await box.scan(stand.code());
    await box.program.screen("password");
    await box.scanner.unplug();
    await box.program.screen("paid");
    await stand.settled(box, 2);
    await box.stop();
    assert.equal((await stand.assertOneStory(box)).length, 2);
  });

  it("takes no payment until the provider has answered, and charges then", async (t) => {
    const stand = await Stand.start();
    t.after(() => stand.end());
    stand.sandbox.sandbox.down = true;
    await stand.sandbox.follow();
    const box = await stand.box("no-bank");
    const program = box.launch();
    await program.screen("offline");
    await box.scan(stand.code());
    await sleep(100);
    stand.sandbox.sandbox.down = false;
    await stand.sandbox.follow();
    await program.screen("armed");
    assert.deepEqual(stand.orders(box), []);
    const code = stand.code();
    await box.scan(code);
    await stand.settled(box);
    assert.equal(stand.totalsOf(code).charges, 1);
    await program.screen("paid");

    // Away between two payments: the charge never leaves, and nothing is owed.
    const mark = program.log.length;
    await program.screen("armed", mark);
    stand.sandbox.sandbox.down = true;
    await stand.sandbox.follow();
    const unsent = stand.code();
    await box.scan(unsent);
    await program.screen("not-sent", mark);
    await stand.settled(box, 2);
    assert.equal(stand.totalsOf(unsent).charges, 0);
    await box.stop();
    const [row] = await stand.assertOneStory(box);
    assert.deepEqual([row?.state, row?.reason, row?.chargeCount], ["declined", "not-sent", 0]);
  });
});
