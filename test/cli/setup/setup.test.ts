// Goal: a box can be configured on its devices by answering questions, and nothing is changed before the last answer.
// Method: the whole command with answers from a pipe, on a simulated header, scanners and display.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { describe } from "node:test";
import { loadConfig } from "../../../src/cli/config.ts";
import { usualPins } from "../../../src/cli/setup/pins-text.ts";
import { wechatEntry } from "../../config-text.ts";
import { Bench } from "./bench.ts";

const example = join(import.meta.dirname, "../../../device.config.json");
const apiKey = "0123456789abcdefFEDCBA9876543210";
const code = "134567890123456789";

const box = ["", "box-7", "Corner shop"];
/** WeChat Pay alone, which is proposed, and its account. */
const merchant = ["", "wx1234567890abcdef", "1900000109", "", "", apiKey, "", ""];
const typed = ["keypad", ""];
const noScanner = ["none"];
const noKeypad = ["no"];
const noDisplay = ["none"];
const noLights = ["no"];
const noRelay = ["no"];
const noBroker = ["none"];
const rest = [...noDisplay, ...noLights, ...noRelay, ...noBroker, "yes"];
const fixed = ["fixed", "5.00"];

describe("a whole set-up", () => {
  test("makes a configuration that passes its check, and keeps what is secret in files of its own", async (t) => {
    const bench = new Bench(t);
    bench.scanWhenAsked("/dev/ttyACM0", code);
    bench.pressWhatIsAsked();
    const answers = [
      ...[...box, ...merchant, ...typed],
      ...["scan", "", "plain"],
      ...["yes", "", "", "", "yes"],
      ...["1", "16x2", "", "", "", "yes", "yes"],
      ...["yes", "", "yes", "", "yes", "", "yes", "", "yes"],
      ...["yes", "10", "low", "", "", "no"],
      ...["mqtts://broker.example", "/etc/scanbox/broker-ca.pem", "box-7", "a password"],
      "yes",
    ];
    const { status, said } = await bench.setup(answers);
    assert.equal(status, 0, said);
    const checked = loadConfig(bench.file);
    assert.deepEqual(checked.ok ? [] : checked.problems, []);
    const text = readFileSync(bench.file, "utf8");
    assert.deepEqual(JSON.parse(text), {
      version: 1,
      box: { language: "en", id: "box-7", store: "Corner shop" },
      providers: [
        wechatEntry({
          appId: "wx1234567890abcdef",
          merchantId: "1900000109",
          subMerchantId: null,
          signType: "HMAC-SHA256",
          apiKey: { file: join(bench.folder, "api-key") },
          certificate: {
            cert: { file: join(bench.folder, "apiclient_cert.pem") },
            key: { file: join(bench.folder, "apiclient_key.pem") },
          },
        }),
      ],
      amount: { source: "keypad", maximum: "3000.00" },
      scanner: { path: "/dev/ttyACM0", baudRate: 9600, profile: "plain" },
      keypad: { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0.:="] },
      display: { driver: "hd44780-gpio", columns: 16, rows: 2, rs: 25, e: 24, data: [23, 17, 18, 22] },
      outputs: {
        paid: 26,
        wait: 4,
        refused: 27,
        buzzer: 11,
        relay: { pin: 10, activeLow: true, fenPerPulse: 10_000, widthMs: 50 },
      },
      mqtt: {
        url: "mqtts://broker.example",
        ca: { file: "/etc/scanbox/broker-ca.pem" },
        username: "box-7",
        password: { file: join(bench.folder, "mqtt-password") },
      },
    });
    const modeOf = (name: string): number => statSync(join(bench.folder, name)).mode & 0o777;
    assert.equal(modeOf("device.config.json"), 0o640);
    assert.equal(modeOf("api-key"), 0o600);
    assert.equal(modeOf("mqtt-password"), 0o600);
    assert.equal(readFileSync(join(bench.folder, "api-key"), "utf8"), `${apiKey}\n`);
    assert.deepEqual(readdirSync(bench.folder).sort(), ["api-key", "device.config.json", "mqtt-password"]);
    for (const secret of [apiKey, "a password", code]) assert.ok(!said.includes(secret));
    assert.match(said, /✓|ok: The display is as it should be/);
    assert.deepEqual(bench.display.at(-1), ["Can you read me?", "¥12.50 #%&012345"]);
    assert.match(said, /1 of 1 findings[\s\S]*1\. Start the box:\n {7}scanbox run --config/);
    assert.ok([10, 26, 5, 25].every((pin) => !bench.pins.holds(pin)));
  });

  test("with defaults alone leaves a file that is there as it was", async (t) => {
    const bench = new Bench(t);
    copyFileSync(example, bench.file);
    const answers = Array.from({ length: 60 }, () => "");
    bench.pressWhatIsAsked();
    const { status, said } = await bench.setup(answers);
    assert.equal(status, 0, said);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")), JSON.parse(readFileSync(example, "utf8")));
    assert.equal(readFileSync(`${bench.file}.bak`, "utf8"), readFileSync(example, "utf8"));
  });

  test("leaves secrets where systemd hands them to the service", async (t) => {
    const bench = new Bench(t);
    const config = JSON.parse(readFileSync(example, "utf8"));
    config.providers[0].apiKey = { credential: "scanbox.api-key" };
    config.providers[0].certificate = {
      cert: { credential: "scanbox.cert" },
      key: { credential: "scanbox.key" },
    };
    writeFileSync(bench.file, JSON.stringify(config));
    bench.pressWhatIsAsked();
    const { status, said } = await bench.setup(Array.from({ length: 60 }, () => ""));
    assert.equal(status, 0, said);
    assert.match(said, /\[as in credential:scanbox\.api-key\]: \(not shown\)/);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")), config);
    assert.deepEqual(readdirSync(bench.folder).sort(), ["device.config.json", "device.config.json.bak"]);
  });

  test("of another account leaves the one before as it is, its key too", async (t) => {
    const bench = new Bench(t);
    const config = JSON.parse(readFileSync(example, "utf8"));
    const before = {
      ...config.providers[0],
      charges: false,
      apiKey: { file: join(bench.folder, "api-key") },
    };
    writeFileSync(join(bench.folder, "api-key"), "of before");
    writeFileSync(bench.file, JSON.stringify({ ...config, providers: [before] }));
    bench.pressWhatIsAsked();
    const ids = ["wx1234567890abcdef", "1900000110", "", "", apiKey, "", ""];
    const { status, said } = await bench.setup([
      "",
      "",
      "",
      "",
      ...ids,
      ...Array.from({ length: 60 }, () => ""),
    ]);
    assert.equal(status, 0, said);
    const [first, second, ...more] = JSON.parse(readFileSync(bench.file, "utf8")).providers;
    assert.deepEqual([first, more], [before, []]);
    assert.deepEqual([second.id, second.kind, second.merchantId], ["wechat-2", "wechat-v2", "1900000110"]);
    assert.equal(readFileSync(second.apiKey.file, "utf8"), `${apiKey}\n`);
    assert.equal(readFileSync(join(bench.folder, "api-key"), "utf8"), "of before");
    // The account that is charged is the one that is asked about from now on.
    const again = await bench.setup(Array.from({ length: 60 }, () => ""));
    assert.match(again.said, /mch_id\) \[1900000110\]/);
  });

  test("takes the name of a credential where it asks for a secret, as it does for certificates", async (t) => {
    const bench = new Bench(t);
    const config = JSON.parse(readFileSync(example, "utf8"));
    config.providers[0].apiKey = { file: join(bench.folder, "api-key") };
    writeFileSync(bench.file, JSON.stringify(config));
    bench.pressWhatIsAsked();
    const answers = Array.from({ length: 60 }, () => "");
    const { status, said } = await bench.setup([
      ...[...box, ...merchant].map((answer) => (answer === apiKey ? "credential:scanbox.api-key" : "")),
      ...answers,
    ]);
    assert.equal(status, 0, said);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")).providers[0].apiKey, {
      credential: "scanbox.api-key",
    });
    assert.deepEqual(readdirSync(bench.folder).sort(), ["device.config.json", "device.config.json.bak"]);
  });

  test("without devices is still a configuration", async (t) => {
    const bench = new Bench(t, { withoutPins: true, scanners: [] });
    const { status, said } = await bench.setup([
      ...[...box, ...merchant, ...fixed],
      ...["scan", "path", "/dev/serial0", "", "", "often"],
      ...noKeypad,
      ...rest,
    ]);
    assert.equal(status, 0, said);
    assert.match(said, /There is no serial device and no keyboard on this machine/);
    assert.equal(JSON.parse(readFileSync(bench.file, "utf8")).scanner.path, "/dev/serial0");
  });

  test("whose answers are skipped is written all the same, and says what is missing", async (t) => {
    const bench = new Bench(t);
    const { status, said } = await bench.setup([
      ...["-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"],
      ...[...fixed, ...noScanner, ...noKeypad, ...rest],
    ]);
    assert.equal(status, 2, said);
    assert.match(said, /not complete:\n {2}box\.id: is missing.*\n {2}providers\[0\]\.appId: is missing/);
    assert.match(said, /1\. Complete the configuration:\n {7}scanbox setup --config/);
    assert.equal(JSON.parse(readFileSync(bench.file, "utf8")).amount.fixed, "5.00");
  });
});

