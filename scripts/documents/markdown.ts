/** A Markdown table with its columns in line; a bar in a cell is escaped, because it would begin the next one. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = heads.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[], blank: string): string =>
    `| ${widths.map((width, column) => padded(row[column] ?? "", width, blank)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head, " "), line([], "-"), ...body.map((row) => line(row, " "))].join("\n");
}

function padded(cell: string, width: number, blank: string): string {
  return cell + blank.repeat(width - cell.length);
}

/** Something as it is typed or printed. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A block of lines in a fixed-width face; `language` names their form, where renderers know it. */
export function fenced(text: string, language = "text"): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** Words one after the other, "–" for none. */
export function list(words: Iterable<string>): string {
  return [...words].join(", ") || "–";
}
