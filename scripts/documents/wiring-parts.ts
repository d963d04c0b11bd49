/** How the example configuration is wired: generated from it, so that no table sends a wire to another pin than the box does. */
import { pinUses } from "../../src/config/pins.ts";
import { deviceConfigSchema, type ParsedConfig } from "../../src/config/schema.ts";
import { code, table } from "./markdown.ts";

/** BCM numbers by the pins of the 40-pin header; the other pins are supply and ground (Raspberry Pi, "GPIO and the 40-pin header"). */
const headerPins: ReadonlyMap<number, number> = new Map([
  ...([
    [3, 2],
    [5, 3],
    [7, 4],
    [8, 14],
    [10, 15],
    [11, 17],
    [12, 18],
    [13, 27],
    [15, 22],
  ] as const),
  ...([
    [16, 23],
    [18, 24],
    [19, 10],
    [21, 9],
    [22, 25],
    [23, 11],
    [24, 8],
    [26, 7],
    [27, 0],
  ] as const),
  ...([
    [28, 1],
    [29, 5],
    [31, 6],
    [32, 12],
    [33, 13],
    [35, 19],
    [36, 16],
    [37, 26],
    [38, 20],
  ] as const),
  ...([[40, 21]] as const),
]);

/** These pins are pulled up from the reset on, the others down (BCM2835 ARM Peripherals, table 6-31). */
const PULLED_UP_MAX = 8;

interface Wire {
  readonly what: string;
  readonly mind: string;
}

interface Row extends Wire {
  readonly header: number;
  readonly bcm: number | null;
}

/** The wires of a configuration, in the order of the header. */
export function wiring(text: string): string {
  const config = deviceConfigSchema.parse(JSON.parse(text));
  const rows = [...supply(config), ...pinUses(config).map(({ key, pin }) => rowOf(key, pin, config))];
  const cells = [...rows]
    .sort((a, b) => a.header - b.header)
    .map(({ header, bcm, what, mind }) => [String(header), bcm === null ? "–" : String(bcm), what, mind]);
  return table(["header", "BCM", "wire", "mind"], cells);
}

function rowOf(key: string, pin: number, config: ParsedConfig): Row {
  const header = [...headerPins].find(([, bcm]) => bcm === pin)?.[0];
  if (header === undefined) throw new Error(`BCM ${pin} is not on the header`);
  return { header, bcm: pin, ...wireOf(key, pin, config) };
}

function wireOf(key: string, pin: number, config: ParsedConfig): Wire {
  const [, place = "0"] = /\[(\d+)\]$/.exec(key) ?? [];
  const index = Number(place);
  const keys = config.keypad?.keys ?? [];
  if (key.startsWith("keypad.rows")) {
    return { what: `keypad row ${index + 1}: ${labels((keys[index] ?? "").split(""))}`, mind: "" };
  }
  if (key.startsWith("keypad.columns")) {
    const column = keys.map((row) => row.charAt(index));
    return { what: `keypad column ${index + 1}: ${labels(column)}`, mind: "10 kΩ to 3.3 V" };
  }
  if (key === "display.rs") return { what: "display RS (4)", mind: "" };
  if (key === "display.e") return { what: "display E (6)", mind: "" };
  if (key.startsWith("display.data")) return { what: `display D${index + 4} (${index + 11})`, mind: "" };
  return outputWire(key, pin);
}

function outputWire(key: string, pin: number): Wire {
  const reset = pin <= PULLED_UP_MAX ? "; glimmers until the box runs (pulled up at reset)" : "";
  switch (key) {
    case "outputs.paid":
    case "outputs.wait":
    case "outputs.refused":
      return { what: `light ${key.slice("outputs.".length)}`, mind: `LED, 1 kΩ to ground${reset}` };
    case "outputs.buzzer":
      return { what: "buzzer", mind: "active, behind a transistor with 1 kΩ at its base" };
    case "outputs.relay":
      return { what: "relay", mind: "see below" };
    case "outputs.relay.drop":
    case "inputs.inhibit":
      return { what: key, mind: "3.3 V at most" };
    default:
      throw new Error(`nobody has said how ${key} is wired`);
  }
}

/** Supply and ground, as far as anything takes them. */
function supply({ display, keypad }: ParsedConfig): readonly Row[] {
  const pullUps = { header: 1, bcm: null, what: "3.3 V: the resistors at the columns", mind: "never 5 V" };
  const module: readonly Row[] = [
    {
      header: 2,
      bcm: null,
      what: "5 V: display VDD (2), backlight A (15)",
      mind: "a resistor at A where it has none",
    },
    {
      header: 6,
      bcm: null,
      what: "ground: display VSS (1), RW (5), backlight K (16); lights, buzzer",
      mind: "RW on ground: at 5 V the display would drive its data lines into the pins",
    },
  ];
  return [...(keypad === null ? [] : [pullUps]), ...(display?.driver === "hd44780-gpio" ? module : [])];
}

/** Keys as they stand in the configuration. */
function labels(keys: readonly string[]): string {
  return keys.map((label) => (label === " " ? "–" : code(label))).join(" ");
}
