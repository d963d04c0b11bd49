import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { Sandbox as AlipaySandbox } from "../../src/providers/alipay/sandbox/sandbox.ts";
import { usualGateway } from "../../src/providers/alipay/sandbox/server.ts";
import type { ServableSandbox } from "../../src/providers/sandbox-server.ts";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { Sandbox } from "../../src/providers/wechat-v2/sandbox/sandbox.ts";
import { type Certificates, pem } from "../e2e/certificates.ts";
import { moment } from "./moment.ts";

/** When a call arrived and when its answer was handed to the socket. */
export interface Served {
  readonly path: string;
  /** The headers were read: a moment after their first byte. */
  readonly arrivedAt: number;
  readonly answeredAt: number;
}

/** A look-alike behind TLS that tells when things happen. */
export interface TlsBank {
  readonly origin: string;
  /** TLS connections that were opened so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

type Handled = Pick<ServableSandbox<unknown>, "handle">;

/** Alipay's look-alike, for `startTlsBank`. */
export function alipayServed(): Handled {
  const sandbox = new AlipaySandbox(usualGateway());
  return { handle: (call) => sandbox.handle({ ...call, body: Buffer.from(call.body).toString("utf8") }) };
}

/**
 * Serves a look-alike of `scanbox sandbox` on 127.0.0.1, WeChat Pay's where nothing is said. Its own server stays out of the way: it has no place to
 * stamp a call when it arrives.
 */
export async function startTlsBank(
  certificates: Certificates,
  {
    pace = 1,
    served = () => {},
    sandbox = wechatServed(pace),
  }: {
    readonly pace?: number;
    readonly served?: (call: Served) => void;
    readonly sandbox?: Handled;
  } = {},
): Promise<TlsBank> {
  let connections = 0;
  const server = createServer(
    {
      cert: pem(certificates.sandbox.certFile),
      key: pem(certificates.sandbox.keyFile),
      ca: pem(certificates.authorityFile),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const arrivedAt = moment();
      const chunks: Uint8Array[] = [];
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      request.on("end", () => {
        const answer = (answeredAt: number): void =>
          served({ path: request.url ?? "", arrivedAt, answeredAt });
        reply(sandbox, request, response, Buffer.concat(chunks), answer);
      });
    },
  );
  server.on("secureConnection", () => {
    connections += 1;
  });
  // The real gateway closes idle connections after 8 s.
  server.keepAliveTimeout = 8_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `https://127.0.0.1:${portOf(server.address())}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function wechatServed(pace: number): Handled {
  return new Sandbox({
    merchants: [fixtureMerchant],
    entropy: { bytes: (count) => randomBytes(count) },
    pace,
    byAmount: true,
  });
}

function reply(
  sandbox: Handled,
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  answered: (at: number) => void,
): void {
  const { socket, method = "", url = "", headers } = request;
  const [path = "", query = ""] = url.split("?");
  const made = sandbox.handle({
    method,
    path,
    query,
    body,
    clientCertificate: socket instanceof TLSSocket && socket.authorized,
    host: headers.host ?? null,
    now: Date.now(),
  });
  if (made.kind === "drop") {
    socket.destroy();
    return;
  }
  const send = (): void => {
    response.writeHead(made.status, {
      "content-type": made.contentType,
      "content-length": made.body.byteLength,
    });
    response.end(made.body);
    answered(moment());
  };
  if (made.delayMs === 0) send();
  else setTimeout(send, made.delayMs);
}

function portOf(address: AddressInfo | string | null): number {
  return address !== null && typeof address === "object" ? address.port : 0;
}
