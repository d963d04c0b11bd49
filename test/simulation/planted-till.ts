/** What a box could tell its tills, and people who stand there since before a start, if one of its promises were missing. */

import type { Decision } from "../../src/core/payment/command.ts";
import type { Effect } from "../../src/core/payment/effects.ts";
import { blockerOf } from "../../src/core/payment/readiness.ts";
import { judge, saleKey } from "../../src/core/payment/selling.ts";
import type { Turn } from "../../src/core/payment/turn.ts";
import type { Planted } from "./planted.ts";
import { ends, otherTurns, turnOf } from "./planted-core.ts";

/** The turn with another answer where `other` has one. */
function answers(turn: Turn, other: (decision: Decision) => Decision | null): Turn {
  const effects = turn.effects.map((effect): Effect => {
    if (effect.type !== "answer") return effect;
    return { ...effect, answer: other(effect.answer) ?? effect.answer };
  });
  return { ...turn, effects };
}

export const plantedForTills: readonly Planted[] = [
  {
    // Needs a till that asks at the moment at which something is over, and a timer that is late.
    name: "a till is answered by what the box was before time has passed",
    caughtBy: ["refused"],
    seed: 1020,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      if (event.type !== "command" || event.command.name !== "pay") return null;
      const early = judge(before.box, event.command, blockerOf(before.box, rules), stamp.at, rules);
      const turn = real(before, event, stamp, rules);
      if (early.kind !== "told" || early.decision.kind !== "refused") return turn;
      const { decision } = early;
      return answers(turn, () => decision);
    }),
  },
  {
    name: "a till hears that the box is busy, and its amount is armed",
    caughtBy: ["refused"],
    seed: 15,
    defect: ends((turn) =>
      answers(turn, (decision) => {
        const begins =
          decision.kind === "state" && decision.sale.state === "armed" && !decision.sale.repeated;
        return begins ? { kind: "refused", why: "busy", blocker: null } : null;
      }),
    ),
  },
  {
    name: "the amount of a till replaces that of another one",
    caughtBy: ["caller"],
    seed: 15,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const { foreground } = before.box;
      if (event.type !== "command" || event.command.name !== "pay" || foreground.name !== "armed")
        return null;
      if (foreground.sale.caller === event.command.caller) return null;
      return real({ ...before, box: { ...before.box, foreground: { name: "idle" } } }, event, stamp, rules);
    }),
  },
  {
    name: "a new sale with a number of yesterday is answered with yesterday's",
    caughtBy: ["ref"],
    seed: 82,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      if (event.type !== "command" || event.command.name !== "pay") return null;
      const { ref } = event.command;
      const outTradeNo = before.box.refs.get(saleKey(event.command));
      return answers(real(before, event, stamp, rules), (decision) => {
        if (decision.kind !== "refused" || decision.why !== "ref-used" || outTradeNo === undefined)
          return null;
        return { kind: "recorded", ref, outTradeNo, over: true, repeated: true };
      });
    }),
  },
  {
    name: "a till is told of the sale of another one that has the same number",
    caughtBy: ["till"],
    seed: 15,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      if (event.type !== "command" || !("caller" in event.command)) return null;
      return real(before, { ...event, command: { ...event.command, caller: "till" } }, stamp, rules);
    }),
  },
  {
    name: "a till hears that it is paid, and the record of that is still to be written",
    caughtBy: ["till"],
    seed: 15,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      if (event.type !== "command" || event.command.name === "status") return null;
      const turn = real(before, event, stamp, rules);
      return answers(turn, (decision) => {
        if (decision.kind !== "recorded") return null;
        const { outTradeNo, ref, repeated } = decision;
        const order = turn.box.orders.get(outTradeNo);
        if (order?.phase.name !== "recording-outcome" || order.phase.verdict.state !== "paid") return null;
        const { intent, phase } = order;
        const { late, reason } = phase.verdict;
        const { amountFen, shortRef } = intent;
        const named = { ref, amountFen, outTradeNo, shortRef, transactionId: null, reason, late, repeated };
        return { kind: "state", sale: { ...named, state: "paid", final: true, charged: "yes" } };
      });
    }),
  },
  {
    name: "a till that waits is never answered",
    caughtBy: ["wait"],
    seed: 15,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const tokens = new Set(before.box.waiters.map(({ token }) => token));
      const effects = turn.effects.filter((effect) => effect.type !== "answer" || !tokens.has(effect.token));
      return { ...turn, effects };
    }),
  },
  {
    name: "a rotation is answered before the journal has begun its segment",
    caughtBy: ["rotate"],
    seed: 15,
    defect: ends((turn) => {
      const effects = turn.effects.map((effect): Effect => {
        if (effect.type !== "rotate") return effect;
        const outcome = { kind: "rotated", row: Number.MAX_SAFE_INTEGER, dropped: 0 } as const;
        return { type: "answer", token: effect.token, answer: { kind: "rotation", outcome } };
      });
      return { ...turn, effects };
    }),
  },
  {
    name: "nobody is told of an order that was found paid after a start",
    caughtBy: ["earlier"],
    seed: 6,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const { box, effects } = real(before, event, stamp, rules);
      if (box.foreground.name !== "earlier") return null;
      return turnOf({ ...box, untold: [], foreground: { name: "idle" } }, effects, stamp, rules);
    }),
  },
];