describe("the wallets that the shop takes", () => {
  const pair = (): { readonly own: string; readonly ownPublic: string; readonly theirs: string } => {
    const made = [1, 2].map(() => generateKeyPairSync("rsa", { modulusLength: 2_048 }));
    const pem = (key: KeyObject | undefined, type: "pkcs8" | "spki"): string =>
      String(key?.export({ type: type as "pkcs8", format: "pem" }));
    return {
      own: pem(made[0]?.privateKey, "pkcs8"),
      ownPublic: pem(made[0]?.publicKey, "spki"),
      theirs: pem(made[1]?.publicKey, "spki"),
    };
  };
  const end = [...fixed, ...noScanner, ...noKeypad, ...rest];

  test("bring an account of each, and the app's own public key is refused where Alipay's belongs", async (t) => {
    const bench = new Bench(t);
    const { own, ownPublic, theirs } = pair();
    const paths = ["own.pem", "own-public.pem", "theirs.pem"].map((name) => join(bench.folder, name));
    const [ownPath = "", ownPublicPath = "", theirsPath = ""] = paths;
    writeFileSync(ownPath, own);
    writeFileSync(ownPublicPath, ownPublic);
    writeFileSync(theirsPath, theirs);
    const { status, said } = await bench.setup([
      ...[...box, "gold", "alipay, wechat", ...merchant.slice(1)],
      ...["2021001234567890", "", ownPath, ownPublicPath, theirsPath, ...end],
    ]);
    assert.equal(status, 0, said);
    assert.match(said, /Type one or more of wechat, alipay/);
    assert.match(said, /This file is the app's own, and Alipay's belongs here\. The console shows/);
    const [first, second, ...more] = JSON.parse(readFileSync(bench.file, "utf8")).providers;
    assert.deepEqual([first.id, first.kind, first.merchantId], ["wechat", "wechat-v2", "1900000109"]);
    assert.deepEqual(second, {
      kind: "alipay",
      id: "alipay",
      appId: "2021001234567890",
      sellerId: null,
      privateKey: { file: ownPath },
      alipayPublicKey: { file: theirsPath },
    });
    assert.deepEqual(more, []);
    assert.ok(!said.includes(own.slice(40, 80)));
  });

  test("may be Alipay alone, and an account that is known is kept for its orders", async (t) => {
    const bench = new Bench(t);
    const alipay = ["2021001234567890", "", "", ""];
    const { status, said } = await bench.setup([...box, "alipay", ...alipay, ...end]);
    assert.equal(status, 0, said);
    const kinds = (): readonly unknown[] =>
      JSON.parse(readFileSync(bench.file, "utf8")).providers.map(
        ({ id, charges = true }: { id: string; charges?: boolean }) => [id, charges],
      );
    assert.deepEqual(kinds(), [["alipay", true]]);
    const again = await bench.setup(["", "", "", "wechat", ...merchant.slice(1), ...end]);
    assert.equal(again.status, 0, again.said);
    assert.match(again.said, /\(wechat, alipay\) \[alipay\]/);
    assert.deepEqual(kinds(), [
      ["alipay", false],
      ["wechat", true],
    ]);
  });
});

