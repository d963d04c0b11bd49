import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { checkConfig, configSchema } from "../../src/config/device-config.ts";
import { wechatEntry } from "../config-text.ts";

const root = new URL("../../", import.meta.url);
const exampleText = readFileSync(new URL("device.config.json", root), "utf8");

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The example file with one value put at a path such as `providers.0.hosts.0`; undefined takes the key away. */
function changed(path: string, value: Json | undefined): string {
  return changedAll([[path, value]]);
}

function changedAll(changes: readonly (readonly [string, Json | undefined])[]): string {
  const file: Json = JSON.parse(exampleText);
  for (const [path, value] of changes) put(file, path.split("."), value);
  return JSON.stringify(file);
}

function put(target: Json, [key = "", ...rest]: readonly string[], value: Json | undefined): void {
  assert.ok(typeof target === "object" && target !== null);
  if (rest.length > 0) {
    const inner: unknown = Reflect.get(target, key);
    put(inner as Json, rest, value);
  } else if (value === undefined) Reflect.deleteProperty(target, key);
  else Reflect.set(target, key, value);
}

function problemsOf(text: string): readonly string[] {
  const checked = checkConfig(text);
  return checked.ok ? [] : checked.problems;
}

function configOf(text: string) {
  const checked = checkConfig(text);
  assert.ok(checked.ok, checked.ok ? "" : checked.problems.join("\n"));
  return checked.config;
}

/** One real host's worth of keys and nothing else: whatever is absent has a default. */
const smallest = JSON.stringify({
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
  amount: { source: "fixed", fixed: "2.5" },
});

const loopback: readonly (readonly [string, Json])[] = [
  ["providers.0.hosts", ["http://127.0.0.1:8080"]],
  ["providers.1.hosts", ["http://127.0.0.1:8081"]],
];

test("the example file is in order and its values arrive", () => {
  const config = configOf(exampleText);
  assert.equal(config.box.id, "box-000123");
  assert.equal(config.amount.maximum, 300_000);
  assert.equal(config.amount.entry, "implied");
  assert.equal(config.late, "keep");
  assert.equal(config.loopbackOnly, false);
  assert.deepEqual(config.outputs?.paid, { pin: 26, activeLow: false });
  assert.equal(config.keypad?.keys[3], "0.:=");
});

test("the smallest file gets every default, and the store is called as the box is", () => {
  const config = configOf(smallest);
  assert.deepEqual(
    [config.scanner, config.keypad, config.display, config.outputs, config.mqtt],
    Array(5).fill(null),
  );
  assert.equal(config.amount.fixed, 250);
  assert.equal(config.box.store, "box-1");
  const [account] = config.providers;
  assert.ok(account?.kind === "wechat-v2");
  assert.equal(account.body, null);
  assert.equal(account.hosts[1], "https://api2.mch.weixin.qq.com");
  assert.equal(config.timing.giveUpAfterMs, 45_000);
  assert.equal(config.journal.directory, "/var/lib/scanbox");
  assert.equal(config.log.level, "info");
});

test("the value is frozen to the last list", () => {
  const config = configOf(exampleText);
  const stack: unknown[] = [config];
  let seen = 0;
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (typeof value !== "object" || value === null) continue;
    assert.ok(Object.isFrozen(value));
    seen += 1;
    stack.push(...Object.values(value));
  }
  assert.ok(seen > 20);
});

test("a payment found late is reversed where a relay is configured, unless the file says otherwise", () => {
  const relay = { pin: 7, fenPerPulse: 3000 };
  assert.equal(
    configOf(
      changedAll([
        ["outputs.relay", relay],
        ["late", undefined],
      ]),
    ).late,
    "reverse",
  );
  assert.equal(configOf(changed("outputs.relay", relay)).late, "keep");
  assert.equal(configOf(changed("late", undefined)).late, "keep");
});

test("entry is explicit where the keypad has a point and the file does not say", () => {
  assert.equal(configOf(changed("amount.entry", undefined)).amount.entry, "explicit");
  const plain = ["789C", "456<", "123X", "0::="].map((row) => row.replace("::", " :"));
  assert.equal(
    configOf(
      changedAll([
        ["amount.entry", undefined],
        ["keypad.keys", plain],
      ]),
    ).amount.entry,
    "implied",
  );
});

