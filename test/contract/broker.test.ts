import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { BUFFERED_BYTES_MAX, INCOMING_BYTES_MAX, MqttBroker } from "../../src/links/mqtt/mqtt-broker.ts";
import type {
  BrokerConnection,
  BrokerLink,
  BrokerMessage,
  BrokerSession,
  BrokerSettings,
} from "../../src/runtime/ports.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { startEmbeddedBroker } from "../../src/simulator/outside/embedded-broker.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { freePort } from "../e2e/free-port.ts";
import { until } from "../e2e/until.ts";

// Goal: the link and its twin keep the same promises. Method: every promise is tested on the twin, on the embedded broker
// and on Mosquitto with both versions of MQTT; real brokers stand behind a relay that can break connections.

interface Receipt {
  readonly topic: string;
  readonly payload: string;
}

/** A broker with somebody else on it, and a link to it. */
interface Place {
  readonly link: BrokerLink;
  readonly version: 5 | 4;
  /** A link to a port on which nothing listens. */
  readonly deadLink: BrokerLink;
  /** Subscribes; what arrives is in `receipts` from then on. */
  watch(filter: string): Promise<void>;
  readonly receipts: readonly Receipt[];
  /** The retained message of a topic, as a new subscriber gets it. */
  retained(topic: string): Promise<string | null>;
  publish(topic: string, payload: string, retain: boolean): Promise<void>;
  /** Breaks the connections of the link without a farewell. */
  cut(): void;
  /** Lets the world go on until `reached`, or fails. */
  until(reached: () => boolean, what: string): Promise<void>;
  /** Lets the world go on for a while. */
  pause(milliseconds: number): Promise<void>;
  end(): Promise<void>;
}

function twinPlace(): Promise<Place> {
  const time = new SimulatedTime();
  const broker = new SimulatedBroker(time);
  broker.temper.heard = false;
  const dead = new SimulatedBroker(time);
  dead.temper.down = true;
  const receipts: Receipt[] = [];
  return Promise.resolve({
    link: broker,
    version: 5,
    deadLink: dead,
    watch: (filter) =>
      Promise.resolve(broker.watch(filter, ({ topic, payload }) => receipts.push({ topic, payload }))),
    receipts,
    retained: (topic) => Promise.resolve(broker.retained(topic)),
    publish: (topic, payload, retain) => Promise.resolve(broker.publish(topic, payload, retain)),
    cut: () => broker.cut(),
    until: (reached, what) => {
      while (!reached()) assert.ok(time.step(), `the world ended without: ${what}`);
      return Promise.resolve();
    },
    pause: (milliseconds) => {
      let over = false;
      time.after(milliseconds, () => {
        over = true;
      });
      while (!over) time.step();
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  });
}

/** Runs Mosquitto on a free port of the loopback interface with extra lines of configuration. */
async function startMosquitto(lines: readonly string[]): Promise<{ port: number; end(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-mosquitto-"));
  const port = await freePort();
  const file = join(directory, "mosquitto.conf");
  writeFileSync(
    file,
    ["user root", `listener ${port} 127.0.0.1`, "persistence false", ...lines, ""].join("\n"),
  );
  const child = spawn("mosquitto", ["-c", file], {
    stdio: "ignore",
    env: { PATH: `${process.env.PATH ?? ""}:/usr/sbin` },
  });
  await reachable(port, child);
  return {
    port,
    async end() {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      if (child.kill()) await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`mosquitto ended with ${code}`)));
  });
  failed.catch(() => {});
  const up = until(() => accepts(port), "mosquitto");
  await Promise.race([failed, up]);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Passes connections on to `port` until they are cut. */
