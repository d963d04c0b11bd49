import { inspect } from "node:util";
import { apiKeyArea } from "./api-key.ts";
import { brokerArea } from "./broker.ts";
import { certificateArea } from "./certificate.ts";
import { clockArea } from "./clock.ts";
import { configArea } from "./config.ts";
import { credentialsArea } from "./credentials.ts";
import { diskArea } from "./disk.ts";
import { displayArea } from "./display.ts";
import { type Finding, fault } from "./finding.ts";
import { journalArea } from "./journal.ts";
import { machineArea } from "./machine.ts";
import { packagesArea } from "./packages.ts";
import { pinsArea } from "./pins.ts";
import { providerArea } from "./provider.ts";
import { scannerArea } from "./scanner.ts";
import { serviceArea } from "./service.ts";
import type { Area, Subject } from "./subject.ts";
import { userArea } from "./user.ts";

/** Every area, in the order of the output. */
export const areas: readonly Area[] = [
  ...[configArea, machineArea, packagesArea, userArea],
  ...[credentialsArea, certificateArea, apiKeyArea],
  ...[clockArea, diskArea, journalArea],
  ...[scannerArea, pinsArea, displayArea, serviceArea],
  ...[providerArea, brokerArea],
];

/** Which areas are wanted. */
export interface DoctorOptions {
  /** Names of areas; null for all. */
  readonly only: readonly string[] | null;
  /** Leaves the network out. */
  readonly quick: boolean;
}

/**
 * Examines a machine. The network is waited for while the rest is looked at, one area after the other, so that none
 * disturbs the figures of another; `left` hears which areas are not done yet, whenever one is.
 */
export async function examine(
  subject: Subject,
  wish: DoctorOptions,
  left: (names: readonly string[]) => void,
  among: readonly Area[] = areas,
): Promise<readonly Finding[]> {
  const chosen = chosenAreas(wish, among);
  const undone = new Set(chosen.map(({ name }) => name));
  const run = async (area: Area): Promise<readonly Finding[]> => {
    const findings = await guarded(area, subject);
    undone.delete(area.name);
    left([...undone]);
    return findings;
  };
  left([...undone]);
  const asked = new Map(chosen.filter(({ network }) => network).map((area) => [area, run(area)]));
  const found = new Map<Area, readonly Finding[]>();
  for (const area of chosen) if (!area.network) found.set(area, await run(area));
  for (const [area, findings] of asked) found.set(area, await findings);
  return chosen.flatMap((area) => shown(area, found.get(area) ?? [], wish));
}

/** The wanted areas, and the configuration where one of them depends on it. */
function chosenAreas({ only, quick }: DoctorOptions, among: readonly Area[]): readonly Area[] {
  const wanted = among.filter(({ name, network }) => {
    return (only === null || only.includes(name)) && !(quick && network);
  });
  const depends = wanted.some(({ configured }) => configured);
  return among.filter((area) => wanted.includes(area) || (area.name === "config" && depends));
}

/** A configuration that nobody asked about is worth a word only where it is wrong. */
function shown({ name }: Area, findings: readonly Finding[], { only }: DoctorOptions): readonly Finding[] {
  if (name !== "config" || only === null || only.includes(name)) return findings;
  return findings.filter(({ level }) => level === "fault");
}

/** A check that breaks says so, and the others still run: whoever calls a doctor needs all that can be had. */
async function guarded(area: Area, subject: Subject): Promise<readonly Finding[]> {
  try {
    return await area.examine(subject);
  } catch (error) {
    const [line = ""] = inspect(error).split("\n");
    const remedy = "That is a defect of this program: report it with this line.";
    return [fault(`${area.name}.examination`, `The examination itself failed: ${line}.`, remedy)];
  }
}
