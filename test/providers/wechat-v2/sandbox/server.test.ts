import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { type RequestOptions, request as tlsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import type { CallNote } from "../../../../src/providers/wechat-v2/sandbox/call.ts";
import { fixtureMerchant } from "../../../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { scenarioNamed } from "../../../../src/providers/wechat-v2/sandbox/scenarios.ts";
import {
  type SandboxServer,
  type SandboxServerOptions,
  startSandboxServer,
} from "../../../../src/providers/wechat-v2/sandbox/server.ts";
import { pagePayment } from "../../../../src/providers/wechat-v2/server/page-payment.ts";
import { isSignedBy } from "../../../../src/providers/wechat-v2/signature.ts";
import { type Fields, parseXml } from "../../../../src/providers/wechat-v2/xml.ts";
import { until } from "../../../e2e/until.ts";
import { settings } from "../fixtures.ts";
import { bookingFields, chargeFields, paths, referenceFields, refundFields, signed } from "./teller.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

async function started(context: TestContext, options: SandboxServerOptions = {}): Promise<SandboxServer> {
  const server = await startSandboxServer(options);
  context.after(() => server.close());
  return server;
}

/** One exchange on a connection of its own; rejects where no whole reply comes. */
function exchange(url: string, body: Uint8Array, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? tlsRequest : request;
    const sent = send(url, { method: "POST", agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function proved(answer: Answer): Fields {
  const document = parseXml(answer.body);
  assert.ok(document.ok);
  assert.ok(isSignedBy(document.value, fixtureMerchant.apiKey, "MD5"));
  return document.value;
}

async function ask(server: SandboxServer, method: string, path: string, json?: unknown) {
  const init = json === undefined ? { method } : { method, body: JSON.stringify(json) };
  const answer = await fetch(`${server.controlOrigin}${path}`, init);
  return { status: answer.status, json: controlJson.parse(await answer.json()) };
}

const orderJson = z.object({
  outTradeNo: z.string(),
  state: z.string(),
  chargedFen: z.number(),
  returnedFen: z.number(),
  authCode: z.string(),
});

/** What the answers of the control endpoint hold, all of it together. */
const controlJson = z.looseObject({
  orders: z.array(orderJson).optional(),
  movements: z.array(z.unknown()).optional(),
  scenarios: z.array(z.unknown()).optional(),
  state: z.string().optional(),
  error: z.string().optional(),
});

const charge = () => signed(chargeFields());
const reference = () => signed(referenceFields());

test("a payment goes over HTTP and stands in the books of the control endpoint, its code masked", async (t) => {
  const notes: CallNote[] = [];
  const server = await started(t, { observe: (note) => notes.push(note) });
  const paid = await exchange(server.origin + paths.charge, charge());
  assert.equal(proved(paid).get("result_code"), "SUCCESS");
  assert.equal(paid.headers["content-type"], "text/plain");
  assert.equal(proved(await exchange(server.origin + paths.reverse, reference())).get("recall"), "N");
  const { status, json } = await ask(server, "GET", "/state");
  assert.equal(status, 200);
  assert.deepEqual(json.orders, [
    {
      outTradeNo: "BX0123-20260315-000042",
      state: "revoked",
      chargedFen: 1280,
      returnedFen: 1280,
      authCode: "13*************789",
    },
  ]);
  assert.equal(json.movements?.length, 2);
  assert.ok(!JSON.stringify(json).includes("134567890123456789"));
  assert.deepEqual(
    notes.map((note) => [note.path, note.outcome]),
    [
      [paths.charge, "SUCCESS"],
      [paths.reverse, "SUCCESS, REVOKED"],
    ],
  );
  assert.ok(!JSON.stringify(notes).includes("134567890123456789"));
});

test("a reply can be cut, reset, kept back and late", async (t) => {
  const server = await started(t, { pace: 0.01 });
  const send = (name: string, options: RequestOptions = {}) => {
    const scenario = scenarioNamed(name);
    assert.ok(scenario !== null);
    server.sandbox.scenario = scenario;
    const fields = chargeFields({ out_trade_no: name, auth_code: `1345678901234567${10 + order++}` });
    return exchange(server.origin + paths.charge, signed(fields), options);
  };
  let order = 0;
  await assert.rejects(send("reply-cut"), { code: "ECONNRESET" });
  await assert.rejects(send("reply-reset"), { code: "ECONNRESET" });
  const lost = new AbortController();
  const before = server.sandbox.ledger.movements().length;
  const refused = assert.rejects(send("reply-lost", { signal: lost.signal }), { name: "AbortError" });
  await until(() => server.sandbox.ledger.movements().length > before, "the charge without a reply is paid");
  lost.abort();
  await refused;
  const began = performance.now();
  assert.equal(proved(await send("reply-late")).get("result_code"), "SUCCESS");
  assert.ok(performance.now() - began > 100);
  assert.equal((await send("http-502")).status, 502);
  assert.ok((await send("reply-huge")).body.byteLength > 10_000_000);
  assert.equal(server.sandbox.ledger.movements().length, 6, "all of them were paid");
});

test("a bank that is down refuses connections, ends the open ones, and comes back on the same port", async (t) => {
  const server = await started(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await exchange(server.origin + paths.query, reference(), { agent })).status, 200);
  assert.deepEqual((await ask(server, "PUT", "/scenario", { name: "provider-down" })).json, {
    scenario: "provider-down",
    down: true,
  });
  await assert.rejects(exchange(server.origin + paths.query, reference(), { agent }), {
    code: "ECONNREFUSED",
  });
  assert.deepEqual((await ask(server, "PUT", "/down", { down: false })).json, {
    scenario: "success",
    down: false,
  });
  assert.equal((await exchange(server.origin + paths.query, reference())).status, 200);
  server.sandbox.down = true;
  await server.follow();
  await assert.rejects(exchange(server.origin + paths.query, reference()), { code: "ECONNREFUSED" });
});

test("the control endpoint plays the customer, and says when it is too late", async (t) => {
  const server = await started(t, {});
  assert.equal((await ask(server, "PUT", "/scenario", { name: "never" })).status, 200);
  await exchange(server.origin + paths.charge, charge());
  const act = async (name: string) => {
    const { status, json } = await ask(server, "POST", `/orders/BX0123-20260315-000042/${name}`);
    return `${status} ${json.state ?? json.error}`;
  };
  assert.equal(await act("mistype"), "200 userpaying");
  assert.equal(await act("refuse"), "200 payerror");
  assert.equal(await act("pay"), "200 success");
  assert.equal(await act("cancel"), "409 It is too late for that: success.");
  assert.equal(await act("close"), "409 It is too late for that: success.");
  assert.equal(await act("eat"), "404 Nobody can eat an order.");
  assert.equal(
    proved(await exchange(server.origin + paths.query, reference())).get("trade_state"),
    "SUCCESS",
  );
});

test("the customer scans what a screen shows, and pays it once", async (t) => {
  const server = await started(t);
  await ask(server, "PUT", "/scenario", { name: "scan-never" });
  const booked = proved(await exchange(server.origin + paths.order, signed(bookingFields())));
  const codeUrl = booked.get("code_url");
  const paid = await ask(server, "POST", "/scan", { codeUrl });
  assert.deepEqual([paid.status, paid.json.state], [200, "success"]);
  const state = proved(await exchange(server.origin + paths.query, reference()));
  assert.equal(state.get("trade_state"), "SUCCESS");
  assert.equal((await ask(server, "POST", "/scan", { codeUrl })).status, 409);
  assert.equal((await ask(server, "POST", "/scan", { codeUrl: "weixin://other" })).status, 404);
  assert.equal((await ask(server, "POST", "/scan", { code: codeUrl })).status, 400);
});

test("the customer pays in a page that is signed as it must be, and in no other", async (t) => {
  const server = await started(t);
  await ask(server, "PUT", "/scenario", { name: "scan-never" });
  const fields = bookingFields({ trade_type: "JSAPI", product_id: null, openid: "oANY" });
  const booked = proved(await exchange(server.origin + paths.order, signed(fields)));
  const terms = { of: "appid", seconds: 1_773_538_217, nonce: "n0nceF1xture0014" } as const;
  const page = pagePayment(settings, { ...terms, prepayId: booked.get("prepay_id") ?? "" });
  const wrong: readonly unknown[] = [
    { ...page, paySign: page.paySign.toLowerCase() },
    { ...page, timeStamp: "1773538218" },
    { ...page, signType: "HMAC-SHA256" },
    { ...page, appId: "wxfedcba0987654321" },
    { ...page, package: "prepay_id=other" },
    { ...page, package: page.package.replace("prepay_id=", "") },
    { ...page, nonceStr: "" },
    { ...page, more: "x" },
    null,
  ];
  for (const one of wrong) {
    assert.equal((await ask(server, "POST", "/page", one)).status, 403, JSON.stringify(one));
  }
  assert.deepEqual(server.sandbox.ledger.movements(), []);
  const paid = await ask(server, "POST", "/page", page);
  assert.deepEqual([paid.status, paid.json.state], [200, "success"]);
  assert.equal((await ask(server, "POST", "/page", page)).status, 409);
});

test("booked orders and refunds stand in the books of the control endpoint, without a code", async (t) => {
  const server = await started(t);
  await ask(server, "PUT", "/scenario", { name: "scan-never" });
  await exchange(server.origin + paths.order, signed(bookingFields()));
  await ask(server, "POST", "/orders/BX0123-20260315-000042/pay");
  await exchange(server.origin + paths.refund, signed(refundFields()));
  const answer = await fetch(`${server.controlOrigin}/state`);
  const state = z
    .object({ orders: z.array(z.looseObject({})), refunds: z.array(z.looseObject({})) })
    .parse(await answer.json());
  const [order] = state.orders;
  assert.deepEqual(
    [order?.tradeType, order?.authCode, order?.state, order?.codeUrl],
    ["NATIVE", null, "refund", "weixin://wxpay/bizpayurl?pr=0000000001"],
  );
  assert.deepEqual(
    state.refunds.map(({ outRefundNo, refundFen, refundedAt }) => [outRefundNo, refundFen, refundedAt]),
    [["RF0123-20260315-000007", 280, null]],
  );
});

test("the control endpoint refuses what it does not know", async (t) => {
  const server = await started(t);
  const statuses = await Promise.all([
    ask(server, "GET", "/nothing"),
    ask(server, "PUT", "/state", {}),
    ask(server, "PUT", "/scenario", {}),
    ask(server, "PUT", "/scenario", { name: "sucess" }),
    ask(server, "PUT", "/down", { down: "yes" }),
    ask(server, "POST", "/orders/none/pay"),
    ask(server, "GET", "/orders/none/pay"),
  ]);
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [404, 405, 400, 404, 400, 404, 405],
  );
  const { json } = await ask(server, "GET", "/scenarios");
  assert.ok((json.scenarios ?? []).length > 30);
});

test("a body that is too long is refused without being kept", async (t) => {
  const server = await started(t);
  // The refusal may meet a sender that is still writing, whose connection then ends.
  const status = await exchange(server.origin + paths.charge, new Uint8Array(100_000)).then(
    (answer) => answer.status,
    () => 413,
  );
  assert.equal(status, 413);
  assert.equal((await exchange(server.origin + paths.query, reference())).status, 200);
});

test("idle connections are kept for eight seconds and told so", async (t) => {
  const server = await started(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const answer = await exchange(server.origin + paths.query, reference(), { agent });
  assert.equal(answer.headers["keep-alive"], "timeout=8");
});

test("closing ends connections that wait for a reply, and those that say nothing", async () => {
  const server = await startSandboxServer({ pace: 10 });
  const scenario = scenarioNamed("reply-late");
  assert.ok(scenario !== null);
  server.sandbox.scenario = scenario;
  const late = assert.rejects(exchange(server.origin + paths.charge, charge()), { code: "ECONNRESET" });
  const socket = connect(Number(new URL(server.origin).port), "127.0.0.1");
  const ended = new Promise((resolve) => socket.once("close", resolve));
  await new Promise((resolve) => socket.once("connect", resolve));
  while (server.sandbox.ledger.orders().length === 0) await new Promise((resolve) => setImmediate(resolve));
  await server.close();
  await Promise.all([late, ended]);
});

test("a port that is taken is an error, and nothing stays open", async (t) => {
  const server = await started(t);
  const taken = Number(new URL(server.controlOrigin).port);
  await assert.rejects(startSandboxServer({ port: taken }), { code: "EADDRINUSE" });
  await assert.rejects(startSandboxServer({ controlPort: taken }), { code: "EADDRINUSE" });
});

test("over HTTPS a reversal needs a client certificate of the authority, and nothing else does", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "scanbox-bank-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [ca, stranger] = [authority(directory, "ca"), authority(directory, "stranger")];
  const server = await started(t, { tls: { ...ca, clientCa: ca.cert } });
  assert.match(server.origin, /^https:\/\/127\.0\.0\.1:\d+$/);
  const trusting = { ca: ca.cert, checkServerIdentity: () => undefined };
  const paid = await exchange(server.origin + paths.charge, charge(), trusting);
  assert.equal(proved(paid).get("result_code"), "SUCCESS");
  const bare = await exchange(server.origin + paths.reverse, reference(), trusting);
  assert.equal(bare.status, 400);
  const foreign = await exchange(server.origin + paths.reverse, reference(), { ...trusting, ...stranger });
  assert.equal(foreign.status, 400);
  const reversed = await exchange(server.origin + paths.reverse, reference(), { ...trusting, ...ca });
  assert.equal(proved(reversed).get("recall"), "N");
  const scenario = scenarioNamed("reply-reset");
  assert.ok(scenario !== null);
  server.sandbox.scenario = scenario;
  const other = signed(chargeFields({ out_trade_no: "reset", auth_code: "134567890123456701" }));
  const lost = exchange(server.origin + paths.charge, other, {
    ...trusting,
    signal: AbortSignal.timeout(5_000),
  });
  await assert.rejects(lost, { code: "ECONNRESET" });
});

/** A certificate that is its own authority, and its key. */
function authority(directory: string, name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  const subject = ["-subj", `/CN=${name}`, "-days", "2", "-nodes"];
  const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", "-x509", ...form, ...subject, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}
