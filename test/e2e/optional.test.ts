/** What is optional may be wrong in any way: what is open is resolved, and the box says what is the matter. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Box } from "./box.ts";
import { pem } from "./certificates.ts";
import type { LogLine } from "./program.ts";
import { Stand } from "./stand.ts";

const stand = await Stand.start({ broker: false });
after(() => stand.end());

/** At this amount the bank asks for a password for ever. */
const NEVER_PAID = "1.14";

/** Cuts the power while a customer is asked for a password that never comes. */
async function withOpenOrder(box: Box): Promise<void> {
  await box.start();
  await box.scan(stand.code());
  await box.program.screen("password");
  await box.kill();
}

/** Starts a box with the rest of this configuration wrong: its open order must be taken back, and the trouble told. */
async function resolves(
  box: Box,
  extra: Readonly<Record<string, unknown>>,
  told: (line: LogLine) => boolean,
): Promise<void> {
  await withOpenOrder(box);
  box.configure({ ...stand.config(box, { fixed: NEVER_PAID }), ...extra });
  const program = box.launch();
  await program.line("the end of the order", ({ event, state }) => {
    return event === "order.recorded" && (state === "reversed" || state === "refunded");
  });
  await program.line("what is wrong", told);
  assert.equal(program.ending, null, program.tail());
  await box.stop();
  const [order] = stand.orders(box);
  assert.ok(order !== undefined && ["revoked", "closed"].includes(order.state), order?.state);
}

const isLost =
  (words: RegExp) =>
  ({ event, cause }: LogLine): boolean =>
    event === "mqtt.lost" && typeof cause === "string" && words.test(cause);

describe("a box whose broker cannot be reached as it is configured", { concurrency: 2 }, () => {
  const { merchant, stranger } = stand.certificates;
  const text = join(stand.directory, "text.pem");
  const encrypted = join(stand.directory, "encrypted.pem");
  const closed = join(stand.directory, "closed.pem");
  writeFileSync(text, "this is no key\n", { mode: 0o600 });
  writeFileSync(closed, pem(merchant.keyFile), { mode: 0o600 });
  const made = spawnSync("openssl", [
    "pkcs8",
    "-topk8",
    "-in",
    merchant.keyFile,
    "-out",
    encrypted,
    "-passout",
    "pass:x",
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  chmodSync(closed, 0);

  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ["a key of another certificate", merchant.certFile, stranger.keyFile, /do not belong together/],
    ["an encrypted key", merchant.certFile, encrypted, /mqtt\.key: is encrypted/],
    ["a text for a key", merchant.certFile, text, /mqtt\.key: holds no private key/],
    ["a text for a certificate", text, merchant.keyFile, /mqtt\.cert: holds no certificate/],
    ["a key that is not there", merchant.certFile, "/nowhere/key.pem", /mqtt\.key: .* does not exist/],
    ["a directory for a key", merchant.certFile, stand.directory, /mqtt\.key: .* is a directory/],
  ];
  for (const [index, [what, cert, key, words]] of cases.entries()) {
    it(`takes back what is open with ${what}, and says so`, async () => {
      const box = await stand.box(`mqtt-${index}`, { fixed: NEVER_PAID });
      const mqtt = {
        url: `mqtts://127.0.0.1:${stand.mosquitto.port}`,
        cert: { file: cert },
        key: { file: key },
      };
      await resolves(box, { mqtt }, isLost(words));
    });
  }

  it("takes back what is open without the authority of its broker", async () => {
    const box = await stand.box("mqtt-ca", { fixed: NEVER_PAID });
    const mqtt = { url: `mqtts://127.0.0.1:${stand.mosquitto.port}`, ca: { file: "/nowhere/ca.pem" } };
    await resolves(box, { mqtt }, isLost(/mqtt\.ca: .* does not exist/));
  });
});
