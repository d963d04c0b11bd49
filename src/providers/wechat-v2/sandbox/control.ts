/**
 * The control endpoint of the look-alike: JSON over HTTP on a port of its own, for demonstrations and tests.
 *
 *     GET  /state                      the scenario, the orders and every movement of money; codes are masked
 *     GET  /scenarios                  what can be set, with how a box should end it
 *     PUT  /scenario {"name": NAME}    for the orders that are charged from now on; 404 where there is none
 *     PUT  /down {"down": true|false}  refuses connections, or takes them again
 *     POST /orders/{number}/{act}      pay, mistype, refuse, cancel: what the customer does; close: the merchant
 *                                      closes it; 404 where there is no such order, 409 where it is too late
 *     POST /scan {"codeUrl": TEXT}     the customer scans a booked order and pays it; 404 and 409 as above
 *     POST /page {"appId": …}          the customer pays in a page, with what the page hands to its bridge; 403 where
 *                                      that is not signed as it must be, 409 as above
 */
import * as z from "zod";
import type { ControlAnswer, ControlCall } from "../../sandbox-server.ts";
import type { CustomerAct } from "./customer.ts";
import { laterScenarios } from "./later-scenarios.ts";
import type { Movement, Order } from "./ledger.ts";
import { openPage } from "./page.ts";
import type { RefundEntry } from "./refunds.ts";
import type { Sandbox } from "./sandbox.ts";
import { scenarioFamilies, scenarioNamed, scenarios, success } from "./scenarios.ts";

/** Answers one request to the control endpoint. */
export function control(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  sandbox.ledger.settle(call.now);
  const order = /^\/orders\/([^/]+)\/([a-z]+)$/.exec(call.path);
  if (order !== null) {
    if (call.method !== "POST") return notAllowed("POST");
    return actOn(sandbox, { outTradeNo: order[1] ?? "", act: order[2] ?? "", now: call.now });
  }
  const route = routes.get(call.path);
  if (route === undefined) return wrong(404, `There is no ${call.path}.`);
  return route.method === call.method ? route.answer(sandbox, call) : notAllowed(route.method);
}

interface Route {
  readonly method: string;
  readonly answer: (sandbox: Sandbox, call: ControlCall) => ControlAnswer;
}

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/state", { method: "GET", answer: (sandbox, call) => done(stateOf(sandbox, call.now)) }],
  [
    "/scenarios",
    {
      method: "GET",
      answer: () => done({ scenarios: [...scenarios, ...laterScenarios], families: scenarioFamilies }),
    },
  ],
  ["/scenario", { method: "PUT", answer: setScenario }],
  ["/down", { method: "PUT", answer: setDown }],
  ["/scan", { method: "POST", answer: scan }],
  ["/page", { method: "POST", answer: payPage }],
]);

const customerActs: ReadonlyMap<string, CustomerAct> = new Map([
  ["pay", "pays"],
  ["mistype", "mistypes"],
  ["refuse", "is-refused"],
  ["cancel", "closes"],
]);

function setScenario(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  const wanted = z.object({ name: z.string() }).safeParse(jsonOf(call.body));
  if (!wanted.success) return wrong(400, 'Say {"name": NAME}.');
  const scenario = scenarioNamed(wanted.data.name);
  if (scenario === null) return wrong(404, `There is no scenario "${wanted.data.name}".`);
  sandbox.scenario = scenario;
  return done({ scenario: scenario.name, down: sandbox.down });
}

function setDown(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  const wanted = z.object({ down: z.boolean() }).safeParse(jsonOf(call.body));
  if (!wanted.success) return wrong(400, 'Say {"down": true} or {"down": false}.');
  sandbox.down = wanted.data.down;
  // A scenario that keeps the sandbox down would outlive the wish to have it back.
  if (!wanted.data.down && sandbox.scenario.down) sandbox.scenario = success;
  return done({ scenario: sandbox.scenario.name, down: sandbox.down });
}