async function startRelay(port: number): Promise<{ port: number; cut(): void; end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connectTcp({ host: "127.0.0.1", port });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const own = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: own,
    cut,
    async end() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function mqttLink(
  port: number,
  changes: Partial<ConstructorParameters<typeof MqttBroker>[0]> = {},
): MqttBroker {
  const none = { username: null, password: null, ca: null, cert: null, key: null };
  return new MqttBroker({ url: `mqtt://127.0.0.1:${port}`, version: "auto", ...none, ...changes });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function realPlace(
  port: number,
  settings: { readonly version: "auto" | 5 | "3.1.1"; readonly negotiates: 5 | 4 },
  endBroker: () => Promise<void>,
): Promise<Place> {
  const relay = await startRelay(port);
  const others: MqttClient[] = [];
  const receipts: Receipt[] = [];
  const visit = async (): Promise<MqttClient> => {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
    others.push(client);
    return client;
  };
  const host = await visit();
  host.on("message", (topic, payload) => receipts.push({ topic, payload: payload.toString() }));
  return {
    link: mqttLink(relay.port, { version: settings.version }),
    version: settings.negotiates,
    deadLink: mqttLink(await freePort()),
    watch: async (filter) => {
      await host.subscribeAsync(filter, { qos: 1 });
    },
    receipts,
    retained: async (topic) => {
      const visitor = await visit();
      let payload: string | null = null;
      visitor.on("message", (_, bytes) => {
        payload = bytes.toString();
      });
      await visitor.subscribeAsync(topic, { qos: 1 });
      await until(() => payload !== null, "a retained message");
      return payload;
    },
    publish: async (topic, payload, retain) => {
      await host.publishAsync(topic, payload, { qos: 1, retain });
    },
    cut: relay.cut,
    until,
    pause,
    end: async () => {
      await Promise.all(others.map((client) => client.endAsync(true)));
      await relay.end();
      await endBroker();
    },
  };
}

async function embeddedPlace(): Promise<Place> {
  const broker = await startEmbeddedBroker({ port: 0 });
  return await realPlace(broker.port, { version: "3.1.1", negotiates: 4 }, () => broker.close());
}

function mosquittoPlace(version: 5 | "3.1.1"): () => Promise<Place> {
  return async () => {
    const mosquitto = await startMosquitto(["allow_anonymous true", "max_inflight_messages 11"]);
    return await realPlace(mosquitto.port, { version, negotiates: version === 5 ? 5 : 4 }, mosquitto.end);
  };
}

const ROOT = "scanbox/v1/box-000123";
const STATUS = `${ROOT}/status`;

const WILL = '{"gone":true}';

const settings: BrokerSettings = {
  clientId: "box-000123",
  will: { topic: STATUS, payload: WILL, qos: 1, retain: true },
  connectTimeoutMs: 5_000,
  keepAliveS: 30,
};

/** What a connection has told its owner. */
class Owner {
  readonly sessions: BrokerSession[] = [];
  readonly messages: Receipt[] = [];
  readonly causes: string[] = [];
  readonly connection: BrokerConnection;

  constructor(link: BrokerLink, changes: Partial<BrokerSettings> = {}) {
    let returned = false;
    const afterReturn = (): void => assert.ok(returned, "a callback came before the call had returned");
    this.connection = link.connect(
      { ...settings, ...changes },
      {
        connected: (session) => {
          afterReturn();
          this.sessions.push(session);
        },
        message: (topic, payload) => {
          this.messages.push({ topic, payload: new TextDecoder().decode(payload) });
        },
        closed: (cause) => {
          afterReturn();
          this.causes.push(cause);
        },
      },
    );
    returned = true;
  }

  /** Publishes with QoS 1; the reason codes of its PUBACK are in the answer. */
  publish(topic: string, payload: string, retain = false): readonly number[] {
    const codes: number[] = [];
    let returned = false;
    const message: BrokerMessage = { topic, payload, qos: 1, retain };
    this.connection.publish(message, (code) => {
      assert.ok(returned, "a callback came before the call had returned");
      codes.push(code);
    });
    returned = true;
    return codes;
  }
}

async function online(place: Place, changes: Partial<BrokerSettings> = {}): Promise<Owner> {
  const owner = new Owner(place.link, changes);
  await place.until(() => owner.sessions.length + owner.causes.length > 0, "a connection");
  assert.deepEqual(owner.causes, []);
  return owner;
}

async function closed(place: Place, owner: Owner): Promise<void> {
  let done = 0;
  owner.connection.close(() => {
    done += 1;
  });
  assert.equal(done, 0);
  await place.until(() => done > 0, "the connection to be closed");
  assert.equal(done, 1);
}

const places: readonly (readonly [name: string, open: () => Promise<Place>])[] = [
  ["the twin", twinPlace],
  ["the embedded broker", embeddedPlace],
  ["Mosquitto with MQTT 5", mosquittoPlace(5)],
  ["Mosquitto with MQTT 3.1.1", mosquittoPlace("3.1.1")],
];

for (const [name, open] of places) {
  test(`on ${name}`, async (suite) => {
    const place = await open();
    suite.after(() => place.end());

    await suite.test("a connection tells its version and how much the broker takes at once", async () => {
      const owner = await online(place);
      assert.equal(owner.sessions.length, 1);
      assert.equal(owner.sessions[0]?.version, place.version);
      assert.ok((owner.sessions[0]?.receiveMaximum ?? 0) >= 1);
      await closed(place, owner);
    });

    await suite.test(
      "what is published arrives in order, and its PUBACK calls back once with reason 0",
      async () => {
        await place.watch(`${ROOT}/tx`);
        const owner = await online(place);
        const before = place.receipts.length;
        const payloads = Array.from({ length: 10 }, (_, index) => `{"seq":${index + 1},"text":"付款"}`);
        const codes = payloads.map((payload) => owner.publish(`${ROOT}/tx`, payload));
        await place.until(() => codes.every((code) => code.length > 0), "all PUBACKs");
        await place.until(() => place.receipts.length === before + 10, "all messages");
        assert.deepEqual(
          codes,
          payloads.map(() => [0]),
        );
        assert.deepEqual(
          place.receipts.slice(before),
          payloads.map((payload) => ({ topic: `${ROOT}/tx`, payload })),
        );
        await closed(place, owner);
      },
    );

    await suite.test(
      "that nobody is subscribed is told with reason 0x10, as far as the version can say so",
      async () => {
        const owner = await online(place);
        const codes = owner.publish(`${ROOT}/unheard`, "{}");
        await place.until(() => codes.length > 0, "the PUBACK");
        assert.deepEqual(codes, [place.version === 5 ? 0x10 : 0]);
        await closed(place, owner);
      },
    );

    await suite.test("a retained message is there for whoever comes later", async () => {
      const owner = await online(place);
      const codes = owner.publish(STATUS, '{"online":true}', true);
      await place.until(() => codes.length > 0, "the PUBACK");
      assert.equal(await place.retained(STATUS), '{"online":true}');
      await closed(place, owner);
    });

    await suite.test(
      "a farewell discards the will, and what was published before it still arrives",
      async () => {
        await place.watch(STATUS);
        const owner = await online(place);
        owner.publish(STATUS, '{"online":false,"reason":"stopped"}', true);
        await closed(place, owner);
        await place.until(
          () => place.receipts.at(-1)?.payload.includes("stopped") === true,
          "the last message",
        );
        await place.pause(30);
        assert.equal(await place.retained(STATUS), '{"online":false,"reason":"stopped"}');
        assert.deepEqual(owner.causes, []);
      },
    );

    await suite.test(
      "a broken connection is told once, publishes the will and answers nothing more",
      async () => {
        const owner = await online(place);
        const before = place.receipts.length;
        const codes = owner.publish(`${ROOT}/tx`, "{}");
        place.cut();
        await place.until(() => owner.causes.length > 0, "the loss");
        await place.until(
          () => place.receipts.slice(before).some(({ payload }) => payload === WILL),
          "the will",
        );
        const late = owner.publish(`${ROOT}/tx`, "{}");
        await place.pause(30);
        assert.equal(owner.causes.length, 1);
        assert.notEqual(owner.causes[0], "");
        assert.deepEqual([...codes, ...late], []);
        assert.equal(await place.retained(STATUS), WILL);
        await closed(place, owner);
      },
    );

    await suite.test("a subscription brings what was retained and what comes later", async () => {
      await place.publish(`${ROOT}/ack`, '{"upto":1}', true);
      const owner = await online(place);
      owner.connection.subscribe(`${ROOT}/ack`);
      await place.until(() => owner.messages.length === 1, "the retained message");
      await place.publish(`${ROOT}/ack`, '{"upto":2}', true);
      await place.until(() => owner.messages.length === 2, "the message");
      await place.publish(`${ROOT}/cmd`, "{}", false);
      await place.pause(30);
      assert.deepEqual(owner.messages, [
        { topic: `${ROOT}/ack`, payload: '{"upto":1}' },
        { topic: `${ROOT}/ack`, payload: '{"upto":2}' },
      ]);
      await closed(place, owner);
    });

    await suite.test("a new connection of the same client id ends the old one", async () => {
      const first = await online(place);
      const second = await online(place);
      await place.until(() => first.causes.length > 0, "the take-over");
      const codes = second.publish(`${ROOT}/tx`, "{}");
      await place.until(() => codes.length > 0, "the PUBACK");
      assert.equal(first.causes.length, 1);
      assert.deepEqual(second.causes, []);
      await closed(place, second);
    });

    await suite.test("a connection that is not made is told once, with its cause", async () => {
      const owner = new Owner(place.deadLink);
      await place.until(() => owner.causes.length > 0, "the refusal");
      await place.pause(30);
      assert.equal(owner.causes.length, 1);
      assert.match(owner.causes[0] ?? "", /refused/i);
      assert.deepEqual(owner.sessions, []);
      await closed(place, owner);
    });

    await suite.test("a connection that is closed before it is made says nothing", async () => {
      const owner = new Owner(place.link);
      await closed(place, owner);
      await place.pause(50);
      assert.deepEqual([...owner.sessions, ...owner.causes], []);
    });
  });
}

/** Waits until a connection has been made or refused. */
async function settled(owner: Owner): Promise<void> {
  await until(() => owner.sessions.length + owner.causes.length > 0, "an answer to CONNECT");
}

async function shut(owner: Owner): Promise<void> {
  await new Promise<void>((resolve) => owner.connection.close(resolve));
}

/** A server that is no broker: it says `greeting`, or nothing. */
async function startImpostor(greeting: Uint8Array): Promise<{ port: number; end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(greeting));
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a broker that refuses MQTT 5 is spoken to in 3.1.1 from the next connection on", async (suite) => {
  const broker = await startEmbeddedBroker({ port: 0 });
  suite.after(() => broker.close());
  const link = mqttLink(broker.port);
  const first = new Owner(link);
  await settled(first);
  assert.match(first.causes[0] ?? "", /version of MQTT \(0x01\)$/);
  const second = new Owner(link);
  await settled(second);
  assert.deepEqual(second.causes, []);
  assert.equal(second.sessions[0]?.version, 4);
  await shut(second);
});

