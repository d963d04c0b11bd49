/** A provider of the program itself before its sandbox over TLS on the loopback interface: undici, sockets, certificates and clocks are real. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fenOf } from "../../src/core/kernel/fen.ts";
import { after, type Instant, type WallTime, wallTimeOf } from "../../src/core/kernel/instant.ts";
import type { ChargeAnswer, ProbeAnswer, QueryAnswer, UndoAnswer } from "../../src/core/payment/answers.ts";
import type { Intent } from "../../src/core/payment/order.ts";
import { PaymentCode } from "../../src/core/payment/payment-code.ts";
import type { UndoWay } from "../../src/core/payment/provider.ts";
import { UndiciHttpsLink } from "../../src/links/https/undici-https.ts";
import { SystemClock } from "../../src/links/machine/system-clock.ts";
import { SystemEntropy } from "../../src/links/machine/system-entropy.ts";
import type { EntryParts } from "../../src/providers/kind.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { kindOf } from "../../src/providers/registry.ts";
import type { HandledCall, RunningSandbox, SandboxKind } from "../../src/providers/sandbox.ts";
import { providerSettings } from "../../src/providers/settings.ts";
import type { Log } from "../../src/runtime/ports.ts";
import { type Certificates, makeCertificates, pem } from "../e2e/certificates.ts";
import { until } from "../e2e/until.ts";

/** What a call came to, and where. */
export interface Told<Answer> {
  readonly host: string;
  readonly answer: Answer;
}

/** How a provider is made where it differs from the sandbox's usual account. */
export interface AccountWishes {
  readonly hosts?: readonly string[];
  /** Other keys of the entry. */
  readonly entry?: object;
  /** What is read in place of the account's own, by key. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly answerTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly pairFault?: EntryParts["pairFault"];
  /** Trusts somebody else's certificate instead of the sandbox's. */
  readonly stranger?: boolean;
  /** Offers codes of ours, where the provider knows any. */
  readonly offersCode?: boolean;
  /** How far the wall clock is ahead, and whether it is known to be right. */
  readonly clock?: { readonly aheadMs: number; readonly trusted: boolean };
}

/** Longer than anything here takes, on however busy a machine. */
const AGES_MS = 150_000;

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Where the contract of one provider is tried: its sandboxes, and accounts before them. */
export class Stage {
  readonly #directory = mkdtempSync(join(tmpdir(), "scanbox-provider-"));
  readonly #kind: SandboxKind;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #ends: (() => Promise<void>)[] = [];
  #certificates: Certificates | null = null;

  constructor(kind: SandboxKind, secrets: Readonly<Record<string, string>>) {
    this.#kind = kind;
    this.#secrets = secrets;
  }

  async prepare(): Promise<void> {
    this.#certificates = await makeCertificates(this.#directory);
  }

  get certificates(): Certificates {
    assert.ok(this.#certificates !== null, "the stage is prepared");
    return this.#certificates;
  }

  /** A sandbox in which a story is told. */
  async sandbox(storyName: string): Promise<Played> {
    const story = this.#kind.storyNamed(storyName);
    assert.ok(story !== null, `${this.#kind.plays} tells the story "${storyName}"`);
    const { sandbox, authorityFile } = this.certificates;
    const calls: HandledCall[] = [];
    const served = await this.#kind.serve({
      story,
      pace: 0.05,
      tls: { cert: pem(sandbox.certFile), key: pem(sandbox.keyFile), clientCa: pem(authorityFile) },
      observe: (call) => calls.push(call),
    });
    this.#ends.push(() => served.close());
    return new Played(this.#kind, served, calls);
  }

  /** An account at this sandbox. */
  account(played: Played | null, wishes: AccountWishes = {}): Account {
    const { hosts = played === null ? [] : [played.origin] } = wishes;
    const place = { origin: hosts[0] ?? "", store: "Example store", offersCode: wishes.offersCode ?? false };
    const entry = providerSettings.parse({
      ...this.#kind.entry(place),
      ...{ hosts, ca: { credential: "ca" } },
      ...wishes.entry,
    });
    const { sandbox, merchant, stranger } = this.certificates;
    const files: Readonly<Record<string, string>> = {
      ca: pem((wishes.stranger === true ? stranger : sandbox).certFile),
      "certificate.cert": pem(merchant.certFile),
      "certificate.key": pem(merchant.keyFile),
      ...this.#secrets,
      ...wishes.secrets,
    };
    const provider = kindOf(entry).make(entry, {
      ...{ boxId: "contract", store: place.store },
      timing: {
        ...{
          queryEveryMs: 5_000,
          giveUpAfterMs: 45_000,
          reverseNotBeforeMs: 15_000,
          confirmNotBeforeMs: 60_000,
        },
        connectTimeoutMs: wishes.connectTimeoutMs ?? AGES_MS,
        answerTimeoutMs: wishes.answerTimeoutMs ?? AGES_MS,
      },
      secret: (key) => files[key] ?? "",
      https: (settings) => new UndiciHttpsLink(settings),
      pairFault: wishes.pairFault ?? (() => null),
    })({ clock: new ShiftedClock(wishes.clock), entropy: new SystemEntropy(), log: quiet });
    const account = new Account(provider, this.#kind);
    this.#ends.push(() => account.close());
    return account;
  }

  /** An origin behind which each connection is counted and led on to a sandbox. */
  async counted(played: Played): Promise<{ readonly origin: string; readonly connections: () => number }> {
    const { hostname, port } = new URL(played.origin);
    let connections = 0;
    const origin = await this.#listen((socket) => {
      connections += 1;
      const onward = connect(Number(port), hostname);
      onward.on("error", () => socket.destroy()).pipe(socket);
      socket.on("close", () => onward.destroy()).pipe(onward);
    });
    return { origin, connections: () => connections };
  }

  /** An origin that takes connections and never says a word. */
  mute(): Promise<string> {
    return this.#listen(() => {});
  }

  /** An origin at which nobody listens. */
  async nobody(): Promise<string> {
    const played = await this.sandbox("success");
    await played.served.close();
    return played.origin;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    rmSync(this.#directory, { recursive: true });
  }

  async #listen(connected: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      connected(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#ends.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    return `https://127.0.0.1:${address.port}`;
  }
}

