// Goal: the module objects to what a real one might not forgive. Method: one offence each, against a right start.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTransfers, type Transfer } from "../../src/core/codecs/hd44780.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";
import { CharacterModule } from "../../src/simulator/site/character-module.ts";
import { PinnedModule } from "../../src/simulator/site/module-wirings.ts";

const size = { columns: 16, rows: 2 };

/** Sends transfers from `atUs` on, each wait as long as asked for times `patience`, and gives the end. */
function send(module: CharacterModule, transfers: readonly Transfer[], atUs: number, patience = 1): number {
  let now = atUs;
  for (const { rs, width, value, waitUs } of transfers) {
    if (width === "byte") {
      module.latch(rs, value >> 4, now);
      now += 1;
    }
    module.latch(rs, value & 0x0f, now);
    now += waitUs * patience;
  }
  return now;
}

function instruction(value: number): Transfer {
  return { rs: 0, width: "byte", value, waitUs: 60 };
}

function datum(value: number): Transfer {
  return { rs: 1, width: "byte", value, waitUs: 60 };
}

function started(): { readonly module: CharacterModule; readonly atUs: number } {
  const module = new CharacterModule(size);
  const atUs = send(module, startTransfers(), 40_000);
  assert.deepEqual(module.breaches, []);
  return { module, atUs };
}

describe("a character module", () => {
  it("counts from line to line and knows what no cell is", () => {
    const { module, atUs } = started();
    const end = send(module, [instruction(0x8f), datum(0x41)], atUs);
    assert.deepEqual(module.rows(), [`${" ".repeat(15)}A`, " ".repeat(16)]);
    assert.deepEqual(module.breaches, []);
    send(module, [datum(0x42)], end);
    assert.match(module.breaches.join("\n"), /written to 0x10, which is no cell/);
  });

  it("shows what stands in its memories, not what was meant", () => {
    const { module, atUs } = started();
    const end = send(
      module,
      [instruction(0x80), datum(0x5c), datum(0x7e), datum(1), datum(0), datum(0xfa)],
      atUs,
    );
    assert.equal(module.rows()[0]?.slice(0, 5), "\u00a5\u2192\u00a5\u25a1\u25a1");
    assert.match(module.breaches.join("\n"), /code 0 is written/);
    send(module, [instruction(0x08)], end);
    assert.deepEqual(module.rows(), [" ".repeat(16), " ".repeat(16)], "the display is off");
  });

  const offences: readonly (readonly [
    what: string,
    how: (module: CharacterModule, atUs: number) => void,
    says: RegExp,
  ])[] = [
    [
      "haste",
      (module, atUs) => send(module, [instruction(0x80), datum(0x41)], atUs, 0.5),
      /spoken to 22\.6 µs early/,
    ],
    ["a shifted picture", (module, atUs) => send(module, [instruction(0x18)], atUs), /shifted/],
    ["a seen cursor", (module, atUs) => send(module, [instruction(0x0f)], atUs), /cursor is seen/],
    ["the cursor sent home", (module, atUs) => send(module, [instruction(0x02)], atUs), /home/],
    ["an empty instruction", (module, atUs) => send(module, [instruction(0x00)], atUs), /zeros/],
    ["the tall font", (module, atUs) => send(module, [instruction(0x2c)], atUs), /tall font/],
    [
      "an address that counts down",
      (module, atUs) => send(module, [instruction(0x04), instruction(0x80), datum(0x41)], atUs),
      /does not count up/,
    ],
    [
      "RS that moves within a byte",
      (module, atUs) => {
        module.latch(0, 4, atUs);
        module.latch(1, 1, atUs + 1);
      },
      /RS moves between/,
    ],
  ];
  for (const [what, how, says] of offences) {
    it(`objects to ${what}`, () => {
      const { module, atUs } = started();
      how(module, atUs);
      assert.match(module.breaches.join("\n"), says);
    });
  }

  it("objects to every start but a right one", () => {
    const right = startTransfers();
    const starts: readonly (readonly [transfers: readonly Transfer[], atUs: number, patience: number])[] = [
      [right, 1_000, 1],
      [right, 40_000, 0.5],
      [right.slice(1), 40_000, 1],
      [right.slice(4), 40_000, 1],
      [right.filter(({ value }) => value !== 0x28), 40_000, 1],
    ];
    for (const [transfers, atUs, patience] of starts) {
      const module = new CharacterModule(size);
      send(module, transfers, atUs, patience);
      assert.notDeepEqual(module.breaches, []);
    }
  });
});

describe("the wires of a module on six pins", () => {
  const pins = { rs: 0, e: 1, data: [2, 3, 4, 5] };
  const breachesOf = (
    drive: (write: (pin: number, level: 0 | 1) => void, spin: (us: number) => void) => void,
  ) => {
    const time = new SimulatedTime();
    const module = new PinnedModule(new CharacterModule(size), time, { pins, atomic: true });
    const lines = [0, 1, 2, 3, 4, 5].map((pin) => ({ use: "output", pin, level: 0 }) as const);
    module.claim(lines, { edge: () => {}, lost: () => {} }, (outcome) => {
      assert.equal(outcome.kind, "claimed");
      if (outcome.kind === "claimed")
        drive((pin, level) => outcome.lines.write([{ pin, level }]), module.spin);
    });
    time.runUntil(100);
    return module.breaches.join("\n");
  };

  it("object to edges that come too close, and to nothing else", () => {
    const right = breachesOf((write, spin) => {
      write(0, 1);
      spin(1);
      write(1, 1);
      write(2, 1);
      spin(1);
      write(1, 0);
    });
    assert.equal(right, "");
    const hasty = breachesOf((write) => {
      write(0, 1);
      write(1, 1);
      write(2, 1);
      write(1, 0);
      write(1, 1);
      write(0, 0);
    });
    for (const what of [
      /rises too soon after RS/,
      /high too short/,
      /after the data/,
      /soon after E/,
      /E is high/,
    ]) {
      assert.match(hasty, what);
    }
  });
});
