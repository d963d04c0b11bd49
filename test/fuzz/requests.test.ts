/** What programs, brokers and the kernel say to a box: requests at its control socket, confirmations, chips and mounts. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { roles } from "../../src/commands/table.ts";
import { readAnswer, readRequest, requestLine } from "../../src/control/protocol.ts";
import { RequestLines } from "../../src/control/request-lines.ts";
import { ControlServer, REQUESTS_MAX } from "../../src/control/server.ts";
import { chooseChip, refusedPins, sysfsChips } from "../../src/links/gpio/gpio-chip.ts";
import { mountOf, readMounts } from "../../src/links/machine/mounts.ts";
import { lockHoldersOf } from "../../src/links/machine/proc-files.ts";
import { readAck } from "../../src/reporting/ack.ts";
import { SimulatedControlLink } from "../../src/simulator/outside/control.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { aStatus } from "../commands/a-status.ts";
import { ACK, JOURNAL, TX, World } from "../reporting/world.ts";
import { type Case, fuzz } from "./fuzz.ts";

const requests = [
  requestLine("status"),
  requestLine("journal rotate"),
  requestLine("pay", { ref: "0042", amountFen: 1_250 }),
  requestLine("wait", { ref: "0042", state: "armed", withinMs: 9 }, "north"),
  `${JSON.stringify({ v: 1, command: "status", args: {} })}\r\n`,
  `${JSON.stringify({ v: 2, command: "hello", args: [[[{}]]] })}\n`,
  '{"__proto__":{"v":1},"command":"constructor"}\n',
].map((line) => Buffer.from(line));

fuzz("every request is answered in one line, or its sender is sent away", (one) => {
  const time = new SimulatedTime();
  const link = new SimulatedControlLink(time);
  const logged: string[] = [];
  const note = (event: string): void => void logged.push(event);
  let rotations = 0;
  const server = new ControlServer({
    link,
    clock: new SimulatedClock(time, 0),
    log: { debug: note, info: note, warn: note, error: note },
    ask: (command, done) => {
      if (command.name === "status") time.after(1, () => done({ kind: "status", status: aStatus }));
      else if (command.name === "journal rotate") {
        rotations += 1;
        time.after(1, () => done({ kind: "rotation", outcome: { kind: "nothing" } }));
      } else {
        const takesMs = command.name === "wait" ? Math.min(command.withinMs, 5) : 1;
        time.after(takesMs, () => done({ kind: "no-sale" }));
      }
    },
    admits: { as: "socket", may: new Set(roles) },
  });
  server.start();
  time.runUntil(1);
  const visitor = link.visit();
  assert.ok(visitor !== null);
  const said = Buffer.concat(
    Array.from({ length: one.random.between(1, 5) }, () =>
      one.random.pick([requests[0] ?? Buffer.of(), ...requests]),
    ),
  );
  const wire = one.damaged(said, requests);
  // The wire of this world is no part of what is measured.
  for (const chunk of one.chunks(wire)) visitor.send(chunk);
  visitor.finish();
  // A turn is what the box's other work waits for; megabytes are many of them.
  while (!visitor.ended && time.now < 1_000) one.timed(() => time.step());
  assert.ok(visitor.ended && time.now < 1_000, "whoever has said everything is let go");
  const answers = visitor.heard.split("\n");
  assert.equal(answers.pop(), "");
  for (const answer of answers) assert.ok(readAnswer(answer) !== null);
  const lines = new RequestLines().pass(wire);
  // Whoever says too much is sent away at once, whatever was still to be answered.
  const tooMuch = lines.length > REQUESTS_MAX || lines.some(({ kind }) => kind === "too-long");
  if (tooMuch) assert.ok(answers.length >= 1 && answers.length <= lines.length);
  else assert.equal(answers.length, lines.length);
  const asked = lines.filter((line) => line.kind === "line" && line.text.includes("journal rotate"));
  assert.ok(rotations <= asked.length, "nothing is done that nobody asked for");
});

fuzz("a line is a request or is answered, and an answer is one or is none", (one) => {
  const line = one.damagedText(requests[one.random.between(0, requests.length - 1)]?.toString() ?? "");
  const read = one.timed(() => readRequest(line, "socket"));
  if (read.ok) assert.ok(read.request.command.length >= 1 && read.request.command.length <= 64);
  else assert.equal(read.answer.ok, false);
  const answer = one.timed(() => readAnswer(line));
  assert.ok(answer === null || answer.v === 1);
});

const acks = [
  '{"journal":"jrnl0001","upto":3}',
  '{"journal":"jrnl0001","upto":9007199254740991,"a":[]}',
  "null",
].map((text) => Buffer.from(text));

fuzz("a payload is a confirmation of whole events, or none", (one) => {
  const payload = one.damaged(acks[0] ?? Buffer.of(), acks);
  const ack = one.timed(() => readAck(payload));
  if (ack.ok) assert.ok(Number.isSafeInteger(ack.value.upto) && ack.value.upto >= 0);
});

fuzz("a host confirms nothing that was not sent to it", (one) => {
  const world = new World({ seed: one.random.between(1, 1_000), confirm: "ack" });
  world.journal.append(5);
  world.start();
  world.run(5_000);
  const sent = world.arrived(TX).length;
  assert.equal(sent, 5);
  for (let message = one.random.between(1, 6); message > 0; message -= 1) {
    const payload = Buffer.from(
      one.damaged(one.random.pick([acks[0] ?? Buffer.of(), ...acks]), acks, 1 << 16),
    );
    const topic = one.random.chance(0.8) ? ACK : one.text(ACK).replace(/[+#\0]/g, "");
    const before = world.journal.cursor;
    world.broker.publish(topic, payload.toString("latin1"), one.random.chance(0.2));
    world.run(100);
    const { cursor } = world.journal;
    assert.ok(cursor >= before && cursor <= sent, "a confirmation never goes back, nor beyond what was sent");
    if (cursor > before) assert.ok(payload.toString("latin1").includes(JOURNAL));
  }
});

const folder = mkdtempSync(join(tmpdir(), "scanbox-fuzz-"));
after(() => rmSync(folder, { recursive: true, force: true }));

fuzz("a GPIO chip has whole numbers of lines, or is not seen", (one) => {
  rmSync(folder, { recursive: true, force: true });
  for (let chip = one.random.between(0, 3); chip > 0; chip -= 1) {
    const path = join(folder, `gpiochip${one.random.pick([0, 4, 10, 512, "", "x", "1e3"])}`);
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries({ label: "pinctrl-bcm2835\n", base: "512\n", ngpio: "54\n" })) {
      if (one.random.chance(0.95))
        writeFileSync(join(path, file), one.random.chance(0.5) ? text : one.text(text));
    }
  }
  const chips = one.timed(() => sysfsChips(folder));
  for (const { base, lines } of chips) {
    assert.ok(Number.isSafeInteger(base) && base >= 0);
    assert.ok(Number.isSafeInteger(lines) && lines >= 0);
  }
  const chosen = chooseChip(chips, null);
  if (!chosen.ok) return assert.match(chosen.problem, /^(?:There is no|More than one) GPIO chip/);
  const pin = one.random.pick([-1, 0, 27, 28, 54, Number.NaN]);
  const refused = refusedPins([pin], chosen.chip, chips);
  assert.equal(refused === null, pin >= 0 && pin <= 27 && pin < chosen.chip.lines);
});

const mountInfo = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:20 / /media/a\\040b ro,nosuid - overlay overlay rw,lowerdir=/a,upperdir=/b/c,workdir=/d
24 22 0:21 / /proc rw - proc proc rw
`;
const locks =
  "1: POSIX  ADVISORY  WRITE 811 08:01:2228240 0 EOF\n2: FLOCK  ADVISORY  WRITE 1 08:01:1 0 EOF\n";

fuzz("what the kernel tells of mounts and locks is read line by line, whatever stands in it", (one) => {
  const mounts = one.timed(() => readMounts(kernelText(one, mountInfo)));
  for (const { type } of mounts) assert.ok(type !== "");
  const mount = one.timed(() => mountOf("/media/a b/c", mounts));
  assert.ok(mount === null || mounts.includes(mount));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "locks"), kernelText(one, locks));
  for (const { pid } of one.timed(() => lockHoldersOf(folder, folder))) assert.ok(Number.isInteger(pid));
});

/** A megabyte is more than the kernel has to say of either. */
function kernelText(one: Case, text: string): string {
  return Buffer.from(one.damaged(Buffer.from(text), [], 1 << 20)).toString("utf8");
}
