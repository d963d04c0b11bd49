/** The kinds of account that a configuration may list: a line for a provider. */
import * as z from "zod";
import { invariant } from "../core/kernel/defect.ts";
import type { Wallet } from "../core/payment/wallet.ts";
import type { Frozen } from "../settings/frozen.ts";
import { alipayEntries } from "./alipay/settings.ts";
import type { EntryTerms } from "./entry-terms.ts";
import { wechatV2Entries } from "./wechat-v2/settings.ts";

/** What every account has, of whatever kind (`entryKeys` in src/settings/fields.ts). */
export interface AccountEntry {
  readonly id: string;
  readonly kind: string;
  readonly wallets: readonly Wallet[];
  readonly charges: boolean;
  readonly hosts: readonly string[];
}

/** By the `kind` of their entries. */
const entryKinds = {
  "wechat-v2": wechatV2Entries,
  alipay: alipayEntries,
};

/** An account, told from the others by its `kind`. */
export const providerSettings = oneOf(entryKinds);

/** An account as the configuration has it, with every default filled in. */
export type ProviderConfig = Frozen<z.output<typeof providerSettings>>;

/** What is known of the entries of one kind, beside their schema. */
interface EntryKind {
  keyOf(config: ProviderConfig): string;
  problems(config: ProviderConfig, key: string, terms: EntryTerms): readonly string[];
}

const kinds: ReadonlyMap<string, EntryKind> = new Map(Object.entries<EntryKind>(entryKinds));

/** Everything that names the account at its provider, as one text. */
export function accountKeyOf(config: ProviderConfig): string {
  return kindOf(config).keyOf(config);
}

/** What the keys of one account demand of each other; `key` is where it stands in the file. */
export function ownProblems(config: ProviderConfig, key: string, terms: EntryTerms): readonly string[] {
  return kindOf(config).problems(config, key, terms);
}

function kindOf({ kind }: ProviderConfig): EntryKind {
  const known = kinds.get(kind);
  invariant(known !== undefined, "an entry that was read is of a kind that is listed");
  return known;
}

/** What any of these kinds reads; where none is listed, nothing. */
function oneOf(kinds: Readonly<Record<string, never>>): z.ZodType<AccountEntry>;
function oneOf<Kinds extends Readonly<Record<string, { readonly settings: z.ZodObject }>>>(
  kinds: Kinds,
): z.ZodType<z.output<Kinds[keyof Kinds]["settings"]>, z.input<Kinds[keyof Kinds]["settings"]>>;
function oneOf(kinds: Readonly<Record<string, { readonly settings: z.ZodObject }>>): z.ZodType {
  const [first, ...others] = Object.values(kinds).map(({ settings }) => settings);
  const names = Object.keys(kinds).map((name) => `"${name}"`);
  const error = `must be ${names.join(" or ")}.`;
  return first === undefined ? z.never() : z.discriminatedUnion("kind", [first, ...others], { error });
}
