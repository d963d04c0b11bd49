/** Where the devices of a box meet: what one of them says decides what another does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig, type DeviceConfig } from "../src/config/device-config.ts";
import type { BoxEvent } from "../src/core/payment/events.ts";
import type { DispenseAnswer } from "../src/core/payment/payment.ts";
import { bootScreen } from "../src/core/payment/screen.ts";
import { Devices } from "../src/devices.ts";
import type { DisplayListener, SerialListener } from "../src/runtime/ports.ts";
import { Random } from "../src/simulator/outside/random.ts";
import { SimulatedClock, SimulatedTime } from "../src/simulator/outside/time.ts";
import { SimulatedPins } from "../src/simulator/site/pins.ts";
import { wechatEntry } from "./config-text.ts";
import { keptLog } from "./drivers/late-clock.ts";

const RELAY = 26;
const INHIBIT = 17;

function configOf(sections: object): DeviceConfig {
  const checked = checkConfig(
    JSON.stringify({
      version: 1,
      box: { id: "box-1" },
      providers: [
        wechatEntry({
          appId: "wx1",
          merchantId: "19",
          apiKey: { credential: "api-key" },
          certificate: { cert: { file: "/c" }, key: { file: "/k" } },
        }),
      ],
      amount: { source: "fixed", fixed: "2.00" },
      outputs: { relay: { pin: RELAY, fenPerPulse: 100 } },
      ...sections,
    }),
  );
  assert.ok(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  return checked.config;
}

/** A box with a relay, and a machine that says on a pin that it takes no order. */
function machine(inputs: object | null = { inhibit: { pin: INHIBIT, activeLow: true } }) {
  const time = new SimulatedTime();
  const pins = new SimulatedPins(time, new Random(1));
  const posted: BoxEvent[] = [];
  const answers: DispenseAnswer[] = [];
  let pulses = 0;
  pins.wire(RELAY, (level) => {
    if (level === 1) pulses += 1;
  });
  const devices = new Devices({
    config: configOf({ inputs }),
    links: {
      clock: new SimulatedClock(time, 0),
      log: keptLog().log,
      serial: null,
      display: null,
      gpio: pins,
    },
    post: (event) => posted.push(event),
    fingerprint: (code) => code,
  });
  devices.boot();
  devices.start();
  const dispense = (): void => {
    devices.dispense(2, (answer) => answers.push(answer));
    assert.deepEqual(answers, [], "an answer never comes before the call has returned");
  };
  return { time, pins, devices, posted, answers, dispense, pulses: () => pulses };
}

test("a machine that takes orders gets its pulses", () => {
  for (const inputs of [null, undefined]) {
    const { time, answers, dispense, pulses } = machine(inputs);
    time.runUntil(1_000);
    dispense();
    time.runUntil(5_000);
    assert.deepEqual([answers, pulses()], [["dispensed"], 2]);
  }
});

test("a machine that has come to take no order, or can no longer say so, gets no pulse that it would not count", () => {
  const cases = {
    inhibited: ({ pins }: ReturnType<typeof machine>) => pins.drive(INHIBIT, "down"),
    "not heard": ({ pins }: ReturnType<typeof machine>) => pins.fail(INHIBIT, "No such device"),
  };
  for (const [name, happens] of Object.entries(cases)) {
    const box = machine();
    box.time.runUntil(1_000);
    happens(box);
    box.time.runUntil(1_200);
    box.dispense();
    box.time.runUntil(5_000);
    assert.deepEqual([box.answers, box.pulses()], [["not-dispensed"], 0], name);
  }
});

test("a device that never lets go is left behind after five seconds, and told of; the others are waited for", () => {
  const time = new SimulatedTime();
  const { log, lines } = keptLog();
  const pins = new SimulatedPins(time, new Random(1));
  const devices = new Devices({
    config: configOf({ display: { driver: "terminal", columns: 16, rows: 2 } }),
    links: {
      clock: new SimulatedClock(time, 0),
      log,
      serial: null,
      // A display that opens, takes pictures, and hangs when it is asked to end.
      display: {
        open: (listener) => {
          time.after(1, () => listener.ready());
          return { write: (_runs, written) => void time.after(1, written), close: () => {} };
        },
      },
      gpio: pins,
    },
    post: () => {},
    fingerprint: (code) => code,
  });
  devices.boot();
  devices.start();
  time.runUntil(1_000);
  let endedAt: number | null = null;
  devices.stopListening(() =>
    devices.stopShowing(() => {
      endedAt = time.now;
    }),
  );
  time.runUntil(5_900);
  assert.equal(endedAt, null);
  time.runUntil(60_000);
  assert.equal(endedAt, 6_000);
  assert.deepEqual(lines.filter((line) => line.includes("left-behind")).length, 1);
  assert.match(lines.find((line) => line.includes("left-behind")) ?? "", /display/);
});

test("devices that let go are not waited for any longer", () => {
  const { time, devices } = machine();
  time.runUntil(1_000);
  let ended = 0;
  devices.stopListening(() =>
    devices.stopShowing(() => {
      ended += 1;
    }),
  );
  time.runUntil(1_500);
  assert.equal(ended, 1);
  time.runUntil(60_000);
  assert.equal(ended, 1);
});

