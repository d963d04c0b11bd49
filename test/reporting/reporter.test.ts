import assert from "node:assert/strict";
import { test } from "node:test";
import { WINDOW_MAX } from "../../src/reporting/outbox.ts";
import { SERVICE_EVERY_MS } from "../../src/reporting/status-topic.ts";
import type { PublishOutcome } from "../../src/simulator/outside/broker.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { ACK, BOX, JOURNAL, range, STATUS, TX, World } from "./world.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

test("events arrive once each and in order, those made durable later too, and the cursor follows", () => {
  const world = new World();
  world.journal.append(3);
  const reporter = world.start();
  world.run(second);
  world.journal.append(40);
  world.run(2 * second);
  assert.deepEqual(world.seqs(), range(1, 43));
  assert.equal(world.journal.cursor, 43);
  assert.deepEqual(reporter.status(), {
    phase: "online",
    confirmed: 43,
    unconfirmed: 0,
    held: false,
    sessions: 1,
    version: 5,
    lastCause: null,
    retains: true,
    refused: null,
  });
});

test("what the broker refuses stands in the status in words, until it takes it", () => {
  const world = new World();
  world.broker.temper.fate = (): PublishOutcome => ({ kind: "refuse", reasonCode: 0x87 });
  world.journal.append(2);
  const reporter = world.start();
  world.run(minute);
  assert.equal(
    reporter.status().refused,
    `${STATUS}: not authorized (0x87); event 1 on ${TX}: not authorized (0x87)`,
  );
  assert.equal(world.events("mqtt.status-refused")[0]?.fields.says, "not authorized (0x87)");
  assert.equal(world.events("mqtt.event-kept")[0]?.fields.says, "not authorized (0x87)");
  world.broker.temper.fate = () => ({ kind: "accept" });
  world.run(10 * minute);
  assert.equal(reporter.status().refused, `${STATUS}: not authorized (0x87)`, "the status is said once");
  world.broker.cut();
  world.run(10 * minute);
  assert.equal(reporter.status().refused, null);
});

test("a status that is refused with the least of the refusals is refused", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome =>
    topic === STATUS ? { kind: "refuse", reasonCode: 0x80 } : { kind: "accept" };
  world.journal.append(1);
  const reporter = world.start();
  assert.equal(reporter.status().phase, "connecting");
  world.run(second);
  assert.equal(reporter.status().refused, `${STATUS}: reason 0x80`);
  assert.deepEqual(world.seqs(), [1], "no reason to withhold events");
});

test("a broker that retains nothing is reported to, and that is said", () => {
  const world = new World();
  world.broker.temper.retains = false;
  world.journal.append(2);
  const reporter = world.start();
  assert.equal(reporter.status().retains, null);
  world.run(minute);
  assert.equal(reporter.status().retains, false);
  assert.deepEqual(
    world.events("mqtt.not-retained").map(({ fields }) => fields),
    [{ topic: STATUS }],
  );
  assert.deepEqual(world.seqs(), [1, 2]);
});

test("connections that break again and again soon after they were made make one think of a second box with this id", () => {
  const world = new World();
  const reporter = world.start();
  for (let short = 0; short < 3; short += 1) {
    while (reporter.status().phase !== "online") world.run(second);
    assert.doesNotMatch(reporter.status().lastCause ?? "", /second box/);
    world.broker.cut();
    world.run(second / 10);
  }
  assert.match(
    reporter.status().lastCause ?? "",
    /^connection reset \(3 short .* second box with this box\.id\?\)$/,
  );
  assert.equal(world.events("mqtt.short-connections").length, 1);
  world.run(hour);
  world.broker.cut();
  world.run(second / 10);
  assert.equal(reporter.status().lastCause, "connection reset");
});

