/**
 * Who looks at everything at once: the journal, the sandbox's books, the screens and the broker's log, and says where they
 * contradict each other. The names of the checks are those of the invariants (test/README.md, invariants by name).
 */
import { invariant } from "../../core/kernel/defect.ts";
import { isDeclinedByCode, type Payee, type TxData } from "../../core/payment/order.ts";
import { standardTiming } from "../../core/payment/rules.ts";
import type { Screen } from "../../core/payment/screen.ts";
import type { SaleName } from "../../core/payment/till-sale.ts";
import type { HttpsOutcome, HttpsRequest, StoredRow } from "../../runtime/ports.ts";
import type { SimulatedReply } from "../outside/https.ts";
import type { Asked, Proof, Said, Sandbox } from "../outside/sandbox.ts";
import type { SimulatedDisk } from "../outside/store.ts";
import type { SimulatedTime } from "../outside/time.ts";
import type { QuarantineOutcome } from "../seeded/damage.ts";
import { AbsenceWatch } from "./absence-watch.ts";
import { Books, type LedgerOrder } from "./books.ts";
import { Bystander } from "./bystander.ts";
import { Preconditions } from "./preconditions.ts";
import { TillChecker } from "./till-checker.ts";

/** A broken invariant, with a sentence. */
export interface Finding {
  readonly check: string;
  readonly at: number;
  readonly sentence: string;
}

/** More than these are not worth reading: the first ones tell. */
const FINDINGS_MAX = 20;

/** So long an end for staff stands where nobody presses OK (money rule 12). */
const FOR_STAFF_MS = 30_000;

/** Texts that claim a payment, and those that claim nothing. */
const paids: ReadonlySet<string> = new Set(["paid", "vend-unclear"]);
const unknowns: ReadonlySet<string> = new Set(["unknown", "code-withdrawn", "refund-pending"]);

/** What a look back says of each state, written down here once more. */
const lookTexts: ReadonlyMap<string, string> = new Map([
  ["charging", "recent-open"],
  ["reversing", "recent-reversing"],
  ["paid", "recent-paid"],
  ["declined", "recent-not-paid"],
  ["cancelled", "recent-not-paid"],
  ["reversed", "recent-not-paid"],
  ["refunded", "recent-refunded"],
  ["manual", "recent-manual"],
]);

/** What stands on the screen for an order that a start found open, by its text. */
const earlierTexts: ReadonlyMap<string, string> = new Map([
  ["earlier-paid", "paid"],
  ["earlier-refunded", "refunded"],
  ["unknown", "manual"],
]);

/** From a durable end to its place on the screen at most: the box hears of it when the flush is over. */
const NOTICED_MS = 5_000;

/** What the checker reads of a money row. */
interface MoneyBody {
  readonly tx: TxData;
  /** There where the row is the intent. */
  readonly intent?: {
    readonly codeHash: string | null;
    readonly nonce: string;
    readonly caller: string | null;
    readonly payee: Payee;
  };
}

interface Money extends MoneyBody {
  readonly row: StoredRow;
}

