import assert from "node:assert/strict";
import type { Finding } from "../../../src/cli/doctor/finding.ts";

/** The findings as `check level`, after a look at what every finding has to be. */
export function levelsOf(findings: readonly Finding[]): readonly string[] {
  for (const finding of findings) {
    const { check, level, found, remedy } = finding;
    assert.match(check, /^[a-z-]+\.[a-z-]+$/);
    assert.match(found, /^\S.*[^.?][.?]$/s, check);
    if (remedy !== null) assert.match(remedy, /^\S.*[.?]$/s, check);
    if (level === "ok") assert.equal(remedy, null, check);
    if (level === "warning" || level === "fault") assert.ok(remedy !== null, `${check} says what to do`);
    assert.deepEqual(JSON.parse(JSON.stringify(finding)), finding, `${check} is plain data`);
  }
  return findings.map(({ check, level }) => `${check} ${level}`);
}

/** The one finding of a check. */
export function the(check: string, findings: readonly Finding[]): Finding {
  levelsOf(findings);
  const [finding, ...others] = findings.filter((one) => one.check === check);
  assert.ok(finding !== undefined && others.length === 0, `there is one ${check}`);
  return finding;
}