test("a box says that it is there before it reports, and a broken connection says that it is gone", () => {
  const world = new World();
  world.journal.append(2);
  world.start();
  world.run(second);
  assert.equal(world.broker.receipts[0]?.topic, STATUS);
  assert.deepEqual(JSON.parse(world.broker.retained(STATUS) ?? ""), {
    specversion: "1.0",
    id: `${BOX}-boot1-1-online`,
    source: `/box/${BOX}`,
    type: "scanbox.status.online.v1",
    time: "2026-01-01T00:00:00.010Z",
    datacontenttype: "application/json",
    journal: JOURNAL,
    boot: "boot1",
    data: {
      online: true,
      reason: null,
      service: { inService: false, code: null, reason: "starting" },
      box: BOX,
      version: "0.1.0",
      boot: "boot1",
      journal: JOURNAL,
      journalInMemory: false,
      head: 2,
      session: 1,
      since: "2026-01-01T00:00:00.010Z",
    },
  });
  world.crash();
  const gone = JSON.parse(world.broker.retained(STATUS) ?? "");
  assert.equal(gone.type, "scanbox.status.offline.v1");
  assert.equal(gone.data.reason, "lost");
  assert.equal(gone.data.session, 1);
});

test("a box whose journal lies in memory says so in its status, and in its will", () => {
  const world = new World({ journalInMemory: true });
  world.start();
  world.run(second);
  const toldOf = (): { online: boolean; journalInMemory: boolean } =>
    JSON.parse(world.broker.retained(STATUS) ?? "").data;
  assert.deepEqual([toldOf().online, toldOf().journalInMemory], [true, true]);
  world.crash();
  assert.deepEqual([toldOf().online, toldOf().journalInMemory], [false, true]);
});

test("the status says whether the box is in service whenever that changes, not too often, and the newest word in the end", () => {
  const world = new World();
  const said: { at: number; id: string; service: unknown }[] = [];
  world.broker.watch(STATUS, ({ payload }) => {
    const { id, data } = JSON.parse(payload);
    said.push({ at: world.time.now, id, service: data.service });
  });
  const reporter = world.start();
  world.run(second);
  const well = { inService: true, code: null, reason: null };
  const full = { inService: false, code: "E11", reason: "journal-broken" };
  reporter.tell(well);
  reporter.tell(well);
  world.run(SERVICE_EVERY_MS);
  assert.deepEqual(
    said.map(({ service }) => service),
    [{ inService: false, code: null, reason: "starting" }, well],
  );
  // Comes and goes a hundred times within ten seconds.
  for (let turn = 0; turn < 100; turn += 1) {
    reporter.tell(turn % 2 === 0 ? full : well);
    world.run(100);
  }
  reporter.tell(full);
  world.run(SERVICE_EVERY_MS);
  assert.ok(said.length <= 6, `${said.length} messages`);
  assert.deepEqual(said.at(-1)?.service, full);
  assert.equal(new Set(said.map(({ id }) => id)).size, said.length, "no two messages have one id");
  const waits = said.slice(1).map(({ at }, index) => at - (said[index]?.at ?? 0));
  assert.ok(
    waits.every((wait) => wait >= SERVICE_EVERY_MS - 200),
    waits.join(" "),
  );
  world.broker.cut();
  reporter.tell(well);
  world.run(10 * second);
  assert.deepEqual(
    JSON.parse(world.broker.retained(STATUS) ?? "").data.service,
    well,
    "a new connection says what is",
  );
});

test("the status says each change of its code or of its words, and what was told while nobody was connected", () => {
  const world = new World();
  world.broker.temper.down = true;
  const reporter = world.start();
  world.run(second);
  const told = (): unknown => JSON.parse(world.broker.retained(STATUS) ?? "").data.service;
  const words = [
    { inService: false, code: "E11", reason: "journal-broken" },
    { inService: false, code: "E12", reason: "journal-broken" },
    { inService: false, code: "E12", reason: "disk-full" },
    { inService: true, code: null, reason: null },
  ] as const;
  reporter.tell(words[0]);
  world.broker.temper.down = false;
  world.run(5 * minute);
  assert.deepEqual(told(), words[0]);
  for (const word of words.slice(1)) {
    reporter.tell(word);
    world.run(SERVICE_EVERY_MS);
    assert.deepEqual(told(), word);
  }
});

test("the status says what was told while its greeting was on its way, however long that took", () => {
  const world = new World();
  world.broker.temper.latencyMs = 4 * second;
  const reporter = world.start();
  world.run(10 * second);
  const well = { inService: true, code: null, reason: null } as const;
  reporter.tell(well);
  world.run(minute);
  assert.deepEqual(JSON.parse(world.broker.retained(STATUS) ?? "").data.service, well);
  assert.deepEqual(world.events("mqtt.connected")[0]?.fields, { version: 5, receiveMaximum: 20 });
});

