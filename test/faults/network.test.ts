/**
 * The network between the shipped program and its sandbox, failing at chosen bytes and moments. Whatever happens, journal,
 * consumer and sandbox must tell one story in the end.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sandboxPaths } from "../../src/providers/wechat-v2/sandbox/call.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import type { Box } from "../e2e/box.ts";
import { type Pair, pem } from "../e2e/certificates.ts";
import { endChild, startChild } from "../e2e/child.ts";
import { hastyTiming, Stand, timing } from "../e2e/stand.ts";
import { until } from "../e2e/until.ts";
import type { Fault, Way } from "./fault-proxy.ts";
import { dropped, ended, type Proxied, proxied, started } from "./proxied.ts";

const SEED = Number(process.env.SCANBOX_FAULT_SEED ?? Date.now());

const stand = await Stand.start();
after(() => stand.end());

const none: Fault = { kind: "none" };

async function failBoth({ lines }: Proxied, fault: Fault): Promise<void> {
  await Promise.all(lines.map((line) => line.fail(fault)));
}

/** Waits for a screen; gives its place in the log. */
async function screenAt({ box }: Proxied, name: string): Promise<number> {
  const { program } = box;
  await program.screen(name);
  return program.log.findIndex(({ event, screen }) => event === "screen.shown" && screen === name);
}

/** Does something when the sandbox has heard the charge of a box, before its reply leaves. */
function whenCharged({ box }: Proxied, act: () => void): void {
  hearers.set(box, act);
}

const hearers = new Map<Box, () => void>();
stand.onCall = ({ path, outTradeNo }) => {
  if (sandboxPaths.get(path) !== "charge") return;
  for (const [box, act] of hearers) {
    if (stand.orders(box).some((order) => order.outTradeNo === outTradeNo)) act();
  }
};

/**
 * How many bytes a charge and its reply are on a line; learnt from a payment that goes well. The number of an order has one to four
 * digits at its end, so that others may be some bytes shorter or longer.
 */
async function measure(): Promise<Record<Way, number>> {
  const ends: (() => Promise<void>)[] = [];
  const place = await proxied({ after: (end) => void ends.push(end) }, stand);
  await started(place);
  await failBoth(place, none);
  await place.box.scan(stand.code());
  await place.box.program.screen("paid");
  const { first } = place;
  const size = { out: first.most("out"), back: first.most("back") };
  await ended(stand, place);
  for (const end of ends) await end();
  assert.ok(size.out > 500 && size.back > 500, JSON.stringify(size));
  return size;
}

let measuring: Promise<Record<Way, number>> | null = null;

/** Measures once, for whoever asks first. */
function measured(): Promise<Record<Way, number>> {
  measuring ??= measure();
  return measuring;
}

