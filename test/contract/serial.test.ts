/**
 * What every serial link keeps, checked on the native package over pseudo-terminals made by socat and on its twin over
 * simulated time. Both are driven through the same few verbs: plug, unplug, send, wait until.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CODE_SILENCE_MS } from "../../src/core/codecs/line-guard.ts";
import type { ScannerProfileName } from "../../src/core/codecs/scanner-profile.ts";
import { loadSerialLink } from "../../src/links/serial/serial-port.ts";
import type { SerialConnection, SerialLink } from "../../src/runtime/ports.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";
import { PATIENCE_MS, until } from "../e2e/until.ts";

interface World {
  readonly link: SerialLink;
  readonly path: string;
  plug(): Promise<void>;
  unplug(): Promise<void>;
  send(bytes: Uint8Array): Promise<void>;
  /** What has reached the device. */
  received(): Buffer;
  /** Lets time pass until it holds; fails where it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets time pass in which something forbidden could happen. */
  pass(milliseconds: number): Promise<void>;
  end(): Promise<void>;
}

/** Everything that one connection said, in order. */
class Heard {
  readonly events: string[] = [];
  readonly lines: string[] = [];
  discardedLines = 0;
  connection: SerialConnection | null = null;

  static open(world: World, profile: ScannerProfileName = "plain"): Heard {
    const heard = new Heard();
    heard.connection = world.link.open(
      { path: world.path, baudRate: 9_600, profile },
      {
        opened: () => heard.events.push("opened"),
        line: (text) => {
          heard.events.push("line");
          heard.lines.push(text);
        },
        discarded: () => {
          heard.events.push("discarded");
          heard.discardedLines += 1;
        },
        closed: () => heard.events.push("closed"),
      },
    );
    assert.deepEqual(heard.events, [], "nothing comes before open has returned");
    return heard;
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }
}

function simulatedWorld(seed: number): World {
  const time = new SimulatedTime();
  const received: Uint8Array[] = [];
  const link = new SimulatedSerialLink(time, new Random(seed), (bytes) => received.push(bytes));
  return {
    link,
    path: "/dev/serial/by-id/usb-scanner",
    plug: async () => link.plug(),
    unplug: async () => link.unplug(),
    send: async (bytes) => link.send(bytes),
    received: () => Buffer.concat(received),
    until: async (condition) => {
      while (!condition()) assert.ok(time.step(), "it never came true");
    },
    pass: async (milliseconds) => time.runUntil(time.now + milliseconds),
    end: async () => {},
  };
}

