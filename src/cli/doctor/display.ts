import { loadKernelProbe } from "../../links/gpio/kernel-probe.ts";
import { realPathIfAny } from "../../links/machine/proc-files.ts";
import { isAccessible } from "../../links/sqlite/disk-probe.ts";
import { type Finding, fault, note, ok } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The display's bus or device. */
export const displayArea: Area = {
  name: "display",
  about: "the display: its bus or device",
  network: false,
  configured: true,
  examine: async (subject) => judgeDisplay(await displayFacts(subject)),
};

/** What there is of a display, by how it is driven. */
export type DisplayFacts =
  | { readonly driver: "none" | "terminal" | "hd44780-gpio" }
  | {
      readonly driver: "kernel" | "hd44780-i2c";
      /** The display's device or the bus's. */
      readonly path: string;
      readonly there: boolean;
      readonly accessible: boolean;
      /** On a bus, what a read from its address said: null where it answered. */
      readonly answer: { readonly address: number; readonly said: string | null } | "not-asked";
    };

/** Judges a display. */
export function judgeDisplay(facts: DisplayFacts): readonly Finding[] {
  switch (facts.driver) {
    case "none":
      return [note("display.device", "No display is configured.")];
    case "terminal":
      return [note("display.device", "The display is the terminal that the box is started from.")];
    case "hd44780-gpio":
      return [note("display.device", "The display is on pins and says nothing: see the pins.")];
    case "kernel":
    case "hd44780-i2c":
      return [device(facts), ...answer(facts)];
  }
}

type DeviceFacts = Extract<DisplayFacts, { path: string }>;

function device({ driver, path, there, accessible }: DeviceFacts): Finding {
  const onBus = driver === "hd44780-i2c";
  if (!there) {
    const remedy = onBus
      ? "Switch I2C on: sudo raspi-config nonint do_i2c 0, or dtparam=i2c_arm=on in config.txt; then restart."
      : "Load the display's overlay in config.txt, such as dtoverlay=hd44780-lcd or hd44780-i2c-lcd; then restart.";
    return fault("display.device", `There is no ${path}.`, remedy);
  }
  if (accessible) return ok("display.device", `${path} is there, and this user may use it.`);
  const remedy = `sudo usermod -a -G ${onBus ? "i2c" : "gpio"} USER, then log in again or restart the service.`;
  return fault("display.device", `This user may not use ${path}.`, remedy);
}

function answer({ driver, path, answer: heard, there, accessible }: DeviceFacts): readonly Finding[] {
  if (heard === "not-asked") {
    const unasked = "The display was not spoken to: a box runs, or the package koffi does not load.";
    return driver === "hd44780-i2c" && there && accessible ? [note("display.answer", unasked)] : [];
  }
  const { address, said } = heard;
  const where = `0x${address.toString(16)} on ${path}`;
  if (said === null) return [ok("display.answer", `Something answers at ${where}.`)];
  const found = `Nothing answers at ${where} (${said}).`;
  const remedy =
    said === "EBUSY"
      ? "A driver of the kernel has it: use display.driver kernel, or take its overlay out of config.txt."
      : "Look at SDA, SCL, ground and supply, and at display.address: i2cdetect -y shows who answers.";
  return [fault("display.answer", found, remedy, { address, said })];
}

async function displayFacts({ sections, runningBox }: Subject): Promise<DisplayFacts> {
  const { display } = sections;
  if (!display) return { driver: "none" };
  const { driver } = display;
  if (driver === "terminal" || driver === "hd44780-gpio") return { driver };
  const path = driver === "kernel" ? display.path : `/dev/i2c-${display.bus}`;
  const there = realPathIfAny(path) !== null;
  const accessible = isAccessible(path, driver === "kernel" ? "write" : "both");
  const facts = { driver, path, there, accessible };
  if (driver === "kernel" || !accessible || runningBox !== null) return { ...facts, answer: "not-asked" };
  const kernel = await loadKernelProbe();
  if (kernel === null) return { ...facts, answer: "not-asked" };
  const { address } = display;
  return { ...facts, answer: { address, said: kernel.i2cAnswer(path, address) } };
}
