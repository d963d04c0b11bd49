import type { SimulatedReply, SimulatedRequest } from "../../../simulator/outside/https.ts";
import type { Asked, Fact, Said, Sandbox as SandboxOfWorlds } from "../../../simulator/outside/sandbox.ts";
import { type CallNote, sandboxPaths } from "./call.ts";
import type { Sandbox } from "./sandbox.ts";
import { askedOf, saidOf } from "./told.ts";

/**
 * The sandbox behind a simulated network. Whether it is down is the network's to know (`setDown`): here it has no way left to
 * refuse a connection, and keeps silent.
 */
export class ServedSandbox implements SandboxOfWorlds {
  readonly #sandbox: Sandbox;
  readonly #observe: ((note: CallNote) => void) | null;

  /** `observe` hears of each call in WeChat Pay's words, for stories. */
  constructor(sandbox: Sandbox, observe: ((note: CallNote) => void) | null = null) {
    this.#sandbox = sandbox;
    this.#observe = observe;
  }

  isOwn({ path }: Pick<SimulatedRequest, "path">): boolean {
    return sandboxPaths.has(path);
  }

  asked(request: Pick<SimulatedRequest, "path" | "body">): Asked {
    return askedOf(request);
  }

  serve(
    { host, method, path, body, clientCertificate }: SimulatedRequest,
    now: number,
  ): { readonly reply: SimulatedReply; readonly said: Said | null } {
    if (this.#sandbox.down) return { reply: { kind: "drop" }, said: null };
    const bytes = Buffer.from(body);
    const reply = this.#sandbox.handle({ method, path, body: bytes, clientCertificate, host, now });
    this.#observe?.(reply.note);
    const said = saidOf(reply);
    if (reply.kind === "drop")
      return { reply: reply.how === "silence" ? { kind: "drop" } : { kind: "cut", delayMs: 0 }, said };
    const { status, delayMs } = reply;
    if (reply.cut !== null) return { reply: { kind: "cut", delayMs }, said };
    const headers = { "content-type": reply.contentType };
    return { reply: { kind: "reply", status, headers, body: reply.body, delayMs }, said };
  }

  take(): readonly Fact[] {
    return this.#sandbox.ledger.takeFacts();
  }
}

/** The same for a network that nobody checks; `now` tells the sandbox's clock, in milliseconds since 1970. */
export function serveSandbox(
  sandbox: Sandbox,
  now: () => number,
): (request: SimulatedRequest) => SimulatedReply {
  const served = new ServedSandbox(sandbox);
  return (request) => served.serve(request, now()).reply;
}