describe("a question", () => {
  test("explains itself, refuses what the configuration's check refuses, and goes back", async (t) => {
    const bench = new Bench(t, { host: "till-3.shop.example" });
    const { said } = await bench.setup(["zh", "?", "a b", "<", "", ""]);
    assert.match(said, /Id of this box \[till-3\]: \?\nUnique among/);
    assert.match(said, /!! box\.id: must be 3 to 32 letters, digits, _ or -\.\nId of this box/);
    assert.match(said, /Id of this box \[till-3\]: <\n\nLanguage of the screens:\n.*\n.*\n {2}\[zh\]: \n/);
    assert.match(said, /Name of the store: \nNothing was written/);
    assert.equal(existsSync(bench.file), false);
  });

  test("proposes an id from the board where nobody has named the machine", async (t) => {
    const { said } = await new Bench(t).setup([""]);
    assert.match(said, /Id of this box \[box-a1b2c3d4\]: /);
  });

  test("about a key says what its length is, and not what it is", async (t) => {
    const { said } = await new Bench(t).setup([...box, "", "wx1", "19", "", "", "tooshort", apiKey]);
    assert.match(said, /An API key has 32 characters without blanks, this has 8\./);
    assert.ok(!said.includes("tooshort"));
  });

  for (const [kind, words] of [
    ["certificate-mismatch", /The key does not belong to the certificate/],
    ["certificate-missing", /holds no certificate, or no key/],
    ["certificate-expired", /not valid today/],
  ] as const) {
    test(`about a certificate says at once: ${kind}`, async (t) => {
      const { said } = await new Bench(t, { pair: { kind } }).setup([...box, ...merchant]);
      assert.match(said, words);
    });
  }
});