test("a host that has an event which its broker refuses gets the next one at once", () => {
  const world = new World({ confirm: "ack" });
  world.broker.temper.fate = ({ topic }): PublishOutcome =>
    topic === TX ? { kind: "refuse", reasonCode: 0x97 } : { kind: "accept" };
  world.journal.append(2);
  world.start();
  world.run(hour);
  const tries = world.events("mqtt.event-kept").length;
  while (world.events("mqtt.event-kept").length === tries) world.run(100);
  world.broker.temper.fate = () => ({ kind: "accept" });
  const before = world.seqs().length;
  world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: 1 }), false);
  world.run(second);
  assert.deepEqual(world.seqs().slice(before), [2]);
});

test("a connection that breaks while it is being ended is the end, and one that is lost is waited for", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome => ({ kind: topic === TX ? "mute" : "accept" });
  world.journal.append(1);
  const reporter = world.start();
  world.run(second);
  world.broker.cut();
  world.run(1);
  assert.equal(reporter.status().phase, "waiting");
  world.run(minute / 2);
  assert.equal(reporter.status().phase, "online");
  let stopped = false;
  reporter.stop(() => {
    stopped = true;
  });
  world.run(10);
  world.broker.cut();
  world.run(1);
  assert.ok(stopped);
  assert.equal(reporter.status().phase, "stopped");
});

test("events are not retained: who subscribes later reads them from who stores them", () => {
  const world = new World();
  world.journal.append(3);
  world.start();
  world.run(second);
  assert.deepEqual(
    world.broker.receipts.map(({ topic, retain }) => [topic, retain]),
    [[STATUS, true], ...range(1, 3).map(() => [TX, false])],
  );
});

test("a journal is not read for a broker that is gone", () => {
  const world = new World();
  world.journal.append(3);
  world.start();
  world.run(minute);
  world.broker.temper.down = true;
  world.broker.cut();
  world.run(second);
  world.journal.rowsMost = 0;
  world.journal.append(3);
  world.run(10 * minute);
  assert.equal(world.journal.rowsMost, 0);
  world.broker.temper.down = false;
  world.run(5 * minute);
  assert.deepEqual(world.seqs(), range(1, 6));
});

test("a new connection tries a refused event at once, however long the wait for the next try has become", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome =>
    topic === TX ? { kind: "refuse", reasonCode: 0x97 } : { kind: "accept" };
  world.journal.append(2);
  world.start();
  world.run(hour);
  const tries = world.events("mqtt.event-kept").length;
  while (world.events("mqtt.event-kept").length === tries) world.run(100);
  world.broker.temper.fate = () => ({ kind: "accept" });
  world.broker.cut();
  world.run(15 * second);
  assert.equal(world.journal.cursor, 2);
});

test("an event that a read of the journal leaves out holds up what is behind it, and that is an error", () => {
  const world = new World();
  world.journal.append(30);
  world.journal.missing.add(20);
  world.start();
  world.run(10 * minute);
  assert.deepEqual(world.seqs(), range(1, 16), "what was read together is not sent in part");
  const [gap] = world.events("mqtt.journal-gap");
  assert.deepEqual([gap?.level, gap?.fields.after], ["error", 16]);
  world.journal.missing.clear();
  world.run(10 * minute);
  assert.equal(world.journal.cursor, 30);
});

test("where no PUBACK comes at all, for the status or for events, the connection is given up after a minute", () => {
  for (const [silent, cause] of [
    [STATUS, "no PUBACK for the status"],
    [TX, "no PUBACK for an event"],
  ] as const) {
    const world = new World();
    world.broker.temper.fate = ({ topic }): PublishOutcome => ({
      kind: topic === silent ? "mute" : "accept",
    });
    world.journal.append(3);
    const reporter = world.start();
    world.run(59 * second);
    assert.equal(reporter.status().lastCause, null);
    world.run(2 * second);
    assert.equal(reporter.status().lastCause, cause);
    assert.equal(world.events("mqtt.puback-missing").length, silent === TX ? 1 : 0);
  }
});

