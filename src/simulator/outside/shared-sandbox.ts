import type { SimulatedReply, SimulatedRequest } from "./https.ts";
import type { Asked, Fact, Said, Sandbox } from "./sandbox.ts";

/** A sandbox that several boxes call: whoever checks one of them hears of the orders of that box alone. */
export class SharedSandbox {
  readonly #sandbox: Sandbox;
  readonly #parts: PartOfSandbox[] = [];

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** The sandbox as one more box has it; all of them are there before the first calls. */
  part(): Sandbox {
    const part = new PartOfSandbox(this.#sandbox, () => this.#handOut());
    this.#parts.push(part);
    return part;
  }

  #handOut(): void {
    const facts = this.#sandbox.take();
    for (const part of this.#parts) part.hear(facts);
  }
}

class PartOfSandbox implements Sandbox {
  readonly #sandbox: Sandbox;
  readonly #handOut: () => void;
  /** The orders that this box has called about. */
  readonly #orders = new Set<string>();
  #facts: Fact[] = [];

  constructor(sandbox: Sandbox, handOut: () => void) {
    this.#sandbox = sandbox;
    this.#handOut = handOut;
  }

  isOwn(request: Parameters<Sandbox["isOwn"]>[0]): boolean {
    return this.#sandbox.isOwn(request);
  }

  asked(request: Parameters<Sandbox["asked"]>[0]): Asked {
    const asked = this.#sandbox.asked(request);
    this.#orders.add(asked.order);
    return asked;
  }

  serve(
    request: SimulatedRequest,
    now: number,
  ): { readonly reply: SimulatedReply; readonly said: Said | null } {
    return this.#sandbox.serve(request, now);
  }

  take(): readonly Fact[] {
    this.#handOut();
    return this.#facts.splice(0);
  }

  /** Something happened to the orders of some box; only its own matter to it. */
  hear(facts: readonly Fact[]): void {
    for (const fact of facts) if (this.#orders.has(fact.order)) this.#facts.push(fact);
  }
}