describe("whoever leaves", () => {
  test("leaves every file as it was, wherever that is", async (t) => {
    const bench = new Bench(t);
    copyFileSync(example, bench.file);
    const before = readFileSync(bench.file);
    for (const answers of [[], box, [...box, ...merchant, ...typed]]) {
      const { status, said } = await bench.setup(answers);
      assert.equal(status, 1);
      assert.match(said, /Nothing was written; everything is as it was\.\n$/);
    }
    assert.deepEqual(readdirSync(bench.folder), ["device.config.json"]);
    assert.deepEqual(readFileSync(bench.file), before);
  });

  test("says no at the end, and nothing is written", async (t) => {
    const bench = new Bench(t);
    const { status } = await bench.setup([
      ...[...box, ...merchant, ...fixed, ...noScanner, ...noKeypad],
      ...rest.slice(0, -1),
      "no",
    ]);
    assert.equal(status, 1);
    assert.deepEqual(readdirSync(bench.folder), []);
  });

  test("while a light is on leaves it off, and its pin free", async (t) => {
    const bench = new Bench(t);
    let lit = false;
    bench.pins.wire(26, (level) => {
      if (level !== 1 || lit) return;
      lit = true;
      process.emit("SIGTERM");
    });
    const before = [...box, ...merchant, ...fixed, ...noScanner, ...noKeypad, ...noDisplay];
    const { status } = await bench.setup([...before, "yes", "", "yes", "", "yes"]);
    assert.equal(status, 1);
    assert.equal(lit, true);
    assert.equal(bench.pins.level(26), 0);
    assert.equal(bench.pins.holds(26), false);
  });

  test("a file that is no configuration is not touched", async (t) => {
    const bench = new Bench(t);
    writeFileSync(bench.file, '{"version": 1,');
    const { status, complained } = await bench.setup([]);
    assert.equal(status, 1);
    assert.match(complained, /device\.config\.json, line 1, column \d+: .* Mend it, or move it away/);
  });
});

