/** Keys that the table of a simulated box cannot show: another test does, or there is nothing to see. */

/** A file of tests and what one of its tests says. */
export interface Elsewhere {
  readonly file: string;
  readonly says: string;
}

const kernelBox: Elsewhere = {
  file: "test/hil/gpio-box.test.ts",
  says: 'const display = { driver: "hd44780-gpio"',
};
const kernelPins = "test/hil/gpio-processes.test.ts";
const deviceLinks = "test/cli/device-links.test.ts";

/** Keys that an account at Alipay alone has. */
const alipayKeys = [
  "sellerId",
  "privateKey",
  "alipayPublicKey",
  "certificates.app",
  "certificates.alipay",
  "certificates.root",
  "appAuthToken",
  "sysServiceProviderId",
  "subject",
  "storeId",
  "terminalId",
  "timeoutExpress",
];

export const elsewhere: Readonly<Record<string, Elsewhere>> = {
  ...Object.fromEntries(
    alipayKeys.map((key) => [
      `providers[].${key}`,
      { file: "test/providers/alipay/entry.test.ts", says: `"${key}",` },
    ]),
  ),
  "providers[].ca": { file: deviceLinks, says: "ca: { file: ca }" },
  "display.rs": kernelBox,
  "display.e": kernelBox,
  "display.data": kernelBox,
  "display.address": {
    file: "test/links/device-display.test.ts",
    says: "loadI2cDevice({ bus: 31, address: 0x27 })",
  },
  "gpio.backend": { file: "test/hil/gpio-box.test.ts", says: "gpio: { backend }" },
  "gpio.chip": { file: kernelPins, says: "is made by the label that the configuration names" },
};

/** Keys of which nothing can be seen, and why. */
export const nothingToSee: Readonly<Record<string, string>> = {
  $schema: "for editors",
  version: "has one value",
  "providers[].kind": "decides which other keys there are",
  "providers[].wallets": "has one value for each kind",
  "commands.keys": "is empty in this version",
  "display.rom": "both character sets are made to show the same",
};
