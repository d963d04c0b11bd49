import { userInfo } from "node:os";
import { readTextIfAny } from "../../links/machine/proc-files.ts";
import { type Finding, note, ok, warning } from "./finding.ts";
import { neededGroups } from "./needs.ts";
import type { Area } from "./subject.ts";

/** The user of the box and its groups. */
export const userArea: Area = {
  name: "user",
  about: "the user of the box: in the groups of its devices",
  network: false,
  configured: true,
  examine: ({ sections }) => judgeUser(userFacts(), neededGroups(sections)),
};

/** Whose groups count. */
export interface UserFacts {
  readonly name: string;
  readonly groups: readonly string[];
  /** Whether that is who runs this, or the user of the service, asked about by root. */
  readonly asked: "self" | "service";
}

/** The user that the service runs as. */
const SERVICE_USER = "scanbox";

/** Judges a user by the groups that its devices belong to, each with what it is for. */
export function judgeUser(
  { name, groups, asked }: UserFacts,
  needed: ReadonlyMap<string, string>,
): readonly Finding[] {
  const data = { user: name, groups };
  if (name === "root") {
    const remedy = "A box that runs as root may do more than it has to; the service has a user of its own.";
    return [note("user.groups", "This is root, who may use every device.", remedy, data)];
  }
  const missing = [...needed].filter(([group]) => !groups.includes(group));
  if (missing.length === 0) {
    const list = [...needed.keys()].join(", ");
    const found = list === "" ? "needs no group for its devices" : `is in the groups of its devices: ${list}`;
    return [ok("user.groups", `The user ${name} ${found}.`, data)];
  }
  const then = asked === "self" ? "log in again" : "restart the service";
  return missing.map(([group, what]) => {
    const found = `The user ${name} is not in the group ${group}, whose members may use ${what}.`;
    const remedy = `sudo usermod -a -G ${group} ${name}, then ${then}.`;
    return warning("user.groups", found, remedy, data);
  });
}

function userFacts(): UserFacts {
  const list = (readTextIfAny("/etc/group") ?? "").split("\n").map((line) => line.split(":"));
  const memberOf = (name: string): readonly string[] =>
    list.filter(([, , , members = ""]) => members.split(",").includes(name)).map(([group = ""]) => group);
  const passwords = readTextIfAny("/etc/passwd") ?? "";
  if (process.getuid?.() === 0 && new RegExp(`^${SERVICE_USER}:`, "m").test(passwords)) {
    return { name: SERVICE_USER, groups: memberOf(SERVICE_USER), asked: "service" };
  }
  // What this process has, not what the list says: a new membership comes with the next login.
  const own = (process.getgroups?.() ?? []).map(
    (gid) => list.find(([, , id]) => Number(id) === gid)?.[0] ?? String(gid),
  );
  return { name: ownName(), groups: own, asked: "self" };
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A number without a name, as containers have it.
    return String(process.getuid?.() ?? "unknown");
  }
}
