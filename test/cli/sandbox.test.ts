import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";

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
