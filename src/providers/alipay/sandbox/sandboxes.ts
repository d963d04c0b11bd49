/** Alipay's sandbox wherever one is needed. */
import type { SimulatedProviderMaker, SmallProviderMaker } from "../../../simulator/outside/provider.ts";
import { sandboxForPeople } from "./people.ts";
import { SmallWorldOfAlipay } from "./small-world.ts";
import { WorldOfAlipay } from "./world.ts";

const small: SmallProviderMaker = (ways, _, tell) => new SmallWorldOfAlipay(ways, tell);
const world: SimulatedProviderMaker = (parts) => new WorldOfAlipay(parts);

/** For worlds, for worlds without chance, and for people. */
export const alipaySandboxes = { world, small, people: sandboxForPeople };
