import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

/** Runs `scanbox simulate` in a process of its own. */
function simulate(args: readonly string[], before: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...before, "src/main.ts", "simulate", ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

/** Lets the checker find something in every world in which a payment was reversed. */
function suspicious(): readonly string[] {
  const checker = new URL("src/simulator/checker/invariant-checker.ts", root).href;
  const code = `import { InvariantChecker } from "${checker}";
    const asked = InvariantChecker.prototype.asked;
    InvariantChecker.prototype.asked = function (...all) {
      asked.apply(this, all);
      if (all[1].call === "undo") this.found("planted", "a reversal");
    };`;
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
}

test("small worlds are counted, the same on however many threads", () => {
  const counts = ["1", "3"].map((jobs) => {
    const { status, stdout } = simulate(["--exhaustive", "--of", "goods", "--faults", "0", "--jobs", jobs]);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^1 payment, goods for 2 pulses: all worlds with at most 0 faults at up to \d+ choices/,
    );
    return /: ([\d,]+) worlds \(/.exec(stdout)?.[1];
  });
  assert.match(counts[0] ?? "", /^\d+$/);
  assert.equal(counts[0], counts[1]);
});

test("a finding names its world, whose story can be told", () => {
  const found = simulate(["--exhaustive", "--of", "one", "--faults", "0"], suspicious());
  assert.equal(found.status, 1);
  assert.match(found.stdout, /WORLDS BROKE AN INVARIANT/);
  const [, world = ""] = /--world "([^"]+)" --story/.exec(found.stderr) ?? [];
  const told = simulate(["--world", world, "--story"], suspicious());
  assert.equal(told.status, 1);
  assert.match(told.stdout, /reversing/);
  assert.match(told.stderr, /planted: a reversal/);
});

test("what cannot be is refused with a sentence", () => {
  for (const [args, sentence] of [
    [["--exhaustive", "--of", "three"], /--of takes one, other, goods, barrier, two/],
    [["--exhaustive", "--faults", "10"], /--faults takes/],
    [["--seed", "1", "--faults", "1"], /go with --exhaustive/],
    [["--world", "one 3:1 2:1"], /--world takes a kind/],
    [["--exhaustive", "--seed", "1"], /Say one of/],
  ] as const) {
    const { status, stderr } = simulate(args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, sentence);
  }
});