/** Somebody who answers every request alike, with a certificate of this pair. */
async function impostor(
  { certFile, keyFile }: Pair,
  status: number,
  body: string,
): Promise<{ readonly port: number; readonly paths: string[]; end(): void }> {
  const paths: string[] = [];
  const server = createHttpsServer({ cert: pem(certFile), key: pem(keyFile) }, (request, response) => {
    paths.push(request.url ?? "");
    response.writeHead(status, { "content-type": "text/html", location: "https://portal.example/login" });
    response.end(body);
  });
  server.on("tlsClientError", () => {});
  server.listen(0);
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    port: address.port,
    paths,
    end: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("a charge that provably never left", { concurrency: 4 }, () => {
  const unsent = async (place: Proxied): Promise<void> => {
    const { program } = place.box;
    const code = stand.code();
    await place.box.scan(code);
    const mark = await screenAt(place, "submitting");
    await stand.settled(place.box);
    await failBoth(place, none);
    await program.screen("armed", mark);
    await place.box.scan(stand.code());
    const [paid, declined] = await ended(stand, place, 2);
    assert.equal(paid?.state, "paid");
    assert.deepEqual(
      [declined?.state, declined?.chargeCount, declined?.queryCount, declined?.reverseCount],
      ["declined", 0, 0, 0],
    );
    assert.equal(declined?.reason, "not-sent", "the network is at fault, and not the customer");
    assert.equal(stand.totalsOf(code).charges, 0);
  };

  const lines: readonly { readonly what: string; readonly fault: Fault }[] = [
    { what: "is refused", fault: { kind: "refuse" } },
    { what: "is reset at once", fault: { kind: "reset" } },
    { what: "is made and says nothing", fault: { kind: "silent" } },
    {
      what: "ends in the first bytes of TLS",
      fault: { kind: "cut", from: "hello", way: "back", after: 5, how: "end" },
    },
    {
      what: "is reset within the certificate",
      fault: { kind: "cut", from: "hello", way: "back", after: 400, how: "reset" },
    },
    {
      what: "is forgotten within the hello",
      fault: { kind: "cut", from: "hello", way: "out", after: 100, how: "hang" },
    },
  ];
  for (const { what, fault } of lines) {
    it(`the connection ${what} at both hosts: not sent, and the next one is paid`, async (t) => {
      const place = await proxied(t, stand, { hasty: true });
      await started(place);
      await failBoth(place, fault);
      await dropped(place);
      await unsent(place);
    });
  }

  it("the names are not found: not sent, and the next one is paid", async (t) => {
    const place = await proxied(t, stand, { host: "localhost" });
    await started(place);
    await place.box.program.done({ kind: "names", addresses: [], ms: 20 });
    await dropped(place);
    const back = stand.code();
    await place.box.scan(back);
    const mark = await screenAt(place, "not-sent");
    await place.box.program.done({
      kind: "names",
      addresses: [{ address: "127.0.0.1", family: 4 }],
      ms: 300,
    });
    await place.box.program.screen("armed", mark);
    // Names that come slowly are waited for.
    await place.box.scan(stand.code());
    const [paid, declined] = await ended(stand, place, 2);
    assert.deepEqual([paid?.state, declined?.state, declined?.chargeCount], ["paid", "declined", 0]);
  });

  it("the names lead to a stranger: he hears nothing, and the box says that it trusts nobody", async (t) => {
    const stranger = await impostor(stand.certificates.stranger, 200, "<xml/>");
    t.after(() => stranger.end());
    const place = await proxied(t, stand, { host: "localhost" });
    await started(place);
    const { program } = place.box;
    // The same as another certificate at the old address.
    const sandbox = place.first.target;
    for (const line of place.lines) line.target = stranger.port;
    await dropped(place);
    await place.box.scan(stand.code());
    const mark = await screenAt(place, "not-sent");
    await program.line("no trust", ({ event, why }) => event === "provider.not-sent" && why === "no-trust");
    assert.deepEqual(stranger.paths, []);
    for (const line of place.lines) line.target = sandbox;
    await program.screen("armed", mark);
    await place.box.scan(stand.code());
    const [paid, declined] = await ended(stand, place, 2);
    assert.deepEqual([paid?.state, declined?.state, declined?.chargeCount], ["paid", "declined", 0]);
    assert.deepEqual(stranger.paths, []);
  });

  it("one host is away: the charge goes to the other one, once", async (t) => {
    const place = await proxied(t, stand);
    await started(place);
    await place.first.fail({ kind: "refuse" });
    await dropped(place);
    const code = stand.code();
    await place.box.scan(code);
    const [paid] = await ended(stand, place);
    assert.deepEqual([paid?.state, paid?.chargeCount, stand.totalsOf(code).charges], ["paid", 1, 1]);
  });

  it("one host's handshake is silent: it is waited for once, then the other one is first", async (t) => {
    const place = await proxied(t, stand, { hasty: true });
    const program = await started(place);
    await place.first.fail({ kind: "silent" });
    await dropped(place);
    const charges = (): readonly (readonly unknown[])[] =>
      program.log
        .filter(({ event, call }) => event.startsWith("provider.") && call === "charge")
        .map(({ kind, why, host }) => [kind, why, Number(new URL(String(host)).port)]);
    await place.box.scan(stand.code());
    const mark = await screenAt(place, "paid");
    const { first, second } = place;
    const paid = ["paid", null, second.port];
    assert.deepEqual(charges(), [["not-sent", "no-connection", first.port], paid]);
    await program.screen("armed", mark);
    await place.box.scan(stand.code());
    const rows = await ended(stand, place, 2);
    assert.deepEqual(charges().slice(2), [paid], "it is not waited for again");
    assert.deepEqual(
      rows.map(({ state, chargeCount }) => [state, chargeCount]),
      [
        ["paid", 1],
        ["paid", 1],
      ],
    );
  });

  it("IPv6 leads nowhere: IPv4 is tried within a second", async (t) => {
    const place = await proxied(t, stand, {
      host: "localhost",
      surprise: {
        kind: "names",
        ms: 0,
        addresses: [
          { address: "::1", family: 6 },
          { address: "127.0.0.1", family: 4 },
        ],
      },
    });
    await blackhole(t, place.first.port);
    const program = await started(place);
    const probe = program.log.find(({ event, call }) => event === "provider.answered" && call === "probe");
    const took = Number(probe?.ms);
    // The wait for IPv6 is in it, and both fit into the time that one connection has, on a busy machine too.
    assert.ok(took >= 400 && took < timing.connectTimeoutMs, `the probe took ${took} ms`);
    await place.box.scan(stand.code());
    const [paid] = await ended(stand, place);
    assert.equal(paid?.state, "paid");
  });
});

/** A port of IPv6 on which no connection is ever made: a stopped process listens, and its queue is full. */
async function blackhole(t: { after(end: () => void): void }, port: number): Promise<void> {
  const program = `require("node:net").createServer().listen({ host: "::1", port: ${port}, backlog: 1 },
    () => process.stdout.write("listens"))`;
  const child = startChild(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => void endChild(child, "SIGKILL"));
  const { stdout } = child;
  assert.ok(stdout !== null);
  await once(stdout, "data");
  child.kill("SIGSTOP");
  for (let made = true, tries = 0; made; tries += 1) {
    assert.ok(tries < 20, "the queue has an end");
    const socket = connect(port, "::1");
    socket.on("error", () => {});
    t.after(() => void socket.destroy());
    made = await Promise.race([once(socket, "connect").then(() => true), sleep(300, false)]);
  }
}

describe("a charge that may have left", { concurrency: 4 }, () => {
  interface Cut {
    readonly what: string;
    readonly way: Way;
    /** The share of the bytes that pass, or how many of them do. */
    readonly pass: (all: number) => number;
    readonly how: "end" | "reset" | "hang";
    /** How the order must end; the first byte back may be one of TLS, before the sandbox has read the charge. */
    readonly ends: "paid" | "reversed" | "any";
  }
  const cuts: readonly Cut[] = [
    {
      what: "after one byte of the request, closed",
      way: "out",
      pass: () => 1,
      how: "end",
      ends: "reversed",
    },
    {
      what: "in the middle of the request, reset",
      way: "out",
      pass: part(1 / 2),
      how: "reset",
      ends: "reversed",
    },
    {
      what: "before its last bytes, silently",
      way: "out",
      pass: (all) => all - 8,
      how: "hang",
      ends: "reversed",
    },
    { what: "after one byte of the reply, reset", way: "back", pass: () => 1, how: "reset", ends: "any" },
    { what: "in the middle of the reply, closed", way: "back", pass: part(1 / 2), how: "end", ends: "paid" },
    {
      what: "in the middle of the reply, silently",
      way: "back",
      pass: part(1 / 2),
      how: "hang",
      ends: "paid",
    },
    { what: "late in the reply, closed", way: "back", pass: part(0.65), how: "end", ends: "paid" },
  ];
  for (const { what, way, pass, how, ends } of cuts) {
    it(`the line breaks ${what}: the box asks, and ends as the sandbox has it`, async (t) => {
      const sizes = await measured();
      const place = await proxied(t, stand, { hasty: true });
      await started(place);
      await failBoth(place, {
        kind: "cut",
        from: "request",
        way,
        after: pass(sizes[way]),
        how,
        afterwards: none,
      });
      const code = stand.code();
      await place.box.scan(code);
      const [row] = await ended(stand, place);
      assert.equal(place.first.strikes + place.second.strikes >= 1, true, "the line broke");
      assert.ok(ends === "any" || row?.state === ends, `${row?.state} after ${place.box.program.tail()}`);
      assert.ok(row !== undefined && row.chargeCount === 1 && row.queryCount >= 1, JSON.stringify(row));
    });
  }

  it("the connection is reset once the charge has arrived: the box asks, and finds it paid", async (t) => {
    const place = await proxied(t, stand);
    await started(place);
    whenCharged(place, () => place.first.drop());
    await place.box.scan(stand.code());
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.chargeCount], ["paid", 1]);
    assert.ok((row?.queryCount ?? 0) >= 1);
  });

  it("the first host falls silent with the charge: the other one tells of it", async (t) => {
    const place = await proxied(t, stand, { hasty: true });
    await started(place);
    whenCharged(place, () => void place.first.fail({ kind: "silent" }));
    await place.box.scan(stand.code());
    await place.box.program.screen("paid");
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.late], ["paid", false]);
    assert.ok(place.second.most("out") > 100, "the second host was asked");
  });

  it("the reply trickles: the deadline holds, and the box asks", async (t) => {
    const place = await proxied(t, stand, { hasty: true });
    await started(place);
    await place.first.fail({ kind: "trickle", everyMs: 50 });
    await place.box.scan(stand.code());
    const { program } = place.box;
    const line = await program.line("the end of the charge", ({ event, call }) => {
      return event === "provider.unknown" && call === "charge";
    });
    // All of the reply would come in more than half a minute.
    assert.ok(Number(line.ms) < 20_000, `${String(line.ms)} ms`);
    await place.first.fail(none);
    const [row] = await ended(stand, place);
    assert.equal(row?.state, "paid");
  });

  it("the answer comes after the deadline: it is not heard, and the box has asked by then", async (t) => {
    const place = await proxied(t, stand, { hasty: true });
    await started(place);
    // The charge arrives at once: where the box hangs up first, what is held back is lost.
    const late = 2 * hastyTiming.answerTimeoutMs;
    await place.first.fail({ kind: "delay", from: "request", way: "back", ms: late });
    await place.box.scan(stand.code());
    await place.box.program.screen("checking");
    await place.box.program.screen("paid");
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.chargeCount], ["paid", 1]);
    assert.ok((row?.queryCount ?? 0) >= 1);
  });

  for (const status of [200, 302, 502, 504]) {
    it(`somebody in between answers ${status} with a page: nothing is believed or followed`, async (t) => {
      const page = "<html><body>Please log in</body></html>";
      const portal = await impostor(stand.certificates.sandbox, status, page);
      t.after(() => portal.end());
      const place = await proxied(t, stand, { hasty: true });
      await started(place);
      const sandbox = place.first.target;
      for (const line of place.lines) line.target = portal.port;
      await dropped(place);
      await place.box.scan(stand.code());
      await place.box.program.screen("checking");
      await until(() => portal.paths.length >= 3, "charge and queries are answered by somebody else");
      for (const line of place.lines) {
        line.target = sandbox;
        line.drop();
      }
      const [row] = await ended(stand, place);
      // The charge went to the wrong one, so nobody has paid.
      assert.deepEqual([row?.state, row?.charged], ["reversed", "no"]);
      assert.deepEqual(
        portal.paths.filter((path) => !path.startsWith("/pay/") && !path.startsWith("/secapi/")),
        [],
      );
    });
  }
});

