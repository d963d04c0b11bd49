/** Faults that only tests can plant, between the core and its loop: what the core would do if one of its rules were missing. */
import { after, type Instant } from "../../src/core/kernel/instant.ts";
import type { QueryAnswer } from "../../src/core/payment/answers.ts";
import type { Box, Step } from "../../src/core/payment/box.ts";
import { wakeAt } from "../../src/core/payment/due.ts";
import type { Effect } from "../../src/core/payment/effects.ts";
import type { BoxEvent } from "../../src/core/payment/events.ts";
import type { MoneyState } from "../../src/core/payment/order.ts";
import type { Payment, PaymentEvent, Verdict } from "../../src/core/payment/payment.ts";
import type { ProviderFacts, Undoing } from "../../src/core/payment/provider.ts";
import { wantsReading } from "../../src/core/payment/reader.ts";
import type { Rules, Stamp } from "../../src/core/payment/rules.ts";
import type { Sale } from "../../src/core/payment/sale.ts";
import { screenFor } from "../../src/core/payment/screen.ts";
import { step } from "../../src/core/payment/step.ts";
import { checkedTurn, type Turn } from "../../src/core/payment/turn.ts";
import { notCharged, paidVerdict, recordOutcome } from "../../src/core/payment/verdict.ts";
import { simulatedProviders } from "../../src/providers/sandboxes.ts";
import type { Core } from "../../src/runtime/loop.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";
import { withHealth } from "../core/payment/story.ts";
import type { Planted } from "./planted.ts";

/** What a turn begins with. */
interface Moment {
  readonly before: Turn;
  readonly event: BoxEvent;
  readonly stamp: Stamp;
  readonly rules: Rules;
}

/** A core that, where `other` has a turn, takes that one instead. `real` is what it would have done. */
export function otherTurns(other: (moment: Moment, real: Core["nextTurn"]) => Turn | null): PlantedDefect {
  return {
    core: (core) => ({
      ...core,
      nextTurn: (before, event, stamp, rules) =>
        other({ before, event, stamp, rules }, core.nextTurn) ?? core.nextTurn(before, event, stamp, rules),
    }),
  };
}

/** A core that hears something else of its orders than was said. */
export function mishears(other: (event: PaymentEvent, payment: Payment) => PaymentEvent): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules }, real) => {
    const payment = orderOf(before.box, event);
    if (event.type !== "payment" || payment === undefined) return null;
    return real(before, { ...event, event: other(event.event, payment) }, stamp, rules);
  });
}

/** A core whose turns end otherwise. */
export function ends(otherwise: (turn: Turn) => Turn): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules }, real) => otherwise(real(before, event, stamp, rules)));
}

/** A core whose steps end otherwise, before the last net looks at them. */
function stepsEnd(otherwise: (step: Step, moment: Moment) => Step): PlantedDefect {
  return otherTurns((moment) => {
    const { before, event, stamp, rules } = moment;
    const bent = otherwise(step(before.box, event, stamp, rules), moment);
    return checkedTurn(before, bent, event, stamp, rules);
  });
}

/** The steps in which a charge is asked for end otherwise. */
function chargesEnd(
  otherwise: (step: Step, charge: Effect & { readonly type: "charge" }) => Step,
): PlantedDefect {
  return stepsEnd((made) => {
    const charge = made.effects.find((effect) => effect.type === "charge");
    return charge === undefined ? made : otherwise(made, charge);
  });
}

/** A core that takes records of some kind for durable as soon as it has asked for them; they are written all the same, or not. */
function believes(isOne: (state: MoneyState, final: boolean) => boolean, written: boolean): PlantedDefect {
  const isEarly = (effect: Effect): effect is Effect & { readonly type: "record" } =>
    effect.type === "record" &&
    effect.entry.kind === "money" &&
    isOne(effect.entry.tx.state, effect.entry.tx.final);
  const believed = new Set<string>();
  return otherTurns(({ before, event, stamp, rules }, real) => {
    if (event.type === "payment" && event.event.type.startsWith("record") && "state" in event.event) {
      const told = believed.has(`${event.outTradeNo} ${event.event.state}`);
      if (told) return real(before, { type: "woke" }, stamp, rules);
    }
    let turn = real(before, event, stamp, rules);
    for (const effect of turn.effects.filter(isEarly)) {
      const { entry } = effect;
      if (entry.kind !== "money") continue;
      const { outTradeNo, state } = entry.tx;
      believed.add(`${outTradeNo} ${state}`);
      const kept = turn.effects.filter((one) => written || one !== effect);
      const next = real(
        turn,
        { type: "payment", outTradeNo, event: { type: "recorded", state } },
        stamp,
        rules,
      );
      turn = { ...next, effects: [...kept, ...next.effects] };
    }
    return turn;
  });
}

