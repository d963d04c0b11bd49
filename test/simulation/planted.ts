/** Faults that only tests can plant, between the box and its world; each breaks one promise, and the checker must say so. */
import type { GpioLevel, GpioLines, GpioLink, StoredRow, StoreLink } from "../../src/runtime/ports.ts";
import type { SimulatedProviderMaker } from "../../src/simulator/outside/provider.ts";
import type { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { RELAY_PIN } from "../../src/simulator/seeded/world-config.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";

export interface Planted {
  readonly name: string;
  readonly defect: PlantedDefect;
  /** The checks that all find it, in one world. */
  readonly caughtBy: readonly string[];
  /** A seed at which it was found so; the search begins here. */
  readonly seed: number;
  /** From which providers its worlds draw, where it is not the first alone. */
  readonly providers?: readonly SimulatedProviderMaker[];
}

function through(store: StoreLink, changes: Partial<StoreLink>): StoreLink {
  return {
    open: (done) => store.open(done),
    append: (rows, done) => store.append(rows, done),
    follow: (afterSeq, limit, done) => store.follow(afterSeq, limit, done),
    order: (outTradeNo, done) => store.order(outTradeNo, done),
    moveCursor: (name, seq) => store.moveCursor(name, seq),
    room: (done) => store.room(done),
    survey: (wish, done) => store.survey(wish, done),
    rotate: (segment, first, done) => store.rotate(segment, first, done),
    read: (behind, limit, done) => store.read(behind, limit, done),
    condemn: (sentence, done) => store.condemn(sentence, done),
    close: (done) => store.close(done),
    ...changes,
  };
}

/** The same pins, with something else done where the box writes levels. */
function whatIsWritten(
  gpio: GpioLink,
  write: (lines: GpioLines, levels: readonly GpioLevel[]) => void,
): GpioLink {
  return {
    claim: (wanted, listener, done) =>
      gpio.claim(wanted, listener, (claimed) => {
        if (claimed.kind === "refused") done(claimed);
        else done({ kind: "claimed", lines: bent(claimed.lines, (levels) => write(claimed.lines, levels)) });
      }),
  };
}

function bent(lines: GpioLines, write: (levels: readonly GpioLevel[]) => void): GpioLines {
  return {
    read: (pin) => lines.read(pin),
    write,
    watch: (watching) => lines.watch(watching),
    release: (done) => lines.release(done),
  };
}

/** Worlds in which the journal was rotated. */
const rotated = new WeakSet<SimulatedTime>();

export const plantedAtTheLinks: readonly Planted[] = [
  {
    // Needs a charge that is quicker than the card.
    name: "the intent is believed before it is durable",
    caughtBy: ["I3"],
    seed: 11,
    defect: {
      store: (store, time) =>
        through(store, {
          append: (rows, done) => {
            if (rows.every(({ kind }) => kind !== "charging")) {
              store.append(rows, done);
              return;
            }
            store.append(rows, () => undefined);
            time.after(0, () => done(null));
          },
        }),
    },
  },
  {
    // Needs a segment that ends, a new start, and somebody who comes with a code once more.
    name: "a rotation drops the codes that were charged",
    caughtBy: ["I1", "I2"],
    seed: 26,
    defect: {
      store: (store, time) =>
        through(store, {
          rotate: (segment, first, done) => {
            rotated.add(time);
            store.rotate(segment, first, done);
          },
          open: (done) =>
            store.open((opened) => {
              const forgets = opened.kind === "opened" && rotated.has(time);
              done(forgets ? { ...opened, charged: [] } : opened);
            }),
        }),
    },
  },
  {
    name: "a box on a full disk says that it is in service",
    caughtBy: ["room"],
    seed: 1,
    defect: {
      store: (store) => through(store, { room: (done) => store.room(() => done(true)) }),
    },
  },
  {
    // Needs a quarantine that leaves events unconfirmed.
    name: "the report begins with the new journal of a quarantine",
    caughtBy: ["I24"],
    seed: 403,
    defect: {
      store: (store) =>
        through(store, {
          open: (done) =>
            store.open((opened) => {
              if (opened.kind !== "opened") return done(opened);
              const { mqtt = 0 } = opened.cursors;
              return done({ ...opened, cursors: { ...opened.cursors, mqtt: Math.max(0, mqtt) } });
            }),
        }),
    },
  },
  {
    name: "a journal whose file is missing beside its log is taken for a new one",
    caughtBy: ["damaged"],
    seed: 124,
    defect: {
      store: (store) =>
        through(store, {
          open: (done) =>
            store.open((opened) => {
              const gone = opened.kind === "refused" && opened.why === "damaged";
              if (!gone || !opened.detail.includes("missing")) return done(opened);
              const nothing = { lastMoney: null, first: null, segment: null, cursors: {} };
              const salt = new Uint8Array(32);
              return done({
                ...{ kind: "opened", journal: "0123456789abcdef", salt, tail: [] },
                ...{ ...nothing, open: [], charged: [] },
              });
            }),
        }),
    },
  },
  {
    name: "a record is believed before it is durable",
    caughtBy: ["I11"],
    seed: 2,
    defect: {
      store: (store, time) =>
        through(store, {
          append: (rows, done) => {
            store.append(rows, () => undefined);
            time.after(0, () => done(null));
          },
        }),
    },
  },
  {
    name: "codes that were charged are forgotten at a restart",
    caughtBy: ["I1", "I2"],
    seed: 8,
    defect: {
      store: (store) =>
        through(store, {
          open: (done) =>
            store.open((opened) => done(opened.kind === "opened" ? { ...opened, charged: [] } : opened)),
        }),
    },
  },
  {
    name: "nothing is taken up after a crash: open orders are forgotten",
    caughtBy: ["starts"],
    seed: 5,
    defect: {
      store: (store) =>
        through(store, {
          open: (done) =>
            store.open((opened) => done(opened.kind === "opened" ? { ...opened, open: [] } : opened)),
        }),
    },
  },
  {
    name: "an event is left out of the report",
    caughtBy: ["I24", "liveness"],
    seed: 1,
    defect: {
      store: (store) =>
        through(store, {
          follow: (afterSeq, limit, done) => {
            const kept = (row: StoredRow): boolean => row.seq !== 3;
            store.follow(afterSeq, limit, (rows) => done(rows === null ? null : rows.filter(kept)));
          },
        }),
    },
  },
  {
    name: "a time-out is taken for a failure: silence after a charge counts as not sent",
    caughtBy: ["I5"],
    seed: 2,
    defect: {
      https: (https) => ({
        exchange: (request, done) =>
          https.exchange(request, (outcome) => {
            const silent = request.lane === "charge" && outcome.kind === "unanswered";
            done(silent ? { kind: "not-sent", why: "no-connection" } : outcome);
          }),
        warm: (host) => https.warm(host),
        localAddress: () => https.localAddress(),
        close: (done) => https.close(done),
      }),
    },
  },
  {
    name: "a reversal may come a second after its charge",
    caughtBy: ["I17"],
    seed: 2,
    defect: {
      config: (config) => ({ ...config, timing: { ...config.timing, reverseNotBeforeMs: 1_000 } }),
    },
  },
  {
    name: "an absence counts at once, while the charge may still be in flight",
    caughtBy: ["I19"],
    seed: 2413,
    defect: {
      config: (config) => ({ ...config, timing: { ...config.timing, confirmNotBeforeMs: 0 } }),
    },
  },
  {
    name: "a pulse goes out twice",
    caughtBy: ["goods"],
    seed: 5,
    defect: {
      gpio: (gpio, time) =>
        whatIsWritten(gpio, (lines, levels) => {
          lines.write(levels);
          for (const { pin, level } of levels) {
            if (pin !== RELAY_PIN || level === 0) continue;
            time.after(10, () => lines.write([{ pin, level: 0 }]));
            time.after(20, () => lines.write([{ pin, level: 1 }]));
          }
        }),
    },
  },
  {
    name: "the goods are given before their payment is durable",
    caughtBy: ["goods"],
    seed: 5,
    defect: {
      store: (store, time) =>
        through(store, {
          append: (rows, done) => {
            const bought = rows.some(({ body }) => body.includes('"outcome":null'));
            if (!bought) {
              store.append(rows, done);
              return;
            }
            time.after(0, () => done(null));
            time.after(2_000, () => store.append(rows, () => undefined));
          },
        }),
    },
  },
  {
    name: "a pulse is told of and never made",
    caughtBy: ["goods"],
    seed: 5,
    defect: {
      gpio: (gpio) => {
        let pulses = 0;
        return whatIsWritten(gpio, (lines, levels) => {
          const begins = levels.some(({ pin, level }) => pin === RELAY_PIN && level === 1);
          if (begins) pulses += 1;
          if (!begins || pulses % 2 === 1) lines.write(levels);
        });
      },
    },
  },
  {
    name: "an orderly stop does not end its calls",
    caughtBy: ["stop"],
    seed: 5,
    defect: {
      https: (https) => ({
        exchange: (request, done) => https.exchange(request, done),
        warm: (host) => https.warm(host),
        localAddress: () => https.localAddress(),
        close: (done) => done(),
      }),
    },
  },
];
