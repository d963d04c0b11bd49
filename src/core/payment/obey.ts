/** What a box does when somebody tells it something, whoever it is. */
import type { Box, Step } from "./box.ts";
import type { Command } from "./command.ts";
import { answerTo } from "./effects.ts";
import type { Rules, Stamp } from "./rules.ts";
import { obeyTill } from "./till-command.ts";

/** A command is decided once, after time has passed and before anything else happens: its answer is what the box does. */
export function obey(box: Box, token: number, command: Command, stamp: Stamp, rules: Rules): Step {
  switch (command.name) {
    case "status":
      return { box, effects: [answerTo(token, { kind: "status" })] };
    case "journal rotate":
      return rotationAsked(box, token);
    default:
      return obeyTill(box, token, command, stamp, rules);
  }
}

/** Not while an order is not over: one that has ended may still be contradicted for a while, and then its intent is needed. */
function rotationAsked(box: Box, token: number): Step {
  const why = box.stopping ? "the box is stopping" : "a payment is not over yet";
  if (!box.stopping && box.orders.size === 0) return { box, effects: [{ type: "rotate", token }] };
  return { box, effects: [answerTo(token, { kind: "rotation", outcome: { kind: "refused", why } })] };
}