describe("the scanner", () => {
  const to = [...box, ...merchant, ...fixed];

  test("is the device that a code comes from, and all devices are free again", async (t) => {
    const paths = ["/dev/serial/by-id/usb-modem", "/dev/serial/by-id/usb-scanner"];
    const bench = new Bench(t, { scanners: paths });
    bench.scanWhenAsked(paths[1] ?? "", "4006381333931");
    const { said } = await bench.setup([...to, "scan", "", "", "often", ...noKeypad, ...rest]);
    assert.match(said, /ok: \/dev\/serial\/by-id\/usb-scanner read a code\./);
    assert.ok(!said.includes("4006381333931"));
    const { path, repeats } = JSON.parse(readFileSync(bench.file, "utf8")).scanner;
    assert.deepEqual([path, repeats], [paths[1], "often"]);
    for (const scanner of bench.scanners.values())
      assert.equal(
        scanner.send(Buffer.from("1"), () => {}),
        false,
      );
  });

  test("that plays a keyboard has no speed, and what people type on one is no code", async (t) => {
    const path = "/dev/input/by-id/usb-scanner-event-kbd";
    const bench = new Bench(t, { scanners: [path] });
    const texts = ["yes", code];
    bench.handlers.push((said) => {
      const text = said.includes("Hold any code before the") ? texts.shift() : undefined;
      if (text !== undefined) bench.time.after(500, () => bench.scan(path, text));
    });
    const { said } = await bench.setup([...to, "scan", "again", "", ...noKeypad, ...rest]);
    assert.match(said, /Nothing readable came from \/dev\/input/);
    assert.match(said, /kbd read a WeChat payment code\./);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")).scanner, { path, repeats: "once" });
  });

  test("whose speed is wrong is searched at the next one, which is kept", async (t) => {
    const bench = new Bench(t);
    const texts = ["\u00f3\u00f8\u0081", code];
    bench.handlers.push((said) => {
      const text = said.includes("Hold any code before the") ? texts.shift() : undefined;
      if (text !== undefined) bench.time.after(500, () => bench.scan("/dev/ttyACM0", text));
    });
    await bench.setup([...to, "scan", "", "", "", "seldom", ...noKeypad, ...rest]);
    assert.equal(JSON.parse(readFileSync(bench.file, "utf8")).scanner.baudRate, 115_200);
  });

  test("that says nothing can be left for later", async (t) => {
    const bench = new Bench(t);
    const { status, said } = await bench.setup([...to, "scan", "later", ...noKeypad, ...rest]);
    assert.equal(status, 0, said);
    assert.match(said, /No code came\./);
    assert.equal(JSON.parse(readFileSync(bench.file, "utf8")).scanner, undefined);
  });
});