test("a stop waits for the one PUBACK that is owed and no longer, and sends nothing that comes meanwhile", () => {
  const world = new World();
  world.broker.temper.latencyMs = 100;
  const reporter = world.start();
  world.run(second);
  world.journal.append(1);
  world.run(20);
  const asked = world.time.now;
  let took = 0;
  reporter.stop(() => {
    took = world.time.now - asked;
  });
  world.run(20);
  world.journal.append(1);
  world.run(5 * second);
  assert.ok(took > 0 && took < 600, `${took} ms`);
  assert.deepEqual(world.seqs(), [1]);
  assert.equal(world.journal.cursor, 1);
});

test("a crash between PUBLISH and PUBACK repeats the event with the same id and the same bytes", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome => ({ kind: topic === TX ? "mute" : "accept" });
  world.journal.append();
  world.start();
  world.run(second);
  world.crash();
  assert.equal(world.journal.cursor, 0);
  world.broker.temper.fate = () => ({ kind: "accept" });
  world.start();
  world.run(2 * second);
  const [first, again, ...more] = world.arrived(TX);
  assert.equal(JSON.parse(first ?? "").id, `${BOX}-${JOURNAL}-1`);
  assert.equal(again, first);
  assert.deepEqual(more, []);
  assert.equal(world.journal.cursor, 1);
});

test("no more events are on their way than the window has room for, or the broker", () => {
  for (const [receiveMaximum, expected] of [
    [1, 1],
    [7, 7],
    [65_535, WINDOW_MAX],
  ] as const) {
    const world = new World();
    world.broker.temper.receiveMaximum = receiveMaximum;
    let onTheWay = 0;
    let most = 0;
    world.broker.temper.latencyMs = 50;
    world.broker.temper.fate = ({ topic }): PublishOutcome => {
      if (topic === TX) {
        onTheWay += 1;
        // Its PUBACK is back at the box, and the next event here, one round trip later.
        world.time.after(99, () => {
          onTheWay -= 1;
        });
        most = Math.max(most, onTheWay);
      }
      return { kind: "accept" };
    };
    world.journal.append(60);
    world.start();
    world.run(20 * second);
    assert.deepEqual(world.seqs(), range(1, 60));
    assert.equal(most, expected);
    assert.equal(world.events("mqtt.lost").length, 0);
  }
});

test("a broker that is down for a day costs nothing but waiting: 10,000 events then arrive in order, read in small pieces", () => {
  const world = new World();
  world.broker.temper.down = true;
  world.broker.temper.latencyMs = 50;
  const reporter = world.start();
  for (let part = 0; part < 24; part += 1) {
    world.journal.append(part === 23 ? 10_000 - 23 * 416 : 416);
    world.run(hour);
  }
  assert.equal(world.journal.rowsMost, 0);
  assert.equal(reporter.status().unconfirmed, 10_000);
  const attempts = world.lines.filter(({ event }) => event === "mqtt.lost").length;
  assert.ok(attempts > 24 * 30 && attempts < 24 * 90, `${attempts} attempts in a day`);
  assert.equal(world.events("mqtt.lost").filter(({ level }) => level === "warn").length, 1);

  world.broker.temper.down = false;
  world.run(2 * minute);
  const from = world.time.now;
  while (world.journal.cursor < 10_000 && world.time.now - from < hour) world.run(second);
  const receipts = world.broker.receipts.filter(({ topic }) => topic === TX);
  assert.deepEqual(world.seqs(), range(1, 10_000));
  assert.ok(world.journal.rowsMost <= WINDOW_MAX);
  // At a round trip of 100 ms, a window of 16 carries 160 events a second; one at a time would carry 10.
  const tookMs = (receipts.at(-1)?.at ?? 0) - (receipts[0]?.at ?? 0);
  assert.ok(10_000 / (tookMs / second) > 100, `${tookMs} ms`);
});

test("the cursor is written at most once a second", () => {
  const world = new World();
  world.journal.append(2_000);
  world.start();
  world.run(10 * second);
  assert.equal(world.journal.cursor, 2_000);
  assert.ok(world.journal.cursorMoves <= 10, `${world.journal.cursorMoves} moves`);
});

