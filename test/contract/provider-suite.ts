/**
 * What every provider keeps (src/providers/provider.ts), on the provider of the program before its sandbox over TLS. A row names, in the
 * stories of its sandbox, how each situation comes about; what the core relies on is asked of all alike.
 */
import assert from "node:assert/strict";
import { after as afterAll, before, describe, it } from "node:test";
import { after, instantOf } from "../../src/core/kernel/instant.ts";
import type {
  ChargeAnswer,
  ProbeFailure,
  QueryAnswer,
  UnknownReason,
} from "../../src/core/payment/answers.ts";
import type { UndoFacts, UndoWay } from "../../src/core/payment/provider.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { sandboxKinds } from "../../src/providers/sandboxes.ts";
import { PATIENCE_MS, until } from "../e2e/until.ts";
import { type Account, type AccountWishes, type Played, Stage } from "./provider-stage.ts";

/** How one provider is brought into each situation, and what it says there where that is its own to say. */
export interface ProviderRow {
  /** As the sandbox says whom it plays. */
  readonly plays: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** What a payment code of its wallet begins with; it has 18 digits. */
  readonly codeBegins: string;
  /** The way that takes an order of a scanned code back. */
  readonly way: UndoWay;
  /** Answers to charges, by the story that brings them about. */
  readonly charges: Readonly<Record<string, Expected<ChargeAnswer>>>;
  /** Stories in which the money moved, or may move, and the reply is worth nothing; false where the request was lost. */
  readonly doubts: Readonly<Record<string, readonly [why: UnknownReason, signed: boolean, charged: boolean]>>;
  /** What a query says of an order of which nothing more has become, by the story of its charge. */
  readonly queries: Readonly<Record<string, Expected<QueryAnswer>>>;
  /** What a query says once an order was taken back: one that was paid, and one that was not. */
  readonly confirmed: { readonly paid: Expected<QueryAnswer>; readonly unpaid: Expected<QueryAnswer> };
  /** The story whose order cannot be taken back any more in the usual way. */
  readonly tooLate: string;
  /** The story whose first two replies to what takes an order back never come. */
  readonly undoLost: string;
  /** Why a probe fails, by what is wrong with the account. */
  readonly probes: Readonly<Record<string, readonly [wrong: AccountWishes, why: ProbeFailure]>>;
  /** Keys of an entry whose certificates are looked at before anybody is asked. */
  readonly certified: Pick<AccountWishes, "entry" | "secrets">;
}

/** An answer but for the provider's own numbers and codes. */
export type Expected<Answer extends { readonly kind: string }> = Answer extends Answer
  ? Omit<Answer, "transactionId" | "code">
  : never;

/** How long an answer is waited for that never comes. */
const SILENT_MS = 1_000;

/** Tries what is over in so many milliseconds; on a busy machine a request may not even have arrived by then, and has longer. */
async function patiently(attempt: (silentMs: number) => Promise<boolean>): Promise<void> {
  let silentMs = SILENT_MS;
  while (!(await attempt(silentMs))) {
    assert.ok(silentMs < PATIENCE_MS, "a request arrives");
    silentMs *= 2;
  }
}

