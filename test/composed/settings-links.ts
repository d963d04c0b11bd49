/** Settings that are handed to what a simulated box has none of: the broker's library, the disk, the log, a display. */
import fs, { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { brokerSettings, deviceParts } from "../../src/cli/run/device-links.ts";
import { panelLinks } from "../../src/cli/run/panel-links.ts";
import { Secrets } from "../../src/cli/run/secrets.ts";
import type { Links } from "../../src/composed/parts.ts";
import type { DeviceConfig } from "../../src/config/device-config.ts";
import { Hd44780Backpack } from "../../src/drivers/hd44780-backpack.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import type { Log } from "../../src/runtime/ports.ts";
import { Together } from "./rows.ts";
import type { Files, Keys } from "./stand.ts";

/** Two values of one key, and what the links of a device do with them. */
export interface LinkRow {
  readonly key: string;
  readonly also?: (files: Files) => Keys;
  readonly values: (files: Files) => readonly [unknown, unknown];
  readonly see: (config: DeviceConfig, t: TestContext) => unknown;
  readonly seen: (files: Files) => readonly [unknown, unknown];
}

type MqttKey = "url" | "username" | "password" | "ca" | "cert" | "key" | "version";

/** What the library of the broker is told. */
function told(name: MqttKey): LinkRow["see"] {
  return ({ mqtt }) => (mqtt === null ? null : brokerSettings(mqtt, new Secrets(null))[name]);
}

const read = (path: string): string => fs.readFileSync(path, "utf8").replace(/[\r\n]+$/, "");

/** A key of the broker with two values of its own. */
function broker(name: MqttKey, a: unknown, b: unknown, also: Keys = {}): LinkRow {
  return { key: `mqtt.${name}`, also: () => also, values: () => [a, b], see: told(name), seen: () => [a, b] };
}

/** A key of the broker that names a file, or none. */
function brokerFile(name: MqttKey, pathOf: (files: Files) => string, also: (files: Files) => Keys): LinkRow {
  return {
    key: `mqtt.${name}`,
    values: (files) => [
      new Together({ ...also(files), [`mqtt.${name}`]: { file: pathOf(files) } }),
      new Together({}),
    ],
    see: told(name),
    seen: (files) => [read(pathOf(files)), null],
  };
}

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** How the first try to open a display ends. */
async function opened(config: DeviceConfig): Promise<string> {
  const { display } = panelLinks(config, new SystemClock(), quiet);
  if (display === null) return "no display";
  return await new Promise((resolve) => {
    const connection = display.open({
      ready: () => connection.close(() => resolve("ready")),
      closed: (cause) => resolve(cause.replace(/[:;].*/s, "")),
    });
  });
}

async function made(store: Links["store"]): Promise<void> {
  await new Promise((resolve) => store.open(resolve));
  await new Promise<void>((resolve) => store.close(resolve));
}

const i2c = { driver: "hd44780-i2c", columns: 16, rows: 2 };
const kernel = { driver: "kernel", columns: 16, rows: 2, path: "/dev/no-such-lcd" };

export const linkRows: readonly LinkRow[] = [
  broker("url", "mqtts://one.example:8883", "mqtts://two.example:8883"),
  broker("username", "corner", null),
  broker("version", "auto", "3.1.1"),
  brokerFile(
    "password",
    ({ apiKey }) => apiKey,
    () => ({ "mqtt.username": "corner" }),
  ),
  brokerFile(
    "ca",
    ({ authority }) => authority,
    () => ({}),
  ),
  brokerFile(
    "cert",
    ({ merchant }) => merchant.certFile,
    ({ merchant }) => ({ "mqtt.key": { file: merchant.keyFile } }),
  ),
  brokerFile(
    "key",
    ({ merchant }) => merchant.keyFile,
    ({ merchant }) => ({ "mqtt.cert": { file: merchant.certFile } }),
  ),
  {
    key: "journal.directory",
    values: ({ directory }) => [`${directory}/one`, `${directory}/two`],
    see: async (config) => {
      const parts = await deviceParts({ config, mistakes: [] }, () => {});
      if (!parts.ok) return parts.problems;
      await made(parts.parts.links.store);
      const { directory } = config.journal;
      return [existsSync(directory), directory.endsWith("/one")];
    },
    seen: () => [
      [true, true],
      [true, false],
    ],
  },
  {
    key: "log.level",
    values: () => ["debug", "warn"],
    see: async (config, t) => {
      const parts = await deviceParts({ config, mistakes: [] }, () => {});
      if (!parts.ok) return parts.problems;
      const written: string[] = [];
      const write = t.mock.method(fs, "writeSync", (_: number, text: string | Buffer) => {
        written.push(String(text));
        return Buffer.byteLength(text);
      });
      const { log } = parts.parts.links;
      for (const level of ["debug", "info", "warn", "error"] as const)
        log[level]("box.heard", { kind: level });
      write.mock.restore();
      return written.flatMap((text) => Array.from(text.matchAll(/"kind":"(\w+)"/g), ([, level]) => level));
    },
    seen: () => [
      ["debug", "info", "warn", "error"],
      ["warn", "error"],
    ],
  },
  {
    key: "display.driver",
    values: () =>
      [kernel, { driver: "hd44780-i2c", columns: 16, rows: 2, bus: 31 }].map(
        (display) => new Together({ display }),
      ) as [Together, Together],
    see: opened,
    seen: () => ["There is no display at /dev/no-such-lcd (ENOENT)", "There is no I2C bus 31 (ENOENT)"],
  },
  {
    key: "display.bus",
    values: () => [
      new Together({ display: { ...i2c, bus: 31 } }),
      new Together({ display: { ...i2c, bus: 30 } }),
    ],
    see: opened,
    seen: () => ["There is no I2C bus 31 (ENOENT)", "There is no I2C bus 30 (ENOENT)"],
  },
  {
    key: "display.path",
    values: () => [
      new Together({ display: kernel }),
      new Together({ display: { ...kernel, path: "/dev/nor-such" } }),
    ],
    see: opened,
    seen: () => [
      "There is no display at /dev/no-such-lcd (ENOENT)",
      "There is no display at /dev/nor-such (ENOENT)",
    ],
  },
  {
    key: "display.backlight",
    values: () => [
      new Together({ display: { ...i2c, backlight: true } }),
      new Together({ display: { ...i2c, backlight: false } }),
    ],
    see: async ({ display }) => {
      if (display?.driver !== "hd44780-i2c") return null;
      return await new Promise((resolve) => {
        const device = {
          write: (bytes: Uint8Array) => resolve((bytes[0] ?? 0) & 0x08),
          close: (done: () => void) => done(),
        };
        const backpack = new Hd44780Backpack({ i2c: device, clock: new SystemClock(), settings: display });
        backpack.open({ ready: () => {}, closed: () => {} });
      });
    },
    seen: () => [0x08, 0],
  },
];
