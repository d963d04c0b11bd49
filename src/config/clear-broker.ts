import { isLoopbackOnly } from "../settings/fields.ts";
import type { DeviceConfig } from "./device-config.ts";

/** What is told of a broker that is reached in the clear through a network. */
export const clearWords =
  "mqtt.url begins with mqtt:// and names another machine: password and payments go there in the clear; use mqtts://.";

/** Whether what is reported leaves this machine in the clear. */
export function isClear(mqtt: Pick<NonNullable<DeviceConfig["mqtt"]>, "url"> | null): boolean {
  if (mqtt === null || !mqtt.url.startsWith("mqtt:")) return false;
  return !isLoopbackOnly([mqtt.url.replace(/^mqtt:/, "http:")]);
}
