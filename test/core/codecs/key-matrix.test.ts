import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  beginMatrix,
  HELD_AFTER_MS,
  matrixRest,
  STUCK_AFTER_MS,
  takeScan,
} from "../../../src/core/codecs/key-matrix.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { layout, positionsOf, Story } from "./key-story.ts";

const stories: readonly (readonly [claim: string, run: (story: Story) => Story, told: readonly string[]])[] =
  [
    ["a press is told when it has been steady", (s) => s.closed("5", 100).closed("", 100), ["5 at 35"]],
    ["a short touch is nothing", (s) => s.closed("5", 30).closed("", 100), []],
    [
      "chatter delays a press and does not double it",
      (s) => s.closed("5", 5).closed("", 5).closed("5", 5).closed("", 5).closed("5", 80).closed("", 50),
      ["5 at 55"],
    ],
    [
      "chatter of a release is no press",
      (s) => s.closed("5", 60).closed("", 5).closed("5", 10).closed("", 25).closed("5", 5).closed("", 90),
      ["5 at 35"],
    ],
    [
      "a contact that opens for a moment is still the same press",
      (s) => s.closed("5", 60).closed("", 25).closed("5", 60),
      ["5 at 35"],
    ],
    [
      "the same key twice is two presses",
      (s) => s.closed("5", 50).closed("", 50).closed("5", 50),
      ["5 at 35", "5 at 135"],
    ],
    ["nothing repeats", (s) => s.closed("5", STUCK_AFTER_MS), ["5 at 35"]],
    [
      "one key may follow another without a gap",
      (s) => s.closed("5", 50).closed("6", 50).closed("5", 50),
      ["5 at 35", "6 at 85", "5 at 135"],
    ],
    [
      "keys that roll over are told in turn",
      (s) => s.closed("4", 50).closed("45", 60).closed("5", 50).closed("56", 60).closed("6", 50),
      ["4 at 35", "5 at 145", "6 at 255"],
    ],
    [
      "a key that comes and goes while another is down is nothing, and the other is not told again",
      (s) => s.closed("4", 50).closed("45", 60).closed("4", 60),
      ["4 at 35"],
    ],
    [
      "several keys tell nothing, and what remains alone is told then",
      (s) => s.closed("45", 100).closed("5", 100),
      ["5 at 135"],
    ],
    ["three corners and their ghost tell nothing", (s) => s.closed("4578", 200).closed("", 50), []],
    [
      "confirm and cancel are told alone",
      (s) => s.closed("=", 50).closed("", 50).closed("X", 50),
      ["= at 35", "X at 135"],
    ],
    [
      "confirm is nothing where anything was down with it, for one scan even",
      (s) => s.closed(".=", 5).closed("=", 200).closed("", 50).closed("=", 50),
      ["= at 290"],
    ],
    [
      "cancel is nothing where it remains of several",
      (s) => s.closed("3", 50).closed("3X", 20).closed("X", 200),
      ["3 at 35"],
    ],
    [
      "a confirm that was told is not told again because another came and went",
      (s) => s.closed("=", 50).closed("=3", 50).closed("=", 100),
      ["= at 35"],
    ],
    [
      "clear is told, and as held once it was down for two seconds",
      (s) => s.closed("C", 5_000),
      ["C at 35", `C held at ${5 + HELD_AFTER_MS}`],
    ],
    [
      "clear is not held where it came up, or another key came in between",
      (s) => s.closed("C", 1_990).closed("", 50).closed("C", 1_000).closed("C5", 5).closed("C", 1_990),
      ["C at 35", "C at 2075"],
    ],
    ["no other key is held", (s) => s.closed("X", 5_000), ["X at 35"]],
    [
      "a key that is down for more than ten seconds is stuck, once, until it comes up",
      (s) => s.closed("5", 20_000).closed("", 100).closed("5", 50),
      ["5 at 35", `stuck 5 at ${5 + STUCK_AFTER_MS + 5}`, "freed at 20035", "5 at 20135"],
    ],
    [
      "others go on beside a stuck key, confirm too",
      (s) => s.closed("5", 11_000).closed("56", 50).closed("5", 50).closed("5=", 50),
      ["5 at 35", "stuck 5 at 10010", "6 at 11035", "= at 11135"],
    ],
    [
      "what is down together with a key that becomes stuck is ignored too",
      (s) => s.closed("5", 9_000).closed("56", 2_000).closed("6", 100).closed("", 50).closed("6", 50),
      ["5 at 35", "stuck 5 at 10010", "freed at 11135", "6 at 11185"],
    ],
    [
      "a contact that never comes to rest is stuck, and does not stand in the way",
      (s) => {
        for (let n = 0; n < 1_001; n += 1) s.closed("5", 5).closed("", 5);
        return s.closed("5", 5).closed("6", 5).closed("56", 5).closed("6", 30).closed("", 100);
      },
      ["stuck 5 at 10015", "6 at 10050", "freed at 10060"],
    ],
    ["a place without a key tells nothing", (s) => s.closed(" ", 100).closed("", 50), []],
    [
      "a ghost of stuck keys that opens a scan before them is no key when it comes back",
      (s) =>
        s
          .closed("4578", 10_100)
          .closed("478", 5)
          .closed("48", 30)
          .closed("4578", 200)
          .closed("", 50)
          .closed("5", 50),
      ["stuck 7845 at 10010", "freed at 10370", "5 at 10420"],
    ],
    [
      "beside two stuck keys in one row, a key below one of them is no ghost: that takes three corners",
      (s) => s.closed("78", 10_100).closed("784", 50).closed("78", 50).closed("784", 50),
      ["stuck 78 at 10010", "4 at 10135", "4 at 10235"],
    ],
    [
      "a place without a key can be stuck",
      (s) => s.closed(" ", 11_000),
      [`stuck   at ${5 + STUCK_AFTER_MS + 5}`],
    ],
  ];

describe("the key matrix", () => {
  for (const [claim, run, told] of stories) {
    it(claim, () => assert.deepEqual(run(new Story()).told, told));
  }

  it("says nothing of a key that was down before the first scan, but that it is stuck", () => {
    const story = new Story();
    story.matrix = beginMatrix({ closed: positionsOf("="), at: instantOf(0) });
    story.closed("=", 11_000).closed("", 50).closed("=", 50);
    assert.deepEqual(story.told, ["stuck = at 10005", "freed at 11035", "= at 11085"]);
  });

  it("asks for scans soon, at leisure, or for none", () => {
    const story = new Story();
    const rest = () => matrixRest(story.matrix, instantOf(story.now), layout.debounceMs);
    const rests = ["", "5", "5", "56", "5", "", ""].map((labels, index) => {
      story.closed(labels, [30, 5, 30, 20, 100, 30, 5][index] ?? 0);
      return rest();
    });
    assert.deepEqual(rests, ["open", "moving", "held", "moving", "held", "moving", "open"]);
  });

  it("takes pauses between scans as they come", () => {
    const story = new Story();
    story.closed("5", 500, 250).closed("", 500, 250).closed("=", 500, 250);
    assert.deepEqual(story.told, ["5 at 500", "= at 1500"]);
  });

  it("says when a key went down, not when it counted", () => {
    let matrix = beginMatrix({ closed: [], at: instantOf(0) });
    const [position = 0] = positionsOf("=");
    const events = [5, 20, 35].flatMap((at) => {
      const taken = takeScan(matrix, { closed: [position], at: instantOf(at) }, layout);
      matrix = taken.matrix;
      return taken.events;
    });
    assert.deepEqual(events, [{ kind: "key", key: { name: "confirm" }, held: false, downAt: instantOf(5) }]);
  });
});
