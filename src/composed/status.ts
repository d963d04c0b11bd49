import type { BoxSnapshot } from "../commands/status.ts";
import { drawFrame } from "../core/codecs/display-frame.ts";
import type { Instant, WallTime } from "../core/kernel/instant.ts";
import { rfc3339 } from "../core/kernel/rfc3339.ts";
import type { Box } from "../core/payment/box.ts";
import { blockerOf } from "../core/payment/readiness.ts";
import type { Rules } from "../core/payment/rules.ts";
import type { Turn } from "../core/payment/turn.ts";
import { type Devices, displaySizeOf } from "../devices.ts";
import type { JournalStatus } from "../journal/journal.ts";
import type { ReporterStatus } from "../reporting/reporter.ts";
import type { BoxParts } from "./parts.ts";
import type { Providers } from "./providers.ts";
import { serviceOf } from "./service.ts";

/** Where a status is read from. */
export interface StatusParts {
  readonly parts: BoxParts;
  readonly rules: Rules;
  readonly devices: Devices;
  readonly providers: Providers;
  /** When the box was made, by both clocks. */
  readonly since: { readonly wall: WallTime; readonly moment: Instant };
}

/** What is told of: the box as it last decided, its journal, and reporting where there is a broker. */
export interface Standing {
  readonly turn: Turn;
  readonly journal: JournalStatus;
  readonly mqtt: ReporterStatus | null;
}

/** How everything stands, for people and their tools. Changes nothing. */
export function statusOf(
  { parts, rules, devices, providers, since }: StatusParts,
  { turn, journal, mqtt }: Standing,
): BoxSnapshot {
  const { config, links, version } = parts;
  const { clock } = links;
  const { box, screen } = turn;
  const scanner = links.serial === null || config.scanner === null ? "none" : readyOrNot(box.scannerReady);
  const { n: _newest, writtenAt, ...written } = journal;
  return {
    box: config.box.id,
    store: config.box.store,
    version,
    boot: box.numbering.bootMark,
    since: rfc3339(since.wall),
    upS: Math.round((clock.now() - since.moment) / 1_000),
    service: {
      ...serviceOf(turn, rules),
      screen: screen.text,
      display: drawFrame(screen, config.box.language, displaySizeOf(config)).map((row) => row.trimEnd()),
      blocker: blockerOf(box, rules),
      mistakes: [...(parts.mistakes ?? [])],
    },
    devices: { scanner, ...devices.status() },
    scans: devices.scans(),
    providers: providers.status(box),
    orders: ordersOf(box, clock.wall()),
    journal: {
      ...written,
      inMemory: parts.journalInMemory ?? false,
      writtenAt: writtenAt === null ? null : rfc3339(writtenAt),
    },
    mqtt,
    clock: { at: rfc3339(clock.wall()), trusted: clock.trusted() },
  };
}

function ordersOf(box: Box, now: WallTime): BoxSnapshot["orders"] {
  const orders = [...box.orders.values()].map(({ intent, phase }) => ({
    outTradeNo: intent.outTradeNo,
    shortRef: intent.shortRef,
    provider: intent.payee.provider,
    phase: phase.name,
    amountFen: intent.amountFen,
    ageS: Math.round((now - intent.intentAt) / 1_000),
  }));
  const held = box.held.map(({ outTradeNo }) => {
    return { outTradeNo, shortRef: null, provider: null, phase: "held", amountFen: null, ageS: null };
  });
  return [...orders, ...held];
}

function readyOrNot(ready: boolean): "ready" | "absent" {
  return ready ? "ready" : "absent";
}
