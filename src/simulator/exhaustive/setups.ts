/** What is sold in small worlds, how their boxes are set, and how a payment may go at the sandbox. */
import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import { invariant } from "../../core/kernel/defect.ts";
import { RELAY_PIN } from "../seeded/world-config.ts";

/** One kind of small world. */
export interface SmallSetup {
  readonly name: "one" | "other" | "two" | "goods" | "barrier";
  /** For people, at the beginning of a line. */
  readonly title: string;
  /** Which of the providers has its payments, in the order in which worlds have them. */
  readonly at: 0 | 1;
  readonly payments: 1 | 2;
  /** Goods for two pulses, or for two pulses and something that falls through a light barrier. */
  readonly goods: "none" | "pulses" | "barrier";
}

/** All kinds, in the order in which they are run. */
export const setups: readonly SmallSetup[] = [
  { name: "one", title: "1 payment", at: 0, payments: 1, goods: "none" },
  { name: "other", title: "1 payment at the second provider", at: 1, payments: 1, goods: "none" },
  { name: "goods", title: "1 payment, goods for 2 pulses", at: 0, payments: 1, goods: "pulses" },
  {
    name: "barrier",
    title: "1 payment, goods through a light barrier",
    at: 0,
    payments: 1,
    goods: "barrier",
  },
  { name: "two", title: "2 payments", at: 0, payments: 2, goods: "none" },
];

/** The hosts of the account. */
export const HOSTS = ["https://api.example", "https://api2.example"];

/** The id of the box. */
export const BOX_ID = "box-000001";

/** The pin of the light barrier. */
export const BARRIER_PIN = 17;

/** What the configuration of a small world depends on. */
export interface SmallDevice extends Pick<SmallSetup, "goods" | "at"> {
  readonly late: DeviceConfig["late"];
  readonly onAmbiguous: "hold" | "refund";
  /** The entry of the provider, the same in all worlds at it. */
  readonly provider: object;
}

const configs = new Map<string, DeviceConfig>();

/** The configuration of a box: with keys and any amount, or without keys and 5.00 CNY for two pulses. */
export function configOf(device: SmallDevice): DeviceConfig {
  const { goods, at, late, onAmbiguous } = device;
  const name = `${goods} ${at} ${late} ${onAmbiguous}`;
  const config = configs.get(name) ?? readConfig(device);
  configs.set(name, config);
  return config;
}

function readConfig({ goods, late, onAmbiguous, provider }: SmallDevice): DeviceConfig {
  const sells = goods !== "none";
  const drop = goods === "barrier" ? { pin: BARRIER_PIN, withinMs: 3_000 } : null;
  const keypad = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0 :="] };
  const checked = checkConfig(
    JSON.stringify({
      version: 1,
      box: { id: BOX_ID },
      providers: [provider],
      amount: sells ? { source: "fixed", fixed: "5.00" } : { source: "keypad" },
      scanner: { path: "/dev/ttyACM0", repeats: "often" },
      keypad: sells ? null : keypad,
      outputs: { relay: sells ? { pin: RELAY_PIN, fenPerPulse: 250, onAmbiguous, drop } : null },
      mqtt: { url: "mqtts://broker.example:8883" },
      late,
    }),
  );
  invariant(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  return checked.config;
}
