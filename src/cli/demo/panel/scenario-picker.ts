/** Choosing what becomes of the next payments. */
import type { Story } from "../../../providers/sandbox.ts";
import { everyStory } from "../../sandboxes.ts";
import type { Press } from "./keyboard.ts";
import { printable } from "./keyboard.ts";
import { fill, heading, type Line, type Picture, type Size, span, wrap } from "./picture.ts";

/** What has been typed to find one, and which of those found is marked. */
export interface Picking {
  readonly typed: string;
  readonly marked: number;
}

/** What a key does to the list. */
export type Picked =
  | { readonly kind: "picking"; readonly picking: Picking }
  | { readonly kind: "chosen"; readonly scenario: Story }
  | { readonly kind: "left" };

const PAGE = 8;
const NAME_MAX = 24;

/** The list as it opens: the current scenario is marked. */
export function beginPicking(current: Story): Picking {
  return {
    typed: "",
    marked: Math.max(
      0,
      everyStory.stories.findIndex(({ name }) => name === current.name),
    ),
  };
}

/** The list after a key. */
export function pick(picking: Picking, press: Press): Picked {
  const found = foundBy(picking.typed);
  const moved = (by: number): Picked => ({
    kind: "picking",
    picking: { ...picking, marked: Math.max(0, Math.min(found.length - 1, picking.marked + by)) },
  });
  const retyped = (typed: string): Picked => ({ kind: "picking", picking: { typed, marked: 0 } });
  switch (press.name) {
    case "up":
      return moved(-1);
    case "down":
    case "tab":
      return moved(1);
    case "pageup":
      return moved(-PAGE);
    case "pagedown":
      return moved(PAGE);
    case "home":
      return moved(-found.length);
    case "end":
      return moved(found.length);
    case "escape":
      return { kind: "left" };
    case "backspace":
      return retyped(picking.typed.slice(0, -1));
    case "return":
    case "enter": {
      const scenario = found[picking.marked];
      return scenario === undefined ? { kind: "picking", picking } : { kind: "chosen", scenario };
    }
    default: {
      const typed = `${picking.typed}${printable(press.text).trim()}`.slice(0, NAME_MAX);
      return typed === picking.typed ? { kind: "picking", picking } : retyped(typed);
    }
  }
}

/** Scenarios whose name holds what was typed; what is typed may be one of a family. */
function foundBy(typed: string): readonly Story[] {
  const { stories, storyNamed } = everyStory;
  const known = stories.filter(({ name }) => name.includes(typed.toLowerCase()));
  const named = typed === "" ? null : (storyNamed(typed) ?? storyNamed(typed.toUpperCase()));
  return named === null ? known : [named, ...known.filter(({ name }) => name !== named.name)];
}

/** The list, as much of it as there is room for. */
export function pickerLines({ typed, marked }: Picking, size: Size): Picture {
  const { columns, rows } = size;
  const found = foundBy(typed);
  const story = storyOf(found[marked], columns);
  const room = Math.max(1, rows - 3 - story.length);
  const first = Math.max(0, Math.min(marked - Math.floor(room / 2), found.length - room));
  const widest = Math.max(...everyStory.stories.map(({ name }) => name.length));
  const entries = found.slice(first, first + room).map((scenario, index): Line => {
    const text = `${scenario.name.padEnd(widest)}  ends ${scenario.ends}`;
    return first + index === marked ? [span("▸ "), span(text, "turned")] : [span(`  ${text}`)];
  });
  const list = entries.length > 0 ? entries : [[span(`  no scenario is called ${typed}`, "warn")]];
  const blank = Array.from({ length: Math.max(0, room - list.length) }, (): Line => []);
  return fill(
    [
      heading("WHAT BECOMES OF THE NEXT PAYMENTS", columns),
      [span("find: "), span(`${typed}_`, "strong")],
      ...list,
      ...blank,
      ...story,
      [span("up, down, Enter; Esc leaves it as it is", "quiet")],
    ],
    size,
  );
}

function storyOf(scenario: Story | undefined, columns: number): readonly Line[] {
  const words = scenario?.story ?? `Families: ${families()}.`;
  return wrap(words, columns).map((text) => [span(text, "strong")]);
}

function families(): string {
  return everyStory.families.map(({ form }) => form).join(", ");
}
