/** What is in a package, as CycloneDX says it: made by npm from the lock file, cut to what is shipped, the same every time. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { npm } from "./sources.ts";

const componentSchema = z.looseObject({ "bom-ref": z.string(), name: z.string(), version: z.string() });

const billSchema = z.looseObject({
  serialNumber: z.string(),
  metadata: z.looseObject({ timestamp: z.string(), component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

/** A thing that is shipped, as name@version. */
export interface Shipped {
  /** Packages of npm. */
  readonly packages: ReadonlySet<string>;
  readonly runtime: { readonly version: string; readonly cpu: string; readonly sha256: string };
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** The bill as JSON text. Throws where a package is shipped that the lock file does not know. */
export function billOfMaterials(packages: string, shipped: Shipped): string {
  const said = npm(packages, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only");
  const bill = billSchema.parse(JSON.parse(said));
  const { version, cpu, sha256 } = shipped.runtime;
  const node = {
    "bom-ref": `node@${version}`,
    type: "platform",
    name: "node",
    version,
    purl: `pkg:npm/node-linux-${cpu}@${version}`,
    hashes: [{ alg: "SHA-256", content: sha256 }],
    licenses: [{ license: { id: "MIT" } }],
  };
  const named = bill.components.filter(({ name, version: its }) => shipped.packages.has(`${name}@${its}`));
  const unknown = [...shipped.packages].filter(
    (one) => !named.some(({ name, version: its }) => `${name}@${its}` === one),
  );
  if (unknown.length > 0) throw new Error(`The lock file does not name ${unknown.join(", ")}.`);
  const components = [...named, node];
  const refs = new Set([bill.metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])]);
  const dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => refs.has(ref)) }));
  const id = createHash("sha256")
    .update(JSON.stringify([components, shipped.epoch]))
    .digest("hex");
  const cut = {
    ...bill,
    serialNumber: `urn:uuid:${id.slice(0, 8)}-${id.slice(8, 12)}-5${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
    metadata: {
      ...bill.metadata,
      timestamp: new Date(shipped.epoch * 1_000).toISOString(),
      component: { ...bill.metadata.component, name: "scanbox", type: "application" },
    },
    components,
    dependencies,
  };
  return `${JSON.stringify(cut, null, 2)}\n`;
}
