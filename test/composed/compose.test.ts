/** What only the composition does: the marks of time, the looks of each minute, the order of a stop, and what status says. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Answer } from "../../src/commands/callers.ts";
import { fenOf } from "../../src/core/kernel/fen.ts";
import { rfc3339 } from "../../src/core/kernel/rfc3339.ts";
import { Journal } from "../../src/journal/journal.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { SimulatedClock } from "../../src/simulator/outside/time.ts";
import { boot, charging, money, shown } from "../journal/entries.ts";
import { silent } from "../journal/real.ts";
import { pays } from "./rows.ts";
import { type Files, formerMerchant, hosts, type Keys, makeFiles, Stand } from "./stand.ts";

const [first, second] = hosts;
const RELAY = 26;
const relay = { "outputs.relay.pin": RELAY, "outputs.relay.fenPerPulse": 100 };

describe("a composed box", () => {
  let files: Files;
  before(async () => {
    files = await makeFiles();
  });
  after(() => files.remove());

  const stand = (keys: Keys = {}): Stand => new Stand(files, keys).start();

  /** How long an orderly stop takes, in milliseconds. */
  function stopped(box: Stand): number {
    const since = box.time.now;
    let over = false;
    box.box.stop(() => {
      over = true;
    });
    return box.until(() => over) - since;
  }

  it("marks when a probe was answered as the last signed answer, and no failed one", () => {
    const offline = new Stand(files);
    for (const host of hosts) offline.down(host, true);
    offline.start();
    assert.equal(offline.box.status()?.providers[0]?.signedAt, null);
    offline.pass(5_000);
    const out = offline.box.status();
    assert.deepEqual([out?.providers[0]?.blocker, out?.providers[0]?.code], ["unproved", "E41"]);
    assert.deepEqual([out?.service.reason, out?.service.code], ["no-network", "E41"]);
    for (const host of hosts) offline.down(host, false);
    const at = offline.until(() => offline.box.status()?.providers[0]?.proved === true);
    const { blocker, code } = offline.box.status()?.providers[0] ?? {};
    assert.deepEqual([blocker, code], [null, null]);
    const signedAt = offline.box.status()?.providers[0]?.signedAt;
    assert.ok(signedAt !== null && signedAt !== undefined);
    assert.ok(Math.abs(Date.parse(signedAt) - (offline.epoch + at)) <= 20);
  });

  it("marks the answer to a charge, and none that has no signature", () => {
    const box = stand();
    const probed = box.box.status()?.providers[0]?.signedAt;
    box
      .scan("reply-unsigned")
      .until(() => box.lines.some(({ fields }) => fields.kind === "charge-answered:unknown"));
    assert.equal(box.box.status()?.providers[0]?.signedAt, probed);
    const at = box.shows("paid");
    assert.ok(Date.parse(box.box.status()?.providers[0]?.signedAt ?? "") >= box.epoch + at - 1_000);
  });

  it("looks at its certificate each minute, and is out of service within one where it has expired", () => {
    const box = stand();
    box.certificateFault = "certificate-expired";
    const since = box.time.now;
    const at = box.shows("out-of-service");
    assert.ok(at - since <= 61_000, String(at - since));
    assert.equal(box.box.status()?.providers[0]?.failure, "certificate-expired");
    box.certificateFault = null;
    box.until(() => box.box.status()?.service.blocker === null, 61_000);
  });

  it("tells once that its journal cannot be written", () => {
    const box = stand();
    box.disk.fault = "refusing";
    box.scan().pass(60_000);
    assert.equal(box.broken.length, 1);
    assert.equal(box.box.status()?.journal.broken, true);
    assert.equal(box.charges.length, 0);
  });

  it("hears of a journal that fails at something that is no payment, before anybody is asked for one", () => {
    const box = stand();
    pays(box);
    box.pass(60_000);
    box.disk.fault = "read-only";
    box.box.ask({ name: "journal rotate" }, () => undefined);
    box.pass(1_000);
    assert.equal(box.box.status()?.service.blocker, "journal-broken");
    assert.equal(box.screens.at(-1)?.text, "out-of-service");
    assert.equal(box.broken.length, 1);
  });

  it("proves its journal after the start, ends charging where it finds damage, and takes back what is open all the same", () => {
    const box = stand();
    pays(box);
    box.pass(60_000);
    assert.equal(box.box.status()?.journal.proofDone, true);
    box.scan("never").until(() => box.charges.length === 2);
    box.crash().pass(1_000);
    box.disk.rotten = 2;
    box.start();
    assert.equal(box.box.status()?.orders.length, 1);
    box.until(() => box.box.status()?.journal.damage !== null, 120_000);
    assert.equal(box.box.status()?.journal.damage, "row 2: a page cannot be right");
    assert.deepEqual(
      [box.box.status()?.service.blocker, box.box.status()?.service.code],
      ["journal-damaged", "E20"],
    );
    assert.ok(box.lines.some(({ event, fields }) => event === "alarm" && fields.kind === "journal-damaged"));
    box.scan().pass(120_000);
    assert.equal(box.charges.length, 2);
    assert.equal(box.screens.at(-1)?.text, "out-of-service");
    box.until(() => box.box.status()?.orders.length === 0, 600_000);
    box.crash().pass(1_000);
    assert.throws(() => box.start(), assert.AssertionError, "a stand wants its box to start");
    assert.equal(box.lines.findLast(({ event }) => event === "journal.refused")?.fields.why, "damaged");
  });

  /** Writes payments of earlier days into the journal of a box that is off: more rows than it proves in half a minute. */
  function age({ disk, time }: Stand): void {
    const clock = new SimulatedClock(time, Date.now(), true);
    const journal = new Journal({ store: disk.link(), clock, log: silent });
    const pass = (): void => time.runUntil(time.now + 100);
    journal.open(() => journal.note(boot));
    pass();
    for (let index = 1; index <= 2_500; index += 1) {
      for (const entry of [charging(index), money(index, "paid")]) {
        journal.append(entry, () => undefined);
        pass();
      }
      journal.note(shown(index, "PAID"));
    }
    journal.close(() => undefined);
    pass();
    disk.crash();
    clock.stop();
  }

  it("proves nothing of its journal while somebody pays, and goes on after", () => {
    const box = stand();
    box.crash().pass(1_000);
    age(box);
    box.start().shows("armed");
    box.scan("never").until(() => box.charges.length === 1);
    const proved = box.box.status()?.journal.proved;
    box.pass(5_000);
    assert.equal(box.box.status()?.journal.proved, proved);
    assert.equal(box.box.status()?.journal.proofDone, false);
    assert.equal(box.box.status()?.orders.length, 1);
    box.until(() => box.box.status()?.journal.proofDone === true, 600_000);
    assert.notEqual(box.box.status()?.journal.proved, proved);
  });

  it("tries a charge at its other host only while the box may still charge", () => {
    for (const expired of [false, true]) {
      const box = stand().silent(first);
      // The certificate is looked at each minute: here while the first host says nothing.
      box.pass(57_000 - box.time.now);
      box.scan().pass(500);
      assert.equal(box.charges.length, 0);
      if (expired) box.certificateFault = "certificate-expired";
      box.pass(8_000);
      assert.deepEqual(
        box.charges.map(({ host }) => host),
        expired ? [] : [second],
      );
    }
  });

  it("says in its log what it starts with, which orders it takes up, and why it does not start", () => {
    const box = stand();
    const started = box.lines.find(({ event }) => event === "box.started")?.fields;
    assert.deepEqual([started?.box, started?.count], [box.config.box.id, 0]);
    assert.equal(started?.boot, box.box.status()?.boot);
    box.scan("never").until(() => box.charges.length > 0);
    const [order] = box.box.status()?.orders ?? [];
    box.crash().pass(1_000).start();
    const resumed = box.lines.filter(({ event }) => event === "order.resumed").map(({ fields }) => fields);
    assert.deepEqual(resumed, [
      { outTradeNo: order?.outTradeNo, shortRef: order?.shortRef, state: "charging" },
    ]);
    box.crash().pass(1_000);
    box.disk.newer = true;
    assert.throws(() => box.start(), assert.AssertionError, "a stand wants its box to start");
    const refused = box.lines.findLast(({ event }) => event === "journal.refused")?.fields;
    assert.equal(refused?.why, "newer-version");
    assert.ok(typeof refused.detail === "string" && refused.detail !== "");
  });

  it("looks for room on the disk every ten seconds, and says when there is none and when there is some again", () => {
    const box = stand();
    const told = () =>
      box.lines.map(({ event }) => event).filter((event) => /^journal.(full|room)$/.test(event));
    box.disk.fault = "full";
    box.until(() => box.box.status()?.service.blocker === "disk-full", 11_000);
    assert.deepEqual(told(), ["journal.full"]);
    box.pass(30_000);
    box.disk.fault = "none";
    box.until(() => box.box.status()?.service.blocker === null, 11_000);
    assert.deepEqual(told(), ["journal.full", "journal.room"]);
  });

  it("takes nothing up that its journal says where it was asked to stop while that was read", () => {
    const box = new Stand(files);
    let over = false;
    box.time.after(0, () => {
      box.box.stop(() => {
        over = true;
      });
    });
    box.start();
    assert.ok(over);
    assert.equal(box.starts, 1, "whoever started it is answered");
    assert.equal(box.box.turn, null);
    assert.deepEqual(
      box.lines.filter(({ event }) => event === "scanner.ready" || event === "box.started"),
      [],
    );
  });

  it("looks after nothing any more once it has stopped, and leaves no appointment behind", () => {
    const box = stand();
    stopped(box);
    box.disk.fault = "full";
    box.pass(1_000);
    const lines = box.lines.length;
    assert.equal(box.time.step(), false, "nothing is due, however long one waits");
    assert.equal(box.lines.length, lines);
    assert.equal(box.box.status(), null);
  });

  it("turns once where a watchdog wants to know whether it does, and nothing comes of it", () => {
    const box = stand();
    const [turns, screens] = [box.box.turns, box.screens.length];
    box.box.wake();
    box.pass(10);
    assert.equal(box.box.turns, turns + 1);
    assert.equal(box.screens.length, screens);
  });

  it("reports first what earlier journals have left unconfirmed, which a cursor below 0 says", () => {
    const box = new Stand(files);
    box.disk.moveCursor("mqtt", -2);
    box.broker.temper.down = true;
    box.start();
    assert.deepEqual([box.box.status()?.mqtt?.confirmed, box.box.status()?.mqtt?.unconfirmed], [0, 2]);
  });

  it("waits for a charge on its way before it stops, and hears its answer", () => {
    const box = stand();
    box.scan().until(() => box.charges.length === 1);
    const ms = stopped(box);
    assert.ok(ms < 1_000, String(ms));
    assert.equal(box.money.at(-1)?.state, "paid");
  });

  it("waits ten seconds for a charge that is not answered, and no longer", () => {
    const box = stand({ "timing.answerTimeoutMs": 40_000 });
    box.scan("reply-lost").until(() => box.charges.length === 1);
    const ms = stopped(box);
    assert.ok(ms >= 10_000 && ms <= 10_500, String(ms));
    assert.equal(box.money.at(-1)?.state, "charging");
  });

  it("waits for goods as long as they take, and cuts none off", () => {
    const slow = {
      "outputs.relay.widthMs": 500,
      "outputs.relay.gapMs": 500,
      "outputs.relay.fenPerPulse": 10,
    };
    const box = stand({ ...relay, ...slow });
    box.scan().until(() => box.spans(RELAY, 1).length === 1);
    const ms = stopped(box);
    assert.ok(ms >= 45_000 && ms < 60_000, String(ms));
    assert.equal(box.spans(RELAY, 1).length, 50);
    assert.equal(box.money.at(-1)?.dispense?.outcome, "dispensed");
  });

  it("waits four minutes for goods of which nothing is heard, and no longer", () => {
    const drop = { "outputs.relay.drop.pin": 17, "outputs.relay.drop.withinMs": 120_000 };
    const slow = { "outputs.relay.widthMs": 500, "outputs.relay.gapMs": 500, "outputs.relay.fenPerPulse": 5 };
    const box = new Stand(files, { ...relay, ...drop, ...slow });
    box.pins.pull(17, "up");
    box.start();
    box
      .pass(3_000)
      .scan()
      .until(() => box.spans(RELAY, 1).length === 1);
    const ms = stopped(box);
    // A hundred pulses of a second and two minutes of looking are the longest that there is.
    assert.ok(ms >= 215_000 && ms < 240_500, String(ms));
    assert.equal(box.money.at(-1)?.dispense?.outcome, "not-dispensed");
  });

  it("refuses a rotation while an order is not over, and takes it afterwards", () => {
    const box = stand();
    const rotated = (): string => {
      const said: string[] = [];
      box.box.ask({ name: "journal rotate" }, (answer) => {
        assert.ok(answer.kind === "rotation");
        said.push(answer.outcome.kind === "refused" ? answer.outcome.why : answer.outcome.kind);
      });
      assert.deepEqual(said, [], "it never calls back at once");
      box.until(() => said.length > 0);
      return said[0] ?? "";
    };
    box.scan("never").shows("password");
    assert.equal(rotated(), "a payment is not over yet");
    box.until(() => box.money.at(-1)?.final === true);
    box.pass(1_000);
    assert.equal(rotated(), "rotated");
  });

  it("refuses a rotation while it is starting", () => {
    const box = new Stand(files);
    const said: string[] = [];
    box.time.after(0, () => {
      box.box.ask({ name: "journal rotate" }, ({ kind }) => said.push(kind));
    });
    box.start();
    assert.deepEqual(said, ["unread"]);
  });

  it("begins a new segment by itself, within a minute of the old one's being a day long", () => {
    const box = stand();
    pays(box);
    const rotated = (): boolean => box.lines.some(({ event }) => event === "journal.rotated");
    box.pass(86_400_000 - 60_000);
    assert.ok(!rotated());
    box.until(rotated, 120_000);
  });

  it("reports what its journal still has where the host is new to it, and nothing that is confirmed twice", () => {
    const events = (box: Stand): readonly number[] =>
      box.broker.receipts
        .filter(({ topic }) => topic.endsWith("/tx"))
        .map(({ payload }) => (JSON.parse(payload) as { readonly seq: number }).seq);
    for (const [first, reported] of [
      [{ mqtt: null }, [3, 4]],
      [{}, [1, 2, 3, 4]],
    ] as const) {
      const box = new Stand(files, { ...first, "journal.retentionDays": 1 });
      box.codesKept = 1;
      box.start();
      const rotates = () => {
        box.pass(60_000).box.ask({ name: "journal rotate" }, () => undefined);
        box.pass(60_000);
      };
      for (let count = 0; count < 2; count += 1) {
        pays(box);
        rotates();
      }
      box.pass(26 * 3_600_000);
      rotates();
      assert.ok(box.disk.kept.length < box.disk.rows.length, "the first segment is gone");
      box.crash().pass(1_000).start({ "journal.retentionDays": 1 });
      box.pass(60_000);
      assert.deepEqual(events(box), reported);
      assert.equal(box.box.status()?.mqtt?.confirmed, 4);
    }
  });

  it("keeps what its host has not confirmed, however old it is", () => {
    const box = new Stand(files, { "journal.retentionDays": 1 });
    box.codesKept = 1;
    box.broker.temper.down = true;
    box.start();
    const rotates = () => {
      box.pass(60_000).box.ask({ name: "journal rotate" }, () => undefined);
      box.pass(60_000);
    };
    for (let count = 0; count < 2; count += 1) {
      pays(box);
      rotates();
    }
    box.pass(26 * 3_600_000);
    rotates();
    assert.equal(box.disk.kept.length, box.disk.rows.length);
  });

  it("tells a till what became of its sale from the journal", () => {
    const box = stand({ amount: { source: "till", maximum: "100.00" } });
    const name = { caller: "till", ref: "A-1" };
    const amount = fenOf(500);
    assert.ok(amount.ok);
    const told: (string | null)[] = [];
    const hears = (answer: Answer): void => {
      told.push(answer.kind === "state" ? `${answer.sale.state} ${answer.sale.outTradeNo}` : answer.kind);
    };
    box.box.ask({ name: "pay", ...name, amountFen: amount.value }, hears);
    box.shows("armed");
    box.scan().shows("paid");
    box.box.ask({ name: "sale", ...name }, hears);
    box.until(() => told.length === 2, 1_000);
    assert.deepEqual(told, ["armed null", `paid ${box.money.at(-1)?.outTradeNo}`]);
  });

  it("tells its host that the journal is on a disk, where nobody says otherwise", () => {
    const box = stand();
    const { data } = JSON.parse(
      box.broker.receipts.findLast(({ topic }) => topic.endsWith("/status"))?.payload ?? "",
    );
    assert.equal(data.journalInMemory, false);
  });

  it("logs an alarm with what it is about", () => {
    const box = stand();
    box.scan("never").shows("password");
    for (const host of hosts) box.down(host, true);
    box.until(() => box.lines.some(({ event }) => event === "alarm"));
    const { fields, level } = box.lines.find(({ event }) => event === "alarm") ?? {};
    assert.deepEqual([fields?.kind, fields?.outTradeNo], ["reversal-open", box.money[0]?.outTradeNo]);
    assert.equal(level, "error");
  });

  it("takes a charge that never left for no answer of its provider", () => {
    const box = stand();
    const signedAt = box.box.status()?.providers[0]?.signedAt;
    for (const host of hosts) box.down(host, true);
    box.pass(5_000).scan().pass(15_000);
    assert.equal(box.charges.length, 0);
    assert.equal(box.box.status()?.providers[0]?.signedAt, signedAt);
  });

  it("takes a clear key that is held for the cancel key that a keypad does not have", () => {
    const keys = ["789C", "456<", "123 ", "0.:="];
    const box = stand({ amount: { source: "keypad", maximum: "100.00" }, "keypad.keys": keys });
    box.type("5=").shows("armed");
    box.type("C", 2_000);
    assert.equal(box.screens.at(-1)?.text, "idle");
  });

  describe("tells of itself", () => {
    it("who it is and whom it charges for", () => {
      const box = stand({ "box.store": "Corner shop", "providers.0.subMerchantId": "1900000100" });
      const status = box.box.status();
      assert.equal(status?.box, "composed-1");
      assert.equal(status.store, "Corner shop");
      assert.equal(status.version, "0.0.0");
      assert.equal(status.providers[0]?.account, "1900000100");
      assert.equal(stand().box.status()?.providers[0]?.account, "1900000109");
    });

    it("which accounts it has, and that one which only finishes its orders is not probed", () => {
      const usual = { appId: fixtureMerchant.appId, merchantId: formerMerchant.merchantId };
      const certificate = { cert: { file: files.merchant.certFile }, key: { file: files.merchant.keyFile } };
      const named = { id: "former", kind: "wechat-v2", charges: false };
      const former = { ...named, ...usual, certificate, apiKey: { file: files.formerKey } };
      const box = stand({ "providers.1": former });
      const told = box.box.status()?.providers ?? [];
      assert.deepEqual(
        told.map(({ kind, account, charges, proved }) => [kind, account, charges, proved]),
        [
          ["wechat-v2", fixtureMerchant.merchantId, true, true],
          ["wechat-v2", formerMerchant.merchantId, false, false],
        ],
      );
      assert.deepEqual([told[0]?.signedAt === null, told[1]?.signedAt], [false, null]);
      assert.deepEqual(
        told.map(({ id }) => id),
        ["wechat", "former"],
      );
    });

    it("since when, and for how long by the clock that nobody sets", () => {
      const box = stand();
      box.pass(100_000);
      const { since, upS } = box.box.status() ?? {};
      assert.equal(since, rfc3339(box.wallAtStart));
      assert.equal(upS, 107);
    });

    it("its boot as its order numbers have it", () => {
      const box = stand();
      pays(box);
      assert.ok(box.money[0]?.outTradeNo.includes(box.box.status()?.boot ?? "nothing"));
    });

    it("what stands on the screen and on the display", () => {
      const box = stand();
      const { service } = box.box.status() ?? {};
      assert.equal(service?.screen, "armed");
      assert.deepEqual(
        service.display,
        box.display.at(-1)?.map((row) => row.trimEnd()),
      );
      assert.deepEqual(
        [service.inService, service.blocker, service.reason, service.code],
        [true, null, null, null],
      );
    });

    it("the words on the display, without what fills its lines up", () => {
      const display = stand().box.status()?.service.display ?? [];
      assert.ok(display.some((row) => row !== ""));
      for (const row of display) assert.equal(row, row.replace(/ +$/, ""));
    });

    it("why it is out of service, by blocker, cause and code", () => {
      const box = stand();
      box.serial.unplug();
      box.shows("out-of-service");
      const { service, devices } = box.box.status() ?? {};
      assert.equal(service?.inService, false);
      assert.equal(service.blocker, "no-scanner");
      assert.equal(service.reason, "no-scanner");
      assert.equal(service.code, box.screens.at(-1)?.ref);
      assert.equal(devices?.scanner, "absent");
    });

    it("that a machine which takes no order is no fault", () => {
      const box = new Stand(files, { ...relay, "inputs.inhibit": 4 });
      box.pins.drive(4, "up");
      box.start();
      const { service } = box.box.status() ?? {};
      assert.deepEqual([service?.inService, service?.blocker], [true, "inhibited"]);
    });

    it("that a pause after three declined codes is no fault either", () => {
      const box = stand();
      for (let count = 0; count < 3; count += 1) {
        box.shows("armed");
        box.scan("NOTENOUGH").shows("not-paid-funds");
      }
      box.until(() => box.box.status()?.service.blocker === "paused", 30_000);
      const { service } = box.box.status() ?? {};
      assert.deepEqual([service?.inService, service?.blocker, service?.code], [true, "paused", null]);
    });

    it("an order whose account is gone, by its number alone", () => {
      const box = stand();
      box.scan("never").until(() => box.charges.length > 0);
      const [order] = box.box.status()?.orders ?? [];
      box.crash().pass(1_000).start({ "providers.0.id": "another" });
      const { orders, service } = box.box.status() ?? {};
      const unknown = { shortRef: null, provider: null, amountFen: null, ageS: null };
      assert.deepEqual(orders, [{ outTradeNo: order?.outTradeNo, phase: "held", ...unknown }]);
      assert.deepEqual([service?.inService, service?.blocker], [false, "account-gone"]);
    });

    it("how its devices are", () => {
      assert.deepEqual(stand(relay).box.status()?.devices, {
        scanner: "ready",
        keypad: "ready",
        display: "ready",
        relay: "ready",
      });
      assert.deepEqual(stand({ keypad: null, display: null }).box.status()?.devices, {
        scanner: "ready",
        keypad: "none",
        display: "none",
        relay: "none",
      });
    });

    it("what the scanner has sent", () => {
      const box = stand();
      pays(box);
      assert.equal(box.box.status()?.scans?.codes, 1);
      assert.equal(box.box.status()?.scans?.refused, 0);
    });

    it("that the last answer was unclear, until one is signed", () => {
      const box = stand();
      for (const host of [first, second]) box.down(host, false);
      box.scan("reply-unsigned").until(() => box.box.status()?.providers[0]?.unclear === true);
      box.until(() => box.box.status()?.providers[0]?.unclear === false);
    });

    it("each order that is not over: number, reference, phase, amount and age", () => {
      const box = stand();
      assert.deepEqual(box.box.status()?.orders, []);
      box.scan("never").shows("password");
      box.pass(20_000);
      const [order, ...others] = box.box.status()?.orders ?? [];
      const [tx] = box.money;
      assert.deepEqual(others, []);
      assert.deepEqual(
        [order?.outTradeNo, order?.shortRef, order?.phase, order?.amountFen],
        [tx?.outTradeNo, tx?.shortRef, "asking", 500],
      );
      assert.ok(Math.abs((order?.ageS ?? 0) - 20) <= 1);
    });

    it("how the journal stands", () => {
      const box = stand();
      assert.equal(box.box.status()?.journal.seq, 0);
      pays(box);
      const { journal } = box.box.status() ?? {};
      assert.equal(journal?.journal, box.disk.journal);
      assert.equal(journal.seq, 2);
      assert.equal(journal.rows, box.disk.rows.length);
      assert.equal(journal.broken, false);
      assert.ok(journal.writtenAt !== null);
    });

    it("how reporting stands, null without a broker", () => {
      const box = stand();
      pays(box);
      box.pass(2_000);
      const { mqtt } = box.box.status() ?? {};
      assert.deepEqual(
        [mqtt?.phase, mqtt?.confirmed, mqtt?.unconfirmed, mqtt?.sessions],
        ["online", 2, 0, 1],
      );
      assert.equal(stand({ mqtt: null }).box.status()?.mqtt, null);
    });

    it("its wall clock, and that it is believed", () => {
      const box = stand();
      assert.deepEqual(box.box.status()?.clock, { at: rfc3339(box.wallNow), trusted: true });
    });
  });
});