/** One change to the example, and all that is said about it. */
const refusals: readonly (readonly [string, Json | undefined, readonly string[]])[] = [
  ["till", {}, ["till: is not offered by this version yet."]],
  ["scaner", 1, ['scaner: is not a known key; did you mean "scanner"?']],
  ["providers.0.hots", [], ['providers[0].hots: is not a known key; did you mean "hosts"?']],
  ["zebra", 1, ["zebra: is not a known key."]],
  ["providers.0.\u009b2J", 1, ['providers[0]."\\u009b2J": is not a known key.']],
  ["version", 2, ["version: must be 1, got 2."]],
  ["version", undefined, ["version: is missing; it must be 1."]],
  ["box.id", undefined, ["box.id: is missing; it must be a text."]],
  ["box.id", "a b", ["box.id: must be 3 to 32 letters, digits, _ or -."]],
  ["box.language", "fr", ['box.language: must be "en" or "zh", got a text.']],
  ["box.store", "", ["box.store: must not be empty."]],
  ["box.store", "a\nb", ["box.store: must not hold control characters."]],
  ["providers.0.appId", "wx 1", ["providers[0].appId: must be 1 to 32 letters, digits, _ or -."]],
  ["providers.0.subAppId", "wx 1", ["providers[0].subAppId: must be 1 to 32 letters, digits, _ or -."]],
  ["providers.0.merchantId", 1900000109, ["providers[0].merchantId: must be a text, got 1900000109."]],
  ["providers.0.apiKey", { file: "api-key" }, ["providers[0].apiKey.file: must be an absolute path."]],
  ["providers.0.hosts", [], ["providers[0].hosts: must have at least 1 entry."]],
  [
    "providers.0.hosts.0",
    "https://api.mch.weixin.qq.com/",
    [
      "providers[0].hosts[0]: must be an origin such as https://api.mch.weixin.qq.com, without a path or a closing slash.",
    ],
  ],
  [
    "providers.0.hosts.0",
    "http://api.mch.weixin.qq.com",
    ["providers[0].hosts[0]: must begin with https:// unless every host is loopback."],
  ],
  ["providers.0.hosts.1", "https://api.mch.weixin.qq.com", ["providers[0].hosts[1]: is listed before."]],
  [
    "providers.0.subAppId",
    "wx2",
    ["providers[0].subMerchantId: must be given where subAppId is (service-provider mode)."],
  ],
  ["providers.0.clientIp", "10.0.0", ["providers[0].clientIp: must be an IPv4 or IPv6 address, or null."]],
  ["providers.0.body", "店".repeat(43), ["providers[0].body: must have at most 127 bytes in UTF-8."]],
  [
    "amount.source",
    "remote",
    [
      'amount.source: is not offered as "remote" by this version yet; it must be "keypad", "fixed", "menu" or "till".',
    ],
  ],
  ["amount.source", "fixed", ['amount.fixed: must be given where amount.source is "fixed".']],
  ["amount.fixed", "1.00", ['amount.fixed: must be null unless amount.source is "fixed".']],
  ["amount.maximum", "0.00", ["amount.maximum: must be more than 0.00 yuan."]],
  ["amount.maximum", "100000", ["amount.maximum: must be at most 99999.99 yuan."]],
  ["amount.maximum", "1,000.00", ['amount.maximum: must be an amount in yuan such as "3000.00".']],
  ["amount.maximum", 3000, ['amount.maximum: must be an amount in yuan as text, such as "3000.00".']],
  ["keypad", null, ['keypad: must be given where amount.source is "keypad".']],
  ["keypad.keys.0", "789", ["keypad.keys[0]: must have one character for each of the 4 columns, got 3."]],
  [
    "keypad.keys",
    ["789C", "456<", "1230"],
    ["keypad.keys: must have one text for each of the 4 rows, got 3.", 'keypad.keys: must hold "=".'],
  ],
  ["keypad.keys.0", "788C", ['keypad.keys: must hold "8" once.', 'keypad.keys: must hold "9".']],
  [
    "keypad.keys.2",
    "123#",
    ['keypad.keys[2]: must hold only digits, ".", ":", "<", "C", "X", "=" and blanks.'],
  ],
  ["display.columns", 20, ["display: must be 16x2 or 20x4, got 20x2."]],
  ["display.columns", 40, ["display.columns: must be 16 or 20, got 40."]],
  [
    "display.driver",
    "oled",
    ['display.driver: must be "hd44780-gpio", "hd44780-i2c", "kernel" or "terminal".'],
  ],
  ["outputs.paid", 28, ["outputs.paid: must be at most 27, got 28."]],
  ["outputs.paid", { pin: -1 }, ["outputs.paid.pin: must be at least 0, got -1."]],
  ["outputs.paid", "26", ["outputs.paid: must be a pin number, {pin, activeLow} or null."]],
  ["outputs.paid", 5, ["outputs.paid: must not be pin 5, which keypad.rows[0] uses."]],
  [
    "outputs.relay",
    { pin: 26, fenPerPulse: 3000 },
    ["outputs.relay: must not be pin 26, which outputs.paid uses."],
  ],
  ["display.data.3", 25, ["display.data[3]: must not be pin 25, which display.rs uses."]],
  [
    "outputs.wait",
    1,
    ["outputs.wait: must not be pin 1, which belongs to the identification of add-on boards."],
  ],
  [
    "mqtt.url",
    "https://broker.example",
    ["mqtt.url: must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT], without a name, a password or a path."],
  ],
  ["mqtt.password", { file: "/p" }, ["mqtt.username: must be given where mqtt.password is."]],
  ["mqtt.key", { file: "/k" }, ["mqtt.cert: mqtt.cert and mqtt.key must be given together."]],
  [
    "commands.keys",
    ["x"],
    ["commands.keys: must be empty: remote commands are not offered by this version yet."],
  ],
  ["journal.retentionDays", 0, ["journal.retentionDays: must be at least 1, got 0."]],
  ["journal.directory", "var", ["journal.directory: must be an absolute path."]],
  ["timing.giveUpAfterMs", 20_000, ["timing.giveUpAfterMs: must be at least 30000, got 20000."]],
  ["timing.reverseNotBeforeMs", 14_999, ["timing.reverseNotBeforeMs: must be at least 15000, got 14999."]],
  ["timing.restMs", 64_999, ["timing.restMs: must be at least 65000, by scanner.repeats, got 64999."]],
  ["timing.confirmNotBeforeMs", 59_999, ["timing.confirmNotBeforeMs: must be at least 60000, got 59999."]],
  ["timing.queryEveryMs", 1.5, ["timing.queryEveryMs: must be a whole number, got 1.5."]],
  [
    "timing.queryEveryMs",
    45_001,
    [
      "timing.queryEveryMs: must be at most timing.giveUpAfterMs (45000), got 45001; " +
        "else a payment is given up before its first repeated query.",
    ],
  ],
  [
    "timing.connectTimeoutMs",
    10_001,
    [
      "timing.connectTimeoutMs: must be at most timing.sendWithinMs (10000), got 10001; else the backup host is never tried.",
    ],
  ],
  ["log", { level: "verbose" }, ['log.level: must be "debug" or "info" or "warn" or "error", got a text.']],
];

