import { readFileSync, statSync } from "node:fs";

/** Where a secret or a certificate is kept: a file, or a credential that systemd hands to the service. */
export type SecretSource = { readonly file: string } | { readonly credential: string };

/** What was read, or a sentence that says what to do. Neither sentence tells anything of the content. */
export type SecretRead =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly warning: string | null }
  | { readonly ok: false; readonly problem: string };

/** The largest secret that is read, in bytes; a bundle of authorities may have a few hundred thousand. */
const bytesMax = 1_048_576;

/**
 * Reads a secret. Warns where others than the owner may read its file; a certificate is no secret, so its reader may
 * leave the warning out. `credentials` is the directory that systemd names in `$CREDENTIALS_DIRECTORY`.
 */
export function readSecret(
  source: SecretSource,
  credentials: string | undefined = process.env.CREDENTIALS_DIRECTORY,
): SecretRead {
  if ("file" in source)
    return readSecretFile(source.file, "create it, or correct the path in the configuration");
  if (credentials === undefined) {
    return refused(
      `The credential ${source.credential} is not there: systemd passed no credentials. ` +
        `Start the service with LoadCredential=${source.credential}:PATH in its unit, or name a file instead.`,
    );
  }
  const read = readSecretFile(
    `${credentials}/${source.credential}`,
    `add LoadCredential=${source.credential}:PATH to the unit of the service`,
  );
  return read.ok ? { ...read, warning: null } : read;
}

/** The secret as text without the line break that editors leave at its end. */
export function secretText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/[\r\n]+$/, "");
}

function readSecretFile(path: string, remedy: string): SecretRead {
  try {
    const { mode, size } = statSync(path);
    if (size > bytesMax)
      return refused(`${path} is larger than ${bytesMax} bytes, so it is not the right file.`);
    const bytes = readFileSync(path);
    if (bytes.length === 0) return refused(`${path} is empty: write the secret into it.`);
    const open = (mode & 0o077) !== 0;
    return { ok: true, bytes, warning: open ? `${path} can be read by others: chmod 600 ${path}` : null };
  } catch (error) {
    return refused(`${path} ${faultText(error, remedy)}.`);
  }
}

function faultText(error: unknown, remedy: string): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ENOENT" || code === "ENOTDIR") return `does not exist: ${remedy}`;
  if (code === "EACCES" || code === "EPERM") {
    return "may not be read by this user: make the user of the service its owner";
  }
  if (code === "EISDIR") return "is a directory: name the file in it";
  return `cannot be read (${code})`;
}

function refused(problem: string): SecretRead {
  return { ok: false, problem };
}
