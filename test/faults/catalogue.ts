/**
 * What can fail around a box, one row for each fault: what the box must do then, and which test shows it. The table in
 * README.md beside it is made of it; `catalogue.test.ts` fails where a row is missing or a test that is named does not exist.
 */

/** A test by its file and its name, the latter as the source has it: `${what}` where a loop puts its cases in. */
export interface TestName {
  readonly file: string;
  readonly name: string;
  /** Which case of the loop, by a text that stands in the file, or in `casesIn`. */
  readonly of?: string;
  readonly casesIn?: string;
}

/** What is known about a row. */
export type Proof =
  /** One test shows it; `also` names others that look at parts of it. */
  | { readonly kind: "tested"; readonly test: TestName; readonly also?: readonly TestName[] }
  /** One test shows most of it; `open` says what nothing shows. */
  | {
      readonly kind: "partly";
      readonly test: TestName;
      readonly also?: readonly TestName[];
      readonly open: string;
    }
  /** A rule of the box decides otherwise than one might expect; the test shows what the rule says. */
  | {
      readonly kind: "otherwise";
      readonly rule: string;
      readonly test: TestName;
      readonly also?: readonly TestName[];
    }
  /** Nothing shows it, because the box does not do it yet. */
  | { readonly kind: "not built"; readonly why: string }
  /** Nothing shows it, because that takes devices. */
  | { readonly kind: "needs hardware"; readonly why: string }
  /** Nothing shows it. */
  | { readonly kind: "not tested"; readonly why: string };

/** One fault. */
export interface FaultRow {
  readonly id: string;
  readonly fails: string;
  readonly must: string;
  readonly proof: Proof;
}

/** The groups of rows, with how many each has; rows are numbered from 1. */
export const groups = [
  { letter: "P", title: "Power and storage", rows: 19 },
  { letter: "N", title: "The network to WeChat Pay", rows: 15 },
  { letter: "W", title: "What WeChat Pay says", rows: 15 },
  { letter: "H", title: "Scanner, keypad, display", rows: 11 },
  { letter: "T", title: "Time, process, operating system", rows: 6 },
] as const;

const kill = (of: string): TestName => ({
  file: "test/e2e/kills.test.ts",
  name: `\${what}: the order ends \${ends.join(" or ")}`,
  of,
});
const inFile =
  (file: string) =>
  (name: string, of?: string): TestName => ({ file, name, ...(of === undefined ? {} : { of }) });

const answer = (of: string): TestName => ({
  file: "test/faults/answers.test.ts",
  name: `\${what}: the order ends \${ends}`,
  of,
});
const box = inFile("test/core/payment/box.test.ts");
const codes = inFile("test/providers/wechat-v2/codes.test.ts");
const demo = (of: string): TestName => ({
  file: "test/cli/demo.test.ts",
  name: `\${scenario}\${payer} ends \${state}: one JSON line on stdout, the story on stderr, status 0`,
  of,
});
const display = inFile("test/drivers/display.test.ts");
const entry = inFile("test/core/payment/amount-entry.test.ts");
const https = inFile("test/contract/https.test.ts");
const journal = inFile("test/journal/journal.test.ts");
const keypad = inFile("test/drivers/keypad.test.ts");
const optional = inFile("test/e2e/optional.test.ts");
const life = inFile("test/package/life.test.ts");
const machine = inFile("test/faults/machine.test.ts");
const matrix = inFile("test/core/codecs/key-matrix-chance.test.ts");
const network = inFile("test/faults/network.test.ts");
const outages = inFile("test/e2e/outages.test.ts");
const payments = inFile("test/e2e/payments.test.ts");
const process = inFile("test/faults/process.test.ts");
const quarantine = inFile("test/cli/quarantine.test.ts");
const refusals = inFile("test/e2e/refusals.test.ts");
const replies = inFile("test/providers/wechat-v2/replies.test.ts");
const reporter = inFile("test/reporting/reporter.test.ts");
const serial = inFile("test/contract/serial.test.ts");
const store = inFile("test/contract/store.test.ts");
const story = (of: string): TestName => payments(`\${what}`, of);
const told = inFile("test/faults/worlds.test.ts");
const unplug = inFile("test/contract/unplug.test.ts");
const xml = inFile("test/providers/wechat-v2/xml.test.ts");

