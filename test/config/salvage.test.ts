/** Open orders come to their end whatever else is wrong with the file: what can be read of it is enough for that, or nothing is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfig } from "../../src/config/device-config.ts";
import { salvageConfig } from "../../src/config/salvage.ts";
import { wechatEntry } from "../config-text.ts";

const file = { file: "/dev/null" };
const merchant = wechatEntry({
  appId: "wx0123456789abcdef",
  merchantId: "1900000109",
  apiKey: file,
  certificate: { cert: file, key: file },
  hosts: ["https://api.example"],
});
const sound = {
  version: 1,
  box: { id: "box-1", store: "Example" },
  providers: [merchant],
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

test("whatever is wrong with the rest, the account and the journal are found", () => {
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
    { providers: [{ ...merchant, apikeys: 1 }] },
    { providers: [{ ...merchant, sceneInfo: { id: "" } }] },
    { providers: [{ ...merchant, wallets: ["alipay"], charges: "no" }] },
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
    assert.deepEqual(config.providers[0]?.hosts, merchant.hosts, what);
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
    { providers: undefined },
    { providers: [] },
    { providers: [{ ...merchant, id: "Shop" }] },
    { providers: [{ ...merchant, kind: "other" }] },
    { providers: { wechat: merchant } },
    { providers: [{ ...merchant, hosts: ["nowhere"] }] },
    { providers: [{ ...merchant, merchantId: 5 }] },
    { providers: [{ ...merchant, apiKey: "secret" }] },
    { journal: { directory: "relative" } },
    { journal: 5 },
    { version: 2 },
  ];
  for (const changes of fatal) assert.equal(salvaged(changes), null, JSON.stringify(changes));
  for (const text of ["", "{", "[]", "null", '"text"']) assert.equal(salvageConfig(text, "nameless"), null);
});

test("an account that stays wrong goes while another is left, and costs the other one nothing", () => {
  const other = { ...merchant, id: "other", merchantId: "1900000110", charges: false };
  const left = (...providers: readonly object[]) =>
    salvaged({ providers })?.providers.map(({ id, charges }) => [id, charges]);
  const both = [
    ["wechat", true],
    ["other", false],
  ];
  // What it may lack is taken out of it, and it stays.
  assert.deepEqual(left(merchant, { ...other, clientIp: "here" }), both);
  assert.deepEqual(left(merchant, { ...other, sort: 1 }), both);
  for (const wrong of [5, {}, { ...other, merchantId: 1 }, { ...other, hosts: [] }, { ...other, kind: "x" }])
    assert.deepEqual(left(merchant, wrong), [["wechat", true]], JSON.stringify(wrong));
  // Nothing is sold on such a file: it makes no difference which account could be charged.
  assert.deepEqual(left({ ...merchant, apiKey: "secret" }, other), [["other", true]]);
  assert.deepEqual(left({ ...merchant, charges: false }, other), both);
  assert.equal(left({ ...merchant, apiKey: "secret" }, { ...other, hosts: [] }), undefined);
});

test("where two accounts contradict each other the one that was listed first is believed", () => {
  const other = { ...merchant, id: "other", merchantId: "1900000110" };
  const left = (...providers: readonly object[]) =>
    salvaged({ providers })?.providers.map((entry) => {
      const { id, charges } = entry;
      return [id, "merchantId" in entry ? entry.merchantId : null, charges];
    });
  const first = ["wechat", "1900000109", true];
  assert.deepEqual(left(merchant, other), [first, ["other", "1900000110", false]]);
  assert.deepEqual(left(merchant, { ...other, id: "wechat", charges: false }), [first]);
  assert.deepEqual(left(merchant, { ...merchant, id: "other", charges: false }), [first]);
  assert.deepEqual(left(merchant, { ...other, charges: false, hosts: ["http://api.example"] }), [first]);
  assert.deepEqual(left(merchant, { ...other, charges: false, subAppId: "wx1" }), [first]);
});

test("a store whose name is too long for a bill costs no account", () => {
  const found = salvaged({ box: { id: "box-1", store: "店".repeat(43) } });
  assert.deepEqual([found?.providers.length, found?.box.store], [1, "box-1"]);
});
