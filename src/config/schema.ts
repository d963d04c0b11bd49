/**
 * The shape of `device.config.json`: every key, its meaning, its limits and its default, once. The program decodes with it
 * and the JSON Schema for editors is generated from it. What one key demands of another stands in `relations.ts`.
 */
import * as z from "zod";
import { parseYuan } from "../core/kernel/fen.ts";
import { PULSES_MAX } from "../core/payment/rules.ts";
import { providerSettings } from "../providers/settings.ts";
import { displayText, duration, durationMaxMs, object, path, source, text } from "../settings/fields.ts";

/** BCM number of the last pin on the 40-pin header. */
const pinMax = 27;

/** More accounts than this are a mistake. */
const PROVIDERS_MAX = 8;

const pin = z.int().min(0).max(pinMax).describe("BCM number of a pin, 0 to 27.");

const output = z
  .union([pin, object({ pin, activeLow: z.boolean().default(false).describe("Whether low means on.") })], {
    error: "must be a pin number, {pin, activeLow} or null.",
  })
  .transform((value) => (typeof value === "number" ? { pin: value, activeLow: false } : value));

const amount = z
  .string({ error: 'must be an amount in yuan as text, such as "3000.00".' })
  .transform((value, context) => {
    const fen = parseYuan(value);
    if (fen.ok) return fen.value;
    context.addIssue({
      code: "custom",
      message:
        fen.reason === "too-large"
          ? "must be at most 99999.99 yuan."
          : fen.reason === "zero"
            ? "must be more than 0.00 yuan."
            : 'must be an amount in yuan such as "3000.00".',
    });
    return z.NEVER;
  });