/** Runs the contract on one provider. */
export function providerContract(row: ProviderRow): void {
  const kind = [...sandboxKinds.values()].find(({ plays }) => plays === row.plays);
  assert.ok(kind !== undefined, `somebody plays ${row.plays}`);
  describe(`${row.plays} before its sandbox over TLS`, { concurrency: 4 }, () => {
    const stage = new Stage(kind, row.secrets);
    before(() => stage.prepare());
    afterAll(() => stage.end());
    let codes = 0;
    const code = (): string => {
      codes += 1;
      return `${row.codeBegins}${String(codes).padStart(18 - row.codeBegins.length, "0")}`;
    };
    /** An account before a sandbox that tells a story. */
    const scene = async (story: string, wishes: AccountWishes = {}): Promise<readonly [Account, Played]> => {
      const played = await stage.sandbox(story);
      return [stage.account(played, wishes), played];
    };
    const mute = { kind: "unknown", why: "silence", signed: false } as const;

    for (const [story, expected] of Object.entries(row.charges)) {
      it(`a charge in the story "${story}" is answered: ${wordsOf(expected)}`, async () => {
        const [account, played] = await scene(story);
        const { host, answer } = await account.charge(account.intent(), code());
        assert.deepEqual(bare(answer), expected);
        if (answer.kind === "paid") assert.match(answer.transactionId, /^\d{28}$/);
        if (answer.kind === "declined") assert.match(answer.code, /^[A-Z_]+$/);
        assert.equal(host, played.origin);
        assert.deepEqual(played.calls, ["charge"], "a call is one attempt");
      });
    }

    for (const [story, [why, signed, charged]] of Object.entries(row.doubts)) {
      it(`a charge in the story "${story}" is in doubt and not sent again: ${why}`, async () => {
        await patiently(async (silentMs) => {
          const [first, second] = [await stage.sandbox(story), await stage.sandbox("success")];
          const hosts = [first.origin, second.origin];
          const account = stage.account(first, {
            hosts,
            ...(why === "silence" ? { answerTimeoutMs: silentMs } : {}),
          });
          const intent = account.intent();
          const { host, answer } = await account.charge(intent, code());
          assert.deepEqual(answer, { kind: "unknown", why, signed });
          assert.equal(host, first.origin);
          if (why === "silence" && first.calls.length === 0) return false;
          assert.deepEqual([first.calls, second.calls], [["charge"], []], "no second attempt, at no host");
          assert.deepEqual(first.moved(intent), [charged ? intent.amountFen : 0, 0]);
          if (!charged) return true;
          const query = await stage.account(first).query(intent);
          assert.equal(query.answer.kind, "paid", "a query finds what became of it");
          return true;
        });
      });
    }

    it("a host that takes no connection gets nothing, and the next one is charged", async () => {
      const [nobody, played] = [await stage.nobody(), await stage.sandbox("success")];
      const account = stage.account(played, { hosts: [nobody, played.origin] });
      const { host, answer } = await account.charge(account.intent(), code());
      assert.deepEqual([host, answer.kind], [played.origin, "paid"]);
      assert.deepEqual(played.calls, ["charge"]);
    });

    it("a charge that may not leave any more goes to no other host", async () => {
      const [nobody, played] = [await stage.nobody(), await stage.sandbox("success")];
      const account = stage.account(played, { hosts: [nobody, played.origin] });
      const told = await account.charge(account.intent(), code(), { mayLeave: () => false });
      assert.deepEqual(told, { host: nobody, answer: { kind: "not-sent", why: "no-connection" } });
      assert.deepEqual(played.calls, []);
    });

    it("nothing leaves where nobody listens, and where a host proves to be another", async () => {
      const nobody = stage.account(null, { hosts: [await stage.nobody()] });
      const [stranger, played] = await scene("success", { stranger: true });
      for (const [account, why] of [
        [nobody, "no-connection"],
        [stranger, "no-trust"],
      ] as const) {
        const intent = account.intent();
        const notSent = { kind: "not-sent", why };
        assert.deepEqual((await account.charge(intent, code())).answer, notSent);
        assert.deepEqual((await account.query(intent)).answer, notSent);
        assert.deepEqual((await account.undo(intent, row.way)).answer, notSent);
      }
      assert.deepEqual(played.calls, []);
    });

    it("a charge whose time is over never leaves", async () => {
      const [account, played] = await scene("success");
      const told = await account.charge(account.intent(), code(), { sendBefore: instantOf(0) });
      assert.deepEqual(told.answer, { kind: "not-sent", why: "too-late" });
      // What has connected and says nothing costs the customer's time, and no second host.
      const waiting = stage.account(played, { hosts: [await stage.mute(), played.origin] });
      const sendBefore = after(new SystemClock().now(), SILENT_MS);
      const late = await waiting.charge(waiting.intent(), code(), { sendBefore });
      assert.deepEqual(late.answer, { kind: "not-sent", why: "too-late" });
      assert.deepEqual(played.calls, []);
    });

    for (const [story, expected] of Object.entries(row.queries)) {
      it(`a query in the story "${story}" is answered: ${wordsOf(expected)}`, async () => {
        const [account, played] = await scene(story);
        const intent = account.intent();
        await account.charge(intent, code());
        const { host, answer } = await account.query(intent, { host: played.origin });
        assert.deepEqual(bare(answer), expected);
        assert.equal(host, played.origin);
        assert.deepEqual(played.calls, ["charge", "query"]);
      });
    }

    it("an order that nobody made is absent, of whichever host it is asked", async () => {
      const [first, second] = [await stage.sandbox("success"), await stage.sandbox("success")];
      const account = stage.account(first, { hosts: [first.origin, second.origin] });
      for (const host of [null, second.origin]) {
        const told = await account.query(account.intent(), { host });
        assert.deepEqual(told, { host: host ?? first.origin, answer: { kind: "absent" } });
      }
      assert.deepEqual([first.calls, second.calls], [["query"], ["query"]]);
    });

    for (const [name, story] of [
      ["paid", "success"],
      ["unpaid", "never"],
    ] as const) {
      it(`an order that is ${name} is taken back, and a query confirms it`, async () => {
        const [account, played] = await scene(story);
        const intent = account.intent();
        await account.charge(intent, code());
        assert.equal(wayOf(account, name).way, row.way);
        assert.deepEqual((await account.undo(intent, row.way)).answer, { kind: "done" });
        const expected = row.confirmed[name];
        assert.deepEqual(bare(await account.queryUntil(intent, expected.kind)), expected);
        const [charged, returned] = played.moved(intent);
        assert.deepEqual([charged, returned], name === "paid" ? [1_280, 1_280] : [0, 0]);
        // Said again, it takes nothing a second time.
        await account.undo(intent, row.way);
        assert.deepEqual(played.moved(intent), [charged, returned]);
      });
    }

    it("an undo whose reply is lost is in doubt, is one attempt, and is said again", async () => {
      await patiently(async (answerTimeoutMs) => {
        const [account, played] = await scene(row.undoLost);
        const intent = account.intent();
        await account.charge(intent, code());
        const hasty = stage.account(played, { answerTimeoutMs });
        for (const calls of [2, 3]) {
          assert.deepEqual((await hasty.undo(intent, row.way)).answer, mute);
          if (played.calls.length < calls) return false;
        }
        assert.deepEqual(played.calls, ["charge", row.way, row.way]);
        assert.deepEqual((await account.undo(intent, row.way)).answer, { kind: "done" });
        return true;
      });
    });

    it("an undo that comes too late says so; where another way is left, it gives the money back", async () => {
      const [account, played] = await scene(row.tooLate);
      const intent = account.intent();
      await account.charge(intent, code());
      assert.deepEqual((await account.undo(intent, row.way)).answer, { kind: "expired" });
      const { overdue } = wayOf(account, "paid");
      if (overdue === null) return;
      await account.queryUntil(intent, "paid");
      assert.deepEqual((await account.undo(intent, overdue.way)).answer, { kind: "done" });
      await account.queryUntil(intent, "refunded", overdue.confirm);
      assert.deepEqual(played.moved(intent), [1_280, 1_280]);
      // The same refund again is the same refund.
      assert.deepEqual((await account.undo(intent, overdue.way)).answer, { kind: "done" });
      assert.deepEqual(played.moved(intent), [1_280, 1_280]);
    });

    it("a probe passes where all is well, moves nothing and asks once", async () => {
      const [account, played] = await scene("success");
      assert.equal(account.provider.fault(), null);
      assert.deepEqual(await account.probe(), { kind: "passed" });
      assert.deepEqual(played.calls, ["probe"]);
    });

    it("a probe fails by what stands in the way of a connection", async () => {
      const nobody = stage.account(null, { hosts: [await stage.nobody()] });
      assert.deepEqual(await nobody.probe(), { kind: "failed", why: "no-network" });
      const [stranger] = await scene("success", { stranger: true });
      assert.deepEqual(await stranger.probe(), { kind: "failed", why: "no-trust" });
    });

    for (const [name, [wrong, why]] of Object.entries(row.probes)) {
      it(`a probe fails where ${name}: ${why}`, async () => {
        const [account] = await scene("success", wrong);
        assert.deepEqual(await account.probe(), { kind: "failed", why });
      });
    }

    it("a certificate that is no good is told before anybody is asked", async () => {
      for (const why of ["certificate-missing", "certificate-mismatch", "certificate-expired"] as const) {
        const [account, played] = await scene("success", { ...row.certified, pairFault: () => why });
        assert.equal(account.provider.fault(), why);
        assert.deepEqual(await account.probe(), { kind: "failed", why });
        assert.deepEqual(played.calls, []);
      }
    });

    it("a clock that is not trusted is set by the first reply, where requests bear the time", async () => {
      const day = { aheadMs: 86_400_000, trusted: false };
      const [account, played] = await scene("success", { clock: day });
      if (account.provider.facts.needsClock) {
        assert.deepEqual(await account.probe(), { kind: "failed", why: "clock" });
      }
      assert.deepEqual(await account.probe(), { kind: "passed" });
      const intent = account.intent();
      assert.equal((await stage.account(played).charge(intent, code())).answer.kind, "paid");
      assert.equal((await account.query(intent)).answer.kind, "paid");
      assert.deepEqual((await account.undo(intent, row.way)).answer, { kind: "done" });
    });

    it("a code of ours is paid, and given back, where the provider knows any", async () => {
      const [account, played] = await scene("success", { offersCode: true });
      const { undo, offersCode } = account.provider.facts;
      assert.equal(offersCode, undo.mpm !== null);
      if (undo.mpm === null) return;
      const intent = { ...account.intent(), mode: "mpm" } as const;
      const { answer } = await account.charge(intent, null);
      assert.ok(answer.kind === "ordered" && answer.codeUrl.length > 10);
      await account.queryUntil(intent, "paid");
      assert.deepEqual((await account.undo(intent, undo.mpm.paid.way)).answer, { kind: "done" });
      await account.queryUntil(intent, "refunded", undo.mpm.paid.confirm);
      assert.deepEqual(played.moved(intent), [1_280, 1_280]);
    });

    it("warming opens the connection on which the charge leaves", async () => {
      const played = await stage.sandbox("success");
      const { origin, connections } = await stage.counted(played);
      const account = stage.account(played, { hosts: [origin] });
      account.provider.warm();
      await until(() => connections() === 1, "a connection is opened");
      assert.deepEqual(played.calls, []);
      assert.equal((await account.charge(account.intent(), code())).answer.kind, "paid");
      assert.equal(connections(), 1);
      // Questions have one of their own, so that no charge ever waits behind them.
      assert.equal((await account.probe()).kind, "passed");
      assert.equal(connections(), 2);
    });

    it("closing ends what runs, answers it, and lets nothing leave any more", async () => {
      const [account, played] = await scene(row.undoLost);
      const intent = account.intent();
      await account.charge(intent, code());
      const [nobody, held] = [await stage.mute(), await scene(lostReply(row))];
      const [holding, holder] = held;
      const charging = holding.intent();
      const waiting = stage.account(null, { hosts: [nobody] });
      const ends: string[] = [];
      const said = <Told extends { readonly answer: unknown }>(told: Told): unknown => {
        ends.push("answered");
        return told.answer;
      };
      const [undo, charge, query] = [
        account.undo(intent, row.way).then(said),
        holding.charge(charging, code()).then(said),
        waiting.query(waiting.intent()).then(said),
      ];
      await until(() => played.calls.length === 2 && holder.calls.length === 1, "both requests have arrived");
      for (const one of [account, holding, waiting]) void one.close().then(() => ends.push("closed"));
      assert.deepEqual(await Promise.all([undo, charge]), [mute, mute]);
      assert.deepEqual(await query, { kind: "not-sent", why: "stopped" });
      await until(() => ends.filter((end) => end === "closed").length === 3, "all three are closed");
      assert.equal(ends.at(0), "answered");
      const stopped = { kind: "not-sent", why: "stopped" };
      assert.deepEqual((await holding.charge(holding.intent(), code())).answer, stopped);
      assert.deepEqual((await holding.query(charging)).answer, stopped);
      assert.deepEqual(holder.calls, ["charge"]);
    });
  });
}

function wayOf({ provider }: Account, state: "paid" | "unpaid"): UndoFacts {
  return provider.facts.undo.cpm[state];
}

/** The story in which a charge is heard and never answered. */
function lostReply({ doubts }: ProviderRow): string {
  const [story] = Object.keys(doubts);
  assert.ok(story !== undefined);
  return story;
}

/** An answer without the provider's own numbers and codes. */
function bare(answer: ChargeAnswer | QueryAnswer): object {
  const { transactionId: _, code: __, ...rest } = { transactionId: null, code: null, ...answer };
  return rest;
}

function wordsOf(answer: object): string {
  return Object.values(answer).map(String).join(", ");
}
