/** How the boxes of seeded worlds are configured, and where the wires of their header go. */
import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import { readKeyName } from "../../core/codecs/key-names.ts";
import { invariant } from "../../core/kernel/defect.ts";
import type { Key } from "../../core/payment/amount-entry.ts";
import type { Swarm } from "../outside/swarm.ts";
import type { ReaderBehaviour } from "../site/reader.ts";

/** The id of the box. */
export const BOX_ID = "box-000001";

/** The hosts of every account: one name, and one for when it fails. */
export const HOSTS: readonly [string, string] = ["https://api.example", "https://api2.example"];

/** The pin of every simulated relay. */
export const RELAY_PIN = 26;
/** Where the light barrier of a machine is, if it has one. */
export const BARRIER_PIN = 17;
/** How the keypad is wired. */
export const keypadPins = { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21] } as const;
const keyRows = ["789C", "456<", "123X", "0 :="];

/** Where readers tell of a code once, a phone that shows its next one within seconds is waited for, and not for a minute. */
const ONCE_REST_MS = 10_000;

/** Where a key of the keypad is, null for one that it does not have. */
export function placeOf(key: Key): { readonly row: number; readonly column: number } | null {
  for (const [row, labels] of keyRows.entries()) {
    const column = labels.split("").findIndex((label) => {
      const read = readKeyName(label);
      return read.ok && read.value !== null && isSameKey(read.value, key);
    });
    if (column >= 0) return { row, column };
  }
  return null;
}

function isSameKey(a: Key, b: Key): boolean {
  return a.name === b.name && (a.name !== "digit" || b.name !== "digit" || a.digit === b.digit);
}

/** What the configuration of a world depends on. */
export interface WorldDevice {
  readonly swarm: Swarm;
  readonly habit: ReaderBehaviour;
  readonly keyless: boolean;
  /** Whose word confirms an event. */
  readonly confirm: "puback" | "ack";
  /** The accounts, those of one provider the same in all worlds. */
  readonly entries: readonly object[];
}

/** The few configurations that worlds have; frozen, so that one may serve them all. */
const configs = new Map<string, DeviceConfig>();

/** The configuration of a world. */
export function configOf(device: WorldDevice): DeviceConfig {
  const { habit, keyless, confirm, entries } = device;
  const accounts = entries.map((entry) => ("id" in entry ? entry.id : "")).join(",");
  const { late, amountSource, machine } = device.swarm;
  const name = `${late} ${amountSource} ${machine?.barrier} ${machine?.onAmbiguous} ${habit} ${keyless} ${confirm} ${accounts}`;
  const config = configs.get(name) ?? readConfig(device);
  configs.set(name, config);
  return config;
}

function readConfig({ swarm, habit, keyless, confirm, entries }: WorldDevice): DeviceConfig {
  const { late, amountSource, machine } = swarm;
  const fixed = amountSource === "fixed" ? "5.00" : null;
  const menu = [
    { key: "1", name: "Tea", price: "3.00" },
    { key: "2", name: "Cola", price: "4.00", pulses: 1 },
    { key: "3", name: "Bread", price: "12.00" },
  ];
  const drop = machine?.barrier === true ? { pin: BARRIER_PIN, withinMs: 3_000 } : null;
  const relay =
    machine === null ? null : { pin: RELAY_PIN, fenPerPulse: 100, onAmbiguous: machine.onAmbiguous, drop };
  const checked = checkConfig(
    JSON.stringify({
      version: 1,
      box: { id: BOX_ID },
      providers: entries,
      amount: { source: amountSource, fixed, menu: amountSource === "menu" ? menu : [] },
      scanner:
        habit === "gm65" || habit === "gm72"
          ? { path: "/dev/ttyACM0", profile: habit }
          : { path: "/dev/ttyACM0", repeats: habit },
      ...(keyless ? {} : { keypad: { ...keypadPins, keys: keyRows } }),
      outputs: { relay },
      mqtt: { url: "mqtts://broker.example:8883", confirm },
      late,
    }),
  );
  invariant(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  if (habit !== "once") return checked.config;
  return { ...checked.config, timing: { ...checked.config.timing, restMs: ONCE_REST_MS } };
}
