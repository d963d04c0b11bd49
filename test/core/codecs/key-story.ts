/** Keys as stories tell them: which contacts are closed for how long, and what comes of it. */
import assert from "node:assert/strict";
import {
  beginMatrix,
  type KeyEvent,
  type KeyLayout,
  type KeyMatrix,
  takeScan,
} from "../../../src/core/codecs/key-matrix.ts";
import { readKeyName } from "../../../src/core/codecs/key-names.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";

export const ROWS = 4;
export const COLUMNS = 4;
export const LABELS = "789C456<123X0. =";
export const layout: KeyLayout = {
  keys: [...LABELS].map((label) => {
    const key = readKeyName(label);
    assert.ok(key.ok);
    return key.value;
  }),
  columns: COLUMNS,
  debounceMs: 30,
};

const names = {
  "double-zero": ":",
  point: ".",
  backspace: "<",
  clear: "C",
  cancel: "X",
  confirm: "=",
} as const;

/** What happened, as a short text: the label of a press, `C held`, `stuck 45`, `freed`. */
export function textOf(event: KeyEvent): string {
  switch (event.kind) {
    case "key": {
      const label = event.key.name === "digit" ? String(event.key.digit) : names[event.key.name];
      return event.held ? `${label} held` : label;
    }
    case "stuck":
      return `stuck ${event.positions.map((position) => LABELS[position]).join("")}`;
    case "freed":
      return "freed";
  }
}

export function positionsOf(labels: string): readonly number[] {
  return [...labels].map((label) => LABELS.indexOf(label)).sort((a, b) => a - b);
}

/** Scans every 5 ms what is written as `"5" for 40 ms, nothing for 50 ms`; each told thing comes with its moment. */
export class Story {
  matrix: KeyMatrix = beginMatrix({ closed: [], at: instantOf(0) });
  now = 0;
  readonly told: string[] = [];

  closed(labels: string, forMs: number, everyMs = 5): this {
    const closed = positionsOf(labels);
    for (const end = this.now + forMs; this.now < end; ) {
      this.now += everyMs;
      const step = takeScan(this.matrix, { closed, at: instantOf(this.now) }, layout);
      this.matrix = step.matrix;
      for (const event of step.events) this.told.push(`${textOf(event)} at ${this.now}`);
    }
    return this;
  }
}
