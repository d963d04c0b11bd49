/** Faults that only tests can plant, each of which shows in few of the many ways in which a payment can go wrong. */
import type { GpioLines, GpioLink, HttpsLink } from "../../src/runtime/ports.ts";
import type { SmallSetup } from "../../src/simulator/exhaustive/setups.ts";
import { RELAY_PIN } from "../../src/simulator/seeded/world-config.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";

export interface PlantedSmall {
  readonly name: string;
  readonly defect: PlantedDefect;
  /** In which worlds it is looked for, and with how many faults at most; fewer must not show it. */
  readonly kind: SmallSetup["name"];
  readonly faults: number;
  /** The search begins here, with one of the faults made: elsewhere it would take minutes. */
  readonly from?: string;
  /** The checks of which one must find it first. */
  readonly caughtBy: readonly string[];
}

export const plantedSmall: readonly PlantedSmall[] = [
  {
    // Needs a charge that is not there; the checker counts its absences itself.
    name: "an absence counts 50 s after the charge could last have left",
    kind: "one",
    faults: 1,
    caughtBy: ["I16"],
    defect: {
      config: (config) => ({ ...config, timing: { ...config.timing, confirmNotBeforeMs: 50_000 } }),
    },
  },
  {
    // Needs a write that fails.
    name: "a write that failed is taken for durable",
    kind: "one",
    faults: 1,
    caughtBy: ["I3", "I11", "I14", "liveness"],
    defect: {
      store: (store) => ({
        open: (done) => store.open(done),
        append: (rows, done) => store.append(rows, () => done(null)),
        follow: (afterSeq, limit, done) => store.follow(afterSeq, limit, done),
        order: (outTradeNo, done) => store.order(outTradeNo, done),
        moveCursor: (name, seq) => store.moveCursor(name, seq),
        room: (done) => store.room(done),
        survey: (wish, done) => store.survey(wish, done),
        rotate: (segment, first, done) => store.rotate(segment, first, done),
        read: (behind, limit, done) => store.read(behind, limit, done),
        condemn: (sentence, done) => store.condemn(sentence, done),
        close: (done) => store.close(done),
      }),
    },
  },
  {
    // Needs a connection that breaks: what may have arrived goes out again to the other host.
    name: "a charge whose connection broke is taken for one that was not sent",
    kind: "one",
    faults: 1,
    caughtBy: ["I5"],
    defect: { https: (https) => withBrokenUnsent(https) },
  },
  {
    // Needs a power failure within one of the pulses.
    name: "a pulse that the power failure cut short is finished at the next start",
    kind: "goods",
    faults: 1,
    caughtBy: ["goods"],
    defect: { gpio: (gpio, time) => withPulseFinished(gpio, time) },
  },
];

function withBrokenUnsent(https: HttpsLink): HttpsLink {
  return {
    exchange: (request, done) =>
      https.exchange(request, (outcome) => {
        const broke = request.lane === "charge" && outcome.kind === "unanswered" && outcome.why === "broken";
        done(broke ? { kind: "not-sent", why: "no-connection" } : outcome);
      }),
    warm: (host) => https.warm(host),
    localAddress: () => https.localAddress(),
    close: (done) => https.close(done),
  };
}

/** Whether the relay was on when the process last wrote to it, by the time of its world. */
const wasOn = new WeakMap<object, boolean>();

function withPulseFinished(gpio: GpioLink, time: object): GpioLink {
  const remembering = (lines: GpioLines): GpioLines => ({
    read: (pin) => lines.read(pin),
    write: (levels) => {
      const relay = levels.find(({ pin }) => pin === RELAY_PIN);
      if (relay !== undefined) wasOn.set(time, relay.level === 1);
      lines.write(levels);
    },
    watch: (watching) => lines.watch(watching),
    release: (done) => lines.release(done),
  });
  return {
    claim: (wanted, listener, done) =>
      gpio.claim(wanted, listener, (claimed) => {
        if (claimed.kind === "refused") {
          done(claimed);
          return;
        }
        const cutShort = wasOn.get(time) === true;
        const lines = remembering(claimed.lines);
        done({ kind: "claimed", lines });
        if (!cutShort) return;
        lines.write([{ pin: RELAY_PIN, level: 1 }]);
        lines.write([{ pin: RELAY_PIN, level: 0 }]);
      }),
  };
}
