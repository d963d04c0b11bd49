/**
 * The control endpoint of the look-alike: JSON over HTTP on a port of its own, for demonstrations and tests.
 *
 *     GET  /state                      the story, the trades and what they took and gave back; codes are masked
 *     GET  /scenarios                  what can be set, with how a box should end it
 *     PUT  /scenario {"name": NAME}    for the trades that are charged from now on; 404 where there is none
 *     PUT  /down {"down": true|false}  refuses connections, or takes them again
 *     POST /orders/{number}/{act}      pay, cancel: what the buyer does; 404 where there is no such trade, 409 where it is too late
 */
import * as z from "zod";
import type { ControlAnswer, ControlCall } from "../../sandbox-server.ts";
import type { Sandbox } from "./sandbox.ts";
import { stories, storyFamilies, storyNamed, success } from "./stories.ts";
import type { BuyerAct, Trade } from "./trades.ts";

const acts: ReadonlyMap<string, BuyerAct> = new Map([
  ["pay", "pays"],
  ["cancel", "closes"],
]);

/** Answers one request to the control endpoint. */
export function control(sandbox: Sandbox, call: ControlCall): ControlAnswer {
  sandbox.trades.settle(call.now);
  const [, outTradeNo = "", act = ""] = /^\/orders\/([^/]+)\/([a-z]+)$/.exec(call.path) ?? [];
  if (outTradeNo !== "") return actOn(sandbox, outTradeNo, act, call);
  switch (`${call.method} ${call.path}`) {
    case "GET /state":
      return done({
        at: new Date(call.now).toISOString(),
        ...{ scenario: sandbox.story.name, pace: sandbox.pace, down: sandbox.down },
        orders: sandbox.trades.all().map(told),
      });
    case "GET /scenarios":
      return done({ scenarios: stories, families: storyFamilies });
    case "PUT /scenario": {
      const wanted = z.object({ name: z.string() }).safeParse(jsonOf(call.body));
      if (!wanted.success) return wrong(400, 'Say {"name": NAME}.');
      const story = storyNamed(wanted.data.name);
      if (story === null) return wrong(404, `There is no scenario "${wanted.data.name}".`);
      sandbox.story = story;
      return done({ scenario: story.name, down: sandbox.down });
    }
    case "PUT /down": {
      const wanted = z.object({ down: z.boolean() }).safeParse(jsonOf(call.body));
      if (!wanted.success) return wrong(400, 'Say {"down": true} or {"down": false}.');
      sandbox.down = wanted.data.down;
      // A story that keeps the sandbox down would outlive the wish to have it back.
      if (!wanted.data.down && sandbox.story.down) sandbox.story = success;
      return done({ scenario: sandbox.story.name, down: sandbox.down });
    }
    default:
      return wrong(404, `There is no ${call.method} ${call.path}.`);
  }
}

function actOn(
  sandbox: Sandbox,
  outTradeNo: string,
  word: string,
  { method, now }: ControlCall,
): ControlAnswer {
  if (method !== "POST") return wrong(405, "Use POST.");
  const trade = sandbox.trades.find(outTradeNo);
  if (trade === undefined) return wrong(404, `There is no order ${outTradeNo}.`);
  const act = acts.get(word);
  if (act === undefined) return wrong(404, `Nobody can ${word} an order.`);
  const acted = sandbox.trades.act(trade, act, now);
  return acted ? done(told(trade)) : wrong(409, `It is too late for that: ${trade.status}.`);
}

function told(trade: Trade): unknown {
  const { outTradeNo, payee, amountFen, mark, status, tradeNo, chargedFen, returnedFen, code } = trade;
  return {
    ...{ outTradeNo, payee, amountFen, body: mark, status, tradeNo, chargedFen, returnedFen },
    authCode: code.toString(),
    refunds: Object.fromEntries(trade.refunds),
    createdAt: new Date(trade.createdAt).toISOString(),
    paidAt: trade.paidAt === null ? null : new Date(trade.paidAt).toISOString(),
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
