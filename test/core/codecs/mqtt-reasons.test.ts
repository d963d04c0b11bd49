import assert from "node:assert/strict";
import { test } from "node:test";
import { mqttReason } from "../../../src/core/codecs/mqtt-reasons.ts";

test("a reason has words where it is known, and its number always", () => {
  assert.match(mqttReason(0x8e), /second box with this box\.id\? \(0x8E\)$/);
  assert.equal(mqttReason(0x9a), "it keeps no retained messages (0x9A)");
  assert.equal(mqttReason(0x04), "user name or password are wrong (0x04)");
  assert.equal(mqttReason(0xa2), "reason 0xA2");
});
