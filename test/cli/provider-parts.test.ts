/** Accounts of a configuration of which not all can be read: who is left speaks, and nothing is made up. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { providerMakers } from "../../src/cli/run/provider-parts.ts";
import { Secrets } from "../../src/cli/run/secrets.ts";
import { checkConfig } from "../../src/config/device-config.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import { wechatEntry } from "../config-text.ts";
import { keptLog } from "../drivers/late-clock.ts";
import { RunningBox } from "./running-box.ts";

describe("the providers of a configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-accounts-"));
  after(() => rmSync(folder, { recursive: true }));
  const key = join(folder, "key");
  writeFileSync(key, "fixturekeyfixturekeyfixturekey00", { mode: 0o600 });

  const current = wechatEntry({
    ...{ appId: "wx1", merchantId: "1", apiKey: { file: key } },
    certificate: { cert: { file: key }, key: { file: key } },
    hosts: ["http://127.0.0.1:9"],
  });
  const former = { ...current, id: "former", merchantId: "2", charges: false };
  const unread = { apiKey: { file: join(folder, "none") } };

  /** Whom the box speaks for, and what is said of the rest. */
  function made(...providers: readonly object[]) {
    const box = { version: 1, box: { id: "box-1" }, amount: { source: "fixed", fixed: "1.00" } };
    const checked = checkConfig(JSON.stringify({ ...box, providers }));
    assert.ok(checked.ok, checked.ok ? "" : checked.problems.join(" "));
    const secrets = new Secrets(null);
    const clock = new SystemClock();
    const makers = providerMakers(checked.config, secrets, clock);
    const ids = makers.map((make) => {
      const provider = make({ clock, entropy: new SystemEntropy(), log: keptLog().log });
      provider.close(() => undefined);
      return [provider.facts.payee.provider, provider.facts.payee.account, provider.fault()];
    });
    return { ids, problems: secrets.problems, mistakes: secrets.mistakes };
  }

  const one = ["wechat", "1", "certificate-missing"];
  const other = ["former", "2", "certificate-missing"];

  it("stand in its order, each under its id, and say what is wrong with their certificates", () => {
    assert.deepEqual(made(former, current), { ids: [other, one], problems: [], mistakes: [] });
  });

  it("lack one that only finishes its orders and whose key cannot be read, which is a mistake", () => {
    const { ids, problems, mistakes } = made(current, { ...former, ...unread });
    assert.deepEqual([ids, problems], [[one], []]);
    assert.equal(mistakes.length, 1);
    assert.match(mistakes[0] ?? "", /^providers\[1\]\.apiKey: .*none does not exist: create it, or correct/);
  });

  it("finish the orders of the others where the key of the one that charges cannot be read", () => {
    const { ids, problems, mistakes } = made({ ...current, ...unread }, former);
    assert.deepEqual([ids, problems], [[other], []]);
    assert.match(mistakes.join(), /^providers\[0\]\.apiKey: /);
  });

  it("say that nothing can be done where no key can be read", () => {
    const { ids, problems } = made({ ...current, ...unread }, { ...former, ...unread });
    assert.deepEqual(ids, []);
    assert.deepEqual(
      problems.map((problem) => problem.split(":")[0]),
      ["providers[0].apiKey", "providers[1].apiKey"],
    );
  });

  it("are there where a certificate cannot be read, which is a mistake", () => {
    const certificate = { cert: { file: join(folder, "none") }, key: { file: key } };
    const { ids, problems, mistakes } = made({ ...current, certificate });
    assert.deepEqual([ids, problems], [[one], []]);
    assert.match(mistakes.join(), /^providers\[0\]\.certificate\.cert: /);
  });

  it("keep a box out of service, and running, where none that charges is left", async (t) => {
    const box = await RunningBox.prepare(join(folder, "box"), "http://127.0.0.1:9");
    t.after(() => box.end());
    const config = JSON.parse(readFileSync(box.configFile, "utf8"));
    const [entry] = config.providers;
    const left = { ...entry, id: "former", merchantId: "1900000110", charges: false };
    writeFileSync(box.configFile, JSON.stringify({ ...config, providers: [{ ...entry, ...unread }, left] }));
    await box.run();
    const { status, stdout } = await box.command("status", "--json");
    const { service, providers } = JSON.parse(stdout);
    assert.deepEqual([status, service.blocker, service.code], [1, "misconfigured", "E19"]);
    assert.match(service.mistakes.join(), /^providers\[0\]\.apiKey: /);
    assert.deepEqual(
      providers.map(({ id, charges }: { id: string; charges: boolean }) => [id, charges]),
      [["former", false]],
    );
  });
});
