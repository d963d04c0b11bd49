import type { KeyFinding } from "../../providers/kind.ts";
import { type Finding, fault, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** The shape of the keys; only the provider can say whether they are the right ones. */
export const apiKeyArea: Area = {
  name: "api-key",
  about: "API keys: their length and kind; whether they are right says the provider",
  network: false,
  configured: true,
  examine: (subject) => [...keysOf(subject).map(judgeApiKey), ...inspected(subject, Date.now())],
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

/** Judges what a kind says of its own keys; `where` is the entry in the configuration. */
export function judgeKey(where: string, { level, key, found, remedy }: KeyFinding): Finding {
  const sentence = `${where}.${key} ${found}.`;
  if (level === "ok") return ok("api-key.kind", sentence);
  return (level === "fault" ? fault : warning)("api-key.kind", sentence, remedy);
}

function inspected(subject: Subject, now: number): readonly Finding[] {
  return subject.entries.flatMap(({ where, kind }) => {
    const findings = kind.doctor.inspect?.((key) => subject.secret(`${where}.${key}`), now) ?? [];
    return findings.map((finding) => judgeKey(where, finding));
  });
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
