/**
 * A whole box on the kernel's pins: the bundled program with keypad, display, lights and relay, a scanner on a
 * pseudo-terminal, the sandbox over TLS and a broker. Fingers type on a key matrix, and what the display shows is decoded from
 * the trace of its pins.
 */
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Box } from "../e2e/box.ts";
import { Stand } from "../e2e/stand.ts";
import { until } from "../e2e/until.ts";
import { Hd44780, type Hd44780Byte } from "./hd44780.ts";
import { heldPins, removeHeader, restoreHeader } from "./header.ts";
import type { FingerOrder } from "./matrix-preload.ts";
import { type PinEvent, TraceFollower } from "./trace.ts";

const keypad = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0.:="] };
const display = { driver: "hd44780-gpio", columns: 16, rows: 2, rs: 25, e: 24, data: [23, 17, 18, 22] };
/**
 * Pulses as long as they may be: five of them take seconds, in which the display comes to show that goods are given out, and
 * eight are not over before a process is killed between them. The box draws the newest picture, never all of them.
 */
const relay = { pin: 7, fenPerPulse: 250, widthMs: 500, gapMs: 500 };
const outputs = { paid: 26, wait: 4, refused: 27, buzzer: 11, relay };

/** The guest is some ten times slower than a Pi 4, and one process among others: a handshake takes a second, or many. */
const timing = {
  queryEveryMs: 1_000,
  giveUpAfterMs: 120_000,
  reverseNotBeforeMs: 500,
  confirmNotBeforeMs: 1_500,
  sendWithinMs: 60_000,
  connectTimeoutMs: 30_000,
  answerTimeoutMs: 60_000,
};

const stand = await Stand.start();
after(() => stand.end());

for (const backend of ["sysfs", "cdev"] as const) {
  describe(`a box on ${backend}`, () => {
    let box: Box;
    let film: Film;

    beforeEach(async () => {
      restoreHeader();
      film = new Film();
      box = await stand.box(`${backend}-${Math.random().toString(36).slice(2, 10)}`, {
        extra: {
          amount: { source: "keypad", maximum: "100.00" },
          ...{ keypad, display, outputs, timing, gpio: { backend } },
        },
      });
      box.around = {
        execArgv: ["--import", new URL("./matrix-preload.ts", import.meta.url).href],
        env: { HIL_MATRIX: JSON.stringify(keypad) },
      };
    });

    afterEach(async () => {
      if (box.programs.length > 0 && box.program.ending === null) await box.stop();
      film.close();
      if (heldPins().size > 0) removeHeader();
    });

    it("takes 12.50 from the keys, shows every step, and pulses the relay for it once", async () => {
      const program = await box.start("idle");
      await program.line("a keypad", ({ event, device }) => event === "pins.ready" && device === "keypad");
      // Whether it says before that it starts depends on who is quicker, the journal or the display.
      await film.shows("Welcome         ", "Enter amount    ");
      const finger = new Finger(box);
      // A ghost: three corners of a rectangle are down, the fourth (9) must not be typed.
      await finger.corners();
      finger.order({ does: "stick", row: 1, column: 3, bounces: 0 });
      await program.line("stuck key", ({ event }) => event === "keypad.stuck");
      finger.order({ does: "free", row: 1, column: 3, bounces: 0 });
      await program.line("a free key", ({ event }) => event === "keypad.freed");
      for (const key of ["1", "2", ".", "5", "0"]) await finger.tap(key);
      await film.shows("Amount     (CNY)", "          12.50_");
      await finger.tap("=");
      await film.shows("Pay       ¥12.50", "Show WeChat code");
      await box.scan(stand.code());
      await film.shows("Pay       ¥12.50", "Please wait...  ");
      await film.shows("PAID      ¥12.50", "Dispensing...   ");
      await film.shows("PAID      ¥12.50", "Thank you       ");
      await stand.settled(box);
      const [row] = await stand.assertOneStory(box);
      assert.deepEqual(row?.dispense, { pulses: 5, outcome: "dispensed" });
      await box.stop();
      assert.equal(film.pulses(), 5, "a pulse for each 2.50");
      assert.ok(risesOf(film.events, outputs.paid) >= 1, "the light of PAID was on");
      assert.ok(risesOf(film.events, outputs.buzzer) >= 2, "it was heard");
      for (const pin of keypad.rows) {
        assert.deepEqual(
          film.events.filter((event) => event.pin === pin && event.level === 1),
          [],
        );
      }
      assert.deepEqual(film.module.early, [], "the display had time for each byte");
      assert.deepEqual(film.needless(), [], "no cell was written without need");
      assert.deepEqual([...heldPins()], [], "nothing is left exported or held");
      assert.equal(lastOf(film.events, relay.pin), "released");
    });

    it("is killed between pulses: they end, the next start gives none, and the goods are for staff", async () => {
      const program = await box.start("idle");
      await program.line("a keypad", ({ event, device }) => event === "pins.ready" && device === "keypad");
      const finger = new Finger(box);
      for (const key of ["2", "0", "="]) await finger.tap(key);
      await program.screen("armed");
      await box.scan(stand.code());
      await until(() => film.pulses() >= 2, "two pulses of eight");
      await box.kill();
      const off = await box.command("outputs-off");
      assert.equal(off.status, 0, off.stderr);
      const pulses = film.pulses();
      assert.ok(pulses < 8, `${pulses} pulses went out`);
      assert.equal(lastOf(film.events, relay.pin), "released");
      // Who paid may stand there still.
      await box.start("earlier-paid");
      await stand.settled(box);
      const [row] = await stand.assertOneStory(box);
      assert.deepEqual([row?.state, row?.dispense], ["paid", { pulses: 8, outcome: "unclear" }]);
      await box.stop();
      assert.equal(film.pulses(), pulses, "a second pulse could be a second product");
      assert.deepEqual([...heldPins()], []);
    });
  });
}

