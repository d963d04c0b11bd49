/**
 * What every HTTPS link keeps, checked on undici against real TLS servers and on its twin over simulated time; below that,
 * what only real sockets can show. The servers' certificates are made by openssl for each run.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { wallTimeOf } from "../../src/core/kernel/instant.ts";
import { inspectCertificate } from "../../src/links/https/certificate.ts";
import { UndiciHttpsLink } from "../../src/links/https/undici-https.ts";
import type {
  HttpsLane,
  HttpsLink,
  HttpsOutcome,
  HttpsRequest,
  ReplyHeaders,
} from "../../src/runtime/ports.ts";
import {
  NO_HTTPS_FAULTS,
  SimulatedHttpsLink,
  type SimulatedReply,
  type SimulatedRequest,
} from "../../src/simulator/outside/https.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { PATIENCE_MS, until } from "../e2e/until.ts";

const directory = mkdtempSync(join(tmpdir(), "scanbox-https-"));
after(() => rmSync(directory, { recursive: true }));

interface Pair {
  readonly cert: string;
  readonly key: string;
}

function selfSigned(name: string): Pair {
  const [cert, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...names, "-days", "2", "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const server = selfSigned("localhost");
const stranger = selfSigned("stranger");
const merchant = selfSigned("merchant");

interface Seen {
  readonly method: string | undefined;
  readonly path: string;
  readonly headers: ReplyHeaders;
  readonly body: string;
  readonly clientCertificate: boolean;
}

/** What the server does with a request. */
type Reaction =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | string[]>>;
      readonly body: Uint8Array;
    }
  | { readonly kind: "silence" }
  | { readonly kind: "cut" };

/** What keeps the box from the server. */
type Obstacle = "none" | "no-name" | "refused" | "no-trust" | "stuck";

interface World {
  readonly link: HttpsLink;
  readonly host: string;
  readonly seen: readonly Seen[];
  react: (path: string) => Reaction;
  until(condition: () => boolean): Promise<void>;
  pass(milliseconds: number): Promise<void>;
  end(): Promise<void>;
}

const OK: Reaction = { kind: "reply", status: 200, headers: {}, body: Buffer.from("<xml>支付成功</xml>") };

function simulatedWorld(obstacle: Obstacle): World {
  const time = new SimulatedTime();
  const seen: Seen[] = [];
  const serve = ({ method, path, headers, body, clientCertificate }: SimulatedRequest): SimulatedReply => {
    seen.push({ method, path, headers, body, clientCertificate });
    const reaction = world.react(path);
    if (reaction.kind === "silence") return { kind: "drop" };
    return { ...reaction, delayMs: 3 };
  };
  const link = new SimulatedHttpsLink({ time, random: new Random(1), serve, certificate: true });
  link.faults = {
    ...NO_HTTPS_FAULTS,
    noName: obstacle === "no-name" ? 1 : 0,
    noConnection: obstacle === "refused" ? 1 : 0,
    noTrust: obstacle === "no-trust" ? 1 : 0,
    slowConnection: obstacle === "stuck" ? 1 : 0,
  };
  const world: World = {
    link,
    host: "https://api.mch.weixin.qq.com",
    seen,
    react: () => OK,
    until: async (condition) => {
      while (!condition()) assert.ok(time.step(), "it never came true");
    },
    pass: async (milliseconds) => time.runUntil(time.now + milliseconds),
    end: async () => {},
  };
  return world;
}

