import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fenOf } from "../../src/core/kernel/fen.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import type { SaleAnswer } from "../../src/core/payment/till-sale.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/time.ts";
import { Sales } from "../../src/till/sales.ts";
import { Story, tillRules } from "../core/payment/story.ts";
import { txOf } from "../journal/entries.ts";

const amount = fenOf(1_250);
assert.ok(amount.ok);
const amountFen = amount.value;

/** A box in the hand of the test, with a journal that answers when it is told to. */
class Stand {
  readonly time = new SimulatedTime();
  readonly story = Story.ready(tillRules);
  readonly reads: { readonly outTradeNo: string; readonly done: (tx: TxData | null) => void }[] = [];
  readonly told: SaleAnswer[] = [];
  open = true;
  readonly sales = new Sales({
    rules: tillRules,
    clock: new SimulatedClock(this.time, 0),
    box: () => (this.open ? this.story.box : null),
    post: (event) => void this.story.post(event),
    newestOf: (outTradeNo, done) => void this.reads.push({ outTradeNo, done }),
  });

  ask(fen = amountFen, ref = "A-1"): SaleAnswer | undefined {
    this.sales.ask(ref, fen, (answer) => this.told.push(answer));
    return this.last();
  }

  state(ref = "A-1"): SaleAnswer | undefined {
    this.sales.state(ref, (answer) => this.told.push(answer));
    return this.last();
  }

  withdraw(ref = "A-1"): SaleAnswer | undefined {
    this.sales.withdraw(ref, (answer) => this.told.push(answer));
    return this.last();
  }

  /** The journal answers the oldest question with a record of the order that was asked about. */
  read(more: Partial<TxData> | null): SaleAnswer | undefined {
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
  last(): SaleAnswer | undefined {
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

function stateOf(answer: SaleAnswer | undefined) {
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
    for (const answer of [
      () => stand.sales.ask("A-1", amountFen, (one) => stand.told.push(one)),
      () => stand.sales.state("A-1", (one) => stand.told.push(one)),
      () => stand.sales.state("other", (one) => stand.told.push(one)),
      () => stand.sales.withdraw("A-1", (one) => stand.told.push(one)),
    ]) {
      answer();
      assert.equal(stand.told.length, 0);
      stand.last();
      assert.equal(stand.told.length, 1);
      stand.told.length = 0;
    }
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
    assert.deepEqual(stateOf(stand.read({})), { state: "paid", final: true, charged: "yes" });
    assert.equal(stand.story.text, "till-idle");
  });

  it("is refused another amount under an id that has one", () => {
    const stand = new Stand();
    stand.ask();
    stand.story.scan().recorded().charge({ kind: "paid", transactionId: "4200" }).recorded();
    const other = fenOf(999);
    assert.ok(other.ok);
    stand.ask(other.value);
    assert.deepEqual(stand.read({}), { kind: "refused", why: "other-amount", blocker: null });
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

  it("hears of what the box went on to while the journal was read", () => {
    const stand = new Stand();
    stand.ask();
    stand.decline();
    stand.state();
    stand.story.wait(5_000);
    stand.read(declined);
    assert.deepEqual(stateOf(stand.last()), { state: "armed", final: false, charged: "no" });
  });

  it("asks anew where another code was scanned while the journal was read", () => {
    const stand = new Stand();
    stand.ask();
    stand.decline();
    stand.state();
    stand.story.wait(5_000).scan("134567890123456780").recorded();
    const { length } = stand.told;
    stand.read(declined);
    assert.equal(stand.told.length, length);
    assert.equal(stand.reads[0]?.outTradeNo, stand.story.order.intent.outTradeNo);
  });

  it("withdraws a sale that waits, once", () => {
    const stand = new Stand();
    stand.ask();
    assert.deepEqual(stand.withdraw("A-2"), { kind: "no-sale" });
    assert.equal(stand.story.text, "armed");
    assert.deepEqual(stand.withdraw(), { kind: "withdrawn", ref: "A-1", amountFen });
    assert.equal(stand.story.text, "till-idle");
    assert.deepEqual(stand.withdraw(), { kind: "no-sale" });
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

  it("is told where the box or its journal cannot say", () => {
    const stand = new Stand();
    stand.open = false;
    assert.deepEqual(stand.ask(), { kind: "refused", why: "not-ready", blocker: null });
    assert.deepEqual(stand.state(), { kind: "unread" });
    stand.open = true;
    stand.ask();
    stand.story.scan().recorded();
    stand.state();
    assert.deepEqual(stand.read(null), { kind: "unread" });
    stand.state();
    stand.open = false;
    assert.deepEqual(stateOf(stand.read(declined)), { state: "declined", final: false, charged: "no" });
  });
});