/** A core that ends an order with `verdict` where it should have gone on. */
function closes(
  where: (payment: Payment, event: PaymentEvent, at: Instant) => Verdict | null,
): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules }) => {
    const payment = orderOf(before.box, event);
    if (event.type !== "payment" || payment === undefined) return null;
    const verdict = where(payment, event.event, stamp.at);
    if (verdict === null) return null;
    const { effects, payment: closing } = recordOutcome(
      { ...payment, inFlight: null },
      verdict,
      stamp,
      rules,
    );
    const orders = new Map(before.box.orders).set(event.outTradeNo, closing);
    return turnOf({ ...before.box, orders }, effects, stamp, rules);
  });
}

export function turnOf(box: Box, effects: readonly Effect[], stamp: Stamp, rules: Rules): Turn {
  const seen = { screen: screenFor(box, stamp.at, rules), reading: wantsReading(box, rules) };
  return { box, effects, ...seen, wakeAt: wakeAt(box, stamp.at, rules) };
}

/** A core that arms at once what should rest first, where `wrongly` says so. */
function armsInstead(wrongly: (moment: Moment) => boolean): PlantedDefect {
  return otherTurns((moment, real) => {
    const { before, event, stamp, rules } = moment;
    const turn = real(before, event, stamp, rules);
    const { foreground } = turn.box;
    if (foreground.name !== "resting" || !wrongly(moment)) return turn;
    const armed: Box["foreground"] = { ...foreground, name: "armed" };
    return turnOf({ ...turn.box, foreground: armed }, turn.effects, stamp, rules);
  });
}

function orderOf({ orders }: Box, event: BoxEvent): Payment | undefined {
  return event.type === "payment" ? orders.get(event.outTradeNo) : undefined;
}

/** The box as it was when the amount of `payment` waited for a code. */
function armedAgain(box: Box, { amountFen, pulses, ref, caller }: Sale, { at }: Stamp): Box {
  return {
    ...box,
    foreground: { name: "armed", sale: { amountFen, pulses, ref, caller }, since: at, until: null },
  };
}

/** Rules in which five absences must lie so far apart. */
function lastingFor(lastingMs: number): (real: Rules) => Rules {
  return facts(({ absence }) => ({ absence: absence === null ? null : { ...absence, lastingMs } }));
}

/** Rules in which every provider has other facts. */
function facts(other: (real: ProviderFacts) => Partial<ProviderFacts>): (real: Rules) => Rules {
  return (real) => {
    const providers = [...real.providers].map(([id, one]) => [id, { ...one, ...other(one) }] as const);
    return { ...real, providers: new Map(providers) };
  };
}

function withoutOverdue({ unpaid, paid }: Undoing): Undoing {
  return { unpaid: { ...unpaid, overdue: null }, paid: { ...paid, overdue: null } };
}

/** A core that lives by other rules. */
function rules(other: (rules: Rules) => Rules): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules: real }, turn) => turn(before, event, stamp, other(real)));
}

/** For what the first provider's facts do not ask of a core. */
const second = simulatedProviders.slice(1);

const unclear: ReadonlySet<QueryAnswer["kind"]> = new Set(["unpaid", "absent", "unknown", "not-sent"]);

