import type { Instant } from "../kernel/instant.ts";
import type { Key } from "./amount-entry.ts";
import type { ProbeAnswer } from "./answers.ts";
import type { Command, RotationOutcome } from "./command.ts";
import type { OpenOrder, RecentOrder } from "./order.ts";
import type { PaymentEvent } from "./payment.ts";
import type { PaymentCode, ScanRefusal } from "./payment-code.ts";

/** Everything that can happen to the box. The loop is the only one who calls the core with these. */
export type BoxEvent =
  /**
   * The journal is open: its open orders, the declined ones that were not looked at once more, the hashes of the codes
   * that were charged, oldest first, the newest order of each sale of a till (`saleKey`), and the last orders, newest first.
   */
  | {
      readonly type: "started";
      readonly open: readonly OpenOrder[];
      readonly unchecked: readonly OpenOrder[];
      readonly usedCodes: readonly string[];
      readonly refs: ReadonlyMap<string, string>;
      readonly recent: readonly RecentOrder[];
    }
  /** `downAt` is when it went down, where that was before it counted. */
  | { readonly type: "key-pressed"; readonly key: Key; readonly downAt?: Instant }
  /** `codeHash` is the salted hash by which the journal remembers the code. */
  | { readonly type: "code-scanned"; readonly code: PaymentCode; readonly codeHash: string }
  /** Somebody says what to do; the `answer` with this token tells what came of it, once. */
  | { readonly type: "command"; readonly token: number; readonly command: Command }
  /** What came of the effect `rotate` with this token. */
  | { readonly type: "journal-rotated"; readonly token: number; readonly outcome: RotationOutcome }
  /** Somebody wants to pay by scanning a code of ours. */
  | { readonly type: "code-wanted" }
  /** `over-long` and `unfinished` were thrown away unread; only the first is long enough to be told of. */
  | { readonly type: "scan-refused"; readonly refusal: ScanRefusal | "over-long" | "unfinished" }
  | { readonly type: "scanner-changed"; readonly ready: boolean }
  /** Something could not be written, whatever it was: nothing more will be before a new start. */
  | { readonly type: "journal-broken" }
  /** Rows that were written long ago can no longer be believed. */
  | { readonly type: "journal-damaged" }
  /** Whether the disk has room for the record of another payment. */
  | { readonly type: "room-changed"; readonly room: boolean }
  /** The keypad on which amounts are entered can be read, or not any more. */
  | { readonly type: "keypad-changed"; readonly ready: boolean }
  | { readonly type: "relay-changed"; readonly ready: boolean }
  /** The machine behind the relay takes no order now, or takes them again. */
  | { readonly type: "inhibit-changed"; readonly inhibited: boolean }
  | { readonly type: "payment"; readonly outTradeNo: string; readonly event: PaymentEvent }
  | { readonly type: "probed"; readonly provider: string; readonly answer: ProbeAnswer }
  | { readonly type: "woke" }
  /** The process is asked to end: nothing new begins. */
  | { readonly type: "stopping" };