async function portOf(listening: Server): Promise<number> {
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** A server that remembers its requests and connections and answers as it is told. */
class Sandbox {
  readonly seen: Seen[] = [];
  readonly sockets: Socket[] = [];
  answer: (request: IncomingMessage, response: ServerResponse, seen: Seen) => void;
  readonly #server: Server;
  port = 0;

  constructor(secure: boolean, answer: Sandbox["answer"]) {
    this.answer = answer;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { socket } = request;
        const seen: Seen = {
          method: request.method,
          path: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(chunks).toString("utf8"),
          clientCertificate: socket instanceof TLSSocket && socket.getPeerX509Certificate() !== undefined,
        };
        this.seen.push(seen);
        this.answer(request, response, seen);
      });
    };
    this.#server = secure
      ? createHttpsServer({ ...server, requestCert: true, rejectUnauthorized: false }, take)
      : createHttpServer(take);
    this.#server.on(secure ? "secureConnection" : "connection", (socket: Socket) => {
      socket.on("error", () => {});
      this.sockets.push(socket);
    });
  }

  async listen(): Promise<this> {
    this.port = await portOf(this.#server);
    return this;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

function linkTo(ca: string, connectTimeoutMs = 6_000): UndiciHttpsLink {
  return new UndiciHttpsLink({ connectTimeoutMs, ca, certificate: merchant });
}

async function realWorld(obstacle: Obstacle): Promise<World> {
  const sandbox = await new Sandbox(true, (_request, response, seen) => {
    const reaction = world.react(seen.path);
    if (reaction.kind === "cut") {
      response.writeHead(200, { "content-length": 1_000 });
      response.write("<xml>", () => response.destroy());
    } else if (reaction.kind === "reply") {
      response.writeHead(reaction.status, {
        location: `https://localhost:${sandbox.port}/elsewhere`,
        ...reaction.headers,
      });
      response.end(reaction.body);
    }
  }).listen();
  const held: Socket[] = [];
  const mute = createTcpServer((socket) => held.push(socket));
  const mutePort = await portOf(mute);
  const link = linkTo(obstacle === "no-trust" ? stranger.cert : server.cert);
  const world: World = {
    link,
    host: {
      none: `https://localhost:${sandbox.port}`,
      "no-trust": `https://localhost:${sandbox.port}`,
      "no-name": "https://scanbox.invalid",
      refused: "https://localhost:1",
      stuck: `https://localhost:${mutePort}`,
    }[obstacle],
    seen: sandbox.seen,
    react: () => OK,
    until: (condition) => until(condition),
    pass: async (milliseconds) => {
      await sleep(Math.min(milliseconds, 100));
    },
    end: async () => {
      await new Promise<void>((resolve) => link.close(resolve));
      for (const socket of held) socket.destroy();
      await new Promise((resolve) => mute.close(resolve));
      await sandbox.end();
    },
  };
  return world;
}

/** What most of these requests have in common. */
const ordinary = {
  lane: "charge",
  method: "POST",
  path: "/pay/micropay",
  headers: { "content-type": "text/xml" },
  body: "<xml>付款</xml>",
  replyBytesMax: 65_536,
  sendWithinMs: PATIENCE_MS,
  answerWithinMs: PATIENCE_MS,
} as const;

interface Pending {
  readonly outcomes: HttpsOutcome[];
}

function start(link: HttpsLink, host: string, wish: Partial<HttpsRequest> = {}): Pending {
  const outcomes: HttpsOutcome[] = [];
  link.exchange({ ...ordinary, host, ...wish }, (outcome) => {
    outcomes.push(outcome);
  });
  assert.deepEqual(outcomes, [], "nothing comes before exchange has returned");
  return { outcomes };
}

function contract(name: string, makeWorld: (obstacle: Obstacle) => Promise<World>): void {
  describe(`an HTTPS link keeps its contract: ${name}`, { concurrency: true }, () => {
    const inWorld = (behaviour: string, obstacle: Obstacle, test: (world: World) => Promise<void>): void => {
      it(behaviour, async () => {
        const world = await makeWorld(obstacle);
        try {
          await test(world);
        } finally {
          await world.end();
        }
      });
    };
    const exchange = async (world: World, wish: Partial<HttpsRequest> = {}): Promise<HttpsOutcome> => {
      const pending = start(world.link, world.host, wish);
      await world.until(() => pending.outcomes.length > 0);
      const [outcome] = pending.outcomes;
      assert.ok(outcome);
      return outcome;
    };
    const reply = (status: number, body: Uint8Array): Reaction => ({
      kind: "reply",
      status,
      headers: {},
      body,
    });
    const unanswered = (why: string): object => ({ kind: "unanswered", why });
    const notSent = (why: string): object => ({ kind: "not-sent", why });

    inWorld("carries the request as it is and brings status and bytes back", "none", async (world) => {
      const body = new Random(3).bytes(60_000);
      world.react = () => reply(200, body);
      const outcome = await exchange(world);
      assert.ok(outcome.kind === "answered");
      assert.equal(outcome.status, 200);
      assert.deepEqual(Buffer.from(outcome.body), Buffer.from(body));
      const [{ headers, ...request } = assert.fail(), ...others] = world.seen;
      const expected = {
        method: "POST",
        path: "/pay/micropay",
        body: "<xml>付款</xml>",
        clientCertificate: false,
      };
      assert.deepEqual(request, expected);
      assert.equal(headers["content-type"], "text/xml");
      assert.deepEqual(others, []);
    });

    inWorld(
      "asks by any method, with a query, and sends no body where there is none",
      "none",
      async (world) => {
        const methods = ["GET", "POST", "PUT", "DELETE", "PATCH"] as const;
        for (const method of methods)
          assert.equal(
            (await exchange(world, { method, path: "/orders?state=paid", body: "" })).kind,
            "answered",
          );
        assert.deepEqual(
          world.seen.map(({ method, path, body }) => [method, path, body]),
          methods.map((method) => [method, "/orders?state=paid", ""]),
        );
      },
    );

    inWorld("sends the headers of each request, and none of another's", "none", async (world) => {
      const shared = { "content-type": "application/json", accept: "application/json" };
      await exchange(world, { headers: shared });
      await exchange(world, { headers: shared });
      await exchange(world, { headers: { authorization: "SHA256 signature=a+b/c==" } });
      await exchange(world, { headers: {} });
      assert.deepEqual(
        world.seen.map(({ headers }) => [headers["content-type"], headers.accept, headers.authorization]),
        [
          ["application/json", "application/json", undefined],
          ["application/json", "application/json", undefined],
          [undefined, undefined, "SHA256 signature=a+b/c=="],
          [undefined, undefined, undefined],
        ],
      );
    });

    inWorld("brings headers back, and both of one that came twice", "none", async (world) => {
      const headers = { "x-signature": "a+b/c==", "x-serial": ["first", "second"] };
      world.react = () => ({ ...OK, headers });
      const outcome = await exchange(world);
      assert.ok(outcome.kind === "answered");
      assert.equal(outcome.headers["x-signature"], "a+b/c==");
      assert.deepEqual(outcome.headers["x-serial"], ["first", "second"]);
    });

    for (const status of [302, 404, 502]) {
      inWorld(`brings a page with status ${status} as it is and goes nowhere else`, "none", async (world) => {
        const page = Buffer.from("<html><body>Bad WechatV2</body></html>");
        world.react = () => reply(status, page);
        const outcome = await exchange(world);
        assert.ok(outcome.kind === "answered");
        assert.equal(outcome.status, status);
        assert.deepEqual(Buffer.from(outcome.body), page);
        assert.equal(world.seen.length, 1);
      });
    }

    inWorld("reads as much as each request allows, and gives up one byte above", "none", async (world) => {
      for (const replyBytesMax of [0, 12, 65_536, 1_000_000]) {
        world.react = () => reply(200, Buffer.alloc(replyBytesMax, "a"));
        assert.equal((await exchange(world, { replyBytesMax })).kind, "answered");
        world.react = () => reply(200, Buffer.alloc(replyBytesMax + 1, "a"));
        assert.deepEqual(await exchange(world, { replyBytesMax }), unanswered("too-large"));
      }
    });

    inWorld("ends at the deadline where the server stays silent, once", "none", async (world) => {
      world.react = () => ({ kind: "silence" });
      const pending = start(world.link, world.host, { answerWithinMs: 2_000 });
      await world.until(() => pending.outcomes.length > 0);
      await world.pass(500);
      assert.deepEqual(pending.outcomes, [unanswered("timeout")]);
      assert.equal(world.seen.length, 1);
    });

    inWorld("ends as broken where the reply is cut, and does not ask again", "none", async (world) => {
      world.react = () => ({ kind: "cut" });
      assert.deepEqual(await exchange(world), unanswered("broken"));
      await world.pass(500);
      assert.equal(world.seen.length, 1);
    });

    for (const [obstacle, why] of [
      ["no-name", "no-name"],
      ["refused", "no-connection"],
      ["no-trust", "no-trust"],
    ] as const) {
      inWorld(`proves that nothing left where the obstacle is ${obstacle}`, obstacle, async (world) => {
        assert.deepEqual(await exchange(world), notSent(why));
        await world.pass(500);
        assert.deepEqual(world.seen, []);
      });
    }

    inWorld("sends nothing once the deadline for sending is over", "stuck", async (world) => {
      const pending = start(world.link, world.host, { sendWithinMs: 60 });
      await world.until(() => pending.outcomes.length > 0);
      await world.pass(40_000);
      assert.deepEqual(pending.outcomes, [notSent("too-late")]);
      assert.deepEqual(world.seen, []);
    });

    inWorld("sends nothing where there is no time to send it", "none", async (world) => {
      assert.deepEqual(await exchange(world, { sendWithinMs: 0 }), notSent("too-late"));
      await world.pass(500);
      assert.deepEqual(world.seen, []);
    });

    inWorld("presents the client certificate on the reverse lane only", "none", async (world) => {
      for (const lane of ["charge", "query", "reverse"] as const)
        await exchange(world, { lane, path: `/${lane}` });
      assert.deepEqual(
        world.seen.map(({ path, clientCertificate }) => [path, clientCertificate]),
        [
          ["/charge", false],
          ["/query", false],
          ["/reverse", true],
        ],
      );
    });

    inWorld("answers a charge at once while many queries wait", "none", async (world) => {
      world.react = (path) => (path === "/pay/micropay" ? OK : { kind: "silence" });
      const queries = Array.from({ length: 20 }, () =>
        start(world.link, world.host, { lane: "query", path: "/pay/orderquery" }),
      );
      await world.until(() => world.seen.length === queries.length);
      assert.equal((await exchange(world)).kind, "answered");
      assert.ok(queries.every(({ outcomes }) => outcomes.length === 0));
    });

    inWorld("is none the worse for a failure", "none", async (world) => {
      for (const [reaction, kind] of [
        [{ kind: "cut" }, "unanswered"],
        [OK, "answered"],
        [{ kind: "silence" }, "unanswered"],
        [OK, "answered"],
        [OK, "answered"],
      ] as const) {
        world.react = () => reaction;
        const answerWithinMs = reaction.kind === "silence" ? 1_000 : PATIENCE_MS;
        assert.equal((await exchange(world, { answerWithinMs })).kind, kind);
      }
      assert.equal(world.seen.length, 5);
    });

    inWorld("knows the address of the box after the first connection", "none", async (world) => {
      assert.equal(world.link.localAddress(), null);
      await exchange(world);
      assert.match(world.link.localAddress() ?? "", /^\d+\.\d+\.\d+\.\d+$/);
    });

    inWorld("ends what runs before it is closed: what had left is unknown", "none", async (world) => {
      world.react = () => ({ kind: "silence" });
      const pending = start(world.link, world.host);
      await world.until(() => world.seen.length === 1);
      let outcomesAtClose: readonly HttpsOutcome[] | null = null;
      world.link.close(() => {
        outcomesAtClose = [...pending.outcomes];
      });
      await world.until(() => outcomesAtClose !== null);
      assert.deepEqual(outcomesAtClose, [unanswered("broken")]);
      assert.deepEqual(await exchange(world), notSent("stopped"));
    });

    inWorld("ends what runs before it is closed: what had not left never does", "none", async (world) => {
      const pending = start(world.link, world.host);
      let closed = false;
      world.link.close(() => {
        closed = true;
      });
      assert.equal(closed, false, "close calls back after it has returned");
      await world.until(() => closed);
      await world.pass(500);
      assert.deepEqual(pending.outcomes, [notSent("stopped")]);
      assert.deepEqual(world.seen, []);
    });

    inWorld("sends nothing by warming up", "none", async (world) => {
      world.link.warm(world.host);
      world.link.warm(world.host);
      await world.pass(500);
      assert.deepEqual(world.seen, []);
      assert.equal((await exchange(world)).kind, "answered");
      assert.equal(world.seen.length, 1);
    });
  });
}

contract("the simulated twin", async (obstacle) => simulatedWorld(obstacle));
contract("undici over TLS", realWorld);

describe("the simulated network", () => {
  it("calls back once whatever fails, and never delivers what it called not sent", () => {
    const counts = new Map<string, number>();
    const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
    for (let seed = 1; seed <= 300; seed += 1) {
      const time = new SimulatedTime();
      const random = new Random(seed);
      const arrivals = new Map<string, number>();
      const link = new SimulatedHttpsLink({
        time,
        random: random.fork(),
        certificate: true,
        serve: ({ path }) => {
          arrivals.set(path, (arrivals.get(path) ?? 0) + 1);
          if (random.chance(0.1)) return { kind: "drop" };
          if (random.chance(0.1)) return { kind: "cut", delayMs: random.between(0, 500) };
          const delayMs = random.between(0, 15_000);
          return { kind: "reply", status: 200, headers: {}, body: new Uint8Array(8), delayMs };
        },
      });
      const probability = (): number => (random.chance(0.5) ? random.fraction() / 3 : 0);
      link.faults = {
        noName: probability(),
        noConnection: probability(),
        noTrust: probability(),
        slowConnection: probability(),
        requestLost: probability(),
        requestLate: probability(),
        requestTwice: probability(),
        replyLost: probability(),
        replyLate: probability(),
        replyCut: probability(),
        lateMsMax: 45_000,
      };
      const ends = new Map<string, HttpsOutcome[]>();
      for (let number = 0; number < 40; number += 1) {
        const path = `/${number}`;
        const outcomes: HttpsOutcome[] = [];
        ends.set(path, outcomes);
        const lane = random.pick<HttpsLane>(["charge", "query", "reverse"]);
        const host = random.pick(["https://main", "https://backup"]);
        time.after(random.between(0, 60_000), () => {
          const began = time.now;
          link.exchange(
            { ...ordinary, lane, host, path, sendWithinMs: 10_000, answerWithinMs: 10_000 },
            (end) => {
              outcomes.push(end);
              assert.ok(time.now - began <= 20_000, "both deadlines hold");
            },
          );
          assert.equal(outcomes.length, 0);
        });
      }
      time.after(random.between(0, 60_000), () => link.setDown("https://main", true));
      if (seed % 2 === 0) time.after(random.between(0, 60_000), () => link.close(() => count("closed")));
      while (time.step()) {}
      for (const [path, outcomes] of ends) {
        const [outcome] = outcomes;
        assert.ok(outcomes.length === 1 && outcome !== undefined, `seed ${seed}: one outcome for ${path}`);
        const arrived = arrivals.get(path) ?? 0;
        if (outcome.kind === "not-sent") assert.equal(arrived, 0, `seed ${seed}: ${path} was not sent`);
        if (outcome.kind === "answered") assert.ok(arrived > 0, `seed ${seed}: ${path} was answered`);
        count(outcome.kind === "answered" ? "answered" : outcome.why);
        if (arrived > 1) count("twice");
        if (outcome.kind === "unanswered" && arrived > 0) count("unanswered though it arrived");
        if (outcome.kind === "unanswered" && arrived === 0) count("unanswered and lost");
      }
    }
    for (const key of [
      "answered,no-name,no-connection,no-trust,too-late,stopped,timeout,broken",
      "closed,twice,unanswered though it arrived,unanswered and lost",
    ].flatMap((keys) => keys.split(","))) {
      assert.ok((counts.get(key) ?? 0) > 10, `${key} happens often enough to be tested`);
    }
  });

  it("lets what has left arrive after the process has died, and tells nobody", () => {
    const time = new SimulatedTime();
    const arrivals: string[] = [];
    const link = new SimulatedHttpsLink({
      time,
      random: new Random(5),
      certificate: false,
      serve: ({ path }) => {
        arrivals.push(path);
        return { kind: "drop" };
      },
    });
    link.faults = { ...NO_HTTPS_FAULTS, requestLate: 1, lateMsMax: 50_000 };
    const left = start(link, "https://main", { path: "/left" });
    time.runUntil(1_000);
    link.faults = { ...NO_HTTPS_FAULTS, slowConnection: 1 };
    const waiting = start(link, "https://backup", { path: "/waiting", sendWithinMs: 60_000 });
    link.abandon();
    time.runUntil(200_000);
    assert.deepEqual(arrivals, ["/left"]);
    assert.deepEqual([left.outcomes, waiting.outcomes], [[], []]);
  });
});

describe("the link on undici", { concurrency: true }, () => {
  const withBank = (
    behaviour: string,
    test: (sandbox: Sandbox, link: UndiciHttpsLink, host: string) => Promise<void>,
    secure = true,
  ): void => {
    it(behaviour, async () => {
      const sandbox = await new Sandbox(secure, (_request, response) => void response.end("<xml/>")).listen();
      const link = linkTo(server.cert);
      try {
        await test(sandbox, link, `${secure ? "https" : "http"}://localhost:${sandbox.port}`);
      } finally {
        await new Promise<void>((resolve) => link.close(resolve));
        await sandbox.end();
      }
    });
  };
  const exchange = async (
    link: HttpsLink,
    host: string,
    wish: Partial<HttpsRequest> = {},
  ): Promise<HttpsOutcome> => {
    const pending = start(link, host, wish);
    await until(() => pending.outcomes.length > 0);
    const [outcome] = pending.outcomes;
    assert.ok(outcome);
    return outcome;
  };

  withBank("keeps one connection for charges and another for queries", async (sandbox, link, host) => {
    for (let turn = 0; turn < 3; turn += 1) {
      await exchange(link, host);
      await exchange(link, host, { lane: "query" });
    }
    assert.equal(sandbox.seen.length, 6);
    assert.equal(sandbox.sockets.length, 2);
  });

  withBank("sends the charge on the connection that was warmed", async (sandbox, link, host) => {
    link.warm(host);
    await until(() => sandbox.sockets.length === 1 && link.localAddress() !== null);
    link.warm(host);
    assert.equal((await exchange(link, host)).kind, "answered");
    assert.deepEqual([sandbox.sockets.length, sandbox.seen.length], [1, 1]);
  });

  withBank("sends the charge on the connection that is being warmed", async (sandbox, link, host) => {
    link.warm(host);
    assert.equal((await exchange(link, host)).kind, "answered");
    assert.deepEqual([sandbox.sockets.length, sandbox.seen.length], [1, 1]);
  });

  withBank("does not send again what a kept connection swallowed", async (sandbox, link, host) => {
    sandbox.answer = (request, response) => {
      if (sandbox.seen.length === 1) response.end("<xml/>");
      else request.socket.destroy();
    };
    assert.equal((await exchange(link, host)).kind, "answered");
    const broken = { kind: "unanswered", why: "broken" };
    assert.deepEqual(await exchange(link, host, { path: "/second" }), broken);
    assert.equal(sandbox.sockets.length, 1);
    // By the end of a later one, whatever would have been sent again has come.
    assert.deepEqual(await exchange(link, host, { path: "/third" }), broken);
    assert.deepEqual(
      sandbox.seen.map(({ path }) => path),
      ["/pay/micropay", "/second", "/third"],
    );
  });

  withBank(
    "does not send again what a kept connection closed without reading",
    async (sandbox, link, host) => {
      // The server closes with the request already on its way: the order in which both learn of it is a race.
      for (let round = 0; round < 30; round += 1) {
        assert.equal((await exchange(link, host, { path: `/first-${round}` })).kind, "answered");
        const pending = start(link, host, { path: `/second-${round}` });
        sandbox.sockets.at(-1)?.destroy();
        await until(() => pending.outcomes.length > 0);
        const seconds = sandbox.seen.filter(({ path }) => path === `/second-${round}`).length;
        assert.ok(seconds <= 1, "one attempt is one request");
        if (pending.outcomes[0]?.kind === "not-sent") assert.equal(seconds, 0);
      }
    },
  );

  withBank(
    "connects anew where the server closed the idle connection before",
    async (sandbox, link, host) => {
      await exchange(link, host);
      sandbox.sockets[0]?.end();
      // The link closes its side once it has seen that.
      await until(() => sandbox.sockets[0]?.closed === true);
      assert.equal((await exchange(link, host)).kind, "answered");
      assert.deepEqual([sandbox.sockets.length, sandbox.seen.length], [2, 2]);
    },
  );

  withBank("closes an idle connection before the server does, and by itself", async (sandbox, link, host) => {
    // Neither speed nor pauses of the machine change which of them is closed first.
    sandbox.answer = (_request, response, { path }) => {
      response.setHeader("keep-alive", `timeout=${path === "/short" ? 3 : 600}`);
      response.end("<xml/>");
    };
    const closed: (readonly [path: string, idleMs: number])[] = [];
    for (const [lane, path] of [
      ["query", "/long"],
      ["charge", "/short"],
    ] as const) {
      await exchange(link, host, { lane, path });
      const began = performance.now();
      sandbox.sockets.at(-1)?.once("close", () => closed.push([path, performance.now() - began]));
    }
    await until(() => closed.length === 2);
    const [[first, shortMs], [, longMs]] = closed as [(typeof closed)[0], (typeof closed)[0]];
    assert.equal(first, "/short", "what the server says is heeded");
    assert.ok(shortMs > 900 && longMs > 4_500, `closed after ${shortMs} and ${longMs} ms`);
  });

  withBank("ends a trickle at the deadline, with its connection", async (sandbox, link, host) => {
    sandbox.answer = (_request, response) => {
      response.writeHead(200, { "content-length": 1_000 });
      const drip = setInterval(() => {
        drops += 1;
        response.write("x");
      }, 10);
      response.on("close", () => clearInterval(drip));
    };
    let drops = 0;
    assert.deepEqual(await exchange(link, host, { answerWithinMs: 150 }), {
      kind: "unanswered",
      why: "timeout",
    });
    await until(() => sandbox.sockets[0]?.closed === true);
    assert.ok(drops < 1_000, "it ended before all of it had come");
  });

  withBank("ends a reply without an end at its limit, with its connection", async (sandbox, link, host) => {
    sandbox.answer = (_request, response) => {
      const pour = (): void => void response.write(Buffer.alloc(16_384, "a"), (error) => error ?? pour());
      pour();
    };
    assert.deepEqual(await exchange(link, host), { kind: "unanswered", why: "too-large" });
    await until(() => sandbox.sockets[0]?.closed === true);
    sandbox.answer = (_request, response) => void response.end("<xml/>");
    assert.equal((await exchange(link, host)).kind, "answered");
  });

  withBank("adds its name and what the transport needs, nothing else", async (sandbox, link, host) => {
    await exchange(link, host, { headers: { "x-mine": "yes" } });
    const [{ headers } = assert.fail()] = sandbox.seen;
    const names = ["connection", "content-length", "host", "user-agent", "x-mine"];
    assert.deepEqual(Object.keys(headers).sort(), names);
    assert.equal(headers["user-agent"], "scanbox");
  });

  withBank("reads a reply without a length to its end", async (sandbox, link, host) => {
    sandbox.answer = (request) => {
      request.socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<xml>whole</xml>");
    };
    const outcome = await exchange(link, host);
    assert.ok(outcome.kind === "answered");
    assert.equal(Buffer.from(outcome.body).toString(), "<xml>whole</xml>");
  });

  withBank("calls what is not HTTP broken", async (sandbox, link, host) => {
    sandbox.answer = (request) => void request.socket.end("SSH-2.0-OpenSSH_9.2\r\n");
    assert.deepEqual(await exchange(link, host), { kind: "unanswered", why: "broken" });
  });

  withBank("does not trust a certificate that names another host", async (sandbox, link) => {
    const outcome = await exchange(link, `https://127.0.0.1:${sandbox.port}`);
    assert.deepEqual(outcome, { kind: "not-sent", why: "no-trust" });
    assert.deepEqual(sandbox.seen, []);
  });

  withBank(
    "speaks plain HTTP to a host that says so",
    async (sandbox, link, host) => {
      link.warm(host);
      assert.equal((await exchange(link, host)).kind, "answered");
      assert.deepEqual([sandbox.sockets.length, sandbox.seen.length], [1, 1]);
    },
    false,
  );

  withBank("sends nothing on a connection that comes after the deadline", async (sandbox, link) => {
    const held: Socket[] = [];
    const late = createTcpServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => {});
      held.push(socket);
    });
    const port = await portOf(late);
    // A busy machine may not even connect in the first of these times.
    for (let sendWithinMs = 100; held.length === 0 && sendWithinMs < PATIENCE_MS; sendWithinMs *= 2) {
      const outcome = await exchange(link, `https://localhost:${port}`, { sendWithinMs });
      assert.deepEqual(outcome, { kind: "not-sent", why: "too-late" });
    }
    assert.notEqual(held.length, 0);
    // What the link has said on it reaches the sandbox now, and is followed by the end.
    const onward = connect(sandbox.port, "127.0.0.1");
    onward.on("error", () => {}).resume();
    for (const socket of held) socket.on("close", () => onward.end()).pipe(onward);
    await until(() => onward.closed);
    assert.deepEqual(sandbox.seen, []);
    late.close();
  });

  it("gives up connecting after its own time", async () => {
    const held: Socket[] = [];
    const mute = createTcpServer((socket) => held.push(socket));
    const port = await portOf(mute);
    const link = linkTo(server.cert, 500);
    const began = performance.now();
    const outcome = await exchange(link, `https://localhost:${port}`, { sendWithinMs: 90_000 });
    assert.deepEqual(outcome, { kind: "not-sent", why: "no-connection" });
    // The time for sending is longer than that for one connection.
    assert.ok(performance.now() - began < 60_000);
    for (const socket of held) socket.destroy();
    mute.close();
    await new Promise<void>((resolve) => link.close(resolve));
  });

  it("lets a defect of its caller end the process", async () => {
    const sandbox = await new Sandbox(false, (_request, response) => void response.end("<xml/>")).listen();
    const module = new URL("../../src/links/https/undici-https.ts", import.meta.url).href;
    const program = `
      import { UndiciHttpsLink } from ${JSON.stringify(module)};
      const link = new UndiciHttpsLink({ connectTimeoutMs: ${PATIENCE_MS}, ca: null, certificate: null });
      const request = { ...${JSON.stringify(ordinary)}, host: "http://localhost:${sandbox.port}" };
      link.exchange(request, () => { throw new Error("defect"); });
      setTimeout(() => process.exit(0), ${PATIENCE_MS});
    `;
    const child = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
      const args = ["--input-type=module", "-e", program];
      execFile(process.execPath, args, (error, _stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stderr }),
      );
    });
    assert.equal(child.status, 1);
    assert.match(child.stderr, /defect/);
    await sandbox.end();
  });
});

describe("the inspection of a certificate", () => {
  const now = wallTimeOf(Date.now());
  const days = 86_400_000;

  it("finds nothing wrong with a certificate, its key and a day within its validity", () => {
    assert.equal(inspectCertificate(merchant.cert, merchant.key, wallTimeOf(now + days)), null);
  });

  it("finds a key that belongs to another certificate", () => {
    assert.equal(inspectCertificate(merchant.cert, stranger.key, now), "certificate-mismatch");
  });

  it("finds both ends of the validity", () => {
    for (const moment of [now - days, now + 3 * days]) {
      assert.equal(
        inspectCertificate(merchant.cert, merchant.key, wallTimeOf(moment)),
        "certificate-expired",
      );
    }
  });

  it("finds texts that are no certificate or no key", () => {
    for (const [cert, key] of [
      ["", merchant.key],
      [merchant.cert, ""],
      [merchant.key, merchant.cert],
      [merchant.cert.slice(0, 200), merchant.key],
    ] as const) {
      assert.equal(inspectCertificate(cert, key, now), "certificate-missing");
    }
  });
});
