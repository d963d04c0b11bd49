import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { localSockets } from "../../src/cli/run/control-paths.ts";
import type { Answer, Ask } from "../../src/commands/callers.ts";
import { put } from "../../src/commands/put.ts";
import type { Reply } from "../../src/commands/reply.ts";
import { saleStateSchema } from "../../src/commands/sale.ts";
import type { BoxStatus } from "../../src/commands/status.ts";
import { commands, type Role, roles } from "../../src/commands/table.ts";
import { REQUEST_BYTES_MAX, readAnswer, readRequest, requestLine } from "../../src/control/protocol.ts";
import { RequestLines } from "../../src/control/request-lines.ts";
import { type Admission, ControlServer, IDLE_MS, PEERS_MAX, REQUESTS_MAX } from "../../src/control/server.ts";
import type { Command, RotationOutcome } from "../../src/core/payment/command.ts";
import { saleKey } from "../../src/core/payment/selling.ts";
import type { AskRefusal, SaleAnswer, SaleState } from "../../src/core/payment/till-sale.ts";
import type {
  ControlLink,
  ControlOpened,
  ControlPeer,
  ControlPeerListener,
} from "../../src/runtime/ports.ts";
import { SimulatedControlLink, type SimulatedVisitor } from "../../src/simulator/outside/control.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { aStatus } from "../commands/a-status.ts";

const utf8 = new TextEncoder();

class Stand {
  readonly time = new SimulatedTime();
  readonly link = new SimulatedControlLink(this.time);
  readonly logged: string[] = [];
  readonly server: ControlServer;
  /** Calls of the box that have not been answered. */
  readonly rotations: ((outcome: RotationOutcome) => void)[] = [];
  asked = 0;
  status: BoxStatus | null = aStatus;
  /** What a till was heard to want, and what it is answered. */
  readonly wishes: string[] = [];
  saleAnswer: SaleAnswer = { kind: "no-sale" };

  constructor(admits: Admission = { as: "socket", may: new Set(roles) }) {
    const note = (event: string): void => void this.logged.push(event);
    this.server = new ControlServer({
      link: this.link,
      clock: new SimulatedClock(this.time, 0),
      log: { debug: note, info: note, warn: note, error: note },
      ask: (command, done) => this.#obey(command, done),
      admits,
    });
    this.server.start();
    this.pass(1);
  }

  #obey(command: Command, done: (answer: Answer) => void): void {
    if (command.name === "journal rotate") {
      this.rotations.push((outcome) => done({ kind: "rotation", outcome }));
      return;
    }
    if (command.name === "status") {
      this.asked += 1;
      const { status } = this;
      this.time.after(0, () => done(status === null ? { kind: "unread" } : { kind: "status", status }));
      return;
    }
    const { name, caller, ref, ...rest } = command;
    this.wishes.push([name, saleKey({ caller, ref }), ...Object.values(rest)].join(" "));
    this.time.after(0, () => done(this.saleAnswer));
  }

  pass(milliseconds: number): void {
    this.time.runUntil(this.time.now + milliseconds);
  }

  visit(): SimulatedVisitor {
    const visitor = this.link.visit();
    assert.ok(visitor !== null);
    return visitor;
  }

  say(visitor: SimulatedVisitor, text: string): void {
    visitor.send(utf8.encode(text));
    this.pass(1);
  }
}

/** A control socket whose visitors the test plays itself, and which tells what the box does with them. */
class Door implements ControlLink {
  readonly time = new SimulatedTime();
  /** What was sent to each visitor, and `null` where it was ended. */
  readonly done: (string | null)[][] = [];
  readonly logged: unknown[] = [];
  /** Rotations that were asked for and not answered. */
  readonly rotations: ((outcome: RotationOutcome) => void)[] = [];
  readonly server: ControlServer;
  /** How often it was asked to listen. */
  opened = 0;
  #accept: ((peer: ControlPeer) => ControlPeerListener) | null = null;
  readonly #outcomes: ControlOpened[];

  /** `outcomes` is what opening it comes to, one time after the other. */
  constructor(...outcomes: ControlOpened[]) {
    this.#outcomes = outcomes;
    const note = (event: string, fields?: object): void => void this.logged.push([event, fields]);
    this.server = new ControlServer({
      link: this,
      clock: new SimulatedClock(this.time, 0),
      log: { debug: note, info: note, warn: note, error: note },
      ask: (_, done) => void this.rotations.push((outcome) => done({ kind: "rotation", outcome })),
      admits: { as: "socket", may: everything },
    });
    this.server.start();
  }

