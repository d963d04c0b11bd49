/** Learns where each key is by asking for it. */

import { after } from "../../core/kernel/instant.ts";
import type { Key } from "../../core/payment/amount-entry.ts";
import { MatrixLines, type MatrixPins, matrixLines } from "../../drivers/matrix-lines.ts";
import { MatrixReader } from "../../drivers/matrix-reader.ts";
import type { GpioLines, GpioLink } from "../../runtime/ports.ts";
import { type Dialogue, Left } from "./dialogue.ts";
import type { Machine } from "./machine.ts";

/** How long a key is waited for. */
export const KEY_MS = 30_000;

const DEBOUNCE_MS = 30;

const names: Readonly<Record<string, string>> = {
  ".": ". (point)",
  ":": "00",
  "<": "backspace",
  C: "C (clear)",
  X: "X (cancel)",
  "=": "OK (confirm)",
};

/** The positions by label, or why the keypad cannot be read. A label without a position was not pressed in time. */
export type KeysLearnt =
  | { readonly ok: true; readonly positions: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly why: string };

/** Asks for one key after the other; Enter says that there is no such key. The pins are free again when this resolves. */
export async function learnKeys(
  link: GpioLink,
  { machine, dialogue }: { readonly machine: Machine; readonly dialogue: Dialogue },
  pins: MatrixPins,
  labels: readonly string[],
): Promise<KeysLearnt> {
  let lost: string | null = null;
  let reader: MatrixReader | null = null;
  const listener = {
    edge: () => reader?.edge(),
    lost: (cause: string) => {
      lost = cause;
      heard(null);
    },
  };
  let heard: (position: number | null) => void = () => {};
  const claimed = await claim(link, pins, listener);
  if (typeof claimed === "string") return { ok: false, why: claimed };
  const lines = new MatrixLines(claimed, pins);
  const low = lines.unpulledColumns();
  try {
    if (low.length > 0) return { ok: false, why: unpulled(low) };
    // A position is a "digit" here: what stands on the key is what is to be found out.
    const keys = pins.rows.flatMap((_, row) =>
      pins.columns.map((__, column): Key => ({ name: "digit", digit: row * pins.columns.length + column })),
    );
    reader = new MatrixReader({
      lines,
      clock: machine.clock,
      layout: { keys, columns: pins.columns.length, debounceMs: DEBOUNCE_MS },
      heard: (event) => {
        if (event.kind === "key" && event.key.name === "digit") heard(event.key.digit);
      },
    });
    reader.start();
    const next = (): Promise<number | null> =>
      nextKey(machine, dialogue, (listening) => {
        heard = listening;
      });
    const positions = new Map<string, number>();
    for (const label of labels) {
      dialogue.begin(`  Press  ${(names[label] ?? label).padEnd(14)}`);
      const position = await newKey(next, positions, dialogue);
      if (lost !== null) return { ok: false, why: lost };
      if (position === null) {
        dialogue.say("not there");
        continue;
      }
      positions.set(label, position);
      const [row, column] = [Math.floor(position / pins.columns.length), position % pins.columns.length];
      dialogue.say(
        `row ${row + 1} (pin ${pins.rows[row]}), column ${column + 1} (pin ${pins.columns[column]})`,
      );
    }
    return { ok: true, positions };
  } finally {
    reader?.stop();
    await new Promise<void>((free) => lines.release(free));
  }
}

/** A press of a key that no other label has. */
async function newKey(
  next: () => Promise<number | null>,
  positions: ReadonlyMap<string, number>,
  dialogue: Dialogue,
): Promise<number | null> {
  for (;;) {
    const position = await next();
    const other = [...positions].find(([, known]) => known === position)?.[0];
    if (position === null || other === undefined) return position;
    dialogue.begin(`(that is ${names[other] ?? other}) `);
  }
}

/** The next key; null after Enter, after a while, or where the pins are lost. Rejects with `Left`. */
async function nextKey(
  { clock }: Machine,
  dialogue: Dialogue,
  hear: (heard: (position: number | null) => void) => void,
): Promise<number | null> {
  const { left } = dialogue;
  return await new Promise((resolve, reject) => {
    const end = (finish: () => void): void => {
      hear(() => {});
      ear.end();
      timer.cancel();
      left.removeEventListener("abort", leave);
      finish();
    };
    const leave = (): void => end(() => reject(new Left()));
    const none = (): void => end(() => resolve(null));
    const ear = dialogue.listen(none);
    const timer = clock.at(after(clock.now(), KEY_MS), none);
    hear((position) => end(() => resolve(position)));
    if (left.aborted) leave();
    else left.addEventListener("abort", leave, { once: true });
  });
}

async function claim(
  link: GpioLink,
  pins: MatrixPins,
  listener: { readonly edge: () => void; readonly lost: (cause: string) => void },
): Promise<GpioLines | string> {
  return await new Promise((resolve) => {
    link.claim(matrixLines(pins), listener, (outcome) =>
      resolve(outcome.kind === "claimed" ? outcome.lines : outcome.why),
    );
  });
}

function unpulled(low: readonly number[]): string {
  return (
    `With no key pressed, the column${low.length === 1 ? "" : "s"} on pin ${low.join(", ")} must read high, and ` +
    "does not: a key is held, or the pull-up of 10 kΩ to 3.3 V is missing, or rows and columns are exchanged."
  );
}
