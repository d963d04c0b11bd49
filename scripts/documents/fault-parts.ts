/** What can fail, row by row, out of the list that the tests keep. */
import { catalogue, type FaultRow, groups, type Proof, type TestName } from "../../test/faults/catalogue.ts";
import { code } from "./markdown.ts";

/** The results in the order of their weight, with how a count of them is said. */
const results: readonly (readonly [kind: Proof["kind"], word: string])[] = [
  ["tested", "tested"],
  ["partly", "partly"],
  ["otherwise", "otherwise"],
  ["not built", "not built"],
  ["needs hardware", "needing hardware"],
  ["not tested", "not tested"],
];

/** A count of the rows by result, and a table for each group; cells are long, so columns are not brought in line. */
export function faults(): string {
  const counts = results
    .map(([kind, word]) => [catalogue.filter(({ proof }) => proof.kind === kind).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  return [`${catalogue.length} rows: ${counts.join(", ")}.`, ...groups.map(groupTable)].join("\n\n");
}

function groupTable({ letter, title }: (typeof groups)[number]): string {
  const rows = catalogue.filter(({ id }) => id.startsWith(letter)).map(cellsOf);
  const heads = [
    letter,
    title.replace(/^./, (first) => first.toLowerCase()),
    "the box",
    "result",
    "shown by",
  ];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellsOf({ id, fails, must, proof }: FaultRow): readonly string[] {
  return [id, fails, must, proof.kind, proved(proof)].map((cell) => cell.replaceAll("|", "\\|"));
}

function proved(proof: Proof): string {
  switch (proof.kind) {
    case "tested":
      return testsOf(proof);
    case "partly":
      return `${testsOf(proof)}<br>Open: ${proof.open}`;
    case "otherwise":
      return `${proof.rule}<br>${testsOf(proof)}`;
    case "not built":
    case "needs hardware":
    case "not tested":
      return proof.why;
  }
}

/** The test that shows it, whole; of the others only where they are. */
function testsOf({
  test,
  also = [],
}: {
  readonly test: TestName;
  readonly also?: readonly TestName[];
}): string {
  const files = [...new Set(also.map(({ file }) => file))].filter((file) => file !== test.file);
  const others = files.length === 0 ? "" : `; parts in ${files.map((file) => code(file)).join(", ")}`;
  return `${code(test.file)}: ${spoken(test)}${others}`;
}

/** A name as a sentence, with its case where the loop puts the first thing in; what else it puts in is left open. */
function spoken({ name, of }: TestName): string {
  const sentence = of === undefined ? name : name.replace(/\$\{[^}]*\}/, () => of);
  return `“${sentence.replaceAll(/\$\{[^}]*\}/g, "…")}”`;
}