const shape = {
  $schema: z.string().optional().describe("Where editors find the schema of this file; the box ignores it."),
  version: z.literal(1).describe("Version of this format; raised when a meaning changes."),
  box: object({
    id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{3,32}$/, { error: "must be 3 to 32 letters, digits, _ or -." })
      .describe("Name of this box, unique in the fleet; MQTT client id and part of every topic."),
    store: text(64)
      .nullable()
      .default(null)
      .describe("Name of the store as people know it; null means the box id."),
    language: z.enum(["en", "zh"]).default("en").describe("Language of the screens."),
    advert: z
      .array(displayText(20))
      .max(4)
      .default([])
      .describe(
        "Lines that stand in turn on a display that waits, each at most as long as the display is wide.",
      ),
  }).describe("Which box this is."),
  providers: z
    .array(providerSettings)
    .min(1)
    .max(PROVIDERS_MAX)
    .describe(
      "The accounts that customers pay into. One that is not charged any more stays until its orders are closed.",
    ),
  amount: object({
    source: z
      .enum(["keypad", "fixed", "menu", "till"], { error: amountSourceSentence })
      .default("keypad")
      .describe("Who says what is to be paid; a till does it by `scanbox pay` or the box's socket."),
    entry: z
      .enum(["implied", "explicit"])
      .nullable()
      .default(null)
      .describe(
        'Keypad entry: 1250 is 12.50 (implied), or 12.5 is (explicit); null means explicit where there is a "." key.',
      ),
    maximum: amount.prefault("3000.00").describe("Largest payment in yuan, as text."),
    fixed: amount
      .nullable()
      .default(null)
      .describe("The amount of every payment in yuan, as text, for source fixed."),
    menu: z
      .array(
        object({
          key: z
            .string()
            .regex(/^[1-9]$/, { error: 'must be a digit from "1" to "9".' })
            .describe("The key that sells it."),
          name: displayText(12).describe("What stands on the display."),
          price: amount.describe("Price in yuan, as text."),
          pulses: z
            .int()
            .min(1)
            .max(PULSES_MAX)
            .nullable()
            .default(null)
            .describe("Pulses that it takes; null means price by outputs.relay.fenPerPulse."),
        }),
      )
      .max(9)
      .default([])
      .describe("What the keys 1 to 9 sell, for source menu."),
  })
    .prefault({})
    .describe("What is to be paid."),
  scanner: object({
    path: path.describe(
      "Its device: a serial one, best by /dev/serial/by-id, or a keyboard's below /dev/input, best by-id too.",
    ),
    baudRate: z
      .literal([1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400])
      .default(9600)
      .describe("Speed of the serial line."),
    profile: z
      .enum(["plain", "gm65", "gm72"])
      .default("plain")
      .describe(
        "How it is spoken to: plain reads by itself and is told nothing; gm65 and gm72 are triggered.",
      ),
    repeats: z
      .enum(["often", "seldom", "once"])
      .nullable()
      .default(null)
      .describe(
        "How it tells of a code that stays before it: often (again within 4 s), seldom (within 14 s) or once; null means often where it is triggered, else once.",
      ),
  })
    .nullable()
    .default(null)
    .describe("The code scanner, or null."),
  keypad: object({
    rows: z.array(pin).min(1).max(8).describe("Pins of the rows, top to bottom; driven low one at a time."),
    columns: z.array(pin).min(1).max(8).describe("Pins of the columns, left to right; inputs with pull-ups."),
    keys: z
      .array(z.string())
      .min(1)
      .max(8)
      .describe(
        "One text for each row: digits, . point, : double zero, < backspace, C clear, X cancel, = confirm, blank none.",
      ),
    debounceMs: z
      .int()
      .min(5)
      .max(100)
      .default(30)
      .describe("How long a key must be steady, in milliseconds."),
  })
    .nullable()
    .default(null)
    .describe("The matrix keypad, or null."),
  display: z
    .discriminatedUnion(
      "driver",
      [
        object({
          driver: z.literal("hd44780-gpio").describe("HD44780 character display on six pins."),
          columns: z.literal([16, 20]).describe("Characters in a line."),
          rows: z.literal([2, 4]).describe("Lines."),
          rs: pin,
          e: pin,
          data: z.array(pin).length(4).describe("Pins of D4 to D7."),
          rom: z
            .enum(["A00", "A02"])
            .default("A00")
            .describe(
              "Character set of the controller; the box draws its own signs, so that both show the same.",
            ),
        }),
        object({
          driver: z.literal("hd44780-i2c").describe("HD44780 character display behind a PCF8574 expander."),
          columns: z.literal([16, 20]).describe("Characters in a line."),
          rows: z.literal([2, 4]).describe("Lines."),
          bus: z.int().min(0).max(31).default(1).describe("Number of the I2C bus, /dev/i2c-N."),
          address: z
            .int()
            .min(0x20)
            .max(0x3f)
            .default(0x27)
            .describe("Address on the bus, 32 to 39 or 56 to 63."),
          backlight: z.boolean().default(true).describe("Whether the backlight is on."),
          rom: z
            .enum(["A00", "A02"])
            .default("A00")
            .describe(
              "Character set of the controller; the box draws its own signs, so that both show the same.",
            ),
        }),
        object({
          driver: z.literal("kernel").describe("Character display that a driver of the kernel shows."),
          columns: z.literal([16, 20]).describe("Characters in a line."),
          rows: z.literal([2, 4]).describe("Lines."),
          path: path.default("/dev/lcd").describe("Its device."),
          rom: z
            .enum(["A00", "A02"])
            .default("A00")
            .describe(
              "Character set of the controller; the box draws its own signs, so that both show the same.",
            ),
        }),
        object({
          driver: z.literal("terminal").describe("The display as text on the terminal of the program."),
          columns: z.literal([16, 20]).describe("Characters in a line."),
          rows: z.literal([2, 4]).describe("Lines."),
        }),
      ],
      { error: 'must be "hd44780-gpio", "hd44780-i2c", "kernel" or "terminal".' },
    )
    .nullable()
    .default(null)
    .describe("The character display, or null."),
  outputs: object({
    paid: output.nullable().default(null).describe("Light for PAID."),
    wait: output.nullable().default(null).describe("Light for waiting."),
    refused: output.nullable().default(null).describe("Light for a refusal."),
    buzzer: output.nullable().default(null).describe("Beeper."),
    relay: object({
      pin,
      activeLow: z.boolean().default(false).describe("Whether low means on."),
      widthMs: z.int().min(20).max(500).default(50).describe("Length of a pulse, in milliseconds."),
      gapMs: z.int().min(20).max(500).default(100).describe("Pause between pulses, in milliseconds."),
      drop: object({
        pin,
        activeLow: z.boolean().default(true).describe("Whether low means that something fell."),
        withinMs: z
          .int()
          .min(100)
          .max(120_000)
          .default(10_000)
          .describe("How long after the last pulse the goods may take, in milliseconds."),
      })
        .nullable()
        .default(null)
        .describe("Sensor that sees the goods fall, or null: then pulses that went out count as goods."),
      fenPerPulse: z
        .int()
        .min(1)
        .max(9_999_999)
        .describe("What one pulse is worth, in fen; an amount must divide exactly."),
      onAmbiguous: z
        .enum(["hold", "refund"])
        .default("hold")
        .describe("What follows a crash in the middle of a pulse; never a second one."),
    })
      .nullable()
      .default(null)
      .describe("Pulses to a machine that was paid for, or null."),
  })
    .nullable()
    .default(null)
    .describe("Lights, beeper and relay, or null."),
  inputs: object({
    inhibit: output.nullable().default(null).describe("Says that the machine takes no order now."),
  })
    .nullable()
    .default(null)
    .describe("What a machine tells the box, or null."),
  gpio: object({
    backend: z
      .enum(["auto", "sysfs", "cdev"])
      .default("auto")
      .describe("Interface to the pins; auto takes the first that works."),
    chip: text(64)
      .nullable()
      .default(null)
      .describe("Label of the GPIO chip; null means the header of a Raspberry Pi."),
  })
    .prefault({})
    .describe("How pins are reached."),
  mqtt: object({
    url: z
      .string()
      .refine(isBrokerUrl, {
        error: "must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT], without a name, a password or a path.",
      })
      .describe("The broker."),
    username: text(256).nullable().default(null).describe("User name at the broker."),
    password: source.nullable().default(null).describe("Password at the broker."),
    ca: source.nullable().default(null).describe("Authorities to trust instead of the built-in ones, PEM."),
    cert: source.nullable().default(null).describe("Client certificate, PEM."),
    key: source.nullable().default(null).describe("Its private key, PEM."),
    confirm: z
      .enum(["puback", "ack"])
      .default("puback")
      .describe("What proves that a message arrived: the broker's PUBACK, or the host's ack."),
    version: z
      .enum(["auto", "5", "3.1.1"])
      .default("auto")
      .describe("MQTT version; auto falls back from 5 to 3.1.1."),
  })
    .nullable()
    .default(null)
    .describe("The broker to report to, or null."),
  commands: object({
    keys: z
      .array(z.string())
      .max(0, { error: "must be empty: remote commands are not offered by this version yet." })
      .default([])
      .describe("Public keys whose commands are obeyed; empty in this version."),
  })
    .prefault({})
    .describe("Commands over MQTT."),
  journal: object({
    directory: path.default("/var/lib/scanbox").describe("Where the journal is kept."),
    retentionDays: z.int().min(1).max(36_500).default(400).describe("How long confirmed segments are kept."),
  })
    .prefault({})
    .describe("The durable record."),
  late: z
    .enum(["keep", "reverse"])
    .nullable()
    .default(null)
    .describe(
      "What happens to a payment found paid on recovery; null means keep, or reverse where there is a relay.",
    ),
  timing: object({
    queryEveryMs: duration(5_000, "Time between queries of an unclear payment."),
    giveUpAfterMs: duration(45_000, "Time after the charge at which it is given up; 30 s or more."),
    reverseNotBeforeMs: duration(15_000, "Earliest reversal after the charge; 15 s or more."),
    confirmNotBeforeMs: duration(60_000, "Earliest proof that an order never existed; 60 s or more."),
    sendWithinMs: duration(10_000, "Time from the scan to the first byte of the charge."),
    restMs: z
      .int()
      .min(1)
      .max(durationMaxMs)
      .nullable()
      .default(null)
      .describe(
        "Time without a scan after which a fixed amount, or the next choice of a menu, is armed; null means the least: 5 s, 15 s or 65 s, by scanner.repeats.",
      ),
    connectTimeoutMs: duration(6_000, "Time for a connection to stand."),
    answerTimeoutMs: duration(10_000, "Time for a whole reply after the request left."),
  })
    .prefault({})
    .describe("Times in milliseconds; the floors bind unless every host is loopback."),
  log: object({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("The least that is logged."),
  })
    .prefault({})
    .describe("The log."),
};

/** The whole file. */
export const deviceConfigSchema = object(shape).describe("Configuration of one scanbox.");

/** What the schema decodes to, before `resolve` fills in what depends on other keys. */
export type ParsedConfig = z.output<typeof deviceConfigSchema>;

function amountSourceSentence(issue: { readonly input?: unknown }): string {
  return issue.input === "remote"
    ? 'is not offered as "remote" by this version yet; it must be "keypad", "fixed", "menu" or "till".'
    : 'must be "keypad", "fixed", "menu" or "till".';
}

function isBrokerUrl(value: string): boolean {
  if (!/^mqtts?:\/\/[^/?#@]+$/.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return url.hostname !== "" && url.username === "" && url.password === "";
}
