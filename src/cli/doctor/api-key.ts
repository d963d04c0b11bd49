import { type Finding, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The shape of the API keys; only the provider can say whether they are the right ones. */
export const apiKeyArea: Area = {
  name: "api-key",
  about: "API keys: their length; whether they are right says the provider",
  network: false,
  configured: true,
  examine: (subject) => keysOf(subject).map(judgeApiKey),
};

/** All that is told of a key: `where` it stands in the configuration, its length, whether it holds blanks. */
export interface ApiKeyFacts {
  readonly where: string;
  readonly length: number;
  readonly blanks: boolean;
  /** How long such keys are, and what to do about another one. */
  readonly usual: { readonly length: number; readonly remedy: string };
}

/** Judges a key by its shape. */
export function judgeApiKey({ where, length, blanks, usual }: ApiKeyFacts): Finding {
  const data = { where, length };
  if (blanks) {
    const remedy = "Write the key alone into its file; a line break at its end does no harm.";
    return warning("api-key.shape", `${where} holds blanks, which would be part of it.`, remedy, data);
  }
  if (length === usual.length) return ok("api-key.shape", `${where} has ${length} characters.`, data);
  const found = `${where} has ${length} characters; such keys have ${usual.length}.`;
  return warning("api-key.shape", found, usual.remedy, data);
}

function keysOf(subject: Subject): readonly ApiKeyFacts[] {
  return subject.entries.flatMap(({ where: entry, kind }) =>
    kind.doctor.keys.flatMap(({ key, ...usual }) => {
      const where = `${entry}.${key}`;
      const text = subject.secret(where);
      return text === null ? [] : [{ where, length: text.length, blanks: /\s/.test(text), usual }];
    }),
  );
}
