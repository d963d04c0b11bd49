/** The last look before the wire: what must not leave any more does not, however late a timer or odd a library. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Dispatcher } from "undici";
import Client from "undici/lib/dispatcher/client.js";
import { UndiciHttpsLink } from "../../src/links/https/undici-https.ts";
import type { HttpsOutcome } from "../../src/runtime/ports.ts";

const request = {
  lane: "charge",
  method: "POST",
  path: "/pay/micropay",
  headers: {},
  body: "<xml/>",
  replyBytesMax: 65_536,
} as const;

/** A link that is closed at the end of its test, whatever came of it. */
function newLink(t: test.TestContext): UndiciHttpsLink {
  const link = new UndiciHttpsLink({ connectTimeoutMs: 60_000, ca: null, certificate: null });
  t.after(() => closed(link));
  return link;
}

function closed(link: UndiciHttpsLink): Promise<void> {
  return new Promise((resolve) => link.close(resolve));
}

test("a connection that comes after the moment, with a timer that is late, sends nothing", async (t) => {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming.url ?? "");
    response.end("<xml/>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = newLink(t);
  const began = performance.now();
  let passedMs = 0;
  t.mock.method(performance, "now", () => began + passedMs);
  const outcome = await new Promise<HttpsOutcome>((resolve) => {
    // No timer of these lengths fires in a test; the clock alone says that the moment is over.
    link.exchange({ ...request, host, sendWithinMs: 300_000, answerWithinMs: 300_000 }, resolve);
    passedMs = 300_001;
  });
  assert.deepEqual(outcome, { kind: "not-sent", why: "too-late" });
  assert.deepEqual(seen, []);
});

/** What the library is handed; nothing is sent, so that a test can play what it does with it. */
function handed(t: test.TestContext): Dispatcher.DispatchHandler[] {
  const handlers: Dispatcher.DispatchHandler[] = [];
  t.mock.method(Client.prototype, "dispatch", (_options: unknown, handler: Dispatcher.DispatchHandler) => {
    handlers.push(handler);
    return true;
  });
  return handlers;
}

const controller = {} as Dispatcher.DispatchController;

test("a request that the library starts twice is stopped the second time, and counts as sent", async (t) => {
  const handlers = handed(t);
  const link = newLink(t);
  const outcomes: HttpsOutcome[] = [];
  const whole = { ...request, host: "http://127.0.0.1:9", sendWithinMs: 300_000, answerWithinMs: 300_000 };
  link.exchange(whole, (outcome) => outcomes.push(outcome));
  const [handler] = handlers;
  assert.ok(handler?.onRequestStart !== undefined);
  handler.onRequestStart(controller, {});
  assert.throws(() => handler.onRequestStart?.(controller, {}), /not to be sent now/);
  await closed(link);
  assert.deepEqual(outcomes, [{ kind: "unanswered", why: "broken" }]);
});

test("a request that was given up is not started any more", async (t) => {
  const handlers = handed(t);
  const link = newLink(t);
  const outcomes: HttpsOutcome[] = [];
  const whole = { ...request, host: "http://127.0.0.1:9", sendWithinMs: 300_000, answerWithinMs: 1_000 };
  link.exchange(whole, (outcome) => outcomes.push(outcome));
  await closed(link);
  assert.deepEqual(outcomes, [{ kind: "not-sent", why: "stopped" }]);
  const [handler] = handlers;
  assert.throws(() => handler?.onRequestStart?.(controller, {}), /not to be sent now/);
});

test("no request begins with no time left to send it", async (t) => {
  const handlers = handed(t);
  const link = newLink(t);
  const outcome = await new Promise<HttpsOutcome>((resolve) =>
    link.exchange({ ...request, host: "http://127.0.0.1:9", sendWithinMs: 0, answerWithinMs: 1 }, resolve),
  );
  assert.deepEqual(outcome, { kind: "not-sent", why: "too-late" });
  assert.equal(handlers.length, 0);
});