for (const [path, value, expected] of refusals) {
  test(`${path} = ${JSON.stringify(value)} is refused: ${expected[0]}`, () => {
    const text = changed(path, value);
    assert.deepEqual(problemsOf(text), expected);
  });
}

test("every problem of a file is listed at once, those between keys too", () => {
  const problems = problemsOf(
    changedAll([
      ["box.id", 5],
      ["till", {}],
      ["amount.fixed", "1.00"],
      ["outputs.paid", 5],
      ["timing.giveUpAfterMs", 20_000],
      ["journal.retentionDays", 0],
    ]),
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(":")[0]),
    ["box.id", "journal.retentionDays", "till", "amount.fixed", "outputs.paid", "timing.giveUpAfterMs"],
  );
});

test("the floors do not bind where every host is loopback, and the relations still do", () => {
  const quick = {
    queryEveryMs: 20,
    giveUpAfterMs: 200,
    reverseNotBeforeMs: 50,
    confirmNotBeforeMs: 100,
    sendWithinMs: 100,
    connectTimeoutMs: 100,
    answerTimeoutMs: 150,
  };
  const config = configOf(changedAll([...loopback, ["timing", quick]]));
  assert.equal(config.loopbackOnly, true);
  const mixed = ["https://127.0.0.1:1", "https://api.mch.weixin.qq.com"];
  assert.equal(
    problemsOf(
      changedAll([
        ["providers.0.hosts", mixed],
        ["timing", quick],
      ]),
    ).length,
    3,
  );
  assert.match(
    problemsOf(changedAll([...loopback, ["timing", { ...quick, queryEveryMs: 300 }]])).join(),
    /queryEveryMs/,
  );
});

