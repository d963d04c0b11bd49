import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Answer, Callers } from "../../src/commands/callers.ts";
import type { BoxStatus } from "../../src/commands/status.ts";
import { fenOf } from "../../src/core/kernel/fen.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import type { SaleDecision } from "../../src/core/payment/till-sale.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { Story, tillRules } from "../core/payment/story.ts";
import { txOf } from "../journal/entries.ts";
import { aStatus } from "./a-status.ts";

const amount = fenOf(1_250);
assert.ok(amount.ok);
const amountFen = amount.value;

/** A box in the hand of the test, with a journal that answers when it is told to. */
class Stand {
  readonly time = new SimulatedTime();
  readonly story = Story.ready(tillRules);
  readonly reads: { readonly outTradeNo: string; readonly done: (tx: TxData | null) => void }[] = [];
  readonly told: Answer[] = [];
  readonly heard = (answer: Answer): void => void this.told.push(answer);
  open = true;
  status: BoxStatus | null = aStatus;
  readonly callers: Callers = new Callers({
    clock: new SimulatedClock(this.time, 0),
    post: (event) => {
      if (!this.open) return false;
      this.story.post(event);
      for (const effect of this.story.turn.effects)
        if (effect.type === "answer") this.callers.answer(effect.token, effect.answer);
      return true;
    },
    newestOf: (outTradeNo, done) => void this.reads.push({ outTradeNo, done }),
    status: () => this.status,
  });

  ask(fen = amountFen, ref = "A-1"): Answer | undefined {
    this.callers.ask({ name: "pay", caller: "till", ref, amountFen: fen }, this.heard);
    return this.last();
  }

  state(ref = "A-1"): Answer | undefined {
    this.callers.ask({ name: "sale", caller: "till", ref }, this.heard);
    return this.last();
  }

  withdraw(ref = "A-1"): Answer | undefined {
    this.callers.ask({ name: "withdraw", caller: "till", ref }, this.heard);
    return this.last();
  }

  /** The journal answers the oldest question with a record of the order that was asked about. */
  read(more: Partial<TxData> | null): Answer | undefined {
    const read = this.reads.shift();
    assert.ok(read !== undefined);
    read.done(
      more === null
        ? null
        : { ...txOf(0, "paid"), outTradeNo: read.outTradeNo, amountFen, ref: "A-1", ...more },
    );
    return this.last();
  }

  /** The newest answer that the till has. */
  last(): Answer | undefined {
    this.time.runUntil(this.time.now + 1);
    return this.told.at(-1);
  }

  /** A code that is declined for want of money. */
  decline(): void {
    this.story.scan().recorded();
    this.story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
  }
}

const declined = { state: "declined", final: true, charged: "no", reason: "funds" } as const;

function stateOf(answer: Answer | undefined) {
  assert.equal(answer?.kind, "state", JSON.stringify(answer));
  assert.ok(answer?.kind === "state");
  const { state, final, charged } = answer.sale;
  return { state, final, charged };
}

