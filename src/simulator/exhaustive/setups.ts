/** What is sold in small worlds, how their boxes are set, and how a payment may go at the sandbox. */
import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import { invariant } from "../../core/kernel/defect.ts";
import { RELAY_PIN } from "../seeded/world-config.ts";

/** One kind of small world. */
export interface SmallSetup {
  readonly name: "one" | "two" | "goods" | "barrier";
  /** For people, at the beginning of a line. */
  readonly title: string;
  readonly payments: 1 | 2;
  /** Goods for two pulses, or for two pulses and something that falls through a light barrier. */
  readonly goods: "none" | "pulses" | "barrier";
}

/** All kinds, in the order in which they are run. */
export const setups: readonly SmallSetup[] = [
  { name: "one", title: "1 payment", payments: 1, goods: "none" },
  { name: "goods", title: "1 payment, goods for 2 pulses", payments: 1, goods: "pulses" },
  { name: "barrier", title: "1 payment, goods through a light barrier", payments: 1, goods: "barrier" },
  { name: "two", title: "2 payments", payments: 2, goods: "none" },
];

/** The stories of a payment at the sandbox; one is chosen when its charge arrives there. */
export const stories: readonly string[] = [
  "success",
  "password",
  "never",
  "declined",
  "paid-at-last",
  "refused-but-paid",
];

/** The hosts of the account. */
export const HOSTS = ["https://api.example", "https://api2.example"];

/** The id of the box. */
export const BOX_ID = "box-000001";

/** The pin of the light barrier. */
export const BARRIER_PIN = 17;

/** What the configuration of a small world depends on. */
export interface SmallDevice extends Pick<SmallSetup, "goods"> {
  readonly late: DeviceConfig["late"];
  readonly onAmbiguous: "hold" | "refund";
  /** The entry of the provider, the same in all worlds. */
  readonly provider: object;
}

const configs = new Map<string, DeviceConfig>();

/** The configuration of a box: with keys and any amount, or without keys and 5.00 CNY for two pulses. */
export function configOf({ goods, late, onAmbiguous, provider }: SmallDevice): DeviceConfig {
  const name = `${goods} ${late} ${onAmbiguous}`;
  const config = configs.get(name) ?? readConfig({ goods, late, onAmbiguous, provider });
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