/** socat copies its standard input into a pseudo-terminal and back; ending it hangs the terminal up. */
class PseudoTerminal {
  readonly #path: string;
  readonly #received: Buffer[] = [];
  #socat: ChildProcess | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async plug(): Promise<void> {
    const socat = spawn("socat", ["STDIO", `PTY,link=${this.#path},raw,echo=0`], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    socat.stdout.on("data", (bytes: Buffer) => this.#received.push(bytes));
    this.#socat = socat;
    await until(() => existsSync(this.#path));
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null) return;
    const ended = new Promise((resolve) => socat.once("exit", resolve));
    socat.kill("SIGKILL");
    await ended;
    rmSync(this.#path, { force: true });
  }

  received(): Buffer {
    return Buffer.concat(this.#received);
  }

  async send(bytes: Uint8Array): Promise<void> {
    const input = this.#socat?.stdin;
    assert.ok(input);
    await new Promise((resolve) => input.write(bytes, resolve));
  }
}

const directory = mkdtempSync(join(tmpdir(), "scanbox-serial-"));
after(() => rmSync(directory, { recursive: true }));
let terminals = 0;

async function realWorld(link: SerialLink): Promise<World> {
  terminals += 1;
  const path = join(directory, `scanner-${terminals}`);
  const terminal = new PseudoTerminal(path);
  await terminal.plug();
  return {
    link,
    path,
    plug: () => terminal.plug(),
    unplug: () => terminal.unplug(),
    send: (bytes) => terminal.send(bytes),
    received: () => terminal.received(),
    until: (condition) => until(condition),
    pass: async (milliseconds) => {
      await sleep(milliseconds);
    },
    end: () => terminal.unplug(),
  };
}

const CODE = "134567890123456789";
const OTHER = "101112131415161718";

function contract(name: string, makeWorld: (seed: number) => Promise<World>): void {
  describe(`a serial link keeps its contract: ${name}`, () => {
    let seed = 0;
    const inWorld = (behaviour: string, test: (world: World) => Promise<void>): void => {
      seed += 1;
      const own = seed;
      it(behaviour, async () => {
        const world = await makeWorld(own);
        try {
          await test(world);
        } finally {
          await world.end();
        }
      });
    };
    const opened = async (world: World, profile: ScannerProfileName = "plain"): Promise<Heard> => {
      const heard = Heard.open(world, profile);
      await world.until(() => heard.has("opened"));
      return heard;
    };
    const closed = async (world: World, heard: Heard): Promise<void> => {
      let free = false;
      heard.connection?.close(() => {
        free = true;
      });
      assert.equal(free, false, "close calls back after it has returned");
      await world.until(() => free);
    };

    for (const [terminator, end] of [
      ["CR", "\r"],
      ["LF", "\n"],
      ["CRLF", "\r\n"],
    ] as const) {
      inWorld(`brings a line that ends with ${terminator} without its terminator`, async (world) => {
        const heard = await opened(world);
        await world.send(Buffer.from(`${CODE}${end}`));
        await world.until(() => heard.lines.length > 0);
        await world.pass(50);
        assert.deepEqual(heard.lines, [CODE]);
        await closed(world, heard);
      });
    }

    inWorld("brings a line that came byte by byte", async (world) => {
      const heard = await opened(world);
      for (const byte of Buffer.from(`${CODE}\r`)) await world.send(Uint8Array.of(byte));
      await world.until(() => heard.lines.length > 0);
      assert.deepEqual(heard.lines, [CODE]);
      await closed(world, heard);
    });

    for (const [name, end] of [
      ["a Tab", "\t"],
      ["an ETX", "\u0003"],
      ["nothing", ""],
    ] as const) {
      inWorld(`brings a code with ${name} behind it after a silence, joined to no other`, async (world) => {
        const heard = await opened(world);
        await world.send(Buffer.from(`${OTHER}${end}`));
        await world.until(() => heard.lines.length === 1);
        await world.send(Buffer.from(`${CODE}${end}`));
        await world.until(() => heard.lines.length === 2);
        assert.deepEqual(heard.lines, [`${OTHER}${end}`, `${CODE}${end}`]);
        await closed(world, heard);
      });
    }

    inWorld(
      "brings a code whose end stands in front of it, and no code of the next one's end",
      async (world) => {
        const heard = await opened(world);
        await world.send(Buffer.from(`\r${OTHER}`));
        await world.until(() => heard.lines.length === 1);
        await world.send(Buffer.from(`\r${CODE}`));
        await world.until(() => heard.lines.length === 2);
        assert.deepEqual(heard.lines, [OTHER, CODE]);
        await closed(world, heard);
      },
    );

    inWorld("hands nothing over after its end, though a code waits for silence", async (world) => {
      const heard = await opened(world);
      await world.send(Buffer.from(OTHER));
      await world.pass(50);
      await closed(world, heard);
      await world.pass(CODE_SILENCE_MS + 200);
      assert.deepEqual(heard.lines, []);
    });

    inWorld("throws away what has no end and is no code, and says so", async (world) => {
      const heard = await opened(world);
      await world.send(Buffer.from("noise"));
      await world.until(() => heard.has("discarded"));
      await world.send(Buffer.from(`${CODE}\r`));
      await world.until(() => heard.lines.length > 0);
      assert.deepEqual(heard.lines, [CODE]);
      await closed(world, heard);
    });

    inWorld("takes glued frames apart", async (world) => {
      const heard = await opened(world);
      await world.send(Buffer.from(`${CODE}\r${OTHER}\r\n\r\n${CODE}\n`));
      await world.until(() => heard.lines.length === 3);
      assert.deepEqual(heard.lines, [CODE, OTHER, CODE]);
      await closed(world, heard);
    });

    inWorld("brings NULs and bytes above 0x7f as they are, and the next line clean", async (world) => {
      const heard = await opened(world);
      const noise = Buffer.from([0x00, 0x80, 0xff, 0xc3, 0xe4, 0x00]);
      await world.send(Buffer.concat([noise, Buffer.from(`\r${CODE}\r`)]));
      await world.until(() => heard.lines.length === 2);
      assert.deepEqual(heard.lines, [noise.toString("latin1"), CODE]);
      await closed(world, heard);
    });

    inWorld("throws 64 KiB without a terminator away, says so once, and reads on", async (world) => {
      const heard = await opened(world);
      await world.send(Buffer.alloc(65_536, "8"));
      await world.send(Buffer.from(`\r${CODE}\r`));
      await world.until(() => heard.lines.length > 0);
      assert.deepEqual(heard.lines, [CODE]);
      assert.equal(heard.discardedLines, 1);
      await closed(world, heard);
    });

    inWorld("loses none of 1,000 codes in a burst and keeps their order", async (world) => {
      const heard = await opened(world);
      const codes = Array.from({ length: 1_000 }, (_, n) => `13${String(n).padStart(16, "0")}`);
      await world.send(Buffer.from(codes.map((code) => `${code}\r`).join("")));
      await world.until(() => heard.lines.length >= codes.length);
      assert.deepEqual(heard.lines, codes);
      await closed(world, heard);
    });

    inWorld(
      "takes the replies of a profile out of the lines, and brings a code behind one",
      async (world) => {
        const heard = await opened(world, "gm65");
        const reply = Uint8Array.of(0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31);
        await world.send(reply);
        await world.send(Buffer.concat([reply, Buffer.from(`${CODE}\r`), reply]));
        await world.until(() => heard.lines.length > 0);
        await world.send(Buffer.from(`${OTHER}\r`));
        await world.until(() => heard.lines.length > 1);
        assert.deepEqual(heard.lines, [CODE, OTHER]);
        await closed(world, heard);
      },
    );

    inWorld("sends bytes as they are while it is open, and none before or after", async (world) => {
      const heard = Heard.open(world);
      heard.connection?.write(Buffer.from("early"));
      await world.until(() => heard.has("opened"));
      heard.connection?.write(Uint8Array.of(0x7e, 0x00, 0x0d, 0x0a, 0xff));
      heard.connection?.write(Buffer.from("next"));
      const expected = Buffer.from([0x7e, 0x00, 0x0d, 0x0a, 0xff, ...Buffer.from("next")]);
      await world.until(() => world.received().length >= expected.length);
      await closed(world, heard);
      heard.connection?.write(Buffer.from("late"));
      await world.pass(50);
      assert.deepEqual(world.received(), expected);
    });

    inWorld("does not mind bytes for a device that is gone", async (world) => {
      const heard = await opened(world);
      await world.unplug();
      heard.connection?.write(Buffer.from("lost"));
      await world.until(() => heard.has("closed"));
      heard.connection?.write(Buffer.from("lost"));
      await world.pass(50);
      assert.deepEqual(heard.events, ["opened", "closed"]);
      assert.deepEqual(world.received(), Buffer.alloc(0));
      await closed(world, heard);
    });

    inWorld("hints that the device is back, and no more once the watch has ended", async (world) => {
      await world.unplug();
      let hints = 0;
      const watch = world.link.watch(world.path, () => {
        hints += 1;
      });
      await world.pass(50);
      assert.equal(hints, 0, "nothing came");
      await world.plug();
      await world.until(() => hints > 0);
      watch.end();
      const before = hints;
      await world.unplug();
      await world.plug();
      await world.pass(50);
      assert.equal(hints, before);
    });

    inWorld("says once that the device was unplugged, and nothing after that", async (world) => {
      const heard = await opened(world);
      await world.send(Buffer.from(CODE.slice(0, 9)));
      await world.pass(50);
      await world.unplug();
      await world.until(() => heard.has("closed"));
      await world.pass(50);
      assert.deepEqual(heard.events, ["opened", "closed"]);
      await closed(world, heard);
    });

    inWorld("joins nothing from before an unplug to what comes after it", async (world) => {
      const before = await opened(world);
      await world.send(Buffer.from(CODE.slice(0, 9)));
      await world.pass(50);
      await world.unplug();
      await world.until(() => before.has("closed"));
      await world.plug();
      const heard = await opened(world);
      await world.send(Buffer.from(`${OTHER}\r`));
      await world.until(() => heard.lines.length > 0);
      assert.deepEqual(heard.lines, [OTHER]);
      await closed(world, heard);
    });

    inWorld("says closed where there is no device", async (world) => {
      await world.unplug();
      const heard = Heard.open(world);
      await world.until(() => heard.has("closed"));
      assert.deepEqual(heard.events, ["closed"]);
      await closed(world, heard);
    });

    inWorld("refuses a device that is open already, without harm to who has it", async (world) => {
      const first = await opened(world);
      const second = Heard.open(world);
      await world.until(() => second.has("closed"));
      assert.deepEqual(second.events, ["closed"]);
      await world.send(Buffer.from(`${CODE}\r`));
      await world.until(() => first.lines.length > 0);
      await closed(world, first);
    });

    inWorld("is silent from the moment it is closed, and free when it calls back", async (world) => {
      const first = await opened(world);
      await closed(world, first);
      const second = await opened(world);
      await world.send(Buffer.from(`${CODE}\r`));
      await world.until(() => second.lines.length > 0);
      await closed(world, second);
      await world.unplug();
      await world.pass(50);
      assert.deepEqual(first.events, ["opened"]);
      assert.deepEqual(second.events, ["opened", "line"]);
    });

    inWorld("is silent where it is closed while it opens", async (world) => {
      const first = Heard.open(world);
      await closed(world, first);
      const second = await opened(world);
      assert.deepEqual(first.events, []);
      await closed(world, second);
    });
  });
}

contract("the simulated twin", async (seed) => simulatedWorld(seed));
const link = await loadSerialLink(50);
contract("serialport on a pseudo-terminal", () => realWorld(link));

describe("the link on serialport", () => {
  it("ends a connection whose path has come to lead to another device", async () => {
    const [first, second] = [await realWorld(link), await realWorld(link)];
    const path = join(directory, "by-id");
    symlinkSync(first.path, path);
    const heard = Heard.open({ ...first, path });
    await until(() => heard.has("opened"));
    await sleep(120);
    assert.deepEqual(heard.events, ["opened"], "an unchanged path is left alone");
    unlinkSync(path);
    symlinkSync(second.path, path);
    await until(() => heard.has("closed"));
    assert.deepEqual(heard.events, ["opened", "closed"]);
    await first.end();
    await second.end();
  });

  it("brings a line to an idle process without a timer to wake it", async () => {
    // The only timer of the link comes later than the test waits.
    const world = await realWorld(await loadSerialLink(2 * PATIENCE_MS));
    const heard = Heard.open(world);
    await until(() => heard.has("opened"));
    await sleep(200);
    await world.send(Buffer.from(`${CODE}\r`));
    await until(() => heard.lines.length > 0);
    await new Promise<void>((resolve) => heard.connection?.close(resolve));
    await world.end();
  });

  const mayHangUp = process.getuid?.() === 0 && existsSync("/usr/bin/perl");
  it("ends at once, without spinning, where the terminal hangs up while a line is being handled", {
    skip: mayHangUp ? false : "hanging up a terminal takes root and perl",
  }, async () => {
    // TIOCVHANGUP makes every later read return zero bytes, as pulling the plug of a USB scanner does.
    const world = await realWorld(link);
    const ends: string[] = [];
    let isOpen = false;
    const connection = link.open(
      { path: world.path, baudRate: 9_600, profile: "plain" },
      {
        opened: () => {
          isOpen = true;
        },
        line: () => {
          execFileSync("/usr/bin/perl", [
            "-e",
            'open(T, "+<", $ARGV[0]) or die; ioctl(T, 0x5437, 0) or die "$!"',
            world.path,
          ]);
        },
        discarded: () => {},
        closed: (cause) => ends.push(cause),
      },
    );
    try {
      await until(() => isOpen);
      await world.send(Buffer.from(`${CODE}\r${OTHER.slice(0, 5)}`));
      await until(() => ends.length > 0);
      const before = process.cpuUsage();
      await sleep(300);
      const spent = process.cpuUsage(before);
      assert.ok(spent.user + spent.system < 150_000, `${spent.user + spent.system} µs of CPU in 300 ms`);
      assert.equal(ends.length, 1);
    } finally {
      await new Promise<void>((resolve) => connection.close(resolve));
      await world.end();
    }
  });
});
