// Goal: whoever tries the box out sees what the contract says. Method: the real process, all of it real.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable, Writable } from "node:stream";
import test, { describe, type TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { runCli } from "../../src/cli/cli.ts";
import { codeOf } from "../../src/cli/demo/code.ts";
import { payOnce } from "../../src/cli/demo/pay.ts";
import { readPaymentCode } from "../../src/core/codecs/scan.ts";
import { parseYuan } from "../../src/core/kernel/fen.ts";
import { wallets } from "../../src/core/payment/wallet.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import { success } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { txDataSchema } from "../../src/reporting/tx-event.ts";
import { PATIENCE_MS } from "../e2e/until.ts";

const root = new URL("../../", import.meta.url).pathname;
const code = "134567890123456789";

/** What is typed, and the signal that is sent once `sendAfter` stands on stdout or stderr. */
interface Doing {
  readonly lines?: readonly string[];
  readonly signal?: "SIGINT" | "SIGTERM";
  readonly sendAfter?: RegExp;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the process left in its temporary directory. */
  readonly left: readonly string[];
}

/**
 * Runs `scanbox demo ARGS…`. Its times are a tenth of a box's: where the machine was too busy to send a charge in time, which the
 * journal then says, it is run again.
 */
async function demo(t: TestContext, args: readonly string[], doing: Doing = {}): Promise<Ended> {
  for (let left = 5; ; left -= 1) {
    const ended = await demoOnce(t, args, doing);
    if (left === 0 || !/journal declined .* reason stale/.test(ended.stdout + ended.stderr)) return ended;
  }
}

/** One process with a temporary directory of its own. */
function demoOnce(t: TestContext, args: readonly string[], doing: Doing): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const child = spawn(process.execPath, [join(root, "src/main.ts"), "demo", ...args], {
    env: { ...process.env, TMPDIR: folder },
  });
  t.after(() => child.kill("SIGKILL"));
  const said = { stdout: "", stderr: "" };
  let sent = false;
  const listen = (name: "stdout" | "stderr", stream: Readable): void => {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      if (sent || doing.signal === undefined || !doing.sendAfter?.test(said[name])) return;
      sent = true;
      child.kill(doing.signal);
    });
  };
  listen("stdout", child.stdout);
  listen("stderr", child.stderr);
  for (const line of doing.lines ?? []) child.stdin.write(`${line}\n`);
  if (doing.signal === undefined) child.stdin.end();
  return new Promise((resolve) => {
    child.on("close", (status) => resolve({ status, ...said, left: readdirSync(folder) }));
  });
}

class Sink extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function io() {
  return { stdout: new Sink(), stderr: new Sink(), stdin: new PassThrough() };
}

/** Both lines of each picture, and its light. */
function framesIn(story: string): readonly (readonly string[])[] {
  return [...story.matchAll(/│(.{16})│ {2}light: (\w+)\n +│(.{16})│/g)].map(
    ([, first = "", light = "", second = ""]) => [first.trim(), second.trim(), light],
  );
}

