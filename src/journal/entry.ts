/**
 * Reads entries back from JSON. Whatever does not have exactly the form that this program writes is no entry:
 * damage is told, never guessed at. The value that was read is returned as it is, so that its text stays the
 * same when written again.
 */
import { fenOf } from "../core/kernel/fen.ts";
import {
  type Entry,
  type Evidence,
  type Goods,
  goodsOutcomes,
  type Intent,
  moneyStates,
  type Payee,
  type TxData,
} from "../core/payment/order.ts";
import { wallets } from "../core/payment/wallet.ts";
import type { Beginning, JournalEntry, LastEvent, QuarantineEntry } from "./own-entry.ts";

/** The entry in `value`, or null where it is none. */
export function readEntry(value: unknown): JournalEntry | null {
  return isEntry(value) ? value : null;
}

/** An entry that becomes a `tx` event. */
export type MoneyEntry = Extract<Entry, { readonly tx: TxData }>;

/** Whether an entry becomes a `tx` event. */
export function isMoneyEntry(entry: JournalEntry): entry is MoneyEntry {
  return entry.kind === "charging" || entry.kind === "money";
}

type Check = (value: unknown) => boolean;

/** Makes the check of an object out of one for each of its fields; a field without a check does not compile. */
function fields<Value>(checks: { readonly [Field in keyof Value]: Check }): Check {
  const list = Object.entries<Check>(checks).map(([name, check]) => ({ name, check }));
  return (value) => {
    if (!isObject(value)) return false;
    for (const { name, check } of list) if (!check(value[name])) return false;
    return true;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const isText: Check = (value) => typeof value === "string";
const isTextOrNull: Check = (value) => value === null || typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isWhole: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isFen: Check = (value) => typeof value === "number" && fenOf(value).ok;
const isCurrency: Check = (value) => value === "CNY";
const isMode: Check = (value) => value === "cpm" || value === "mpm";
const knownWallets: ReadonlySet<unknown> = new Set(wallets);
const isWallet: Check = (value) => knownWallets.has(value);
const isCharged: Check = (value) => value === "yes" || value === "no" || value === "unknown";

const outcomes: ReadonlySet<unknown> = new Set([null, ...goodsOutcomes]);
const isGoods = fields<Goods>({ pulses: isCount, outcome: (value) => outcomes.has(value) });

const knownStates: ReadonlySet<unknown> = new Set(moneyStates);

const isTx = fields<TxData>({
  outTradeNo: isText,
  shortRef: isText,
  ref: isTextOrNull,
  transactionId: isTextOrNull,
  provider: isText,
  wallet: isWallet,
  merchantId: isText,
  state: (value) => knownStates.has(value),
  final: isFlag,
  amountFen: isFen,
  currency: isCurrency,
  charged: isCharged,
  reason: isTextOrNull,
  late: isFlag,
  clockTrusted: isFlag,
  chargeCount: isCount,
  queryCount: isCount,
  reverseCount: isCount,
  dispense: (value) => value === null || isGoods(value),
  intentAt: isText,
  finalAt: isTextOrNull,
  box: isText,
});

const isPayee = fields<Payee>({ provider: isText, account: isText, key: isText });

const isIntent = fields<Intent>({
  outTradeNo: isText,
  shortRef: isText,
  ref: isTextOrNull,
  caller: isTextOrNull,
  amountFen: isFen,
  currency: isCurrency,
  payee: isPayee,
  wallet: isWallet,
  mode: isMode,
  nonce: isText,
  codeHash: isTextOrNull,
  pulses: (value) => value === null || isCount(value),
  boot: isText,
  intentAt: isWhole,
  clockTrusted: isFlag,
});

const isEvidence = fields<Evidence>({
  chargedHost: isTextOrNull,
  paid: isFlag,
  absences: isCount,
  runMs: isCount,
});

const isSaleOrder: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(isText);
const isBeginning = fields<Beginning>({ n: isCount, before: isText });
const isLastEvent = fields<LastEvent>({ seq: isCount, hash: isTextOrNull });
const isFrom = fields<NonNullable<QuarantineEntry["from"]>>({ journal: isText, n: isCount, hash: isText });

type EntryOf<Kind extends JournalEntry["kind"]> = Extract<JournalEntry, { readonly kind: Kind }>;

/** For each kind of entry what its fields must hold; its `kind` has been read by then. */
const entryChecks: { readonly [Kind in JournalEntry["kind"]]: Check } = {
  boot: fields<EntryOf<"boot">>({ kind: isText, boot: isText, version: isText, at: isText }),
  charging: fields<EntryOf<"charging">>({
    kind: isText,
    tx: isTx,
    intent: isIntent,
    doubted: (value) => value === undefined || value === true,
  }),
  money: fields<EntryOf<"money">>({ kind: isText, tx: isTx }),
  checked: fields<EntryOf<"checked">>({ kind: isText, outTradeNo: isText, at: isText }),
  evidence: fields<EntryOf<"evidence">>({
    kind: isText,
    outTradeNo: isText,
    at: isText,
    evidence: isEvidence,
  }),
  shown: fields<EntryOf<"shown">>({ kind: isText, outTradeNo: isText, text: isText, at: isText }),
  segment: fields<EntryOf<"segment">>({
    kind: isText,
    at: isText,
    clockTrusted: isFlag,
    first: isBeginning,
    events: isLastEvent,
  }),
  unsent: fields<EntryOf<"unsent">>({
    kind: isText,
    journal: isText,
    seq: isCount,
    at: isText,
    boot: isText,
    prev: isTextOrNull,
    tx: isTx,
  }),
  quarantine: fields<EntryOf<"quarantine">>({
    kind: isText,
    at: isText,
    folder: isText,
    from: (value) => value === null || isFrom(value),
    codes: (value) => Array.isArray(value) && value.every(isText),
    refs: (value) => Array.isArray(value) && value.every(isSaleOrder),
  }),
};

const kindChecks: ReadonlyMap<unknown, Check> = new Map(Object.entries(entryChecks));

function isEntry(value: unknown): value is JournalEntry {
  if (!isObject(value)) return false;
  return kindChecks.get(value.kind)?.(value) ?? false;
}
