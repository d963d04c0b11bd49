import type { Effect } from "../core/payment/effects.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { TxData } from "../core/payment/order.ts";
import type { PaymentEvent } from "../core/payment/payment.ts";
import type { Screen } from "../core/payment/screen.ts";
import type { Turn } from "../core/payment/turn.ts";
import type { Log } from "../runtime/ports.ts";

/** What the log says of the box's turns. */
export class TurnLog {
  readonly #log: Log;
  #screen: Screen["text"] | null = null;
  #toldViolation = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What was heard, and what the box asked for. */
  turned(event: BoxEvent, { box, effects }: Turn): void {
    if (box.violation !== null && !this.#toldViolation) {
      this.#toldViolation = true;
      this.#log.error("box.contradicted", { problem: box.violation });
    }
    if (event.type === "payment") {
      const phase = box.orders.get(event.outTradeNo)?.phase.name ?? "over";
      this.#log.info("order.moved", { outTradeNo: event.outTradeNo, kind: kindOf(event.event), phase });
    } else if (event.type !== "woke") {
      this.#log.debug("box.heard", { kind: event.type });
    }
    for (const { type } of effects) this.#log.debug("box.asked", { kind: type satisfies Effect["type"] });
  }

  /** What people see now. A countdown is not worth a line a second. */
  shown({ text, ref, light }: Screen): void {
    if (text === this.#screen) return;
    this.#screen = text;
    const outage = text === "out-of-service" || text === "offline";
    const named = outage ? { screen: text, code: ref } : { screen: text, shortRef: ref };
    this.#log.info("screen.shown", { ...named, state: light });
  }

  /** A money record that has become durable. */
  recorded(tx: TxData): void {
    const { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late } = tx;
    const said = { outTradeNo, shortRef, state, reason, charged, amountFen, transactionId, late };
    this.#log.info("order.recorded", said);
  }
}

function kindOf(event: PaymentEvent): string {
  switch (event.type) {
    case "charge-answered":
    case "query-answered":
    case "undo-answered":
      return `${event.type}:${event.answer.kind}`;
    case "recorded":
    case "record-failed":
      return `${event.type}:${event.state}`;
    case "dispensed":
      return `${event.type}:${event.outcome}`;
    case "woke":
    case "withheld":
    case "cancel-pressed":
      return event.type;
  }
}
