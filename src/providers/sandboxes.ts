/** The providers of simulated worlds, a line each. */
import type { SimulatedProviderMaker, SmallProviderMaker } from "../simulator/outside/provider.ts";
import { SmallWorldOfWechatV2 } from "./wechat-v2/sandbox/small-world.ts";
import { WorldOfWechatV2 } from "./wechat-v2/sandbox/world.ts";

/** In the order in which a world has them. */
export const simulatedProviders: readonly SimulatedProviderMaker[] = [(parts) => new WorldOfWechatV2(parts)];

/** The same of worlds without chance, which have the first of them. */
export const smallProviders: readonly SmallProviderMaker[] = [
  (ways, entropy, tell) => new SmallWorldOfWechatV2(ways, entropy, tell),
];
