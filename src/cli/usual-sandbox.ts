import { invariant } from "../core/kernel/defect.ts";
import type { SandboxKind } from "../providers/sandbox.ts";
import { sandboxKinds } from "../providers/sandboxes.ts";
import type { Option } from "./description.ts";

/** The sandbox through which the demonstration pays, and which its command serves. */
export function usualSandbox(): SandboxKind {
  const [first] = sandboxKinds;
  invariant(first !== undefined, "a provider that people can try out has a sandbox");
  return first;
}

/** `--scenario`, with what it is said to do. */
export function scenarioOption(about: string) {
  const words = usualSandbox().stories.map(({ name }) => name);
  return { type: "string", value: "NAME", words, about } as const satisfies Option;
}
