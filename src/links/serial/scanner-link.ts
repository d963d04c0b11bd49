import type { SerialLink, SerialSettings } from "../../runtime/ports.ts";

/**
 * The link that fits a scanner's path: /dev/input is a keyboard, everything else a serial line. Only what this link needs
 * is loaded; rejects with a sentence where serialport does not load.
 */
export async function loadScannerLink({ path }: Pick<SerialSettings, "path">): Promise<SerialLink> {
  if (path.startsWith("/dev/input/")) {
    const { loadEvdevKeyboard } = await import("./evdev-keyboard.ts");
    return loadEvdevKeyboard();
  }
  const { loadSerialLink } = await import("./serial-port.ts");
  return loadSerialLink();
}