test("an event that the broker threw away for want of a subscriber is kept, and tried alone and ever less often", () => {
  const world = new World();
  world.broker.temper.heard = false;
  world.journal.append(30);
  const reporter = world.start();
  world.run(hour);
  assert.equal(world.journal.cursor, 0);
  assert.equal(reporter.status().held, true);
  const tries = world.events("mqtt.event-kept");
  assert.ok(tries.length > 30 && tries.length < 100, `${tries.length} tries in an hour`);
  assert.deepEqual(tries[0]?.fields, {
    ...{ seq: 1, reasonCode: 0x10 },
    says: "nobody is subscribed, so it threw the message away (0x10)",
  });
  // Sixteen were on their way when the first came back; after that, one at a time.
  assert.equal(world.seqs().length, WINDOW_MAX + tries.length - 1);

  world.broker.temper.heard = true;
  const before = world.seqs().length;
  world.run(3 * minute);
  assert.deepEqual(world.seqs().slice(before), range(1, 30));
  assert.equal(world.journal.cursor, 30);
  assert.equal(reporter.status().held, false);
});

test("on MQTT 3.1.1 any PUBACK confirms, for it has no reason", () => {
  const world = new World();
  world.broker.temper.version = 4;
  world.broker.temper.heard = false;
  world.journal.append(3);
  const reporter = world.start();
  world.run(5 * second);
  assert.equal(reporter.status().version, 4);
  assert.equal(world.journal.cursor, 3);
});

test("an event that the broker refuses is kept with whatever is behind it, until it is taken", () => {
  for (const reasonCode of [0x80, 0x87, 0x97, 0x99]) {
    const world = new World();
    const until = 10 * minute;
    const taken: number[] = [];
    world.broker.temper.fate = ({ topic, payload }): PublishOutcome => {
      if (topic !== TX) return { kind: "accept" };
      const { seq } = JSON.parse(payload);
      if (seq === 5 && world.time.now < until) return { kind: "refuse", reasonCode };
      taken.push(seq);
      return { kind: "accept" };
    };
    world.journal.append(20);
    world.start();
    world.run(until);
    assert.equal(world.journal.cursor, 4, `${reasonCode}`);
    assert.ok(world.events("mqtt.event-kept").every(({ fields }) => fields.reasonCode === reasonCode));
    world.run(3 * minute);
    assert.equal(world.journal.cursor, 20);
    assert.deepEqual(taken.slice(taken.lastIndexOf(5)), range(5, 20));
  }
});

test("broken connections and crashes at any place repeat events, but lose and overtake none", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const seqs = throughTrouble(seed, 0);
    let newest = 0;
    for (const seq of seqs) {
      assert.ok(seq <= newest + 1, `seed ${seed}: ${seq} came first, after ${newest}`);
      newest = Math.max(newest, seq);
    }
    assert.ok(seqs.length > 200, "there was trouble");
  }
});

test("refused events among others are lost to nobody: whatever was overtaken is repeated in order", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const seqs = throughTrouble(seed, 0.02);
    const lastArrivals = range(1, 200).map((seq) => seqs.lastIndexOf(seq));
    assert.deepEqual(
      lastArrivals.toSorted((a, b) => a - b),
      lastArrivals,
      `seed ${seed}`,
    );
  }
});

/** Reports 200 events over connections that break, through five crashes; the numbers that arrived, oldest first. */
function throughTrouble(seed: number, refusals: number): readonly number[] {
  const world = new World({ seed });
  const random = new Random(seed);
  world.broker.temper.fate = (): PublishOutcome => {
    if (random.chance(0.02)) return { kind: "cut-before" };
    if (random.chance(0.02)) return { kind: "cut-after" };
    if (random.chance(0.005)) return { kind: "mute" };
    if (random.chance(refusals)) return { kind: "refuse", reasonCode: 0x97 };
    return { kind: "accept" };
  };
  world.journal.append(100);
  world.start();
  for (let part = 0; part < 5; part += 1) {
    world.run(random.between(1, 60) * second);
    world.crash();
    world.run(second);
    world.start();
    world.journal.append(20);
  }
  world.run(4 * hour);
  assert.equal(world.journal.cursor, 200, `seed ${seed}`);
  assert.deepEqual(
    world.lines.filter(({ level }) => level === "error"),
    [],
  );
  assert.equal(new Set(world.arrived(TX)).size, 200, `seed ${seed}: a repetition has the same bytes`);
  return world.seqs();
}

