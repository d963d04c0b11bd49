import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area, NamedSecret } from "./subject.ts";

/** Whether everything secret can be read, and by nobody else. */
export const credentialsArea: Area = {
  name: "credentials",
  about: "keys and certificates: readable, and by nobody else",
  network: false,
  configured: true,
  examine: ({ secrets }) => judgeCredentials(secrets),
};

/** Judges the reading of each secret; nothing of their content is looked at. */
export function judgeCredentials(secrets: readonly NamedSecret[]): readonly Finding[] {
  if (secrets.length === 0) return [note("credentials.none", "No key is known: none is configured.")];
  const findings = secrets.flatMap(judgeSecret);
  if (findings.length > 0) return findings;
  const keys = secrets.map(({ key }) => key);
  return [ok("credentials.readable", `${keys.join(", ")}: readable, and by nobody else.`)];
}

function judgeSecret({ key, source, kind, read }: NamedSecret): readonly Finding[] {
  if (!read.ok) {
    const { found, remedy } = halves(read.problem, "Look at that file and at the disk below it.");
    const finding = "credential" in source && !read.problem.includes("/") ? hiddenCredential : fault;
    return [finding("credentials.readable", `${key}: ${found}`, remedy)];
  }
  if (read.warning === null || kind === "public") return [];
  const { found, remedy } = halves(read.warning, "Take the rights of others away.");
  return [warning("credentials.private", `${key}: ${found}`, remedy)];
}

/** Only the service is given its credentials: that a person does not see them proves nothing. */
function hiddenCredential(check: string, found: string, remedy: string): Finding {
  const unless = `As root while the service runs, doctor reads them too. Else: ${remedy}`;
  return note(check, found, unless);
}

/** The sentence of a problem without what to do, and what to do as a sentence. */
function halves(problem: string, otherwise: string): { readonly found: string; readonly remedy: string } {
  const [, found, remedy] = /^(.*?): (.*?)\.?$/.exec(problem) ?? [];
  if (found === undefined || remedy === undefined) return { found: problem, remedy: otherwise };
  const command = remedy.startsWith("chmod ");
  const sentence = command ? remedy : `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`;
  return { found: `${found}.`, remedy: `${sentence}.` };
}
