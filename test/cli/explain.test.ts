import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { fixtureKeys, fixturePairs } from "../providers/alipay/fixtures.ts";
import { fixtureText } from "../providers/wechat-v2/fixtures.ts";

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "scanbox-explain-"));
});
after(() => rmSync(directory, { recursive: true }));

async function explain(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runCli(["explain", ...args], { stdout, stderr, stdin: new PassThrough() });
  const text = (stream: PassThrough) => String(stream.read() ?? "");
  return { status, stdout: text(stdout), stderr: text(stderr) };
}

/** A file of the test's folder with this text, or this value as JSON. */
function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const given = () => ["--keys", file("keys.json", fixtureKeys), "--amount", "12.80", "--nonce", "r=5f2c9a"];

function pairOf(id: string) {
  const pair = fixturePairs.find((known) => known.id === id);
  assert.ok(pair !== undefined);
  return pair;
}

test("one pair is explained in a line, and as one object without its id", async () => {
  const path = file("pair.json", pairOf("ali-20"));
  const said = await explain("alipay", path, ...given());
  assert.deepEqual([said.status, said.stderr], [0, ""]);
  assert.equal(said.stdout, "signature valid, outcome paid: Every field of the proof is there and equal.\n");
  const json = await explain("alipay", path, ...given(), "--json");
  assert.deepEqual([json.status, json.stderr], [0, ""]);
  assert.deepEqual(JSON.parse(json.stdout), {
    ...{ signature: "valid", outcome: "paid" },
    why: "Every field of the proof is there and equal.",
  });
});

test("a file of many is explained line by line, each with its id; --id picks one", async () => {
  for (const content of [{ cases: fixturePairs }, fixturePairs]) {
    const path = file("pairs.json", content);
    const { status, stdout, stderr } = await explain("alipay", path, ...given(), "--json");
    assert.deepEqual([status, stderr], [0, ""]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ id, signature, outcome }) => [id, signature, outcome]),
      fixturePairs.map(({ id, expect }) => [id, expect.signature, expect.outcome]),
    );
    const text = await explain("alipay", path, ...given());
    assert.match(
      text.stdout,
      /^ali-25: signature valid, outcome contradiction: It .+total_amount is not.+\.$/m,
    );
    const one = await explain("alipay", path, ...given(), "--id", "ali-36");
    assert.match(
      one.stdout,
      /^signature valid, outcome refund-instead: [^\n]+\(ACQ\.TRADE_CANCEL_TIME_OUT [^\n]+\n$/,
    );
    const none = await explain("alipay", path, "--id", "ali-99");
    assert.deepEqual(none, { status: 1, stdout: "", stderr: `${path} has no pair ali-99.\n` });
  }
});

test("without keys nothing is verified, and without amount or mark nothing is compared with them", async () => {
  const path = file("pair.json", pairOf("ali-20"));
  const unkeyed = await explain("alipay", path, "--json");
  const { signature, outcome, why } = JSON.parse(unkeyed.stdout);
  assert.deepEqual([unkeyed.status, signature, outcome], [0, "unverifiable", "unknown"]);
  assert.equal(why, "No key is at hand that this signature could be verified with.");
  for (const keys of [{}, [], "alipay", { alipay: {} }, { alipay: { alipayPublicKey: "none" } }]) {
    const other = await explain("alipay", path, "--keys", file("other.json", JSON.stringify(keys)), "--json");
    assert.equal(JSON.parse(other.stdout).signature, "unverifiable");
  }
  // Paid by whom nobody can say: the proof wants an amount.
  const [, keys = ""] = given();
  const bare = await explain("alipay", path, "--keys", keys, "--json");
  assert.equal(JSON.parse(bare.stdout).signature, "valid");
  assert.notEqual(JSON.parse(bare.stdout).outcome, "paid");
});

test("WeChat Pay's are explained too", async () => {
  const pair = {
    request: {
      ...{ url: "https://api.mch.weixin.qq.com/pay/micropay", headers: {} },
      body: fixtureText("request-micropay-md5"),
    },
    response: { status: 200, headers: {}, body: fixtureText("micropay-success") },
  };
  const keys = file("wechat-keys.json", { wechat: { apiKey: "fixturekeyfixturekeyfixturekey00" } });
  const said = await explain("wechat-v2", file("wechat.json", pair), "--keys", keys, "--json");
  assert.deepEqual([said.status, JSON.parse(said.stdout).outcome], [0, "paid"]);
});