for (const host of [
  "http://127.8.9.1",
  "http://[::1]:8080",
  "http://localhost.example",
  "http://128.0.0.1",
]) {
  const passes = /127|::1/.test(host);
  test(`${host} ${passes ? "is" : "is not"} taken as a loopback origin`, () => {
    assert.equal(checkConfig(changed("providers.0.hosts", [host])).ok, passes);
  });
}

test("an I2C display takes pins 2 and 3, and a scanner on the header's UART takes 14 and 15", () => {
  const i2c = { driver: "hd44780-i2c", columns: 20, rows: 4 };
  const pin = (value: number) => ["outputs.paid", value] as const;
  assert.equal(problemsOf(changedAll([pin(2)])).length, 0);
  assert.match(problemsOf(changedAll([["display", i2c], pin(2)])).join(), /which belongs to the I2C bus/);
  assert.equal(problemsOf(changedAll([["display", { ...i2c, bus: 3 }], pin(3)])).length, 0);
  assert.match(
    problemsOf(changed("display", { ...i2c, address: 0x30 })).join(),
    /display.address: must be 32 to 39/,
  );
  assert.equal(problemsOf(changedAll([pin(14)])).length, 0);
  for (const path of ["/dev/ttyAMA0", "/dev/serial0", "/dev/ttyS0"]) {
    assert.match(
      problemsOf(changedAll([["scanner.path", path], pin(15)])).join(),
      /serial line of the scanner/,
    );
  }
});

test("an account of before is refused where it is the one of now, and taken with another id", () => {
  const before = {
    ...{ id: "before", kind: "wechat-v2", charges: false },
    appId: "wx1234567890abcdef",
    merchantId: "1900000108",
    apiKey: { file: "/old" },
    certificate: { cert: { file: "/c" }, key: { file: "/k" } },
  };
  const { providers } = configOf(changed("providers.1", before));
  assert.deepEqual(
    providers.map(({ id, charges }) => [id, charges]),
    [
      ["wechat", true],
      ["before", false],
    ],
  );
  assert.deepEqual(problemsOf(changed("providers.1", { ...before, merchantId: "1900000109" })), [
    "providers[1]: names an account that is named before.",
  ]);
});

test("a fixed amount must fit the maximum and divide into pulses", () => {
  const fixed: readonly (readonly [string, Json])[] = [
    ["amount.source", "fixed"],
    ["amount.fixed", "2.50"],
  ];
  const relay = { pin: 7, fenPerPulse: 100 };
  assert.match(
    problemsOf(changedAll([...fixed, ["outputs.relay", relay]])).join(),
    /must divide amount.fixed \(250 fen\)/,
  );
  assert.equal(
    problemsOf(changedAll([...fixed, ["outputs.relay", { ...relay, fenPerPulse: 50 }]])).length,
    0,
  );
  assert.deepEqual(problemsOf(changedAll([...fixed, ["amount.maximum", "2.49"]])), [
    "amount.fixed: must be at most amount.maximum (2.49), got 2.50.",
  ]);
});