export const catalogue: readonly FaultRow[] = [
  {
    id: "P1",
    fails: "The power goes before the intent is on disk.",
    must: "Nothing was sent; the box starts idle and the code may be scanned again.",
    proof: { kind: "tested", test: kill("before its intent is surely on disk") },
  },
  {
    id: "P2",
    fails: "It goes between the intent and the charge.",
    must: "The start asks about the order, finds none, and reverses until that is sure.",
    proof: { kind: "tested", test: kill("between its intent and the charge") },
  },
  {
    id: "P3",
    fails: "It goes between the charge and its answer.",
    must: "The start asks, and ends the order as the provider has it.",
    proof: { kind: "tested", test: kill("when a charge that is paid has arrived") },
  },
  {
    id: "P4",
    fails: "It goes between the answer and its record.",
    must: "The same; nobody had been shown an end.",
    proof: { kind: "tested", test: kill("while the answer to its charge is being taken up") },
  },
  {
    id: "P5",
    fails: "It goes between the record of the end and the screen.",
    must: "The end is reported, the order is not touched again, and the start shows it for a minute.",
    proof: {
      kind: "otherwise",
      rule: "No start knows how long ago an order ended (rule 10): a PAID that comes with the power would be taken for the payment of whoever stands there then. It is reported, and in `journal list`.",
      test: told(
        "whose power goes between a payment's end and the screen: it is told of, and shown to nobody",
      ),
      also: [kill("when its end is on disk and hardly shown")],
    },
  },
  {
    id: "P6",
    fails: "It goes when a reversal is recorded and not sent.",
    must: "The reversal goes on; the order never becomes paid.",
    proof: { kind: "tested", test: kill("when the reversal is on disk and not on its way") },
  },
  {
    id: "P7",
    fails: "It goes while a reversal is answered.",
    must: "The reversal is sent again; the money goes back once.",
    proof: { kind: "tested", test: kill("while it reverses what the customer pays at last, twice") },
  },
  {
    id: "P8",
    fails: "It goes between the broker's confirmation and the cursor.",
    must: "The event comes again with the same id and the same bytes.",
    proof: {
      kind: "tested",
      test: reporter("broken connections and crashes at any place repeat events, but lose and overtake none"),
    },
  },
  {
    id: "P9",
    fails: "The last record on the disk is torn.",
    must: "The torn end is cut off; everything that was acknowledged is there.",
    proof: {
      kind: "tested",
      test: store("opens with what was whole where the end of the write-ahead log is torn"),
      also: [journal("keeps every acknowledged entry, in order, and nothing that was not asked for")],
    },
  },
  {
    id: "P10",
    fails: "Bits flip in the middle of the journal.",
    must: "No more charges; open orders that can be read are resolved; the damaged file is kept.",
    proof: {
      kind: "otherwise",
      rule: "A damaged journal starts nothing by itself (rule 16): `journal quarantine`, which a person calls, carries the open orders over.",
      test: quarantine("is pointed to by a box that does not start, and lets its orders go on"),
      also: [
        refusals("refuses a journal with a row that was changed"),
        refusals(
          "charges nothing after it has found a page of old rows flipped, nor in any later life, until the journal is put aside",
        ),
        store("passes on a row in which a bit has flipped, and the chain finds it"),
        store(
          "is proved to its end while it is open, and a flipped bit that no start reads is found then and refused ever after",
        ),
        quarantine(
          "puts aside what a box has found damaged while it ran, which no start, status, verification or doctor calls whole",
        ),
      ],
    },
  },
  {
    id: "P11",
    fails: "The disk is full.",
    must: "No new charge, and out of service from the start; open orders are recorded to their end.",
    proof: {
      kind: "tested",
      test: store("takes the records of open orders on a full disk, and no charge"),
      also: [
        journal("takes the records of open orders, and no charge"),
        machine(
          `its disk is full when it starts (\${how}): out of service, nobody is asked to pay, until there is room`,
        ),
      ],
    },
  },
  {
    id: "P12",
    fails: "A write or a flush fails.",
    must: "The journal is not believed until a restart has read it again; nothing new is charged.",
    proof: {
      kind: "tested",
      test: journal(`that fails on a \${fault} disk breaks the journal for good`, "refusing"),
      also: [
        store("keeps every acknowledged entry where the disk refuses to grow, and breaks"),
        box("a box that cannot record does not charge"),
        box(
          "a verdict that cannot be recorded is not shown: RESULT UNKNOWN, and the order is only asked about",
        ),
      ],
    },
  },
  {
    id: "P13",
    fails: "The file system is mounted for reading only.",
    must: "The same.",
    proof: {
      kind: "tested",
      test: machine("its disk turns read-only: no charge, and the order ends when it is mended"),
      also: [
        journal(`that fails on a \${fault} disk breaks the journal for good`, "read-only"),
        inFile("test/e2e/doctor.test.ts")("finds a journal on a disk that is mounted for reading only"),
      ],
    },
  },
  {
    id: "P14",
    fails: "A flush takes five seconds.",
    must: "The box lives, the watchdog is fed, the order ends as it should.",
    proof: {
      kind: "tested",
      test: told(
        `whose flushes take \${flushMs} ms each: it lives, the watchdog is fed, the payment is paid`,
      ),
      also: [told("whose flush takes longer than a charge may wait: it is not sent, and nobody pays")],
    },
  },
  {
    id: "P15",
    fails: "The card is swapped, cloned, or put back from an older image.",
    must: "No number is made twice; the host sees another or a shorter history.",
    proof: {
      kind: "tested",
      test: machine("for an older image of itself: no number is made twice, and the consumer notices"),
      also: [
        machine("for an empty one: a journal of its own begins, and the consumer can tell"),
        journal("is told apart from one of a history that was rolled back"),
        inFile("test/core/payment/order-number.test.ts")("every bit of the sixty changes the boot's mark"),
      ],
    },
  },
  {
    id: "P16",
    fails: "The journal's partition is not there.",
    must: "The box does not charge, and says why.",
    proof: {
      kind: "tested",
      test: life("without the partition of its journal it does not start: none begins beneath it"),
      also: [process("a file stands where the journal's folder should be: it does not start, and says why")],
    },
  },
  {
    id: "P17",
    fails: "The supply browns out: start after start is cut off.",
    must: "No order is lost; systemd waits between the starts.",
    proof: {
      kind: "tested",
      test: process(
        "ten starts in a row are cut off with an order open: the order ends as the provider has it",
      ),
      also: [
        inFile("test/e2e/kills.test.ts")(`box \${number} ends every order as the sandbox has it`),
        life("start after start that is cut off is followed by another one, for ever, after a wait"),
      ],
    },
  },
  {
    id: "P18",
    fails: "The journal's file is empty or missing, and its log, lock or reserve are there.",
    must: "It is no new journal: the box does not start, says what helps, and changes nothing.",
    proof: {
      kind: "tested",
      test: store(`is refused where it \${what}, and nothing that stands beside it changes`, "is empty"),
      also: [
        store("is no new one where its file has gone: it is refused, and goes on where the file comes back"),
        store("leaves the log beside an emptied file as it is: payments may stand in it alone"),
        quarantine(
          "finds what stands in the log alone, where the journal's own file has been emptied or is missing",
        ),
      ],
    },
  },
  {
    id: "P19",
    fails: "A bit flips in the last row of a sale, and somebody puts the journal aside.",
    must: "The sale is not reversed, not told of as paid again, and what nobody had confirmed is reported.",
    proof: {
      kind: "tested",
      test: quarantine(
        "reports what nobody had confirmed, in the bytes that it always had, and what it doubts to people alone",
      ),
      also: [
        inFile("test/core/payment/doubted.test.ts")(
          "found paid it goes to people under its own number, where late payments are kept and where they are reversed",
        ),
        inFile("test/journal/salvage.test.ts")(
          "is every one that was open when an event was lost of which nobody knows whose it was",
        ),
      ],
    },
  },

  {
    id: "N1",
    fails: "A name is not found, found slowly, or leads elsewhere.",
    must: "Nothing left: the charge ends as not sent, with a clear text, or goes to the other host.",
    proof: {
      kind: "tested",
      test: network("the names are not found: not sent, and the next one is paid"),
      also: [
        network("the names lead to a stranger: he hears nothing, and the box says that it trusts nobody"),
        https(`proves that nothing left where the obstacle is \${obstacle}`, "no-name"),
      ],
    },
  },
  {
    id: "N2",
    fails: "The connection is refused, has no route, or its handshake fails.",
    must: "The charge ends as not sent; nothing is reversed.",
    proof: {
      kind: "tested",
      test: network(`the connection \${what} at both hosts: not sent, and the next one is paid`),
      also: [
        network("one host is away: the charge goes to the other one, once"),
        outages("takes no payment until the provider has answered, and charges then"),
        https(`proves that nothing left where the obstacle is \${obstacle}`, "refused"),
      ],
    },
  },
  {
    id: "N3",
    fails: "The connection is reset after the charge was written.",
    must: "Unknown: the box asks.",
    proof: {
      kind: "tested",
      test: network("the connection is reset once the charge has arrived: the box asks, and finds it paid"),
      also: [network(`the line breaks \${what}: the box asks, and ends as the sandbox has it`)],
    },
  },
  {
    id: "N4",
    fails: "The charge disappears, or its answer does.",
    must: "Unknown at the deadline: the box asks over another connection, and the other host where the first is silent.",
    proof: {
      kind: "tested",
      test: network("the first host falls silent with the charge: the other one tells of it"),
      also: [
        network("one host's handshake is silent: it is waited for once, then the other one is first"),
        network(
          `the line breaks \${what}: the box asks, and ends as the sandbox has it`,
          "before its last bytes, silently",
        ),
        story("the reply to a charge is lost, and the query finds the payment"),
        https("ends at the deadline where the server stays silent, once"),
      ],
    },
  },
  {
    id: "N5",
    fails: "The answer breaks off, or trickles byte by byte.",
    must: "Unknown, at the deadline at the latest.",
    proof: {
      kind: "tested",
      test: network("the reply trickles: the deadline holds, and the box asks"),
      also: [
        network(
          `the line breaks \${what}: the box asks, and ends as the sandbox has it`,
          "late in the reply, closed",
        ),
        https("ends a trickle at the deadline, with its connection"),
        xml("every document that is cut off is refused"),
      ],
    },
  },
  {
    id: "N6",
    fails: "The answer comes after the deadline.",
    must: "It is not heard; the box has asked by then.",
    proof: {
      kind: "tested",
      test: network("the answer comes after the deadline: it is not heard, and the box has asked by then"),
      also: [demo("reply-late")],
    },
  },
  {
    id: "N7",
    fails: "The charge is held back for a minute and arrives after its reversal.",
    must: "The order stays closed: absence counts only when the charge can no longer arrive.",
    proof: {
      kind: "otherwise",
      rule: "Assumed (see below, and rule 9): nothing is delivered more than 60 s after its attempt was ended. Worlds hold requests back up to 45 s.",
      test: {
        file: "test/simulation/world.test.ts",
        name: `the checker notices when \${name}`,
        of: "an absence counts at once, while the charge may still be in flight",
        casesIn: "test/simulation/planted.ts",
      },
      also: [https("lets what has left arrive after the process has died, and tells nobody")],
    },
  },
  {
    id: "N8",
    fails: "The charge arrives twice.",
    must: "One order, one payment.",
    proof: {
      kind: "tested",
      test: told("whose requests all arrive twice: one order, one payment"),
      also: [
        inFile("test/providers/wechat-v2/sandbox/ledger.test.ts")(
          "a charge that is repeated as it was answers with the same payment and takes no more money",
        ),
      ],
    },
  },
  {
    id: "N9",
    fails: "A captive portal or a proxy answers instead: 200 with a page, 302, 502, 504.",
    must: "Unknown: the box asks, and follows nothing.",
    proof: {
      kind: "tested",
      test: network(`somebody in between answers \${status} with a page: nothing is believed or followed`),
      also: [
        https(`brings a page with status \${status} as it is and goes nowhere else`),
        replies(`every call stays unknown after \${about}`),
      ],
    },
  },
  {
    id: "N10",
    fails: "The certificate is a stranger's, has expired, or names another host.",
    must: "Nothing is sent; the box is out of service and says why.",
    proof: {
      kind: "tested",
      test: refusals("is out of service with E33 where it does not trust the provider's certificate"),
      also: [https("does not trust a certificate that names another host")],
    },
  },
  {
    id: "N11",
    fails: "The server closes a kept connection in the very moment of the charge.",
    must: "Unknown, or provably not sent; never sent again.",
    proof: {
      kind: "tested",
      test: https("does not send again what a kept connection closed without reading"),
      also: [https("does not send again what a kept connection swallowed")],
    },
  },
  {
    id: "N12",
    fails: "The link comes and goes, loses two of five requests, or takes seconds.",
    must: "Every promise holds; orders end when it is stable again.",
    proof: {
      kind: "tested",
      test: network("comes and goes: payments end, and none is made twice"),
      also: [
        network(`world \${number} breaks at random bytes: the order ends as the sandbox has it`),
        network("takes its time each way: slow, and paid"),
      ],
    },
  },
  {
    id: "N13",
    fails: "There is no network for a day, and a reversal is open.",
    must: "The reversal is tried on, and done when the network is back.",
    proof: {
      kind: "tested",
      test: told(
        "that is without a network for a day while a reversal is open: it tries on, and does it when it is back",
      ),
      also: [told("whose power goes and comes back three times during that day: the same")],
    },
  },
  {
    id: "N14",
    fails: "There is no network for more than a week.",
    must: "What can no longer be reversed goes to people, who had been warned.",
    proof: {
      kind: "otherwise",
      rule: "Days are not counted, because nothing is decided by the clock (rule 10): the alarm comes after five minutes and stands (rule 9); people get the order when WeChat says that it is too late.",
      test: box("a reversal that is too old for WeChat goes to people"),
    },
  },
  {
    id: "N15",
    fails: "IPv6 leads nowhere and IPv4 works.",
    must: "The other address is tried at once; it costs a second at most.",
    proof: { kind: "tested", test: network("IPv6 leads nowhere: IPv4 is tried within a second") },
  },

  {
    id: "W1",
    fails: "The password comes after a while, or after the box has given up.",
    must: "Paid where it was seen before the reversal was recorded, else reversed.",
    proof: {
      kind: "tested",
      test: story("a password is typed while the box asks"),
      also: [
        box(
          "an order nobody pays is asked about a last time after 45 s, then reversed, then confirmed by a query",
        ),
      ],
    },
  },
  {
    id: "W2",
    fails: "The customer pays between the last query and the reversal.",
    must: "The money goes back, and the customer is told.",
    proof: {
      kind: "tested",
      test: story("the customer pays between the last query and the reversal"),
      also: [box("paid between the last query and the reversal ends refunded, and the customer is told")],
    },
  },
  {
    id: "W3",
    fails: "`SYSTEMERROR`, `BANKERROR`, or a code that nobody knows.",
    must: "Unknown: the box asks.",
    proof: {
      kind: "tested",
      test: answer("SYSTEMERROR to a charge that is paid"),
      also: [
        answer("BANKERROR, and paid three seconds later"),
        answer("a code that is in no list"),
        codes("a code that the micropay table does not have leaves the charge unknown"),
      ],
    },
  },
  {
    id: "W4",
    fails: "A charge is refused and paid all the same.",
    must: "Codes in doubt are asked about first; each decline by a code once more, and money found then goes back.",
    proof: {
      kind: "tested",
      test: box(
        "a decline by code is asked about once more; money found there goes back and somebody is told",
      ),
      also: [
        answer("TRADE_ERROR to a charge that is paid"),
        codes("only the codes that are final on paper and undisputed decline a charge at once"),
      ],
    },
  },
  {
    id: "W5",
    fails: "The signature is wrong, on a success or on a failure.",
    must: "Unknown; the box charges nobody until a probe has passed.",
    proof: {
      kind: "tested",
      test: story("a stranger's claim that it is paid is not believed"),
      also: [box("an unsigned refusal takes the box out of service until a probe has passed")],
    },
  },
  {
    id: "W6",
    fails: "A signed success names another order, amount or merchant.",
    must: "Unknown: the box asks.",
    proof: {
      kind: "tested",
      test: answer("a signed success of another amount"),
      also: [
        answer("a signed success of another order"),
        answer("a signed success of another merchant"),
        replies(
          "paid needs every proof: each one missing or wrong under a right signature leaves the order unknown",
        ),
      ],
    },
  },
  {
    id: "W7",
    fails: "One of the refusals that WeChat Pay documents.",
    must: "Only those that are final decline at once; each has its text.",
    proof: {
      kind: "tested",
      test: codes("every code of the micropay table has its action and its meaning, and there are no others"),
      also: [box("each refusal has the text that says what to do")],
    },
  },
  {
    id: "W8",
    fails: "Reversals are answered `recall=Y`, `USERPAYING`, `SYSTEMERROR`, again and again.",
    must: "The box goes on, and raises an alarm.",
    proof: {
      kind: "tested",
      test: answer("USERPAYING and recall=Y to reversals"),
      also: [
        codes(
          "a reversal ends for REVERSE_EXPIRE alone, and is repeated for every other code, listed or not",
        ),
        replies("a reversal is done only where WeChat does not call for another"),
      ],
    },
  },
  {
    id: "W9",
    fails: "A reversal is said to be done, and the order is still paid.",
    must: "It is repeated until a query says that the money is back.",
    proof: {
      kind: "tested",
      test: answer("a reversal that is done and was not"),
      also: [
        inFile("test/core/payment/payment.test.ts")(
          "an order is reversed only on a signed end or on two late absences after an answered reversal",
        ),
      ],
    },
  },
  {
    id: "W10",
    fails: "A query right after the charge does not find the order.",
    must: "The box asks on, and reverses only when it gives up.",
    proof: { kind: "tested", test: answer("no order to the first queries") },
  },
  {
    id: "W11",
    fails: "Hostile XML: document types, entities, megabytes, elements twice, bytes that are not UTF-8.",
    must: "Refused at once, with little memory; the order is unknown.",
    proof: {
      kind: "tested",
      test: xml(`XML is refused: \${about}`),
      also: [
        xml("hostile lengths are answered at once"),
        xml("bytes that are not UTF-8 are refused, a replacement character in their place never appears"),
        https("reads as much as each request allows, and gives up one byte above"),
      ],
    },
  },
  {
    id: "W12",
    fails: "The API key was changed, or the merchant's certificate has expired.",
    must: "Out of service with a code that says which; reversals wait and go on.",
    proof: {
      kind: "tested",
      test: refusals(
        "goes on reversing where the provider does not know its certificate, and ends when it does",
      ),
      also: [
        refusals("is out of service with E31 where the API key is wrong"),
        refusals("is out of service with E23 where the certificate has expired"),
        told(
          "whose certificate expires during a payment: that ends as it would, and nobody is charged until one is valid",
        ),
      ],
    },
  },
  {
    id: "W13",
    fails: "WeChat Pay limits how often one may ask.",
    must: "The box asks on at its pace, within its deadline.",
    proof: { kind: "tested", test: answer("FREQUENCY_LIMITED to the first queries") },
  },
  {
    id: "W14",
    fails: "The bill has an order that the journal lacks, or the other way round.",
    must: "Each is listed as an exception.",
    proof: {
      kind: "tested",
      test: {
        file: "test/providers/wechat-v2/reconciliation.test.ts",
        name: "an order that only the bill has is an exception, and so is a payment that only the journal has",
      },
      also: [
        {
          file: "test/cli/reconcile.test.ts",
          name: "what does not agree is listed, for people and for programs, and the status is 1",
        },
      ],
    },
  },
  {
    id: "W15",
    fails: "The bill has other columns: no order amounts, no devices, nothing of refunds, or something new.",
    must: "What can be compared is; what cannot is told, and the bill has not passed.",
    proof: {
      kind: "tested",
      test: {
        file: "test/providers/wechat-v2/reconciliation.test.ts",
        name: "what could not be compared is said, and does not agree",
      },
      also: [
        {
          file: "test/providers/wechat-v2/bill.test.ts",
          name: "the ordinary bill of 24 columns has its amounts, and its sums are added up",
        },
        {
          file: "test/cli/reconcile.test.ts",
          name: "a bill that does not tell what went back is not compared, and the status is 3",
        },
      ],
    },
  },

  {
    id: "H1",
    fails: "A code is scanned twice, again after its end, or two codes come at once.",
    must: "One order.",
    proof: {
      kind: "tested",
      test: payments("moves no money for anything but a fresh payment code, and pays afterwards"),
      also: [box("a code that was charged once is refused for good")],
    },
  },
  {
    id: "H2",
    fails: "Lines come byte by byte, glued, with noise, without an end, 64 KiB long, at the wrong speed.",
    must: "One line is lost at most; half a code is never charged.",
    proof: {
      kind: "tested",
      test: inFile("test/core/codecs/line-guard.test.ts")("gives the same lines however the wire cuts them"),
      also: [
        serial("brings a line that came byte by byte"),
        serial("takes glued frames apart"),
        serial("brings NULs and bytes above 0x7f as they are, and the next line clean"),
        serial("throws 64 KiB without a terminator away, says so once, and reads on"),
      ],
    },
  },
  {
    id: "H3",
    fails: "Another wallet's code, 17 or 19 digits, letters.",
    must: "A polite refusal; nothing is sent.",
    proof: {
      kind: "tested",
      test: inFile("test/core/codecs/scan.test.ts")(
        "whatever is scanned, what is accepted has the form of one wallet, and no text has two",
      ),
      also: [
        inFile("test/drivers/scanner.test.ts")(
          "hands on codes of all wallets, and refuses half codes and noise with their reason",
        ),
      ],
    },
  },
  {
    id: "H4",
    fails: "The scanner is pulled out in the middle of a code and comes back under another number.",
    must: "It is found again within seconds, and nothing is joined.",
    proof: {
      kind: "tested",
      test: unplug("is found again by its link under another number"),
      also: [
        unplug("heals from a hang-up with half a code on the wire"),
        outages(
          "says that its scanner is unplugged, joins nothing to what came before, and charges the next code",
        ),
        inFile("test/drivers/scanner.test.ts")(
          "is back within 3 s however long it was away, also where no hint comes of its return",
        ),
      ],
    },
  },
  {
    id: "H5",
    fails: "A code is scanned without an amount, during a reversal, during recovery.",
    must: "Ignored, with a text.",
    proof: {
      kind: "tested",
      test: box("what people do at the wrong moment moves no money and gets a clear text"),
    },
  },
  {
    id: "H6",
    fails: "Keys bounce, stick, come in twos; thirty digits, leading zeros, 0.00, more than the most.",
    must: "Each press counts once; amounts stay whole and allowed; a stuck key is named.",
    proof: {
      kind: "tested",
      test: matrix("tells each clean press exactly once and in order"),
      also: [
        matrix("never tells a ghost, never tells one press twice, and confirm and cancel only alone"),
        keypad("says which key is stuck, once, goes on with the others, and says when it has come up"),
        entry("whatever is typed is a whole number of fen within the hard limit"),
      ],
    },
  },
  {
    id: "H7",
    fails: "Cancel is pressed in any state.",
    must: "What was sent is never abandoned: it is reversed.",
    proof: {
      kind: "tested",
      test: box(
        "cancelling before the charge leaves ends it, afterwards it asks for a reversal no sooner than 15 s",
      ),
      also: [box("a payment proved before a cancellation could become durable stays a payment")],
    },
  },
  {
    id: "H8",
    fails: "The display is missing, fails in the middle, or is slow.",
    must: "Payments go on, the loop is never held up, the display comes back by itself.",
    proof: {
      kind: "tested",
      test: display("shows the newest screen in the end, however screens, failures and new starts mix"),
      also: [
        display("says once that it is absent, once that it is ready, and draws everything again"),
        inFile("test/drivers/hd44780.test.ts")(
          "says once that its lines fail, lets go of them, and is silent then",
        ),
      ],
    },
  },
  {
    id: "H9",
    fails: "Another program has the pins, or they are lost.",
    must: "A sentence that names it; the pins are taken when they are free.",
    proof: {
      kind: "tested",
      test: inFile("test/hil/gpio-processes.test.ts")(
        `\${backend} refuses what a running process holds by \${before}, and says who it is`,
      ),
      also: [
        keypad("says why the pins were refused, and takes them when they are free"),
        keypad(
          "comes back by itself after its lines failed, and does not tell a key again that is still down",
        ),
      ],
    },
  },

  {
    id: "H10",
    fails:
      "What is optional cannot be made or opened, or its library throws: credentials, a chip, a bus, a package.",
    must: "Open orders are brought to their end; it is told and tried again; only what a payment needs takes the box out of service.",
    proof: {
      kind: "tested",
      test: optional(`takes back what is open with \${what}, and says so`),
      also: [
        optional("takes back what is open without the chip of its lamp, and takes payments"),
        optional("takes back what is open without the chip of its relay, and is out of service"),
        inFile("test/runtime/guards.test.ts")(
          "what throws later ends the connection, once, and lets go of it",
        ),
      ],
    },
  },
  {
    id: "H11",
    fails: "The configuration has a mistake.",
    must: "Open orders are brought to their end by what can be read of it; nothing is sold, and every mistake is named.",
    proof: {
      kind: "tested",
      test: optional(`takes back what is open with \${what}, sells nothing, and says so`),
      also: [
        inFile("test/config/salvage.test.ts")(
          "whatever is wrong with the rest, the account and the journal are found",
        ),
      ],
    },
  },

  {
    id: "T1",
    fails: "The clock says 1970, ten years ahead, or jumps an hour in the middle of a payment.",
    must: "Deadlines do not move; only labels do, and they say so.",
    proof: {
      kind: "tested",
      test: process("the clock jumps back an hour and ahead ten years: no deadline moves"),
      also: [
        machine(
          `its clock says \${when} when it starts: it charges nobody, says why, and does when the clock is right`,
          "1970",
        ),
        inFile("test/links/system-clock.test.ts")(
          "the wall clock is trusted after timesyncd has said so, and never where it lies before the program was made",
        ),
        inFile("test/cli/doctor/clock.test.ts")(
          "a year in which no certificate is valid is a fault, in the past and in the future",
        ),
      ],
    },
  },
  {
    id: "T2",
    fails: "The process hangs.",
    must: "The watchdog starts it anew, and the order is taken up.",
    proof: {
      kind: "tested",
      test: life("a stopped process is killed by the watchdog, and the open order is taken up"),
    },
  },
  {
    id: "T3",
    fails: "Out of memory, SIGTERM, SIGKILL, or stopped for a while.",
    must: "Recovery; an orderly stop takes ten seconds at most.",
    proof: {
      kind: "tested",
      test: process(
        `\${what}: the process ends, and the next one finds the payment`,
        "the memory is used up",
      ),
      also: [
        machine(
          "its control group has no memory left: the process is killed, and the next one finds the payment",
        ),
        process("a stop is asked for: it takes ten seconds at most, and the next process goes on"),
        process("it is stopped for longer than every deadline: it ends the order as the provider has it"),
        inFile("test/e2e/kills.test.ts")(`\${what}: the order ends \${ends.join(" or ")}`),
      ],
    },
  },
  {
    id: "T4",
    fails: "An error that nobody expected is thrown.",
    must: "The process ends, and the next one takes up what is open.",
    proof: {
      kind: "tested",
      test: process(`\${what}: the process ends, and the next one finds the payment`, "something throws"),
      also: [
        process(
          `\${what}: the process ends, and the next one finds the payment`,
          "a promise is rejected and nobody listens",
        ),
        https("lets a defect of its caller end the process"),
      ],
    },
  },
  {
    id: "T5",
    fails: "The journal's thread dies.",
    must: "The process ends; no end is lost.",
    proof: {
      kind: "tested",
      test: process(
        `\${what}: the process ends, and the next one finds the payment`,
        "the journal's thread dies",
      ),
      also: [store("tells when its thread has died, and leaves unanswered what was asked of it")],
    },
  },
  {
    id: "T6",
    fails: "No file descriptor is left.",
    must: "What cannot be sent is not sent; nothing is corrupted; the box charges again when there are some.",
    proof: {
      kind: "tested",
      test: process("no file descriptor is left: what cannot be sent is not sent, and later it charges"),
    },
  },
];
