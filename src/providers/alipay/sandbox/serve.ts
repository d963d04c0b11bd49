import type { SimulatedReply, SimulatedRequest } from "../../../simulator/outside/https.ts";
import type { Asked, Fact, Said, Sandbox as SandboxOfWorlds } from "../../../simulator/outside/sandbox.ts";
import type { CallNote } from "./call.ts";
import type { Sandbox } from "./sandbox.ts";
import { askedOf, saidOf } from "./told.ts";

/** The sandbox behind a simulated network. */
export class ServedSandbox implements SandboxOfWorlds {
  readonly #sandbox: Sandbox;
  readonly #observe: ((note: CallNote) => void) | null;

  /** `observe` hears of each call in Alipay's words, for stories. */
  constructor(sandbox: Sandbox, observe: ((note: CallNote) => void) | null = null) {
    this.#sandbox = sandbox;
    this.#observe = observe;
  }

  isOwn({ path }: Pick<SimulatedRequest, "path">): boolean {
    return path.startsWith("/gateway.do");
  }

  asked(request: Pick<SimulatedRequest, "path" | "body">): Asked {
    return askedOf(request);
  }

  serve(
    { method, path: target, body }: SimulatedRequest,
    now: number,
  ): { readonly reply: SimulatedReply; readonly said: Said | null } {
    if (this.#sandbox.down) return { reply: { kind: "drop" }, said: null };
    const [path = "", query = ""] = target.split("?");
    const reply = this.#sandbox.handle({ method, path, query, body, now });
    this.#observe?.(reply.note);
    const said = saidOf(reply);
    if (reply.kind === "drop")
      return { reply: reply.how === "silence" ? { kind: "drop" } : { kind: "cut", delayMs: 0 }, said };
    const { status, delayMs } = reply;
    if (reply.cut !== null) return { reply: { kind: "cut", delayMs }, said };
    const headers = { "content-type": reply.contentType, date: new Date(now).toUTCString() };
    return { reply: { kind: "reply", status, headers, body: reply.body, delayMs }, said };
  }

  take(): readonly Fact[] {
    return this.#sandbox.trades.takeFacts();
  }
}
