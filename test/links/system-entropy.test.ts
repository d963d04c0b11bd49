import assert from "node:assert/strict";
import test from "node:test";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";

test("it gives as many bytes as asked for, different ones each time", () => {
  const entropy = new SystemEntropy();
  assert.equal(entropy.bytes(0).length, 0);
  assert.equal(entropy.bytes(33).length, 33);
  assert.notDeepEqual(entropy.bytes(16), entropy.bytes(16));
});