  listen(accept: (peer: ControlPeer) => ControlPeerListener, done: (outcome: ControlOpened) => void): void {
    this.opened += 1;
    this.#accept = accept;
    done(this.#outcomes.shift() ?? { kind: "listening", path: "/run/a.sock" });
  }

  close(done: () => void): void {
    done();
  }

  come(): ControlPeerListener {
    assert.ok(this.#accept !== null);
    const seen: (string | null)[] = [];
    this.done.push(seen);
    return this.#accept({ send: (text) => void seen.push(text), end: () => void seen.push(null) });
  }

  pass(milliseconds: number): void {
    this.time.runUntil(this.time.now + milliseconds);
  }
}

const nobody: Ask = () => undefined;
const everything: ReadonlySet<Role> = new Set(roles);

const armedSale: SaleState = {
  ref: "A-1",
  amountFen: 1_250,
  state: "armed",
  final: false,
  charged: "no",
  late: false,
  reason: null,
  outTradeNo: null,
  shortRef: null,
  transactionId: null,
  repeated: false,
};

function answers(visitor: SimulatedVisitor): readonly unknown[] {
  assert.ok(visitor.heard === "" || visitor.heard.endsWith("\n"));
  return visitor.heard
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const answer = readAnswer(line);
      assert.ok(answer !== null, line);
      return answer.ok ? answer.result : answer.problem;
    });
}

