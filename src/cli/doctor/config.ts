import { clearWords, isClear } from "../../config/clear-broker.ts";
import type { ConfigCheck } from "../../config/device-config.ts";
import { loadConfig } from "../config.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area } from "./subject.ts";

/** The configuration as a whole. */
export const configArea: Area = {
  name: "config",
  about: "the configuration: every mistake in it",
  network: false,
  configured: true,
  examine: ({ configFile }) => judgeConfig(configFile, loadConfig(configFile)),
};

/** Judges a configuration by what the program itself says of it. */
export function judgeConfig(path: string, check: ConfigCheck): readonly Finding[] {
  if (!check.ok) {
    const remedy = `Correct ${path}; "scanbox config schema" prints what it may hold.`;
    return check.problems.map((problem) => fault("config.problem", problem, remedy));
  }
  const clear = isClear(check.config.mqtt) ? [warning("config.mqtt", clearWords, "Use mqtts://.")] : [];
  const findings = [ok("config.file", `${path} is in order.`, { path }), ...clear];
  if (!check.config.loopbackOnly) return findings;
  const lookAlike = "Every host of the provider is this machine: no real money can move.";
  return [...findings, note("config.loopback", lookAlike)];
}