test("a PUBACK that never comes ends the connection after a minute, and the next one repeats what is not confirmed", () => {
  const world = new World();
  let muted = false;
  world.broker.temper.fate = ({ topic }): PublishOutcome => {
    if (topic !== TX || muted) return { kind: "accept" };
    muted = true;
    return { kind: "mute" };
  };
  world.journal.append(3);
  const reporter = world.start();
  world.run(59 * second);
  assert.equal(reporter.status().sessions, 1);
  assert.equal(world.journal.cursor, 0, "no cursor passes an event that is not confirmed");
  world.run(5 * second);
  assert.equal(reporter.status().sessions, 2);
  assert.equal(reporter.status().lastCause, "no PUBACK for an event");
  assert.deepEqual(world.seqs(), [1, 2, 3, 1, 2, 3]);
});

test("a host that confirms with ack releases the events, not the broker's PUBACK", () => {
  const world = new World({ confirm: "ack" });
  world.journal.append(40);
  world.start();
  world.run(30 * second);
  assert.deepEqual(world.seqs(), range(1, WINDOW_MAX), "the window is the host's");
  assert.equal(world.journal.cursor, 0);
  world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: 10 }), true);
  world.run(2 * second);
  assert.deepEqual(world.seqs(), range(1, 26));
  assert.equal(world.journal.cursor, 10);
  world.broker.watch(TX, ({ payload }) => {
    world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: JSON.parse(payload).seq }), true);
  });
  world.run(5 * minute);
  assert.equal(world.journal.cursor, 40);
  assert.deepEqual(
    world.events("mqtt.ack-missing").map(({ fields }) => fields),
    [{ confirmed: 10, sent: 26 }],
    "those that nobody had confirmed are sent again after a minute",
  );
});

test("a host has what an earlier process sent, however far its cursor fell back", () => {
  const world = new World({ confirm: "ack" });
  world.journal.append(40);
  world.broker.watch(TX, ({ payload }) => {
    const upto = Math.max(30, JSON.parse(payload).seq);
    world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto }), false);
  });
  world.start();
  world.run(5 * minute);
  assert.equal(world.journal.cursor, 40);
  assert.deepEqual(world.events("mqtt.ack-ignored"), []);
});

test("acks of another journal, of events never sent, and going backwards are ignored and noted", () => {
  const world = new World({ confirm: "ack" });
  world.journal.append(5);
  world.start();
  world.run(second);
  const say = (value: unknown): void => world.broker.publish(ACK, JSON.stringify(value), false);
  say({ journal: "another1", upto: 3 });
  say({ journal: JOURNAL, upto: 6 });
  say("nonsense");
  world.run(2 * second);
  assert.equal(world.journal.cursor, 0);
  say({ journal: JOURNAL, upto: 4 });
  say({ journal: JOURNAL, upto: 2 });
  say({ journal: JOURNAL, upto: 4 });
  world.run(2 * second);
  assert.equal(world.journal.cursor, 4);
  assert.deepEqual(
    world.events("mqtt.ack-ignored").map(({ fields }) => fields),
    [
      { why: "other-journal", upto: 3, confirmed: 0 },
      { why: "never-sent", upto: 6, confirmed: 0 },
      { why: "malformed", upto: null, confirmed: 0 },
      { why: "backwards", upto: 2, confirmed: 4 },
    ],
  );
});

test("PUBACKs that are still owed after going back keep their place in what the broker takes at once", () => {
  const world = new World();
  world.broker.temper.receiveMaximum = 2;
  const fates: PublishOutcome[] = [{ kind: "refuse", reasonCode: 0x97 }, { kind: "mute" }];
  world.broker.temper.fate = ({ topic }): PublishOutcome =>
    (topic === TX ? fates.shift() : undefined) ?? { kind: "accept" };
  world.journal.append(20);
  const reporter = world.start();
  world.run(30 * second);
  assert.equal(world.journal.cursor, 20);
  assert.equal(reporter.status().sessions, 1);
});

test("in puback mode a box does not listen to acks", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome => ({ kind: topic === TX ? "mute" : "accept" });
  world.journal.append(5);
  world.start();
  world.run(second);
  world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: 5 }), true);
  world.run(2 * second);
  assert.equal(world.journal.cursor, 0);
});

test("a host that is silent is asked again once a minute with one event, over the same connection", () => {
  const world = new World({ confirm: "ack" });
  world.journal.append(40);
  const reporter = world.start();
  world.run(10 * minute + second);
  assert.deepEqual(
    world.seqs().slice(WINDOW_MAX),
    Array.from({ length: 10 }, () => 1),
  );
  assert.equal(reporter.status().sessions, 1);
  assert.equal(reporter.status().held, true);
});