export const plantedInCore: readonly Planted[] = [
  {
    name: "a charge without an answer is sent again under a new number",
    caughtBy: ["I1"],
    seed: 2,
    defect: {
      core: (core) => {
        let scanned: (BoxEvent & { readonly type: "code-scanned" }) | null = null;
        return {
          ...core,
          nextTurn: (before, event, stamp, rules) => {
            if (event.type === "code-scanned") scanned = event;
            const payment = orderOf(before.box, event);
            const lost =
              event.type === "payment" &&
              event.event.type === "charge-answered" &&
              event.event.answer.kind === "unknown";
            if (!lost || payment === undefined || scanned === null) {
              return core.nextTurn(before, event, stamp, rules);
            }
            const box = armedAgain({ ...before.box, usedCodes: [] }, payment.intent, stamp);
            const orders = new Map(before.box.orders);
            orders.delete(payment.intent.outTradeNo);
            return core.nextTurn({ ...before, box: { ...box, orders } }, scanned, stamp, rules);
          },
        };
      },
    },
  },
  {
    name: "an end is shown before it is recorded",
    caughtBy: ["I11"],
    seed: 2,
    defect: believes((_, final) => final, true),
  },
  {
    name: "nothing is reversed at the deadline",
    caughtBy: ["I8"],
    seed: 4,
    defect: closes(({ phase }, event) => {
      if (phase.name !== "asking" || !phase.last || event.type !== "query-answered") return null;
      return unclear.has(event.answer.kind) ? notCharged("cancelled", "gave-up") : null;
    }),
  },
  {
    name: "a refusal is trusted whatever its code",
    caughtBy: ["I9"],
    seed: 7,
    defect: mishears((event) => {
      if (event.type !== "charge-answered") return event;
      const { host, answer } = event;
      const refused = answer.kind === "refused-unconfirmed" || (answer.kind === "unknown" && answer.signed);
      return refused
        ? { type: event.type, host, answer: { kind: "declined", reason: "card", code: "" } }
        : event;
    }),
  },
  {
    name: "a reversal is asked for once, and over with whatever is answered",
    caughtBy: ["I16"],
    seed: 2,
    defect: closes(({ phase }, { type }) => {
      return type === "undo-answered" && phase.name === "reversing"
        ? notCharged("reversed", phase.reason)
        : null;
    }),
  },
  {
    name: "a reversal is asked for once and never again",
    caughtBy: ["liveness"],
    seed: 2,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const isFirst = ({ intent }: Effect & { readonly type: "undo" }): boolean =>
        turn.box.orders.get(intent.outTradeNo)?.counts.reverse === 1;
      return {
        ...turn,
        effects: turn.effects.filter((effect) => effect.type !== "undo" || isFirst(effect)),
      };
    }),
  },
  {
    name: "a second code is charged while the first one is under way",
    caughtBy: ["I6"],
    seed: 2,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const { box } = before;
      const foreground =
        box.foreground.name === "paying" ? box.orders.get(box.foreground.outTradeNo) : undefined;
      if (event.type !== "code-scanned" || foreground === undefined) return null;
      return real({ ...before, box: armedAgain(box, foreground.intent, stamp) }, event, stamp, rules);
    }),
  },
  {
    // Needs somebody who comes with the same code again.
    name: "a code may come again after its outcome",
    caughtBy: ["I1", "I2"],
    seed: 6,
    defect: ends((turn) => ({ ...turn, box: { ...turn.box, usedCodes: [] } })),
  },
  {
    name: "a reversal leaves without a durable record",
    caughtBy: ["I14"],
    seed: 2,
    defect: believes((state) => state === "reversing", false),
  },
  {
    name: "an order that is not paid counts as reversed",
    caughtBy: ["I16", "I18"],
    seed: 6,
    defect: mishears((event, { phase }) => {
      if (event.type !== "query-answered" || event.answer.kind !== "unpaid" || phase.name !== "reversing")
        return event;
      return { ...event, answer: { kind: "closed", paidOnce: false, transactionId: null } };
    }),
  },
  {
    name: "what is being reversed becomes paid when a query says so",
    caughtBy: ["I15"],
    seed: 7,
    defect: closes(({ phase }, event) => {
      const paid = event.type === "query-answered" && event.answer.kind === "paid";
      return paid && phase.name === "reversing" ? paidVerdict(false) : null;
    }),
  },
  {
    name: "a customer who types the password counts as one who has paid",
    caughtBy: ["I10"],
    seed: 2,
    defect: mishears((event) => {
      if (event.type !== "charge-answered" || event.answer.kind !== "pending") return event;
      return { ...event, answer: { kind: "paid", transactionId: "4200000000000000000000000000" } };
    }),
  },
  {
    name: "nobody looks at a declined order once more",
    caughtBy: ["second-look"],
    seed: 2,
    defect: {
      core: (core) => ({
        firstTurn: (event, stamp, rules) => core.firstTurn({ ...event, unchecked: [] }, stamp, rules),
        nextTurn: (before, event, stamp, rules) => {
          const turn = core.nextTurn(before, event, stamp, rules);
          const unlooked = [...turn.box.orders].map(([outTradeNo, payment]): [string, Payment] => {
            const { phase } = payment;
            return [
              outTradeNo,
              phase.name === "final" ? { ...payment, phase: { ...phase, check: null } } : payment,
            ];
          });
          return { ...turn, box: { ...turn.box, orders: new Map(unlooked) } };
        },
      }),
    },
  },
  {
    // Needs a sandbox that declines with a listed code what is paid all the same.
    name: "the second look at a declined order changes nothing",
    caughtBy: ["I19"],
    seed: 7,
    defect: mishears((event, { phase }) => {
      if (event.type !== "query-answered" || event.answer.kind !== "paid" || phase.name !== "final")
        return event;
      return { ...event, answer: { kind: "absent" } };
    }),
  },
  {
    name: "an order that was declined becomes paid when the second look finds it so",
    caughtBy: ["I12"],
    seed: 7,
    defect: closes(({ phase }, event) => {
      const paid = event.type === "query-answered" && event.answer.kind === "paid";
      return paid && phase.name === "final" ? paidVerdict(false) : null;
    }),
  },
  {
    name: "a turn of the core throws",
    caughtBy: ["no-defect"],
    seed: 1,
    defect: otherTurns(({ event }) => {
      if (event.type === "code-scanned") throw new Error("a defect");
      return null;
    }),
  },
  {
    name: "another amount is charged than was recorded",
    caughtBy: ["I4"],
    seed: 1,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const effects = turn.effects.map((effect): Effect => {
        if (effect.type !== "charge") return effect;
        return { ...effect, intent: { ...effect.intent, amountFen: rules.amount.maximum } };
      });
      return { ...turn, effects };
    }),
  },
  {
    name: "an order that a start found counts as one of this run",
    caughtBy: ["late"],
    seed: 7,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) => {
          const turn = core.firstTurn(event, stamp, rules);
          const fresh = [...turn.box.orders].map(([outTradeNo, payment]): [string, Payment] => {
            return [outTradeNo, { ...payment, recovered: false }];
          });
          return { ...turn, box: { ...turn.box, orders: new Map(fresh) } };
        },
      }),
    },
  },
  {
    // Needs a till that asks once more for a sale that was paid before the power failed.
    name: "the sales of the till are forgotten at a restart",
    caughtBy: ["till"],
    seed: 82,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) => core.firstTurn({ ...event, refs: new Map() }, stamp, rules),
      }),
    },
  },
  {
    name: "a sale that the till asks for again is charged again",
    caughtBy: ["till"],
    seed: 15,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      if (event.type !== "command") return null;
      return real(
        { ...before, box: { ...before.box, refs: new Map(), sales: new Map() } },
        event,
        stamp,
        rules,
      );
    }),
  },
  {
    name: "an order that a start found is put before whoever stands there",
    caughtBy: ["late"],
    seed: 5,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) => {
          const turn = core.firstTurn(event, stamp, rules);
          const [outTradeNo] = turn.box.orders.keys();
          if (outTradeNo === undefined) return turn;
          return { ...turn, box: { ...turn.box, foreground: { name: "paying", outTradeNo } } };
        },
      }),
    },
  },
  {
    name: "an outcome that nobody knows is shown as not paid",
    caughtBy: ["I11"],
    seed: 4,
    defect: ends((turn) => {
      return turn.screen.text === "unknown"
        ? { ...turn, screen: { ...turn.screen, text: "not-paid" } }
        : turn;
    }),
  },
  {
    name: "a reversed order is shown as paid",
    caughtBy: ["I13"],
    seed: 6,
    defect: ends((turn) => {
      const { foreground } = turn.box;
      const reversed = foreground.name === "result" && foreground.verdict.state === "reversed";
      return reversed ? { ...turn, screen: { ...turn.screen, text: "paid" } } : turn;
    }),
  },
  {
    name: "every run begins with the same order number",
    caughtBy: ["I7"],
    seed: 6,
    defect: {
      core: (core) => ({
        ...core,
        firstTurn: (event, stamp, rules) => {
          const turn = core.firstTurn(event, stamp, rules);
          const numbering = { ...turn.box.numbering, bootMark: "000000000000", counter: 0 };
          return { ...turn, box: { ...turn.box, numbering } };
        },
      }),
    },
  },
  {
    // These three need a host that is gone for good, and a start that does not know whether it was the one that was charged.
    name: "an absence at any host is taken for one of the host that was charged",
    caughtBy: ["I16"],
    seed: 110,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const payment = orderOf(before.box, event);
      if (event.type !== "payment" || event.event.type !== "query-answered" || payment === undefined)
        return null;
      const orders = new Map(before.box.orders);
      orders.set(event.outTradeNo, { ...payment, chargedHost: event.event.host });
      return real({ ...before, box: { ...before.box, orders } }, event, stamp, rules);
    }),
  },
  {
    name: "five absences count without their ten minutes",
    caughtBy: ["I16"],
    seed: 110,
    defect: rules(lastingFor(0)),
  },
  {
    name: "five absences count with another signed answer between them",
    caughtBy: ["I16"],
    seed: 110,
    defect: mishears((event) => {
      if (event.type !== "query-answered" || event.answer.kind !== "unknown") return event;
      return { ...event, answer: { ...event.answer, signed: false } };
    }),
  },
  {
    name: "a host that is gone is waited for as long as it takes",
    caughtBy: ["liveness"],
    seed: 110,
    defect: rules(lastingFor(Number.POSITIVE_INFINITY)),
  },
  {
    name: "an order whose number is known there is reversed",
    caughtBy: ["I14"],
    seed: 14,
    defect: mishears((event) => {
      if (event.type !== "charge-answered" || event.answer.kind !== "number-conflict") return event;
      return { ...event, answer: { kind: "refused-unconfirmed", code: event.answer.code } };
    }),
  },
  {
    name: "a payment under our number is ours, whose mark it may bear",
    caughtBy: ["I10"],
    seed: 30,
    defect: mishears((event) => {
      if (event.type !== "query-answered" || event.answer.kind !== "foreign") return event;
      const ours = event.answer.state === "paid";
      return ours ? { ...event, answer: { kind: "paid", transactionId: "42" } } : event;
    }),
  },
  {
    // Needs a slow disk, and an answer that takes the box's trust while the intent is written.
    name: "what forbids a charge is not looked at again when it leaves",
    caughtBy: ["ready"],
    seed: 126,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const payment = orderOf(before.box, event);
      const durable = event.type === "payment" && event.event.type === "recorded";
      if (!durable || payment?.phase.name !== "recording") return null;
      const box = withHealth(before.box, { proved: true, unclear: false });
      return real({ ...before, box }, event, stamp, rules);
    }),
  },
  {
    name: "a fixed amount does not wait until the phone has left the reader",
    caughtBy: ["phone"],
    seed: 3,
    defect: armsInstead(() => true),
  },
  {
    // Needs a reader that reads only when it is told to.
    name: "a triggered reader does not read while the amount rests",
    caughtBy: ["phone"],
    seed: 28,
    defect: ends((turn) => ({ ...turn, reading: turn.reading && turn.box.foreground.name !== "resting" })),
  },
  {
    // Needs a reader that is pulled out while a phone lies in it.
    name: "a rest passes while the reader is away",
    caughtBy: ["phone"],
    seed: 3,
    defect: armsInstead(({ event }) => event.type === "scanner-changed" && event.ready),
  },
  {
    name: "OK on RESULT UNKNOWN asks for the next payment of a fixed amount",
    caughtBy: ["phone"],
    seed: 776,
    defect: armsInstead(
      ({ before, event }) => before.box.foreground.name === "unknown" && event.type === "key-pressed",
    ),
  },
  {
    name: "a choice of the menu is armed though a phone lies in the reader",
    caughtBy: ["phone"],
    seed: 5,
    defect: armsInstead(({ rules }) => rules.amount.source === "menu"),
  },
  {
    name: "a charge answer that proves nothing is believed",
    caughtBy: ["I10"],
    providers: second,
    seed: 1,
    defect: rules(facts(() => ({ chargeProves: true }))),
  },
  {
    name: "a provider that needs a clock is charged through with one that is not trusted",
    caughtBy: ["precondition"],
    providers: second,
    seed: 5,
    defect: rules(facts(() => ({ needsClock: false }))),
  },
  {
    name: "an order whose cancel is too late is left to people, though a refund would take it back",
    caughtBy: ["I16"],
    providers: second,
    seed: 12,
    defect: rules(
      facts(({ undo: { cpm, mpm } }) => ({
        undo: { cpm: withoutOverdue(cpm), mpm: mpm === null ? null : withoutOverdue(mpm) },
      })),
    ),
  },
  {
    name: "a refund begins before a query has shown the order paid",
    caughtBy: ["refund"],
    providers: second,
    seed: 1,
    defect: stepsEnd((made, { before }) => ({
      ...made,
      effects: made.effects.map((effect) => {
        const early = effect.type === "undo" && effect.way === "cancel";
        const shown = early && before.box.orders.get(effect.intent.outTradeNo)?.seenPaid === true;
        return early && !shown ? { ...effect, way: "refund" } : effect;
      }),
    })),
  },
  {
    name: "a digit takes an end for staff off the screen",
    caughtBy: ["staff"],
    seed: 60,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const { foreground } = before.box;
      const digit = event.type === "key-pressed" && event.key.name === "digit";
      if (!digit || foreground.name !== "result") return null;
      return real({ ...before, box: { ...before.box, foreground: { name: "idle" } } }, event, stamp, rules);
    }),
  },
  {
    name: "the later look at a decline takes an open dialog for an end",
    caughtBy: ["I19"],
    seed: 128,
    defect: mishears((event, { phase }) =>
      event.type === "query-answered" && event.answer.kind === "unpaid" && phase.name === "final"
        ? { ...event, answer: { kind: "absent" } }
        : event,
    ),
  },
  {
    name: "what staff gave back is taken for all of it",
    caughtBy: ["I19"],
    seed: 7,
    defect: closes(({ phase }, event) => {
      const refunded = event.type === "query-answered" && event.answer.kind === "refunded";
      return refunded && phase.name === "asking" ? notCharged("refunded", "closed-by-provider") : null;
    }),
  },
  {
    // What the net objects to once, it lets through a step later.
    name: "a box that has contradicted itself sends the charge that it had asked the journal for",
    caughtBy: ["halt", "I9"],
    seed: 1,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const { box } = before;
      const violation = box.violation ?? (event.type === "code-scanned" ? "I9: planted" : null);
      const turn = real({ ...before, box: { ...box, violation: null } }, event, stamp, rules);
      return { ...turn, box: { ...turn.box, violation: turn.box.violation ?? violation } };
    }),
  },
  {
    name: "an order that is asked about is forgotten between two boxes",
    caughtBy: ["I18"],
    seed: 2,
    defect: stepsEnd((made, { before, event }) => {
      if (event.type !== "payment" || orderOf(before.box, event)?.phase.name !== "asking") return made;
      const orders = new Map(made.box.orders);
      orders.delete(event.outTradeNo);
      return { ...made, box: { ...made.box, orders } };
    }),
  },
  {
    name: "an order begins without its record",
    caughtBy: ["I3"],
    seed: 1,
    defect: stepsEnd((made, { event, stamp }) => {
      const begun = [...made.box.orders.values()].find(({ phase }) => phase.name === "recording");
      if (event.type !== "code-scanned" || begun === undefined) return made;
      const phase = { name: "charging", sendBefore: stamp.at, cancelled: false } as const;
      const { outTradeNo } = begun.intent;
      const orders = new Map(made.box.orders).set(outTradeNo, { ...begun, phase });
      return { ...made, box: { ...made.box, orders } };
    }),
  },
  {
    name: "a charge is asked for whose order is not there",
    caughtBy: ["I3"],
    seed: 1,
    defect: chargesEnd((made, charge) => {
      const intent = { ...charge.intent, outTradeNo: `${charge.intent.outTradeNo}9` };
      return { ...made, effects: [...made.effects, { ...charge, intent }] };
    }),
  },
  {
    name: "a charge is asked for twice in one step",
    caughtBy: ["I5"],
    seed: 1,
    defect: chargesEnd((made, charge) => ({ ...made, effects: [...made.effects, charge] })),
  },
  {
    name: "a code that is charged is not remembered",
    caughtBy: ["I2"],
    seed: 1,
    defect: stepsEnd((made) => ({ ...made, box: { ...made.box, usedCodes: [] } })),
  },
  {
    name: "a sale that a till asked for is forgotten while the box runs",
    caughtBy: ["till"],
    seed: 15,
    defect: stepsEnd((made, { event }) =>
      event.type === "woke" ? { ...made, box: { ...made.box, refs: new Map() } } : made,
    ),
  },
  {
    name: "what is being reversed is taken for open again",
    caughtBy: ["I15"],
    seed: 2,
    defect: stepsEnd((made, { event, stamp }) => {
      const payment = orderOf(made.box, event);
      if (event.type !== "payment" || event.event.type !== "undo-answered" || payment === undefined)
        return made;
      const { at } = stamp;
      const later = {
        about: "unclear",
        codeUrl: null,
        giveUpAt: at,
        next: after(at, 1_000),
        last: false,
      } as const;
      const orders = new Map(made.box.orders);
      orders.set(event.outTradeNo, { ...payment, inFlight: null, phase: { name: "asking", ...later } });
      return { ...made, box: { ...made.box, orders } };
    }),
  },
];
