/** Faults that only tests can plant on the wire of Alipay, and in what the core is told of it. */
import type { ProviderFacts } from "../../src/core/payment/provider.ts";
import type { Rules } from "../../src/core/payment/rules.ts";
import { alipaySandboxes } from "../../src/providers/alipay/sandbox/sandboxes.ts";
import { publicHalf, worldGatewayKey } from "../../src/providers/alipay/sandbox/world-keys.ts";
import { signatureOf, signatureState } from "../../src/providers/alipay/signature.ts";
import { splitReply } from "../../src/providers/alipay/split-reply.ts";
import { fenOfYuan } from "../../src/providers/alipay/yuan.ts";
import { simulatedProviders } from "../../src/providers/sandboxes.ts";
import type { HttpsLink, HttpsRequest } from "../../src/runtime/ports.ts";
import type { PlantedDefect } from "../../src/simulator/site/planted-defect.ts";
import type { Planted } from "./planted.ts";
import { mishears, otherTurns } from "./planted-core.ts";

type Members = Readonly<Record<string, string>>;

/** A reply of the gateway to a call of the box. */
interface Heard {
  readonly method: string;
  readonly order: string;
  readonly root: string;
  readonly text: string;
  /** What a parser makes of the object, the last of two members included. */
  readonly members: Members;
  /** Whether it is signed as the box checks it. */
  readonly genuine: boolean;
}

const keys = { mode: "key", key: publicHalf(worldGatewayKey) } as const;

/** What the box would understand if it did not look: a reply as it should have been, signed as it should be; null leaves it. */
function understands(begin: () => (heard: Heard) => Members | string | null): PlantedDefect {
  return {
    https: (https) => {
      const otherwise = begin();
      return through(https, (request, done) =>
        https.exchange(request, (outcome) => {
          const heard = outcome.kind === "answered" ? heardOf(request, outcome.body) : null;
          const other = heard === null ? null : otherwise(heard);
          if (outcome.kind !== "answered" || heard === null || other === null) return done(outcome);
          const text = typeof other === "string" ? other : written(heard.root, JSON.stringify(other));
          done({ ...outcome, body: Buffer.from(text) });
        }),
      );
    },
  };
}

function through(https: HttpsLink, exchange: HttpsLink["exchange"]): HttpsLink {
  return {
    exchange,
    warm: (host) => https.warm(host),
    localAddress: () => https.localAddress(),
    close: (done) => https.close(done),
  };
}

