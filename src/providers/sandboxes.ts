/** The sandboxes, a line for each provider. */
import type { SimulatedProviderMaker, SmallProviderMaker } from "../simulator/outside/provider.ts";
import { alipaySandboxes } from "./alipay/sandbox/sandboxes.ts";
import type { SandboxKind } from "./sandbox.ts";
import { wechatV2Sandboxes } from "./wechat-v2/sandbox/sandboxes.ts";

/** One provider's: for worlds, for worlds without chance, and for people. */
interface Sandboxes {
  readonly world: SimulatedProviderMaker;
  readonly small: SmallProviderMaker;
  readonly people: SandboxKind;
}

/** In the order in which a world has them; each kind of small world has one of them, people the first where they name none. */
const sandboxes: Readonly<Record<string, Sandboxes>> = {
  "wechat-v2": wechatV2Sandboxes,
  alipay: alipaySandboxes,
};

/** The providers of simulated worlds. */
export const simulatedProviders: readonly SimulatedProviderMaker[] = Object.values(sandboxes).map(
  ({ world }) => world,
);

/** The same of worlds without chance. */
export const smallProviders: readonly SmallProviderMaker[] = Object.values(sandboxes).map(
  ({ small }) => small,
);

/** The same for people, by the kind of provider. */
export const sandboxKinds: ReadonlyMap<string, SandboxKind> = new Map(
  Object.entries(sandboxes).map(([kind, { people }]) => [kind, people]),
);