test("a menu has keys that exist, once each, and prices that fit", () => {
  const relay = { pin: 7, fenPerPulse: 100 };
  const menu = (...items: Json[]): readonly string[] =>
    problemsOf(
      changedAll([
        ["amount.source", "menu"],
        ["amount.menu", items],
        ["outputs.relay", relay],
      ]),
    );
  assert.deepEqual(menu({ key: "1", name: "Cola", price: "3.00" }), []);
  assert.deepEqual(menu({ key: "1", name: "Cola", price: "2.50", pulses: 4 }), []);
  assert.deepEqual(menu({ key: "1", name: "Cola", price: "2.50" }), [
    "outputs.relay.fenPerPulse: must divide amount.menu[0].price (250 fen) exactly, got 100.",
  ]);
  assert.deepEqual(
    menu({ key: "1", name: "Cola", price: "3.00" }, { key: "1", name: "Tea", price: "1.00" }),
    ["amount.menu[1].key: is listed before."],
  );
  assert.deepEqual(menu({ key: "1", name: "Gold", price: "4000.00", pulses: 1 }), [
    "amount.menu[0].price: must be at most amount.maximum (3000.00), got 4000.00.",
  ]);
  assert.deepEqual(menu(), ['amount.menu: must hold at least one item where amount.source is "menu".']);
  assert.deepEqual(problemsOf(changed("amount.menu", [{ key: "1", name: "Cola", price: "3.00" }])), [
    'amount.menu: must be empty unless amount.source is "menu".',
  ]);
  const keys = { rows: [5], columns: [12, 16], keys: ["12"] };
  const three = [{ key: "3", name: "Cola", price: "3.00" }];
  assert.deepEqual(
    problemsOf(
      changedAll([
        ["amount.source", "menu"],
        ["amount.menu", three],
        ["keypad", keys],
      ]),
    ),
    ['amount.menu[0].key: must be a key of the keypad, got "3".'],
  );
});

test("a name of the menu is text: nothing in it is a sign for something else", () => {
  for (const name of ["Tea|milk", "{amount}", "{ref}", "Tea & milk"]) {
    const menu = [{ key: "1", name, price: "3.00" }];
    assert.deepEqual(
      problemsOf(
        changedAll([
          ["amount.source", "menu"],
          ["amount.menu", menu],
        ]),
      ),
      [],
      name,
    );
  }
});

test("a text that nobody would see is no text, whatever its blanks are", () => {
  const free = ["box.store", "providers.0.body", "gpio.chip"];
  for (const blank of [" ", "   ", "\u3000", "\u00a0\u200b", "\u2028", "\ufeff"]) {
    for (const path of free)
      assert.deepEqual(
        problemsOf(changed(path, blank)),
        [`${path.replace(".0.", "[0].")}: must not be blank.`],
        JSON.stringify(blank),
      );
  }
  for (const path of free) assert.deepEqual(problemsOf(changed(path, "\u5c0f \u5e97")), [], path);
  const store = (id: string): string => changed("providers.0.sceneInfo", { id, name: id });
  assert.deepEqual(problemsOf(store("\u3000")), [
    "providers[0].sceneInfo.id: must not be blank.",
    "providers[0].sceneInfo.name: must not be blank.",
  ]);
  assert.deepEqual(problemsOf(changed("box.advert", ["Bread", "  "])), ["box.advert[1]: must not be blank."]);
  const menu = [{ key: "1", name: "   ", price: "3.00" }];
  assert.deepEqual(
    problemsOf(
      changedAll([
        ["amount.source", "menu"],
        ["amount.menu", menu],
      ]),
    ),
    ["amount.menu[0].name: must not be blank."],
  );
  const half = changed("box.store", "x").replace('"x"', '"\\ud83d"');
  assert.deepEqual(problemsOf(half), ["box.store: must not hold half a character (\\ud800 to \\udfff)."]);
});

test("a configuration sells no pulses that cannot go out", () => {
  assert.deepEqual(
    problemsOf(
      changedAll([
        ["amount.source", "menu"],
        ["amount.menu", [{ key: "1", name: "Cola", price: "3.00", pulses: 2 }]],
      ]),
    ),
    ["amount.menu[0].pulses: must be null where there is no outputs.relay."],
  );
  assert.deepEqual(problemsOf(changed("outputs.relay", { pin: 7, fenPerPulse: 300_001 })), [
    "outputs.relay.fenPerPulse: must be at most amount.maximum (300000 fen), got 300001.",
  ]);
});

