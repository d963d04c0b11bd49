/** The sandboxes, a line for each provider. */
import type { SimulatedProviderMaker, SmallProviderMaker } from "../simulator/outside/provider.ts";
import type { SandboxKind } from "./sandbox.ts";
import { wechatV2Sandboxes } from "./wechat-v2/sandbox/sandboxes.ts";

/** One provider's: for worlds, for worlds without chance, and for people. */
interface Sandboxes {
  readonly world: SimulatedProviderMaker;
  readonly small: SmallProviderMaker;
  readonly people: SandboxKind;
}

/** In the order in which a world has them; worlds without chance, and people, have the first. */
const sandboxes: Readonly<Record<string, Sandboxes>> = {
  "wechat-v2": wechatV2Sandboxes,
};

/** The providers of simulated worlds. */
export const simulatedProviders: readonly SimulatedProviderMaker[] = Object.values(sandboxes).map(
  ({ world }) => world,
);

/** The same of worlds without chance. */
export const smallProviders: readonly SmallProviderMaker[] = Object.values(sandboxes).map(
  ({ small }) => small,
);

/** The same for people. */
export const sandboxKinds: readonly SandboxKind[] = Object.values(sandboxes).map(({ people }) => people);
