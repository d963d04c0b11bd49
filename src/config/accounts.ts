/** What the accounts of a configuration demand of themselves and of each other: each order has one that is meant. */
import type { EntryTerms } from "../providers/entry-terms.ts";
import { accountKeyOf, ownProblems, type ProviderConfig } from "../providers/settings.ts";

const remedy = "set charges to false in the one that is not charged any more.";

/** All that is wrong with a list of accounts, in its order. */
export function accountProblems(accounts: readonly ProviderConfig[], terms: EntryTerms): readonly string[] {
  const ids = new Set<string>();
  const keys = new Set<string>();
  const takenBy = new Map<string, string>();
  const problems = accounts.flatMap((account, index) => {
    const where = `providers[${index}]`;
    const found = [...ownProblems(account, where, terms)];
    if (ids.has(account.id)) found.push(`${where}.id: is listed before.`);
    ids.add(account.id);
    // The same account under two names would be asked about the orders of the other.
    const key = accountKeyOf(account);
    if (keys.has(key)) found.push(`${where}: names an account that is named before.`);
    keys.add(key);
    if (!account.charges) return found;
    for (const wallet of new Set(account.wallets)) {
      const other = takenBy.get(wallet);
      if (other === undefined) takenBy.set(wallet, where);
      else found.push(`${where}.wallets: names ${wallet}, which ${other} takes; ${remedy}`);
    }
    return found;
  });
  if (takenBy.size === 0) problems.push("providers: at least one must charge; set charges to true in it.");
  return problems;
}
