import { unitProperties } from "../../links/unit-state.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area } from "./subject.ts";

/** The unit of the box at systemd. */
export const serviceArea: Area = {
  name: "service",
  about: "the service at systemd: running, started at boot, not failing over and over",
  network: false,
  configured: false,
  examine: async () => judgeService(await serviceFacts()),
};

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

async function serviceFacts(): Promise<ServiceFacts> {
  return await unitProperties(UNIT, properties, WITHIN_MS);
}
