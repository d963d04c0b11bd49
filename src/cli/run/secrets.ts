import { readSecret, type SecretSource, secretText } from "../../links/machine/secret.ts";
import type { Log } from "../../runtime/ports.ts";

/** Reads secrets and collects what is wrong with them, so that all of it is told at once. */
export class Secrets {
  /** Without these nothing can be done at all. */
  readonly problems: string[] = [];
  /** Without these nothing is sold, and what is open is brought to its end as far as that goes. */
  readonly mistakes: string[] = [];
  readonly #log: Log | null;

  /** Without a log nobody is warned of files that others may read. */
  constructor(log: Log | null) {
    this.#log = log;
  }

  /** The text of a secret; empty where it could not be read, which is then among the problems. */
  read(key: string, source: SecretSource, kind: "secret" | "public", missing = this.problems): string {
    const read = readSecret(source);
    if (!read.ok) {
      missing.push(`${key}: ${read.problem}`);
      return "";
    }
    if (read.warning !== null && kind === "secret") this.#log?.warn("secret.open", { warning: read.warning });
    return secretText(read.bytes);
  }

  /** The same for a key of the configuration that may be null. */
  readIfAny(
    key: string,
    source: SecretSource | null,
    kind: "secret" | "public",
    missing = this.problems,
  ): string | null {
    return source === null ? null : this.read(key, source, kind, missing);
  }
}
