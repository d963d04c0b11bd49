/** A Markdown table; a bar in a cell is escaped, because it would begin the next one. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
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
