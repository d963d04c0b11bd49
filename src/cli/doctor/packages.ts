import { loadingRemedy } from "../../links/machine/not-loaded.ts";
import { loadingFault, type NativePackage, nativePackages } from "../../links/machine/package-probe.ts";
import { type Finding, fault, note, ok } from "./finding.ts";
import { neededPackages } from "./needs.ts";
import type { Area } from "./subject.ts";

/** The packages with native parts. */
export const packagesArea: Area = {
  name: "packages",
  about: "packages with native parts: whether they load on this machine",
  network: false,
  configured: true,
  examine: async ({ sections }) => {
    const faults: PackageFacts[] = [];
    const needed = neededPackages(sections);
    for (const name of nativePackages) {
      faults.push({ name, why: await loadingFault(name), neededFor: needed.get(name) ?? null });
    }
    return judgePackages(faults);
  },
};

/** A package: why it does not load, null where it does; what it is needed for, null for nothing that is configured. */
export interface PackageFacts {
  readonly name: NativePackage;
  readonly why: string | null;
  readonly neededFor: string | null;
}

/** Judges what loads. */
export function judgePackages(packages: readonly PackageFacts[]): readonly Finding[] {
  const loaded = packages.filter(({ why }) => why === null).map(({ name }) => name);
  const missing = packages.flatMap(({ name, why, neededFor }) => {
    if (why === null) return [];
    const data = { name, why };
    return neededFor === null
      ? [note("packages.load", `${name} does not load (${why}); nothing configured needs it.`, null, data)]
      : [
          fault(
            "packages.load",
            `${name} does not load (${why}); needed for ${neededFor}.`,
            loadingRemedy(name),
            data,
          ),
        ];
  });
  const all = `${loaded.join(", ")}: loaded.`;
  return loaded.length === 0 ? missing : [ok("packages.load", all, { loaded }), ...missing];
}
