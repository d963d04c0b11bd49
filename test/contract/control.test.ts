/** What every control socket keeps, checked on a unix socket and on its twin; then what only a real file system can show. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { askSocket, ControlSocket } from "../../src/links/listen/control-socket.ts";
import type { ControlLink, ControlOpened, ControlPeer } from "../../src/runtime/ports.ts";
import { SimulatedControlLink } from "../../src/simulator/outside/control.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { until } from "../e2e/until.ts";

/** Somebody outside. */
interface Visitor {
  send(text: string): void;
  finish(): void;
  leave(): void;
  /** Everything heard, once the box has ended the connection. */
  readonly toTheEnd: Promise<string>;
}

interface World {
  link(): ControlLink;
  visit(): Visitor;
  /** Lets the world go on until `condition` holds. */
  until(condition: () => boolean): Promise<void>;
}

function simulated(): World {
  const time = new SimulatedTime();
  const link = new SimulatedControlLink(time);
  return {
    link: () => link,
    visit: () => {
      const visitor = link.visit();
      assert.ok(visitor !== null);
      const bytes = new TextEncoder();
      return {
        send: (text) => visitor.send(bytes.encode(text)),
        finish: () => visitor.finish(),
        leave: () => visitor.leave(),
        get toTheEnd() {
          assert.ok(visitor.ended);
          return Promise.resolve(visitor.heard);
        },
      };
    },
    until: async (condition) => {
      time.runUntil(time.now + 10);
      assert.ok(condition());
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "scanbox-socket-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let doors = 0;

function freshPath(): string {
  doors += 1;
  return join(folder, `${doors}.sock`);
}

function real(): World {
  const path = freshPath();
  return {
    link: () => new ControlSocket([path]),
    visit: () => visitorOf(createConnection(path)),
    until: (condition) => until(condition),
  };
}

function visitorOf(socket: Socket): Visitor {
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  socket.on("error", () => undefined);
  const toTheEnd = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(heard));
  });
  return {
    send: (text) => void socket.write(text),
    finish: () => void socket.end(),
    leave: () => void socket.destroy(),
    toTheEnd,
  };
}

async function listening(world: World, link: ControlLink) {
  const met: { peer: ControlPeer; said: string; finished: boolean; gone: boolean }[] = [];
  let opened: ControlOpened | null = null;
  let returned = false;
  link.listen(
    (peer) => {
      const one = { peer, said: "", finished: false, gone: false };
      met.push(one);
      return {
        received: (bytes) => {
          one.said += new TextDecoder().decode(bytes);
        },
        finished: () => {
          one.finished = true;
        },
        closed: () => {
          one.gone = true;
        },
      };
    },
    (outcome) => {
      assert.ok(returned, "nothing comes before listen has returned");
      opened = outcome;
    },
  );
  returned = true;
  await world.until(() => opened !== null);
  return { met, opened: opened as ControlOpened | null };
}

async function closing(world: World, link: ControlLink): Promise<void> {
  let closed = false;
  link.close(() => {
    closed = true;
  });
  assert.equal(closed, false, "nothing comes before close has returned");
  await world.until(() => closed);
}

for (const [name, makeWorld] of [
  ["a unix socket", real],
  ["the simulator", simulated],
] as const) {
  describe(`a control socket of ${name}`, () => {
    it("passes on what is said and what is answered, and each end of it", async () => {
      const world = makeWorld();
      const link = world.link();
      const { met, opened } = await listening(world, link);
      assert.equal(opened?.kind, "listening");
      const [one, two] = [world.visit(), world.visit()];
      one.send("first\n");
      two.send("second\n");
      await world.until(() => met.length === 2 && met.every(({ said }) => said.endsWith("\n")));
      const [first, second] = met.toSorted((a, b) => a.said.localeCompare(b.said));
      assert.ok(first !== undefined && second !== undefined);
      one.finish();
      await world.until(() => first.finished);
      first.peer.send("answer\n");
      first.peer.end();
      first.peer.send("nobody hears this\n");
      two.leave();
      // Who vanishes is seen to say nothing more; that they are gone may show only when something is sent.
      await world.until(() => second.gone || second.finished);
      assert.equal(await one.toTheEnd, "answer\n");
      await closing(world, link);
      assert.equal(first.gone, false, "who was sent away does not say goodbye");
    });

    it("ends who is inside when it is closed", async () => {
      const world = makeWorld();
      const link = world.link();
      const { met } = await listening(world, link);
      const visitor = world.visit();
      await world.until(() => met.length === 1);
      await closing(world, link);
      assert.equal(await visitor.toTheEnd, "");
    });
  });
}

describe("a control socket on a real file system", () => {
  const world = real();

  it("is for its user and group alone, and gone when it is closed", async () => {
    const path = freshPath();
    const before = process.umask();
    const link = new ControlSocket([path]);
    const { opened } = await listening(world, link);
    assert.deepEqual(opened, { kind: "listening", path });
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal(process.umask(), before);
    await closing(world, link);
    assert.equal(existsSync(path), false);
  });

  it("takes the place of one that a killed process left, never of one where somebody listens", async () => {
    const path = freshPath();
    const abandoned = createServer();
    await new Promise<void>((resolve) => abandoned.listen(path, resolve));
    const refused = await listening(world, new ControlSocket([path]));
    assert.deepEqual(refused.opened, { kind: "refused", why: `${path}: another program listens there` });
    assert.ok(existsSync(path));
    // What a process that is killed leaves: the file, and nobody behind it.
    const copy = freshPath();
    leaveSocket(copy);
    const link = new ControlSocket([copy]);
    const { opened } = await listening(world, link);
    assert.equal(opened?.kind, "listening");
    await closing(world, link);
    await new Promise<void>((resolve) => abandoned.close(() => resolve()));
  });

  it("opens at the first place that will do, and says of each why it will not", async () => {
    const file = freshPath();
    writeFileSync(file, "not a socket");
    const nowhere = join(folder, "nowhere", "control.sock");
    const long = join(folder, "x".repeat(120));
    const good = freshPath();
    const link = new ControlSocket([nowhere, file, long, good]);
    const { opened } = await listening(world, link);
    assert.deepEqual(opened, { kind: "listening", path: good });
    await closing(world, link);
    const { opened: none } = await listening(world, new ControlSocket([nowhere, file, long]));
    assert.ok(none?.kind === "refused");
    assert.match(none.why, /no such folder; .*no socket stands there; .*too long/);
  });

  it("is asked by a client that does not wait for ever", async () => {
    assert.deepEqual(await askSocket(freshPath(), "x\n", 1_000), { kind: "nobody" });
    const path = freshPath();
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    assert.deepEqual(await askSocket(path, "x\n", 30), { kind: "failed", why: "no answer in time" });
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    const other = freshPath();
    const talkative = createServer((socket) => void socket.resume().end("an answer\nand more"));
    await new Promise<void>((resolve) => talkative.listen(other, resolve));
    assert.deepEqual(await askSocket(other, "x\n", 1_000), { kind: "answered", line: "an answer" });
    await new Promise<void>((resolve) => talkative.close(() => resolve()));
    const mute = freshPath();
    const rude = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(mute, resolve));
    const asked = await askSocket(mute, "x\n", 1_000);
    assert.equal(asked.kind, "failed");
    await new Promise<void>((resolve) => rude.close(() => resolve()));
  });
});

/** A socket's file whose process was killed. */
function leaveSocket(path: string): void {
  const program = `require("node:net").createServer()
    .listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program]);
  assert.ok(existsSync(path));
}