/** A finger on the key matrix of a box. */
class Finger {
  readonly #box: Box;

  constructor(box: Box) {
    this.#box = box;
  }

  order(order: FingerOrder): void {
    this.#box.program.send(order);
  }

  /** Presses a key until it is heard, with contacts that chatter. */
  async tap(key: string): Promise<void> {
    const row = keypad.keys.findIndex((labels) => labels.includes(key));
    const column = keypad.keys[row]?.indexOf(key) ?? -1;
    const { program } = this.#box;
    const heard = (): number => program.log.filter(({ kind }) => kind === "key-pressed").length;
    const before = heard();
    this.order({ does: "press", row, column, bounces: 3 });
    // The guest may be busy with a handshake for longer than a finger stays on a key.
    await until(
      () => heard() > before,
      () => `the key ${key} is heard by ${program.tail()}`,
    );
    this.order({ does: "release", row, column, bounces: 3 });
    await sleep(200);
  }

  /** Three keys at once, whose currents make a fourth appear. */
  async corners(): Promise<void> {
    const three = [
      { row: 0, column: 0 },
      { row: 0, column: 1 },
      { row: 1, column: 0 },
    ];
    for (const place of three) this.order({ does: "press", ...place, bounces: 0 });
    await sleep(400);
    for (const place of three.toReversed()) this.order({ does: "release", ...place, bounces: 0 });
    await sleep(200);
  }
}

/** Everything that the pins did since it began to look, and every picture that the display has shown. */
class Film {
  readonly events: PinEvent[] = [];
  readonly module = new Hd44780(display);
  readonly #trace = new TraceFollower();
  readonly #pictures: string[] = [];
  /** Pictures before this one have been waited for. */
  #seen = 0;

  look(): void {
    for (const event of this.#trace.next()) {
      this.events.push(event);
      this.module.follow([event]);
      if (event.pin !== display.e) continue;
      const picture = [0, 1].map((row) => displayText(this.module, row)).join("|");
      if (picture !== this.#pictures.at(-1)) this.#pictures.push(picture);
    }
  }

  /** Waits until the display has shown this, after what was waited for before. */
  async shows(...rows: readonly string[]): Promise<void> {
    const picture = rows.join("|");
    const found = (): number => this.#pictures.indexOf(picture, this.#seen);
    await until(
      () => {
        this.look();
        return found() >= 0;
      },
      () => `the display shows ${picture}, and not only ${this.#pictures.slice(-3).join(" ")}`,
      { everyMs: 100 },
    );
    this.#seen = found() + 1;
  }

  /** How often the relay has gone on. */
  pulses(): number {
    this.look();
    return risesOf(this.events, relay.pin);
  }

  close(): void {
    this.#trace.close();
  }

  /** Runs of cells that began or ended with a cell that stood there already; after the start, where all is drawn once. */
  needless(): readonly string[] {
    const found: string[] = [];
    for (const run of runsOf(this.module.bytes)) {
      const [first, last] = [run.cells.at(0), run.cells.at(-1)];
      if (first?.before === first?.after || last?.before === last?.after) found.push(JSON.stringify(run));
    }
    return found;
  }
}

/** What people see of a row: the signs of our own with their meaning. */
function displayText(module: Hd44780, row: number): string {
  return module.text(row, display.columns).replaceAll("①", "¥").replaceAll("②", "元").replaceAll("③", "✓");
}

interface Run {
  readonly address: number;
  readonly cells: { readonly before: number; readonly after: number }[];
}

/** The data between one address of a cell and the next, with what stood in each cell before. */
function runsOf(bytes: readonly Hd44780Byte[]): readonly Run[] {
  const cells = new Uint8Array(0x80).fill(0x20);
  const runs: Run[] = [];
  let run: Run | null = null;
  for (const { rs, value } of bytes) {
    if (rs === 0) {
      run = value >= 0x80 ? { address: value % 0x80, cells: [] } : null;
      if (run !== null) runs.push(run);
    } else if (run !== null) {
      const address = run.address + run.cells.length;
      run.cells.push({ before: cells[address] ?? 0, after: value });
      cells[address] = value;
    }
  }
  return runs.filter((one) => one.cells.length > 0);
}

function risesOf(events: readonly PinEvent[], pin: number): number {
  let [rises, level] = [0, 0];
  for (const event of events) {
    if (event.pin !== pin) continue;
    const next = event.level === 1 ? 1 : 0;
    if (next > level) rises += 1;
    level = next;
  }
  return rises;
}

function lastOf(events: readonly PinEvent[], pin: number): PinEvent["level"] | undefined {
  return events.findLast((event) => event.pin === pin)?.level;
}
