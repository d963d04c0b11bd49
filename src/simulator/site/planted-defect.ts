import type { DeviceConfig } from "../../config/device-config.ts";
import type { Core } from "../../runtime/loop.ts";
import type { BrokerLink, Clock, GpioLink, HttpsLink, StoreLink } from "../../runtime/ports.ts";
import type { SimulatedTime } from "../outside/time.ts";

/**
 * What a test may put between the box and the world, or between the core and its loop, to see that the checks notice. Each is
 * called once for each life of the box.
 */
export interface PlantedDefect {
  readonly core?: (core: Core) => Core;
  readonly clock?: (clock: Clock) => Clock;
  readonly broker?: (broker: BrokerLink, time: SimulatedTime) => BrokerLink;
  readonly store?: (store: StoreLink, time: SimulatedTime) => StoreLink;
  readonly https?: (https: HttpsLink) => HttpsLink;
  readonly config?: (config: DeviceConfig) => DeviceConfig;
  readonly gpio?: (gpio: GpioLink, time: SimulatedTime) => GpioLink;
}
