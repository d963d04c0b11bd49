import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chargedWallets, everyStory, sandboxOf, usualSandbox } from "../../src/cli/sandboxes.ts";
import { sandboxKinds } from "../../src/providers/sandboxes.ts";

describe("the sandboxes as the commands have them", () => {
  test("each wallet that is charged has a sandbox of its own, the usual one's first", () => {
    assert.deepEqual(chargedWallets, ["wechat", "alipay"]);
    assert.deepEqual(
      chargedWallets.map((wallet) => sandboxOf(wallet)?.plays),
      ["WeChat Pay", "Alipay"],
    );
    assert.equal(sandboxOf("wechat"), usualSandbox());
    assert.equal(sandboxOf("unionpay"), null);
  });

  test("a story that two sandboxes tell under one name ends alike, so that one name is chosen for both", () => {
    for (const { name, ends } of everyStory.stories) {
      for (const kind of sandboxKinds.values())
        assert.equal(kind.storyNamed(name)?.ends ?? ends, ends, `${name} at ${kind.plays}`);
    }
  });

  test("each name is told once, with whose story it is where not all know it", () => {
    const names = everyStory.stories.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(everyStory.storyNamed("success")?.story, "The payment goes through at once.");
    assert.match(everyStory.storyNamed("rolled-back")?.story ?? "", /^Alipay: /);
    assert.match(everyStory.storyNamed("bank-error")?.story ?? "", /^WeChat Pay: /);
    assert.equal(everyStory.storyNamed("no-such-story"), null);
  });

  test("one of a family is known too, each form once", () => {
    assert.equal(everyStory.storyNamed("password-5")?.ends, "paid");
    const forms = everyStory.families.map(({ form }) => form);
    assert.equal(new Set(forms).size, forms.length);
  });

  test("every sandbox has the story success", () => {
    for (const kind of sandboxKinds.values()) assert.equal(kind.storyNamed("success")?.ends, "paid");
  });
});
