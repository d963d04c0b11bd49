import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test, { type TestContext } from "node:test";
import { outputsOffCommand } from "../../src/cli/outputs-off.ts";
import type { GpioLine, GpioLines, GpioLink } from "../../src/runtime/ports.ts";

const example = join(import.meta.dirname, "../../device.config.json");

/** The header of a machine on which some pins belong to somebody else. */
class Header implements GpioLink {
  readonly claimed: GpioLine[] = [];
  readonly released: number[] = [];
  readonly #taken: readonly number[];

  constructor(taken: readonly number[] = []) {
    this.#taken = taken;
  }

  claim(...[lines, , done]: Parameters<GpioLink["claim"]>): void {
    this.claimed.push(...lines);
    const refused = lines.some(({ pin }) => this.#taken.includes(pin));
    const release = (released: () => void): void => {
      this.released.push(...lines.map(({ pin }) => pin));
      setImmediate(released);
    };
    const held: GpioLines = { read: () => 0, write: () => {}, watch: () => {}, release };
    setImmediate(() =>
      done(refused ? { kind: "refused", why: "Pin is in use." } : { kind: "claimed", lines: held }),
    );
  }
}

async function outputsOff(t: TestContext, outputs: unknown, header: Header | null) {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = join(folder, "device.config.json");
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(example, "utf8")), outputs }));
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await outputsOffCommand(
    ["--config", config],
    { stdout, stderr, stdin: new PassThrough() },
    async () =>
      header === null
        ? { ok: false, problem: "There is no GPIO chip." }
        : { ok: true, link: header, backend: "cdev", why: "" },
  );
  const text = (stream: PassThrough): string => String(stream.read() ?? "");
  return { status, stdout: text(stdout), stderr: text(stderr) };
}

const relay = { pin: 27, activeLow: true, fenPerPulse: 10_000 };

test("every output is driven to its own off level and given back, the relay first", async (t) => {
  const header = new Header();
  const said = await outputsOff(t, { paid: 26, buzzer: { pin: 11, activeLow: true }, relay }, header);
  assert.deepEqual(said, { status: 0, stdout: "relay, paid, buzzer: off.\n", stderr: "" });
  assert.deepEqual(header.claimed, [
    { use: "output", pin: 27, level: 1 },
    { use: "output", pin: 26, level: 0 },
    { use: "output", pin: 11, level: 1 },
  ]);
  assert.deepEqual(header.released, [27, 26, 11]);
});

test("a pin that cannot be had keeps no other one on", async (t) => {
  const header = new Header([27]);
  const said = await outputsOff(t, { paid: 26, relay }, header);
  assert.deepEqual(said, { status: 1, stdout: "", stderr: "outputs.relay: Pin is in use.\n" });
  assert.deepEqual(header.released, [26]);
});

test("a machine without pins is told only to whoever configured some", async (t) => {
  assert.deepEqual(await outputsOff(t, { paid: 26 }, null), {
    status: 1,
    stdout: "",
    stderr: "There is no GPIO chip.\n",
  });
  assert.equal((await outputsOff(t, null, null)).status, 0);
});
