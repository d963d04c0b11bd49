/** The life of a package on a machine: installed, configured, paid with, watched over, upgraded, removed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import packageJson from "../../package.json" with { type: "json" };
import { SCHEMA_VERSION } from "../../src/links/sqlite/sqlite-schema.ts";
import { wechatEntry } from "../config-text.ts";
import { makeCertificates } from "../e2e/certificates.ts";
import { DebianMachine, whyNoMachine } from "./debian-machine.ts";
import { Snapshot, variant } from "./packages.ts";

const skip = whyNoMachine() ?? false;
const folder = mkdtempSync(join(tmpdir(), "scanbox-packages-"));
const version = packageJson.version;
/** That of this machine. */
const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const install = (revision: number): string =>
  `dpkg --install /packages/scanbox_${version}-${revision}_${architecture}.deb`;

let box: DebianMachine;

before(async () => {
  if (skip !== false) return;
  const snapshot = new Snapshot();
  const { path } = snapshot.build(architecture, folder);
  snapshot.remove();
  variant(path, { from: `${version}-1`, to: `${version}-2` });
  variant(path, { from: `${version}-1`, to: `${version}-3` }, (files) =>
    writeFileSync(join(files, "usr/lib/scanbox/scanbox.mjs"), "throw new Error('planted');\n"),
  );
  await makeCertificates(folder);
  box = await DebianMachine.boot(folder);
});

after(async () => {
  if (skip === false) await box?.end();
  rmSync(folder, { recursive: true });
});

/** Short times, as a configuration may have them where every host is loopback. */
const timing = {
  ...{ queryEveryMs: 200, giveUpAfterMs: 6_000, reverseNotBeforeMs: 500, confirmNotBeforeMs: 1_500 },
  ...{ sendWithinMs: 2_500, connectTimeoutMs: 1_000, answerTimeoutMs: 1_200 },
};

const config = {
  version: 1,
  box: { id: "package-test" },
  providers: [
    wechatEntry({
      ...{ appId: "wx1234567890abcdef", merchantId: "1900000109", hosts: ["http://127.0.0.1:8400"] },
      apiKey: { credential: "scanbox.api-key" },
      certificate: { cert: { credential: "scanbox.cert" }, key: { credential: "scanbox.key" } },
    }),
  ],
  amount: { source: "fixed", fixed: "1.00" },
  scanner: { path: "/run/scanner", repeats: "often" },
  mqtt: { url: "mqtt://127.0.0.1:1883" },
  timing,
};

const configFile = "/etc/scanbox/device.config.json";
const log = "journalctl --unit=scanbox --output=cat --no-pager";
const list = "scanbox journal list --json";

/** What happens at the sandbox to the next order. */
function scenario(name: string): void {
  const call = `fetch("http://127.0.0.1:8401/scenario", {method: "PUT", body: JSON.stringify({name: "${name}"})})`;
  box.do(`/usr/lib/scanbox/bin/node -e '${call}.then((reply) => process.exit(reply.ok ? 0 : 1))'`);
}

/** The provider: what it knew of orders is gone with each start. */
async function startSandbox(): Promise<void> {
  box.run("systemctl stop bank");
  box.do("systemd-run --quiet --unit=bank scanbox sandbox --port 8400 --control-port 8401 --pace 0.1");
  const call =
    'fetch("http://127.0.0.1:8401/scenario").then(() => console.log("up"), () => console.log("down"))';
  await box.until(`/usr/lib/scanbox/bin/node -e '${call}'`, /^up$/m);
}

let codes = 0;

/** Holds a phone under the scanner, once the box takes payments. */
async function scan(): Promise<void> {
  codes += 1;
  await box.until("systemctl show --property=StatusText scanbox", /Ready for payments/);
  await box.until(`${log} | grep screen.shown | tail -1`, /"armed"/);
  box.do(`echo 13456789012345${String(codes).padStart(4, "0")} >>/run/scanner.in`);
}

/** A payment that nobody makes and that cannot be taken back, until the sandbox has forgotten it. */
async function orderThatStaysOpen(): Promise<void> {
  scenario("recall-1000");
  await scan();
  await newest(/"state":"(?:charging|reversing)"/);
}

/** The state of the order that moved last. */
async function newest(state: RegExp): Promise<void> {
  await box.until(`${list} --limit 1`, state);
}

