import type { ParsedConfig } from "./schema.ts";

/** A use of a pin: the key that names it and its BCM number. */
export interface PinUse {
  readonly key: string;
  readonly pin: number;
}

/** The sections of the configuration that name pins or decide which are taken; those that could not be read are absent. */
export type PinSections = Partial<
  Pick<ParsedConfig, "scanner" | "keypad" | "display" | "outputs" | "inputs">
>;

/** Every pin the configuration uses, in the order of the file. */
export function pinUses({ keypad, display, outputs, inputs }: PinSections): readonly PinUse[] {
  const uses: PinUse[] = [];
  const list = (key: string, pins: readonly number[]): void => {
    for (const [index, pin] of pins.entries()) uses.push({ key: `${key}[${index}]`, pin });
  };
  list("keypad.rows", keypad?.rows ?? []);
  list("keypad.columns", keypad?.columns ?? []);
  if (display?.driver === "hd44780-gpio") {
    uses.push({ key: "display.rs", pin: display.rs }, { key: "display.e", pin: display.e });
    list("display.data", display.data);
  }
  for (const name of ["paid", "wait", "refused", "buzzer", "relay"] as const) {
    const output = outputs?.[name];
    if (output !== null && output !== undefined) {
      uses.push({ key: `outputs.${name}`, pin: output.pin });
    }
  }
  const drop = outputs?.relay?.drop;
  if (drop) uses.push({ key: "outputs.relay.drop", pin: drop.pin });
  const inhibit = inputs?.inhibit;
  if (inhibit) uses.push({ key: "inputs.inhibit", pin: inhibit.pin });
  return uses;
}

/** Why a pin of the header is not free for other uses, or null. */
export function reservedFor(pin: number, { display, scanner }: PinSections): string | null {
  if (pin === 0 || pin === 1) return "the identification of add-on boards";
  if ((pin === 2 || pin === 3) && display?.driver === "hd44780-i2c" && display.bus === 1) {
    return "the I2C bus of the display";
  }
  if ((pin === 14 || pin === 15) && isHeaderUart(scanner?.path ?? ""))
    return "the serial line of the scanner";
  return null;
}

/** Whether a path names the UART on pins 14 and 15, under one of the names that Raspberry Pi OS gives it. */
function isHeaderUart(path: string): boolean {
  return /^\/dev\/(?:serial[01]|tty(?:AMA|S)\d+)$/.test(path);
}
