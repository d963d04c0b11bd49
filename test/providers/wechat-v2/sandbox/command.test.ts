import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { test } from "node:test";
import { helpText } from "../../../../src/cli/description.ts";
import { description, sandboxCommand } from "../../../../src/cli/sandbox.ts";
import { UsageError } from "../../../../src/cli/usage.ts";
import { chargeFields, paths, signed } from "./teller.ts";

function sink(): { readonly stream: Writable; text(): string } {
  let written = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return { stream, text: () => written };
}

async function run(...args: readonly string[]) {
  const [stdout, stderr] = [sink(), sink()];
  const status = await sandboxCommand(args, { stdout: stdout.stream, stderr: stderr.stream });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

test("the command serves until it is told to stop, and prints each call with a masked code", async () => {
  const module = new URL("../../../../src/cli/sandbox.ts", import.meta.url);
  const script = `
    const { sandboxCommand } = await import(${JSON.stringify(module)});
    process.exitCode = await sandboxCommand(process.argv.slice(1), process);`;
  const child = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    script,
    "--",
    "--scenario",
    "declined",
  ]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  const origin = (await line()).replace("sandbox: ", "");
  assert.match(await line(), /^control: http:\/\/127\.0\.0\.1:\d+$/);
  await fetch(origin + paths.charge, { method: "POST", body: Buffer.from(signed(chargeFields())) });
  assert.match(
    await line(),
    /^\S+ \/pay\/micropay BX0123-20260315-000042 12\.80 CNY 13\*{13}789 → NOTENOUGH$/,
  );
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("help names every option", () => {
  const stdout = helpText(description);
  for (const option of ["--port", "--control-port", "--scenario", "--pace", "--key-file", "--client-ca"]) {
    assert.ok(stdout.includes(option), option);
  }
});

test("the scenarios can be listed for people and for programs", async () => {
  const { stdout } = await run("--list");
  assert.match(stdout, /^paid-at-last +\.15 +refunded /m);
  const listed: unknown = JSON.parse((await run("--list", "--json")).stdout);
  assert.ok(Array.isArray(listed) && listed.length > 30);
});

test("what is wrong on the command line is said in a sentence", async () => {
  const wrong: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [["--port", "70000"], /^--port takes a whole number from 0 to 65535, not "70000"\.$/],
    [["--pace", "0"], /^--pace takes a number from 0\.001 to 1000/],
    [["--scenario", "sucess"], /did you mean "success"/],
    [["--auto-revoke", "maybe"], /^--auto-revoke takes on or off/],
    [["--cert", "c.pem"], /^HTTPS needs all three/],
    [["--key-file", "/nowhere/key"], /^\/nowhere\/key cannot be read \(ENOENT\)\.$/],
    [["--sub-app-id", "wx1"], /^--sub-app-id needs --sub-merchant-id\.$/],
    [["--prot", "1"], /--prot/],
  ];
  for (const [args, sentence] of wrong) {
    await assert.rejects(
      run(...args),
      (error) => error instanceof UsageError && sentence.test(error.message),
    );
  }
});
