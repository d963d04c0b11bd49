/** What one check found, as data: people read it as a line, programs as JSON. */

/** `note` is worth knowing and nothing to do; `warning` works today; with a `fault` the box does not do its work. */
export type Level = "ok" | "note" | "warning" | "fault";

/** What JSON can say. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** One finding. */
export interface Finding {
  /** Area and check, such as `disk.flush`; stable, so that programs can rely on it. */
  readonly check: string;
  readonly level: Level;
  /** A sentence. */
  readonly found: string;
  /** What to do about it, a sentence; null where there is nothing to do. */
  readonly remedy: string | null;
  /** Figures for programs; never a secret. */
  readonly data?: Readonly<Record<string, Plain>>;
}

type Data = Finding["data"];

/** Something that is as it should be. */
export function ok(check: string, found: string, data?: Data): Finding {
  return made(check, "ok", found, null, data);
}

/** Something to know. */
export function note(check: string, found: string, remedy: string | null = null, data?: Data): Finding {
  return made(check, "note", found, remedy, data);
}

/** Something that works and will not for ever. */
export function warning(check: string, found: string, remedy: string, data?: Data): Finding {
  return made(check, "warning", found, remedy, data);
}

/** Something that keeps the box from its work. */
export function fault(check: string, found: string, remedy: string, data?: Data): Finding {
  return made(check, "fault", found, remedy, data);
}

function made(
  check: string,
  level: Level,
  found: string,
  remedy: string | null,
  data: Data | undefined,
): Finding {
  return { check, level, found, remedy, ...(data === undefined ? {} : { data }) };
}
