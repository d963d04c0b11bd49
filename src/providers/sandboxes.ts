/** The providers of simulated worlds, a line each. */
import type { SimulatedProviderMaker } from "../simulator/outside/provider.ts";
import { WorldOfWechatV2 } from "./wechat-v2/sandbox/world.ts";

/** In the order in which a world has them. */
export const simulatedProviders: readonly SimulatedProviderMaker[] = [(parts) => new WorldOfWechatV2(parts)];
