import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keypadRules, Story } from "./story.ts";

const rotate = { name: "journal rotate" } as const;

/** What this step asks of the journal, and what it answers. */
function done({ turn }: Story): readonly unknown[] {
  return turn.effects.flatMap((effect): readonly unknown[] => {
    if (effect.type === "rotate") return ["rotate"];
    if (effect.type !== "answer") return [];
    return [effect.answer.kind === "rotation" ? effect.answer.outcome : effect.answer.kind];
  });
}

describe("what a box is told", () => {
  it("is answered with how it stands, in the step that was asked", () => {
    assert.deepEqual(done(Story.ready(keypadRules).says({ name: "status" })), ["status"]);
  });

  it("a rotation is handed to the journal, and answered when the journal is done", () => {
    const story = Story.ready(keypadRules).says(rotate);
    assert.deepEqual(done(story), ["rotate"]);
    const outcome = { kind: "nothing" } as const;
    assert.deepEqual(done(story.post({ type: "journal-rotated", token: 1, outcome })), [outcome]);
  });

  it("no rotation begins while an order is not over, nor while the box stops", () => {
    const refused = (why: string) => [{ kind: "refused", why }];
    const paying = Story.ready(keypadRules).keys("12.50=").scan();
    assert.deepEqual(done(paying.says(rotate)), refused("a payment is not over yet"));
    const stopping = Story.ready(keypadRules).post({ type: "stopping" });
    assert.deepEqual(done(stopping.says(rotate)), refused("the box is stopping"));
  });
});