describe("the control socket of a box", () => {
  it("answers each request with one line, in order, however it is cut", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    const text = `${requestLine("status")}\r\n\n${requestLine("statuz")}${requestLine("status", { all: 1 })}`;
    for (const character of text) visitor.send(utf8.encode(character));
    stand.pass(1);
    assert.deepEqual(answers(visitor), [aStatus, "unknown-command", "arguments"]);
    assert.equal(visitor.ended, false);
  });

  it("answers one after the other where the first takes its time", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, requestLine("journal rotate") + requestLine("status"));
    assert.deepEqual([answers(visitor), stand.rotations.length], [[], 1]);
    stand.rotations[0]?.({ kind: "rotated", row: 7, dropped: 3 });
    stand.pass(1);
    assert.deepEqual(answers(visitor), [{ kind: "rotated", row: 7, dropped: 3 }, aStatus]);
  });

  it("says why the answer is no", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, requestLine("journal rotate"));
    stand.rotations[0]?.({ kind: "refused", why: "a payment is not over yet" });
    assert.match(visitor.heard, /"problem":"refused","message":"a payment is not over yet"/);
  });

  it("ends a line that is too long, and reads nothing after it", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, `${"x".repeat(REQUEST_BYTES_MAX)}\n${requestLine("status")}`);
    assert.deepEqual(answers(visitor), ["malformed", aStatus], "the bound itself is allowed");
    stand.say(visitor, `${"x".repeat(REQUEST_BYTES_MAX + 1)}\n${requestLine("status")}`);
    assert.deepEqual(answers(visitor), ["malformed", aStatus, "too-long"]);
    assert.match(visitor.heard, /"message":"The request is too long\."/);
    assert.ok(visitor.ended);
    assert.equal(stand.asked, 1);
  });

  it("says which version it speaks", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, '{"v":2,"command":"status","new":true}\n');
    assert.match(visitor.heard, /"problem":"version","message":"This box speaks version 1 of the protocol."/);
  });

  it("shows who says no version, or none that is a number, what a request looks like", () => {
    for (const line of ['{"command":"status"}', '{"v":"2","command":"status"}', '{"v":1}', "status"]) {
      const stand = new Stand();
      const visitor = stand.visit();
      stand.say(visitor, `${line}\n`);
      assert.deepEqual(answers(visitor), ["malformed"], line);
      const { message } = JSON.parse(visitor.heard) as { readonly message: string };
      const [, example] = /^A request is one line of JSON such as (\{.+\})\.$/.exec(message) ?? [];
      assert.ok(example !== undefined && readRequest(example, "socket").ok, message);
    }
  });

  it("lets in so many and no more, and the next one when somebody leaves", () => {
    const stand = new Stand();
    const visitors = Array.from({ length: PEERS_MAX }, () => stand.visit());
    const late = stand.visit();
    assert.deepEqual([answers(late), late.ended], [["too-many-programs"], true]);
    assert.match(late.heard, /"message":"Too many programs ask at once; try again\."/);
    visitors[0]?.leave();
    visitors[1]?.finish();
    stand.pass(1);
    assert.equal(visitors[1]?.ended, true, "nothing was left to answer");
    const next = [stand.visit(), stand.visit()];
    for (const visitor of next) stand.say(visitor, requestLine("status"));
    assert.deepEqual(next.map(answers), [[aStatus], [aStatus]]);
  });

  it("gives the place of who goes before the answer to the next one", () => {
    const stand = new Stand();
    const visitors = Array.from({ length: PEERS_MAX }, () => stand.visit());
    for (const visitor of visitors) stand.say(visitor, requestLine("journal rotate"));
    visitors[0]?.leave();
    stand.pass(2);
    const next = stand.visit();
    stand.say(next, requestLine("status"));
    assert.deepEqual(answers(next), [aStatus]);
    stand.rotations[0]?.({ kind: "nothing" });
    assert.equal(visitors[0]?.heard, "");
  });

  it("says nothing to who was sent away, and minds nothing that they still say", () => {
    const door = new Door();
    const late = requestLine("journal rotate");
    const inside = Array.from({ length: PEERS_MAX }, () => door.come());
    const refused = door.come();
    assert.deepEqual(door.done.at(-1)?.slice(1), [null]);
    refused.received(utf8.encode(late));
    refused.finished();
    refused.closed();
    assert.deepEqual([door.done.at(-1)?.length, door.rotations.length], [2, 0]);
    const [first, second] = inside;
    first?.received(utf8.encode(late.repeat(2 + REQUESTS_MAX)));
    const [problem, ...rest] = door.done[0] ?? [];
    assert.match(problem ?? "", /"too-many-requests","message":"Wait for the answers before you ask more\."/);
    assert.deepEqual(rest, [null]);
    first?.received(utf8.encode(late));
    second?.received(utf8.encode(late));
    door.server.stop(() => undefined);
    for (const done of door.rotations) done({ kind: "nothing" });
    door.pass(2 * IDLE_MS);
    assert.deepEqual([door.done[0]?.length, door.done[1], door.rotations.length], [2, [null], 2]);
  });

  it("answers who has said everything, and ends them then", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    visitor.send(utf8.encode(requestLine("journal rotate")));
    visitor.finish();
    stand.pass(1);
    assert.equal(visitor.ended, false);
    stand.rotations[0]?.({ kind: "nothing" });
    assert.deepEqual([answers(visitor), visitor.ended], [[{ kind: "nothing" }], true]);
  });

  it("ends who says nothing for long, and who asks without end", () => {
    const stand = new Stand();
    const silent = stand.visit();
    const idle = stand.visit();
    stand.pass(IDLE_MS - 2);
    assert.equal(idle.ended, false);
    stand.say(idle, requestLine("status"));
    stand.pass(IDLE_MS - 2);
    assert.equal(idle.ended, false, "a request begins the time anew");
    assert.ok(silent.ended, "who never said anything is ended as well");
    stand.pass(10);
    assert.ok(idle.ended);
    const busy = stand.visit();
    for (let asked = 0; asked < 3 * REQUESTS_MAX; asked += 1) stand.say(busy, requestLine("status"));
    assert.equal(
      answers(busy).length,
      3 * REQUESTS_MAX,
      "who is answered may ask again, as often as it likes",
    );
    stand.say(busy, requestLine("journal rotate").repeat(REQUESTS_MAX));
    stand.say(busy, requestLine("status"));
    assert.equal(busy.ended, false, "one is being answered, and so many wait");
    stand.say(busy, requestLine("status"));
    assert.ok(busy.ended);
    assert.equal(answers(busy).at(-1), "too-many-requests");
  });

  it("answers no more in a turn than may wait, even of what is refused at once", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, "1\n".repeat(REQUESTS_MAX));
    assert.deepEqual(
      answers(visitor),
      Array.from({ length: REQUESTS_MAX }, () => "malformed"),
    );
    assert.equal(visitor.ended, false);
    stand.say(visitor, "1\n".repeat(32_768));
    assert.ok(visitor.ended, "a box that answers these is at no payment meanwhile");
    assert.equal(answers(visitor).length, 2 * REQUESTS_MAX + 1);
    assert.equal(answers(visitor).at(-1), "too-many-requests");
  });

  it("hears of nobody after it was closed, not even of an answer", () => {
    const stand = new Stand();
    const visitor = stand.visit();
    stand.say(visitor, requestLine("journal rotate"));
    let closed = false;
    stand.server.stop(() => {
      closed = true;
    });
    assert.equal(closed, false);
    stand.pass(1);
    assert.ok(closed && visitor.ended);
    stand.rotations[0]?.({ kind: "nothing" });
    assert.equal(visitor.heard, "");
    assert.equal(stand.link.visit(), null);
  });

  it("says that the box is stopping where it has no status to give any more", () => {
    const stand = new Stand();
    stand.status = null;
    const visitor = stand.visit();
    stand.say(visitor, requestLine("status"));
    assert.deepEqual(answers(visitor), ["unread"]);
  });

  it("lets each in to what is its own: tills sell and operators do not, operators rotate and tills do not", () => {
    const requests = [...commands.keys()].map((name) => requestLine(name)).join("");
    for (const { as, may } of localSockets) {
      const stand = new Stand({ as, may });
      const visitor = stand.visit();
      stand.say(visitor, requests + requestLine("statuz"));
      stand.rotations[0]?.({ kind: "nothing" });
      stand.pass(1);
      const refused = [...commands].map(([, { role }]) => !may.has(role));
      const heard = answers(visitor);
      assert.deepEqual(
        heard.slice(0, -1).map((answer) => answer === "not-allowed"),
        refused,
        as,
      );
      assert.ok(refused.includes(true) && refused.includes(false));
      const [, lacking] = [...commands].find(([, { role }]) => !may.has(role)) ?? [];
      assert.ok(
        visitor.heard.includes(`This takes the role \\"${lacking?.role}\\", which who asks here`),
        as,
      );
      const known = [...commands].filter(([, { role }]) => may.has(role)).map(([name]) => name);
      assert.match(visitor.heard, new RegExp(`there are: ${known.join(", ")}\\.`));
      assert.equal(stand.rotations.length, may.has("operate") ? 1 : 0);
    }
  });

  it("that cannot be opened costs a line in the log for each reason, and is opened when that becomes possible", () => {
    const refused = (why: string) => ({ kind: "refused", why }) as const;
    const door = new Door(refused("taken"), refused("taken"), refused("no folder"));
    const closed = (problem: string) => ["control.closed", { problem }];
    assert.deepEqual(door.logged, [closed("taken")]);
    door.pass(10_000);
    assert.deepEqual([door.opened, door.logged.length], [2, 1], "the same again is not said again");
    door.pass(10_000);
    assert.deepEqual(door.logged, [closed("taken"), closed("no folder")]);
    door.pass(60_000);
    assert.deepEqual(door.logged.slice(2), [["control.listening", { path: "/run/a.sock" }]]);
    assert.equal(door.opened, 4, "what is open is not opened again");
  });

  it("is not opened any more once the box stops", () => {
    const door = new Door({ kind: "refused", why: "taken" });
    door.server.stop(() => undefined);
    door.pass(60_000);
    assert.equal(door.opened, 1);
  });
});