function heardOf({ path, body }: HttpsRequest, bytes: Uint8Array): Heard | null {
  const method = new URLSearchParams(path.slice(path.indexOf("?") + 1)).get("method");
  if (method === null) return null;
  const text = Buffer.from(bytes).toString();
  const { out_trade_no: order = "" } = JSON.parse(
    new URLSearchParams(body).get("biz_content") ?? "{}",
  ) as Members;
  const split = splitReply(bytes, method);
  const root = `${method.replaceAll(".", "_")}_response`;
  const members = (parsed(text)?.[root] ?? {}) as Members;
  const genuine = split !== null && signatureState(split, keys).startsWith("valid");
  return { method, order, root, text, members, genuine };
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function written(root: string, object: string): string {
  return `{"${root}":${object},"sign":"${signatureOf(object, worldGatewayKey)}"}`;
}

/** The same reply without a signature that holds. */
const spoilt = (text: string): string => text.replace(/"sign":"[^"]*"/g, '"sign":"AAAA"');

const QUERY = "alipay.trade.query";
const PAY = "alipay.trade.pay";
const CANCEL = "alipay.trade.cancel";

/** Signed replies are read otherwise. */
function reads(otherwise: (heard: Heard) => Members | string | null): PlantedDefect {
  return understands(() => (heard) => (heard.genuine ? otherwise(heard) : null));
}

/** A cancel of which this is said counts as done: the next query is not listened to. */
function believesCancel(isDone: (members: Members) => boolean): PlantedDefect {
  return understands(() => {
    const cancelled = new Set<string>();
    return ({ method, order, members, genuine }) => {
      if (method === CANCEL && genuine && isDone(members)) cancelled.add(order);
      if (method !== QUERY || !cancelled.has(order)) return null;
      return { code: "10000", out_trade_no: order, trade_no: "1", trade_status: "TRADE_CLOSED" };
    };
  });
}

/** A core that is told other facts of its providers. */
function facts(other: (real: ProviderFacts) => ProviderFacts): PlantedDefect {
  return otherTurns(({ before, event, stamp, rules }, real) =>
    real(before, event, stamp, withFacts(rules, other)),
  );
}

function withFacts(rules: Rules, other: (real: ProviderFacts) => ProviderFacts): Rules {
  return { ...rules, providers: new Map([...rules.providers].map(([id, one]) => [id, other(one)])) };
}

const declined = (order: string): Members => ({
  ...{ code: "40004", sub_code: "ACQ.BUYER_BALANCE_NOT_ENOUGH", out_trade_no: order },
});

/** In worlds of both, or of Alipay alone. */
const both = { providers: simulatedProviders } as const;
const alone = { providers: [alipaySandboxes.world] } as const;

export const plantedForAlipay: readonly Planted[] = [
  {
    ...alone,
    name: "a cancel that says that it is done is believed without a query",
    caughtBy: ["I16"],
    seed: 5,
    defect: believesCancel(({ code, retry_flag: again }) => code === "10000" && again === "N"),
  },
  {
    ...alone,
    name: "a cancel is over with whatever is answered, also where it asks for another call",
    caughtBy: ["I16"],
    seed: 5,
    defect: believesCancel(() => true),
  },
  {
    ...alone,
    name: "a cancelled order counts as closed while it waits for its buyer",
    caughtBy: ["I16"],
    seed: 7,
    defect: understands(() => {
      const cancelled = new Set<string>();
      return ({ method, order, members, genuine }) => {
        if (method === CANCEL) cancelled.add(order);
        const waits = genuine && method === QUERY && members.trade_status === "WAIT_BUYER_PAY";
        return waits && cancelled.has(order) ? { ...members, trade_status: "TRADE_CLOSED" } : null;
      };
    }),
  },
  {
    ...alone,
    name: "amounts are compared as floats",
    caughtBy: ["I10"],
    seed: 177,
    defect: reads(({ members: { total_amount: total, ...members } }) => {
      if (total === undefined || fenOfYuan(total) !== null) return null;
      return { ...members, total_amount: (Math.round(Number(total) * 100) / 100).toFixed(2) };
    }),
  },
  {
    ...alone,
    name: "an amount that is not there is not missed",
    caughtBy: ["I10"],
    seed: 117,
    defect: {
      https: (https) => {
        const amounts = new Map<string, string>();
        const { https: bent } = reads(({ order, members }) => {
          const paid = members.trade_status === "TRADE_SUCCESS" && members.total_amount === undefined;
          return paid ? { ...members, total_amount: amounts.get(order) ?? "" } : null;
        });
        const link = bent?.(https) ?? https;
        return through(link, (request, done) => {
          const content = JSON.parse(new URLSearchParams(request.body).get("biz_content") ?? "{}") as Members;
          const { out_trade_no: order, total_amount: total } = content;
          if (order !== undefined && total !== undefined) amounts.set(order, total);
          link.exchange(request, done);
        });
      },
    },
  },
  {
    ...alone,
    name: "the amount of a query is not compared",
    caughtBy: ["I10"],
    seed: 4,
    defect: {
      https: (https) => {
        const amounts = new Map<string, string>();
        const { https: bent } = reads(({ method, order, members }) => {
          const total = amounts.get(order);
          const same = total === undefined || members.total_amount === total;
          return same || method !== QUERY ? null : { ...members, total_amount: total };
        });
        const link = bent?.(https) ?? https;
        return through(link, (request, done) => {
          const content = JSON.parse(new URLSearchParams(request.body).get("biz_content") ?? "{}") as Members;
          const { out_trade_no: order, total_amount: total } = content;
          if (order !== undefined && total !== undefined) amounts.set(order, total);
          link.exchange(request, done);
        });
      },
    },
  },
  {
    ...alone,
    name: "the signature of Alipay's replies is not checked",
    caughtBy: ["I10"],
    seed: 95,
    defect: understands(() => ({ method, members, genuine }) => {
      return genuine || method !== QUERY || members.code === undefined ? null : members;
    }),
  },
  {
    // Needs an order that only replies of another form tell of.
    ...alone,
    name: "the signature is checked over what a parser has read and written again",
    caughtBy: ["liveness"],
    seed: 2,
    defect: reads(({ method, text, members }) => {
      const split = splitReply(Buffer.from(text), method);
      return split === null || Buffer.from(split.signed, "latin1").toString() === JSON.stringify(members)
        ? null
        : spoilt(text);
    }),
  },
  {
    ...alone,
    name: "what is signed is cut at the first signature that the reply seems to have",
    caughtBy: ["liveness"],
    seed: 7,
    defect: reads(({ text }) => {
      return (text.match(/\\",\\"sign\\":|","sign":|},"sign":/g) ?? []).length > 1 ? spoilt(text) : null;
    }),
  },
  {
    // The signature is over the first one, as it is cut; the parser reads the last one.
    ...alone,
    name: "of two objects the last one is believed",
    caughtBy: ["I10"],
    seed: 1,
    defect: {
      ...facts((real) => ({ ...real, chargeProves: true })),
      ...understands(() => ({ text, root, members }) => {
        return text.split(`"${root}":`).length > 2 ? members : null;
      }),
    },
  },
  {
    ...alone,
    name: "of two members of what is signed the last one is believed, though they differ",
    caughtBy: ["I10"],
    seed: 4,
    defect: reads(({ text, members }) => (text.split('"code":').length > 2 ? members : null)),
  },
  {
    ...alone,
    name: "10003 is taken for a payment",
    caughtBy: ["I10"],
    seed: 1,
    defect: {
      ...facts((real) => ({ ...real, chargeProves: true })),
      ...reads(({ method, members }) =>
        method === PAY && members.code === "10003" ? { ...members, code: "10000" } : null,
      ),
    },
  },
  {
    ...alone,
    name: "a system error of the gateway is taken for a decline (20000)",
    caughtBy: ["I9"],
    seed: 2,
    defect: understands(() => ({ method, order, members, text }) => {
      const broken = members.code === "20000" || text.includes('"code":"20000"');
      return method === PAY && broken ? declined(order) : null;
    }),
  },
  {
    ...alone,
    name: "a refusal without a signature is final",
    caughtBy: ["I9"],
    seed: 17,
    defect: understands(() => ({ method, order, members, genuine }) => {
      return method === PAY && !genuine && members.code === "40002" ? declined(order) : null;
    }),
  },
  {
    ...alone,
    name: "the number of a reply of Alipay's is not compared",
    caughtBy: ["I10"],
    seed: 1,
    defect: {
      ...facts((real) => ({ ...real, chargeProves: true })),
      ...reads(({ method, order, members: { out_trade_no: said, ...members } }) =>
        method === PAY && said !== undefined && said !== order ? { ...members, out_trade_no: order } : null,
      ),
    },
  },
  {
    // Needs a provider that was removed at a start.
    ...both,
    name: "a provider that was removed takes new payments all the same",
    caughtBy: ["account"],
    seed: 1,
    defect: {
      core: (core) => {
        const all = (rules: Rules): Rules => withFacts(rules, (real) => ({ ...real, charges: true }));
        return {
          firstTurn: (event, stamp, rules) => core.firstTurn(event, stamp, all(rules)),
          nextTurn: (before, event, stamp, rules) => core.nextTurn(before, event, stamp, all(rules)),
        };
      },
    },
  },
  {
    // Needs an order that is open at a start, of the second of two.
    ...both,
    name: "after a start the wrong provider is asked",
    caughtBy: ["account"],
    seed: 6,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const effects = turn.effects.map((effect) => {
        if (effect.type !== "query" || turn.box.orders.get(effect.intent.outTradeNo)?.recovered !== true)
          return effect;
        const [first] = rules.providers.values();
        return first === undefined ? effect : { ...effect, intent: { ...effect.intent, payee: first.payee } };
      });
      return { ...turn, effects };
    }),
  },
  {
    ...both,
    name: "what one provider says is believed of an order of the other",
    caughtBy: ["I10"],
    seed: 7,
    defect: {
      core: (core) => {
        let paid: { readonly provider: string; readonly transactionId: string } | null = null;
        const { core: bent } = mishears((event, { intent }) => {
          if (event.type !== "query-answered") return event;
          const { answer } = event;
          const { provider } = intent.payee;
          if (answer.kind === "paid") paid = { provider, transactionId: answer.transactionId };
          const others = paid !== null && paid.provider !== provider && answer.kind === "unpaid";
          return others && paid !== null
            ? { ...event, answer: { kind: "paid", transactionId: paid.transactionId } }
            : event;
        });
        return bent?.(core) ?? core;
      },
    },
  },
  {
    // Needs two of which one is down while somebody comes with the wallet of the other.
    ...both,
    name: "the outage of one provider is taken for one of all",
    caughtBy: ["service"],
    seed: 7,
    defect: otherTurns(({ before, event, stamp, rules }, real) => {
      const turn = real(before, event, stamp, rules);
      const health = [...turn.box.health];
      const down = health.find(([, { proved, unclear }]) => !proved || unclear);
      if (down === undefined) return turn;
      return {
        ...turn,
        box: { ...turn.box, health: new Map(health.map(([id, one]) => [id, { ...one, unclear: true }])) },
      };
    }),
  },
];
