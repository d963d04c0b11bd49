/** What is examined: one machine, with what of its configuration could be read. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FileHolder, holdersOf, lockHoldersOf } from "../../links/machine/proc-files.ts";
import { readSecret, type SecretRead, type SecretSource, secretText } from "../../links/machine/secret.ts";
import { LOCK_FILE } from "../../links/sqlite/sqlite-schema.ts";
import type { ProviderKind } from "../../providers/kind.ts";
import { kindOf } from "../../providers/registry.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import type { Finding } from "./finding.ts";
import { readEntries, readSections, type Sections } from "./sections.ts";

/** One area of checks. */
export interface Area {
  readonly name: string;
  /** What it looks at, for the list in the help. */
  readonly about: string;
  /** Whether it talks to somebody: `--quick` leaves it out. */
  readonly network: boolean;
  /** Whether it says something else where the configuration cannot be read. */
  readonly configured: boolean;
  readonly examine: (subject: Subject) => Promise<readonly Finding[]> | readonly Finding[];
}

/** A secret or a certificate that the configuration names. */
export interface NamedSecret {
  /** Its key in the configuration, such as `providers[0].apiKey`. */
  readonly key: string;
  readonly source: SecretSource;
  readonly kind: "secret" | "public";
  readonly read: SecretRead;
}

/** An account of the configuration. */
export interface PlacedEntry {
  /** Where it stands in the configuration, such as `providers[0]`. */
  readonly where: string;
  readonly entry: ProviderConfig;
  readonly kind: ProviderKind<ProviderConfig>;
}

/** Where systemd keeps the credentials of a unit while it runs (systemd.exec(5)). */
const SERVICE_CREDENTIALS = "/run/credentials/scanbox.service";

/** The machine and its configuration, as far as it can be read; what several areas need is read once. */
export class Subject {
  readonly configFile: string;
  readonly sections: Sections;
  /** The accounts that are sound by themselves, whatever is wrong with others. */
  readonly entries: readonly PlacedEntry[];
  #secrets: readonly NamedSecret[] | null = null;
  #box: FileHolder | null | undefined;

  constructor(configFile: string) {
    this.configFile = configFile;
    this.sections = readSections(configFile);
    this.entries = readEntries(configFile).map(([index, entry]) => {
      return { where: `providers[${index}]`, entry, kind: kindOf(entry) };
    });
  }

  /** Every secret that the readable part of the configuration names. */
  get secrets(): readonly NamedSecret[] {
    this.#secrets ??= secretsOf(this.entries, this.sections);
    return this.#secrets;
  }

  /** The text of a secret, null where it is not configured or cannot be read. */
  secret(key: string): string | null {
    const read = this.secrets.find((secret) => secret.key === key)?.read;
    return read?.ok === true ? secretText(read.bytes) : null;
  }

  /** The box that runs on this journal, null where none does or no journal is known. */
  get runningBox(): FileHolder | null {
    if (this.#box === undefined) {
      const directory = this.sections.journal?.directory;
      this.#box = directory === undefined ? null : lockHolder(join(directory, LOCK_FILE));
    }
    return this.#box;
  }
}

/** Where a file system hides its locks from the kernel's list, whoever has the file open is taken for the holder. */
function lockHolder(path: string): FileHolder | null {
  return [...lockHoldersOf(path), ...holdersOf(path).holders][0] ?? null;
}

function secretsOf(entries: readonly PlacedEntry[], { mqtt }: Sections): readonly NamedSecret[] {
  const credentials =
    process.env.CREDENTIALS_DIRECTORY ?? (existsSync(SERVICE_CREDENTIALS) ? SERVICE_CREDENTIALS : undefined);
  const named = (key: string, source: SecretSource | null | undefined, kind: NamedSecret["kind"]) =>
    source === null || source === undefined
      ? []
      : [{ key, source, kind, read: readSecret(source, credentials) }];
  return [
    ...entries.flatMap(({ where, entry, kind: own }) =>
      own.secrets(entry).flatMap(({ key, source, kind }) => named(`${where}.${key}`, source, kind)),
    ),
    ...named("mqtt.password", mqtt?.password, "secret"),
    ...named("mqtt.ca", mqtt?.ca, "public"),
    ...named("mqtt.cert", mqtt?.cert, "public"),
    ...named("mqtt.key", mqtt?.key, "secret"),
  ];
}
