import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";

/** What `scanbox sandbox ARGS…` says before it serves anything. */
async function said(
  ...args: readonly string[]
): Promise<readonly [status: number, out: string, err: string]> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runCli(["sandbox", ...args], { stdout, stderr, stdin: new PassThrough() });
  return [status, String(stdout.read()), String(stderr.read())];
}

test("the look-alike of another provider has its own stories, and no options of the others", async () => {
  const [status, list] = await said("--provider", "alipay", "--list");
  assert.equal(status, 0);
  assert.match(list, /^rolled-back .*10000/m);
  assert.doesNotMatch((await said("--list"))[1], /rolled-back/);
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--provider", "unionpay"], /^--provider takes wechat-v2 or alipay, not "unionpay"\./],
    [["--provider", "alipay", "--auto-revoke", "on"], /^The sandbox of Alipay has no --auto-revoke\./],
    [["--echo-body", "off"], /^The sandbox of WeChat Pay has no --echo-body\./],
    [["--provider", "alipay", "--echo-body", "maybe"], /^--echo-body takes on or off, not "maybe"\./],
    [["--provider", "alipay", "--scenario", "bank-error"], /^There is no scenario "bank-error"/],
  ];
  for (const [args, sentence] of wrong) {
    const [refused, , why] = await said(...args);
    assert.equal(refused, 2);
    assert.match(why, sentence);
  }
});

test("the help of the bank has all that a box needs to be its merchant", async () => {
  const stdout = new PassThrough();
  const streams = { stdout, stderr: new PassThrough(), stdin: new PassThrough() };
  assert.equal(await runCli(["sandbox", "--help"], streams), 0);
  const help = String(stdout.read());
  const { appId, merchantId, apiKey, subMerchants } = fixtureMerchant;
  assert.match(help, new RegExp(`appId ${appId}, merchantId ${merchantId}, API key ${apiKey.reveal()}\\b`));
  for (const { subMerchantId, subAppIds } of subMerchants)
    assert.match(help, new RegExp(`subMerchantId ${subMerchantId}, subAppId ${subAppIds.join(" ")}\\b`));
});