test("no payment may make more pulses than a machine takes", () => {
  const typed = changedAll([["outputs.relay", { pin: 7, fenPerPulse: 100 }]]);
  assert.deepEqual(problemsOf(typed), [
    "outputs.relay.fenPerPulse: must make at most 100 pulses of amount.maximum (300000 fen), got 100, which makes 3000.",
  ]);
  const capped = changedAll([
    ["outputs.relay", { pin: 7, fenPerPulse: 100 }],
    ["amount.maximum", "100.00"],
  ]);
  assert.deepEqual(problemsOf(capped), []);
});

test("an advert fits its display and holds only what one can show", () => {
  assert.deepEqual(problemsOf(changed("box.advert", ["Fresh bread"])), []);
  assert.deepEqual(problemsOf(changed("box.advert", ["Fresh bread every day"])), [
    "box.advert[0]: must have at most 20 characters.",
  ]);
  assert.deepEqual(problemsOf(changed("box.advert", ["Fresh bread daily"])), [
    "box.advert[0]: must have at most 16 characters, got 17.",
  ]);
  assert.deepEqual(problemsOf(changed("box.advert", ["\u9762\u5305"])), [
    "box.advert[0]: must hold only what a character display can show.",
  ]);
});

test("the pins of a machine's sensors are pins like others", () => {
  const relay = { pin: 7, fenPerPulse: 3000, drop: { pin: 26 } };
  assert.deepEqual(problemsOf(changed("outputs.relay", relay)), [
    "outputs.relay.drop: must not be pin 26, which outputs.paid uses.",
  ]);
  assert.deepEqual(problemsOf(changed("inputs", { inhibit: { pin: 5, activeLow: true } })), [
    "inputs.inhibit: must not be pin 5, which keypad.rows[0] uses.",
  ]);
});

test("a secret pasted into the file is refused and never echoed, wherever it was pasted", () => {
  const secret = "8f14e45fceea167a5a36dedd4bea2543";
  const paths = Object.entries(JSON.parse(exampleText)).flatMap(([name, section]) =>
    typeof section === "object" && section !== null && !Array.isArray(section)
      ? [name, ...Object.keys(section).map((key) => `${name}.${key}`)]
      : [name],
  );
  paths.push(...Object.keys(JSON.parse(exampleText).providers[0]).map((key) => `providers.0.${key}`));
  assert.ok(paths.includes("providers.0.apiKey") && paths.includes("mqtt.password"));
  for (const path of [...paths, "providers.0.apiKey.file", "providers.0.certificate.key"]) {
    assert.doesNotMatch(problemsOf(changed(path, secret)).join("\n"), new RegExp(secret), path);
  }
  assert.equal(problemsOf(changed("providers.0.apiKey", secret)).length, 1);
  assert.doesNotMatch(problemsOf(`{"providers": [{"apiKey": "${secret}\n"}]}`).join(), new RegExp(secret));
});

test("whatever JSON a file holds, it is accepted or its problems are sentences with a path", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      for (const problem of problemsOf(text))
        assert.match(problem, /^(?:The file|[$\w.[\]]+:|Line \d+|.*: ).*\.$|\?$/s);
      assert.equal(checkConfig(text).ok, false);
    }),
  );
});

test("the JSON Schema beside the source is the one the program decodes with", () => {
  const stored: unknown = JSON.parse(
    readFileSync(new URL("src/config/device.config.schema.json", root), "utf8"),
  );
  assert.deepEqual(
    configSchema(),
    stored,
    "run: scripts/scanbox config schema > src/config/device.config.schema.json",
  );
});

test("every key of the schema is described", () => {
  const undescribed: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    if ("properties" in schema && typeof schema.properties === "object" && schema.properties !== null) {
      for (const [key, property] of Object.entries(schema.properties)) {
        if (!("description" in property)) undescribed.push(`${path}.${key}`);
        walk(property, `${path}.${key}`);
      }
    }
    for (const inner of ["anyOf", "oneOf"] as const) {
      const branches: unknown = Reflect.get(schema, inner);
      if (Array.isArray(branches)) for (const branch of branches) walk(branch, path);
    }
    if ("items" in schema) walk(schema.items, `${path}[]`);
  };
  walk(configSchema(), "");
  assert.deepEqual(undescribed, []);
});
