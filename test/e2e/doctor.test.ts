/**
 * Doctor as it is shipped, beside the sandbox over TLS and Mosquitto: it finds what was broken, it disturbs nothing,
 * and it says so without a configuration, without packages and without a network. What belongs to the machine that the
 * tests run on is left out of the comparison.
 */
import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { createSocket } from "node:dgram";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { z } from "zod";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { levelsOf } from "../cli/doctor/sound.ts";
import { withEntry } from "../config-text.ts";
import type { Box } from "./box.ts";
import { makeBundle } from "./bundle.ts";
import { startChild } from "./child.ts";
import { Mosquitto } from "./mosquitto.ts";
import { Program } from "./program.ts";
import { hastyTiming, Stand } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

/** These depend on the machine of the tests, and on the two days that its certificates have. */
const ofTheMachine = /^(?:machine|clock|user|service)\.|^disk\.(?:file-system|space|flush)$/;

interface Examined {
  readonly status: unknown;
  readonly findings: readonly Finding[];
  readonly text: string;
}

async function doctor(box: Box, ...args: readonly string[]): Promise<Examined> {
  const { status, stdout, stderr } = await box.command("doctor", "--json", ...args);
  assert.equal(stderr, "");
  const { box: id, version, findings } = JSON.parse(stdout);
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.equal(id, box.id);
  levelsOf(findings);
  return { status, findings, text: stdout };
}

/** The checks that found a fault, each once. */
function faults({ findings }: Examined): readonly string[] {
  const found = findings.filter(
    (finding) => finding.level === "fault" && !ofTheMachine.test(finding.check) && !isCable(finding),
  );
  return [...new Set(found.map(({ check }) => check))];
}

/** The scanner's cable is a program here, which keeps its end of the pseudo-terminal open, and the other one too. */
function isCable({ check, data }: Finding): boolean {
  return check === "scanner.free" && othersOn(data).every((program) => program === "socat");
}

/** The programs that have the scanner open, but the box. */
function othersOn(data: Finding["data"]): readonly string[] {
  const { holders } = holdersSchema.parse(data);
  return holders.map(({ program }) => program).filter((program) => !program.endsWith("scanbox.mjs"));
}

const holdersSchema = z.object({ holders: z.array(z.object({ pid: z.int(), program: z.string() })) });

function one({ findings }: Examined, check: string, level?: Finding["level"]): Finding {
  const finding = findings.find(
    (each) => each.check === check && (level === undefined || each.level === level),
  );
  assert.ok(finding, `${check} in ${JSON.stringify(findings)}`);
  return finding;
}

/** Writes a configuration whose sections differ from the usual ones in these members. */
function change(box: Box, sections: Readonly<Record<string, object>>, entry: object = {}): void {
  const config = withEntry(stand.config(box, {}), entry);
  for (const [name, members] of Object.entries(sections)) {
    config[name] = { ...z.looseObject({}).parse(config[name]), ...members };
  }
  box.configure(config);
}

/** A password as mosquitto_passwd(1) writes it: $7$, rounds, salt, hash. */
function hashed(password: string): string {
  const salt = Buffer.alloc(12, "salt");
  const hash = pbkdf2Sync(password, salt, 101, 64, "sha512");
  return `$7$101$${salt.toString("base64")}$${hash.toString("base64")}`;
}

