/** What becomes of pins when processes die, disagree or are at fault, and which interface is taken where not all is there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGpio } from "../../src/links/gpio/gpio.ts";
import { LineFile } from "../../src/links/gpio/gpio-uapi.ts";
import type { GpioClaimed, GpioLine, GpioLines } from "../../src/runtime/ports.ts";
import { until } from "../e2e/until.ts";
import type { HolderAnswer, HolderOrders } from "./gpio-holder.ts";
import { headerBase, heldPins, pull, removeHeader, restoreHeader } from "./header.ts";
import { loadLink } from "./kernel-stand.ts";
import { clearTrace, readTrace } from "./trace.ts";

const HOLDER = join(import.meta.dirname, "gpio-holder.ts");
const SYSFS = "/sys/class/gpio";
const IN = 17;
const OUT = 5;
const ROW = 13;

const lines: readonly GpioLine[] = [
  { use: "input", pin: IN, pullUp: true, debounceMs: 0 },
  { use: "output", pin: OUT, level: 1 },
  { use: "open-drain", pin: ROW },
];

beforeEach(() => {
  restoreHeader();
  clearTrace();
});

afterEach(async () => {
  await Promise.all([...Holder.running].map((holder) => holder.kill()));
  if (heldPins().size > 0) removeHeader();
});

for (const backend of ["sysfs", "cdev"] as const) {
  describe(`pins by ${backend} and other processes`, () => {
    for (const before of ["sysfs", "cdev"] as const) {
      it(`${backend} takes over what a killed process left by ${before}`, async () => {
        const holder = await Holder.start({ backend: before, lines, afterwards: "hold" });
        assert.deepEqual([...heldPins().keys()], [OUT, ROW, IN]);
        await holder.kill();
        assert.equal(heldPins().size, before === "sysfs" ? 3 : 0);
        const claimed = await claim(backend, lines);
        assert.ok(claimed.kind === "claimed", JSON.stringify(claimed));
        assert.deepEqual(
          [...heldPins().values()],
          backend === "sysfs" ? Array(3).fill("sysfs") : Array(3).fill("scanbox"),
        );
        pull(IN, "up");
        assert.equal(claimed.lines.read(IN), 1);
        await release(claimed.lines);
        assert.equal(heldPins().size, 0);
        assert.equal(readTrace().findLast(({ pin }) => pin === ROW)?.level, "released");
      });

      it(`${backend} refuses what a running process holds by ${before}, and says who it is`, async () => {
        const holder = await Holder.start({ backend: before, lines: lines.slice(1, 2), afterwards: "hold" });
        clearTrace();
        const claimed = await claim(backend, lines);
        assert.ok(claimed.kind === "refused");
        assert.match(claimed.why, /^Pin 5 is in use by .*[.;]/);
        if (before === "cdev" && backend === "cdev") assert.match(claimed.why, /"scanbox"/);
        if (before === "sysfs") assert.ok(claimed.why.includes(`(process ${holder.pid})`));
        assert.deepEqual([...heldPins().keys()], [OUT]);
        assert.deepEqual(
          readTrace().filter(({ level }) => level !== "released"),
          [],
          "nothing was driven",
        );
        await holder.kill();
      });
    }

    it(`${backend}: an owner that throws at an edge ends its process with that error`, async () => {
      pull(IN, "up");
      const holder = await Holder.start({ backend, lines, afterwards: "throw" });
      await sleep(100);
      pull(IN, "down");
      const { code, said } = await holder.end();
      assert.equal(code, 1);
      assert.match(said, /Error: the owner of the pins is at fault/);
    });

    it(`${backend}: a process ends at once with its pins in use`, async () => {
      const began = performance.now();
      const holder = await Holder.start({ backend, lines, afterwards: "exit" });
      const { code } = await holder.end();
      assert.equal(code, 0);
      assert.ok(performance.now() - began < 60_000);
    });
  });
}

describe("a pin that another program takes out of sysfs", () => {
  it("is lost with all of its claim, and nothing is left exported", async () => {
    const heard: string[] = [];
    const claimed = await claim("sysfs", lines, heard);
    assert.ok(claimed.kind === "claimed");
    claimed.lines.watch(true);
    writeFileSync(join(SYSFS, "unexport"), String(headerBase() + IN));
    claimed.lines.read(IN);
    await until(() => heard.length > 0);
    assert.match(heard.join(), /^lost: ENODEV/);
    assert.equal(heldPins().size, 0);
    await release(claimed.lines);
  });
});

describe("files of sysfs that udev hands over late", () => {
  const files = ["value", "direction", "edge", "active_low"];
  const open = (number: number): void => {
    for (const file of files) chmodSync(join(SYSFS, `gpio${number}`, file), 0o666);
  };

  it("are waited for while the event loop turns", async () => {
    for (const file of ["export", "unexport"]) chmodSync(join(SYSFS, file), 0o666);
    const holder = Holder.spawn({ backend: "sysfs", lines, afterwards: "hold" }, { asNobody: true });
    await until(() => lines.every(({ pin }) => existsSync(join(SYSFS, `gpio${headerBase() + pin}`))));
    await sleep(300);
    for (const { pin } of lines) open(headerBase() + pin);
    const answer = await holder.answer();
    assert.deepEqual([answer.problem, answer.backend], [null, "sysfs"]);
    assert.ok(answer.stalledMs < 200, `the event loop stood still for ${answer.stalledMs} ms`);
    await holder.kill();
  });

  it("are given up in the end with a sentence, and nothing is left exported", async () => {
    for (const file of ["export", "unexport"]) chmodSync(join(SYSFS, file), 0o666);
    const holder = Holder.spawn({ backend: "sysfs", lines, afterwards: "hold" }, { asNobody: true });
    const { problem } = await holder.answer();
    assert.match(
      problem ?? "",
      /^Pin 17 cannot be used \(EACCES.*; the user of the box has to be in the group gpio\.$/,
    );
    assert.deepEqual(
      readdirSync(SYSFS).filter((name) => /^gpio\d/.test(name)),
      [],
    );
    await holder.end();
  });
});

describe("the choice of the interface", () => {
  it("falls on sysfs where all it needs is there", async () => {
    const loaded = await loadGpio({ backend: "auto", chip: null });
    assert.ok(loaded.ok && loaded.backend === "sysfs");
    assert.match(loaded.why, /^Pins of "pinctrl-\w+" \(\/sys\/class\/gpio\/gpiochip\d+\) by sysfs\.$/);
  });

  it("falls on the character device where onoff was not compiled, and says so", async () => {
    const holder = await Holder.start({ backend: "auto", lines, afterwards: "exit" }, { withoutOnoff: true });
    const { backend, why } = await holder.answer();
    assert.equal(backend, "cdev");
    assert.match(
      why,
      /^Pins of "pinctrl-\w+" by \/dev\/gpiochip\d+, not by sysfs: The package onoff does not load on this machine\./,
    );
  });

  it("falls on the character device where the kernel has no numbered pins, and says so", async () => {
    const holder = await Holder.start({ backend: "auto", lines, afterwards: "exit" }, { withoutSysfs: true });
    const { backend, why } = await holder.answer();
    assert.equal(backend, "cdev");
    assert.match(why, /, not by sysfs: \/sys\/class\/gpio\/export cannot be written;/);
  });

  it("is refused for a chip that is not there, with every chip that is, by either interface", async () => {
    for (const backend of ["auto", "sysfs", "cdev"] as const) {
      const loaded = await loadGpio({ backend, chip: "pinctrl-none" });
      assert.ok(!loaded.ok);
      assert.match(loaded.problem, /"pinctrl-none".*"raspberrypi-exp-gpio" with \d+ lines/);
      assert.match(loaded.problem, /"pinctrl-(?!none)\w+" with 5\d lines/);
    }
  });

  it("is made by the label that the configuration names", async () => {
    const loaded = await loadGpio({ backend: "cdev", chip: "raspberrypi-exp-gpio" });
    assert.ok(loaded.ok);
    assert.match(loaded.why, /^Pins of "raspberrypi-exp-gpio"/);
  });
});

describe("what only the character device can do", () => {
  it("it debounces in the kernel, pulls up, and several outputs move in one call", async (t) => {
    const calls = t.mock.method(LineFile.prototype, "set");
    const claimed = await claim("cdev", [
      { use: "input", pin: IN, pullUp: true, debounceMs: 400 },
      { use: "output", pin: OUT, level: 0 },
      { use: "output", pin: 6, level: 0 },
    ]);
    assert.ok(claimed.kind === "claimed", JSON.stringify(claimed));
    const { lines: held } = claimed;
    assert.equal(held.read(IN), 1);
    pull(IN, "down");
    assert.equal(held.read(IN), 1, "not settled yet");
    await until(() => held.read(IN) === 0);
    clearTrace();
    held.write([
      { pin: OUT, level: 1 },
      { pin: 6, level: 1 },
    ]);
    assert.deepEqual(
      readTrace().map(({ pin, level }) => [pin, level]),
      [
        [OUT, 1],
        [6, 1],
      ],
    );
    assert.equal(calls.mock.callCount(), 1);
    await release(held);
  });
});

/** A process of its own that claims pins. */
class Holder {
  static readonly running = new Set<Holder>();
  readonly #child;
  readonly #answer: Promise<HolderAnswer>;
  #said = "";

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
    Holder.running.add(this);
    this.#child.once("close", () => Holder.running.delete(this));
    const lines = createInterface(this.#child.stdout);
    this.#answer = once(lines, "line").then(([line]) => JSON.parse(String(line)));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  static spawn(orders: HolderOrders, world: HolderWorld = {}): Holder {
    const node = [
      ...(world.withoutOnoff === true ? ["--import", WITHOUT_ONOFF] : []),
      HOLDER,
      JSON.stringify(orders),
    ];
    if (world.asNobody === true) {
      const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      return new Holder("setpriv", [...user, process.execPath, ...node]);
    }
    if (world.withoutSysfs === true) {
      const hidden = `mount -t tmpfs none ${SYSFS} && exec "$@"`;
      return new Holder("unshare", ["--mount", "sh", "-c", hidden, "sh", process.execPath, ...node]);
    }
    return new Holder(process.execPath, node);
  }