test("a link that is told to speak MQTT 5 goes on speaking it, whatever the broker says", async (suite) => {
  const broker = await startEmbeddedBroker({ port: 0 });
  suite.after(() => broker.close());
  const link = mqttLink(broker.port, { version: 5 });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const owner = new Owner(link);
    await settled(owner);
    assert.match(owner.causes[0] ?? "", /version of MQTT \(0x01\)$/);
  }
});

test("the embedded broker tells what arrives", async (suite) => {
  const broker = await startEmbeddedBroker({ port: 0 });
  suite.after(() => broker.close());
  const receipts: unknown[] = [];
  broker.onMessage((receipt) => receipts.push(receipt));
  const owner = new Owner(mqttLink(broker.port, { version: "3.1.1" }));
  await settled(owner);
  owner.publish(STATUS, '{"online":true}', true);
  await until(() => receipts.length > 0, "the message");
  assert.deepEqual(receipts, [{ topic: STATUS, payload: '{"online":true}', retain: true }]);
  await shut(owner);
});

test("a broker's limits are known and obeyed, and what it forbids is told with its reason", async (suite) => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-acl-"));
  const acl = join(directory, "acl");
  writeFileSync(acl, "topic write scanbox/v1/+/status\ntopic read scanbox/v1/+/status\n");
  const broker = await startMosquitto([
    "allow_anonymous true",
    "max_inflight_messages 11",
    "max_packet_size 400",
    `acl_file ${acl}`,
  ]);
  suite.after(async () => {
    await broker.end();
    rmSync(directory, { recursive: true });
  });
  const owner = new Owner(mqttLink(broker.port));
  await settled(owner);
  assert.deepEqual(owner.sessions, [{ version: 5, receiveMaximum: 11, retains: true, packetBytesMax: 400 }]);
  const tooLarge = owner.publish(STATUS, "x".repeat(400));
  const forbidden = owner.publish(`${ROOT}/tx`, "{}");
  const unheard = owner.publish(STATUS, "{}");
  await until(() => unheard.length > 0, "the PUBACKs");
  assert.deepEqual([tooLarge, forbidden, unheard], [[0x95], [0x87], [0x10]]);
  assert.deepEqual(owner.causes, []);
  await shut(owner);
});

