import { Defect } from "../../core/kernel/defect.ts";
import {
  type BrokerReceipt,
  type EmbeddedBroker,
  startEmbeddedBroker,
} from "../../simulator/outside/embedded-broker.ts";

/** The demonstration's broker, which can be off for a while: it comes back at its address and has forgotten everything. */
export class DemoBroker {
  readonly url: string;
  readonly #onMessage: (receipt: BrokerReceipt) => void;
  readonly #port: number;
  #running: EmbeddedBroker | null;

  private constructor(running: EmbeddedBroker, onMessage: (receipt: BrokerReceipt) => void) {
    this.#running = running;
    this.#onMessage = onMessage;
    this.#port = running.port;
    this.url = running.url;
    running.onMessage(onMessage);
  }

  /** Starts it on any free port of the loopback interface. */
  static async start(onMessage: (receipt: BrokerReceipt) => void): Promise<DemoBroker> {
    return new DemoBroker(await startEmbeddedBroker({ port: 0 }), onMessage);
  }

  get up(): boolean {
    return this.#running !== null;
  }

  /** Starts it again where it was; rejects where somebody else has taken its port. */
  async start(): Promise<void> {
    if (this.#running !== null) throw new Defect("a broker is started when it is down");
    const running = await startEmbeddedBroker({ port: this.#port });
    running.onMessage(this.#onMessage);
    this.#running = running;
  }

  /** Stops it; its clients lose their connections. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.close();
  }

  /** Breaks the connection of a client without a goodbye. */
  cut(clientId: string): void {
    this.#running?.cut(clientId);
  }
}
