import type { Seams } from "../site/staged-box.ts";
import { type Scene, streamOf } from "./scene.ts";

/** In how many worlds libraries throw, and how often there, at each call that may. */
const THROWING_WORLDS = 0.2;
const THROWS = 0.3;

/** Libraries of broker, pins and scanner that throw now and then while there are faults. */
export function throwingSeams(seed: number, scene: Pick<Scene, "faulty">): Seams {
  const random = streamOf(seed, "throws");
  if (!random.chance(THROWING_WORLDS)) return {};
  const throwing = <Link extends object>(link: Link, calls: readonly (keyof Link)[]): Link =>
    new Proxy(link, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: readonly unknown[]): unknown => {
          if (scene.faulty && calls.some((call) => call === name) && random.chance(THROWS))
            throw new Error(`a library threw at ${String(name)}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  return {
    broker: (link) => throwing(link, ["connect"]),
    gpio: (link) => throwing(link, ["claim"]),
    serial: (link) => throwing(link, ["open", "watch"]),
  };
}