test("installed without a configuration: set up, enabled, not started, and it says what is missing", {
  skip,
}, () => {
  const said = box.do(install(1));
  assert.match(said, /not started: the configuration is not complete/);
  assert.match(said, /There is no file \/etc\/scanbox\/device\.config\.json/);
  assert.match(said, /Begin with: scanbox setup\n/);
  assert.equal(box.service("ActiveState"), "inactive");
  assert.equal(box.do("systemctl is-enabled scanbox"), "enabled");
  assert.equal(
    box.do("stat --format='%U %G %a' /etc/scanbox /etc/credstore"),
    "root scanbox 750\nroot root 700",
  );
  assert.equal(box.do("id --name --groups scanbox"), "scanbox dialout input gpio i2c");
  box.do("systemctl start scanbox");
  assert.equal(box.service("ConditionResult"), "no");
});

test("a payment of the demonstration runs from the package", { skip }, () => {
  const said = box.do("cd / && scanbox demo --pay 1.00 2>/dev/null");
  assert.match(said, /^\{"outTradeNo":.*"state":"paid","final":true,"amountFen":100/);
});

test("a configuration that is wrong ends it for good, with a sentence in the log", { skip }, async () => {
  box.do(`cat >${configFile}`, JSON.stringify({ ...config, amount: { source: "fixed" } }));
  assert.notEqual(box.run("systemctl start scanbox").status, 0);
  assert.equal(box.service("Result"), "exit-code");
  assert.equal(box.service("ExecMainStatus"), "2");
  assert.match(box.do(log), /^\/etc\/scanbox\/device\.config\.json: amount\.fixed: /m);
  // Longer than the pause before a restart.
  box.do("sleep 4");
  assert.equal(box.service("NRestarts"), "0");
  assert.equal(box.service("ActiveState"), "failed");
});

test("with a complete one it says that it is ready, and takes a payment", { skip }, async () => {
  box.do(`cat >${configFile}`, JSON.stringify(config));
  box.do("cat >/etc/credstore/scanbox.api-key", "fixturekeyfixturekeyfixturekey00\n");
  box.do("cp /packages/merchant.pem /etc/credstore/scanbox.cert");
  box.do("cp /packages/merchant.key /etc/credstore/scanbox.key");
  box.do("chmod 600 /etc/credstore/*; touch /run/scanner.in; systemctl start mosquitto");
  await startSandbox();
  const cable =
    "tail -f /run/scanner.in | socat -u - PTY,link=/run/scanner,raw,echo=0,group=dialout,mode=660";
  box.do(`systemd-run --quiet --unit=cable sh -c '${cable}'`);
  // A pseudo-terminal is no device of a box.
  box.do("mkdir -p /etc/systemd/system/scanbox.service.d");
  const dropIn = "[Service]\nDeviceAllow=char-pts rw\nWatchdogSec=4\n";
  box.do("cat >/etc/systemd/system/scanbox.service.d/test.conf; systemctl daemon-reload", dropIn);
  await box.until("ls /run/scanner", /^\/run\/scanner$/m);
  box.do("systemctl start scanbox");
  assert.equal(box.service("ActiveState"), "active");
  assert.match(box.do(log), /"event":"run\.ready"/);
  await scan();
  await newest(/"state":"paid"/);
  assert.match(box.do("stat --format='%U %a' /var/lib/scanbox/journal.db"), /^scanbox 600$/);
});

test("tills and operators have each a socket for their group, and none may do what is the other's", {
  skip,
}, async () => {
  const sockets = { till: "/run/scanbox/control.sock", operator: "/run/scanbox-operator/control.sock" };
  assert.match(box.do(`stat --format='%U %G %a' ${sockets.till}`), /^scanbox scanbox 660$/m);
  assert.match(box.do(`stat --format='%U %G %a' ${sockets.operator}`), /^scanbox scanbox-operator 660$/m);
  box.do(
    "useradd --groups scanbox till-user && useradd --groups scanbox-operator operator-user && useradd stranger-user",
  );
  const says = (user: string, socket: string, command: string): string =>
    box.run(
      `echo '{"v":1,"command":"${command}"}' | setpriv --reuid ${user}-user --regid ${user}-user --init-groups socat -t 10 - UNIX-CONNECT:${socket} 2>&1`,
    ).text;
  for (const user of ["till", "operator"] as const) {
    assert.match(says(user, sockets[user], "status"), /"ok":true/);
    const other = user === "till" ? sockets.operator : sockets.till;
    assert.match(says(user, other, "status"), /Permission denied/);
    for (const socket of Object.values(sockets))
      assert.match(says("stranger", socket, "status"), /Permission denied/);
  }
  assert.match(says("till", sockets.till, "journal rotate"), /"problem":"not-allowed"/);
  assert.match(says("operator", sockets.operator, "journal rotate"), /"kind":"rotated"/);
  assert.match(says("operator", sockets.operator, "pay"), /"problem":"not-allowed"/);
  // What was shown of the payment before may be written after it, by itself.
  await box.until("scanbox journal rotate", /Nothing was written since/);
});

test("it is confined: nothing to write, nothing to see, nothing to gain", { skip }, () => {
  const pid = box.service("MainPID");
  const inside = (command: string) =>
    box.run(
      `nsenter --target ${pid} --mount setpriv --reuid scanbox --regid scanbox --init-groups sh -c '${command}'`,
    );
  for (const path of [
    "/etc",
    "/etc/scanbox",
    "/usr/lib/scanbox",
    "/var/log",
    "/home",
    "/root",
    "/boot",
    "/run",
  ]) {
    assert.notEqual(inside(`touch ${path}/planted`).status, 0, path);
  }
  for (const path of [
    "/var/lib/scanbox",
    "/var/cache/scanbox",
    "/run/scanbox",
    "/run/scanbox-operator",
    "/tmp",
  ]) {
    assert.equal(inside(`touch ${path}/planted && rm ${path}/planted`).status, 0, path);
  }
  // Root itself cannot write there, inside its mounts.
  const asRoot = (command: string) => box.run(`nsenter --target ${pid} --mount sh -c '${command}'`).status;
  assert.notEqual(asRoot("touch /etc/planted"), 0);
  assert.notEqual(asRoot("touch /usr/lib/scanbox/planted"), 0);
  assert.equal(inside("ls /home /root /tmp").text.includes("planted"), false);
  assert.notEqual(inside("cat /etc/credstore/scanbox.api-key").status, 0);
  // Of the kernel's settings only the part with the pins of sysfs is open, to the group of each file.
  const mounts = box.do(`cat /proc/${pid}/mountinfo`);
  assert.match(mounts, / \/sys\/kernel ro,/);
  assert.match(mounts, / \/sys\/class ro,/);
  assert.match(mounts, / \/sys\/devices\/platform rw,/);
  assert.notEqual(inside("echo 1 >/proc/sys/kernel/panic").status, 0);
  const own = inside("ls /proc | grep -c ^[0-9]").text.trim();
  assert.ok(Number(own) <= 6, `${own} processes are seen`);
  const status = box.do(`cat /proc/${pid}/status`);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^CapBnd:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, new RegExp(`^Uid:\\t${box.do("id -u scanbox")}\\t`, "m"));
  assert.match(box.do(`cat /proc/${pid}/limits`), /^Max core file size +0 +0/m);
  assert.equal(box.do(`cat /proc/${pid}/environ /proc/${pid}/cmdline`).includes("fixturekey"), false);
});