describe("the keypad", () => {
  const to = [...box, ...merchant, ...typed, ...noScanner];

  test("whose wires run in another order is written as it is wired", async (t) => {
    const bench = new Bench(t, { rows: [19, 5, 13, 6], columns: [21, 20, 16, 12] });
    bench.pressWhatIsAsked();
    const { status, said } = await bench.setup([...to, "yes", "", "", "", "yes", ...rest]);
    assert.equal(status, 0, said);
    assert.match(said, /The wires run in another order: rows 19 5 13 6, columns 21 20 16 12\./);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")).keypad, {
      rows: [19, 5, 13, 6],
      columns: [21, 20, 16, 12],
      keys: ["789C", "456<", "123X", "0.:="],
    });
  });

  test("with another print than it was said to have is written as it is wired", async (t) => {
    const bench = new Bench(t, { print: ["147:", "2580", "369.", "CX<="] });
    bench.pressWhatIsAsked();
    const { said } = await bench.setup([...to, "yes", "", "", "", "yes", ...rest]);
    assert.match(said, /The matrix is not wired like the print/);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")).keypad.keys, [
      "147:",
      "2580",
      "369.",
      "CX<=",
    ]);
  });

  test("without a pull-up, or with a key held, names the column", async (t) => {
    const bench = new Bench(t);
    bench.pins.drive(20, "down");
    const { said } = await bench.setup([...to, "yes", "", "", "", "yes", "no", ...rest]);
    assert.match(said, /the column on pin 20 must read\s+high, and does not/);
    assert.ok([5, 6, 13, 19, 12, 16, 20, 21].every((pin) => !bench.pins.holds(pin)));
  });

  test("that lacks a key that is needed makes the configuration incomplete", async (t) => {
    const bench = new Bench(t, { print: ["789C", "456<", "123X", "0.: "] });
    bench.pressWhatIsAsked();
    const { status, said } = await bench.setup([...to, "yes", "", "", "", "yes", ...rest]);
    assert.equal(status, 2);
    assert.match(said, /Press {2}OK \(confirm\) +not there/);
    assert.match(said, /keypad\.keys: must hold "="/);
  });
});

describe("lights and relay", () => {
  const to = [...box, ...merchant, ...fixed, ...noScanner, ...noKeypad, ...noDisplay];

  test("a light that goes off when it should go on is kept the other way round", async (t) => {
    const bench = new Bench(t);
    const lights = ["yes", "", "reversed", "yes", "none", "none", "none"];
    const { status, said } = await bench.setup([...to, ...lights, ...noRelay, ...noBroker, "yes"]);
    assert.equal(status, 0, said);
    assert.deepEqual(JSON.parse(readFileSync(bench.file, "utf8")).outputs.paid, { pin: 26, activeLow: true });
    const blinks = bench.pins.changes.filter(({ pin, level }) => pin === 26 && level === 1);
    assert.ok(blinks.length >= 6);
  });

  test("a pin that something else has is refused with the name of what has it", async (t) => {
    const bench = new Bench(t);
    const { said } = await bench.setup([...to, "yes", "26", "yes", "26"]);
    assert.match(said, /outputs\.\w+: must not be pin 26, which outputs\.\w+ uses\./);
  });

  for (const [word, pulses] of [
    ["no", 0],
    ["y", 0],
    ["switch it", 1],
  ] as const) {
    test(`the relay gives ${pulses} pulses for "${word}"`, async (t) => {
      const bench = new Bench(t);
      const relay = ["yes", "10", "high", "", "", word, "no"];
      await bench.setup([...to, ...noLights, ...relay, ...noBroker, "yes"]);
      const rises = bench.pins.changes.filter(({ pin, level }) => pin === 10 && level === 1);
      assert.equal(rises.length, pulses);
      assert.equal(bench.pins.level(10), 0);
    });
  }
});

test("a new configuration begins with the pins of the wiring table", () => {
  const { keypad, display, outputs } = JSON.parse(readFileSync(example, "utf8"));
  const { rs, e, data } = display;
  const { paid, wait, refused, buzzer } = outputs;
  assert.deepEqual(usualPins, {
    keypad,
    display: { rs, e, data },
    outputs: { paid, wait, refused, buzzer },
  });
});
