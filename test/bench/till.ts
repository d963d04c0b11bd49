import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { requestLine } from "../../src/control/protocol.ts";
import { makeBundle } from "../e2e/bundle.ts";
import { type Bench, type Figure, percentile } from "./figure.ts";
import { moment } from "./moment.ts";
import { RunningBox } from "./running-box.ts";
import { openSite } from "./site.ts";

/** Measured sales, after some that warm everything up. */
const SALES = 400;
const WARM_UP = 40;

/** From a till's request to the answer that its amount is armed. */
export const till: Bench = {
  name: "till",
  what: "a till's request to its answer that the amount is armed, over the control socket",
  measure: async (say) => {
    const site = await openSite({ till: true });
    const box = new RunningBox(makeBundle(), site);
    try {
      await box.when({ screen: "till-idle" });
      const path = join(site.directory, "journal", "control.sock");
      const anew = await times("anew", async () => new Till(path));
      say("each request on a connection of its own: measured");
      const kept = new Till(path);
      const stays = await times("kept", async () => kept);
      kept.leave();
      return [...figures("till.request-to-armed", anew), ...figures("till.request-to-armed-kept", stays)];
    } finally {
      await box.stop();
      await site.end();
    }
  },
};

/** How long each request took, its connection included where `reach` makes one. */
async function times(refs: string, reach: () => Promise<Till>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let count = 0; count < WARM_UP + SALES; count += 1) {
    const ref = `${refs}-${count}`;
    const askedAt = moment();
    const one = await reach();
    const answer = await one.ask(requestLine("pay", { ref, amountFen: 1_250 }));
    if (count >= WARM_UP) taken.push(moment() - askedAt);
    if (!answer.includes('"state":"armed"')) throw new Error(`the amount is not armed: ${answer}`);
    await one.ask(requestLine("withdraw", { ref }));
    if (refs === "anew") one.leave();
  }
  return taken;
}

function figures(name: string, taken: readonly number[]): readonly Figure[] {
  return [
    { name: `${name}.p50`, value: percentile(taken, 0.5), unit: "ms" },
    { name: `${name}.p99`, value: percentile(taken, 0.99), unit: "ms" },
  ];
}

/** A program at the socket. */
class Till {
  readonly #socket: Socket;
  readonly #lines: NodeJS.AsyncIterator<string>;

  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<string> {
    this.#socket.write(line);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the box has hung up");
    return value;
  }

  leave(): void {
    this.#socket.destroy();
  }
}
