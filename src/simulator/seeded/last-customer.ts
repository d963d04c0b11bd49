import type { Key } from "../../core/payment/amount-entry.ts";
import type { Random } from "../outside/random.ts";
import { freshCode } from "../site/people.ts";
import type { Crowd } from "./crowd.ts";
import { type Scene, streamOf } from "./scene.ts";
import type { Tills } from "./tills.ts";

/** How soon a box is in service again where nothing is broken, and how soon somebody has paid there, with a reader that rests. */
const BACK_WITHIN_MS = 120_000;
const SERVED_WITHIN_MS = 240_000;
const LOOKS_EVERY_MS = 3_000;

const digit = { name: "digit", digit: 1 } as const;
const ok = { name: "confirm" } as const;

/** The keys that each screen asks for. */
const keysFor: ReadonlyMap<string, readonly Key[]> = new Map([
  ["idle", [digit, digit, ok]],
  ["menu", [digit]],
  ["entering", [ok]],
  ["unknown", [ok]],
  ["vend-unclear", [ok]],
  ["code-withdrawn", [ok]],
  ["earlier-paid", [ok]],
  ["earlier-refunded", [ok]],
  ["earlier-unknown", [ok]],
]);

/** Comes when nothing is broken any more: the box must be back in service soon, and somebody can pay. */
export class LastCustomer {
  readonly #scene: Scene;
  readonly #crowd: Crowd;
  readonly #tills: Tills | null;
  readonly #keyless: boolean;

  constructor(
    scene: Scene,
    parts: { readonly crowd: Crowd; readonly tills: Tills | null; readonly keyless: boolean },
  ) {
    this.#scene = scene;
    this.#crowd = parts.crowd;
    this.#tills = parts.tills;
    this.#keyless = parts.keyless;
  }

  /** Waits for the box, and pays; false where the box never came back. */
  pays(): boolean {
    const { box, provider, seed, tell } = this.#scene;
    const { checker } = box;
    const blocker = (): string | null => box.life?.box.status()?.service.blocker ?? null;
    if (!this.#until(() => blocker() === null, BACK_WITHIN_MS)) {
      checker.found("service", `after ${BACK_WITHIN_MS / 1_000} calm seconds: ${blocker()}`);
      return false;
    }
    provider.allGoesWell();
    const random = streamOf(seed, "lastCustomer");
    // A till rings up the next sale when it knows of this one.
    if (this.#tills === null && provider.loses?.() === true) this.#paysInVain(random);
    tell("the last customer comes");
    const before = checker.payments;
    const ended = (): boolean => checker.newSince(before)?.final === true;
    this.#until(() => ended() || this.#act(random), SERVED_WITHIN_MS);
    const tx = checker.newSince(before);
    if (tx?.state !== "paid") {
      const at = tx === null ? `at the screen ${box.life?.screen.text}` : `with an order that is ${tx.state}`;
      checker.found("service", `the last customer ends ${at}`);
    }
    provider.allGoesWell();
    return true;
  }

  /** Somebody comes with the wallet of a provider that is down, and goes; the next one has another wallet. */
  #paysInVain(random: Random): void {
    const { box, provider, tell } = this.#scene;
    tell("one of the providers is down, and a customer of it comes");
    const before = box.checker.payments;
    const gone = (): boolean => {
      const tx = box.checker.newSince(before);
      return tx !== null && tx.state !== "charging" && box.life?.screen.text !== "unknown";
    };
    this.#until(() => gone() || this.#act(random), SERVED_WITHIN_MS);
    provider.isLost?.();
  }

  /** Does what the screen says; never done by that. */
  #act(random: Random): false {
    const { life } = this.#scene.box;
    if (life === null) return false;
    const { text } = life.screen;
    if (text === "armed" || text === "amount-changed") {
      this.#crowd.pass(`${this.#scene.provider.shown(freshCode(random))}\r`);
      return false;
    }
    if (text === "till-idle") this.#tills?.ask(life);
    const keys = keysFor.get(text);
    if (keys !== undefined && !this.#keyless) this.#crowd.press(life, keys);
    return false;
  }

  /** Looks every few seconds, at most so long, whether something is so. */
  #until(isSo: () => boolean, mostMs: number): boolean {
    const { time } = this.#scene;
    const limit = time.now + mostMs;
    while (!isSo()) {
      if (time.now >= limit) return false;
      time.runUntil(time.now + LOOKS_EVERY_MS);
    }
    return true;
  }
}
