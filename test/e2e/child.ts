import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** A process of a test. The kernel ends it where the test's own process dies, however that happens. */
export function startChild(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "stdio" | "env">,
): ChildProcess {
  return spawn("setpriv", ["--pdeathsig", "KILL", "--", command, ...args], options);
}

/** Ends a process by `signal`, or finds it ended already; resolves when it is gone. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}
