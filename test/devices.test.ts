/** Where the devices of a box meet: what one of them says decides what another does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig, type DeviceConfig } from "../src/config/device-config.ts";
import type { BoxEvent } from "../src/core/payment/events.ts";
import type { DispenseAnswer } from "../src/core/payment/payment.ts";
import { Devices } from "../src/devices.ts";
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
