/** Open orders come to their end whatever else is wrong with the file: what can be read of it is enough for that, or nothing is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig } from "../../src/config/device-config.ts";
import { salvageConfig } from "../../src/config/salvage.ts";

const file = { file: "/dev/null" };
const merchant = {
  appId: "wx0123456789abcdef",
  merchantId: "1900000109",
  apiKey: file,
  certificate: { cert: file, key: file },
  hosts: ["https://api.example"],
};
const sound = {
  version: 1,
  box: { id: "box-1", store: "Example" },
  merchant,
  amount: { source: "fixed", fixed: "1.00" },
  outputs: { relay: { pin: 26, fenPerPulse: 100, onAmbiguous: "refund" }, paid: 16 },
  mqtt: { url: "mqtts://broker.example" },
  journal: { directory: "/var/lib/x" },
};

function salvaged(changes: object) {
  const text = JSON.stringify({ ...sound, ...changes });
  assert.ok(!checkConfig(text).ok, "it has mistakes");
  return salvageConfig(text, "nameless");
}

test("whatever is wrong with the rest, the merchant and the journal are found", () => {
  const wrong: readonly object[] = [
    { display: { driver: "none" } },
    { display: 5 },
    { keypad: { rows: [], columns: "x" } },
    { scanner: {} },
    { mqtt: { url: "http://x" } },
    { mqtt: { url: "mqtts://x", cert: file } },
    { box: { id: "box-1", store: "" } },
    { box: { id: "box-1", advert: "x" } },
    { lates: "keep", unknown: { more: 1 } },
    { merchant: { ...merchant, apikeys: 1 } },
    { merchant: { ...merchant, sceneInfo: { id: "" } } },
    { merchant: { ...merchant, previous: [{}] } },
    { journal: { directory: "/var/lib/x", retentionDays: 0 } },
    { timing: { giveUpAfterMs: 1 } },
    { timing: [] },
    { amount: { source: "remote" } },
    { outputs: { paid: 99 } },
    { outputs: { paid: 5, wait: 5 } },
    { late: "sometimes" },
    { commands: { keys: ["x"] } },
    { gpio: 1, log: 1, inputs: 1 },
  ];
  for (const changes of wrong) {
    const what = JSON.stringify(changes);
    const config = salvaged(changes);
    assert.ok(config !== null, what);
    assert.deepEqual(config.merchant.hosts, merchant.hosts, what);
    assert.deepEqual([config.box.id, config.journal.directory], ["box-1", "/var/lib/x"], what);
    assert.ok(config.journal.retentionDays >= 36_500, "nothing is dropped by a file that is wrong");
    assert.deepEqual([config.keypad, config.scanner, config.inputs], [null, null, null], what);
    assert.ok(config.timing.giveUpAfterMs >= 30_000, what);
  }
});

test("a payment that is found late goes the way that the file names, or that its relay asks for", () => {
  assert.equal(salvaged({ late: "keep", display: 1 })?.late, "keep");
  assert.equal(salvaged({ display: 1 })?.late, "reverse");
  assert.equal(salvaged({ outputs: { relay: { pin: 99 } } })?.late, "reverse");
  assert.equal(salvaged({ outputs: null, display: 1 })?.late, "keep");
  assert.equal(salvaged({ display: 1 })?.outputs?.relay?.onAmbiguous, "refund");
});

test("a box without a name gets the one that its journal has", () => {
  for (const box of [undefined, 5, {}, { id: "!" }, { id: "!", store: "Example" }]) {
    assert.equal(salvaged({ box })?.box.id, "nameless", JSON.stringify(box));
  }
  assert.equal(salvageConfig(JSON.stringify({ ...sound, box: { id: "!" } }), "?"), null);
});

test("where it cannot be read whom customers paid or where the journal is, nothing is made up", () => {
  const fatal: readonly object[] = [
    { merchant: undefined },
    { merchant: { ...merchant, hosts: ["nowhere"] } },
    { merchant: { ...merchant, merchantId: 5 } },
    { merchant: { ...merchant, apiKey: "secret" } },
    { journal: { directory: "relative" } },
    { journal: 5 },
    { version: 2 },
  ];
  for (const changes of fatal) assert.equal(salvaged(changes), null, JSON.stringify(changes));
  for (const text of ["", "{", "[]", "null", '"text"']) assert.equal(salvageConfig(text, "nameless"), null);
});