test("a broker without retained messages is met without them, and says so from then on", async (suite) => {
  const broker = await startMosquitto(["allow_anonymous true", "retain_available false"]);
  suite.after(() => broker.end());
  const link = mqttLink(broker.port);
  const first = new Owner(link);
  await settled(first);
  assert.deepEqual(first.causes, ["refused by the broker: it keeps no retained messages (0x9A)"]);
  for (let connection = 0; connection < 2; connection += 1) {
    const next = new Owner(link);
    await settled(next);
    assert.equal(next.sessions[0]?.retains, false);
    const codes = next.publish(STATUS, "{}", true);
    await until(() => codes.length > 0, "the PUBACK");
    assert.deepEqual(codes, [0x10], "taken, though nobody is subscribed");
    assert.deepEqual(next.causes, []);
    await shut(next);
  }
});

test("a broker that takes no QoS 1 is left with that word: nothing could ever be confirmed", async (suite) => {
  const broker = await startMosquitto(["allow_anonymous true", "max_qos 0"]);
  suite.after(() => broker.end());
  const owner = new Owner(mqttLink(broker.port));
  await settled(owner);
  assert.deepEqual(owner.causes, ["refused by the broker: it takes no message with QoS 1 (0x9B)"]);
  assert.deepEqual(owner.sessions, []);
  const without = new Owner(mqttLink(broker.port), { will: null });
  await settled(without);
  assert.deepEqual(without.causes, ["refused by the broker: it takes no message with QoS 1 (0x9B)"]);
});

