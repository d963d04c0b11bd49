import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { instantOf } from "../../../src/core/kernel/instant.ts";
import { HOST_REST_MS, HostHealth } from "../../../src/providers/host-health.ts";

const at = instantOf;

test("hosts that are well are tried in their order, and one that failed after them until it has rested", () => {
  const health = new HostHealth(["a", "b", "c"]);
  assert.deepEqual(health.inOrder(at(0)), ["a", "b", "c"]);
  health.failed("a", at(1_000));
  assert.deepEqual(health.inOrder(at(1_000)), ["b", "c", "a"]);
  assert.deepEqual(health.inOrder(at(1_000 + HOST_REST_MS - 1)), ["b", "c", "a"]);
  assert.deepEqual(health.inOrder(at(1_000 + HOST_REST_MS)), ["a", "b", "c"]);
});

test("an answer ends the rest at once", () => {
  const health = new HostHealth(["a", "b"]);
  health.failed("a", at(0));
  health.answered("a");
  assert.deepEqual(health.inOrder(at(1)), ["a", "b"]);
});

test("where all have failed, the one that did so longest ago is next: they take turns", () => {
  const health = new HostHealth(["a", "b"]);
  const tried: string[] = [];
  for (let now = 0; now < 6; now += 1) {
    const [host] = health.inOrder(at(now));
    tried.push(host);
    health.failed(host, at(now));
  }
  assert.deepEqual(tried, ["a", "b", "a", "b", "a", "b"]);
});

test("whatever happened, every host is there once", () => {
  const hosts = ["a", "b", "c", "d"];
  const event = fc.record({ host: fc.constantFrom(...hosts), failed: fc.boolean(), ms: fc.nat(300_000) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const health = new HostHealth(hosts);
      let now = 0;
      for (const { host, failed, ms } of events) {
        now += ms;
        if (failed) health.failed(host, at(now));
        else health.answered(host);
        assert.deepEqual(health.inOrder(at(now)).toSorted(), hosts);
      }
    }),
  );
});

test("no hosts at all are a defect", () => {
  assert.throws(() => new HostHealth([]), Defect);
});
