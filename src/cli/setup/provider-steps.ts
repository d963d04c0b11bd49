/** The questions about the account that customers pay into, in the words of its kind of provider. */
import { join } from "node:path";
import { isKind, kindOf, usualKind } from "../../providers/registry.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import type { SetupQuestion } from "../../providers/setup.ts";
import { type Draft, isObject, textAt, valueAt, withoutValue, withValue } from "./draft.ts";
import { anyText, oneOf, source, textOrNone } from "./form.ts";
import { questionStep } from "./question.ts";
import { secretStep } from "./secret-step.ts";
import type { Section, SetupContext, Step } from "./step.ts";

const name = "Whom customers pay";

/** The account that is set up: where it stands in the file, and what kind it is of. */
interface Account {
  readonly where: string;
  /** What sets names of its own apart from those of accounts before it; empty for the first. */
  readonly suffix: string;
  readonly kind: ProviderConfig["kind"];
}

/**
 * The account through which new payments go; where none does yet, one more. Those whose orders are only finished stay as they
 * are.
 */
function accountIn(draft: Draft): Account {
  const listed = valueAt(draft, "providers");
  const entries: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const charged = entries.findIndex((entry) => !isObject(entry) || entry.charges !== false);
  const index = charged === -1 ? entries.length : charged;
  const where = `providers[${index}]`;
  const named = textAt(draft, `${where}.kind`);
  const suffix = index === 0 ? "" : `-${index + 1}`;
  return { where, suffix, kind: named !== null && isKind(named) ? named : usualKind() };
}

/** The draft with a name for that account, which nobody who has one account could answer better. */
export function withAccount(draft: Draft): Draft {
  const { where, kind, suffix } = accountIn(draft);
  const id = textAt(draft, `${where}.id`) ?? `${kindOf({ kind }).setup.id}${suffix}`;
  return withValue(withValue(draft, `${where}.id`, id), `${where}.kind`, kind);
}

/** The steps for that account. */
export function providerSection(draft: Draft): Section {
  const account = accountIn(draft);
  const { about, questions } = kindOf(account).setup;
  return { name, about, steps: questions.map((question) => stepOf(account, question)) };
}

function stepOf({ where, suffix }: Account, question: SetupQuestion): Step {
  const { text, help } = question;
  const key = `${where}.${question.key}`;
  const has = (draft: Draft, other: string): boolean => textAt(draft, `${where}.${other}`) !== null;
  const needed = question.with;
  const asked = {
    ...{ section: name, key, text, help },
    when: (draft: Draft) => needed === undefined || has(draft, needed),
  };
  switch (question.form) {
    case "text":
      return questionStep({ ...asked, form: anyText });
    case "text-or-none": {
      const { carries } = question;
      return questionStep({
        ...asked,
        form: textOrNone,
        proposal: "none",
        also: (draft) =>
          carries === undefined || has(draft, question.key)
            ? draft
            : withoutValue(draft, `${where}.${carries}`),
      });
    }
    case "choice":
      return questionStep({ ...asked, form: oneOf(question.choices), proposal: question.proposal });
    case "secret":
      // The file of another account's key stays what it is.
      return secretStep({ ...asked, fileName: `${question.fileName}${suffix}`, refuse: question.refuse });
    case "source": {
      const { fileName, fits } = question;
      return questionStep({
        ...asked,
        form: source,
        proposal: (_, { folder }) => join(folder, fileName),
        ...(fits === undefined
          ? {}
          : { remark: (draft, context) => pairRemark(draft, [`${where}.${fits}`, key], context) }),
      });
    }
  }
}

function pairRemark(
  draft: Draft,
  keys: readonly [cert: string, key: string],
  { machine }: SetupContext,
): string | null {
  const [cert, key] = keys.map((which) => textAt(draft, `${which}.file`));
  if (!cert || !key) return null;
  const judged = machine.pair(cert, key);
  switch (judged.kind) {
    case "fits":
      return null;
    case "unread":
      return `${judged.path} is not there, or cannot be read. Put it there before the box starts.`;
    case "certificate-missing":
      return "One of the two files holds no certificate, or no key, in PEM. Go back with < or mend it later.";
    case "certificate-mismatch":
      return "The key does not belong to the certificate. Go back with < or mend it later: reversals would fail.";
    case "certificate-expired":
      return "The certificate is not valid today. Is the clock right? Else renew it at the merchant platform.";
  }
}