test("who loses its session to another client of its id is told so by a broker that has a word for it", async (suite) => {
  // Mosquitto closes without one. CONNACK of MQTT 5, and DISCONNECT "session taken over" (MQTT 5, 3.14.2.1).
  const broker = await startImpostor(Uint8Array.of(0x20, 0x03, 0x00, 0x00, 0x00, 0xe0, 0x02, 0x8e, 0x00));
  suite.after(() => broker.end());
  const owner = new Owner(mqttLink(broker.port, { version: 5 }));
  await until(() => owner.causes.length > 0, "the take-over");
  assert.deepEqual(owner.causes, [
    "disconnected by the broker: another client has come with the same id: is there a second box with this box.id? (0x8E)",
  ]);
});

test("a broker that lets nobody in is told apart from one that is away", async (suite) => {
  const broker = await startMosquitto(["allow_anonymous false"]);
  suite.after(() => broker.end());
  for (const [version, reason] of [
    ["auto", "not authorized (0x87)"],
    ["3.1.1", "not authorized (0x05)"],
  ] as const) {
    const owner = new Owner(mqttLink(broker.port, { version, username: "box", password: "wrong" }));
    await settled(owner);
    assert.deepEqual(owner.causes, [`refused by the broker: ${reason}`]);
  }
});

