/** Defects that no test can notice, because the program does the same with them, each with its reason. */

/** A family of defects in one place. */
export interface Explanation {
  readonly source: string;
  /** The line as it stands in the source, without its indentation. */
  readonly line: string;
  /** What is put there instead, as the list of survivors prints it; none for every defect of the line. */
  readonly becomes?: string;
  /** Why no test can tell. */
  readonly because: string;
}

/**
 * Whether what stands before a text makes it the sentence of a `Defect`: it is for whoever reads the log of a program that
 * has ended itself, and decides nothing. That the defect is thrown is for tests to say, its words are not.
 */
export function isSentenceOfDefect(before: string): boolean {
  return /(?:\binvariant\([^;]*,|\bnew Defect\()\s*$/.test(before);
}

const screen = "src/core/payment/screen.ts";

export const explanations: readonly Explanation[] = [
  {
    source: "src/core/kernel/instant.ts",
    line: "return a > b ? a : b;",
    becomes: "a >= b",
    because: "Of two equal moments either is the later one.",
  },
  {
    source: "src/core/kernel/instant.ts",
    line: "return a < b ? a : b;",
    becomes: "a <= b",
    because: "Of two equal moments either is the earlier one.",
  },
  {
    source: "src/core/kernel/rfc3339.ts",
    line: 'return digits.length === width ? digits : digits.padStart(width, "0");',
    becomes: "false",
    because: "Digits that are enough get no leading zeros; this spares asking for none.",
  },
  {
    source: "src/core/kernel/fen.ts",
    line: 'const [, yuan = "", cents = ""] = match;',
    because: "What matched has its first group. The compiler wants a value for none.",
  },
  {
    source: "src/core/kernel/fen.ts",
    line: "if (value.ok) return value;",
    becomes: "true",
    because:
      "The refusal that is made below says the same; the compiler wants it without the reason that cannot be.",
  },
  {
    source: "src/core/kernel/fen.ts",
    line: 'invariant(value.reason !== "not-a-whole-number", "digits make a whole number of fen");',
    because: "At most seven digits and two make a whole number; the compiler cannot know.",
  },
  {
    source: "src/core/payment/payment.ts",
    line: 'return phase.name === "abandoned" || (phase.name === "final" && phase.check === null && inFlight === null);',
    becomes: "true",
    because: "Only what is settled has a check, or none on purpose. The compiler wants the name.",
  },
  {
    source: "src/core/payment/provider-health.ts",
    line: 'if (answer.kind === "declined" && (answer.reason === "configuration" || answer.reason === "request")) {',
    becomes: "true",
    because: "Only a declined charge has a reason. The compiler wants the name.",
  },
  {
    source: "src/core/payment/provider-health.ts",
    line: 'if (trust.probe === "inFlight") return { probe: "inFlight" };',
    becomes: "{}",
    because: "Who calls keeps what stands there, and that is inFlight.",
  },
  {
    source: "src/core/payment/till-command.ts",
    line: "if (outTradeNo === undefined || !box.orders.has(outTradeNo)) return still(box);",
    becomes: "false",
    because: "No order is without a number. The compiler wants the question.",
  },
  {
    source: "src/core/payment/amount-entry.ts",
    line: 'const [yuan = "", cents = ""] = entry.text.split(".");',
    because: "Whatever is split has a first part. The compiler wants a value for none.",
  },
  {
    source: "src/core/payment/rotation.ts",
    line: "return [null];",
    becomes: "[]",
    because: "No line and the screen's own text are the same to those who ask.",
  },
  {
    source: "src/core/payment/advance.ts",
    line: "default:",
    becomes: "default:",
    because: "Without a word about it nothing is waited for as well, and no record is called nothing.",
  },
  {
    source: "src/core/payment/recovery.ts",
    line: 'invariant(row !== undefined && rows.length === 1, "every combination has exactly one row");',
    because:
      "All thirty-two combinations have one, which a test counts; another table would fail here at once.",
  },
  {
    source: "src/core/codecs/display-frame.ts",
    line: 'const [left = "", right = ""] = named.split("|").map((part) => fillIn(part, screen));',
    because: "Whatever is split has a first part. The compiler wants a value for none.",
  },
  {
    source: "src/core/payment/reversal.ts",
    line: 'invariant(phase.name === "reversing", "only reversals grow old");',
    becomes: "true",
    because: "Who calls has just made it a reversal. The compiler wants the question.",
  },
  {
    source: "src/core/codecs/line-guard.ts",
    line: "constructor(replies: readonly Uint8Array[] = []) {",
    because: "What is put there is a text and no bytes; nothing that comes over a wire begins like it.",
  },
  {
    source: "src/core/codecs/reply-filter.ts",
    line: "out.set(held.slice(0, 1), written);",
    becomes: "held",
    because: "What is written too far is written over, or cut off at the end.",
  },
  {
    source: "src/core/payment/due.ts",
    line: "box.pausedUntil === null ? null : nextSecond(now, box.pausedUntil),",
    becomes: "false",
    because: "Of no deadline it is late already, so no next second comes of it.",
  },
  {
    source: "src/core/payment/readiness.ts",
    line: 'return phase.name === "reversing" && !taken && phase.rounds >= MUTE_ROUNDS;',
    becomes: "true",
    because:
      "Only a reversal has rounds; without a number of them none is too many. The compiler wants the name.",
  },
  {
    source: "src/core/payment/box.ts",
    line: 'return foreground.name === "paying" ? orders.get(foreground.outTradeNo) : undefined;',
    becomes: "true",
    because:
      "Only a foreground that pays has an order number, and no order has none. The compiler wants the name.",
  },
  {
    source: "src/core/payment/keys.ts",
    line: 'const sale = key.name === "digit" ? salesOf(rules).get(key.digit) : undefined;',
    becomes: "true",
    because: "Only a digit has a number, and nothing is sold by none. The compiler wants the name.",
  },
  {
    source: "src/core/payment/due.ts",
    line: "const pauseOver = box.pausedUntil !== null && stamp.at >= box.pausedUntil;",
    becomes: "true",
    because: "A pause that there is not may be over: it stays none.",
  },
  {
    source: "src/core/payment/due.ts",
    line: "if (due === null || stamp.at < due) continue;",
    because:
      "An order that is woken too soon looks at the time itself and does nothing; this spares it the way.",
  },
  {
    source: "src/core/payment/foreground.ts",
    line: "const payment = watched === null ? undefined : box.orders.get(watched);",
    becomes: "false",
    because: "No order has the number null. The compiler wants the question.",
  },
  {
    source: "src/core/payment/foreground.ts",
    line: 'const old = phase.name === "reversing" && stamp.at >= after(phase.since, patience);',
    becomes: "true",
    because: "Only a reversal has a beginning, and nothing is later than none. The compiler wants the name.",
  },
  {
    source: "src/core/payment/start.ts",
    line: 'reversing: last.state === "reversing",',
    because:
      "Taking up, judging and reversing are one call here, which goes by the record itself; the table only says whether.",
  },
  {
    source: "src/core/payment/start.ts",
    line: 'dispensing: last.state === "paid" && !last.final,',
    because:
      "Taking up, judging and reversing are one call here, which goes by the record itself; the table only says whether.",
  },
  {
    source: screen,
    line: 'fixed: "idle",',
    because: "A fixed amount is always armed, resting or being paid; the compiler wants every source named.",
  },
  {
    source: screen,
    line: 'invariant(box.pausedUntil !== null, "a pause has an end");',
    becomes: "true",
    because: "Only a box with an end of its pause is blocked by one. The compiler wants the question.",
  },
  {
    source: "src/commands/callers.ts",
    line: "this.#token += 1;",
    becomes: "this.#token -= 1",
    because: "Numbers that go down are as different as those that go up.",
  },
  {
    source: "src/commands/callers.ts",
    line: "this.#waiting.delete(token);",
    becomes: ";",
    because: "Where the box took no command, nobody answers under its number: this gives back its memory.",
  },
  {
    source: "src/control/protocol.ts",
    line: "} catch {",
    becomes: "{}",
    because: "What gives nothing back gives back undefined.",
  },
  {
    source: "src/control/request-lines.ts",
    line: 'return end === 0 ? "" : decoder.decode(this.#line.subarray(0, end));',
    becomes: "false",
    because: "No bytes are decoded to the empty text; this spares it.",
  },
  {
    source: "src/control/server.ts",
    line: "this.#peers.clear();",
    becomes: ";",
    because: "Each that is ended has taken itself out.",
  },
  {
    source: "src/control/server.ts",
    line: "if (this.#over) return;",
    becomes: "false",
    because:
      "Whoever is over is told nothing, is asked nothing and has no timer: each of the three is asked about where it happens.",
  },
  {
    source: "src/control/server.ts",
    line: "this.#idle?.cancel();",
    becomes: "this.#idle.cancel",
    because: "Whoever came in has a timer from the first moment. The compiler wants a value for none.",
  },
  {
    source: "src/runtime/loop.ts",
    line: "if (this.#timer?.at === at) return;",
    becomes: "false",
    because: "A timer that is set anew for the same moment fires then as well; this spares it.",
  },
  {
    source: "src/runtime/guards.ts",
    line: "return known?.watch(path, changed) ?? { end: () => undefined };",
    becomes: "known.watch",
    because: "What throws here is a hint that never comes, as none is.",
  },
  {
    source: "src/journal/rotation.ts",
    line: "if (first === null || firstCharge === null || !clockTrusted) return null;",
    becomes: "false",
    because:
      "An empty journal has no segments, and no row stands at or before none: nothing may go either way. The compiler wants the question.",
  },
  {
    source: "src/journal/rotation.ts",
    line: "if (first === null || firstCharge === null || !clockTrusted) return null;",
    becomes: "first === null && firstCharge === null",
    because:
      "An empty journal has no segments, and no row stands at or before none: nothing may go either way. The compiler wants the question.",
  },
  {
    source: "src/journal/rotation.ts",
    line: 'if (!read.ok || read.value.entry.kind !== "segment") break;',
    becomes: "false",
    because:
      "The store gives segments alone, and a row whose text is of another kind than its column cannot be read. The compiler wants the name.",
  },
  {
    source: "src/journal/rotation.ts",
    line: "if (few && events.seq <= confirmed && row.n <= held) reach = { n: row.n, before: read.value.before };",
    becomes: "row.n < held",
    because: "What is held is the row of an order, and no segment stands there.",
  },
  {
    source: "src/journal/rotation.ts",
    line: "if (last === undefined || segments.length < wished) return false;",
    becomes: "false",
    because: "None is fewer than were wished for. The compiler wants the question.",
  },
  {
    source: "src/journal/rotation.ts",
    line: 'return read.ok && read.value.entry.kind === "segment" && !read.value.entry.clockTrusted;',
    becomes: "true",
    because:
      "The store gives segments alone, and a row whose text is of another kind than its column cannot be read. The compiler wants the name.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: "for (const [provider, { proved, probe }] of loop.turn?.box.health ?? []) {",
    becomes: "loop.turn.box",
    because:
      "A loop has a turn from before this begins until it is stopped. The compiler wants a value for none.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: "for (const [provider, { proved, probe }] of loop.turn?.box.health ?? []) {",
    becomes: '["Stryker was here"]',
    because:
      "A loop has a turn from before this begins until it is stopped. The compiler wants a value for none.",
  },
  {
    source: "src/journal/salvage.ts",
    line: "if (this.#codes.length > 2 * CODES_REMEMBERED) this.#codes = this.#codes.slice(-CODES_REMEMBERED);",
    because: "It bounds memory: what is given back is cut to the newest in any case.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: 'if (outcome.kind === "unanswered") return { kind: "again" };',
    becomes: "false",
    because:
      "What was not answered has no good status either, and is asked for again. The compiler wants the name.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: 'if (outcome.kind === "unanswered") return { kind: "again" };',
    becomes: '""',
    because:
      "What was not answered has no good status either, and is asked for again. The compiler wants the name.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: 'const text = given(fields, "return_msg") ?? "";',
    becomes: '"Stryker was here!"',
    because: "No text and an unknown one are equally unlisted.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: "const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;",
    becomes: "true",
    because: "Bytes of which only a part is a mark are no UTF-8, which is why either reader refuses them.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: "const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;",
    becomes: "body[0] === 0xef && body[1] === 0xbb || body[2] === 0xbf",
    because: "Bytes of which only a part is a mark are no UTF-8, which is why either reader refuses them.",
  },
  {
    source: "src/providers/wechat-v2/bill-reply.ts",
    line: "const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;",
    becomes: "body[0] === 0xef || body[1] === 0xbb",
    because: "Bytes of which only a part is a mark are no UTF-8, which is why either reader refuses them.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: 'const why = proved && probe !== "inFlight" ? providers.of(provider).fault() : null;',
    becomes: "true",
    because:
      "An account that is not proved is probed, and its probe looks at the certificate first and says the same.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: 'const why = proved && probe !== "inFlight" ? providers.of(provider).fault() : null;',
    becomes: 'proved || probe !== "inFlight"',
    because:
      "An account that is not proved is probed, and its probe looks at the certificate first and says the same.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: 'const why = proved && probe !== "inFlight" ? providers.of(provider).fault() : null;',
    becomes: '""',
    because:
      "An account that is not proved is probed, and its probe looks at the certificate first and says the same.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: 'if (why !== null) loop.post({ type: "probed", provider, answer: { kind: "failed", why } });',
    becomes: "{}",
    because: "The account is not proved any more, and the probe that follows at once says why.",
  },
  {
    source: "src/composed/upkeep.ts",
    line: 'if (why !== null) loop.post({ type: "probed", provider, answer: { kind: "failed", why } });',
    becomes: '""',
    because: "The account is not proved any more, and the probe that follows at once says why.",
  },
  {
    source: "src/reporting/ack.ts",
    line: "} catch {",
    becomes: "{}",
    because: "What could not be read is no object, which is refused below with the same word.",
  },
  {
    source: "src/reporting/ack.ts",
    line: 'if (typeof journal !== "string" || typeof upto !== "number") return refuse("malformed");',
    becomes: "false",
    because: "What is no number is no whole one either. The compiler wants the question.",
  },
  {
    source: "src/reporting/connection.ts",
    line: "if (link === null || this.#channel !== channel) return;",
    becomes: "false",
    because: "Without a link there is no channel either. The compiler wants the question.",
  },
  {
    source: "src/reporting/outbox.ts",
    line: "#rows: readonly EventRow[] = [];",
    becomes: '["Stryker was here"]',
    because: "Each connection begins with none.",
  },
  {
    source: "src/reporting/status-topic.ts",
    line: "if (this.#channel === null || this.#session === null || this.#stopping || this.#timer !== null) return;",
    becomes: "false",
    because: "Whoever has a channel has greeted it, and so has a session. The compiler wants the question.",
  },
  {
    source: "src/reporting/tx-event.ts",
    line: 'const { $schema, ...rest } = z.toJSONSchema(txEventSchema, { io: "input" });',
    becomes: "{}",
    because: "Nothing is made of what is read: both sides of the schema are the same.",
  },
  {
    source: "src/core/payment/effect-check.ts",
    line: 'return event.type === "payment" && event.outTradeNo === outTradeNo && event.event.type === "recorded";',
    becomes: "true",
    because: "Only what happens to a payment names one. The compiler wants the name.",
  },
  {
    source: "src/core/payment/readiness.ts",
    line: 'return health.get(provider ?? "")?.failure ?? null;',
    becomes: '"Stryker was here!"',
    because: "No provider has either for its id.",
  },
  {
    source: "src/reporting/connection.ts",
    line: "this.#stopDone?.();",
    becomes: "this.#stopDone()",
    because: "Nothing ends but what was stopped. The compiler wants the question.",
  },
  {
    source: "src/compose.ts",
    line: "return this.#parts.links.broker !== null && this.#parts.config.mqtt !== null;",
    becomes: "true",
    because: "Who makes a box gives it a broker where its configuration has one, and only there.",
  },
  {
    source: "src/compose.ts",
    line: "if (broker === null || config.mqtt === null) return;",
    becomes: "false",
    because: "Who makes a box gives it a broker where its configuration has one, and only there.",
  },
  {
    source: "src/compose.ts",
    line: "if (turn !== null) this.#reporter.tell(serviceOf(turn, this.#rules));",
    becomes: "true",
    because: "It has started, and so has had a turn. The compiler wants the question.",
  },
  {
    source: "src/devices.ts",
    line: 'case "not-dropped":',
    becomes: 'case "not-dropped":',
    because: "Nothing has begun of what did not drop, which the next case asks and then says the same.",
  },
  {
    source: "src/providers/wechat-v2/message.ts",
    line: 'if (Buffer.byteLength(trimmed, "utf8") <= bytesMax) return trimmed;',
    becomes: "false",
    because: "A text that fits is put together again as it was; this spares it.",
  },
  {
    source: "src/providers/wechat-v2/native-answers.ts",
    line: 'case "refused-unconfirmed":',
    because: "Without it the next case gives the same answer: only a declined refund is too old.",
  },
  {
    source: "src/providers/wechat-v2/replies.ts",
    line: 'if (code === null || meaning === undefined) return signedUnknown("unlisted-code");',
    becomes: "false",
    because: "No code has no meaning. The compiler wants the question.",
  },
  {
    source: "src/providers/wechat-v2/xml.ts",
    line: "if (found[END] !== undefined) return fields;",
    becomes: "false",
    because: "What the quick reader gives back unread the thorough one reads to the same fields.",
  },
  {
    source: "src/providers/wechat-v2/xml.ts",
    line: 'if (!content.startsWith("<")) return /[<&]/.test(content) ? null : content;',
    becomes: "true",
    because: "What the quick reader gives back unread the thorough one reads to the same fields.",
  },
];
