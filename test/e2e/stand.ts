/**
 * A place for whole boxes: the sandbox over TLS with client certificates, Mosquitto with a consumer, scanners on
 * pseudo-terminals, and the bundled program as it is shipped. Everything runs on the loopback interface; everything that
 * any program says, sends or writes is searched for secrets when the stand ends.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiKey } from "../../src/providers/wechat-v2/api-key.ts";
import type { CallNote } from "../../src/providers/wechat-v2/sandbox/call.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import type { Order, Totals } from "../../src/providers/wechat-v2/sandbox/ledger.ts";
import { scenarioOfAmount } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { type SandboxServer, startSandboxServer } from "../../src/providers/wechat-v2/sandbox/server.ts";
import { wechatEntry } from "../config-text.ts";
import { Box, type JournalRow } from "./box.ts";
import { makeBundle } from "./bundle.ts";
import { type Certificates, makeCertificates, type Pair, pem } from "./certificates.ts";
import { Consumer } from "./consumer.ts";
import { Mosquitto } from "./mosquitto.ts";
import { type SecondAccount, SecondSandbox } from "./second-sandbox.ts";
import { type Captured, leaks, linesOfKey, type Secret } from "./secrets.ts";
import { until } from "./until.ts";

/** What of a box differs from the usual: one that charges 1.00 and reports over MQTT. */
export interface BoxWishes {
  /** Yuan, as text. The last two digits choose what happens at the sandbox, see its scenarios. */
  readonly fixed?: string;
  readonly apiKeyFile?: string;
  readonly certificate?: Pair;
  readonly logLevel?: "debug" | "info";
  /** Whether it waits for the end of a time, so that its times are short. */
  readonly hasty?: boolean;
  /** Whose codes it takes; WeChat Pay's where nothing is said. */
  readonly wallets?: readonly ("wechat" | "alipay")[];
  /** Members that are put beside the known ones, at the top. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/**
 * The times of a box whose hosts are loopback. What a payment waits for comes of itself, so its ends are far away: on a busy
 * machine a handshake takes seconds.
 */
export const timing = {
  restMs: 200,
  queryEveryMs: 200,
  giveUpAfterMs: 60_000,
  reverseNotBeforeMs: 500,
  confirmNotBeforeMs: 1_500,
  sendWithinMs: 30_000,
  connectTimeoutMs: 15_000,
  answerTimeoutMs: 30_000,
};

/** The same where the end of such a time is what a test waits for. */
export const hastyTiming = {
  ...timing,
  giveUpAfterMs: 10_000,
  sendWithinMs: 10_000,
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 1_500,
};

/** The times for an amount whose last two digits choose what happens: shorter where nobody answers, or nobody pays. */
function timingFor(fixed: string): typeof timing {
  const { ends, rules } = scenarioOfAmount(Math.round(Number(fixed) * 100));
  const mute = rules.some(({ treatment: { kind } }) => ["silence", "delay", "vanish"].includes(kind));
  const answerTimeoutMs = mute ? hastyTiming.answerTimeoutMs : timing.answerTimeoutMs;
  if (ends === "paid" || ends === "declined") return { ...timing, answerTimeoutMs };
  // Until then the charge and some queries have to be answered.
  const { giveUpAfterMs } = hastyTiming;
  return {
    ...timing,
    giveUpAfterMs,
    sendWithinMs: giveUpAfterMs,
    connectTimeoutMs: giveUpAfterMs,
    answerTimeoutMs: Math.min(answerTimeoutMs, giveUpAfterMs),
  };
}

/** The sandbox's times are a tenth of what its scenarios say: 3 s until a password is typed are 300 ms. */
const PACE = 0.1;

/** What the sandbox says of an order in each end of the journal; absent is an order that the sandbox never saw. */
const agreeing: Readonly<Record<string, readonly string[]>> = {
  paid: ["success"],
  reversed: ["revoked", "closed", "absent"],
  refunded: ["revoked", "refund"],
  declined: ["notpay", "absent"],
  cancelled: ["absent"],
};

export class Stand {
  readonly certificates: Certificates;
  readonly sandbox: SandboxServer;
  readonly mosquitto: Mosquitto;
  readonly consumer: Consumer;
  readonly directory: string;
  readonly #second: SecondSandbox | null;
  /** Hears of every call that the sandbox handled, before its reply leaves. */
  onCall: (note: CallNote) => void = () => {};
  readonly #bundle: string;
  readonly #apiKeyFile: string;
  readonly #boxes: Box[] = [];
  readonly #secrets: Secret[] = [];
  readonly #codes = new Set<string>();

