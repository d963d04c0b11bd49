/** Faults that only tests can plant, between the box and what it hears: the sandbox's replies, the broker, and the clock. */
import { instantOf } from "../../src/core/kernel/instant.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { signatureOf } from "../../src/providers/wechat-v2/signature.ts";
import { parseXml } from "../../src/providers/wechat-v2/xml.ts";
import type {
  BrokerConnection,
  Clock,
  HttpsLink,
  HttpsOutcome,
  HttpsRequest,
} from "../../src/runtime/ports.ts";
import type { SimulatedTime } from "../../src/simulator/outside/time.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";
import type { Planted } from "./planted.ts";

function through(https: HttpsLink, exchange: HttpsLink["exchange"]): HttpsLink {
  return {
    exchange,
    warm: (host) => https.warm(host),
    localAddress: () => https.localAddress(),
    close: (done) => https.close(done),
  };
}

/** What the box would understand if it did not look: the reply as it should have been, signed as it should be. */
function hears(asItShouldBe: (text: string, request: HttpsRequest) => string): PlantedDefect {
  return {
    https: (https) =>
      through(https, (request, done) =>
        https.exchange(request, (outcome) => done(corrected(outcome, request, asItShouldBe))),
      ),
  };
}

function corrected(
  outcome: HttpsOutcome,
  request: HttpsRequest,
  asItShouldBe: (text: string, request: HttpsRequest) => string,
): HttpsOutcome {
  if (outcome.kind !== "answered") return outcome;
  const text = new TextDecoder().decode(outcome.body);
  const right = asItShouldBe(text, request);
  return right === text ? outcome : { ...outcome, body: new TextEncoder().encode(signed(right, request)) };
}

function signed(text: string, request: HttpsRequest): string {
  const fields = parseXml(new TextEncoder().encode(text));
  if (!fields.ok) return text;
  const type = elementOf(request.body, "sign").length === 32 ? "MD5" : "HMAC-SHA256";
  return withElement(text, "sign", signatureOf(fields.value, fixtureMerchant.apiKey, type));
}

/** A reply whose `name` is what was asked for, whatever it was; only one that was signed and of a charge. */
function echoed(name: string): PlantedDefect {
  return hears((text, request) => {
    if (request.lane !== "charge" || elementOf(text, name) === "" || signed(text, request) !== text)
      return text;
    return withElement(text, name, elementOf(request.body, name));
  });
}

function elementOf(text: string, name: string): string {
  const [, value = ""] = new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]*)`).exec(text) ?? [];
  return value;
}

function withElement(text: string, name: string, value: string): string {
  return text.replace(new RegExp(`(<${name}>(?:<!\\[CDATA\\[)?)[^<\\]]*`), `$1${value}`);
}

function publishing(
  publish: (connection: BrokerConnection, time: SimulatedTime) => BrokerConnection["publish"],
): PlantedDefect {
  return {
    broker: (broker, time) => ({
      connect: (settings, listener) => {
        const connection = broker.connect(settings, listener);
        return {
          publish: publish(connection, time),
          subscribe: (topic) => connection.subscribe(topic),
          close: (done) => connection.close(done),
        };
      },
    }),
  };
}

/** A clock whose deadlines go by the time of day. */
function ofDay(clock: Clock): Clock {
  const began = clock.wall();
  const now = (): number => clock.wall() - began;
  return {
    now: () => instantOf(now()),
    wall: () => clock.wall(),
    trusted: () => clock.trusted(),
    at: (moment, callback) => clock.at(instantOf(clock.now() + moment - now()), callback),
  };
}

export const plantedOnTheWire: readonly Planted[] = [
  {
    name: "the signature of a reply is not checked",
    caughtBy: ["I10"],
    seed: 30,
    defect: hears((text, request) => signed(text, request)),
  },
  {
    name: "the amount of a reply is not compared",
    caughtBy: ["I10"],
    seed: 104,
    defect: echoed("total_fee"),
  },
  {
    name: "the number of a reply is not compared",
    caughtBy: ["I10"],
    seed: 30,
    defect: echoed("out_trade_no"),
  },
  {
    name: "the merchant of a reply is not compared",
    caughtBy: ["I10"],
    seed: 2,
    defect: echoed("mch_id"),
  },
  {
    name: "the mark of the intent in a reply is not compared",
    caughtBy: ["I10"],
    seed: 6,
    defect: echoed("attach"),
  },
  {
    name: "a charge without an answer is sent to the other host",
    caughtBy: ["I5"],
    seed: 2,
    defect: {
      https: (https) =>
        through(https, (request, done) =>
          https.exchange(request, (outcome) => {
            if (request.lane !== "charge" || outcome.kind !== "unanswered") done(outcome);
            else https.exchange({ ...request, host: "https://api2.example" }, done);
          }),
        ),
    },
  },
  {
    name: "an event counts as confirmed when it has been handed to the connection",
    caughtBy: ["I24"],
    seed: 1,
    defect: publishing((connection, time) => (message, done) => {
      connection.publish(message, () => undefined);
      time.after(0, () => done(0));
    }),
  },
  {
    name: "an event is repeated in other bytes",
    caughtBy: ["I24"],
    seed: 4,
    defect: {
      broker: (broker, time) => {
        const said = new Set<string>();
        const { broker: again } = publishing((connection) => (message, done) => {
          const { topic, payload } = message;
          const other = topic.endsWith("/tx") && said.has(payload) ? `${payload} ` : payload;
          said.add(payload);
          connection.publish({ ...message, payload: other }, done);
        });
        return again?.(broker, time) ?? broker;
      },
    },
  },
  {
    // Needs a wall clock that jumps while an order waits.
    name: "deadlines go by the wall clock",
    caughtBy: ["I17"],
    seed: 6,
    defect: { clock: ofDay },
  },
];