test("a stopped process is killed by the watchdog, and the open order is taken up", { skip }, async () => {
  await orderThatStaysOpen();
  const pid = box.service("MainPID");
  box.do(`kill -STOP ${pid}`);
  await box.until("systemctl show --property=NRestarts --value scanbox", /^1$/m);
  await box.until("systemctl is-active scanbox", /^active$/m);
  assert.notEqual(box.service("MainPID"), pid);
  assert.match(box.do("journalctl --unit=scanbox --no-pager"), /Watchdog timeout/);
  assert.match(box.do(log), /"event":"order\.resumed"/);
  // What follows every end drove the outputs off: here there are none.
  assert.match(box.do(log), /^No outputs are configured\.$/m);
  await startSandbox();
  await newest(/"state":"reversed"/);
});

test("fed by the loop and the journal's thread, a healthy box outlives the limit", {
  skip,
}, async () => {
  const pid = box.service("MainPID");
  box.do("sleep 6");
  assert.equal(box.service("MainPID"), pid);
});

test("start after start that is cut off is followed by another one, for ever, after a wait", {
  skip,
}, async () => {
  assert.equal(box.service("StartLimitIntervalUSec"), "0");
  assert.equal(box.service("RestartUSec"), "3s");
  box.do("systemctl restart scanbox");
  for (const restarts of ["1", "2", "3"]) {
    box.do("systemctl kill --signal=KILL --kill-whom=main scanbox");
    await box.until("systemctl show --property=SubState --value scanbox", /^auto-restart$/m);
    await box.until(`systemctl show --property=NRestarts --value scanbox`, new RegExp(`^${restarts}$`, "m"));
  }
  await box.until("systemctl is-active scanbox", /^active$/m);
});

