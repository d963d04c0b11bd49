/** The checker on providers that nobody has written: two sandboxes that tell neutral words, and a journal beside them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Screen } from "../../src/core/payment/screen.ts";
import type { HttpsRequest, StoredRow } from "../../src/runtime/ports.ts";
import { InvariantChecker } from "../../src/simulator/checker/invariant-checker.ts";
import { Random } from "../../src/simulator/outside/random.ts";
import type { Asked, Fact, Proof, Said, Sandbox } from "../../src/simulator/outside/sandbox.ts";
import { SimulatedDisk } from "../../src/simulator/outside/store.ts";
import { SimulatedTime } from "../../src/simulator/outside/time.ts";

const ours = "kind-1 app-1";
const theirs = "kind-2 app-2";
const code = "134567890123456789";

/** One that says what it was told to say. */
class FakeSandbox implements Sandbox {
  facts: Fact[] = [];

  isOwn(): boolean {
    return true;
  }

  asked(): Asked {
    throw new Error("the world reads the requests of this test");
  }

  serve(): { readonly reply: { readonly kind: "drop" }; readonly said: null } {
    return { reply: { kind: "drop" }, said: null };
  }

  take(): readonly Fact[] {
    return this.facts.splice(0);
  }
}

const request: HttpsRequest = {
  ...{ lane: "charge", host: "https://api.example", method: "POST", path: "/", headers: {}, body: "" },
  ...{ replyBytesMax: 1, sendWithinMs: 1_000, answerWithinMs: 1_000 },
};

/** A world in which one order of 5.00 is charged for `ours`; the journal says that it was paid. */
class Stage {
  readonly first = new FakeSandbox();
  readonly second = new FakeSandbox();
  readonly #disk: SimulatedDisk;
  readonly #checker: InvariantChecker;
  #rows: readonly StoredRow[] = [];

  constructor() {
    const time = new SimulatedTime();
    this.#disk = new SimulatedDisk(time, new Random(1));
    this.#checker = new InvariantChecker({ disk: this.#disk, time, sandboxes: [this.first, this.second] });
    this.#checker.started();
    this.#checker.reads({ text: "armed", amountFen: 500 } as unknown as Screen);
  }

  /** The order is paid, as far as box and journal go; `named` is the account that its request names. */
  pays(proves: readonly Proof[] = ["paid"], named = ours): void {
    const intent = { codeHash: "a", nonce: "mark", caller: null, payee: { key: ours } };
    this.#writes({ state: "charging", final: false, charged: "unknown" }, { intent });
    const asked: Asked = {
      ...{
        call: "charge",
        order: "one",
        payee: named,
        amountFen: 500,
        code,
        notBeforeMs: 0,
        needsClock: false,
      },
    };
    const said: Said = {
      ...{ order: "one", signed: true, honest: true, proves },
      ...{ absent: false, shows: false, known: false, pretended: false },
    };
    const reply = { kind: "reply", status: 200, headers: {}, body: new Uint8Array(1), delayMs: 0 } as const;
    this.#checker.asked(request, asked, { contradicted: false, clockTrusted: true });
    this.#checker.arrived(asked);
    this.#checker.served(reply, said);
    const { status, headers, body } = reply;
    this.#checker.answered(request, { kind: "answered", status, headers, body });
    this.#writes({ state: "paid", final: true, charged: "yes" });
  }

  /** What the checker says in the end. */
  get findings(): readonly string[] {
    this.#checker.final({ reported: false });
    return this.#checker.findings.map(({ check, sentence }) => `${check}: ${sentence}`);
  }

  #writes(tx: object, more: object = {}): void {
    const whole = { outTradeNo: "one", amountFen: 500, ref: null, late: false, dispense: null, ...tx };
    const n = this.#rows.length + 1;
    const body = JSON.stringify({ tx: whole, ...more });
    const row = { n, seq: n, kind: "tx", subject: "one", final: false, body, hash: "" };
    this.#rows = [...this.#rows, row];
    this.#disk.replace("journal", this.#rows, {});
  }
}

/** A payment as the books of an account have it. */
function paid(payee: string, nonce = "mark", order = "one"): readonly Fact[] {
  const of = { order, payee, at: 0 };
  return [
    { ...of, kind: "opened", amountFen: 500, nonce },
    { ...of, kind: "charged", amountFen: 500, code },
    { ...of, kind: "ended" },
  ];
}

test("a payment on which box, journal and books agree is no finding, whichever sandbox has it", () => {
  for (const place of ["first", "second"] as const) {
    const stage = new Stage();
    stage[place].facts.push(...paid(ours));
    stage.pays();
    assert.deepEqual(stage.findings, []);
  }
});

test("a payment that no answer has proved is one", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(ours));
  stage.pays([]);
  assert.deepEqual(stage.findings, ["I10: one became paid, and no answer said so"]);
});

test("money that arrived at another account than the intent's is missing here and strange there", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(theirs));
  stage.pays();
  assert.deepEqual(stage.findings, [
    "I19: one ended paid with 500 fen, the sandbox's books say 0",
    "I19: one is in the sandbox's books and not in the journal",
  ]);
});

test("a request that names another account than the intent is told of when it is asked", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(ours));
  stage.pays(["paid"], theirs);
  assert.deepEqual(stage.findings, [`account: a charge of one names ${theirs}, its intent ${ours}`]);
});

test("a code that two providers have charged was charged twice", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(ours));
  stage.second.facts.push(...paid(theirs, "mark", "two"));
  stage.pays();
  assert.deepEqual(stage.findings, [
    "I19: two is in the sandbox's books and not in the journal",
    "I1: one code was charged 2 times",
  ]);
});

test("what can still be paid anywhere is not over", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(ours).filter(({ kind }) => kind !== "ended"));
  stage.pays();
  assert.deepEqual(stage.findings, ["I18: one can still be paid at the sandbox"]);
});

test("what was paid under the number by somebody else is not the order's", () => {
  const stage = new Stage();
  stage.first.facts.push(...paid(ours, "somebody's"));
  stage.pays();
  assert.deepEqual(stage.findings, [
    "I10: one ended paid, and what was paid under its number is somebody else's",
    "I19: one ended paid with 500 fen, the sandbox's books say 0",
  ]);
});

test("what staff gave back is theirs, what the box took back is not paid", () => {
  for (const [by, findings] of [
    ["staff", []],
    ["box", ["I19: one ended paid with 500 fen, the sandbox's books say 400"]],
  ] as const) {
    const stage = new Stage();
    const back: Fact = { kind: "taken-back", order: "one", payee: ours, amountFen: 100, by, at: 1 };
    stage.first.facts.push(...paid(ours), back);
    stage.pays();
    assert.deepEqual(stage.findings, findings, by);
  }
});