for (const { retain, first } of [
  { retain: true, first: 21 },
  { retain: false, first: 13 },
])
  test(`after a restart that lost the last cursor moves the host's ack, retained: ${retain}, goes on at ${first}`, () => {
    const world = new World({ confirm: "ack" });
    world.broker.watch(TX, ({ payload }) => {
      world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: JSON.parse(payload).seq }), retain);
    });
    world.journal.append(20);
    world.start();
    world.run(5 * second);
    assert.equal(world.journal.cursor, 20);
    world.crash();
    world.journal.cursor = 12;
    world.start();
    world.journal.append(5);
    world.run(10 * second);
    assert.equal(world.journal.cursor, 25);
    assert.deepEqual(world.seqs().slice(20), range(first, 25));
  });

test("the back-off begins again only after a connection that lasted a minute", () => {
  const world = new World({ seed: 3 });
  world.start();
  world.run(second);
  // A clone with the same id takes the session over as soon as it is made.
  for (let fight = 0; fight < 2_000; fight += 1) {
    world.broker.cut("session taken over");
    world.run(second);
  }
  const waits = world.lines
    .filter(({ event }) => event === "mqtt.lost")
    .map(({ fields }) => fields.retryInMs);
  assert.ok(waits.length < 70, `${waits.length} connections in ${2_000} s`);
  assert.ok(waits.some((wait) => typeof wait === "number" && wait > minute));
  world.run(5 * minute);
  world.broker.cut();
  world.run(0);
  const last = world.events("mqtt.lost").at(-1);
  assert.ok(typeof last?.fields.retryInMs === "number" && last.fields.retryInMs < second);
});

test("a stop says so on the status topic once the owed PUBACKs have come, writes the cursor and disconnects", () => {
  const world = new World();
  world.broker.temper.latencyMs = 100;
  world.journal.append(100);
  const reporter = world.start();
  world.run(second);
  const stopped: number[] = [];
  const asked = world.time.now;
  reporter.stop(() => stopped.push(world.time.now - asked));
  assert.deepEqual(stopped, []);
  world.run(5 * second);
  assert.equal(stopped.length, 1);
  assert.ok((stopped[0] ?? 0) < 600, `${stopped[0]} ms`);
  assert.equal(JSON.parse(world.broker.retained(STATUS) ?? "").data.reason, "stopped");
  assert.equal(world.broker.receipts.at(-1)?.will, false);
  const sent = world.seqs().length;
  assert.ok(sent > 0 && sent < 100);
  assert.equal(world.journal.cursor, sent);
  assert.equal(reporter.status().phase, "stopped");
  assert.deepEqual(world.broker.connected, []);
  world.journal.append();
  world.run(minute);
  assert.equal(world.seqs().length, sent);
});

test("a stop takes no longer than two seconds, though no PUBACK comes", () => {
  const world = new World();
  world.broker.temper.fate = ({ topic }): PublishOutcome => ({ kind: topic === TX ? "mute" : "accept" });
  world.journal.append(3);
  const reporter = world.start();
  world.run(second);
  world.journal.append(2);
  world.broker.temper.fate = () => ({ kind: "mute" });
  const asked = world.time.now;
  const stopped: number[] = [];
  reporter.stop(() => stopped.push(world.time.now - asked));
  world.run(10 * second);
  assert.deepEqual(stopped, [2_005]);
  const { data } = JSON.parse(world.broker.retained(STATUS) ?? "");
  assert.equal(data.reason, "stopped");
  assert.equal(data.head, 5, "the farewell tells how far the journal has come by now");
});

test("a box that is not connected, connecting, or just connected stops as well", () => {
  for (const after of [0, 3, 12, 15, 500]) {
    const world = new World();
    world.broker.temper.receiveMaximum = 1;
    world.broker.temper.down = after === 500;
    const reporter = world.start();
    world.run(after);
    let stopped = 0;
    reporter.stop(() => {
      stopped += 1;
    });
    assert.equal(stopped, 0);
    world.run(5 * minute);
    assert.equal(stopped, 1, `after ${after} ms`);
    assert.deepEqual(world.broker.connected, []);
    const status = world.broker.retained(STATUS);
    if (after === 12 || after === 15)
      assert.equal(JSON.parse(status ?? "").data.reason, "stopped", `after ${after} ms`);
    else if (status !== null) assert.equal(JSON.parse(status).data.online, false, `after ${after} ms`);
  }
});

