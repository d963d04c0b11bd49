import type { Callers } from "../commands/callers.ts";
import type { ChargeAnswer, QueryAnswer, UndoAnswer } from "../core/payment/answers.ts";
import type { BoxEvent } from "../core/payment/events.ts";
import type { Intent, TxData } from "../core/payment/order.ts";
import type { PaymentEvent } from "../core/payment/payment.ts";
import { mayMoveOn } from "../core/payment/readiness.ts";
import type { Rules } from "../core/payment/rules.ts";
import type { Turn } from "../core/payment/turn.ts";
import type { Devices } from "../devices.ts";
import type { Journal } from "../journal/journal.ts";
import type { Handlers } from "../runtime/loop.ts";
import type { Clock, Log } from "../runtime/ports.ts";
import type { Providers } from "./providers.ts";

/** Who carries out what the core asks for, and where the answers go. */
export interface HandlersParts {
  readonly journal: Journal;
  readonly providers: Providers;
  readonly devices: Devices;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly post: (event: BoxEvent) => void;
  /** What the box last decided. */
  readonly turn: () => Turn | null;
  /** Hears every money record when it has become durable. */
  readonly recorded: (tx: TxData) => void;
}

/** One handler for each effect. */
export function handlersOf(parts: HandlersParts): Handlers {
  const { journal, providers, devices, callers, clock, log, rules, post } = parts;
  const happens = (outTradeNo: string, event: PaymentEvent): void => {
    post({ type: "payment", outTradeNo, event });
  };
  const answered = (
    { outTradeNo, payee }: Intent,
    event: PaymentEvent & { readonly answer: Answer },
  ): void => {
    if (isSigned(event.answer)) providers.signed(payee.provider);
    happens(outTradeNo, event);
  };
  return {
    record: ({ entry }) => {
      journal.append(entry, (ok) => {
        if (entry.kind !== "charging" && entry.kind !== "money") return;
        const { outTradeNo, state } = entry.tx;
        if (ok) parts.recorded(entry.tx);
        happens(outTradeNo, { type: ok ? "recorded" : "record-failed", state });
      });
    },
    note: ({ entry }) => journal.note(entry),
    warm: () => {
      for (const provider of providers.charging()) provider.warm();
    },
    charge: ({ intent, code, sendBefore }) => {
      const mayLeave = (): boolean => {
        const box = parts.turn()?.box;
        if (box === undefined) return false;
        // Between two turns the clock may have been lost.
        return mayMoveOn({ ...box, clockTrusted: box.clockTrusted && clock.trusted() }, intent, rules);
      };
      providers
        .of(intent.payee.provider)
        .charge({ intent, code, sendBefore, mayLeave }, (host, answer) =>
          answered(intent, { type: "charge-answered", host, answer }),
        );
    },
    dispense: ({ outTradeNo, pulses }) => {
      devices.dispense(pulses, (outcome) => happens(outTradeNo, { type: "dispensed", outcome }));
    },
    query: ({ intent, of, host: at, fresh }) => {
      providers
        .of(intent.payee.provider)
        .query({ intent, of, host: at, fresh }, (host, answer) =>
          answered(intent, { type: "query-answered", host, answer }),
        );
    },
    undo: ({ intent, way, host: at }) => {
      providers
        .of(intent.payee.provider)
        .undo({ intent, way, host: at }, (host, answer) =>
          answered(intent, { type: "undo-answered", host, answer }),
        );
    },
    answer: ({ token, answer }) => callers.answer(token, answer),
    rotate: ({ token }) => journal.rotate((outcome) => post({ type: "journal-rotated", token, outcome })),
    probe: ({ provider }) => {
      providers.of(provider).probe((answer) => {
        if (answer.kind === "passed") providers.signed(provider);
        post({ type: "probed", provider, answer });
      });
    },
    alarm: ({ alarm, outTradeNo }) => log.error("alarm", { kind: alarm, outTradeNo }),
  };
}

type Answer = ChargeAnswer | QueryAnswer | UndoAnswer;

function isSigned(answer: Answer): boolean {
  return answer.kind === "unknown" ? answer.signed : answer.kind !== "not-sent";
}