/** The lines of a story for each of its wires: which of them is heard first is chance, and so are numbers. */
function byChannel(story: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  let channel = "story";
  for (const line of story.split("\n")) {
    if (line === "…" || line === "") continue;
    const [, name, rest] = /^ +\d+\.\d\d {2}(\w+) +(.*)$/.exec(line) ?? [];
    if (name !== undefined) channel = name;
    else if (!line.startsWith(" ")) channel = "story";
    const words = (rest ?? line.trim())
      .replace(/#\d{4}/g, "#0000")
      .replace(/order \S+/, "order 0")
      .replace(/\d\d\*+\d{3}/, "1***0")
      .replace(/\b42\d{26}\b/, "42");
    lines.set(channel, [...(lines.get(channel) ?? []), words]);
  }
  return lines;
}

interface Expected {
  readonly scenario: string;
  /** The usual one where absent. */
  readonly wallet?: "alipay";
  readonly state: string;
  readonly charged: string;
  /** What the customer reads at the end: how the first line begins, and the second one. */
  readonly display: readonly [string, string];
}

const paid: Omit<Expected, "scenario"> = {
  state: "paid",
  charged: "yes",
  display: ["PAID      ¥12.50", "Thank you       "],
};
const timedOut: Omit<Expected, "scenario"> = {
  state: "reversed",
  charged: "no",
  display: ["TIMED OUT", "Nothing charged "],
};

/** The scenarios that the contract names, the long ones first. */
const expectations: readonly Expected[] = [
  { scenario: "never", ...timedOut },
  { scenario: "forged", ...timedOut },
  {
    scenario: "paid-at-last",
    state: "refunded",
    charged: "no",
    display: ["Refunded  ¥12.50", "See WeChat msg  "],
  },
  {
    scenario: "cancelled",
    state: "reversed",
    charged: "no",
    display: ["NOT PAID", "Nothing charged "],
  },
  { wallet: "alipay", scenario: "rolled-back", ...timedOut },
  { wallet: "alipay", scenario: "success", ...paid },
  { wallet: "alipay", scenario: "password", ...paid },
  { scenario: "success", ...paid },
  { scenario: "password", ...paid },
  { scenario: "password-wrong", ...paid },
  { scenario: "reply-lost", ...paid },
  { scenario: "reply-late", ...paid },
  { scenario: "declined", state: "declined", charged: "no", display: ["NOT PAID", "Low balance     "] },
  {
    scenario: "expired-code",
    state: "declined",
    charged: "no",
    display: ["Code expired    ", "Refresh + rescan"],
  },
  {
    scenario: "provider-down",
    state: "declined",
    charged: "no",
    display: ["NOT PAID", "No network      "],
  },
];

/** The pictures of a payment of 12.50 that goes well, in their turn: both lines, and the light. */
const pictures: readonly (readonly string[])[] = [
  ["ScanBox", "Starting...", "off"],
  ["Welcome", "Enter amount", "ready"],
  ["Amount     (CNY)", "12.50_", "ready"],
  ["Pay       ¥12.50", "Show pay code", "scan"],
  ["Pay       ¥12.50", "Please wait...", "wait"],
  ["PAID      ¥12.50", "Thank you", "paid"],
];

describe("one payment", { concurrency: 4 }, () => {
  for (const { scenario, wallet, state, charged, display } of expectations) {
    const payer = wallet === undefined ? "" : ` with ${wallet}`;
    test(`${scenario}${payer} ends ${state}: one JSON line on stdout, the story on stderr, status 0`, async (t) => {
      const shown = wallet === undefined ? ["--code", code] : ["--wallet", wallet];
      const ended = await demo(t, ["--pay", "12.50", ...shown, "--scenario", scenario]);
      assert.equal(ended.status, 0, ended.stderr);
      const [line = "", ...rest] = ended.stdout.split("\n");
      assert.deepEqual(rest, [""]);
      const tx = txDataSchema.parse(JSON.parse(line));
      assert.deepEqual(
        { state: tx.state, final: tx.final, amountFen: tx.amountFen, charged: tx.charged, box: tx.box },
        { state, final: true, amountFen: 1250, charged, box: "demo-box" },
      );
      assert.equal(tx.chargeCount, scenario === "provider-down" ? 0 : 1);
      const [first = "", second] = (ended.stderr.match(/│.{16}│/g) ?? []).slice(-2);
      assert.ok(first.startsWith(`│${display[0]}`), first);
      assert.equal(second, `│${display[1]}│`);
      assert.match(ended.stderr, new RegExp(`mqtt {4}scanbox/v1/demo-box/tx ← scanbox\\.tx\\.${state}\\.v1`));
      assert.match(ended.stderr, new RegExp(`\nIt ended ${state}, as it should\\.\n$`));
      assert.match(ended.stderr, wallet === undefined ? /13\*{13}789/ : /28\*{13}\d{3}, an Alipay code/);
      assert.ok(!ended.stderr.includes(code));
      assert.equal(tx.provider, wallet ?? "wechat");
      assert.deepEqual(ended.left, []);
    });
  }

  test("the display is told once for each picture, with the light that belongs to it", async (t) => {
    const frames = framesIn((await demo(t, ["--pay", "12.50", "--code", code])).stderr);
    // On a busy machine a picture may be gone before it is drawn, a digit may be drawn by itself, a light may come before its
    // picture, the line that names the wallets may have had its turn, and a probe may not be answered in time at first. None is
    // told twice, out of its turn, or with a light that belongs to an earlier one.
    let turn = 0;
    for (const [index, frame] of frames.entries()) {
      const [first, second, light] = frame;
      const at = pictures.findIndex(
        ([title, words]) =>
          title === first &&
          (words === second ||
            title === "Amount     (CNY)" ||
            (light === "scan" && second === "WeChat / Alipay")),
      );
      if (first === "No network" && turn === 0) continue;
      assert.ok(at >= turn, `${JSON.stringify(frame)} comes in its turn`);
      turn = at;
      const lights = pictures.slice(at).map((picture) => picture[2]);
      assert.ok(lights.includes(light), `${JSON.stringify(frame)} has a light of its own or a later one`);
      assert.ok(!isDeepStrictEqual(frame, frames[index - 1]), `${JSON.stringify(frame)} is told once`);
    }
    assert.deepEqual(frames.at(-1), pictures.at(-1));
  });

  test("what the page of the commands shows of it is what it prints, but for times and numbers", async (t) => {
    const readme = readFileSync(join(root, "src/cli/README.md"), "utf8");
    const [, shownStory = "", shownLine = ""] =
      /```text\n(12\.50 CNY, scenario "success"[\s\S]*?)```[\s\S]*?```text\n(\{.*\})\n```/.exec(readme) ?? [];
    const shown = byChannel(shownStory);
    assert.deepEqual([...shown.keys()].sort(), ["display", "journal", "mqtt", "sandbox", "scanner", "story"]);
    const { stdout, stderr } = await demo(t, ["--pay", "12.50", "--code", code]);
    assert.deepEqual(Object.keys(JSON.parse(shownLine)), Object.keys(JSON.parse(stdout)));
    const told = byChannel(stderr);
    for (const [channel, lines] of shown) {
      // What a busy machine draws of the pictures is chance; another probe may be made in between.
      if (channel === "display") continue;
      let from = 0;
      const printed = told.get(channel) ?? [];
      for (const line of lines) {
        from = printed.indexOf(line, from) + 1;
        assert.ok(from > 0, `${channel}: "${line}" is printed in its turn: ${printed.join("\n")}`);
      }
    }
    assert.deepEqual(framesIn(shownStory), pictures.slice(3));
  });

  const refusals: readonly (readonly [digits: string, words: string])[] = [
    ["6212345678901234567", "a UnionPay code"],
    ["12345", "not a payment code"],
    ["1".repeat(200), "not a payment code"],
  ];
  for (const [digits, words] of refusals) {
    test(`a scan of ${digits.length} digits is refused by the box as ${words}`, async (t) => {
      const { status, stdout, stderr, left } = await demo(t, ["--pay", "1", "--code", digits]);
      assert.deepEqual([status, stdout, left], [1, "", []]);
      assert.match(stderr, new RegExp(`\nThe box refused the code: ${words}\\.\n$`));
      assert.doesNotMatch(stderr, /journal charging|sandbox +charge/);
    });
  }

  test("a payment that is interrupted before its end is unknown, and leaves nothing behind", async (t) => {
    const ended = await demo(t, ["--pay", "12.50", "--scenario", "never"], {
      signal: "SIGINT",
      sendAfter: /Password/,
    });
    assert.deepEqual([ended.status, ended.stdout, ended.left], [3, "", []]);
    assert.match(ended.stderr, /\nInterrupted, and the payment is charging, not final\.\n$/);
  });

  test("lines from a pipe are obeyed one payment after the other, and everything is told", async (t) => {
    const lines = [
      ...["12.50", "scan", "scenario declined", "3", "scan"],
      ...["5000", "cancel", "6212345678901234567", "unplug", "scan", "plug"],
      ...[
        "scenario password",
        "8.88",
        code,
        "7",
        "scan alipay",
        "orders",
        "scenario",
        "frobnicate",
        "quit",
        "99",
      ],
    ];
    const { status, stdout, stderr, left } = await demo(t, [], { lines });
    assert.deepEqual([status, stderr, left], [0, "", []]);
    const order = [
      "> 12.50\n",
      "keypad  1 2 . 5 0 =",
      "│Pay       ¥12.50│",
      "> scan\n",
      "journal charging #",
      "sandbox charge #",
      "journal paid #",
      "│PAID      ¥12.50│",
      "> scenario declined\n",
      "│Low balance     │",
      "> 5000\n",
      "│Max     ¥3000.00│",
      "> cancel\n",
      "> 62***567\n",
      "scanner 62**************567, a UnionPay code",
      "│Not taken. Use: │",
      "> unplug\n",
      "│Ask staff    E14│",
      "> scan\n",
      "nobody listens",
      "> plug\n",
      "> scenario password\n",
      "> 13***789\n",
      "│Password   ¥8.88│",
      "│PAID       ¥8.88│",
      "> scan alipay\n",
      ", an Alipay code",
      "sandbox query #",
      "│PAID       ¥7.00│",
      "> orders\n",
      "paid                      sandbox: SUCCESS, took 12.50, gave back 0.00",
      "declined (funds)          sandbox: NOTPAY, took 0.00, gave back 0.00",
      "paid                      sandbox: SUCCESS, took 8.88, gave back 0.00",
      "The scenario is password.",
      'There is no command "frobnicate".',
      "scanbox.status.offline.v1",
      "Stopped; the journal is removed.\n",
    ];
    let from = 0;
    for (const words of order) {
      const at = stdout.indexOf(words, from);
      assert.notEqual(at, -1, `"${words.trim()}" comes in its place:\n${stdout}`);
      from = at + words.length;
    }
    // The broker hears of it before or after the display has changed.
    const paid = stdout.indexOf("journal paid #");
    const told = stdout.indexOf("← scanbox.tx.paid.v1 seq 2");
    assert.ok(paid !== -1 && told > paid, stdout);
    assert.doesNotMatch(stdout, /> 99\n|134567890123456789/);
  });

  test("cancel is heard during a payment, and the end of the input waits for its end", async (t) => {
    const { status, stdout } = await demo(t, ["--scenario", "never"], { lines: ["2.00", "scan", "cancel"] });
    assert.equal(status, 0);
    // On a busy machine the key may come before the charge has left.
    assert.match(
      stdout,
      /journal (?:reversed|cancelled) #\d{4} 2\.00 CNY, reason cancelled-by-person, charged: no/,
    );
    assert.match(stdout, /│CANCELLED {7}│/);
  });

  test("an order that is open when the demonstration stops is named", async (t) => {
    const ended = await demo(t, ["--scenario", "never"], {
      lines: ["1", "scan"],
      signal: "SIGTERM",
      sendAfter: /Password/,
    });
    assert.deepEqual([ended.status, ended.left], [0, []]);
    const [, reference = "none"] = /journal charging (#\d{4})/.exec(ended.stdout) ?? [];
    assert.ok(ended.stdout.includes(`\nNot final: ${reference}. A real box goes on`));
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends the line mode well, also while lines could still come`, async (t) => {
      const ended = await demo(t, [], { signal, sendAfter: /"quit" ends\./ });
      assert.deepEqual([ended.status, ended.stderr, ended.left], [0, "", []]);
      assert.match(
        ended.stdout,
        /scanbox\.status\.offline\.v1, retained\nStopped; the journal is removed\.\n$/,
      );
    });
  }
});

test("a payment that ends otherwise than it should prints its transaction and has status 1", async () => {
  const amount = parseYuan("1.00");
  assert.ok(amount.ok);
  const streams = io();
  const scenario = { ...success, ends: "declined" } as const;
  assert.equal(await payOnce({ amountFen: amount.value, code, scenario }, streams), 1);
  assert.equal(txDataSchema.parse(JSON.parse(streams.stdout.text)).state, "paid");
  assert.match(streams.stderr.text, /\nIt ended paid and should have ended declined\.\n$/);
});

test("a payment at a box that goes out of service ends with the code, and with what is not known", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  // When the box is idle its files may grow no more: the first record fails, as on a broken card.
  const program = `
    import { execFileSync } from "node:child_process";
    import { payOnce } from "${root}src/cli/demo/pay.ts";
    import { success } from "${root}src/providers/wechat-v2/sandbox/scenarios.ts";
    const write = process.stderr.write.bind(process.stderr);
    let broken = false;
    process.stderr.write = (text) => {
      if (!broken && String(text).includes("Welcome")) {
        broken = true;
        execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=1"]);
      }
      return write(text);
    };
    process.exit(await payOnce({ amountFen: 100, code: "${code}", scenario: success }, process));
  `;
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", 'trap "" XFSZ; exec "$0" "$1"', process.execPath, file],
    { encoding: "utf8", env: { ...process.env, TMPDIR: folder }, timeout: PATIENCE_MS },
  );
  assert.deepEqual([status, stdout], [3, ""], stderr);
  assert.match(stderr, /\nThe box is out of service \(E11\), and no payment has begun\.\n$/);
});

test("what is wrong on the command line is said in a sentence, with status 2", async () => {
  const wrong: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [["--pay", "0"], /^--pay takes an amount above 0\.00\./],
    [["--pay", "1.234"], /^--pay takes an amount in yuan such as 12\.50, not "1\.234"\./],
    [["--pay", "100000"], /^--pay takes at most 99999\.99\./],
    [["--pay", "-5"], /--pay/],
    [["--pay"], /--pay takes a value\./],
    [["--pay", "1", "--code", "hello"], /^--code takes the digits of a payment code\./],
    [["--pay", "1", "--code", `${code}\r${code}`], /^--code takes the digits of a payment code\./],
    [["--pay", "1", "--code", ""], /^--code takes the digits of a payment code\./],
    [["--code", code], /^--code goes with --pay\./],
    [["--pay", "1", "--wallet", "alipay", "--code", code], /^--wallet and --code do not go together\./],
    [["--pay", "1", "--wallet", "qq"], /^--wallet takes wechat or alipay, not "qq"\./],
    [["--pay", "1", "--scenario", "rolled-back"], /^There is no scenario "rolled-back"/],
    [
      ["--pay", "1", "--scenario", "passwort"],
      /did you mean "password"\? .*paid-at-last.*password-N.*ERR_CODE/,
    ],
    [["now"], /^"now" is one word too many\./],
  ];
  for (const [args, sentence] of wrong) {
    const streams = io();
    assert.equal(await runCli(["demo", ...args], streams), 2);
    assert.equal(streams.stdout.text, "");
    assert.match(streams.stderr.text, sentence);
    assert.match(streams.stderr.text, /See: scanbox demo --help\n$/);
  }
});

test("a place for temporary folders that takes none is said in a sentence, with status 2", async () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = "/proc/no-such-place";
  try {
    const streams = io();
    assert.equal(await runCli(["demo", "--pay", "1"], streams), 2);
    assert.match(
      streams.stderr.text,
      /\/proc\/no-such-place, and can make no folder there \(ENOENT\): set TMPDIR/,
    );
    assert.equal(streams.stdout.text, "");
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

test("every random code of a wallet is a payment code of that wallet", () => {
  const entropy = new SystemEntropy();
  const walletOf = (text: string): string | null => {
    const read = readPaymentCode(text);
    return read.ok ? read.value.wallet : null;
  };
  for (let round = 0; round < 200; round += 1) {
    for (const wallet of wallets) assert.equal(walletOf(codeOf(wallet, entropy)), wallet);
  }
});
