import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { runWorlds, type WorldOutcome } from "../../src/cli/simulate/worlds.ts";
import { runWorld } from "../../src/simulator/seeded/world.ts";

const root = new URL("../../", import.meta.url);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `scanbox simulate` in a process of its own; `during` sees what it has said so far, each time it says something. */
async function simulate(
  args: readonly string[],
  {
    before = [],
    during = () => {},
  }: {
    readonly before?: readonly string[];
    readonly during?: (said: string, signal: (name: NodeJS.Signals) => void) => void;
  } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...before, "src/main.ts", "simulate", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    during(stderr, (name) => child.kill(name));
  });
  const [status] = await once(child, "close");
  return { status, stdout, stderr };
}

/** Lets the checker find something in every world that has `least` payments. */
function suspicious(least: number): readonly string[] {
  const checker = new URL("src/simulator/checker/invariant-checker.ts", root).href;
  const code = `import { InvariantChecker } from "${checker}";
    const final = InvariantChecker.prototype.final;
    InvariantChecker.prototype.final = function () {
      final.call(this);
      if (this.payments >= ${least}) this.found("planted", this.payments + " payments");
    };`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
}

describe("many worlds", () => {
  it("come in the order of their seeds, as they are alone, on however many threads", async () => {
    for (const jobs of [1, 3]) {
      const heard: WorldOutcome[] = [];
      await runWorlds({ first: 5, last: 24, minutes: 1 }, jobs, (outcome) => heard.push(outcome));
      assert.deepEqual(
        heard,
        Array.from({ length: 20 }, (_, index) => {
          const { swarm, ...outcome } = runWorld({ seed: 5 + index, minutes: 1 });
          assert.ok(Object.keys(swarm).length > 0);
          return outcome;
        }),
      );
    }
  });

  it("are told of with what breaks in them and how to see it again, the same on however many threads", async () => {
    const told = [];
    for (const jobs of ["1", "4"]) {
      const args = ["--seeds", "1..12", "--minutes", "1", "--jobs", jobs, "--json"];
      const { status, stdout, stderr } = await simulate(args, { before: suspicious(4) });
      assert.equal(status, 1);
      const { seconds, ...totals } = JSON.parse(stdout);
      assert.ok(seconds > 0);
      assert.ok(totals.failed.length > 0 && totals.failed.length < 12, stdout);
      for (const seed of totals.failed) {
        assert.match(stderr, new RegExp(`^seed ${seed} at [0-9.]+ s: planted: \\d+ payments$`, "m"));
        assert.ok(stderr.includes(`  again: scanbox simulate --seed ${seed} --minutes 1 --story\n`));
      }
      // How far it is by then depends on the machine.
      told.push({ totals, stderr: stderr.replaceAll(/^ {2}\d+ of \d+ worlds, \d+ a second\n/gm, "") });
    }
    assert.deepEqual(told[1], told[0]);
  });

  it("are found again, and told, by the one line that stands under a finding", async () => {
    const { stderr } = await simulate(["--seeds", "1..12"], { before: suspicious(4) });
    const [, finding, again = ""] = /^(seed .*)\n {2}again: scanbox simulate (.*)$/m.exec(stderr) ?? [];
    const { status, ...told } = await simulate(again.split(" "), { before: suspicious(4) });
    assert.equal(status, 1);
    assert.ok(finding !== undefined && told.stderr.startsWith(`${finding}\n`), told.stderr);
    assert.match(told.stdout, /^ +0\.000 s {2}power on$/m);
  });

  it("end at once when somebody interrupts them, who learns how far they came and how to go on", async () => {
    let signalled = false;
    const { status, stdout, stderr } = await simulate(["--seeds", "1..1000000", "--minutes", "1"], {
      before: suspicious(4),
      during: (said, signal) => {
        if (signalled || !said.includes("again:")) return;
        signalled = true;
        signal("SIGINT");
      },
    });
    assert.equal(status, 130);
    assert.equal(stdout, "");
    const [, done = "", rest = ""] =
      /^interrupted after (\d+) of 1000000 worlds, .+: scanbox simulate --seeds (\d+)\.\.1000000 --minutes 1$/ms.exec(
        stderr,
      ) ?? [];
    assert.ok(Number(done) > 0);
    assert.equal(Number(rest), Number(done) + 1);
    assert.match(stderr, /\d+ SEEDS BROKE AN INVARIANT/);
  });

  it("need a number of threads that makes sense", async () => {
    for (const jobs of ["0", "257", "two"]) {
      const { status, stderr } = await simulate(["--seeds", "1..2", "--jobs", jobs]);
      assert.equal(status, 2);
      assert.match(stderr, /--jobs takes a whole number/);
    }
  });
});

describe("one world", () => {
  it("is one JSON object where that is asked for, with what breaks in it", async () => {
    const { status, stdout } = await simulate(["--seed", "7", "--json"], { before: suspicious(0) });
    const { findings, ...totals } = JSON.parse(stdout);
    const { payments, crashes, simulatedMs } = runWorld({ seed: 7, minutes: 1 });
    assert.deepEqual([status, totals], [1, { seed: 7, minutes: 1, payments, crashes, simulatedMs }]);
    assert.deepEqual(
      findings.map(({ check }: { check: string }) => check),
      ["planted"],
    );
    assert.equal((await simulate(["--seed", "7", "--json"])).status, 0);
  });

  it("is told to people or to programs, not to both", async () => {
    for (const args of [
      ["--seed", "7", "--story"],
      ["--world", "one", "--story"],
      ["--world", "one"],
    ]) {
      const { status, stdout, stderr } = await simulate([...args, "--json"]);
      assert.deepEqual([status, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /^--json does not go with --story and --world\./);
    }
  });
});
