import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Service, statusOf } from "../../src/cli/run/service.ts";
import type { Screen } from "../../src/core/payment/screen.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { PATIENCE_MS } from "../e2e/until.ts";

const idle: Screen = {
  ...{ text: "idle", wallet: null, amountFen: null, typed: null, seconds: null, ref: null, line: null },
  ...{ codeUrl: null, light: "ready", sound: "none" },
};

/** A manager that may be deaf for a while. */
class Manager {
  readonly heard: string[] = [];
  deaf = false;

  notify(state: string): boolean {
    if (!this.deaf) this.heard.push(state);
    return !this.deaf;
  }
}

function service(watchdogMs: number | null = null) {
  const time = new SimulatedTime();
  const manager = new Manager();
  return {
    time,
    manager,
    service: new Service(new SimulatedClock(time, 0), { manager, watchdogMs }),
  };
}

const box = { turns: () => 0, wake: () => {}, ping: () => {} };

test("the status says no amount, no order and no name", () => {
  const screen: Screen = {
    ...idle,
    ...{ text: "password", amountFen: 1_250, typed: "12.50", seconds: 37, ref: "0042", light: "wait" },
  };
  assert.equal(statusOf(screen), "A payment is under way.");
  const unknown: Screen = { ...screen, text: "unknown", light: "unknown" };
  assert.doesNotMatch(statusOf(unknown), /\d/);
});

test("the code of an outage is told: the technician sees it without walking to the box", () => {
  const screen: Screen = { ...idle, text: "out-of-service", ref: "E21", light: "refused" };
  assert.equal(statusOf(screen), "Out of service (E21).");
});

test("the same status is told once", () => {
  const { service: told, manager } = service();
  told.shown(idle);
  told.shown({ ...idle, line: ["an advert", ""] });
  assert.deepEqual(manager.heard, ["STATUS=Ready for payments."]);
});

test("what must arrive is said again until it was taken", () => {
  const { service: told, manager, time } = service();
  manager.deaf = true;
  told.ready(box);
  time.runUntil(1_000);
  assert.deepEqual(manager.heard, []);
  manager.deaf = false;
  time.runUntil(60_000);
  assert.deepEqual(manager.heard, ["READY=1"]);
  told.stopping();
  assert.match(manager.heard[1] ?? "", /^STOPPING=1\n/);
});

test("the watchdog is fed from readiness on, and no longer than to the end", () => {
  const { service: told, manager, time } = service(30_000);
  let turns = 0;
  const living = {
    turns: () => turns,
    wake: () => {
      turns += 1;
    },
    ping: (done: () => void) => {
      time.after(1, done);
    },
  };
  const fed = (): number => manager.heard.filter((state) => state === "WATCHDOG=1").length;
  time.runUntil(60_000);
  assert.equal(fed(), 0);
  told.ready(living);
  time.runUntil(120_000);
  assert.ok(fed() >= 10, `${fed()} times in a minute`);
  told.stopped();
  const before = fed();
  time.runUntil(600_000);
  assert.equal(fed(), before);
});

test("no signal opens the debugger of a box, whose memory holds keys and payment codes", () => {
  const unit = readFileSync(new URL("../../systemd/scanbox.service", import.meta.url), "utf8");
  const [, options = ""] = /^ExecStart=\S+ ((?:--\S+ )+)/m.exec(unit) ?? [];
  const program = `
    process.kill(process.pid, "SIGUSR1");
    setInterval(() => { if (require("inspector").url() !== undefined) process.exit(1); }, 10);
    setTimeout(() => process.exit(0), 500);`;
  // Another process may have the port that the debugger takes by itself.
  const args = [...options.trim().split(" "), "--inspect-port=0", "-e", program];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: PATIENCE_MS });
  assert.deepEqual([status, stderr], [0, ""]);
});
