import { found, guardedBroker, guardedDisplay, guardedGpio, guardedSerial } from "../runtime/guards.ts";
import type { Log } from "../runtime/ports.ts";
import type { Links } from "./parts.ts";

/** Whatever a library of an optional part throws is the end of a connection, and of nothing else. */
export function guardedLinks(links: Links, log: Log): Links {
  const { clock, broker, display, gpio, serial } = links;
  return {
    ...links,
    log,
    broker: broker === null ? null : guardedBroker(found(broker), clock),
    display: display === null ? null : guardedDisplay(found(display), clock),
    gpio: gpio === null ? null : guardedGpio(found(gpio), clock),
    serial: serial === null ? null : guardedSerial(found(serial), clock),
  };
}
