/** The sandboxes as the commands have them. */
import { invariant } from "../core/kernel/defect.ts";
import type { Wallet } from "../core/payment/wallet.ts";
import type { SandboxKind, Story } from "../providers/sandbox.ts";
import { sandboxKinds } from "../providers/sandboxes.ts";
import type { Option } from "./description.ts";

const kinds: readonly SandboxKind[] = [...sandboxKinds.values()];

/** What may become of payments at one sandbox, or at any of them. */
export type Stories = Pick<SandboxKind, "stories" | "families" | "storyNamed">;

/** The sandbox where nobody names another one. */
export function usualSandbox(): SandboxKind {
  const [first] = kinds;
  invariant(first !== undefined, "a provider that people can try out has a sandbox");
  return first;
}

/** The one that charges the codes of this wallet; null where none does. */
export function sandboxOf(wallet: Wallet): SandboxKind | null {
  return kinds.find(({ wallets }) => wallets.includes(wallet)) ?? null;
}

/** Whose codes are charged, the usual sandbox's first. */
export const chargedWallets: readonly Wallet[] = kinds.flatMap(({ wallets }) => wallets);

/** Whom they play, such as `WeChat Pay and Alipay`. */
export const played: string = kinds.map(({ plays }) => plays).join(" and ");

/** The stories of all of them, each name once; one that not all of them know says whose it is. */
export const everyStory: Stories = {
  stories: onceEach(
    kinds.flatMap(({ stories }) => stories),
    ({ name }) => name,
  ).map(attributed),
  families: onceEach(
    kinds.flatMap(({ families }) => families),
    ({ form }) => form,
  ),
  storyNamed: (name) => {
    for (const kind of kinds) {
      const story = kind.storyNamed(name);
      if (story !== null) return attributed(story);
    }
    return null;
  },
};

/** The first of those that have a name in common. */
function onceEach<Named>(all: readonly Named[], nameOf: (one: Named) => string): readonly Named[] {
  const firsts = new Map<string, Named>();
  for (const one of all) if (!firsts.has(nameOf(one))) firsts.set(nameOf(one), one);
  return [...firsts.values()];
}

function attributed(story: Story): Story {
  const playedBy = kinds.filter((kind) => kind.storyNamed(story.name) !== null);
  if (playedBy.length === kinds.length) return story;
  return { ...story, story: `${playedBy.map(({ plays }) => plays).join(", ")}: ${story.story}` };
}

/** `--scenario`, with what it is said to do. */
export function scenarioOption(about: string) {
  const words = everyStory.stories.map(({ name }) => name);
  return { type: "string", value: "NAME", words, about } as const satisfies Option;
}