describe("doctor", { concurrency: 4 }, () => {
  it("finds nothing wrong with a box that is in order, charges nobody and publishes no payment", async () => {
    const box = await stand.box("sound");
    const calls: string[] = [];
    stand.onCall = ({ path }) => calls.push(path);
    const examined = await doctor(box);
    assert.deepEqual(faults(examined), []);
    for (const check of ["provider.name", "provider.tls", "provider.clock", "provider.probe", "mqtt.login"]) {
      assert.notEqual(one(examined, check).level, "fault", check);
    }
    assert.equal(
      examined.findings.filter(({ check, level }) => check === "provider.probe" && level === "ok").length,
      2,
    );
    assert.equal(one(examined, "scanner.path").level, "ok");
    assert.equal(one(examined, "packages.load").level, "ok");
    assert.equal(one(examined, "certificate.pair").level, "ok");
    assert.equal(one(examined, "certificate.validity").level, "warning");
    assert.equal(one(examined, "credentials.readable").level, "ok");
    assert.equal(one(examined, "api-key.shape").level, "ok");
    assert.equal(one(examined, "journal.tail").level, "note");
    const wrong = examined.findings.some(({ level }) => level === "fault");
    assert.equal(examined.status, wrong ? 1 : 0);
    assert.ok(calls.includes("/pay/orderquery") && !calls.includes("/pay/micropay"), calls.join(" "));
    assert.deepEqual(stand.orders(box), []);
    assert.deepEqual(stand.consumer.events(box.id), []);
    await until(
      () => stand.consumer.status(box.id) === "offline, stopped",
      () => "it says what a box says that is stopped",
    );
  });

  it("says the same to people, with a sentence at the end", async () => {
    const { status, stdout } = await (await stand.box("people")).command("doctor");
    assert.match(stdout, /^✓ provider\.probe +https:\/\/127\.0\.0\.1:\d+ knows the account and the key/m);
    assert.match(stdout, /^! certificate\.validity .*\n +→ Renew it/m);
    assert.match(stdout, status === 0 ? /\nNothing is wrong in \d+ findings; .*\.\n$/ : /\nWrong: .*\.\n$/);
  });

  it("leaves a running box alone, and finds it", async () => {
    const box = await stand.box("running");
    const program = await box.start();
    const [examined] = await Promise.all([doctor(box), doctor(box)]);
    assert.deepEqual(faults(examined), []);
    const pid = Number(one(examined, "journal.writer").data?.pid);
    assert.equal(process.kill(pid, 0), true);
    const { holders } = holdersSchema.parse(one(examined, "scanner.free").data);
    assert.ok(
      holders.some((holder) => holder.pid === pid),
      "it sees that the box has the scanner",
    );
    assert.equal(one(examined, "journal.tail").level, "ok");
    await box.scan(stand.code());
    await stand.settled(box);
    assert.equal(stand.consumer.status(box.id), "online");
    assert.ok(!program.log.some(({ event }) => /lost|closed/.test(event)), program.tail());
    await box.stop();
    const rows = await stand.assertOneStory(box);
    assert.deepEqual(
      rows.map(({ state }) => state),
      ["paid"],
    );
    assert.equal(one(await doctor(box, "--only", "journal"), "journal.writer").level, "note");
  });

  it("finds a wrong API key by the bank's word, and shows none of it", async () => {
    const file = join(stand.directory, "doctor-key");
    const key = "89abcdef0123456789abcdef01234567";
    stand.hide("the wrong API key", key);
    writeFileSync(file, key, { mode: 0o644 });
    const examined = await doctor(await stand.box("wrong-key", { apiKeyFile: file }));
    assert.equal(examined.status, 1);
    assert.deepEqual(faults(examined), ["provider.probe"]);
    assert.equal(one(examined, "provider.probe").data?.why, "api-key");
    assert.equal(one(examined, "credentials.private").level, "warning");
    assert.ok(!examined.text.includes(key));
  });

  it("finds a certificate that has expired, or belongs to another key", async () => {
    const { expired, merchant, stranger } = stand.certificates;
    const late = await doctor(await stand.box("expired", { certificate: expired }), "--quick");
    assert.deepEqual(faults(late), ["certificate.validity"]);
    assert.equal(late.status, 1);
    const certificate = { certFile: merchant.certFile, keyFile: stranger.keyFile };
    const mixed = await doctor(await stand.box("mixed", { certificate }), "--quick");
    assert.deepEqual(faults(mixed), ["certificate.pair"]);
  });

  it("finds a bank whose certificate nobody vouches for, and names its issuer", async () => {
    const box = await stand.box("untrusted");
    change(box, {}, { ca: null });
    const examined = await doctor(box);
    assert.deepEqual(faults(examined), ["provider.tls", "provider.probe"]);
    const { data } = one(examined, "provider.tls");
    assert.deepEqual([data?.issuer, data?.distrust], ["sandbox", "DEPTH_ZERO_SELF_SIGNED_CERT"]);
    assert.equal(one(examined, "provider.probe").data?.why, "no-trust");
  });

  it("finds a broker that is down, and one that wants another password", async () => {
    const down = await stand.box("broker-down", { extra: { mqtt: { url: "mqtt://127.0.0.1:1" } } });
    assert.deepEqual(faults(await doctor(down)), ["mqtt.login"]);
    const folder = join(stand.directory, "strict");
    mkdirSync(folder);
    const strict = await Mosquitto.prepare(folder);
    const passwords = join(folder, "passwords");
    writeFileSync(passwords, `box:${hashed("right-password")}\n`, { mode: 0o600 });
    const lines = [
      `listener ${strict.port} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${passwords}`,
    ];
    writeFileSync(join(folder, "mosquitto.conf"), `${["user root", ...lines].join("\n")}\n`);
    await strict.start();
    const login = async (id: string, password: string): Promise<Examined> => {
      const file = join(folder, id);
      stand.hide("a password", password);
      writeFileSync(file, password, { mode: 0o600 });
      const mqtt = { url: `mqtt://127.0.0.1:${strict.port}`, username: "box", password: { file } };
      return await doctor(await stand.box(id, { extra: { mqtt } }), "--only", "mqtt");
    };
    assert.deepEqual(faults(await login("right-login", "right-password")), []);
    const refused = await login("wrong-login", "wrong-password");
    assert.deepEqual(faults(refused), ["mqtt.login"]);
    assert.match(one(refused, "mqtt.login").remedy ?? "", /mqtt\.password/);
    await strict.stop();
  });

  it("finds a broker that would refuse what a box says, in the broker's own words", async () => {
    const folder = join(stand.directory, "picky");
    mkdirSync(folder);
    const acl = join(folder, "acl");
    writeFileSync(acl, "topic write scanbox/v1/+/status\n", { mode: 0o600 });
    const picky = await Mosquitto.prepare(folder);
    const findings = async (id: string, ...lines: readonly string[]): Promise<Examined> => {
      const all = ["user root", `listener ${picky.port} 127.0.0.1`, "allow_anonymous true", ...lines];
      writeFileSync(join(folder, "mosquitto.conf"), `${all.join("\n")}\n`);
      await picky.start();
      const box = await stand.box(id);
      const program = await box.start();
      await program.screen("armed");
      await box.scan(stand.code());
      await stand.settled(box);
      await box.stop();
      change(box, { mqtt: { url: `mqtt://127.0.0.1:${picky.port}` } });
      const examined = await doctor(box, "--only", "mqtt");
      await picky.stop();
      return examined;
    };
    const forbidden = await findings("forbidden-topic", `acl_file ${acl}`);
    assert.deepEqual(faults(forbidden), ["mqtt.publish"]);
    assert.match(one(forbidden, "mqtt.publish").found, /\/tx: not authorized \(0x87\)\.$/);
    const small = await findings("small-packets", "max_packet_size 2000");
    assert.deepEqual(faults(small), ["mqtt.packet"]);
    const tiny = await findings("tiny-packets", "max_packet_size 300");
    assert.deepEqual(faults(tiny), ["mqtt.login"]);
    assert.match(one(tiny, "mqtt.login").remedy ?? "", /max_packet_size/);
    const forgetful = await findings("forgetful", "retain_available false");
    assert.deepEqual(faults(forgetful), []);
    assert.equal(one(forgetful, "mqtt.retain").level, "warning");
    assert.equal(one(forgetful, "mqtt.publish").level, "ok");
    const least = await findings("qos-0", "max_qos 0");
    assert.deepEqual(faults(least), ["mqtt.login"]);
    assert.match(one(least, "mqtt.login").found, /QoS 1 \(0x9B\)/);
  });

  it("finds a scanner that is not plugged in", async () => {
    const box = await stand.box("no-scanner");
    await box.scanner.unplug();
    assert.deepEqual(faults(await doctor(box, "--quick")), ["scanner.path"]);
  });

  it("finds a file that stands in the place of a scanner", async () => {
    const box = await stand.box("file-for-scanner");
    const file = join(stand.directory, "not-a-scanner");
    writeFileSync(file, "");
    change(box, { scanner: { path: file } });
    const examined = await doctor(box, "--quick");
    assert.deepEqual(faults(examined), ["scanner.path"]);
    assert.match(one(examined, "scanner.path").found, /no device/);
  });

  it("finds a scanner that somebody else has open", async () => {
    const box = await stand.box("shared-scanner");
    const other = startChild("sh", ["-c", `exec 3<"$1"; echo; exec sleep 60`, "sh", box.scanner.path], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => other.stdout?.once("data", resolve));
    const examined = await doctor(box, "--only", "scanner");
    other.kill();
    assert.deepEqual(faults(examined), ["scanner.free"]);
    assert.match(one(examined, "scanner.free").found, new RegExp(`sleep \\(process ${other.pid}\\)`));
  });

  it("finds a journal that was changed, by its row", async () => {
    const box = await stand.box("changed");
    await box.start();
    await box.scan(stand.code());
    await stand.settled(box);
    await box.stop();
    const database = new DatabaseSync(join(box.journalDirectory, "journal.db"));
    database.exec("DROP TRIGGER rows_stay; UPDATE rows SET final = 1 - final WHERE n = 2");
    database.close();
    const examined = await doctor(box, "--only", "journal,disk");
    assert.deepEqual(faults(examined), ["journal.tail"]);
    assert.equal(one(examined, "journal.tail").data?.row, 2);
    assert.equal(one(examined, "disk.writable").level, "ok");
  });

  it("finds a journal on a disk that is mounted for reading only", async (t) => {
    const box = await stand.box("read-only");
    mkdirSync(box.journalDirectory, { mode: 0o700 });
    const script = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"`;
    const words = [process.execPath, makeBundle(), "doctor", "--json", "--only", "disk,journal"];
    const config = join(stand.directory, box.id, "device.config.json");
    const confined = [
      "unshare",
      "-rm",
      "sh",
      "-c",
      script,
      "sh",
      box.journalDirectory,
      ...words,
      "--config",
      config,
    ];
    let stdout = "";
    const child = startChild("env", confined, { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    if (stdout === "") return t.skip("this machine lets nobody mount in a namespace of their own");
    const examined = { status, findings: JSON.parse(stdout).findings, text: stdout };
    assert.deepEqual(faults(examined), ["disk.writable"]);
    assert.match(one(examined, "disk.writable").found, /mounted for reading only/);
    assert.equal(status, 1);
  });

  it("waits for nobody longer than its limit", async (t) => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    assert.ok(typeof address === "object" && address !== null);
    const box = await stand.box("silence");
    const host = `127.0.0.1:${address.port}`;
    const reached = { mqtt: { url: `mqtt://${host}` }, timing: hastyTiming };
    change(box, reached, { hosts: [`https://${host}`] });
    const began = performance.now();
    const { stdout, stderr, status } = await box.command("doctor", "--only", "provider", "mqtt");
    const seconds = (performance.now() - began) / 1_000;
    // Nobody ever answers, so that it ends at all is its limit; how late that is found depends on the machine.
    assert.ok(seconds > 4.5, `${seconds} s`);
    assert.equal(status, 1);
    assert.equal(stderr, "Still looking at: provider, mqtt …\n");
    assert.match(stdout, /^✗ provider\.tls .*cannot be reached \(ETIMEDOUT/m);
    assert.match(stdout, /^✗ mqtt\.login .*does not answer as an MQTT broker \(ETIMEDOUT\)/m);
  });

  it("is not kept at its end by a name server that stays silent", async (t) => {
    const server = createSocket("udp4");
    const port = new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.bind(53, "127.0.0.77", () => resolve(true));
    });
    if (!(await port)) return t.skip("this machine lets nobody be a name server");
    t.after(() => server.close());
    let asked = 0;
    server.on("message", () => {
      asked += 1;
    });
    const box = await stand.box("no-names");
    const timing = {
      ...{ giveUpAfterMs: 45_000, reverseNotBeforeMs: 15_000, confirmNotBeforeMs: 60_000 },
      restMs: 65_000,
    };
    change(box, { timing }, { hosts: ["https://nobody.example"] });
    const names = join(stand.directory, "resolv.conf");
    writeFileSync(names, "nameserver 127.0.0.77\noptions timeout:30 attempts:5\n");
    const script = `mount --bind "$1" /etc/resolv.conf && shift && exec "$@"`;
    const words = [process.execPath, makeBundle(), "doctor", "--json", "--only", "provider", "--config"];
    const config = join(stand.directory, box.id, "device.config.json");
    const child = startChild("unshare", ["-rm", "sh", "-c", script, "sh", names, ...words, config], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    let saidAt = 0;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      saidAt = performance.now();
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    if (stdout === "") return t.skip("this machine lets nobody mount in a namespace of their own");
    const lateMs = performance.now() - saidAt;
    const examined = { status, findings: JSON.parse(stdout).findings, text: stdout };
    assert.deepEqual(faults(examined), ["provider.name"]);
    assert.ok(asked >= 2, "it was asked, and asked again");
    // The resolver gives up after 150 s.
    assert.ok(lateMs < 60_000, `it ended ${lateMs} ms after its last word`);
    return undefined;
  });

  it("says what it can on a machine without configuration, packages or anything else", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "scanbox-bare-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const bundle = join(folder, "scanbox.mjs");
    copyFileSync(makeBundle(), bundle);
    const program = new Program(bundle, ["doctor", "--config", join(folder, "none.json")], "text");
    assert.equal(await program.ended(), 2, program.tail());
    assert.equal(program.stderr, "");
    assert.match(program.stdout, /^✗ config\.problem +There is no file .*none\.json/m);
    for (const name of ["serialport", "onoff", "lcd", "i2c-bus", "koffi"]) {
      assert.match(program.stdout, new RegExp(`^– packages\\.load +${name} does not load`, "m"));
    }
    assert.match(program.stdout, /^. clock\.synchronised /m);
    assert.doesNotMatch(program.stdout, /examination/);
  });

  it("says what a configured box lacks on a machine without packages", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "scanbox-bare-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const bundle = join(folder, "scanbox.mjs");
    copyFileSync(makeBundle(), bundle);
    const box = await stand.box("no-packages");
    const config = join(stand.directory, box.id, "device.config.json");
    const program = new Program(bundle, ["doctor", "--json", "--quick", "--config", config], "text");
    assert.equal(await program.ended(), 1, program.tail());
    const examined = { status: 1, findings: JSON.parse(program.stdout).findings, text: program.stdout };
    assert.deepEqual(faults(examined), ["packages.load"]);
    assert.match(one(examined, "packages.load", "fault").found, /^serialport does not load/);
  });
});