function scan(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  const wanted = z.object({ codeUrl: z.string() }).safeParse(jsonOf(call.body));
  if (!wanted.success) return wrong(400, 'Say {"codeUrl": TEXT}.');
  const order = sandbox.ledger.orders().find((one) => one.booking?.codeUrl === wanted.data.codeUrl);
  return order === undefined ? wrong(404, "No order has this code.") : pay(sandbox, order, call.now);
}

function payPage(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  const page = openPage(sandbox, jsonOf(call.body));
  return page.kind === "refused" ? wrong(403, page.why) : pay(sandbox, page.order, call.now);
}

function pay(sandbox: Sandbox, order: Order, now: number): ControlAnswer {
  return sandbox.ledger.act(order, "pays", now) ? done(orderOf(sandbox, order)) : tooLate(order);
}

interface Act {
  readonly outTradeNo: string;
  readonly act: string;
  readonly now: number;
}

function actOn(sandbox: Sandbox, { outTradeNo, act, now }: Act): ControlAnswer {
  const order = sandbox.ledger.orders().findLast((one) => one.outTradeNo === outTradeNo);
  if (order === undefined) return wrong(404, `There is no order ${outTradeNo}.`);
  const customerAct = customerActs.get(act);
  if (customerAct === undefined && act !== "close") return wrong(404, `Nobody can ${act} an order.`);
  const acted =
    customerAct === undefined
      ? sandbox.ledger.close(order, now)
      : sandbox.ledger.act(order, customerAct, now);
  return acted ? done(orderOf(sandbox, order)) : tooLate(order);
}

function stateOf(sandbox: Sandbox, now: number): unknown {
  return {
    at: new Date(now).toISOString(),
    scenario: sandbox.scenario.name,
    pace: sandbox.pace,
    down: sandbox.down,
    orders: sandbox.ledger.orders().map((order) => orderOf(sandbox, order)),
    refunds: sandbox.ledger.refunds().map(refundOf),
    movements: sandbox.ledger.movements().map(movementOf),
  };
}

function orderOf(sandbox: Sandbox, order: Order): unknown {
  const { merchant, outTradeNo, amountFen, body, attach, deviceInfo, state, refusal, transactionId } = order;
  const { chargedFen, returnedFen, charges } = sandbox.ledger.totalsOfOrder(order);
  return {
    outTradeNo,
    merchant,
    amountFen,
    body,
    attach,
    deviceInfo,
    tradeType: order.tradeType,
    authCode: order.booking === null ? order.authCode.toString() : null,
    prepayId: order.booking?.prepayId ?? null,
    codeUrl: order.booking?.codeUrl ?? null,
    state,
    refusal,
    transactionId,
    chargedFen,
    returnedFen,
    charges,
    createdAt: new Date(order.createdAt).toISOString(),
    paidAt: order.paidAt === null ? null : new Date(order.paidAt).toISOString(),
    history: order.history.map((passage) => ({ ...passage, at: new Date(passage.at).toISOString() })),
  };
}

function movementOf(movement: Movement): unknown {
  return { ...movement, at: new Date(movement.at).toISOString(), authCode: movement.authCode.toString() };
}

function refundOf({ order, outRefundNo, refundId, refundFen, acceptedAt, refundedAt }: RefundEntry): unknown {
  return {
    outTradeNo: order.outTradeNo,
    outRefundNo,
    refundId,
    refundFen,
    acceptedAt: new Date(acceptedAt).toISOString(),
    refundedAt: refundedAt === null ? null : new Date(refundedAt).toISOString(),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function done(json: unknown): ControlAnswer {
  return { status: 200, json };
}

function wrong(status: number, error: string): ControlAnswer {
  return { status, json: { error } };
}

function tooLate(order: Order): ControlAnswer {
  return wrong(409, `It is too late for that: ${order.state}.`);
}

function notAllowed(method: string): ControlAnswer {
  return wrong(405, `Use ${method}.`);
}
