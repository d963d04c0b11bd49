import { randomBytes } from "node:crypto";
import {
  type SandboxServer as AnySandboxServer,
  type ServerOptions,
  serveOverHttp,
} from "../../sandbox-server.ts";
import type { CallNote } from "./call.ts";
import { control } from "./control.ts";
import { fixtureMerchant } from "./fixture-merchant.ts";
import { Sandbox, type SandboxOptions } from "./sandbox.ts";

/**
 * How the look-alike is served; what is not said about the sandbox is the merchant of the examples and true
 * randomness.
 */
export type SandboxServerOptions = Partial<SandboxOptions> & ServerOptions<CallNote>;

/** A look-alike that listens. */
export interface SandboxServer extends AnySandboxServer {
  readonly sandbox: Sandbox;
}

/** Starts the look-alike over HTTP or HTTPS with its control endpoint (see control.ts); fails where a port is taken. */
export async function startSandboxServer(options: SandboxServerOptions = {}): Promise<SandboxServer> {
  const sandbox = new Sandbox({
    merchants: [fixtureMerchant],
    entropy: { bytes: (count) => randomBytes(count) },
    ...options,
  });
  const server = await serveOverHttp(sandbox, (call) => control(sandbox, call), options);
  return { ...server, sandbox };
}
