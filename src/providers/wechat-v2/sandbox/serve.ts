import type { SimulatedReply, SimulatedRequest } from "../../../simulator/outside/https.ts";
import type { Sandbox } from "./sandbox.ts";

/**
 * Puts the sandbox behind a simulated network; `now` tells its clock, in milliseconds since 1970. Whether the
 * sandbox is down is the network's to know (`setDown`): here it has no way left to refuse a connection, and
 * keeps silent.
 */
export function serveSandbox(
  sandbox: Sandbox,
  now: () => number,
): (request: SimulatedRequest) => SimulatedReply {
  return ({ host, path, body, clientCertificate }) => {
    if (sandbox.down) return { kind: "drop" };
    const reply = sandbox.handle({
      method: "POST",
      path,
      body: new TextEncoder().encode(body),
      clientCertificate,
      host,
      now: now(),
    });
    if (reply.kind === "drop")
      return reply.how === "silence" ? { kind: "drop" } : { kind: "cut", delayMs: 0 };
    const { status, delayMs } = reply;
    return reply.cut === null
      ? { kind: "reply", status, body: reply.body, delayMs }
      : { kind: "cut", delayMs };
  };
}