  /** A process that has its pins. */
  static async start(orders: HolderOrders, world: HolderWorld = {}): Promise<Holder> {
    const holder = Holder.spawn(orders, world);
    const { problem } = await holder.answer();
    assert.equal(problem, null);
    return holder;
  }

  answer(): Promise<HolderAnswer> {
    return this.#answer;
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** Waits for its own end. */
  async end(): Promise<{ readonly code: number | null; readonly said: string }> {
    if (this.#child.exitCode === null) await once(this.#child, "close");
    return { code: this.#child.exitCode, said: this.#said };
  }
}

interface HolderWorld {
  readonly asNobody?: boolean;
  readonly withoutOnoff?: boolean;
  readonly withoutSysfs?: boolean;
}

/** A module that makes onoff fail to load, as it does where it was not compiled. */
const WITHOUT_ONOFF = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(name, context, next) {
      if (name === "onoff") throw new Error("not compiled");
      return next(name, context);
    },
  });
`)}`;

async function claim(
  backend: "sysfs" | "cdev",
  wanted: readonly GpioLine[],
  heard: string[] = [],
): Promise<GpioClaimed> {
  const link = await loadLink(backend);
  const listener = { edge: () => {}, lost: (cause: string) => heard.push(`lost: ${cause}`) };
  return await new Promise((resolve) => link.claim(wanted, listener, resolve));
}

async function release(held: GpioLines): Promise<void> {
  await new Promise<void>((resolve) => held.release(resolve));
}