test("without the partition of its journal it does not start: none begins beneath it", { skip }, () => {
  box.do("systemctl stop scanbox");
  const unit = "/etc/systemd/system/var-lib-scanbox.mount";
  const mount = "[Mount]\nWhat=/var/lib/no-partition\nWhere=/var/lib/scanbox\nOptions=loop\n";
  box.do(`cat >${unit}; systemctl daemon-reload`, mount);
  const before = box.do("ls -l --time-style=full-iso /var/lib/scanbox");
  const { status, text } = box.run("systemctl start scanbox");
  assert.notEqual(status, 0);
  assert.match(text, /dependency/i);
  assert.match(box.do("systemctl status var-lib-scanbox.mount --no-pager || true"), /failed/);
  assert.equal(box.do("ls -l --time-style=full-iso /var/lib/scanbox"), before);
  box.do(`rm ${unit}; systemctl daemon-reload; systemctl start scanbox`);
  assert.equal(box.service("ActiveState"), "active");
});

test("an upgrade waits for an open order, unless it is insisted on; the order survives it", {
  skip,
}, async () => {
  await orderThatStaysOpen();
  const pid = box.service("MainPID");
  const refused = box.run(install(2));
  assert.notEqual(refused.status, 0);
  assert.match(refused.text, /a payment is open, so the upgrade is postponed/);
  assert.equal(box.service("MainPID"), pid);
  const status = box.do("dpkg --status scanbox");
  assert.match(status, /^Status: install ok installed$/m);
  assert.match(status, /^Version: .+-1$/m);
  const forced = box.do(`SCANBOX_UPGRADE=now ${install(2)}`);
  assert.match(forced, /upgraded all the same/);
  assert.notEqual(box.service("MainPID"), pid);
  await startSandbox();
  await newest(/"state":"reversed"/);
  await scan();
  await newest(/"state":"paid"/);
  assert.equal(box.run("ls /usr/lib/scanbox.previous").status, 2);
  assert.deepEqual(JSON.parse(box.do(`cat ${configFile}`)), config);
});

test("a version that does not come up is taken back, and Debian's records say so", { skip }, async () => {
  const failed = box.run(install(3));
  assert.notEqual(failed.status, 0);
  assert.match(failed.text, /version [^ ]+-3 did not come up/);
  assert.match(failed.text, /planted/);
  assert.match(failed.text, /version [^ ]+-2 is back and runs/);
  assert.equal(box.service("ActiveState"), "active");
  await scan();
  await newest(/"state":"paid"/);
  const again = box.run("dpkg --configure --pending");
  assert.notEqual(again.status, 0);
  assert.match(again.text, /the files here are those of version [^ ]+-2/);
  box.do(install(2));
  assert.match(box.do("dpkg --status scanbox"), /^Status: install ok installed$/m);
  assert.equal(box.service("ActiveState"), "active");
});

test("a version that is older than the journal is refused, installed or not", { skip }, () => {
  const mark = (number: number): string =>
    `/usr/lib/scanbox/bin/node -e 'new (require("node:sqlite").DatabaseSync)("/var/lib/scanbox/journal.db").exec("PRAGMA user_version = ${number}")'`;
  box.do("systemctl stop scanbox");
  box.do(mark(99));
  const refused = box.run(install(1));
  assert.notEqual(refused.status, 0);
  assert.match(refused.text, /written by a newer scanbox \(format 99\)/);
  box.do("dpkg --remove scanbox");
  const fresh = box.run(install(1));
  assert.notEqual(fresh.status, 0);
  assert.match(fresh.text, /written by a newer scanbox \(format 99\)/);
  box.do(
    `dpkg-deb --fsys-tarfile /packages/scanbox_${version}-2_${architecture}.deb | tar -x -C /opt ./usr/lib/scanbox/bin/node`,
  );
  box.do(mark(SCHEMA_VERSION).replace("/usr", "/opt/usr"));
});

test("removed, it leaves configuration and journal; installed again, it goes on with them", {
  skip,
}, async () => {
  assert.equal(box.run("ls /usr/lib/scanbox /usr/bin/scanbox").status, 2);
  box.do(`test -e ${configFile} -a -e /var/lib/scanbox/journal.db`);
  box.do(install(2));
  assert.equal(box.service("ActiveState"), "active");
  await scan();
  await newest(/"state":"paid"/);
});

test("a purge forgets the configuration and keeps the journal of payments, unless that is confirmed", {
  skip,
}, () => {
  const kept = box.do("dpkg --purge scanbox");
  assert.match(kept, /the journal in \/var\/lib\/scanbox holds payments and is kept/);
  assert.equal(box.run("ls -d /etc/scanbox").status, 2);
  assert.equal(box.run("ls /etc/credstore/scanbox.api-key").status, 2);
  box.do("test -e /var/lib/scanbox/journal.db");
  box.do(install(1));
  box.do("SCANBOX_PURGE_JOURNAL=yes dpkg --purge scanbox");
  assert.equal(box.run("ls -d /var/lib/scanbox").status, 2);
});