describe("a till at the control socket", () => {
  const sayAll = (answer: SaleAnswer, ...requests: readonly string[]) => {
    const stand = new Stand();
    stand.saleAnswer = answer;
    const visitor = stand.visit();
    for (const request of requests) stand.say(visitor, request);
    return { answers: answers(visitor), heard: visitor.heard, wishes: stand.wishes };
  };

  it("asks for an amount, asks about it and withdraws it", () => {
    const { answers: said, wishes } = sayAll(
      { kind: "state", sale: armedSale },
      requestLine("pay", { ref: "A-1", amountFen: 1_250 }),
      requestLine("sale", { ref: "A-1" }),
      requestLine("withdraw", { ref: "A-1" }),
    );
    assert.deepEqual(wishes, ["pay socket A-1 1250", "sale socket A-1", "withdraw socket A-1"]);
    assert.equal(said.length, 3);
    for (const answer of said) assert.deepEqual(answer, armedSale);
    for (const charged of ["no", "yes", "unknown"] as const) {
      const sale = { ...armedSale, charged };
      assert.deepEqual(saleStateSchema.parse(sale), sale);
    }
  });

  it("waits until its sale moves, for as long as it says, and for 25 s where it says nothing", () => {
    const waits = (args: object): string => requestLine("wait", { ref: "A-1", ...args });
    const { answers: said, wishes } = sayAll(
      { kind: "state", sale: armedSale },
      waits({ state: "armed", withinMs: 0 }),
      waits({ state: "charging" }),
      waits({ state: "charging", withinMs: 25_000 }),
      waits({ state: "charging", withinMs: 25_001 }),
      waits({ state: "charging", withinMs: -1 }),
      waits({ state: "waiting" }),
    );
    const charging = "wait socket A-1 charging 25000";
    assert.deepEqual(wishes, ["wait socket A-1 armed 0", charging, charging]);
    assert.deepEqual(said, [armedSale, armedSale, armedSale, "arguments", "arguments", "arguments"]);
  });

  it("is told each refusal in a sentence of its own", () => {
    const each: Readonly<Record<AskRefusal, true>> = {
      ...{ "not-offered": true, "not-ready": true, busy: true, "ref-used": true },
      ...{ "other-amount": true, "amount-too-large": true, "amount-uneven": true },
    };
    const refusals = Object.keys(each) as AskRefusal[];
    const request = { command: "pay", caller: "socket", args: { ref: "A-1", amountFen: 1_250 } };
    const sentences = refusals.map((why) => {
      const replies: Reply[] = [];
      const answer = { kind: "refused", why, blocker: null } as const;
      put(
        request,
        everything,
        (_, done) => done(answer),
        (reply) => replies.push(reply),
      );
      const [reply] = replies;
      assert.ok(reply?.ok === false && reply.problem === why);
      return reply.message;
    });
    assert.equal(new Set(sentences).size, refusals.length);
    for (const sentence of sentences) assert.match(sentence, /^[A-Z].{20,}[^.]\.$/);
    const unknown = sayAll({ kind: "no-sale" }, requestLine("sale", { ref: "A-1" }));
    assert.match(unknown.heard, /"message":"The box knows of no sale with this ref\."/);
    const unread = sayAll({ kind: "unread" }, requestLine("sale", { ref: "A-1" }));
    assert.match(unread.heard, /"message":"The journal cannot be read now: .+\."/);
  });

  it("is one caller among others where it has a name", () => {
    const { wishes } = sayAll(
      { kind: "state", sale: armedSale },
      requestLine("pay", { ref: "A-1", amountFen: 1_250 }, "north"),
      requestLine("sale", { ref: "A-1" }, "south"),
    );
    assert.deepEqual(wishes, ["pay socket/north A-1 1250", "sale socket/south A-1"]);
    for (const name of ["", "a b", "a/b", "x".repeat(33)]) {
      const wrong = sayAll({ kind: "no-sale" }, requestLine("sale", { ref: "A-1" }, name));
      assert.deepEqual([wrong.answers, wrong.wishes], [["malformed"], []]);
    }
  });

  it("is told why an amount is not taken", () => {
    const pay = requestLine("pay", { ref: "A-1", amountFen: 1 });
    const notReady = sayAll({ kind: "refused", why: "not-ready", blocker: "no-scanner" }, pay);
    assert.deepEqual(notReady.answers, ["not-ready"]);
    assert.match(notReady.heard, /"The box takes no payments now \(no-scanner\)\."/);
    const starting = sayAll({ kind: "refused", why: "not-ready", blocker: null }, pay);
    assert.match(starting.heard, /"The box takes no payments now\."/);
    assert.deepEqual(sayAll({ kind: "refused", why: "busy", blocker: null }, pay).answers, ["busy"]);
    const sale = requestLine("sale", { ref: "A-1" });
    assert.deepEqual(sayAll({ kind: "no-sale" }, sale).answers, ["no-sale"]);
    assert.deepEqual(sayAll({ kind: "unread" }, sale).answers, ["unread"]);
  });

  it("hears which of its arguments is wrong", () => {
    const cases: readonly (readonly [args: object, which: string])[] = [
      [{ ref: "A 1", amountFen: 1_250 }, '"ref"'],
      [{ ref: "A-1" }, '"amountFen"'],
      [{ ref: "", amountFen: 99_999_999 }, '"ref", "amountFen"'],
      [{ ref: "A-1", amountFen: 1_250, currency: "CNY" }, '"currency" (not known)'],
      [{ ref: "A-1", amountFen: 1_250, "\u001b[2J": 1 }, "one that is not known"],
      [{ ref: "A-1", amountFen: 1_250, "a\u001b[2J": 1 }, "one that is not known"],
      [{ ref: "A-1", amountFen: 1_250, ["x".repeat(65)]: 1 }, "one that is not known"],
      [[], "they are no object"],
    ];
    for (const [args, which] of cases) {
      const request = { command: "pay", caller: "socket", args };
      const replies: Reply[] = [];
      put(request, everything, nobody, (reply) => replies.push(reply));
      const message = `These arguments are missing or wrong: ${which}.`;
      assert.deepEqual(replies, [{ ok: false, problem: "arguments", message }]);
    }
  });

  it("is refused amounts and ids that are none", () => {
    const wrong = [
      { ref: "A-1", amountFen: 0 },
      { ref: "A-1", amountFen: 1.5 },
      { ref: "A-1", amountFen: 10_000_000 },
      { ref: "A-1", amountFen: "1250" },
      { ref: "A 1", amountFen: 1_250 },
      { ref: 'A"1', amountFen: 1_250 },
      { ref: "", amountFen: 1_250 },
      { ref: "x".repeat(65), amountFen: 1_250 },
      { ref: "A-1", amountFen: 1_250, currency: "EUR" },
      { amountFen: 1_250 },
    ];
    const { answers: said, wishes } = sayAll(
      { kind: "no-sale" },
      ...wrong.map((args) => requestLine("pay", args)),
    );
    assert.deepEqual(
      said,
      wrong.map(({ amountFen }) => (amountFen === 10_000_000 ? "amount-too-large" : "arguments")),
    );
    assert.deepEqual(wishes, []);
  });
});