/** A sandbox in which a story is told, and what it has been asked. */
export class Played {
  readonly origin: string;
  readonly served: RunningSandbox;
  readonly #kind: SandboxKind;
  readonly #calls: readonly HandledCall[];

  constructor(kind: SandboxKind, served: RunningSandbox, calls: readonly HandledCall[]) {
    this.#kind = kind;
    this.served = served;
    this.origin = served.origin;
    this.#calls = calls;
  }

  /** The calls that it has handled, in a word each. */
  get calls(): readonly string[] {
    return this.#calls.map(({ call }) => call);
  }

  async tell(storyName: string): Promise<void> {
    const story = this.#kind.storyNamed(storyName);
    assert.ok(story !== null, `there is the story "${storyName}"`);
    await this.served.tell(story);
  }

  /** What it took and gave back for an order, in fen. */
  moved({ outTradeNo }: Intent): readonly [chargedFen: number, returnedFen: number] {
    const books = this.served.books(outTradeNo);
    return [books?.chargedFen ?? 0, books?.returnedFen ?? 0];
  }
}

/** An account, asked one thing after another; each call is looked at for what every call keeps. */
export class Account {
  readonly provider: Provider;
  readonly #kind: SandboxKind;
  #closing: Promise<void> | null = null;

  constructor(provider: Provider, kind: SandboxKind) {
    this.provider = provider;
    this.#kind = kind;
  }

  /** An order that nobody has made yet. */
  intent(): Intent {
    const amount = fenOf(1_280);
    assert.ok(amount.ok);
    orders += 1;
    const outTradeNo = `contract_${process.pid}_${orders}`;
    return {
      ...{ outTradeNo, shortRef: outTradeNo.slice(-4), ref: null, caller: null, amountFen: amount.value },
      ...{ currency: "CNY", payee: this.provider.facts.payee, wallet: this.#kind.wallets[0], mode: "cpm" },
      ...{ nonce: "5f2c9a01d3", pulses: null, codeHash: "", boot: "" },
      ...{ intentAt: wallTimeOf(Date.now()), clockTrusted: true },
    };
  }

  /** Charges a code or, where that is null, asks for one of ours. */
  charge(
    intent: Intent,
    code: string | null,
    { sendBefore = later(), mayLeave = () => true }: { sendBefore?: Instant; mayLeave?: () => boolean } = {},
  ): Promise<Told<ChargeAnswer>> {
    const scanned = code === null ? null : new PaymentCode(code, intent.wallet);
    const wanted = { intent, code: scanned, sendBefore, mayLeave };
    return asked((done) => this.provider.charge(wanted, done));
  }

  query(
    intent: Intent,
    { of = "payment", host = null }: { of?: "payment" | "refund"; host?: string | null } = {},
  ): Promise<Told<QueryAnswer>> {
    return asked((done) => this.provider.query({ intent, of, host, fresh: false }, done));
  }

  undo(intent: Intent, way: UndoWay): Promise<Told<UndoAnswer>> {
    return asked((done) => this.provider.undo({ intent, way, host: null }, done));
  }

  async probe(): Promise<ProbeAnswer> {
    const { answer } = await asked<ProbeAnswer>((done) => this.provider.probe((said) => done("", said)));
    return answer;
  }

  /** Asks until the answer is of this kind. */
  async queryUntil(
    intent: Intent,
    kind: QueryAnswer["kind"],
    of: "payment" | "refund" = "payment",
  ): Promise<QueryAnswer> {
    let last: QueryAnswer | null = null;
    await until(
      async () => {
        last = (await this.query(intent, { of })).answer;
        return last.kind === kind;
      },
      () => `a query says ${kind}: ${JSON.stringify(last)}`,
      { everyMs: 20 },
    );
    assert.ok(last !== null);
    return last;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.provider.close(resolve));
    return this.#closing;
  }
}

/** The machine's clocks, with a wall clock that may be wrong. */
class ShiftedClock extends SystemClock {
  readonly #aheadMs: number;
  readonly #trusted: boolean;

  constructor({ aheadMs, trusted }: NonNullable<AccountWishes["clock"]> = { aheadMs: 0, trusted: true }) {
    super();
    this.#aheadMs = aheadMs;
    this.#trusted = trusted;
  }

  override wall(): WallTime {
    return wallTimeOf(super.wall() + this.#aheadMs);
  }

  override trusted(): boolean {
    return this.#trusted;
  }
}

let orders = 0;

function later(): Instant {
  return after(new SystemClock().now(), AGES_MS);
}

/** One call: its answer comes after it has returned, and once. */
function asked<Answer>(call: (done: (host: string, answer: Answer) => void) => void): Promise<Told<Answer>> {
  return new Promise((resolve, reject) => {
    let [returned, answers] = [false, 0];
    call((host, answer) => {
      answers += 1;
      if (!returned) reject(new Error("the answer came before the call had returned"));
      if (answers > 1) throw new Error("a call was answered twice");
      resolve({ host, answer });
    });
    returned = true;
  });
}
