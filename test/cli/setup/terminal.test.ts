// Goal: on a real terminal of 80×24 a set-up can be gone through by hand, and leaves the terminal as it was. Method: the
// real program in tmux, a scanner on a pseudo-terminal, real certificates.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { makeCertificates } from "../../e2e/certificates.ts";
import { PseudoTerminal } from "../../e2e/pseudo-terminal.ts";
import { TmuxPanel } from "../panel/tmux.ts";

const program = join(import.meta.dirname, "../../../src/main.ts");
const apiKey = "0123456789abcdefFEDCBA9876543210";
const code = "134567890123456789";

/** A terminal with the command in it, and a folder for its files. */
class SetupTerminal {
  readonly panel: TmuxPanel;
  readonly folder: string;
  readonly file: string;

  constructor(t: TestContext) {
    this.panel = new TmuxPanel(t, { columns: 80, rows: 24 });
    this.folder = join(this.panel.folder, "etc");
    mkdirSync(this.folder);
    this.file = join(this.folder, "device.config.json");
  }

  async start(...args: readonly string[]): Promise<void> {
    await this.panel.until(/^\$/m);
    const words = [process.execPath, program, "setup", "--config", this.file, ...args];
    this.panel.type(`clear; ${words.join(" ")}; echo "ended with $?"`);
    this.panel.keys("Enter");
  }

  /** Waits for each question, and answers it. */
  async answer(...dialogue: readonly (readonly [question: RegExp, answer: string])[]): Promise<void> {
    for (const [question, answer] of dialogue) {
      // The question is the last thing on the screen.
      await this.panel.until(new RegExp(`${question.source}[^\\n]*\\s*$`));
      this.panel.type(answer);
      this.panel.keys("Enter");
    }
  }
}

test("a scanner is found by a scan, and the configuration passes its check", async (t) => {
  const terminal = new SetupTerminal(t);
  const { panel, folder, file } = terminal;
  const { merchant, stranger } = await makeCertificates(panel.folder);
  const scanner = new PseudoTerminal(join(panel.folder, "scanner"));
  await scanner.plug();
  t.after(() => scanner.unplug());
  // Nobody beyond this machine is asked.
  const begun = { providers: [{ hosts: ["http://127.0.0.1:9"] }], journal: { directory: panel.folder } };
  writeFileSync(file, JSON.stringify(begun));

  await terminal.start("--device", scanner.path);
  const first = await panel.until(/\[en\]:/);
  assert.match(
    first,
    /── scanbox: first configuration ─+\n[\s\S]*── 1 of 11: This box ─+\n\nLanguage of the screens:/,
  );
  await terminal.answer(
    [/\[en\]:/, ""],
    [/Id of this box.*:/, "box-7"],
    [/Name of the store:/, "Corner shop"],
    [/Wallets that the shop takes[^\n]*:/, ""],
    [/appid:/, "wx1234567890abcdef"],
    [/mch_id\):/, "1900000109"],
    [/service providers \[none\]:/, ""],
    [/\[HMAC-SHA256\]:/, ""],
    [/API key of v2 \(not shown\):/, apiKey],
    [/apiclient_cert\.pem\]:/, merchant.certFile],
    [/apiclient_key\.pem\]:/, stranger.keyFile],
  );
  await panel.until(/The key does not belong to the certificate/);
  await terminal.answer([/\[keypad\]:/, "<"], [/stranger\.key\]:/, merchant.keyFile], [/\[keypad\]:/, "2"]);
  await terminal.answer([/The price:/, "5.00"], [/\[scan\]:/, ""]);
  await panel.until(/Listening at 9600 baud to:\n {2}\S+scanner\nHold any code/);
  await scanner.send(`${code}\r`);
  await panel.until(/✓ \S+scanner read a WeChat payment code\./);
  await terminal.answer(
    [/Speed in baud \[9600\]:/, ""],
    [/\[plain\]:/, ""],
    [/\[once\]:/, ""],
    [/Is there a keypad \[no\]:/, ""],
    [/\[hd44780-gpio\]:/, "none"],
    [/lights or a buzzer \[yes\]:/, "no"],
    [/machine \[no\]:/, ""],
    [/broker \[none\]:/, ""],
  );
  await panel.until(/✓ The configuration is complete\./);
  await terminal.answer([/\[yes\]:/, ""]);
  const last = await panel.until(/ended with 0/);
  assert.match(last, /What is still to be done ─+\n {2}1\. Mend what doctor finds wrong/);

  const said = execFileSync(process.execPath, [program, "config", "check", file], { encoding: "utf8" });
  assert.equal(said, `${file} is in order.\n`);
  const config = JSON.parse(readFileSync(file, "utf8"));
  const plain = { path: scanner.path, baudRate: 9600, profile: "plain", repeats: "once" };
  assert.deepEqual(config.scanner, plain);
  assert.equal(readFileSync(config.providers[0].apiKey.file, "utf8"), `${apiKey}\n`);
  assert.equal(statSync(config.providers[0].apiKey.file).mode & 0o777, 0o600);
  assert.equal(readFileSync(`${file}.bak`, "utf8"), JSON.stringify(begun));
  assert.deepEqual(readdirSync(folder).sort(), ["api-key", "device.config.json", "device.config.json.bak"]);
  const everything = panel.everything();
  assert.match(everything, /first configuration/);
  for (const secret of [apiKey, code]) assert.ok(!everything.includes(secret));
});

test("Ctrl-C in the middle of a search leaves files and terminal as they were", async (t) => {
  const terminal = new SetupTerminal(t);
  const { panel, file } = terminal;
  const scanner = new PseudoTerminal(join(panel.folder, "scanner"));
  await scanner.plug();
  t.after(() => scanner.unplug());
  await terminal.start("--plain", "--device", scanner.path);
  const questions: [RegExp, string][] = [[/\[en\]:/, "-"]];
  for (const question of [/Id of this box.*:/, /store:/, /shop takes.*:/, /appid:/, /mch_id\):/, /\[none\]:/])
    questions.push([question, "-"]);
  for (const question of [/SHA256\]:/, /not shown\):/, /cert\.pem\]:/, /key\.pem\]:/])
    questions.push([question, "-"]);
  await terminal.answer(...questions, [/\[keypad\]:/, "fixed"], [/price:/, "1.00"], [/\[scan\]:/, ""]);
  await panel.until(/Hold any code/);
  // What a scanner in keyboard mode types into the terminal is not shown.
  panel.type(code);
  panel.keys("C-c");
  const seen = await panel.until(/ended with 1/);
  assert.match(seen, /Nothing was written; everything is as it was\./);
  assert.doesNotMatch(panel.everything(), /[^\x20-\x7e\n]/);
  assert.ok(!panel.everything().includes(code));
  assert.equal(existsSync(file), false);
  panel.keys("stty -a", "Enter");
  assert.match(await panel.until(/ -?icanon -?iexten -?echo /), / icanon iexten echo /);
});
