/**
 * A scanner that plays a keyboard, on the kernel's own input devices: typed by uinput, read by the box's link, and taken
 * from everybody else. It runs where there is /dev/uinput, which is in the simulated board.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Scanner } from "../../src/drivers/scanner.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { loadEvdevKeyboard } from "../../src/links/serial/evdev-keyboard.ts";
import { loadScannerLink } from "../../src/links/serial/scanner-link.ts";
import type { SerialConnection, SerialLink } from "../../src/runtime/ports.ts";
import { until } from "../e2e/until.ts";
import { VirtualKeyboard } from "./virtual-keyboard.ts";

const CODE = "134567890123456789";
const OTHER = "101112131415161718";
const BY_ID = "/dev/input/by-id/usb-scanner-event-kbd";

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function plugged(): VirtualKeyboard {
  const keyboard = new VirtualKeyboard();
  ends.push(() => keyboard.destroy());
  return keyboard;
}

function linkById(keyboard: VirtualKeyboard): void {
  mkdirSync(dirname(BY_ID), { recursive: true });
  rmSync(BY_ID, { force: true });
  symlinkSync(keyboard.path, BY_ID);
  ends.push(() => rmSync(BY_ID, { force: true }));
}

function opened(link: SerialLink, path: string) {
  const events: string[] = [];
  const connection = link.open(
    { path, baudRate: 9_600, profile: "plain" },
    {
      opened: () => events.push("opened"),
      line: (text) => events.push(text),
      discarded: () => events.push("discarded"),
      closed: (cause) => events.push(`closed: ${cause}`),
    },
  );
  assert.equal(events.length, 0, "nothing comes before open has returned");
  ends.push(() => closed(connection));
  return { events, connection };
}

function closed(connection: SerialConnection): Promise<void> {
  return new Promise((resolve) => connection.close(resolve));
}

/** Reads whatever a second reader of the keyboard is given, in bytes. */
class SecondReader {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    ends.push(() => closeSync(this.#fd));
  }

  bytes(): number {
    try {
      return readSync(this.#fd, Buffer.alloc(64 * 24));
    } catch (error) {
      assert.match(String(error), /EAGAIN/);
      return 0;
    }
  }
}

const skip = existsSync("/dev/uinput") ? false : "there is no /dev/uinput here";

describe("a scanner that plays a keyboard", { skip }, () => {
  it("is chosen by its path, and brings its codes as lines, in order", async () => {
    const keyboard = plugged();
    const { events } = opened(await loadScannerLink({ path: keyboard.path }), keyboard.path);
    await until(() => events.length > 0, "it opens");
    for (const code of [CODE, OTHER, CODE]) await keyboard.type(code);
    await until(() => events.length === 4, "all arrive");
    assert.deepEqual(events, ["opened", CODE, OTHER, CODE]);
  });

  it("types into nothing else while the box has it, and again when it has not", async () => {
    const keyboard = plugged();
    const second = new SecondReader(keyboard.path);
    await keyboard.type("1");
    assert.ok(second.bytes() > 0, "an ungrabbed keyboard is heard by everybody");
    const { events, connection } = opened(await loadEvdevKeyboard(), keyboard.path);
    await until(() => events.length > 0, "it opens");
    await keyboard.type(CODE);
    await until(() => events.includes(CODE), "the code arrives");
    assert.equal(second.bytes(), 0, "the console is given nothing");
    await closed(connection);
    await keyboard.type("2");
    assert.ok(second.bytes() > 0, "the keyboard is free again");
    assert.deepEqual(events, ["opened", CODE], "what was typed before and after is not heard");
  });

  it("is refused with a sentence where another has taken it, and open to the next once it is free", async () => {
    const keyboard = plugged();
    const link = await loadEvdevKeyboard();
    const first = opened(link, keyboard.path);
    await until(() => first.events.length > 0, "it opens");
    const second = opened(link, keyboard.path);
    await until(() => second.events.length > 0, "the second is refused");
    assert.deepEqual(second.events, [
      "closed: another program holds the scanner for itself (EVIOCGRAB: EBUSY)",
    ]);
    await keyboard.type(CODE);
    await until(() => first.events.includes(CODE), "the first still reads");
    await closed(first.connection);
    const third = opened(link, keyboard.path);
    await until(() => third.events.length > 0, "the third opens");
    assert.deepEqual(third.events, ["opened"]);
  });

  it("is refused where the path leads to no keyboard, or nowhere", async () => {
    const link = await loadEvdevKeyboard();
    const none = opened(link, "/dev/null");
    const gone = opened(link, "/dev/input/event99");
    await until(() => none.events.length + gone.events.length === 2, "both are refused");
    assert.match(none.events[0] ?? "", /^closed: the device cannot be taken for the box alone \(.*ENOTTY\)$/);
    assert.match(gone.events[0] ?? "", /^closed: ENOENT/);
  });

  it("reads 14 keys that the kernel had to keep, and marks where more than it keeps were lost", async () => {
    const keyboard = plugged();
    const { events } = opened(await loadEvdevKeyboard(), keyboard.path);
    await until(() => events.length > 0, "it opens");
    // The kernel keeps 64 records of a keyboard: 14 keys are 56 without their scan codes and 84 with them.
    keyboard.typeAtOnce("1234567890123");
    await until(() => events.length > 1, "a line arrives");
    assert.equal(events[1], "1234567890123");
    keyboard.typeAtOnce("1".repeat(40));
    keyboard.typeAtOnce("2");
    await sleep(100);
    await keyboard.type("3");
    await until(() => events.at(-1)?.endsWith("3") === true, "the end arrives");
    for (const line of events.slice(2))
      assert.doesNotMatch(line, /^1+$|^\d{4,}$/, "no torn line looks whole");
    assert.match(events.slice(2).join(" "), /\?/);
  });

  it("says once that it was unplugged, and spends nothing on it after that", async () => {
    const keyboard = plugged();
    const { events } = opened(await loadEvdevKeyboard(), keyboard.path);
    await until(() => events.length > 0, "it opens");
    keyboard.destroy();
    await until(() => events.length > 1, "the unplug is noticed");
    assert.match(events[1] ?? "", /^closed: the device hung up/);
    const before = process.cpuUsage();
    await sleep(500);
    const spent = process.cpuUsage(before);
    assert.ok(spent.user + spent.system < 250_000, `${spent.user + spent.system} µs of CPU in 500 ms`);
    assert.equal(events.length, 2);
  });

  it("is found again by its name, under another number, by the driver", async () => {
    const first = plugged();
    linkById(first);
    const scans: string[] = [];
    const statuses: string[] = [];
    const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const scanner = new Scanner({
      link: await loadScannerLink({ path: BY_ID }),
      clock: new SystemClock(),
      log: quiet,
      settings: { path: BY_ID, baudRate: 9_600, profile: "gm65" },
      listener: {
        scanned: (code) => scans.push(code.reveal()),
        refused: (refusal) => scans.push(refusal),
        status: (status) => statuses.push(status),
      },
    });
    scanner.want(true);
    scanner.start();
    ends.push(() => new Promise((resolve) => scanner.stop(resolve)));
    await until(() => statuses.length === 1, "ready");
    await first.type(CODE);
    await until(() => scans.length === 1, "the first code arrives");
    await first.type(CODE.slice(0, 9));
    await until(() => scans.length === 2, "half a code is refused");
    unlinkSync(BY_ID);
    first.destroy();
    await until(() => statuses.length === 2, "absent");
    await sleep(1_500);
    // Somebody else takes the old number meanwhile.
    const between = plugged();
    const second = plugged();
    assert.notEqual(second.path, first.path);
    linkById(second);
    const returnedAt = performance.now();
    await until(() => statuses.length === 3, "ready again");
    const tookMs = performance.now() - returnedAt;
    // How soon is held in simulated time: the guest of a busy machine takes what it takes.
    assert.ok(tookMs < 60_000, `${tookMs} ms`);
    await between.type(OTHER);
    await second.type(OTHER);
    await until(() => scans.length === 3, "the code of the second arrives");
    await sleep(100);
    assert.deepEqual(scans, [CODE, "not-a-payment-code", OTHER]);
    assert.deepEqual(statuses, ["ready", "absent", "ready"]);
  });

  it("does not keep a process from ending while it waits for a key", async () => {
    const keyboard = plugged();
    const program = `
      import { loadEvdevKeyboard } from "./src/links/serial/evdev-keyboard.ts";
      const link = await loadEvdevKeyboard();
      link.open({ path: process.argv[1], baudRate: 9600, profile: "plain" }, {
        opened: () => setTimeout(() => process.exit(7), 50),
        line: () => {}, discarded: () => {}, closed: () => process.exit(8),
      });
    `;
    const root = new URL("../..", import.meta.url);
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, keyboard.path], {
      cwd: root,
      stdio: "inherit",
    });
    ends.push(() => void child.kill("SIGKILL"));
    const status = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(status, 7);
  });
});
