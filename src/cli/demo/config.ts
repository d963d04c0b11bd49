import { checkConfig, type DeviceConfig } from "../../config/device-config.ts";
import type { DisplaySize } from "../../core/codecs/display-frame.ts";
import { Defect } from "../../core/kernel/defect.ts";
import { standardTiming, type Timing } from "../../core/payment/rules.ts";
import type { Language } from "../../core/payment/texts.ts";
import type { SandboxKind } from "../../providers/sandbox.ts";

/** What the played box looks like, and how it is typed on. */
export interface DemoDevice {
  readonly display: DisplaySize;
  /** `implied`: 1250 is 12.50; `explicit`: the point is typed. */
  readonly entry: "implied" | "explicit";
  readonly language: Language;
  /** Whether it can draw a code that customers scan. */
  readonly drawsCodes: boolean;
}

/** The box where nobody asks for another one. */
export const usualDevice: DemoDevice = {
  display: { columns: 16, rows: 2 },
  entry: "explicit",
  language: "en",
  drawsCodes: false,
};

/** What the configuration of a demonstration depends on. */
export interface DemoPlace {
  /** On loopback. */
  readonly sandboxes: readonly {
    readonly kind: SandboxKind;
    readonly running: { readonly origin: string };
  }[];
  /** URL of the embedded broker. */
  readonly broker: string;
  /** Where the journal is kept. */
  readonly directory: string;
  /** By how much all waits for the sandboxes are shorter than usual, 1 or more. */
  readonly hurry: number;
  /** The largest payment, in yuan. */
  readonly maximum: string;
  readonly device?: DemoDevice;
}

/**
 * The configuration of the demonstration's box, from a text as it would stand in `device.config.json`, so that
 * it is held to the same rules: short waits and `http:` pass because every host is loopback.
 */
export function demoConfig(place: DemoPlace): DeviceConfig {
  const { sandboxes, broker, directory, hurry, maximum, device = usualDevice } = place;
  const store = "Demo store";
  const hurried = (ms: number): number => Math.round(ms / hurry);
  const giveUpAfterMs = hurried(45_000);
  // A busy machine may be slow to send; nothing is gained by refusing a payment for that.
  const sendWithinMs = Math.min(10_000, giveUpAfterMs);
  const file = {
    version: 1,
    box: { id: "demo-box", store, language: device.language },
    providers: sandboxes.map(({ kind, running: { origin } }) =>
      kind.entry({ origin, store, offersCode: device.drawsCodes }),
    ),
    amount: { source: "keypad", entry: device.entry, maximum },
    scanner: { path: "/dev/demo-scanner" },
    keypad: { rows: [5, 6, 13, 19], columns: [12, 16, 20, 21], keys: ["789C", "456<", "123X", "0.:="] },
    display: { driver: "hd44780-gpio", ...device.display, rs: 25, e: 24, data: [23, 17, 18, 22] },
    outputs: { paid: 26, wait: 4, refused: 27, buzzer: 11 },
    // The embedded broker speaks 3.1.1 alone; asking for 5 first would cost a second connection.
    mqtt: { url: broker, version: "3.1.1" },
    journal: { directory },
    timing: {
      queryEveryMs: hurried(5_000),
      giveUpAfterMs,
      reverseNotBeforeMs: hurried(15_000),
      confirmNotBeforeMs: hurried(60_000),
      sendWithinMs,
      connectTimeoutMs: Math.min(6_000, sendWithinMs),
      answerTimeoutMs: hurried(10_000),
    },
  };
  const checked = checkConfig(JSON.stringify(file));
  if (!checked.ok) throw new Defect(`the demonstration's configuration: ${checked.problems.join(" ")}`);
  return checked.config;
}

/** The waits for the sandboxes that have no key in the configuration; waits for people stay as they are. */
export function demoTiming(hurry: number): Partial<Timing> {
  const hurried = (ms: number): number => Math.round(ms / hurry);
  const { reverseAgainMs, reversalAlarmMs, askStaffAfterMs, checkAfterMs, unrecordedEveryMs, probeAgainMs } =
    standardTiming;
  const { offerMs } = standardTiming;
  return {
    offerMs: hurried(offerMs),
    reverseAgainMs: reverseAgainMs.map(hurried),
    reversalAlarmMs: hurried(reversalAlarmMs),
    askStaffAfterMs: hurried(askStaffAfterMs),
    checkAfterMs: hurried(checkAfterMs),
    unrecordedEveryMs: hurried(unrecordedEveryMs),
    probeAgainMs: probeAgainMs.map(hurried),
  };
}
