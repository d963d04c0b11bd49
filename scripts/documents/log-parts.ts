/** What the log says, as tables: each event of the program with its levels and a sentence, and each alarm with what helps. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AlarmName } from "../../src/core/payment/effects.ts";
import { code, table } from "./markdown.ts";

const eventSentences: Readonly<Record<string, string>> = {
  alarm: "People are needed; `kind` is one of the alarms below.",
  "box.asked": "What the core asked for, by kind.",
  "box.contradicted": "A check of the box's own rules failed; it charges nobody until it is started again.",
  "box.heard": "What the core heard, by kind.",
  "box.started": "The journal is read and the box begins its work.",
  "config.loopback": "Every host of the provider is this machine: no real money can move.",
  "config.mistake": "The configuration has a mistake; the sentence names the key.",
  "contact.changed": "A contact, such as the machine's inhibit, changed its state.",
  "contact.unsteady": "A contact changes too often to be believed.",
  "control.closed": "A control socket is closed; a till that asks over it waits.",
  "control.listening": "A control socket takes commands.",
  "device.left-behind": "A device did not end in time when the box ended.",
  "display.absent": "The display is missing or does not answer; it is tried again.",
  "display.ready": "The display is there.",
  "goods.refused": "The machine was not asked for goods, or refused.",
  "gpio.ready": "The way to the pins is chosen.",
  "journal.broken": "A write to the journal failed; nothing is charged until a start has read it again.",
  "journal.damaged": "The journal does not agree with itself; see `scanbox journal quarantine`.",
  "journal.full": "The disk has no room for the journal; nothing is charged until it has.",
  "journal.in-memory": "The journal lies in memory and is lost with the power.",
  "journal.opened": "The journal is read and agrees with itself.",
  "journal.proved": "Every row of the journal was read again and agrees with the others.",
  "journal.refused": "The journal cannot be used; the sentence says why.",
  "journal.room": "The disk has room again.",
  "journal.rotated": "A new segment has begun.",
  "journal.thread-ended": "The thread of the journal has ended; the box ends, too.",
  "journal.uncondemned":
    "The journal is damaged, and that could not be written beside it; a start before it is read may miss it.",
  "keypad.freed": "A key that was stuck is free again.",
  "keypad.stuck": "A key is held down for too long and does not count.",
  "mqtt.ack-ignored": "A host's confirmation made no sense and was left out.",
  "mqtt.ack-missing": "The host has not confirmed events in time; they are sent again.",
  "mqtt.clear": "The connection to the broker is not encrypted.",
  "mqtt.connected": "The broker has let the box in.",
  "mqtt.event-kept": "The broker refused an event; it is kept and tried again.",
  "mqtt.journal-gap": "The next event is not in the journal; reporting stops before the gap.",
  "mqtt.journal-unread": "The journal could not be read for reporting; it is tried again.",
  "mqtt.lost": "The connection to the broker is lost, or could not be made; it is tried again.",
  "mqtt.message-ignored": "A message came that the box does not take.",
  "mqtt.not-retained": "The broker does not keep the status for those who come later.",
  "mqtt.puback-missing": "The broker has not confirmed an event in time.",
  "mqtt.short-connections":
    "Connections to the broker break soon after they begin; another client may have this id.",
  "mqtt.status-refused": "The broker refused the status.",
  "node.warning": "The runtime warns of something.",
  "order.moved": "Something came of an order; `phase` is where it stands now.",
  "order.recorded": "A money record is durable.",
  "order.resumed": "An order that was open at the last end is taken up again.",
  "pins.absent": "A pin cannot be driven or read; it is tried again.",
  "pins.ready": "The pins are there.",
  "provider.answered": "The provider answered and the answer is proved.",
  "provider.not-sent": "A request has not left the box for certain.",
  "provider.unknown": "Nobody knows what became of a request; the order is asked about.",
  "relay.done": "The machine was told to give goods.",
  "relay.failed": "The relay could not be driven as asked.",
  "run.defect": "An error of the program that nothing had caught.",
  "run.ready": "The box is ready; the service manager is told.",
  "run.stopped": "The box has ended.",
  "run.stopping": "The box was asked to end.",
  "scanner.absent": "The scanner is missing or its line broke; it is tried again.",
  "scanner.discarded": "Bytes came from the scanner that are no line.",
  "scanner.marked":
    "A code was refused because the scanner puts a mark before it; `mark` is that mark, never a part of the code.",
  "scanner.ready": "The scanner is there.",
  "scanner.refused": "A line was read that is no payment code of a wallet that is taken.",
  "scanner.scanned": "A payment code was read; its digits are masked.",
  "screen.shown": "What people see has changed.",
  "secret.open": "A secret can be read by others than its owner.",
  "service.untold": "The service manager could not be told how the box is.",
};

const alarmSentences: Readonly<Record<AlarmName, readonly [means: string, helps: string]>> = {
  "reversal-open": [
    "A reversal has been open for too long.",
    "Look at network and provider; the box goes on trying.",
  ],
  "number-conflict": [
    "The provider knows the order number from somebody else.",
    "Compare the order with the merchant platform.",
  ],
  contradiction: [
    "The provider had declined and charged all the same; the box takes it back.",
    "Book by the newest event.",
  ],
  "reverse-expired": [
    "The order can no longer be reversed.",
    "Look at the merchant platform; refund there what was paid and not delivered.",
  ],
  "journal-damaged": [
    "The order was carried over from a damaged journal and may have ended already.",
    "Compare it with the merchant platform and the events at the host.",
  ],
  "refunded-by-others": [
    "The order was refunded, and not by this box.",
    "Ask who may refund at the merchant platform.",
  ],
  "journal-broken": [
    "The journal could not be written; nothing is charged.",
    "Look at disk and card with `scanbox doctor`, then restart.",
  ],
  "invariant-broken": [
    "A check of the box's own rules failed; nothing is charged.",
    "Keep log and journal for the maintainers, then restart.",
  ],
  "order-unrecorded": [
    "What became of an order could not be recorded; it is tried again.",
    "Look at the disk with `scanbox doctor`.",
  ],
  "account-unknown": [
    "An open order was charged for an account that the configuration no longer has.",
    'Put the account back, with `"charges": false`.',
  ],
  "not-dispensed": [
    "It was paid and no goods were given; the box gives the money back.",
    "See to the machine.",
  ],
  "goods-withheld": [
    "It was found paid only after a restart, and its goods were not given.",
    "See to the customer.",
  ],
  "dispense-unclear": [
    "It was paid, and nobody knows whether goods were given.",
    "Look at the machine; see to the customer.",
  ],
};

/** The events that sources log, each with its levels. */
export function loggedEvents(sources: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const source of sources) {
    for (const [, level = "", event = ""] of source.matchAll(
      /\blog\??\.(debug|info|warn|error)\(\s*"([^"]+)"/gi,
    )) {
      found.set(event, (found.get(event) ?? new Set()).add(level));
    }
  }
  return found;
}

/** The events of the program by name; one without a sentence, and a sentence without an event, is an error. */
export function logEvents(root: string): string {
  const paths = globSync("src/**/*.ts", { cwd: root }).filter((path) => !path.startsWith("src/simulator/"));
  return eventTable(loggedEvents(paths.map((path) => readFileSync(join(root, path), "utf8"))));
}

/** The table of these events. */
export function eventTable(logged: ReadonlyMap<string, ReadonlySet<string>>): string {
  const missing = [...logged.keys()].filter((event) => eventSentences[event] === undefined);
  if (missing.length > 0) throw new Error(`log events without a sentence: ${missing.join(", ")}`);
  const rows = Object.entries(eventSentences).map(([event, sentence]) => {
    const levels = logged.get(event);
    if (levels === undefined) throw new Error(`nobody logs "${event}"`);
    return [code(event), [...levels].sort().join(", "), sentence];
  });
  return table(["event", "level", "meaning"], rows);
}

/** Each alarm, what it means and what helps; a new one without a sentence does not compile. */
export function alarms(): string {
  const rows = Object.entries(alarmSentences).map(([name, [means, helps]]) => [code(name), means, helps]);
  return table(["kind", "meaning", "what helps"], rows);
}
