import { type Finding, ok, warning } from "./finding.ts";
import { type Area, merchantKey, type Subject } from "./subject.ts";

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
}

/** WeChat Pay's API keys (v2) have so many characters. */
const KEY_LENGTH = 32;

/** Judges a key by its shape. */
export function judgeApiKey({ where, length, blanks }: ApiKeyFacts): Finding {
  const data = { where, length };
  if (blanks) {
    const remedy = "Write the key alone into its file; a line break at its end does no harm.";
    return warning("api-key.shape", `${where} holds blanks, which would be part of it.`, remedy, data);
  }
  if (length === KEY_LENGTH) return ok("api-key.shape", `${where} has ${KEY_LENGTH} characters.`, data);
  const found = `${where} has ${length} characters; WeChat Pay's have ${KEY_LENGTH}.`;
  const remedy =
    "Is it the API key of v2, not that of v3? The merchant platform, Account Center, API Security.";
  return warning("api-key.shape", found, remedy, data);
}

function keysOf(subject: Subject): readonly ApiKeyFacts[] {
  const { merchant } = subject.sections;
  const merchants = merchant === undefined ? [] : [merchant, ...merchant.previous];
  return merchants.flatMap((_, index) => {
    const where = `${merchantKey(index)}.apiKey`;
    const text = subject.secret(where);
    return text === null ? [] : [{ where, length: text.length, blanks: /\s/.test(text) }];
  });
}