describe(`a link that is never well (SCANBOX_FAULT_SEED=${SEED})`, { concurrency: 4 }, () => {
  for (let number = 0; number < 6; number += 1) {
    it(`world ${number} breaks at random bytes: the order ends as the sandbox has it`, async (t) => {
      const random = new Random(SEED + number);
      const sizes = await measured();
      const fixed = random.pick(["1.00", "1.11", "1.14", "1.15", "1.21", "1.41"]);
      const place = await proxied(t, stand, { fixed, hasty: true });
      await started(place);
      for (const line of place.lines) await line.fail(randomFault(random, sizes, 3));
      await place.box.scan(stand.code());
      await sleep(random.between(500, 4_000));
      await failBoth(place, none);
      await stand.settled(place.box);
      const [row] = await ended(stand, place);
      t.diagnostic(`${fixed} ends ${row?.state}, ${place.first.strikes + place.second.strikes} strikes`);
    });
  }

  it("comes and goes: payments end, and none is made twice", async (t) => {
    const place = await proxied(t, stand, { fixed: "1.11" });
    await started(place);
    await place.box.scan(stand.code());
    for (let flap = 0; flap < 12; flap += 1) {
      const fault: Fault = flap % 2 === 0 ? { kind: "refuse" } : none;
      await failBoth(place, fault);
      if (flap % 4 === 3) await place.box.scan(stand.code());
      await sleep(300);
    }
    await stand.settled(place.box);
    await place.box.stop();
    const rows = await stand.assertOneStory(place.box);
    assert.ok(rows.length >= 1 && rows.every(({ final }) => final));
  });

  it("takes its time each way: slow, and paid", async (t) => {
    const place = await proxied(t, stand);
    await started(place);
    await failBoth(place, { kind: "delay", from: "hello", ms: 100 });
    await place.box.scan(stand.code());
    await place.box.program.screen("paid");
    const [row] = await ended(stand, place);
    assert.deepEqual([row?.state, row?.chargeCount], ["paid", 1]);
  });
});

/** Some faults one after the other, each at a random byte. */
function randomFault(random: Random, sizes: Record<Way, number>, depth: number): Fault {
  if (depth === 0) return none;
  const from = random.pick(["hello", "request"] as const);
  const way = random.pick<Way>(["out", "back"]);
  const how = random.pick(["end", "reset", "hang"] as const);
  const after = random.between(1, Math.floor(sizes[way] * 1.5));
  return { kind: "cut", from, way, after, how, afterwards: randomFault(random, sizes, depth - 1) };
}

function part(share: number): (all: number) => number {
  return (all) => Math.floor(all * share);
}
