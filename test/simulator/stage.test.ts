import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceConfig } from "../../src/config/device-config.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import { smallProviders } from "../../src/providers/sandboxes.ts";
import { configOf, HOSTS } from "../../src/simulator/exhaustive/setups.ts";
import { SimulatedBroker } from "../../src/simulator/outside/broker.ts";
import { SimulatedHttpsLink } from "../../src/simulator/outside/https.ts";
import type { SmallProvider } from "../../src/simulator/outside/provider.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { RELAY_PIN } from "../../src/simulator/seeded/world-config.ts";
import { SimulatedPins } from "../../src/simulator/site/pins.ts";
import { SimulatedSerialLink } from "../../src/simulator/site/serial.ts";
import { Stage } from "../../src/simulator/site/stage.ts";
import { StagedBox } from "../../src/simulator/site/staged-box.ts";
import { VendingMachine } from "../../src/simulator/site/vending-machine.ts";

/** Until a box is there, and has seen for long enough that no phone lies in its reader, in milliseconds. */
const READY_MS = 7_000;

/** Until it takes the next code after a payment, in milliseconds. */
const RESTED_MS = 120_000;

/** Until what a power failure left open is over, in milliseconds. */
const SETTLED_MS = 600_000;

/** A box that charges 5.00, with what the test moves of it. */
interface Actor {
  readonly box: StagedBox;
  readonly serial: SimulatedSerialLink;
  start(): void;
}

function sandbox(): SmallProvider {
  const [make] = smallProviders;
  assert.ok(make !== undefined);
  const ways = {
    autoRevoke: false,
    unseenReversal: "tombstone",
    unseenAnswer: "done",
    paidReversal: "revoked",
  } as const;
  return make(ways, new Random(1), () => undefined);
}

function renamed(config: DeviceConfig, id: string): DeviceConfig {
  return { ...config, box: { ...config.box, id } };
}

function actor(stage: Stage, id: string, provider: SmallProvider): Actor {
  const { time } = stage;
  const random = new Random(id.length);
  const disk = new SimulatedDisk(time, random.fork());
  const serial = new SimulatedSerialLink(time, random.fork());
  const pins = new SimulatedPins(time, random.fork());
  const box = new StagedBox({ stage, id, disk, serial, pins });
  new VendingMachine({
    ...{ pins, time, random: random.fork(), relay: RELAY_PIN, barrier: null, jams: 0 },
    pulsed: () => box.checker.pulsed(),
    fell: () => box.checker.fell(),
  });
  const config = renamed(
    configOf({
      ...{ goods: "pulses", at: 0, late: "keep", onAmbiguous: "hold" },
      provider: provider.entry(HOSTS),
    }),
    id,
  );
  const start = (): void => {
    const https = new SimulatedHttpsLink({
      ...{ time, random: random.fork(), certificate: true },
      serve: (request) => box.serve(request),
    });
    serial.plug();
    box.start({
      ...{ config, entropy: random.fork(), networks: [https] },
      clock: new SimulatedClock(time, stage.wall),
      providers: [
        provider.account({
          ...{ link: box.heard(https), fault: () => null, hosts: HOSTS, boxId: id },
          ...{ timing: config.timing, notifyUrl: null, charges: true },
        }),
      ],
      onStart: (_run, refusal) => assert.equal(refusal, null),
    });
  };
  return { box, serial, start };
}

function ends({ box }: Actor): readonly TxData[] {
  const money = box.disk.rows.flatMap(({ seq, body }) =>
    seq === null ? [] : [(JSON.parse(body) as { readonly tx: TxData }).tx],
  );
  return [...new Map(money.map((tx) => [tx.outTradeNo, tx])).values()];
}

test("two boxes on one stage share sandbox and broker, and each is checked by its own orders", () => {
  const time = new SimulatedTime();
  const broker = new SimulatedBroker(time);
  const provider = sandbox();
  const stage = new Stage({ time, broker, sandbox: provider.sandbox, boxes: 2 });
  const [first, second] = [actor(stage, "box-000001", provider), actor(stage, "box-00000002", provider)];
  const pass = (ms: number): void => time.runUntil(time.now + ms);
  first.start();
  second.start();
  pass(READY_MS);

  first.serial.send(Buffer.from("130000000000000001\r"));
  second.serial.send(Buffer.from("130000000000000002\r"));
  pass(READY_MS);
  assert.deepEqual(
    [ends(first), ends(second)].map((all) => all.map(({ state }) => state)),
    [["paid"], ["paid"]],
  );

  // Where a phone may lie in the reader, a box rests after a payment.
  pass(RESTED_MS);
  // The power of one fails in the middle of its charge, and the other neither notices nor loses its broker.
  second.serial.send(Buffer.from("130000000000000003\r"));
  while (provider.orders().length < 3) assert.ok(time.now < SETTLED_MS && time.step(), "it is not charged");
  second.box.crash();
  pass(READY_MS);
  assert.deepEqual(broker.connected, ["box-000001"]);
  first.serial.send(Buffer.from("130000000000000004\r"));
  pass(READY_MS);
  second.start();
  pass(SETTLED_MS);

  const states = [ends(first), ends(second)].map((all) => all.map(({ state }) => state));
  assert.deepEqual(states, [
    ["paid", "paid"],
    ["paid", "paid"],
  ]);
  const [of1 = [], of2 = []] = [first, second].map((one) => ends(one).map(({ outTradeNo }) => outTradeNo));
  assert.equal(new Set([...of1, ...of2]).size, 4);
  for (const { box } of [first, second]) {
    box.checker.final();
    assert.deepEqual(box.checker.findings, []);
    assert.equal(box.checker.payments, 2);
  }
});
