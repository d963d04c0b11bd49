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

/** At this amount the sandbox asks for a password for ever. */
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
  then: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await withOpenOrder(box);
  box.configure({ ...stand.config(box, { fixed: NEVER_PAID }), ...extra });
  const program = box.launch();
  await program.line("the end of the order", ({ event, state }) => {
    return event === "order.recorded" && (state === "reversed" || state === "refunded");
  });
  await program.line("what is wrong", told);
  assert.equal(program.ending, null, program.tail());
  await then();
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

describe("a box with mistakes in its configuration", { concurrency: 2 }, () => {
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
    ["a display that nobody drives", { display: { driver: "none" } }, /: display/],
    ["a keypad without rows", { keypad: { rows: [], columns: [5], keys: ["="] } }, /: keypad/],
    ["a broker of another kind", { mqtt: { url: "http://broker.example" } }, /: mqtt\.url/],
    ["a key that nobody knows", { lates: "keep" }, /: lates: is not a known key/],
    ["a store without a name", { box: { id: "wrong-4", store: "" } }, /: box\.store/],
    ["a box without a name", { box: { id: "!" } }, /: box\.id/],
    ["a pin that is used twice", { outputs: { paid: 5, wait: 5 } }, /: outputs\.wait: must not be pin 5/],
  ];
  for (const [index, [what, extra, words]] of cases.entries()) {
    it(`takes back what is open with ${what}, sells nothing, and says so`, async () => {
      const box = await stand.box(`wrong-${index}`, { fixed: NEVER_PAID });
      const isMistake = ({ event, problem }: LogLine): boolean =>
        event === "config.mistake" && typeof problem === "string" && words.test(problem);
      await resolves(box, extra, isMistake, async () => {
        const { status, stdout } = await box.command("status");
        assert.equal(status, 1);
        assert.match(stdout, /OUT OF SERVICE \(E19, misconfigured\)/);
        assert.match(stdout, words);
      });
      assert.ok(box.program.log.some(({ event, code }) => event === "screen.shown" && code === "E19"));
    });
  }

  it("takes back what is open without the chip of its lamp, and takes payments", async () => {
    const box = await stand.box("lamp", { fixed: NEVER_PAID });
    const isAbsent = ({ event, device }: LogLine): boolean => event === "pins.absent" && device === "signals";
    await resolves(box, { outputs: { paid: 16 }, gpio: { chip: "no such chip" } }, isAbsent, () =>
      box.program.screen("armed"),
    );
  });

  it("takes back what is open without the chip of its relay, and is out of service", async () => {
    const box = await stand.box("relay", { fixed: NEVER_PAID });
    const outputs = { relay: { pin: 26, fenPerPulse: 114 } };
    const isOut = ({ event, code }: LogLine): boolean => event === "screen.shown" && code === "E15";
    await resolves(box, { outputs, gpio: { chip: "no such chip" } }, isOut);
  });

  it("ends where it cannot be read whom customers paid", async () => {
    const box = await stand.box("nobody");
    box.configure({ ...stand.config(box, {}), providers: [{ hosts: 5 }] });
    const program = box.launch();
    assert.equal(await program.ended(), 2, program.tail());
    assert.match(program.stderr, /: providers\[0\]\./);
  });
});
