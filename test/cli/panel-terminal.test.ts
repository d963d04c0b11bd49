// Goal: the panel on a real terminal does what its picture says, and leaves the terminal as it was. Method: the real
// program in tmux, keys as a person presses them, captured screens.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { describe } from "node:test";
import { renderUnicodeCompact } from "uqr";
import { until } from "../e2e/until.ts";
import { TmuxPanel } from "./panel/tmux.ts";

const code = "134567890123456789";

describe("the panel in a terminal", { concurrency: 3 }, () => {
  test("a payment as it is typed, another wallet, a password, a code twice, and q", async (t) => {
    const panel = new TmuxPanel(t, { columns: 100, rows: 30 });
    await panel.demo("--speed 1");
    panel.keys("C-l");
    await panel.golden("ready");
    panel.keys("1", "2", ".", "5");
    await panel.golden("decimal-entry");
    panel.keys("0", "Enter");
    panel.paste("6212345678901234567");
    await panel.golden("other-wallet");
    panel.keys("C-l");
    panel.paste(code);
    await panel.golden("paid");
    assert.ok(!panel.capture().includes(code));

    panel.keys("Enter", "C-l");
    await panel.until(/Welcome/);
    panel.keys("7", "Enter", "a");
    await panel.golden("alipay-paid");

    // A result leaves at any key.
    panel.keys("Enter");
    await panel.until(/Welcome/);
    panel.keys("C-l", "s");
    panel.keys("p", "a", "s");
    await panel.golden("scenarios");
    panel.keys("Enter", "8", "Enter", "g");
    await panel.golden("password");
    await panel.until(/PAID {7}¥8\.00/);
    panel.keys("C-l", "9", "Enter");
    await panel.until(/Pay {8}¥9\.00/);
    panel.type(code);
    await panel.golden("code-used");

    panel.keys("q");
    const left = await panel.until(/ended with/);
    assert.match(left, /^what stood here before\nStopped; the journal is removed\.\nended with 0\n/);
    assert.deepEqual(panel.left(), []);
  });

  test("without a scanner the customer scans a code of the box's, which is the one that was booked", async (t) => {
    const panel = new TmuxPanel(t, { columns: 100, rows: 36 });
    await panel.demo("");
    panel.keys("C-l", "u", "8", "Enter");
    await panel.golden("no-scanner");
    panel.keys("n");
    await panel.until(/PAID {7}¥8\.00/);
    await panel.until(/#\d{4} +8\.00 +paid +✓ sandbox keeps 8\.00/);

    // The code stands for as long as nobody has paid; this customer takes longer than any look at the terminal.
    panel.keys("Enter", "s");
    panel.type("scan-late");
    await panel.until(/▸ scan-late/);
    panel.keys("Enter");
    await panel.until(/s scenario scan-late/);
    panel.keys("C-l", "9", "Enter");
    await panel.until(/Pay {8}¥9\.00/);
    panel.keys("n");
    const shown = await panel.until(/SCAN WITH WECHAT[\s\S]*weixin:\/\/wxpay\S+[\s\S]*▸/);
    const [url = ""] = /weixin:\/\/wxpay\S+/.exec(shown) ?? [];
    for (const row of renderUnicodeCompact(url, { border: 2 }).split("\n")) {
      assert.ok(shown.includes(row.trimEnd()), `${row} of the code for ${url}\n${shown}`);
    }
    panel.keys("q");
    await panel.until(/ended with/);
  });

  test("cents as they are typed on 20×4, a lost reply, out of service and back", async (t) => {
    const panel = new TmuxPanel(t, { columns: 100, rows: 30 });
    await panel.demo("--display 20x4 --entry implied --scenario reply-lost");
    panel.keys("C-l", "1", "2", "5");
    await panel.golden("cents-entry");
    panel.keys("0", "Enter", "g");
    await panel.golden("reply-lost");
    await panel.until(/PAID {10}¥12\.50/);
    await panel.golden("reply-lost-paid");

    await panel.until(/Welcome/);
    panel.keys("C-l", "u");
    await panel.until(/scanner {2}OUT/);
    panel.keys("u");
    await panel.until(/scanner {2}in/);

    // A box that starts while its sandbox is down says so, and heals.
    panel.keys("b", "k");
    await panel.until(/power {4}OFF/);
    await panel.until(/│No network[\s\S]*● REFUSED[\s\S]*b brings the sandbox back/);
    panel.keys("b");
    await panel.until(/│Welcome/);
    await panel.until(/#\d{4} +12\.50 +paid +✓ sandbox keeps 12\.50/);

    panel.keys("?");
    await panel.until(/KEYS ─[\s\S]*mosquitto_sub -p \d+/);
    panel.keys("x", "m");
    await panel.until(/broker {3}DOWN[\s\S]*lost; connects again/);
    panel.keys("m");
    await panel.until(/broker {3}up/);
    panel.keys("C-c");
    await panel.until(/ended with 0/);
  });

  test("a reversal in a narrow terminal, other sizes, and a power cut in the middle", async (t) => {
    const panel = new TmuxPanel(t, { columns: 44, rows: 18 });
    await panel.demo("--speed 2 --scenario cancelled");
    panel.keys("5", "Enter", "g");
    await panel.until(/Undoing {4}¥5\.00[\s\S]*takes it back in/);
    panel.keys("C-l");
    await panel.golden("reversing-narrow");
    panel.resize(39, 18);
    await panel.until(/The panel needs 40×16; this terminal\s+has 39×18/);
    panel.resize(100, 30);
    await panel.golden("reversing-wide");

    panel.keys("k");
    await panel.golden("power-off");
    // The next life finds the order in the journal, takes it back, and the sandbox confirms it.
    await panel.until(/box {5}#\d{4} was reversing: goes on/);
    await panel.until(/#\d{4} +5\.00 +reversed +✓ sandbox keeps 0\.00/);
    const log = panel.capture();
    assert.equal(log.match(/✓ reversed/g)?.length, 1);
    assert.doesNotMatch(log, /→ charge/);

    panel.resize(40, 16);
    panel.keys("?");
    await panel.until(/0-9[\s\S]*any key shows the rest/);
    panel.keys("Space");
    await panel.until(/quit; Ctrl-Z suspends[\s\S]*any key goes back/);
    panel.keys("Space");
    await panel.until(/│Welcome/);
    panel.keys("?");
    await panel.until(/any key shows the rest/);
    panel.keys("Escape");
    await panel.until(/│Welcome/);
    panel.keys("q");
    await panel.until(/ended with 0/);
  });
});

describe("the terminal is left as it was", { concurrency: 3 }, () => {
  /** The shell's line editing switches echo and lines off itself, so they are asked for beside it. */
  const assertRestored = async (panel: TmuxPanel): Promise<void> => {
    assert.equal(panel.value("alternate_on"), "0");
    assert.equal(panel.value("cursor_flag"), "1");
    panel.keys("stty -a", "Enter");
    // What stty says comes line by line: the words that count are in its last one.
    const seen = await panel.until(/ -?icanon -?iexten -?echo /);
    assert.match(seen, / icanon iexten echo /);
    assert.match(seen, /^what stood here before\n/);
    assert.deepEqual(panel.left(), []);
  };

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    test(`after ${signal}, and an order that is open is named`, async (t) => {
      const panel = new TmuxPanel(t, { columns: 80, rows: 24 });
      await panel.demo("--scenario never");
      panel.keys("1", "Enter", "g");
      await panel.until(/Password/);
      for (const pid of panel.pids()) process.kill(pid, signal);
      await panel.until(/Not final: #\d{4}\.[\s\S]*ended with 0/);
      await assertRestored(panel);
    });
  }

  test("after a fault of the program, whose words can be read", async (t) => {
    const panel = new TmuxPanel(t, { columns: 80, rows: 24 });
    const planted = "process.once(`SIGUSR2`,()=>{throw(new(Error)(`planted`))})";
    await panel.demo("", { before: `--import 'data:text/javascript,${planted}'` });
    for (const pid of panel.pids()) process.kill(pid, "SIGUSR2");
    const seen = await panel.until(/ended with 70/);
    assert.match(seen, /Error: planted/);
    await assertRestored(panel);
  });

  test("while it is suspended, and it comes back", async (t) => {
    const panel = new TmuxPanel(t, { columns: 80, rows: 24 });
    await panel.demo("");
    panel.keys("C-z");
    await panel.until(/Stopped/);
    assert.equal(panel.value("alternate_on"), "0");
    assert.equal(panel.value("cursor_flag"), "1");
    panel.type("fg");
    panel.keys("Enter");
    await panel.until(/│Welcome/);
    assert.equal(panel.value("alternate_on"), "1");
    panel.keys("C-c");
    await panel.until(/Stopped; the journal is removed/);
  });

  test("where no shell could bring it back, it is not suspended", async (t) => {
    const panel = new TmuxPanel(t, { columns: 80, rows: 24 });
    await panel.demo("", { alone: true });
    panel.keys("C-z");
    panel.keys("1", "2");
    await panel.until(/│ +12_│/);
    assert.equal(panel.value("alternate_on"), "1");
  });

  test("a terminal that goes away ends the program, which leaves nothing behind", async (t) => {
    const panel = new TmuxPanel(t, { columns: 80, rows: 24 });
    await panel.demo("");
    const [pid = 0] = panel.pids();
    assert.equal(panel.left().length, 1);
    panel.hangUp();
    await until(() => !isRunning(pid), "the program ends");
    assert.deepEqual(panel.left(), []);
  });
});

test("--plain on a terminal takes lines", async (t) => {
  const panel = new TmuxPanel(t, { columns: 100, rows: 40 });
  await panel.demo("--plain");
  panel.keys("12.50", "Enter");
  await panel.until(/│Pay {7}¥12\.50│/);
  assert.equal(panel.value("alternate_on"), "0");
  panel.keys("quit", "Enter");
  await panel.until(/ended with 0/);
});

/** Whether the process is there and has not ended. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
