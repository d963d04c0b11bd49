/** Settings whose effect is seen by who stands in front of the box, or felt by the machine behind it. */
import { about, field, pays, type Row, Together } from "./rows.ts";
import type { Keys, Stand } from "./stand.ts";

const RELAY = 26;
const LAMP = 4;
const BARRIER = 17;

const byKeypad = { "amount.source": "keypad", "amount.fixed": undefined };
const byMenu = (...menu: readonly unknown[]): Keys => ({
  "amount.source": "menu",
  "amount.fixed": undefined,
  "amount.menu": menu,
});
const tea = { key: "1", name: "Tea", price: "3.00" };
const relay = { "outputs.relay.pin": RELAY, "outputs.relay.fenPerPulse": 100 };
const barrier = { ...relay, "outputs.relay.drop.pin": BARRIER };

/** Somebody types a sum, confirms it and pays. */
function types(keys: string): (stand: Stand) => void {
  return (stand) => {
    stand.type(keys);
    if (stand.screens.at(-1)?.text === "armed") pays(stand);
  };
}

/** A payment, and all its goods. */
function buys(stand: Stand): void {
  pays(stand);
  stand.pass(3_000);
}

/** A payment whose goods fall so long after the last pulse. */
function fallsAfter(ms: number): (stand: Stand) => void {
  return (stand) => {
    for (const pin of [BARRIER, 27]) stand.pins.pull(pin, "up");
    stand.pass(2_000);
    stand.scan();
    // A path that is not clear gets no pulse at all.
    stand.until(() => stand.spans(RELAY, 1).length === 5 || stand.money.at(-1)?.final === true);
    stand.pass(ms);
    stand.pins.drive(BARRIER, "down");
    stand.pass(40);
    stand.pins.drive(BARRIER, "free");
    stand.until(() => stand.money.at(-1)?.final === true);
  };
}

function goods(stand: Stand): unknown {
  return stand.money.at(-1)?.dispense?.outcome;
}

const lamps = [
  ["paid", "success"],
  ["wait", "never"],
  ["refused", "declined"],
] as const;

const lit = (name: string, scenario: string): readonly Row[] => {
  const story = (stand: Stand): void => {
    stand.scan(scenario).until(() => stand.screens.at(-1)?.light === name);
    stand.pass(10);
  };
  const see = (stand: Stand): unknown => [stand.pins.holds(LAMP), stand.pins.level(LAMP)];
  return [
    {
      key: `outputs.${name}`,
      values: [LAMP, null],
      story,
      see,
      seen: [
        [true, 1],
        [false, 1],
      ],
    },
    {
      key: `outputs.${name}.pin`,
      values: [LAMP, 27],
      story,
      see: (stand) => [
        stand.pins.level(LAMP),
        stand.pins.level(27),
        stand.pins.holds(LAMP),
        stand.pins.holds(27),
      ],
      seen: [
        [1, 0, true, false],
        [1, 1, false, true],
      ],
    },
    {
      key: `outputs.${name}.activeLow`,
      also: { [`outputs.${name}.pin`]: LAMP },
      values: [false, true],
      story,
      see,
      seen: [
        [true, 1],
        [true, 0],
      ],
    },
  ];
};

/** How long the buzzer sounds for a payment. */
const beeps = (stand: Stand): unknown =>
  stand.spans(LAMP, 1, stand.screens.find(({ text }) => text === "paid")?.at).slice(0, 2);