describe("whatever bytes come in", () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 6_000 }),
    fc.json().map((text) => utf8.encode(`${text}\n`)),
    fc.string().map((command) => utf8.encode(requestLine(command))),
    fc.constantFrom("status", "journal rotate", "__proto__", "constructor").map((command) => {
      return utf8.encode(requestLine(command, JSON.parse('{"__proto__":{"v":1}}')));
    }),
  );

  it("each line is answered once, a sane one still is, and nothing throws", () => {
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 6 }), (chunks) => {
        const stand = new Stand();
        const visitor = stand.visit();
        for (const chunk of chunks) visitor.send(chunk);
        visitor.send(utf8.encode("\n"));
        stand.pass(1);
        for (const done of stand.rotations) done({ kind: "nothing" });
        const before = answers(visitor).length;
        if (visitor.ended) {
          assert.ok(["too-long", "too-many-requests"].includes(String(answers(visitor).at(-1))));
          return;
        }
        stand.say(visitor, requestLine("status"));
        assert.equal(answers(visitor).length, before + 1);
        assert.deepEqual(answers(visitor).at(-1), aStatus);
      }),
      { numRuns: 300 },
    );
  });

  it("a line is what stands before its end, with or without CR, and nothing is none", () => {
    const lines = new RequestLines();
    const line = (text: string) => ({ kind: "line", text });
    assert.deepEqual(lines.pass(utf8.encode("a\r\n\r\n\nb\n\rc")), [line("a"), line("b")]);
    assert.deepEqual(lines.pass(utf8.encode("d\n")), [line("\rcd")]);
  });

  it("no more than one line is kept", () => {
    const lines = new RequestLines();
    const chunk = new Uint8Array(65_536).fill(0x78);
    const found = Array.from({ length: 64 }, () => lines.pass(chunk)).flat();
    assert.deepEqual(found, [{ kind: "too-long" }]);
  });

  it("a request is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 64 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (command, args) => {
          const read = readRequest(requestLine(command, args).trimEnd(), "socket");
          assert.ok(read.ok);
          assert.equal(read.request.command, command);
          assert.deepEqual(JSON.stringify(read.request.args), JSON.stringify(args));
        },
      ),
    );
  });
});