/** Looks on while a world runs, and judges when it has ended. */
export class InvariantChecker {
  readonly findings: Finding[] = [];
  readonly #disk: SimulatedDisk;
  readonly #sandboxes: readonly Sandbox[];
  readonly #books = new Books();
  readonly #time: SimulatedTime;
  /** The journal as far as it was read, by order. */
  readonly #money = new Map<string, Money[]>();
  /** Money rows and reported events, each by the journal and the number under which it is known. */
  readonly #bySeq = new Map<string, StoredRow>();
  #newestEvent = 0;
  #read = 0;
  readonly #events = new Map<string, string>();
  /** Orders that went through a quarantine and may be over: nobody may take them back, or call them paid, once more. */
  readonly #doubtful = new Set<string>();
  readonly #chargeAskedAt = new Map<string, number>();
  /** Orders of which one byte of a charge may have left, and the order that each code was sent for. */
  readonly #sent = new Set<string>();
  readonly #codes = new Map<string, string>();
  readonly #bystander = new Bystander();
  readonly #preconditions = new Preconditions();
  /** Since when the certificate of the box takes nothing back. */
  #certificateBadSince: number | null = null;
  /** What replies say, by the bytes in which they travel; and what those that were heard prove of their orders. */
  readonly #said = new WeakMap<Uint8Array, Said>();
  readonly #proofs = new Map<string, Set<Proof>>();
  /** Orders that the running process has heard to be paid. */
  readonly #seenPaid = new Set<string>();
  /** Orders that ended in a process that had heard them to be paid. */
  readonly #endedSeen = new Set<string>();
  /** Whether the sandbox leaves out the number of the payment where it tells of a reversed one. */
  readonly #unnamed: boolean;
  /** Orders of which the box has heard that their number is known at the sandbox by another hand than its own, as far as it can tell. */
  readonly #numberKnown = new Set<string>();
  /** The accounts for which the last call that left came back with nothing. */
  readonly #silent = new Set<string>();
  readonly #absences = new AbsenceWatch();
  /** What each request asks, and when that was. */
  readonly #asked = new WeakMap<HttpsRequest, { readonly asked: Asked; readonly at: number }>();
  /** Pulses of the relay, by the order that they were for. */
  readonly #pulses = new Map<string, number>();
  /** Calls that the running process has asked for and heard nothing of. */
  readonly #underWay = new Map<HttpsRequest, Asked>();
  /** The order of the last pulse, and the orders whose goods have fallen. */
  #pulsedLast: string | null = null;
  readonly #fallen = new Set<string>();
  /** Whether the box sees goods fall, so that it can know what came of its pulses. */
  readonly #barrier: boolean;
  /** What the box does with a payment that it finds paid after a restart; null where nobody has said. */
  readonly #late: "keep" | "reverse" | null;
  /** Orders that began in an earlier life of the box. */
  readonly #earlier = new Set<string>();
  /** Orders of which the box has heard how they stand at the sandbox. */
  readonly #askedAbout = new Set<string>();
  /** Orders that came to an end after a start had found them open, of which people are told, and since when; and those that were shown. */
  readonly #endedEarlier = new Map<string, number>();
  readonly #shownEarlier = new Set<string>();
  /** Who hears what tills are told. */
  readonly tills: TillChecker;
  /** Orders of which operators were told that somebody else gave money back. */
  readonly #refundsToldOf = new Set<string>();
  /** Orders that the sandbox has said to have reversed, and has not. */
  readonly #pretended = new Set<string>();
  /** The phone that lies in the reader. */
  #phone: {
    readonly codes: ReadonlySet<string>;
    /** Whether the same customer may try once more after a decline. */
    readonly mayRetry: boolean;
    /** The code of it that was charged, and for which order. */
    readonly charged: { readonly code: string; readonly outTradeNo: string } | null;
    /** Somebody else has chosen something meanwhile, which it must not pay. */
    readonly barred: boolean;
  } | null = null;
  /** The end on the screen that is one for staff. */
  #forStaff: { readonly outTradeNo: string; readonly at: number } | null = null;
  readonly #shownEnds = new Map<string, { readonly text: string; readonly at: number }[]>();

  constructor(parts: {
    readonly disk: SimulatedDisk;
    readonly sandboxes: readonly Sandbox[];
    readonly time: SimulatedTime;
    readonly barrier?: boolean;
    readonly unnamed?: boolean;
    readonly late?: "keep" | "reverse";
    /** How long a till's amount waits for a code; the usual time where it is not said. */
    readonly armedMs?: number;
  }) {
    this.#barrier = parts.barrier ?? false;
    this.#unnamed = parts.unnamed ?? false;
    this.#late = parts.late ?? null;
    this.#disk = parts.disk;
    this.#sandboxes = parts.sandboxes;
    this.#time = parts.time;
    this.tills = new TillChecker({
      now: () => this.#time.now,
      armedMs: parts.armedMs ?? standardTiming.armedMs,
      orders: (name) => this.#ordersOf(name),
      found: (check, sentence) => this.found(check, sentence),
    });
  }

  /** How many payments the journal holds. */
  get payments(): number {
    this.#catchUp();
    return this.#money.size;
  }

  /** The number of the newest durable event, 0 where there is none. */
  get newestEvent(): number {
    this.#catchUp();
    return this.#newestEvent;
  }

  found(check: string, sentence: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push({ check, at: this.#time.now, sentence });
  }

  /** A phone stays in the reader and shows these codes, of which there may come more. */
  stays(codes: ReadonlySet<string>, mayRetry: boolean): void {
    this.#phone = { codes, mayRetry, charged: null, barred: false };
  }

  /** Somebody else chooses something of the menu while the phone lies there. */
  chosenByAnother(): void {
    if (this.#phone !== null) this.#phone = { ...this.#phone, barred: true };
  }

  /** Somebody presses OK. */
  confirmed(): void {
    this.#forStaff = null;
  }

  /** No end stands on the screen any more. */
  endLeft(): void {
    const shown = this.#forStaff;
    this.#forStaff = null;
    if (shown === null || this.#time.now - shown.at >= FOR_STAFF_MS) return;
    this.found("staff", `${shown.outTradeNo} is one for staff and left the screen without them`);
  }

  /** The phone was taken along, or somebody pressed a key and wants to pay once more. */
  left(): void {
    this.#phone = null;
  }

  /** A code is held under the scanner. */
  scanned(code: string): void {
    this.#preconditions.scanned(code, this.#time.now);
  }

  /** The certificate of the box has gone bad, or is good again. */
  certificate(good: boolean): void {
    this.#certificateBadSince = good ? null : (this.#certificateBadSince ?? this.#time.now);
  }

  /** The display shows something. */
  reads(screen: Screen): void {
    this.#bystander.reads(screen);
  }

  /**
   * The box asks its link for a call, which its sandbox has read; `contradicted` is whether it has broken an invariant before,
   * `clockTrusted` whether its wall clock is known to be right.
   */
  asked(
    request: HttpsRequest,
    asked: Asked,
    { contradicted, clockTrusted }: { readonly contradicted: boolean; readonly clockTrusted: boolean },
  ): void {
    const { call, order: outTradeNo, notBeforeMs } = asked;
    this.#asked.set(request, { asked, at: this.#time.now });
    this.#underWay.set(request, asked);
    this.#checkPayee(asked);
    if (call === "charge") {
      if (contradicted) this.found("halt", `${outTradeNo} is charged by a box that has contradicted itself`);
      if (asked.removed === true && !this.#chargeAskedAt.has(outTradeNo))
        this.found("account", `${outTradeNo} is charged for an account that takes nothing new`);
      // The backup host is tried within the same ten seconds, for a charge that nobody has heard of.
      if (this.#silent.has(asked.payee) && !this.#chargeAskedAt.has(outTradeNo))
        this.found("ready", `${outTradeNo} is charged while nobody answers`);
      this.#absences.charged(outTradeNo, request.host);
      this.#checkCharge(asked, request, asked.needsClock && !clockTrusted);
      return;
    }
    if (call !== "undo") return;
    if (this.#numberKnown.has(outTradeNo) && !this.#isProved(outTradeNo, "paid"))
      this.found("I14", `${outTradeNo} is taken back, though its number was said to be known`);
    const chargedAt = this.#chargeAskedAt.get(outTradeNo);
    if (chargedAt === undefined) return;
    const age = this.#time.now - chargedAt;
    if (age < notBeforeMs) this.found("I17", `${outTradeNo} is taken back ${age} ms after its charge`);
  }

  /** An order is charged, asked about and taken back for the account of its intent, or not at all (money rule 15). */
  #checkPayee({ call, order, payee }: Asked): void {
    const meant = this.#payeeOf(order);
    if (meant !== undefined && payee !== meant)
      this.found("account", `a ${call} of ${order} names ${payee}, its intent ${meant}`);
  }

  #checkCharge(
    { order: outTradeNo, payee, code, amountFen }: Asked,
    request: HttpsRequest,
    clockless: boolean,
  ): void {
    this.#catchUp();
    if (!this.#chargeAskedAt.has(outTradeNo)) this.#chargeAskedAt.set(outTradeNo, this.#time.now);
    const { condemned } = this.#disk;
    if (condemned !== null)
      this.found("damaged", `${outTradeNo} is charged after the journal was found damaged: ${condemned}`);
    // A second host may be tried for the same charge, but only where nothing had left.
    if (this.#sent.has(outTradeNo)) this.found("I5", `${outTradeNo} is charged once more after it was sent`);
    this.#sent.add(outTradeNo);
    if (code !== null) {
      const before = this.#codes.get(code) ?? outTradeNo;
      if (before !== outTradeNo) this.found("I1", `the code of ${before} is charged again as ${outTradeNo}`);
      this.#codes.set(code, outTradeNo);
      this.#checkPhone(code, outTradeNo);
    }
    const misread = this.#bystander.charged(outTradeNo, amountFen ?? 0);
    if (misread !== null) this.found("offer", misread);
    const open = this.openOrders().filter(
      (other) =>
        other !== outTradeNo &&
        this.#payeeOf(other) === payee &&
        !this.#isContradicted(other) &&
        !this.#doubtful.has(other),
    );
    const against = this.#preconditions.against({
      request,
      outTradeNo,
      payee,
      code,
      now: this.#time.now,
      open: open.length,
      certificateBadSince: this.#certificateBadSince,
      clockless,
    });
    for (const sentence of against) this.found("precondition", sentence);
    for (const [other, money] of this.#money) {
      if (other === outTradeNo || this.#earlier.has(other) || money.at(-1)?.tx.state !== "charging") continue;
      this.found("I6", `${outTradeNo} is charged while it is open what became of ${other}`);
    }
  }

  /** A decline that the sandbox took back was over when later charges left, and no box could know. */
  #isContradicted(outTradeNo: string): boolean {
    return this.#money.get(outTradeNo)?.some(({ tx }) => tx.reason === "contradiction") === true;
  }

  /** A sandbox answers; `said` is null where nobody is there to answer. */
  served(reply: SimulatedReply, said: Said | null): void {
    if (said === null) return;
    if (reply.kind === "reply") this.#said.set(reply.body, said);
    if (said.pretended && said.order !== null) this.#pretended.add(said.order);
  }

  /** The box hears what came of a call. */
  answered(request: HttpsRequest, outcome: HttpsOutcome): void {
    const heard = this.#asked.get(request);
    invariant(heard !== undefined, "an answer comes to what was asked");
    const { asked, at } = heard;
    const { call, order: outTradeNo, payee } = asked;
    this.#underWay.delete(request);
    const said = outcome.kind === "answered" ? this.#said.get(outcome.body) : undefined;
    this.#preconditions.answered(asked, outcome, { said, now: this.#time.now });
    if (call === "charge") this.#absences.landed(outTradeNo, this.#time.now);
    if (outcome.kind === "unanswered") this.#silent.add(payee);
    else if (outcome.kind === "answered") this.#silent.delete(payee);
    if (call === "charge" && outcome.kind === "not-sent") this.#sent.delete(outTradeNo);
    if (said?.honest !== true) return;
    if (call === "query") {
      this.#askedAbout.add(outTradeNo);
      this.#absences.answered(outTradeNo, { host: request.host, at }, said.absent);
    }
    // The number is somebody else's where the order under it bears another mark than the intent.
    if (said.known || (said.shows && this.#isAnothers(outTradeNo))) this.#numberKnown.add(outTradeNo);
    for (const proof of said.proves) {
      if (proof === "paid") this.#seenPaid.add(outTradeNo);
      const proofs = this.#proofs.get(outTradeNo) ?? new Set();
      this.#proofs.set(outTradeNo, proofs.add(proof));
    }
  }

  /** A request arrives at the sandbox, which has read it: whatever is dangerous must be durable by now. */
  arrived({ call, order: outTradeNo, amountFen }: Asked): void {
    if (call !== "charge" && call !== "undo") return;
    const money = this.#of(outTradeNo);
    const [intent] = money;
    if (call === "charge") {
      if (intent?.tx.state !== "charging") {
        this.found("I3", `${outTradeNo} is charged without a durable intent`);
      } else if (amountFen !== intent.tx.amountFen) {
        this.found("I4", `${outTradeNo} is charged with another amount than its intent says`);
      }
    } else if (!money.some(({ tx }) => tx.state === "reversing")) {
      this.found("I14", `${outTradeNo} is reversed without a durable record`);
    }
  }

  /** The box was started: nobody stands in front of it any more for what began before. */
  started(): void {
    // A record that a crash made durable after all rests on what its own process has heard.
    this.#catchUp();
    this.#absences.started(this.#time.now);
    this.#underWay.clear();
    this.#seenPaid.clear();
    this.#bystander.started();
    this.#preconditions.started();
    this.#silent.clear();
    this.#forStaff = null;
    for (const outTradeNo of this.#money.keys()) this.#earlier.add(outTradeNo);
    // What the box had no time to write down it cannot know.
    for (const outTradeNo of this.#numberKnown) {
      if (!this.#of(outTradeNo).some(({ tx }) => tx.reason === "number-conflict"))
        this.#numberKnown.delete(outTradeNo);
    }
    this.#endedEarlier.clear();
    const ended = [...this.#money].filter(([, money]) => money.at(-1)?.tx.final === true);
    this.tills.started(new Set(ended.map(([outTradeNo]) => outTradeNo)));
  }

  /** The box ends, by itself or not. */
  stopped(): void {
    this.#absences.stopped(this.#time.now);
  }

  /** The box says that it has stopped, as it was asked to: nothing of its own goes on, and no goods are cut off. */
  stoppedInOrder(): void {
    for (const { call, order } of this.#underWay.values())
      this.found("stop", `a ${call} of ${order} is under way after an orderly stop`);
    for (const outTradeNo of this.#awaitingGoods()) {
      const pulses = this.#pulses.get(outTradeNo) ?? 0;
      const bought = this.#of(outTradeNo).at(-1)?.tx.dispense?.pulses ?? 0;
      if (pulses > 0 && pulses < bought && !this.#earlier.has(outTradeNo))
        this.found("stop", `${outTradeNo} was cut off after ${pulses} pulses`);
    }
  }

  /** The relay begins a pulse: exactly one durable payment must be waiting for it. */
  pulsed(): void {
    const [outTradeNo, ...others] = this.#awaitingGoods().filter((order) => !this.#earlier.has(order));
    if (outTradeNo === undefined || others.length > 0) {
      this.found(
        "goods",
        `a pulse went out while ${others.length === 0 ? "no" : "more than one"} payment waits for goods`,
      );
      return;
    }
    this.#pulses.set(outTradeNo, (this.#pulses.get(outTradeNo) ?? 0) + 1);
    this.#pulsedLast = outTradeNo;
  }

  /** Goods fell out of the machine. */
  fell(): void {
    if (this.#pulsedLast !== null) this.#fallen.add(this.#pulsedLast);
  }

  /** Orders whose payment is durable and whose goods are not told of yet. */
  #awaitingGoods(): readonly string[] {
    this.#catchUp();
    return [...this.#money].flatMap(([outTradeNo, money]) => {
      const last = money.at(-1)?.tx;
      return last?.state === "paid" && !last.final ? [outTradeNo] : [];
    });
  }

  /** The end of an order, or that it is unknown, stands on the screen. */
  shown(outTradeNo: string, screen: Screen): void {
    const { text } = screen;
    const shown = this.#shownEnds.get(outTradeNo) ?? [];
    shown.push({ text, at: this.#time.now });
    this.#shownEnds.set(outTradeNo, shown);
    if (this.#earlier.has(outTradeNo))
      this.found("late", `${outTradeNo} began before and was shown as ${text}`);
    const last = this.#of(outTradeNo).at(-1);
    const misread = last === undefined ? null : this.#bystander.compares(screen, last.tx);
    if (misread !== null) this.found("offer", misread);
    const forStaff = last?.tx.final === true && (last.tx.state === "manual" || text === "vend-unclear");
    if (forStaff && this.#forStaff?.outTradeNo !== outTradeNo)
      this.#forStaff = { outTradeNo, at: this.#time.now };
    if (unknowns.has(text)) return;
    if (last === undefined || !last.tx.final) {
      this.found("I11", `${outTradeNo} was shown as ${text} before its end was durable`);
      return;
    }
    if (paids.has(text) !== (last.tx.state === "paid")) {
      this.found("I13", `${outTradeNo} was shown as ${text}, the journal says ${last.tx.state}`);
    }
    const order = this.#order(outTradeNo);
    if (paids.has(text) && (order === undefined || netOf(order) !== last.tx.amountFen)) {
      this.found("I10", `${outTradeNo} was shown as paid, the sandbox's books say otherwise`);
    }
  }

  /** An end of an order that a start found open stands on the screen. */
  shownEarlier(outTradeNo: string, { text, ref }: Screen): void {
    const last = this.#of(outTradeNo).at(-1)?.tx;
    if (last?.final !== true || ref !== last.shortRef || earlierTexts.get(text) !== last.state)
      this.found("earlier", `${outTradeNo} is shown as ${text} #${ref}, the journal says ${last?.state}`);
    this.#shownEarlier.add(outTradeNo);
  }

  /** Somebody looks back at an order: the words are what the journal says of it now, whatever was shown of it before. */
  looksBack(outTradeNo: string, screen: Screen): void {
    const last = this.#of(outTradeNo).at(-1)?.tx;
    const misread = last === undefined ? null : this.#bystander.compares(screen, last);
    if (last === undefined || misread !== null || lookTexts.get(last.state) !== screen.text)
      this.found(
        "look",
        misread ?? `${outTradeNo} is remembered as ${screen.text}, the journal says ${last?.state}`,
      );
  }

  /** The box waits for the next customer: whoever stands there since before the start has been told. */
  waits(): void {
    this.#catchUp();
    for (const [outTradeNo, since] of this.#endedEarlier) {
      if (this.#shownEarlier.has(outTradeNo) || this.#time.now - since < NOTICED_MS) continue;
      this.found("earlier", `${outTradeNo} ended after a start, and nobody was told`);
      this.#endedEarlier.delete(outTradeNo);
    }
  }

  /** The orders of a sale in the journal, each as its newest record has it. */
  #ordersOf({ caller, ref }: SaleName): readonly TxData[] {
    this.#catchUp();
    return [...this.#money.values()].flatMap((money) => {
      const tx = money.at(-1)?.tx;
      return tx?.ref === ref && money[0]?.intent?.caller === caller ? [tx] : [];
    });
  }

  /** Who leaves the phone in the reader pays once (money rule 13). */
  #checkPhone(code: string, outTradeNo: string): void {
    if (this.#phone?.codes.has(code) !== true) return;
    const { mayRetry, charged, barred } = this.#phone;
    if (barred) this.found("phone", "a phone that lies in the reader pays for what somebody else has chosen");
    const before = charged === null ? undefined : this.#of(charged.outTradeNo).at(-1)?.tx.state;
    const retried = mayRetry && before === "declined";
    if (charged !== null && charged.code !== code && !retried)
      this.found("phone", "two codes of a phone that never left the reader are charged");
    this.#phone = { ...this.#phone, charged: { code, outTradeNo } };
  }

  /** A `tx` event arrived at the broker. */
  reported(payload: string): void {
    const seq = `${/"journal":"([^"]+)"/.exec(payload)?.[1]} ${/"seq":(\d+)/.exec(payload)?.[1]}`;
    const before = this.#events.get(seq);
    if (before !== undefined && before !== payload) this.found("I24", `event ${seq} came with other bytes`);
    this.#events.set(seq, payload);
    this.#catchUp();
    const row = this.#bySeq.get(seq);
    const data = payload.slice(payload.indexOf(DATA) + DATA.length, -1);
    if (row?.body.includes(`"tx":${data}`) !== true) {
      this.found("I24", `event ${seq} was reported and is not what the journal has`);
    }
  }

  /** Whether every order has its end and the sandbox agrees that nothing more can happen. */
  isSettled(): boolean {
    return (
      this.openOrders().length === 0 && this.#declined().every((outTradeNo) => this.#isLookedAt(outTradeNo))
    );
  }

  /** Orders that were declined by a code. */
  #declined(): readonly string[] {
    return [...this.#money].flatMap(([outTradeNo, money]) => {
      const end = money.at(-1)?.tx;
      return end !== undefined && isDeclinedByCode(end) ? [outTradeNo] : [];
    });
  }

  /** Whether an order was looked at once more (money rule 7), and nothing came of it that the journal does not have yet. */
  #isLookedAt(outTradeNo: string): boolean {
    const order = this.#order(outTradeNo);
    const over = order === undefined || (!order.open && netOf(order) === 0);
    return this.#askedAbout.has(outTradeNo) && over;
  }

  /** Somebody was told that a segment begins with this row. */
  toldOfSegment(n: number): void {
    const row = this.#disk.rows.find((one) => one.n === n);
    if (row?.kind !== "segment")
      this.found("rotate", `a segment was said to begin with row ${n}, and no such row is durable`);
  }

  /** The journal is about to be put aside: whatever it says has been read. */
  beforeQuarantine(): void {
    this.#catchUp();
  }

  /** Another journal has taken over: its rows of old orders are no news, and those that may be over are open again. */
  quarantined({ lostSeqs, doubtful }: QuarantineOutcome, old: string): void {
    for (const seq of lostSeqs) {
      // What the broker has is not lost.
      if (!this.#events.has(`${old} ${seq}`)) this.#bySeq.delete(`${old} ${seq}`);
    }
    const { rows, journal } = this.#disk;
    this.#read = rows.length;
    this.#newestEvent = 0;
    const newest = new Map<string, StoredRow>();
    for (const row of rows) {
      if (row.seq === null || row.subject === null) continue;
      this.#bySeq.set(`${journal} ${row.seq}`, row);
      this.#newestEvent = row.seq;
      newest.set(row.subject, row);
    }
    for (const [outTradeNo, row] of newest) {
      const { tx } = JSON.parse(row.body) as MoneyBody;
      const before = this.#money.get(outTradeNo) ?? [];
      if (doubtful.has(outTradeNo)) this.#money.set(outTradeNo, [...before, { row, tx }]);
      // A reversal whose end was lost goes on, and comes to the same end; that money had moved may be lost with it.
      else if (tx.state === "reversing") {
        this.#money.set(
          outTradeNo,
          before.filter(({ tx: { final } }) => !final),
        );
        this.#endedSeen.delete(outTradeNo);
      } else if (!tx.final && before.at(-1)?.tx.final === true)
        this.found("quarantine", `${outTradeNo} was over, and goes on as ${tx.state}`);
    }
    // A decline whose contradiction is lost without a trace is a decline again, and is looked at once more (money rule 7).
    for (const [outTradeNo, money] of this.#money) {
      const left = money.filter(({ row }) => row.seq === null || !lostSeqs.has(row.seq));
      const last = left.at(-1)?.tx;
      const declined = last?.final === true && isDeclinedByCode(last);
      if (declined && !doubtful.has(outTradeNo)) this.#money.set(outTradeNo, left);
    }
    // So is what the box was told of a number: where that record is lost without a trace, it cannot know.
    for (const outTradeNo of this.#numberKnown) {
      const left = this.#of(outTradeNo).filter(({ row }) => row.seq === null || !lostSeqs.has(row.seq));
      const known = doubtful.has(outTradeNo) || left.some(({ tx }) => tx.reason === "number-conflict");
      if (!known) this.#numberKnown.delete(outTradeNo);
    }
    for (const outTradeNo of doubtful) this.#doubtful.add(outTradeNo);
    for (const outTradeNo of this.#money.keys()) this.#earlier.add(outTradeNo);
  }

  /** The orders that have no final record yet. */
  openOrders(): readonly string[] {
    this.#catchUp();
    return [...this.#money]
      .filter(([outTradeNo, money]) => money.at(-1)?.tx.final !== true && !this.#isAskedOn(outTradeNo))
      .map(([outTradeNo]) => outTradeNo);
  }

  /** A doubtful order of which the sandbox says nothing but that nobody has paid is asked about for as long as it takes (money rule 16). */
  #isAskedOn(outTradeNo: string): boolean {
    const order = this.#doubtful.has(outTradeNo) ? this.#order(outTradeNo) : undefined;
    return order?.chargedFen === 0;
  }

  /** Operators were told of something about an order. */
  alarmed(alarm: string, outTradeNo: string): void {
    if (alarm === "refunded-by-others") this.#refundsToldOf.add(outTradeNo);
  }

  /** The checks that need the whole story; `reported` is whether the broker is there to report to. */
  final({ reported = true }: { readonly reported?: boolean } = {}): void {
    this.#catchUp();
    for (const [outTradeNo, money] of this.#money) this.#checkOrder(outTradeNo, money);
    this.#hear();
    for (const order of this.#books.orders()) this.#checkBooked(order);
    for (const outTradeNo of this.#declined()) {
      if (this.#askedAbout.has(outTradeNo)) continue;
      this.found("second-look", `${outTradeNo} was declined by a code and never looked at again`);
    }
    this.tills.final();
    this.#checkCodes();
    if (reported) this.#checkEvents();
  }

  /** An event counts as confirmed; only the host's word does that where the configuration says so. */
  confirmedUpTo(upto: number, said: number): void {
    if (upto > said) this.found("I24", `event ${upto} counts as confirmed, the host has said ${said}`);
  }

  /** How an order stands in the journal that was not there before, of the orders that are given; null where there is none. */
  newSince(before: number): TxData | null {
    this.#catchUp();
    return [...this.#money.values()].slice(before).at(-1)?.at(-1)?.tx ?? null;
  }

  #checkOrder(outTradeNo: string, money: readonly Money[]): void {
    // Its end may be one that was lost, told or not: people compare it, and nothing else is promised of it.
    if (this.#doubtful.has(outTradeNo)) return;
    const states = money.map(({ tx }) => tx.state);
    const finals = money.filter(({ tx }) => tx.final);
    const contradicted = money.some(({ tx }) => tx.reason === "contradiction");
    if (finals.length > (contradicted ? 2 : 1))
      this.found("I12", `${outTradeNo} has ends ${states.join(", ")}`);
    const reversing = states.indexOf("reversing");
    if (reversing >= 0 && states.includes("paid", reversing)) {
      this.found("I15", `${outTradeNo} became paid after its reversal was recorded`);
    }
    const first = money[0]?.tx;
    for (const { tx } of money) {
      if (tx.amountFen !== first?.amountFen) this.found("I4", `${outTradeNo} has more than one amount`);
    }
    const end = money.at(-1)?.tx;
    this.#checkGoods(outTradeNo, end);
    if (end?.state === "paid" && this.#isAnothers(outTradeNo)) {
      this.found("I10", `${outTradeNo} ended paid, and what was paid under its number is somebody else's`);
    }
    if (end === undefined || !end.final || end.state === "manual") return;
    // What somebody else paid under the same number was never this order's.
    const order = this.#isAnothers(outTradeNo) ? undefined : this.#order(outTradeNo);
    const net = order === undefined ? 0 : netOf(order);
    const expected = end.state === "paid" ? end.amountFen : 0;
    if (net !== expected && !this.#isTheirs(outTradeNo, reversing >= 0)) {
      this.found(
        "I19",
        `${outTradeNo} ended ${end.state} with ${expected} fen, the sandbox's books say ${net}`,
      );
    }
    const charged = order?.chargedFen ?? 0;
    if (end.state === "refunded" && charged === 0) {
      this.found("I12", `${outTradeNo} ended refunded, but nothing was ever charged`);
    }
    if (end.state === "reversed" && charged > 0 && (!this.#unnamed || this.#endedSeen.has(outTradeNo))) {
      this.found("I12", `${outTradeNo} ended reversed, but it was paid once: that is refunded`);
    }
    if (end.charged !== (end.state === "paid" ? "yes" : "no")) {
      this.found("I19", `${outTradeNo} ended ${end.state} and says charged: ${end.charged}`);
    }
    // Once an end was shown it stays the truth, except where a decline was contradicted and put right.
    for (const { text } of this.#shownEnds.get(outTradeNo) ?? []) {
      if (paids.has(text) && end.state !== "paid")
        this.found("I12", `${outTradeNo} was shown as paid and ended otherwise`);
      if (!paids.has(text) && !unknowns.has(text) && end.state === "paid") {
        this.found("I12", `${outTradeNo} was shown as ${text} and ended paid`);
      }
    }
  }

  /** Whether what is missing went back by staff: all of it, or a part that no reversal could have any more. */
  #isTheirs(outTradeNo: string, reversing: boolean): boolean {
    const order = this.#order(outTradeNo);
    const whole = order !== undefined && order.byStaffFen === order.chargedFen && order.takenBackFen === 0;
    return whole || (reversing && this.#isPartlyTheirs(outTradeNo));
  }

  /**
   * What staff gave back a part of cannot be reversed any more: people were told so, or the sandbox has said that it did and no
   * box could know better.
   */
  #isPartlyTheirs(outTradeNo: string): boolean {
    const order = this.#order(outTradeNo);
    if (order === undefined || order.byStaffFen === 0) return false;
    // What staff had given was no more there to be taken back: all of it went to the customer.
    if (netOf(order) === order.byStaffFen) return true;
    return this.#refundsToldOf.has(outTradeNo) || this.#pretended.has(outTradeNo);
  }

  #checkGoods(outTradeNo: string, end: TxData | undefined): void {
    const pulses = this.#pulses.get(outTradeNo) ?? 0;
    const { pulses: bought, outcome } = end?.dispense ?? { pulses: 0, outcome: null };
    if (pulses > bought) this.found("goods", `${outTradeNo} bought ${bought} pulses and got ${pulses}`);
    if (outcome === "dispensed" && pulses < bought) {
      this.found("goods", `${outTradeNo} is told of as dispensed with ${pulses} of ${bought} pulses`);
    }
    if (outcome === "not-dispensed" && end?.state === "paid") {
      this.found("goods", `${outTradeNo} got nothing and stays paid`);
    }
    this.#checkFallen(outTradeNo, end);
  }

  /** The machine's own goods against the money: both, or neither, are findings where the box could know. */
  #checkFallen(outTradeNo: string, end: TxData | undefined): void {
    if (end === undefined || end.dispense === null || end.dispense.outcome === "unclear") return;
    const { outcome } = end.dispense;
    const fallen = this.#fallen.has(outTradeNo);
    if (fallen && (end.state === "refunded" || end.state === "reversed"))
      this.found("goods", `${outTradeNo} got its goods and its money back`);
    if (fallen && outcome === "withheld") this.found("goods", `${outTradeNo} got goods that were withheld`);
    if (!fallen && this.#barrier && end.state === "paid" && outcome === "dispensed")
      this.found("goods", `${outTradeNo} paid, and no goods fell`);
  }

  #checkBooked({ order, payee, open }: LedgerOrder): void {
    const meant = this.#payeeOf(order);
    if (!this.#money.has(order) || (meant !== undefined && meant !== payee)) {
      this.found("I19", `${order} is in the sandbox's books and not in the journal`);
    }
    const end = this.#of(order).at(-1)?.tx.state;
    // An order that went to people is theirs to close.
    if (open && end !== "manual" && !this.#doubtful.has(order) && !this.#isAnothers(order))
      this.found("I18", `${order} can still be paid at the sandbox`);
  }

  #checkCodes(): void {
    for (const charges of this.#books.charges()) {
      if (charges > 1) this.found("I1", `one code was charged ${charges} times`);
    }
    const hashes = new Set<string>();
    for (const { row, intent } of [...this.#money.values()].flat()) {
      if (intent === undefined || intent.codeHash === null) continue;
      if (hashes.has(intent.codeHash)) this.found("I2", `${row.subject} uses a code that was used before`);
      hashes.add(intent.codeHash);
    }
  }

  #checkEvents(): void {
    for (const seq of this.#bySeq.keys()) {
      if (!this.#events.has(seq)) this.found("I24", `event ${seq} was never reported`);
    }
  }

  /** Enters what the sandboxes have to tell. */
  #hear(): void {
    for (const sandbox of this.#sandboxes) {
      for (const fact of sandbox.take()) this.#books.enter(fact);
    }
  }

  #order(outTradeNo: string): LedgerOrder | undefined {
    this.#hear();
    return this.#books.find(outTradeNo, this.#payeeOf(outTradeNo));
  }

  /** The account of an order's intent, where the journal has it. */
  #payeeOf(outTradeNo: string): string | undefined {
    const intent = this.#of(outTradeNo)[0]?.intent;
    return intent?.payee.key;
  }

  #of(outTradeNo: string): readonly Money[] {
    this.#catchUp();
    return this.#money.get(outTradeNo) ?? [];
  }

  /** What can be said of a record as soon as it is durable. */
  #checkRecord(outTradeNo: string, { tx, intent }: MoneyBody): void {
    const { state, late, final, reason } = tx;
    if (this.#late === "keep" && reason === "late-reversed")
      this.found("late", `${outTradeNo} was found paid and is taken back, though such payments are kept`);
    if (this.#late === "reverse" && state === "paid" && late)
      this.found("late", `${outTradeNo} was found paid and stays so, though such payments go back`);
    if (this.#doubtful.has(outTradeNo) && (state === "paid" || state === "reversing"))
      this.found("quarantine", `${outTradeNo} may have been over before the quarantine, and became ${state}`);
    const before = this.#money.get(outTradeNo) ?? [];
    if (intent !== undefined && tx.ref !== null && intent.caller !== null)
      this.tills.began({ caller: intent.caller, ref: tx.ref });
    const told = state === "paid" || state === "refunded" || state === "manual";
    const open = before.at(-1)?.tx.final !== true;
    if (final && told && open && tx.reason !== "contradiction" && this.#earlier.has(outTradeNo))
      this.#endedEarlier.set(outTradeNo, this.#time.now);
    if (intent !== undefined && before.length > 0) this.found("I7", `${outTradeNo} was made twice`);
    const proved = (proof: Proof): boolean => this.#isProved(outTradeNo, proof);
    const over = proved("over") || this.#absences.proves(outTradeNo);
    if (state === "paid" && !proved("paid")) {
      this.found("I10", `${outTradeNo} became paid, and no answer said so`);
    }
    if (isDeclinedByCode(tx) && !proved("refused")) {
      this.found("I9", `${outTradeNo} became declined, and no answer had a code for it`);
    }
    if (final && (state === "reversed" || state === "refunded") && !over) {
      this.found("I16", `${outTradeNo} became ${state}, and no query confirmed it`);
    }
    if (state === "manual" && tx.reason === "reverse-expired" && !proved("kept")) {
      this.found("I16", `${outTradeNo} was left to people, and it could have been taken back`);
    }
    const unsent = state === "cancelled" || (state === "declined" && !isDeclinedByCode(tx));
    if (unsent && this.#sent.has(outTradeNo)) {
      this.found("I8", `${outTradeNo} became ${state} as if it had not been sent, and it may have been`);
    }
    if (final) this.#preconditions.ended(outTradeNo);
    if (final && this.#seenPaid.has(outTradeNo)) this.#endedSeen.add(outTradeNo);
    const found = state === "paid" && before.at(-1)?.tx.state !== "paid";
    if (found && late !== this.#earlier.has(outTradeNo)) {
      this.found("late", `${outTradeNo} became paid with late: ${late}`);
    }
  }

  #isProved(outTradeNo: string, proof: Proof): boolean {
    return this.#proofs.get(outTradeNo)?.has(proof) === true;
  }

  /** Whether the order that the sandbox has under this number bears another mark than the intent. */
  #isAnothers(outTradeNo: string): boolean {
    const nonce = this.#order(outTradeNo)?.nonce ?? null;
    return nonce !== null && nonce !== this.#of(outTradeNo)[0]?.intent?.nonce;
  }

  #catchUp(): void {
    const { rows } = this.#disk;
    for (; this.#read < rows.length; this.#read += 1) {
      const row = rows[this.#read];
      if (row === undefined || row.seq === null || row.subject === null) continue;
      this.#bySeq.set(`${this.#disk.journal} ${row.seq}`, row);
      this.#newestEvent = row.seq;
      const { tx, intent } = JSON.parse(row.body) as MoneyBody;
      const read: Money = { row, tx, ...(intent === undefined ? {} : { intent }) };
      this.#checkRecord(row.subject, read);
      const money = this.#money.get(row.subject);
      if (money === undefined) this.#money.set(row.subject, [read]);
      else money.push(read);
    }
  }
}

/** Begins the last member of an event; inside a text its quotes would be escaped. */
const DATA = '"data":';

/** What the box has taken by an order and not given back; what staff give back is their business. */
function netOf({ chargedFen, takenBackFen }: LedgerOrder): number {
  return chargedFen - takenBackFen;
}