test("what a scanner sends is told to the box: a code with its fingerprint, other lines, and that something lies there", () => {
  const time = new SimulatedTime();
  const posted: BoxEvent[] = [];
  let scanner: SerialListener | undefined;
  let freed = 0;
  const devices = new Devices({
    config: configOf({ outputs: null, scanner: { path: "/dev/scanner", baudRate: 9_600 } }),
    links: {
      clock: new SimulatedClock(time, 0),
      log: keptLog().log,
      serial: {
        open: (_settings, listener) => {
          scanner = listener;
          return {
            write: () => undefined,
            close: (done) => {
              freed += 1;
              time.after(0, done);
            },
          };
        },
        watch: () => ({ end: () => undefined }),
      },
      display: null,
      gpio: null,
    },
    post: (event) => posted.push(event),
    fingerprint: (code) => `print of ${code.length}`,
  });
  devices.boot();
  assert.equal(posted.length, 0, "nobody is listened to while the journal is read");
  devices.start();
  scanner?.opened();
  time.runUntil(10);
  assert.deepEqual(posted.splice(0), [{ type: "scanner-changed", ready: true }]);
  devices.read(true);
  time.runUntil(1_000);
  scanner?.began?.();
  scanner?.line("134567890123456789");
  scanner?.line("tea");
  scanner?.discarded("over-long");
  const heard = posted.splice(0);
  assert.deepEqual(
    heard.map((event) => (event.type === "scan-refused" ? event.refusal : event.type)),
    ["unfinished", "code-scanned", "not-a-payment-code", "over-long"],
  );
  const [, scanned] = heard;
  assert.ok(scanned?.type === "code-scanned");
  assert.deepEqual([scanned.codeHash, scanned.code.reveal()], ["print of 18", "134567890123456789"]);
  assert.deepEqual([devices.scans()?.codes, devices.scans()?.refused], [1, 1]);
  scanner?.closed("pulled");
  assert.deepEqual(posted, [{ type: "scanner-changed", ready: false }]);
  let ended = false;
  devices.stopListening(() => {
    ended = true;
  });
  time.runUntil(2_000);
  assert.deepEqual([ended, freed], [true, 0], "what has ended by itself is not ended again");
});

test("without a scanner the box hears that codes can be read, for nobody waits for one", () => {
  const { devices, posted } = machine(null);
  assert.deepEqual(
    posted.filter(({ type }) => type === "scanner-changed"),
    [{ type: "scanner-changed", ready: true }],
  );
  assert.equal(devices.scans(), null);
});

test("each device says how it is: none, not known yet, ready, absent", () => {
  const time = new SimulatedTime();
  const pins = new SimulatedPins(time, new Random(1));
  const posted: BoxEvent[] = [];
  let display: DisplayListener | undefined;
  const shown: number[] = [];
  const keypad = {
    rows: [5, 6, 13, 19],
    columns: [12, 16, 20, 21],
    keys: ["789C", "456<", "123X", "0.:="],
  };
  const devices = new Devices({
    config: configOf({ keypad, display: { driver: "terminal", columns: 16, rows: 2 } }),
    links: {
      clock: new SimulatedClock(time, 0),
      log: keptLog().log,
      serial: null,
      display: {
        open: (listener) => {
          display = listener;
          return {
            write: (runs, done) => {
              shown.push(runs.length);
              time.after(1, done);
            },
            close: (done) => time.after(0, done),
          };
        },
      },
      gpio: pins,
    },
    post: (event) => posted.push(event),
    fingerprint: (code) => code,
  });
  assert.deepEqual(devices.status(), { keypad: "unknown", display: "unknown", relay: "absent" });
  devices.boot();
  devices.show(bootScreen);
  display?.ready();
  time.runUntil(500);
  assert.ok(shown.length > 0, "the display shows what it was told before it was ready");
  assert.deepEqual(devices.status(), { keypad: "unknown", display: "ready", relay: "ready" });
  assert.deepEqual(posted, [{ type: "relay-changed", ready: true }]);
  devices.start();
  time.runUntil(1_000);
  assert.deepEqual(devices.status(), { keypad: "ready", display: "ready", relay: "ready" });
  assert.ok(posted.some((event) => event.type === "keypad-changed" && event.ready));
  display?.closed("pulled");
  pins.fail(RELAY, "No such device");
  time.runUntil(1_100);
  assert.equal(devices.status().display, "absent");

  const { devices: bare } = machine(null);
  assert.deepEqual([bare.status().keypad, bare.status().display], ["none", "none"]);
});

test("the box hears whether all that goods need can be reached", () => {
  const { time, pins, posted } = machine();
  time.runUntil(1_000);
  const told = () =>
    posted.splice(0).flatMap((event) => (event.type === "relay-changed" ? [event.ready] : []));
  assert.equal(told().at(-1), true);
  pins.fail(INHIBIT, "No such device");
  time.runUntil(1_100);
  assert.equal(told().at(-1), false);
});

test("a machine's word is told when it has stood for a moment", () => {
  const { time, pins, posted } = machine();
  time.runUntil(1_000);
  posted.length = 0;
  pins.drive(INHIBIT, "down");
  time.runUntil(1_040);
  assert.deepEqual(posted, []);
  time.runUntil(1_200);
  assert.deepEqual(posted, [{ type: "inhibit-changed", inhibited: true }]);
});
