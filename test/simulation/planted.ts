/** Faults that only tests can plant, between the box and its world; each breaks one promise, and the witness must say so. */
import type { StoredRow, StoreLink } from "../../src/runtime/ports.ts";
import type { PlantedDefect } from "../../src/simulator/world.ts";

export interface Planted {
  readonly name: string;
  readonly defect: PlantedDefect;
  /** The checks of which at least one must find it. */
  readonly caughtBy: readonly string[];
  /** A seed at which it was found; the search begins here. */
  readonly seed: number;
}

function through(store: StoreLink, changes: Partial<StoreLink>): StoreLink {
  return {
    open: (done) => store.open(done),
    append: (rows, done) => store.append(rows, done),
    follow: (afterSeq, limit, done) => store.follow(afterSeq, limit, done),
    moveCursor: (name, seq) => store.moveCursor(name, seq),
    close: (done) => store.close(done),
    ...changes,
  };
}

export const plantedDefects: readonly Planted[] = [
  {
    name: "a record is believed before it is durable",
    caughtBy: ["I3", "I11", "I14", "I19", "liveness"],
    seed: 1,
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
    caughtBy: ["I2"],
    seed: 1,
    defect: {
      store: (store) =>
        through(store, {
          open: (done) =>
            store.open((opened) => done(opened.kind === "opened" ? { ...opened, charged: [] } : opened)),
        }),
    },
  },
  {
    name: "open orders are forgotten at a restart",
    caughtBy: ["starts", "I19", "I18", "liveness"],
    seed: 1,
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
    name: "silence after a charge is taken for a charge that was not sent",
    caughtBy: ["I19", "I12"],
    seed: 1,
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
    seed: 1,
    defect: {
      config: (config) => ({ ...config, timing: { ...config.timing, reverseNotBeforeMs: 1_000 } }),
    },
  },
  {
    name: "an absence counts at once, while the charge may still be in flight",
    caughtBy: ["I19", "I18"],
    seed: 1,
    defect: {
      config: (config) => ({ ...config, timing: { ...config.timing, confirmNotBeforeMs: 0 } }),
    },
  },
];
