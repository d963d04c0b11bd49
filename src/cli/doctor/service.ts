import { knockAtSocket } from "../../links/listen/socket-probe.ts";
import { realPathIfAny } from "../../links/machine/proc-files.ts";
import { unitProperties } from "../../links/machine/unit-state.ts";
import { type LocalSocket, localSockets, socketPaths } from "../run/control-paths.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The unit of the box at systemd, and the box's control sockets for programs on this machine. */
export const serviceArea: Area = {
  name: "service",
  about:
    "the service at systemd: running, started at boot, not failing over and over; the box's control sockets",
  network: false,
  configured: true,
  examine: async (subject) => [
    ...judgeService(await serviceFacts()),
    ...(await Promise.all(localSockets.map((socket) => controlSocketFacts(subject, socket)))).flatMap(
      judgeControlSocket,
    ),
  ],
};

/** The box's socket: whether a box runs, where one is, and what knocking at it said (null: somebody listens). */
export interface ControlSocketFacts {
  readonly running: boolean;
  readonly socket: { readonly path: string; readonly said: string | null } | null;
  /** Whose it is. */
  readonly of: LocalSocket;
}

/** The properties of the unit, by systemd's names; null where there is no systemd to ask. */
export type ServiceFacts = ReadonlyMap<string, string> | null;

const UNIT = "scanbox.service";

const properties = [
  "LoadState",
  "ActiveState",
  "SubState",
  "UnitFileState",
  "NRestarts",
  "Result",
  "ExecMainStatus",
];

/** systemd answers at once, or not at all. */
const WITHIN_MS = 3_000;

/** More starts than this since the last one by hand are no accident. */
const RESTARTS_MANY = 3;

const LOG_REMEDY = `Look at what it said last: journalctl -u scanbox -n 50.`;

/** Judges the service. */
export function judgeService(facts: ServiceFacts): readonly Finding[] {
  if (facts === null) return [note("service.unit", "There is no systemd here that could be asked.")];
  const said = (name: string): string => facts.get(name) ?? "";
  if (said("LoadState") !== "loaded") {
    return [note("service.unit", `There is no ${UNIT} (${said("LoadState") || "unknown"}).`)];
  }
  return [state(said), ...boot(said), ...restarts(said)];
}

type Said = (name: string) => string;

function state(said: Said): Finding {
  const data = Object.fromEntries(properties.map((name) => [name, said(name)]));
  const how = `${said("ActiveState")}, ${said("SubState")}`;
  if (said("ActiveState") === "active") return ok("service.state", `${UNIT} is ${how}.`, data);
  if (said("ActiveState") === "inactive" && said("Result") === "success") {
    return note("service.state", `${UNIT} is not running.`, "sudo systemctl start scanbox.", data);
  }
  const found = `${UNIT} is ${how}: it ended with ${said("Result")}, status ${said("ExecMainStatus")}.`;
  return fault("service.state", found, LOG_REMEDY, data);
}

function boot(said: Said): readonly Finding[] {
  if (said("UnitFileState") === "enabled") return [ok("service.boot", "It starts when the machine does.")];
  const found = `It does not start with the machine (${said("UnitFileState") || "unknown"}).`;
  return [warning("service.boot", found, "sudo systemctl enable scanbox.")];
}

function restarts(said: Said): readonly Finding[] {
  const count = Number(said("NRestarts"));
  if (!(count > RESTARTS_MANY)) return [];
  return [
    warning("service.restarts", `It was started again ${count} times by itself.`, LOG_REMEDY, { count }),
  ];
}

/** Judges one of the box's control sockets. */
export function judgeControlSocket({ running, socket, of }: ControlSocketFacts): readonly Finding[] {
  const { folder, people } = of;
  if (socket === null) {
    if (!running) return [];
    const found = `The running box has no socket for ${people}, so none of their programs can ask it.`;
    return [warning("service.socket", found, `Look at its log for control, and at the rights of ${folder}.`)];
  }
  const { path, said } = socket;
  const data = { path, said };
  if (said === null) return [ok("service.socket", `The box listens for ${people} at ${path}.`, data)];
  if (said === "EACCES" || said === "EPERM") {
    const remedy = `Join the group of ${folder}, or use sudo.`;
    return [note("service.socket", `This user may not ask the box at ${path}.`, remedy, data)];
  }
  if (!running)
    return [note("service.socket", `Nobody listens at ${path}; the next start takes it over.`, null, data)];
  const found = `A box runs, but nobody answers at ${path} (${said}).`;
  return [warning("service.socket", found, "Restart the box when no payment is under way.", data)];
}

/** The first socket that is there, in the order in which the box tries the places. */
async function controlSocketFacts(
  { sections: { journal }, runningBox }: Subject,
  of: LocalSocket,
): Promise<ControlSocketFacts> {
  const running = runningBox !== null;
  const paths = journal === undefined ? [] : socketPaths(of, { journal });
  const path = paths.find((one) => realPathIfAny(one) !== null);
  if (path === undefined) return { running, socket: null, of };
  return { running, socket: { path, said: await knockAtSocket(path, WITHIN_MS) }, of };
}

async function serviceFacts(): Promise<ServiceFacts> {
  return await unitProperties(UNIT, properties, WITHIN_MS);
}
