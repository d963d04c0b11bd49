/** WeChat Pay's sandbox wherever one is needed. */
import type { SimulatedProviderMaker, SmallProviderMaker } from "../../../simulator/outside/provider.ts";
import { sandboxForPeople } from "./people.ts";
import { SmallWorldOfWechatV2 } from "./small-world.ts";
import { WorldOfWechatV2 } from "./world.ts";

const small: SmallProviderMaker = (ways, entropy, tell) => new SmallWorldOfWechatV2(ways, entropy, tell);
const world: SimulatedProviderMaker = (parts) => new WorldOfWechatV2(parts);

/** For worlds, for worlds without chance, and for people. */
export const wechatV2Sandboxes = { world, small, people: sandboxForPeople };
