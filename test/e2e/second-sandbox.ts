import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { boxTag } from "../../src/config/box-tag.ts";
import type { HandledCall, RunningSandbox, SandboxBooks, SandboxKind } from "../../src/providers/sandbox.ts";
import { sandboxKinds } from "../../src/providers/sandboxes.ts";
import { type Certificates, pem } from "./certificates.ts";
import { linesOfKey, type Secret } from "./secrets.ts";

/** Whose sandbox stands beside the first one, and the secrets of the account that it knows, by their keys in an entry. */
export interface SecondAccount {
  readonly plays: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What the sandbox's books say of a trade, by how a box may end the order. */
const agreeing: Readonly<Record<string, readonly string[]>> = {
  paid: ["TRADE_SUCCESS", "TRADE_FINISHED"],
  reversed: ["TRADE_CLOSED", "absent"],
  refunded: ["TRADE_CLOSED"],
  declined: ["absent"],
  cancelled: ["absent"],
};

/** The sandbox of any provider over TLS, as people are served it; amounts choose what happens. */
export class SecondSandbox {
  readonly running: RunningSandbox;
  readonly secrets: readonly Secret[];
  /** Hears of every call that was handled, before its reply leaves. */
  onCall: (call: HandledCall) => void = () => {};
  readonly #kind: SandboxKind;
  readonly #entry: object;
  /** The code of each order that was charged. */
  readonly #charged = new Map<string, string>();

  private constructor(kind: SandboxKind, running: RunningSandbox, entry: object, secrets: readonly Secret[]) {
    this.#kind = kind;
    this.running = running;
    this.#entry = entry;
    this.secrets = secrets;
  }

  static async start(
    { plays, secrets }: SecondAccount,
    { directory, certificates, pace }: { directory: string; certificates: Certificates; pace: number },
  ): Promise<SecondSandbox> {
    const kind = [...sandboxKinds.values()].find((one) => one.plays === plays);
    assert.ok(kind !== undefined, `somebody plays ${plays}`);
    const heard: { by: SecondSandbox | null } = { by: null };
    const running = await kind.serve({
      ...{ pace, byAmount: true, observe: (call: HandledCall) => heard.by?.hear(call) },
      tls: {
        cert: pem(certificates.sandbox.certFile),
        key: pem(certificates.sandbox.keyFile),
        clientCa: pem(certificates.authorityFile),
      },
    });
    const sources = Object.entries(secrets).map(([key, text]) => {
      const file = join(directory, `second-${key}`);
      writeFileSync(file, text, { mode: 0o600 });
      return [key, { file }] as const;
    });
    const { origin } = running;
    const entry = {
      ...kind.entry({ origin, store: "Example store", offersCode: false }),
      ...Object.fromEntries(sources),
      hosts: [origin, origin.replace("127.0.0.1", "localhost")],
      ca: { file: certificates.sandbox.certFile },
    };
    heard.by = new SecondSandbox(
      kind,
      running,
      entry,
      Object.values(secrets).flatMap((text) => linesOfKey("a key of the second account", text)),
    );
    return heard.by;
  }

  /** Its account in a configuration; `keys` are what else it says. */
  entry(keys: object = {}): object {
    return { ...this.#entry, ...keys };
  }

  /** Whether it charges codes of this wallet. */
  takes(wallet: string): boolean {
    return this.#kind.wallets.some((one) => one === wallet);
  }

  /** The numbers of this box that it was to charge. */
  charged(boxId: string): readonly string[] {
    return [...this.#charged.keys()].filter((outTradeNo) => outTradeNo.startsWith(boxTag(boxId)));
  }

  books(outTradeNo: string): SandboxBooks | null {
    return this.running.books(outTradeNo);
  }

  /** How many orders have taken money for this code. */
  chargesOf(code: string): number {
    const numbers = [...this.#charged].filter(([, used]) => used === code).map(([number]) => number);
    return numbers.filter((number) => (this.books(number)?.chargedFen ?? 0) > 0).length;
  }

  /** Fails unless its books agree with how a box says that an order ended. */
  assertAgrees(tx: { outTradeNo: string; state: string; amountFen: number; charged: string }): void {
    const { state, chargedFen, returnedFen } = this.books(tx.outTradeNo) ?? {
      ...{ state: "absent", chargedFen: 0, returnedFen: 0 },
    };
    const story = `${tx.outTradeNo} is ${tx.state} here and ${state} at the sandbox`;
    assert.ok((agreeing[tx.state] ?? []).includes(state), story);
    const once = tx.state === "paid" || tx.state === "refunded" ? tx.amountFen : 0;
    assert.deepEqual([chargedFen, returnedFen], [once, tx.state === "paid" ? 0 : once], story);
    assert.equal(tx.charged, tx.state === "paid" ? "yes" : "no", story);
  }

  /** A call has been handled. */
  hear(call: HandledCall): void {
    const { outTradeNo, code, treatment } = call;
    if (call.call === "charge" && outTradeNo !== null && treatment?.lost !== true)
      this.#charged.set(outTradeNo, code?.reveal() ?? "");
    this.onCall(call);
  }
}