test("a message that is too large for the box is ignored, and the connection stays", async (suite) => {
  const broker = await startMosquitto(["allow_anonymous true"]);
  suite.after(() => broker.end());
  const host = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  suite.after(() => host.endAsync(true));
  const topic = `${ROOT}/ack`;
  await host.publishAsync(topic, "x".repeat(INCOMING_BYTES_MAX + 1), { qos: 1, retain: true });
  for (const version of [5, "3.1.1"] as const) {
    const owner = new Owner(mqttLink(broker.port, { version }));
    await settled(owner);
    owner.connection.subscribe(topic);
    await pause(50);
    await host.publishAsync(topic, "small", { qos: 1 });
    await until(() => owner.messages.length > 0, "the small message");
    assert.deepEqual(owner.messages, [{ topic, payload: "small" }]);
    assert.deepEqual(owner.causes, []);
    await shut(owner);
  }
});

test("a packet without an end is cut off before it fills the memory", async (suite) => {
  // A PUBLISH that announces 256 MB.
  const packet = new Uint8Array(BUFFERED_BYTES_MAX + 200_000);
  packet.set([0x30, 0xff, 0xff, 0xff, 0x7f]);
  const impostor = await startImpostor(packet);
  suite.after(() => impostor.end());
  const owner = new Owner(mqttLink(impostor.port));
  await settled(owner);
  assert.deepEqual(owner.causes, ["a packet was larger than the box takes"]);
});

test("a server that is no broker, or is silent, is left with a cause", async (suite) => {
  const web = await startImpostor(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const silent = await startImpostor(new Uint8Array());
  suite.after(() => Promise.all([web.end(), silent.end()]));
  const first = new Owner(mqttLink(web.port), { connectTimeoutMs: 300 });
  const second = new Owner(mqttLink(silent.port), { connectTimeoutMs: 100 });
  await Promise.all([settled(first), settled(second)]);
  await pause(50);
  assert.equal(first.causes.length, 1);
  assert.deepEqual(second.causes, ["connack timeout"]);
  assert.deepEqual([...first.sessions, ...second.sessions], []);
});

test("with TLS, only a broker whose certificate the box trusts is spoken to", async (suite) => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-tls-"));
  const make = (name: string): string => {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
    const made = spawnSync("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    ]);
    assert.equal(made.status, 0, made.stderr.toString());
    return cert;
  };
  const cert = make("broker");
  const stranger = readFileSync(make("stranger"), "utf8");
  const client = make("client");
  const ca = readFileSync(cert, "utf8");
  const broker = await startMosquitto([
    ...["allow_anonymous true", `certfile ${cert}`, `keyfile ${join(directory, "broker.key")}`],
    ...[`cafile ${client}`, "require_certificate true", "use_identity_as_username true"],
  ]);
  suite.after(async () => {
    await broker.end();
    rmSync(directory, { recursive: true });
  });
  const url = `mqtts://127.0.0.1:${broker.port}`;
  const own = {
    cert: readFileSync(client, "utf8"),
    key: readFileSync(join(directory, "client.key"), "utf8"),
  };

  const trusted = new Owner(mqttLink(broker.port, { url, ca, ...own }));
  await settled(trusted);
  assert.deepEqual(trusted.causes, []);
  const codes = trusted.publish(STATUS, "{}");
  await until(() => codes.length > 0, "the PUBACK");
  await shut(trusted);

  const mistrusted = new Owner(mqttLink(broker.port, { url, ca: stranger, ...own }));
  await settled(mistrusted);
  assert.match(mistrusted.causes[0] ?? "", /self-signed/);

  const unknown = new Owner(mqttLink(broker.port, { url, ca }));
  await settled(unknown);
  assert.equal(unknown.causes.length, 1);
  assert.deepEqual([...mistrusted.sessions, ...unknown.sessions], []);
});
