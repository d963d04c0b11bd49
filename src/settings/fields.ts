/**
 * What settings are made of wherever they are described, in the configuration or by a provider for itself: each with its limits
 * and with the sentence that says what is wrong.
 */
import * as z from "zod";
import { nearest } from "./nearest.ts";

/** The longest time that any setting may name, in milliseconds. */
export const durationMaxMs = 3_600_000;

/** Features that have a name but no code yet: named apart, so that the refusal says so. */
const notYet: readonly string[] = ["till"];

/** An object that refuses keys it does not know, and says which known one was probably meant. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? unknownKeys(issue.keys, known) : undefined),
  });
}

/** The message of the issue: a JSON list of [key, sentence], taken apart again in `problem.ts`. */
function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  return JSON.stringify(
    keys.map((key) => {
      if (notYet.includes(key)) return [key, "is not offered by this version yet."];
      const meant = nearest(key, known);
      return [key, `is not a known key${meant === null ? "." : `; did you mean "${meant}"?`}`];
    }),
  );
}

/** Something that people read, in one line. */
export function text(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => !/\p{Cc}/u.test(value), { error: "must not hold control characters." })
    .refine((value) => value.isWellFormed(), {
      error: "must not hold half a character (\\ud800 to \\udfff).",
    })
    .refine(isSomething, { error: "must not be blank." });
}

/** Whether a text has a sign that people see; an empty one is told by its length. Blanks have many forms, such as U+3000. */
function isSomething(value: string): boolean {
  return value === "" || /[\p{L}\p{N}\p{P}\p{S}\p{Cs}]/u.test(value);
}

/** Where something lies on this machine. */
export const path = z.string().regex(/^\/[^\0]*$/, { error: "must be an absolute path." });

/** Where a secret or a certificate is read from; it never stands in the configuration itself. */
export const source = z
  .union(
    [
      object({ file: path.describe("Absolute path of a file that only the service can read.") }),
      object({
        credential: z
          .string()
          .regex(/^[A-Za-z0-9_.-]{1,128}$/, { error: "must be the name of a systemd credential." })
          .describe("Name of a systemd credential (LoadCredential= of the unit)."),
      }),
    ],
    { error: 'must be {"file": PATH} or {"credential": NAME}; what it holds is never written here.' },
  )
  .describe("Where it is read from: a file or a systemd credential.");

/** What a character display can show. */
export function displayText(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[ -[\]-}\u00a5\u5143]*$/, { error: "must hold only what a character display can show." })
    .refine(isSomething, { error: "must not be blank." });
}

/** Where a provider is reached; `example` is how its documents write one. */
export function host(example: string) {
  const wanted = `must be an origin such as ${example}`;
  return z
    .string({ error: `${wanted}.` })
    .refine(isOrigin, { error: `${wanted}, without a path or a closing slash.` });
}

function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** A time in milliseconds; where none is given, `milliseconds`. */
export function duration(milliseconds: number, meaning: string) {
  return z.int().min(1).max(durationMaxMs).default(milliseconds).describe(meaning);
}

/**
 * The keys that every account has, of whatever kind; `wallets` are all that this kind can take. Its id goes into every record,
 * so that it stays what it is for as long as one of its orders may be open.
 */
export function entryKeys<Kind extends string, const Wallet extends string>(
  kind: Kind,
  wallets: readonly Wallet[],
) {
  return {
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, {
        error: "must be 1 to 32 small letters, digits or -, and not begin with -.",
      })
      .describe("What this account is called in records, texts and commands; it never changes."),
    kind: z.literal(kind).describe("At whom it is."),
    wallets: z
      .array(z.enum(wallets))
      .min(1)
      .default([...wallets])
      .describe("Whose payment codes are charged through it."),
    charges: z
      .boolean()
      .default(true)
      .describe("Whether new payments go through it; if not, it only brings open orders to their end."),
  };
}

/** Whether every host is this machine: then the floors do not bind, so that tests can be quick. */
export function isLoopbackOnly(hosts: readonly string[]): boolean {
  return hosts.every((origin) =>
    /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(new URL(origin).hostname),
  );
}

/** What is wrong with a list of hosts below `key`, beyond each of them. */
export function hostProblems(hosts: readonly string[], key: string): readonly string[] {
  const loopback = isLoopbackOnly(hosts);
  return hosts.flatMap((origin, index) => {
    const where = `${key}[${index}]`;
    if (hosts.indexOf(origin) < index) return [`${where}: is listed before.`];
    if (!loopback && !origin.startsWith("https:"))
      return [`${where}: must begin with https:// unless every host is loopback.`];
    return [];
  });
}