describe("a till", () => {
  it("asks for an amount and hears that it waits for a code", () => {
    const stand = new Stand();
    assert.deepEqual(stateOf(stand.ask()), { state: "armed", final: false, charged: "no" });
    assert.equal(stand.story.text, "armed");
    assert.deepEqual(stateOf(stand.state()), { state: "armed", final: false, charged: "no" });
  });

  it("is never answered before its call has returned", () => {
    const stand = new Stand();
    const name = { caller: "till", ref: "A-1" };
    for (const answer of [
      () => stand.callers.ask({ name: "pay", ...name, amountFen }, stand.heard),
      () => stand.callers.ask({ name: "sale", ...name }, stand.heard),
      () => stand.callers.ask({ name: "sale", ...name, ref: "other" }, stand.heard),
      () => stand.callers.ask({ name: "withdraw", ...name }, stand.heard),
      () => stand.callers.ask({ name: "status" }, stand.heard),
      () => {
        stand.open = false;
        stand.callers.ask({ name: "pay", ...name, amountFen }, stand.heard);
      },
    ]) {
      answer();
      assert.equal(stand.told.length, 0);
      stand.last();
      assert.equal(stand.told.length, 1);
      stand.told.length = 0;
    }
  });

  it("hears what the core has decided, whatever has become of the box since", () => {
    const { time } = new Stand();
    const told: Answer[] = [];
    const tokens: number[] = [];
    const callers = new Callers({
      clock: new SimulatedClock(time, 0),
      post: (event) => {
        if (event.type === "command") tokens.push(event.token);
        return true;
      },
      newestOf: () => assert.fail("no order is named"),
      status: () => assert.fail("nobody asks for it"),
    });
    const refused: SaleDecision = { kind: "refused", why: "busy", blocker: null };
    callers.ask({ name: "pay", caller: "till", ref: "A-1", amountFen }, (answer) => told.push(answer));
    callers.ask({ name: "pay", caller: "till", ref: "A-2", amountFen }, (answer) => told.push(answer));
    const [first = 0, second = 0] = tokens;
    assert.notEqual(first, second);
    callers.answer(second, { kind: "no-sale" });
    callers.answer(second, refused);
    callers.answer(first, refused);
    time.runUntil(1);
    assert.deepEqual(told, [{ kind: "no-sale" }, refused]);
  });

  it("hears of a sale under way what the journal says, and never that it is not charged before that is proved", () => {
    const stand = new Stand();
    stand.ask();
    stand.story.scan();
    assert.deepEqual(stateOf(stand.state()), { state: "charging", final: false, charged: "unknown" });
    stand.story.recorded();
    stand.state();
    assert.deepEqual(stateOf(stand.read({ state: "charging", final: false, charged: "unknown" })), {
      state: "charging",
      final: false,
      charged: "unknown",
    });
  });

  it("asks again after a lost answer and hears how the sale stands: nobody pays twice", () => {
    const stand = new Stand();
    stand.ask();
    stand.story.scan().recorded().charge({ kind: "paid", transactionId: "4200" }).recorded().wait(10_000);
    stand.ask();
    const answer = stand.read({ late: true });
    assert.deepEqual(stateOf(answer), { state: "paid", final: true, charged: "yes" });
    assert.ok(answer?.kind === "state");
    assert.deepEqual([answer.sale.repeated, answer.sale.late, answer.sale.ref], [true, true, "A-1"]);
    assert.equal(stand.story.text, "till-idle");
  });

  it("does not take a declined code for the end of a sale that waits for the next one", () => {
    const stand = new Stand();
    stand.ask();
    stand.decline();
    stand.state();
    assert.deepEqual(stateOf(stand.read(declined)), { state: "declined", final: false, charged: "no" });
    stand.story.wait(5_000);
    assert.deepEqual(stateOf(stand.state()), { state: "armed", final: false, charged: "no" });
    stand.story.wait(180_000);
    stand.state();
    assert.deepEqual(stateOf(stand.read(declined)), { state: "declined", final: true, charged: "no" });
  });

  it("is not told that a sale is over by a record that is newer than the decision", () => {
    const stand = new Stand();
    stand.ask();
    stand.story.scan().recorded();
    stand.state();
    stand.story.charge({ kind: "declined", reason: "funds", code: "NOTENOUGH" }).recorded();
    assert.deepEqual(stateOf(stand.read(declined)), { state: "declined", final: false, charged: "no" });
  });

  it("withdraws a sale that waits, and hears so again", () => {
    const stand = new Stand();
    stand.ask();
    assert.deepEqual(stand.withdraw("A-2"), { kind: "no-sale" });
    assert.equal(stand.story.text, "armed");
    const end = { state: "withdrawn", final: true, charged: "no" } as const;
    assert.deepEqual(stateOf(stand.withdraw()), end);
    assert.equal(stand.story.text, "till-idle");
    assert.deepEqual(stateOf(stand.withdraw()), end);
  });

  it("withdraws a sale after a declined code, and one that waits for the next code", () => {
    const stand = new Stand();
    stand.ask();
    stand.decline();
    stand.withdraw();
    assert.deepEqual(stateOf(stand.read(declined)), { state: "declined", final: true, charged: "no" });
    const again = new Stand();
    again.ask();
    again.decline();
    again.story.wait(5_000);
    assert.equal(again.story.text, "armed");
    again.withdraw();
    assert.deepEqual(stateOf(again.read(declined)), { state: "declined", final: true, charged: "no" });
    assert.equal(again.story.text, "till-idle");
  });

  it("hears why an amount is not taken", () => {
    const stand = new Stand();
    stand.story.post({ type: "scanner-changed", ready: false });
    assert.deepEqual(stand.ask(), { kind: "refused", why: "not-ready", blocker: "no-scanner" });
    stand.story.post({ type: "scanner-changed", ready: true });
    stand.ask();
    stand.story.scan().recorded().charge({ kind: "pending" });
    assert.deepEqual(stand.ask(amountFen, "A-2"), { kind: "refused", why: "busy", blocker: null });
    assert.equal(stand.story.text, "till-busy");
  });

  it("is told where the box or its journal cannot say, and is not refused: there may be an open order", () => {
    const stand = new Stand();
    stand.open = false;
    assert.deepEqual(stand.ask(), { kind: "unread" });
    assert.deepEqual(stand.state(), { kind: "unread" });
    assert.deepEqual(stand.withdraw(), { kind: "unread" });
    stand.open = true;
    stand.ask();
    stand.story.scan().recorded();
    stand.state();
    assert.deepEqual(stand.read(null), { kind: "unread" });
  });
});

describe("whoever asks for something else", () => {
  it("hears how the box stands, as its journal and its newest turn have it", () => {
    const stand = new Stand();
    stand.callers.ask({ name: "status" }, stand.heard);
    assert.deepEqual(stand.last(), { kind: "status", status: aStatus });
    stand.status = null;
    stand.callers.ask({ name: "status" }, stand.heard);
    assert.deepEqual(stand.last(), { kind: "unread" });
  });

  it("hears what came of a rotation when it is over, and at once where a payment is not", () => {
    const stand = new Stand();
    stand.callers.ask({ name: "journal rotate" }, stand.heard);
    assert.equal(stand.last(), undefined);
    const [asked] = stand.story.turn.effects;
    assert.ok(asked?.type === "rotate");
    const outcome = { kind: "rotated", row: 9, dropped: 2 } as const;
    stand.story.post({ type: "journal-rotated", token: asked.token, outcome });
    for (const effect of stand.story.turn.effects)
      if (effect.type === "answer") stand.callers.answer(effect.token, effect.answer);
    assert.deepEqual(stand.last(), { kind: "rotation", outcome });
    stand.ask();
    stand.story.scan();
    stand.callers.ask({ name: "journal rotate" }, stand.heard);
    const why = "a payment is not over yet";
    assert.deepEqual(stand.last(), { kind: "rotation", outcome: { kind: "refused", why } });
  });
});
