/** The man pages of the package, in the macros of man(7): from the tables that make the help, and from the schema of the configuration. */
import packageJson from "../../package.json" with { type: "json" };
import { described } from "../../src/cli/cli.ts";
import { actionRows, type NamedDescription, optionRows } from "../../src/cli/description.ts";
import { exitStatus } from "../../src/cli/exit-status.ts";
import { configRows } from "../documents/setting-parts.ts";

type Rows = readonly (readonly [term: string, about: string])[];

const everyExit: Readonly<Record<keyof typeof exitStatus, string>> = {
  done: "done",
  no: "the answer is no",
  usage: "wrong usage or configuration",
  unknown: "not known yet",
  defect: "a defect",
};

/** Every page by the name of its file, such as `scanbox-run.1`; `date` (yyyy-mm-dd) stands in their feet. */
export async function manualPages(date: string): Promise<ReadonlyMap<string, string>> {
  const commands = await described();
  const page = (name: string, section: number, parts: readonly string[]): readonly [string, string] => [
    `${name}.${section}`,
    `.TH ${name.toUpperCase()} ${section} "${date}" "scanbox ${packageJson.version}" "scanbox"\n.nh\n.ad l\n${parts.join("")}`,
  ];
  return new Map([
    page("scanbox", 1, overview(commands)),
    ...commands.map((command) => page(`scanbox-${command.name}`, 1, commandPage(command))),
    page("device.config.json", 5, configPage()),
  ]);
}

function overview(commands: readonly NamedDescription[]): readonly string[] {
  const statuses = Object.entries(exitStatus).map(([name, status]): readonly [string, string] => [
    String(status),
    everyExit[name as keyof typeof exitStatus],
  ]);
  return [
    section("NAME", "scanbox \\- takes payment-code payments on a Raspberry Pi\n"),
    section("SYNOPSIS", synopsis(["scanbox COMMAND [OPTIONS]", "scanbox help COMMAND", "scanbox --version"])),
    section(
      "DESCRIPTION",
      paragraph(
        "Each command has a page of its own, such as scanbox-run(1), and explains itself with --help.",
      ),
    ),
    section("COMMANDS", list(commands.map(({ name, summary }) => [name, summary]))),
    section("EXIT STATUS", list(statuses)),
    section(
      "FILES",
      list([
        ["/etc/scanbox/device.config.json", "The configuration of the box; see device.config.json(5)."],
        ["/var/lib/scanbox", "Its journal."],
        ["/usr/share/doc/scanbox", "README.md leads to everything that is written."],
      ]),
    ),
    section(
      "SEE ALSO",
      seeAlso([...commands.map(({ name }) => `scanbox-${name}(1)`), "device.config.json(5)"]),
    ),
  ];
}

function commandPage({ name, summary, description }: NamedDescription): readonly string[] {
  const { usage, about, terms = [], notes = [], exit } = description;
  const first = summary.charAt(0).toLowerCase() + summary.slice(1).replace(/\.$/, "");
  const actions = actionRows(description);
  const options: Rows = [...optionRows(description), ["-h, --help", "print the help and end"]];
  const statuses: Rows = Object.entries(exit ?? {});
  return [
    section("NAME", `scanbox-${name} \\- ${escaped(first)}\n`),
    section("SYNOPSIS", synopsis(usage)),
    section("DESCRIPTION", paragraphs(about.length === 0 ? [summary] : about)),
    ...(actions.length === 0 ? [] : [section("ACTIONS", list(actions))]),
    section("OPTIONS", list(options)),
    ...(terms.length === 0 ? [] : [section("AREAS", list(terms))]),
    ...(notes.length === 0 ? [] : [section("NOTES", paragraphs(notes))]),
    ...(statuses.length === 0 ? [] : [section("EXIT STATUS", list(statuses))]),
    section("SEE ALSO", seeAlso(["scanbox(1)", "device.config.json(5)"])),
  ];
}

function configPage(): readonly string[] {
  const keys = configRows().map(
    ([key = "", form = "", absent = "", meaning = ""]): readonly [string, string] => [
      plain(key),
      [
        plain(meaning),
        `Takes ${plain(form)}.`,
        ...(absent === "–"
          ? []
          : [
              absent.includes("required")
                ? "Required."
                : `When absent: ${plain(absent).replaceAll('","', '", "')}.`,
            ]),
      ].join(" "),
    ],
  );
  return [
    section("NAME", "device.config.json \\- the configuration of a scanbox\n"),
    section("SYNOPSIS", synopsis(["/etc/scanbox/device.config.json"])),
    section(
      "DESCRIPTION",
      paragraphs([
        "One JSON object. scanbox-setup(1) writes it, question by question; scanbox-config(1) checks it and prints its JSON Schema. An example is /usr/share/doc/scanbox/examples/device.config.json.",
      ]),
    ),
    section("KEYS", list(keys)),
    section(
      "SEE ALSO",
      seeAlso(["scanbox(1)", "scanbox-config(1)", "scanbox-setup(1)", "scanbox-doctor(1)"]),
    ),
  ];
}

/** A cell of a Markdown table without its marks. */
function plain(cell: string): string {
  return cell.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1").replace(/[`*]/g, "");
}

function section(title: string, body: string): string {
  return `.SH ${title}\n${body}`;
}

function synopsis(ways: readonly string[]): string {
  return `.nf\n${ways.map((way) => `${escaped(way)}\n`).join("")}.fi\n`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text, index) => (index === 0 ? "" : ".PP\n") + paragraph(text)).join("");
}

/** A text with line breaks keeps them, as in the help. */
function paragraph(text: string): string {
  return text.includes("\n") ? `.nf\n${escaped(text)}\n.fi\n` : `${escaped(text)}\n`;
}

function list(rows: Rows): string {
  return rows.map(([term, about]) => `.TP\n\\fB${escaped(term)}\\fR\n${escaped(about)}\n`).join("");
}

function seeAlso(pages: readonly string[]): string {
  return `${pages.map(escaped).join(", ")}\n`;
}

/** As text for the macros: a hyphen that people copy, no line that begins with a request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}
