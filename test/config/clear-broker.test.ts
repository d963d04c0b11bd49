import assert from "node:assert/strict";
import { test } from "node:test";
import { isClear } from "../../src/config/clear-broker.ts";

test("a broker on another machine is warned of where nothing hides what it is told", () => {
  const clear = (url: string): boolean => isClear({ url });
  for (const url of ["mqtt://broker.example", "mqtt://192.168.1.7:1883", "mqtt://localhost.example"])
    assert.equal(clear(url), true, url);
  for (const url of [
    "mqtts://broker.example",
    "mqtt://localhost",
    "mqtt://127.0.0.1:1883",
    "mqtt://[::1]:1883",
  ])
    assert.equal(clear(url), false, url);
  assert.equal(isClear(null), false);
});
