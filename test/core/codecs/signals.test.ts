import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type BuzzerSignal,
  buzzerAt,
  type LightSignal,
  lamps,
  lightSignalOf,
  lightsAt,
} from "../../../src/core/codecs/signals.ts";
import { bootScreen } from "../../../src/core/payment/screen.ts";

/** Two seconds of each light, a character each 125 ms: `#` is on. */
const lights: Readonly<Record<LightSignal, readonly [paid: string, wait: string, refused: string]>> = {
  off: ["................", "................", "................"],
  ready: ["########........", "................", "................"],
  scan: ["####....####....", "................", "................"],
  wait: ["................", "##..##..##..##..", "................"],
  paid: ["################", "................", "................"],
  dispensing: ["##..##..##..##..", "................", "................"],
  refused: ["................", "................", "################"],
  "out-of-service": ["................", "................", "####....####...."],
  unknown: ["................", "################", "################"],
};

/** Beeps and pauses of each sound in milliseconds, and when they begin again. */
const sounds: Readonly<Record<BuzzerSignal, readonly [beeps: readonly number[], everyMs: number | null]>> = {
  none: [[], null],
  read: [[80], null],
  paid: [[100, 80, 300], null],
  refused: [[700], null],
  changed: [[80, 120, 80], null],
  unknown: [[100, 100, 100, 100, 100], 10_000],
  click: [[10], null],
};

const lightNames = Object.keys(lights) as LightSignal[];
const soundNames = Object.keys(sounds) as BuzzerSignal[];

for (const name of lightNames) {
  test(`the light "${name}" is the same picture every two seconds`, () => {
    for (const from of [0, 2_000, 86_400_000]) {
      const drawn = lamps.map((lamp) =>
        Array.from({ length: 16 }, (_, step) =>
          lightsAt(name, from + step * 125)[lamp].on ? "#" : ".",
        ).join(""),
      );
      assert.deepEqual(drawn, lights[name], `from ${from} ms`);
    }
  });
}

test("a lamp changes when it said it would, and not before", () => {
  fc.assert(
    fc.property(fc.constantFrom(...lightNames), fc.nat(1_000_000), fc.nat(5_000), (name, ms, more) => {
      for (const lamp of lamps) {
        const { on, nextMs } = lightsAt(name, ms)[lamp];
        const until = nextMs ?? Number.POSITIVE_INFINITY;
        assert.ok(until > ms);
        assert.equal(lightsAt(name, Math.min(ms + more, until - 1))[lamp].on, on);
        if (nextMs !== null) assert.equal(lightsAt(name, nextMs)[lamp].on, !on);
      }
    }),
  );
});

test("no light blinks faster than twice a second", () => {
  for (const name of lightNames) {
    for (const lamp of lamps) {
      let at: number | null = 0;
      const lit: number[] = [];
      while (at !== null && at < 10_000) {
        const { on, nextMs }: { on: boolean; nextMs: number | null } = lightsAt(name, at)[lamp];
        if (on) lit.push(at);
        at = nextMs;
      }
      for (const [index, begin] of lit.entries()) {
        assert.ok(index === 0 || begin - (lit[index - 1] ?? 0) >= 500, `${name}, ${lamp} at ${begin} ms`);
      }
    }
  }
});

test("the paid light stands still for what is paid and for nothing else", () => {
  const steady = lightNames.filter((name) => {
    const { on, nextMs } = lightsAt(name, 0).paid;
    return on && nextMs === null;
  });
  assert.deepEqual(steady, ["paid"]);
});

test("no two lights look the same", () => {
  assert.equal(new Set(Object.values(lights).map((picture) => picture.join("|"))).size, lightNames.length);
});

test("an outage blinks, a refused payment does not", () => {
  assert.equal(lightSignalOf({ light: "refused", text: "out-of-service" }), "out-of-service");
  assert.equal(lightSignalOf({ light: "refused", text: "not-paid" }), "refused");
  assert.equal(lightSignalOf({ light: "wait", text: "out-of-service" }), "wait");
  assert.equal(lightSignalOf(bootScreen), "off");
});

for (const name of soundNames) {
  test(`the sound "${name}" has its beeps and pauses, and ends or begins again`, () => {
    const [beeps, everyMs] = sounds[name];
    for (const begin of everyMs === null ? [0] : [0, everyMs, 8_640 * everyMs]) {
      let at = begin;
      for (const [index, span] of beeps.entries()) {
        const expected = { on: index % 2 === 0, nextMs: at + span, played: false };
        assert.deepEqual(buzzerAt(name, at), expected);
        assert.deepEqual(buzzerAt(name, at + span - 1), expected);
        at += span;
      }
      const rest = { on: false, nextMs: everyMs === null ? null : begin + everyMs, played: true };
      assert.deepEqual(buzzerAt(name, at), rest);
      assert.deepEqual(buzzerAt(name, begin + (everyMs ?? 1_000_000) - 1), rest);
    }
  });
}

test("a round of beeps is over before the next one begins, with a rest to hear it by", () => {
  for (const name of soundNames) {
    const [beeps, everyMs] = sounds[name];
    const lengthMs = beeps.reduce((sum, span) => sum + span, 0);
    assert.ok(beeps.length % 2 === 1 || beeps.length === 0, `${name} ends with a beep`);
    assert.ok(everyMs === null || lengthMs < everyMs / 2, name);
  }
});