  private constructor(parts: {
    readonly bundle: string;
    readonly directory: string;
    readonly certificates: Certificates;
    readonly sandbox: SandboxServer;
    readonly mosquitto: Mosquitto;
    readonly apiKeyFile: string;
    readonly apiKey: string;
    readonly second: SecondSandbox | null;
  }) {
    this.#bundle = parts.bundle;
    this.directory = parts.directory;
    this.certificates = parts.certificates;
    this.sandbox = parts.sandbox;
    this.mosquitto = parts.mosquitto;
    this.#apiKeyFile = parts.apiKeyFile;
    this.consumer = new Consumer(parts.mosquitto.port);
    this.#second = parts.second;
    this.#secrets.push({ name: "the API key", text: parts.apiKey }, ...(parts.second?.secrets ?? []));
    for (const { keyFile } of Object.values(this.#pairs())) {
      this.#secrets.push(...linesOfKey("a private key", pem(keyFile)));
    }
  }

  /** Makes everything but boxes; with `broker` off, Mosquitto is left to the test. A `second` account has a sandbox of its own. */
  static async start({
    broker = true,
    second = null,
  }: {
    readonly broker?: boolean;
    readonly second?: SecondAccount | null;
  } = {}): Promise<Stand> {
    const bundle = makeBundle();
    const directory = mkdtempSync(join(tmpdir(), "scanbox-e2e-"));
    const apiKey = Array.from({ length: 32 }, () => randomInt(36).toString(36)).join("");
    const apiKeyFile = join(directory, "api-key");
    writeFileSync(apiKeyFile, `${apiKey}\n`, { mode: 0o600 });
    const certificates = await makeCertificates(directory);
    const calls: { hear: (note: CallNote) => void } = { hear: () => {} };
    const sandbox = await startSandboxServer({
      merchants: [{ ...fixtureMerchant, apiKey: new ApiKey(apiKey) }],
      pace: PACE,
      byAmount: true,
      tls: {
        cert: pem(certificates.sandbox.certFile),
        key: pem(certificates.sandbox.keyFile),
        clientCa: pem(certificates.authorityFile),
      },
      observe: (note) => calls.hear(note),
    });
    const mosquitto = await Mosquitto.prepare(directory);
    if (broker) await mosquitto.start();
    const place = { directory, certificates, pace: PACE };
    const stand = new Stand({
      ...{ bundle, directory, certificates, sandbox, mosquitto, apiKeyFile, apiKey },
      second: second === null ? null : await SecondSandbox.start(second, place),
    });
    calls.hear = (note) => stand.onCall(note);
    if (broker) await stand.consumer.ready();
    return stand;
  }

  /** The sandbox beside the first one. */
  get second(): SecondSandbox {
    assert.ok(this.#second !== null, "the stand was started with a second account");
    return this.#second;
  }

  /** Makes a box with a scanner that is plugged in; it is not started. */
  async box(id: string, wishes: BoxWishes = {}): Promise<Box> {
    const box = new Box(id, this.#bundle, join(this.directory, id));
    this.#boxes.push(box);
    box.configure(this.config(box, wishes));
    await box.scanner.plug();
    return box;
  }

  /** The configuration of a box as `device.config.json` has it. */
  config(box: Box, wishes: BoxWishes): Record<string, unknown> {
    const { certFile, keyFile } = wishes.certificate ?? this.certificates.merchant;
    const { appId, merchantId } = fixtureMerchant;
    const { origin } = this.sandbox;
    const first = wechatEntry({
      ...{ appId, merchantId, hosts: [origin, origin.replace("127.0.0.1", "localhost")] },
      apiKey: { file: wishes.apiKeyFile ?? this.#apiKeyFile },
      certificate: { cert: { file: certFile }, key: { file: keyFile } },
      ca: { file: this.certificates.sandbox.certFile },
    });
    const { wallets = ["wechat"] } = wishes;
    return {
      version: 1,
      box: { id: box.id, store: "Example store" },
      providers: wallets.map((wallet) => (wallet === "wechat" ? first : this.second.entry())),
      amount: { source: "fixed", fixed: wishes.fixed ?? "1.00" },
      scanner: { path: box.scanner.path },
      keypad: null,
      display: null,
      outputs: null,
      mqtt: { url: `mqtt://127.0.0.1:${this.mosquitto.port}` },
      journal: { directory: box.journalDirectory },
      timing: wishes.hasty === true ? hastyTiming : timingFor(wishes.fixed ?? "1.00"),
      log: { level: wishes.logLevel ?? "debug" },
      ...wishes.extra,
    };
  }

  /** A payment code that nobody has used, or another text that the scanner may read. */
  code(text = `13${digits(8)}${digits(8)}`): string {
    if (!this.#codes.has(text)) this.hide("what was scanned", text);
    this.#codes.add(text);
    return text;
  }

  /** Names a text that must be nowhere when the stand ends. */
  hide(name: string, text: string): void {
    this.#secrets.push({ name, text });
  }

  /** The orders of a box in the sandbox's books. */
  orders(box: Box): readonly Order[] {
    return this.sandbox.sandbox.ledger.orders().filter(({ deviceInfo }) => deviceInfo === box.id);
  }

  /** What moved for one code, over all orders. */
  totalsOf(code: string): Totals {
    const order = this.sandbox.sandbox.ledger.orders().find(({ authCode }) => authCode.reveal() === code);
    if (order === undefined) return { chargedFen: 0, returnedFen: 0, charges: 0 };
    return this.sandbox.sandbox.ledger.totalsOfCode(order.authCode);
  }

  /** Waits until a box has recorded at least `count` orders, all have ended, and the consumer has every event. */
  async settled(box: Box, count = 1): Promise<void> {
    const told = (): Map<string, boolean> =>
      new Map(this.consumer.events(box.id).map(({ data }) => [data.outTradeNo, data.final]));
    await until(
      () => {
        const books = box.books();
        if (books === null || books.open.length > 0) return false;
        // The journal is read in two looks, and an order may end between them: the consumer has to have its end too.
        const finals = [...told().values()];
        if (finals.length < count || finals.includes(false)) return false;
        return this.consumer.events(box.id).length === books.events;
      },
      () =>
        `every order of ${box.id} ends: ${JSON.stringify([box.books(), ...told()])} ${box.program.tail()}`,
      { everyMs: 50 },
    );
  }

  /**
   * Fails unless the journal, the consumer and the sandbox tell one story of a box: every order has ended, the money is where
   * the journal says, no code was charged twice, and the events are whole. Gives the journal, newest order first.
   */
  async assertOneStory(box: Box): Promise<readonly JournalRow[]> {
    const rows = await box.journal();
    const events = this.consumer.events(box.id);
    this.consumer.assertWhole(box.id);
    const ledger = this.sandbox.sandbox.ledger;
    const orders = new Map(this.orders(box).map((order) => [order.outTradeNo, order]));
    for (const { seq, at, ...tx } of rows) {
      const event = events.findLast(({ data }) => data.outTradeNo === tx.outTradeNo);
      assert.deepEqual({ seq: event?.seq, at: event?.time, ...event?.data }, { seq, at, ...tx });
      if (this.#second?.takes(tx.wallet) === true) {
        assert.ok(tx.final);
        this.#second.assertAgrees(tx);
        continue;
      }
      const order = orders.get(tx.outTradeNo);
      const { chargedFen, returnedFen, charges } =
        order === undefined ? { chargedFen: 0, returnedFen: 0, charges: 0 } : ledger.totalsOfOrder(order);
      const story = `${tx.outTradeNo} is ${tx.state} here and ${order?.state ?? "absent"} at the sandbox`;
      assert.ok(tx.final && (agreeing[tx.state] ?? []).includes(order?.state ?? "absent"), story);
      assert.equal(chargedFen - returnedFen, tx.state === "paid" ? tx.amountFen : 0, story);
      assert.equal(charges, tx.state === "paid" || tx.state === "refunded" ? 1 : 0, story);
      assert.equal(tx.charged, tx.state === "paid" ? "yes" : "no", story);
      assert.equal(order === undefined || order.amountFen === tx.amountFen, true, story);
    }
    const recorded = new Set(rows.map(({ outTradeNo }) => outTradeNo));
    assert.deepEqual(
      [...orders.keys(), ...(this.#second?.charged(box.id) ?? [])].filter(
        (outTradeNo) => !recorded.has(outTradeNo),
      ),
      [],
      "the journal has every order of the bank",
    );
    for (const code of this.#codes) {
      const charges = this.totalsOf(code).charges + (this.#second?.chargesOf(code) ?? 0);
      assert.ok(charges <= 1, "no code is charged twice");
    }
    const verified = await box.command("journal", "verify");
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    return rows;
  }

  /** Everything that left any box of this stand: what it said, sent and wrote. */
  captured(): readonly Captured[] {
    const programs = this.#boxes.flatMap(({ id, programs: runs, commands }) =>
      [...runs, ...commands].flatMap(({ stdout, stderr }) => [
        { from: `the stdout of ${id}`, text: stdout },
        { from: `the stderr of ${id}`, text: stderr },
      ]),
    );
    const files = this.#boxes.flatMap(({ id, journalDirectory }) =>
      filesIn(journalDirectory).map((name) => ({
        from: `${name} of ${id}`,
        text: readFileSync(join(journalDirectory, name), "latin1"),
      })),
    );
    const messages = this.consumer.payloads.map((text) => ({ from: "an MQTT message", text }));
    return [...programs, ...files, ...messages];
  }

  /** What must not be in any of it: payment codes, keys and the names of payers. */
  secrets(): readonly Secret[] {
    const payers = this.sandbox.sandbox.ledger
      .orders()
      .map(({ openId }) => ({ name: "an openid", text: openId }));
    return [...this.#secrets, ...payers];
  }

  /** Ends every process of the stand and frees everything; fails where a secret has leaked. */
  async end(): Promise<void> {
    try {
      for (const box of this.#boxes) {
        for (const program of box.programs) {
          if (program.ending === null) program.signal("SIGKILL");
          await program.ended();
        }
        await box.scanner.unplug();
      }
      await this.consumer.end();
      await this.mosquitto.stop();
      await this.sandbox.close();
      await this.#second?.running.close();
      assert.deepEqual(leaks(this.captured(), this.secrets()), []);
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  #pairs(): readonly Pair[] {
    const { sandbox, merchant, stranger, expired } = this.certificates;
    return [sandbox, merchant, stranger, expired];
  }
}

function digits(count: number): string {
  return String(randomInt(10 ** count)).padStart(count, "0");
}

function filesIn(directory: string): readonly string[] {
  try {
    // A box that was killed leaves its control socket behind, which is a socket and holds nothing.
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  } catch {
    // A box that was refused at the start has no journal.
    return [];
  }
}
