import type { Finding, Level } from "./finding.ts";

const marks: Readonly<Record<Level, string>> = { ok: "✓", note: "–", warning: "!", fault: "✗" };

/** The findings for people: a line each, what to do below it, and a sentence at the end. */
export function reportText(findings: readonly Finding[], quick: boolean): string {
  const widest = Math.max(0, ...findings.map(({ check }) => check.length));
  const indent = " ".repeat(widest + 4);
  const lines = findings.flatMap(({ check, level, found, remedy }) => [
    `${marks[level]} ${check.padEnd(widest)}  ${plain(found)}`,
    ...(remedy === null ? [] : [`${indent}→ ${plain(remedy)}`]),
  ]);
  return `${[...lines, "", summary(findings, quick)].join("\n")}\n`;
}

/** The last sentence: what is wrong, by name. */
function summary(findings: readonly Finding[], quick: boolean): string {
  const named = (level: Level): readonly string[] => [
    ...new Set(findings.filter((finding) => finding.level === level).map(({ check }) => check)),
  ];
  const [faults, warnings] = [named("fault"), named("warning")];
  const wrong =
    faults.length === 0 ? `Nothing is wrong in ${findings.length} findings` : `Wrong: ${faults.join(", ")}`;
  const soon = warnings.length === 0 ? "" : `; worth a look: ${warnings.join(", ")}`;
  return `${wrong}${soon}.${quick ? " The network was left out." : ""}`;
}

/** Others have written some of it, such as the names in a certificate: nothing of it may steer a terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}