test("a box that is just giving up a connection stops for good", () => {
  const world = new World();
  world.broker.temper.latencyMs = 1_000;
  world.broker.temper.fate = () => ({ kind: "mute" });
  const reporter = world.start();
  world.run(62_500);
  assert.deepEqual(world.broker.connected, [BOX], "its DISCONNECT is on the way");
  let stopped = 0;
  reporter.stop(() => {
    stopped += 1;
  });
  world.run(5 * minute);
  assert.equal(stopped, 1);
  assert.equal(reporter.status().phase, "stopped");
  assert.deepEqual(world.broker.connected, []);
});

test("a journal that cannot be read for a while delays events and loses none", () => {
  const world = new World();
  world.journal.append(50);
  world.journal.readsFail = 6;
  world.start();
  world.run(5 * minute);
  assert.deepEqual(world.seqs(), range(1, 50));
  assert.equal(world.events("mqtt.journal-unread").length, 6);
});

test("a record that cannot be read holds up what is behind it, and what is before it is reported and confirmed", () => {
  const world = new World();
  world.journal.append(30);
  world.journal.damage(20);
  const reporter = world.start();
  world.run(hour);
  assert.deepEqual(world.seqs(), range(1, 19));
  assert.equal(world.journal.cursor, 19);
  assert.equal(reporter.status().phase, "online");
  const unread = world.events("mqtt.journal-unread");
  assert.ok(unread.length > 10 && unread.length < 100, `${unread.length} failures in an hour`);
  assert.deepEqual(unread[0]?.fields, { after: 19 });
});

test("what else comes over the connection is ignored", () => {
  const world = new World({ confirm: "ack" });
  world.journal.append(2);
  world.start();
  world.run(second);
  world.broker.publish(ACK, "[".repeat(1_048_576), true);
  world.run(second);
  assert.equal(world.journal.cursor, 0);
  world.broker.publish(ACK, JSON.stringify({ journal: JOURNAL, upto: 2 }), true);
  world.run(2 * second);
  assert.equal(world.journal.cursor, 2);
});

/** The identities in which events arrived. */
function names(world: World): readonly string[] {
  return world.broker.receipts.flatMap(({ topic, payload }) => {
    const { journal, seq } = JSON.parse(payload) as { journal: string; seq: number };
    return topic === TX ? [`${journal} ${seq}`] : [];
  });
}

const inherited = [
  { journal: "old00001", seq: 7 },
  { journal: "old00002", seq: 3 },
  { journal: "old00002", seq: 5 },
];

test("what earlier journals have left unconfirmed comes first, under its own names, and is counted", () => {
  const world = new World();
  world.journal.inherit(...inherited);
  world.journal.append(2);
  const reporter = world.start();
  assert.deepEqual([reporter.status().confirmed, reporter.status().unconfirmed], [0, 5]);
  world.run(2 * second);
  const all = ["old00001 7", "old00002 3", "old00002 5", `${JOURNAL} 1`, `${JOURNAL} 2`];
  assert.deepEqual(names(world), all);
  assert.equal(world.journal.cursor, 2);
  assert.deepEqual([reporter.status().confirmed, reporter.status().unconfirmed], [2, 0]);
});

test("a host confirms the events of each journal by its name, and none is skipped by a word about another", () => {
  const world = new World({ confirm: "ack" });
  world.journal.inherit(...inherited);
  world.journal.append(2);
  world.start();
  world.run(2 * second);
  const say = (journal: string, upto: number): number => {
    world.broker.publish(ACK, JSON.stringify({ journal, upto }), false);
    world.run(2 * second);
    return world.journal.cursor;
  };
  assert.equal(say(JOURNAL, 2), -3, "events of this journal do not stand for those before it");
  assert.equal(say("old00003", 9), -3);
  assert.equal(say("old00001", 7), -2);
  assert.equal(say("old00002", 4), -1);
  assert.equal(say("old00002", 5), 2, "what was said of this journal counts now");
});
