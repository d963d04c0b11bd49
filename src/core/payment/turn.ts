/** One turn of the core: an event in, everything that follows from it out. The loop calls nothing else. */
import { invariant } from "../kernel/defect.ts";
import type { Instant } from "../kernel/instant.ts";
import { rfc3339 } from "../kernel/rfc3339.ts";
import type { Box, Step } from "./box.ts";
import { wakeAt } from "./due.ts";
import type { Effect } from "./effects.ts";
import type { BoxEvent } from "./events.ts";
import { kept } from "./halt.ts";
import type { Intent } from "./order.ts";
import { wantsReading } from "./reader.ts";
import type { Rules, Stamp } from "./rules.ts";
import { type Screen, screenFor } from "./screen.ts";
import { start } from "./start.ts";
import { step } from "./step.ts";

/** Everything that follows from one event. */
export interface Turn {
  readonly box: Box;
  readonly effects: readonly Effect[];
  readonly screen: Screen;
  readonly wakeAt: Instant | null;
  /** Whether the reader is to read, where it has to be told so. */
  readonly reading: boolean;
}

/** Begins the box with its journal. The journal learns which boot writes from here on. */
export function firstTurn(event: BoxEvent & { readonly type: "started" }, stamp: Stamp, rules: Rules): Turn {
  const { box, effects } = start(event, stamp, rules);
  const boot = { kind: "boot", boot: box.numbering.bootMark, version: rules.version } as const;
  const note: Effect = { type: "note", entry: { ...boot, at: rfc3339(stamp.wall) } };
  return turned(box, [note, ...effects], stamp, rules);
}

/** Goes on with the box. */
export function nextTurn(before: Turn, event: BoxEvent, stamp: Stamp, rules: Rules): Turn {
  return checkedTurn(before, step(before.box, event, stamp, rules), event, stamp, rules);
}

/** The turn that a step makes when the last net has looked at it; a test hands it steps of its own. */
export function checkedTurn(before: Turn, step: Step, event: BoxEvent, stamp: Stamp, rules: Rules): Turn {
  const { box, effects } = kept(before.box, step, event, stamp, rules);
  const after = turned(box, effects, stamp, rules);
  const shown = proofOfDisplay(before.screen, after, stamp);
  return shown === null ? after : { ...after, effects: [...effects, shown] };
}

function turned(box: Box, effects: readonly Effect[], stamp: Stamp, rules: Rules): Turn {
  const screen = screenFor(box, stamp.at, rules);
  const wake = wakeAt(box, stamp.at, rules);
  invariant(wake === null || wake > stamp.at, "what was due has been done");
  return { box, effects, screen, wakeAt: wake, reading: wantsReading(box, rules) };
}

/** What the customer was shown of an order's end is itself in the journal, so that a dispute can be replayed. */
function proofOfDisplay(before: Screen, { box, screen }: Turn, stamp: Stamp): Effect | null {
  const intent = intentShown(box);
  if (intent === null || (before.text === screen.text && before.ref === screen.ref)) return null;
  const entry = { kind: "shown", outTradeNo: intent.outTradeNo, text: screen.text } as const;
  return { type: "note", entry: { ...entry, at: rfc3339(stamp.wall) } };
}

/** The order whose end, or that nobody knows it, is in front of people. */
function intentShown({ foreground }: Box): Intent | null {
  if (foreground.name === "earlier") return foreground.end.intent;
  return foreground.name === "result" || foreground.name === "unknown" ? foreground.intent : null;
}
