import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import { loadConfig } from "../../src/cli/config.ts";
import { entryParts } from "../../src/cli/run/provider-parts.ts";
import { Secrets } from "../../src/cli/run/secrets.ts";
import { checkConfig, type DeviceConfig } from "../../src/config/device-config.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { accountOf } from "../../src/providers/wechat-v2/kind.ts";
import type { WechatV2Account } from "../../src/providers/wechat-v2/maker.ts";
import { wire } from "../../src/providers/wechat-v2/message.ts";
import { makeCertificates, pem } from "../e2e/certificates.ts";
import { RunningBox } from "./running-box.ts";

const YEAR_MS = 365 * 86_400_000;

describe("the links of a device", () => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-links-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** A sandbox that wants to see a client certificate and takes any; hears whose it was. */
  async function sandbox(): Promise<{ origin: string; ca: string; callers: string[]; close: () => void }> {
    const { sandbox: own } = await makeCertificates(directory);
    const callers: string[] = [];
    const pair = { cert: pem(own.certFile), key: pem(own.keyFile) };
    const server = createServer(
      { ...pair, requestCert: true, rejectUnauthorized: false },
      (asked, answer) => {
        assert.ok(asked.socket instanceof TLSSocket);
        callers.push(asked.socket.getPeerX509Certificate()?.subject ?? "nobody");
        answer.end("<xml/>");
      },
    );
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const close = (): void => void server.close();
    return { origin: `https://127.0.0.1:${address.port}`, ca: own.certFile, callers, close };
  }

  /** The accounts of a configuration, with what they name as this machine has it. */
  function accountsOf(config: DeviceConfig): readonly WechatV2Account[] {
    const [secrets, clock, unread] = [new Secrets(null), new SystemClock(), []];
    return config.providers.map((entry, index) => {
      const placed = { config, entry, where: `providers[${index}]` };
      assert.ok(entry.kind === "wechat-v2");
      return accountOf(entry, entryParts(placed, secrets, clock, unread));
    });
  }

  async function reverse({ link }: WechatV2Account, host: string): Promise<void> {
    const request = { ...wire, lane: "reverse", path: "/secapi/pay/reverse", body: "<xml/>" } as const;
    await new Promise((resolve) => {
      link.exchange({ ...request, host, sendWithinMs: 5_000, answerWithinMs: 5_000 }, resolve);
    });
    await new Promise<void>((resolve) => {
      link.close(resolve);
    });
  }

  it("show the bank a certificate that was not valid yet by the clock of their start", async (t) => {
    const { origin, ca, callers, close } = await sandbox();
    t.after(close);
    const { configFile } = await RunningBox.prepare(
      join(directory, "early"),
      origin,
      {},
      { ca: { file: ca } },
    );
    const checked = loadConfig(configFile);
    assert.ok(checked.ok);
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() - YEAR_MS });
    const [account] = accountsOf(checked.config);
    assert.ok(account !== undefined);
    assert.equal(account.fault(), "certificate-expired");
    t.mock.timers.reset();
    assert.equal(account.fault(), null);
    await reverse(account, origin);
    assert.deepEqual(callers, ["CN=merchant"]);
  });

  it("show the bank its own certificate for each merchant", async (t) => {
    const { origin, ca, callers, close } = await sandbox();
    t.after(close);
    const place = join(directory, "two");
    const { configFile } = await RunningBox.prepare(place, origin, {}, { ca: { file: ca } });
    const { stranger } = await makeCertificates(place);
    const config = JSON.parse(readFileSync(configFile, "utf8"));
    const [first] = config.providers;
    const certificate = { cert: { file: stranger.certFile }, key: { file: stranger.keyFile } };
    config.providers.push({ ...first, id: "former", charges: false, merchantId: "1900000100", certificate });
    const checked = checkConfig(JSON.stringify(config));
    assert.ok(checked.ok);
    for (const account of accountsOf(checked.config)) await reverse(account, origin);
    assert.deepEqual(callers, ["CN=merchant", "CN=stranger"]);
  });
});
