import { invariant } from "../../../core/kernel/defect.ts";
import {
  type SandboxServer as AnySandboxServer,
  type ServerOptions,
  serveOverHttp,
} from "../../sandbox-server.ts";
import { privateKeyOf, publicKeyOf } from "../keys.ts";
import type { CallNote } from "./call.ts";
import { control } from "./control.ts";
import { Sandbox, type SandboxOptions } from "./sandbox.ts";
import { APP_ID, appPrivateKey, appPublicKey, gatewayPrivateKey } from "./sandbox-keys.ts";

/** How the look-alike is served; what is not said is the app that exists nowhere else. */
export type SandboxServerOptions = Partial<SandboxOptions> & ServerOptions<CallNote>;

/** A look-alike that listens. */
export interface SandboxServer extends AnySandboxServer {
  readonly sandbox: Sandbox;
}

/** Starts the look-alike over HTTP or HTTPS with its control endpoint (see control.ts); fails where a port is taken. */
export async function startSandboxServer(options: SandboxServerOptions = {}): Promise<SandboxServer> {
  const sandbox = new Sandbox({ ...usualGateway(), ...options });
  const served = {
    get down() {
      return sandbox.down;
    },
    handle: (call: Parameters<Parameters<typeof serveOverHttp<CallNote>>[0]["handle"]>[0]) =>
      sandbox.handle({ ...call, body: Buffer.from(call.body).toString("utf8") }),
  };
  const server = await serveOverHttp<CallNote>(served, (call) => control(sandbox, call), options);
  return { ...server, sandbox };
}

/** The gateway and the one app that it knows where nothing else is said. */
export function usualGateway(): Pick<SandboxOptions, "apps" | "signer" | "stranger"> {
  const [gateway, app] = [privateKeyOf(gatewayPrivateKey), privateKeyOf(appPrivateKey)];
  const publicKey = publicKeyOf(appPublicKey);
  invariant(gateway !== null && app !== null && publicKey !== null, "the keys of the sandbox can be read");
  return {
    apps: [{ appId: APP_ID, publicKey, certificates: null }],
    signer: { key: gateway, certSerial: null },
    stranger: { key: app, certSerial: null },
  };
}