test("what is no pair of the box is named, and the others are explained all the same", async () => {
  const pair = pairOf("ali-20");
  const strange = {
    ...pair,
    id: "strange",
    request: { ...pair.request, url: "https://example.com/?method=x" },
  };
  const path = file("mixed.json", [strange, pair]);
  const said = await explain("alipay", path, ...given());
  assert.equal(said.status, 1);
  assert.match(said.stdout, /^ali-20: signature valid, outcome paid: /);
  assert.match(said.stderr, /mixed\.json, strange: the request is none of the calls .+\.\n$/);
  const empty = await explain("alipay", file("empty.json", { cases: [] }));
  assert.deepEqual([empty.status, empty.stdout], [1, ""]);
  assert.match(empty.stderr, /empty\.json holds no pair\.\n$/);
});

test("wrong usage is refused with a sentence", async () => {
  const path = file("pair.json", pairOf("ali-20"));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Say the kind of provider and the file/],
    [["alipay"], /Say the kind of provider and the file/],
    [["alipai", path], /no kind of provider "alipai"; did you mean "alipay"\?/],
    [["toString", path], /no kind of provider "toString"/],
    [["alipay", path, "more"], /"more" is one word too many/],
    [["alipay", path, "--amount", "12,80"], /--amount is yuan such as 12\.80, not 12,80/],
    [["alipay", path, "--amount", "0"], /--amount is yuan/],
    [["alipay", path, "--key", "x"], /did you mean "--keys"\?/],
    [["alipay", join(directory, "none")], /none cannot be read: ENOENT/],
    [["alipay", directory], /cannot be read: EISDIR/],
    [["alipay", path, "--keys", join(directory, "none")], /none cannot be read: ENOENT/],
    [["alipay", path, "--keys", file("broken.json", "{")], /broken\.json is no JSON/],
  ];
  for (const [args, sentence] of cases) {
    const said = await explain(...args);
    assert.deepEqual([said.status, said.stdout], [2, ""], args.join(" "));
    assert.match(said.stderr, sentence);
  }
});

test("a hostile file is refused with a sentence that quotes nothing of it", async () => {
  const { request, response } = pairOf("ali-20");
  const secret = "281234567890123456";
  const contents: readonly unknown[] = [
    ...["", "{", "null", "1", '"text"', "[[]]", `{"request":${secret}`, "[".repeat(100_000)],
    ...[{}, { response }, { request: { ...request, url: secret }, response }],
    ...[
      { request: { ...request, body: 1 }, response },
      { request: { ...request, url: [secret] }, response },
    ],
    ...[
      { request, response: secret },
      { request, response: { ...response, status: secret } },
    ],
    ...[
      { request, response: { ...response, body: 1 } },
      { request, response: { ...response, bodyBase64: `${secret}!` } },
    ],
    ...[
      { request, response: { ...response, headers: { [`x-${secret}`]: 1 } } },
      { request, response, id: 7 },
    ],
    ...[
      { request, response, id: "a\u001b[2J" },
      { request, response, now: secret },
    ],
    ...[{ request: { ...request, body: "x".repeat(300_000) }, response }],
    ...[{ request, response: { ...response, body: "x".repeat(1_100_000) } }, [{ request, response }, null]],
  ];
  for (const content of contents) {
    const wanted = typeof content === "string" ? content : JSON.stringify(content);
    const said = await explain("alipay", file("hostile.json", content), ...given());
    assert.deepEqual([said.status, said.stdout], [2, ""], wanted.slice(0, 80));
    assert.match(said.stderr, /hostile\.json is no (?:JSON|recorded pair)/);
    assert.ok(!said.stderr.includes(secret), said.stderr);
    assert.ok(!said.stderr.includes("\u001b"));
  }
  const huge = file("huge.json", "");
  truncateSync(huge, 16_777_217);
  const said = await explain("alipay", huge);
  assert.equal(said.status, 2);
  assert.match(said.stderr, /huge\.json is larger than 16 MiB/);
});

test("a request that nobody answered proves nothing", async () => {
  const { request } = pairOf("ali-20");
  for (const pair of [{ request }, { request, response: null }]) {
    const said = await explain("alipay", file("silent.json", pair), ...given(), "--json");
    assert.deepEqual(JSON.parse(said.stdout), {
      ...{ signature: "absent", outcome: "unknown" },
      why: "No reply came.",
    });
  }
});

test("nothing secret is in what is said, whichever way", async () => {
  const path = file("pairs.json", { cases: fixturePairs });
  for (const more of [[], ["--json"]]) {
    const { stdout, stderr } = await explain("alipay", path, ...given(), ...more);
    assert.ok(stdout.length > 1_000);
    assert.doesNotMatch(stdout + stderr, /281234567890123456|2088\d{8}|138\*+|BEGIN|MII|r=5f2c9a/);
  }
});
