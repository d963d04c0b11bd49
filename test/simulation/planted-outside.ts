/** Faults that only tests can plant: what can be seen from outside alone, at the display, at the machine or at the wire. */
import type { Payment } from "../../src/core/payment/payment.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";
import { withHealth } from "../core/payment/story.ts";
import type { Planted } from "./planted.ts";
import { ends, mishears, otherTurns } from "./planted-core.ts";

/** A core that does not see some of its orders when it decides about a charge: at the scan, and when the intent is durable. */
function overlooks(isOverlooked: (payment: Payment) => boolean): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules }, real) => {
    const recorded = event.type === "payment" && event.event.type === "recorded";
    if (event.type !== "code-scanned" && !recorded) return null;
    const own = event.type === "payment" ? event.outTradeNo : null;
    const seen = [...before.box.orders].filter(
      ([outTradeNo, payment]) => outTradeNo === own || !isOverlooked(payment),
    );
    const turn = real({ ...before, box: { ...before.box, orders: new Map(seen) } }, event, stamp, rules);
    return { ...turn, box: { ...turn.box, orders: new Map([...before.box.orders, ...turn.box.orders]) } };
  });
}

export const plantedOutside: readonly Planted[] = [
  {
    name: "the display offers another amount than will be charged",
    caughtBy: ["offer"],
    seed: 1,
    defect: ends((turn) => {
      const { text, amountFen } = turn.screen;
      if (text !== "armed" || amountFen === null) return turn;
      return { ...turn, screen: { ...turn.screen, amountFen: amountFen - 1 } };
    }),
  },
  {
    name: "an end is shown with the reference of another order",
    caughtBy: ["offer"],
    seed: 1,
    defect: ends((turn) => {
      const { foreground } = turn.box;
      return foreground.name === "result" ? { ...turn, screen: { ...turn.screen, ref: "0000" } } : turn;
    }),
  },
  {
    name: "who looks back reads that an order which is being taken back was not paid",
    caughtBy: ["look"],
    seed: 57,
    defect: ends((turn) => {
      const { text } = turn.screen;
      return text === "recent-reversing"
        ? { ...turn, screen: { ...turn.screen, text: "recent-not-paid" } }
        : turn;
    }),
  },
  {
    name: "who looks back after a start reads of orders what they were when they began",
    caughtBy: ["look"],
    seed: 57,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) =>
          core.firstTurn(
            { ...event, recent: event.recent.map((order) => ({ ...order, state: "charging" })) },
            stamp,
            rules,
          ),
      }),
    },
  },
  {
    name: "goods that fell are taken for not given, and paid back",
    caughtBy: ["goods"],
    seed: 5,
    defect: mishears((event) =>
      event.type === "dispensed" && event.outcome === "dispensed"
        ? { ...event, outcome: "not-dispensed" }
        : event,
    ),
  },
  {
    name: "a machine that jammed is believed to have given its goods",
    caughtBy: ["goods"],
    seed: 19,
    defect: mishears((event) =>
      event.type === "dispensed" && event.outcome === "not-dispensed"
        ? { ...event, outcome: "dispensed" }
        : event,
    ),
  },
  {
    name: "a charge leaves after silence, before anybody has answered again",
    caughtBy: ["precondition"],
    seed: 10,
    defect: ends((turn) => {
      return { ...turn, box: withHealth(turn.box, { unclear: false }) };
    }),
  },
  {
    name: "reversals without a signed answer forbid nothing",
    caughtBy: ["precondition"],
    seed: 2862,
    defect: overlooks(({ phase }) => phase.name === "reversing"),
  },
  {
    name: "a certificate that has expired forbids nothing",
    caughtBy: ["precondition"],
    seed: 27,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const bad = event.type === "probed" && event.answer.kind === "failed";
      if (!bad || event.answer.why !== "certificate-expired") return null;
      return real(before, { type: "probed", provider: "wechat", answer: { kind: "passed" } }, stamp, rules);
    }),
  },
  {
    name: "an order that is doubtful after a quarantine is taken for an open one",
    caughtBy: ["quarantine"],
    seed: 130,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) => {
          const open = event.open.map(({ doubted: _doubted, ...order }) => order);
          return core.firstTurn({ ...event, open }, stamp, rules);
        },
      }),
    },
  },
  {
    name: "a scan may wait for as long as it likes",
    caughtBy: ["precondition"],
    seed: 11,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const timing = { ...rules.timing, sendWithinMs: 60_000 };
      return real(before, event, stamp, { ...rules, timing });
    }),
  },
  {
    // Needs a sandbox that does not name the payment of an order that it has reversed.
    name: "a payment that was seen before the reversal is told of as never made",
    caughtBy: ["I12"],
    seed: 71,
    defect: ends((turn) => {
      const orders = [...turn.box.orders].map(([outTradeNo, payment]): [string, Payment] => {
        const { phase } = payment;
        return [outTradeNo, phase.name === "reversing" ? { ...payment, seenPaid: false } : payment];
      });
      return { ...turn, box: { ...turn.box, orders: new Map(orders) } };
    }),
  },
];
