/** Which wallets the shop takes, and the questions about the account of each, in the words of its kind of provider. */
import { join } from "node:path";
import { invariant } from "../../core/kernel/defect.ts";
import { isKind, kindNames, kindOf, usualKind } from "../../providers/registry.ts";
import type { ProviderConfig } from "../../providers/settings.ts";
import type { SetupQuestion } from "../../providers/setup.ts";
import { type Draft, isObject, textAt, valueAt, withoutValue, withValue } from "./draft.ts";
import { anyText, oneOf, source, textOrNone, wordsOf } from "./form.ts";
import { ask, questionStep } from "./question.ts";
import { secretStep } from "./secret-step.ts";
import type { Section, SetupContext, Step } from "./step.ts";

const name = "Whom customers pay";

type KindName = ProviderConfig["kind"];

/** An account that is set up: where it stands in the file, and what kind it is of. */
interface Account {
  readonly where: string;
  /** What sets names of its own apart from those of accounts of this kind before it; empty for the first. */
  readonly suffix: string;
  readonly kind: KindName;
}

const allKinds = kindNames().filter(isKind);

function entriesIn(draft: Draft): readonly unknown[] {
  const listed = valueAt(draft, "providers");
  return Array.isArray(listed) ? listed : [];
}

function isCharged(entry: unknown): boolean {
  return !isObject(entry) || entry.charges !== false;
}

function kindIn(entry: unknown): KindName {
  const named = isObject(entry) ? entry.kind : undefined;
  return typeof named === "string" && isKind(named) ? named : usualKind();
}

/** The account of a kind through which new payments go; null where none does. */
function accountIn(draft: Draft, kind: KindName): Account | null {
  const entries = entriesIn(draft);
  const index = entries.findIndex((entry) => isCharged(entry) && kindIn(entry) === kind);
  if (index === -1) return null;
  const before = entries.slice(0, index).filter((entry) => kindIn(entry) === kind).length;
  return { where: `providers[${index}]`, suffix: before === 0 ? "" : `-${before + 1}`, kind };
}

/**
 * The draft with an account of each of these kinds for new payments, and none of another kind. One that is no longer wanted goes
 * on to finish its orders, unless nothing is known of it; those that only finish theirs stay as they are.
 */
function withKinds(draft: Draft, wanted: readonly KindName[]): Draft {
  const kept = entriesIn(draft).flatMap((entry) => {
    if (!isCharged(entry) || wanted.includes(kindIn(entry))) return [entry];
    const known = isObject(entry) && Object.keys(entry).some((key) => key !== "id" && key !== "kind");
    return known ? [{ ...entry, charges: false }] : [];
  });
  const added = wanted.filter((kind) => !kept.some((entry) => isCharged(entry) && kindIn(entry) === kind));
  const grown = { ...draft, providers: [...kept, ...added.map((kind) => ({ kind }))] };
  return wanted.reduce(named, grown);
}

/** Gives an account a name, which nobody who has one account of a kind could answer better. */
function named(draft: Draft, kind: KindName): Draft {
  const account = accountIn(draft, kind);
  if (account === null) return draft;
  const { where, suffix } = account;
  const id = textAt(draft, `${where}.id`) ?? `${kindOf({ kind }).setup.id}${suffix}`;
  return withValue(withValue(draft, `${where}.id`, id), `${where}.kind`, kind);
}

function chargedKinds(draft: Draft): readonly KindName[] {
  return allKinds.filter((kind) => accountIn(draft, kind) !== null);
}

/** The draft with a name for each account that is charged; where none is yet, one more. */
export function withAccounts(draft: Draft): Draft {
  const charged = chargedKinds(draft);
  return charged.length === 0 ? withKinds(draft, [usualKind()]) : charged.reduce(named, draft);
}

/** Which wallets there are to be, and the steps for the account of each. */
export function providerSections(): readonly Section[] {
  const about = "Each wallet has an account of its own. Only codes of these wallets are charged.";
  return [
    { name, about, steps: allKinds.length > 1 ? [walletStep] : [] },
    ...allKinds.map((kind): Section => {
      const { name: who, setup } = kindOf({ kind });
      const section = `${name}: ${who}`;
      const steps = setup.questions.map((question) => stepOfKind(kind, section, question));
      return { name: section, about: setup.about, steps };
    }),
  ];
}

const idOf = (kind: KindName): string => kindOf({ kind }).setup.id;

const walletStep: Step = {
  section: name,
  when: () => true,
  run: async (state, { dialogue }) => {
    const ids = allKinds.map(idOf);
    const answer = await ask(dialogue, {
      text: `Wallets that the shop takes (${ids.join(", ")})`,
      help: `One or more of ${ids.join(", ")}, separated by blanks. For each there are questions about its account.`,
      form: wordsOf(ids),
      proposal: chargedKinds(state.draft).map(idOf).join(" "),
    });
    if (answer.kind === "back") return "back";
    if (answer.kind === "skip") return state;
    const words = String(answer.value).split(" ");
    return {
      ...state,
      draft: withKinds(
        state.draft,
        allKinds.filter((kind) => words.includes(idOf(kind))),
      ),
    };
  },
};

/** A step about the account of a kind, wherever that stands by then; none where there is no such account. */
function stepOfKind(kind: KindName, section: string, question: SetupQuestion): Step {
  const stepIn = (draft: Draft): Step | null => {
    const account = accountIn(draft, kind);
    return account === null ? null : stepOf(account, section, question);
  };
  return {
    section,
    when: (state) => stepIn(state.draft)?.when(state) === true,
    run: (state, desk) => {
      const step = stepIn(state.draft);
      invariant(step !== null, "only an account that is there is asked about");
      return step.run(state, desk);
    },
  };
}

function stepOf({ where, suffix, kind }: Account, section: string, question: SetupQuestion): Step {
  const { text, help } = question;
  const key = `${where}.${question.key}`;
  const has = (draft: Draft, other: string): boolean => textAt(draft, `${where}.${other}`) !== null;
  const needed = question.with;
  const asked = {
    ...{ section, key, text, help },
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
        refuse: (draft, context) => keyFaults(draft, { where, kind, key: question.key }, context),
        ...(fits === undefined
          ? {}
          : { remark: (draft, context) => pairRemark(draft, [`${where}.${fits}`, key], context) }),
      });
    }
  }
}

/** What the kind finds wrong with a key or certificate that was named; nothing where a file is not there yet. */
function keyFaults(
  draft: Draft,
  { where, kind, key }: { readonly where: string; readonly kind: KindName; readonly key: string },
  { machine }: SetupContext,
): readonly string[] {
  const textOf = (name: string): string | null => {
    const path = textAt(draft, `${where}.${name}.file`);
    return path === null ? null : machine.text(path);
  };
  const findings = kindOf({ kind }).doctor.inspect?.(textOf, machine.clock.wall()) ?? [];
  return findings
    .filter((finding) => finding.level === "fault" && finding.key === key)
    .map(({ found, remedy }) => `This file ${found}. ${remedy}`);
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