export const deviceRows: readonly Row[] = [
  {
    key: "box.language",
    values: ["en", "zh"],
    see: (stand) => stand.display.at(-1)?.[0],
    seen: ["PAID       ¥5.00", "OK         ¥5.00"],
  },
  {
    key: "box.advert",
    also: byKeypad,
    values: [["Fresh tea"], []],
    story: (stand) => void stand.pass(20_000),
    see: (stand) => stand.display.some((rows) => rows.some((row) => row.includes("Fresh tea"))),
    seen: [true, false],
  },
  {
    key: "amount.source",
    values: [new Together({}), new Together(byKeypad)],
    story: (stand) => void stand.pass(1_000),
    see: (stand) => stand.texts.at(-1),
    seen: ["armed", "idle"],
  },
  {
    key: "amount.entry",
    also: byKeypad,
    values: ["implied", "explicit"],
    story: types("1250="),
    see: field("total_fee"),
    seen: ["1250", "125000"],
  },
  {
    key: "amount.maximum",
    also: { ...byKeypad, "amount.entry": "implied" },
    values: ["12.50", "12.49"],
    story: types("1250="),
    see: (stand) => stand.charges.map(({ fields }) => fields.total_fee),
    seen: [["1250"], []],
  },
  { key: "amount.fixed", values: ["5.00", "7.50"], see: field("total_fee"), seen: ["500", "750"] },
  {
    key: "amount.menu[].key",
    values: [new Together(byMenu(tea)), new Together(byMenu({ ...tea, key: "2" }))],
    story: types("2"),
    see: (stand) => stand.charges.length,
    seen: [0, 1],
  },
  {
    key: "amount.menu[].name",
    values: [new Together(byMenu(tea)), new Together(byMenu({ ...tea, name: "Cola" }))],
    story: (stand) => void stand.pass(10_000),
    see: (stand) => stand.display.some((rows) => rows.some((row) => row.includes("Tea"))),
    seen: [true, false],
  },
  {
    key: "amount.menu[].price",
    values: [new Together(byMenu(tea)), new Together(byMenu({ ...tea, price: "4.00" }))],
    story: types("1"),
    see: field("total_fee"),
    seen: ["300", "400"],
  },
  {
    key: "amount.menu[].pulses",
    also: relay,
    values: [new Together(byMenu(tea)), new Together(byMenu({ ...tea, pulses: 1 }))],
    story: (stand) => {
      types("1")(stand);
      stand.pass(3_000);
    },
    see: (stand) => stand.spans(RELAY, 1).length,
    seen: [3, 1],
  },
  {
    key: "scanner.path",
    values: ["/dev/ttyACM0", "/dev/ttyUSB7"],
    see: (stand) => stand.opened[0]?.path,
    seen: ["/dev/ttyACM0", "/dev/ttyUSB7"],
  },
  {
    key: "scanner.baudRate",
    values: [9600, 115200],
    see: (stand) => stand.opened[0]?.baudRate,
    seen: [9600, 115200],
  },
  {
    key: "scanner.profile",
    values: ["plain", "gm65"],
    see: (stand) => [stand.opened[0]?.profile, stand.written.length > 0],
    seen: [
      ["plain", false],
      ["gm65", true],
    ],
  },
  {
    key: "scanner.repeats",
    values: ["often", "seldom"],
    story: (stand) => void stand.shows("armed"),
    see: (stand) => {
      const at = (text: string): number => stand.screens.find((screen) => screen.text === text)?.at ?? 0;
      return about(at("armed") - at("resting"), 1_000);
    },
    seen: [5_000, 15_000],
  },
  {
    key: "keypad.rows",
    also: byKeypad,
    values: [
      [5, 6, 13, 19],
      [6, 5, 13, 19],
    ],
    story: types("7="),
    see: field("total_fee"),
    seen: ["700", "400"],
  },
  {
    key: "keypad.columns",
    also: byKeypad,
    values: [
      [12, 16, 20, 21],
      [16, 12, 20, 21],
    ],
    story: types("7="),
    see: field("total_fee"),
    seen: ["700", "800"],
  },
  {
    key: "keypad.keys",
    also: byKeypad,
    values: [
      ["789C", "456<", "123X", "0.:="],
      ["987C", "456<", "123X", "0.:="],
    ],
    story: types("7="),
    see: field("total_fee"),
    seen: ["700", "900"],
  },
  {
    key: "keypad.debounceMs",
    also: byKeypad,
    values: [20, 100],
    story: (stand) => void stand.type("7", 90),
    see: (stand) => stand.texts.includes("entering"),
    seen: [true, false],
  },
  {
    key: "display.columns",
    values: [new Together({}), new Together({ "display.columns": 20, "display.rows": 4 })],
    see: (stand) => stand.display.at(-1)?.[0]?.length,
    seen: [16, 20],
  },
  {
    key: "display.rows",
    values: [new Together({}), new Together({ "display.columns": 20, "display.rows": 4 })],
    see: (stand) => stand.display.at(-1)?.length,
    seen: [2, 4],
  },
  ...lamps.flatMap(([name, scenario]) => lit(name, scenario)),
  { key: "outputs.buzzer", values: [LAMP, null], story: buys, see: beeps, seen: [[100, 300], []] },
  {
    key: "outputs.buzzer.pin",
    values: [LAMP, 27],
    story: buys,
    see: (stand) => [stand.pins.holds(LAMP), stand.pins.holds(27)],
    seen: [
      [true, false],
      [false, true],
    ],
  },
  {
    key: "outputs.buzzer.activeLow",
    also: { "outputs.buzzer.pin": LAMP },
    values: [false, true],
    story: buys,
    see: (stand) => stand.pins.level(LAMP),
    seen: [0, 1],
  },
  {
    key: "outputs.relay.pin",
    also: { "outputs.relay.fenPerPulse": 100 },
    values: [RELAY, 27],
    story: buys,
    see: (stand) => [stand.spans(RELAY, 1).length, stand.spans(27, 1).length],
    seen: [
      [5, 0],
      [0, 5],
    ],
  },
  {
    key: "outputs.relay.activeLow",
    also: relay,
    values: [false, true],
    story: buys,
    see: (stand) => [stand.pins.level(RELAY), stand.spans(RELAY, 1).length],
    seen: [
      [0, 5],
      [1, 5],
    ],
  },
  {
    key: "outputs.relay.widthMs",
    also: relay,
    values: [50, 200],
    story: buys,
    see: (stand) => stand.spans(RELAY, 1).map((ms) => about(ms, 10)),
    seen: [
      [50, 50, 50, 50, 50],
      [200, 200, 200, 200, 200],
    ],
  },
  {
    key: "outputs.relay.gapMs",
    also: relay,
    values: [100, 300],
    story: buys,
    see: (stand) =>
      stand
        .spans(RELAY, 0)
        .slice(-4)
        .map((ms) => about(ms, 10)),
    seen: [
      [100, 100, 100, 100],
      [300, 300, 300, 300],
    ],
  },
  {
    key: "outputs.relay.fenPerPulse",
    also: relay,
    values: [100, 250],
    story: buys,
    see: (stand) => stand.spans(RELAY, 1).length,
    seen: [5, 2],
  },
  {
    key: "outputs.relay.drop.pin",
    also: barrier,
    values: [BARRIER, 27],
    story: fallsAfter(500),
    see: goods,
    seen: ["dispensed", "not-dispensed"],
  },
  {
    key: "outputs.relay.drop.activeLow",
    also: barrier,
    values: [true, false],
    story: fallsAfter(500),
    see: goods,
    seen: ["dispensed", "not-dispensed"],
  },
  {
    key: "outputs.relay.drop.withinMs",
    also: barrier,
    values: [5_000, 1_000],
    story: fallsAfter(2_000),
    see: goods,
    seen: ["dispensed", "not-dispensed"],
  },
  {
    key: "outputs.relay.onAmbiguous",
    also: relay,
    values: ["hold", "refund"],
    story: (stand) => {
      stand.scan().until(() => stand.spans(RELAY, 1).length === 2);
      stand.crash().pass(1_000).start();
      stand.until(() => stand.money.at(-1)?.final === true);
    },
    see: (stand) => [stand.money.at(-1)?.state, stand.spans(RELAY, 1).length],
    seen: [
      ["paid", 2],
      ["refunded", 2],
    ],
  },
  {
    key: "inputs.inhibit",
    values: [LAMP, null],
    story: (stand) => {
      stand.pins.drive(LAMP, "up");
      stand.pass(1_000);
    },
    see: (stand) => stand.box.status()?.service.blocker,
    seen: ["inhibited", null],
  },
  {
    key: "inputs.inhibit.pin",
    values: [LAMP, 27],
    story: (stand) => {
      stand.pins.drive(LAMP, "up");
      stand.pins.drive(27, "down");
      stand.pass(1_000);
    },
    see: (stand) => stand.box.status()?.service.blocker,
    seen: ["inhibited", null],
  },
  {
    key: "inputs.inhibit.activeLow",
    also: { "inputs.inhibit.pin": LAMP },
    values: [false, true],
    story: (stand) => {
      stand.pins.drive(LAMP, "up");
      stand.pass(1_000);
    },
    see: (stand) => stand.box.status()?.service.blocker,
    seen: ["inhibited", null],
  },
];
