/**
 * A look at a host on the network as a technician would take it: its addresses, its certificate, its clock. Nothing of
 * the merchant is sent, so the look goes on where the certificate is not trusted, and says whose it is.
 */
import { lookup } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect, type PeerCertificate, TLSSocket } from "node:tls";

/** The addresses of a name, or what the system said. */
export type NameLooked =
  | { readonly ok: true; readonly v4: readonly string[]; readonly v6: readonly string[]; readonly ms: number }
  | { readonly ok: false; readonly code: string; readonly ms: number };

/** Whom a TLS server says it is. */
export interface PeerSeen {
  /** Null where this machine trusts it, else why not, as OpenSSL or Node name it. */
  readonly distrust: string | null;
  readonly subject: string;
  readonly issuer: string;
  /** Both ends of its validity, in milliseconds since 1970; NaN where they cannot be read. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** What came of connecting. */
export type HostReached =
  | {
      readonly ok: true;
      readonly ms: number;
      /** Null without TLS. */
      readonly peer: PeerSeen | null;
      /** The host's clock minus ours, in milliseconds; null where it did not say. */
      readonly clockAheadMs: number | null;
    }
  | { readonly ok: false; readonly code: string; readonly ms: number };

/** Looks a name up as every connection of the box does; an address is its own. */
export async function lookUpName(name: string, withinMs: number): Promise<NameLooked> {
  const began = performance.now();
  const ms = (): number => Math.round(performance.now() - began);
  try {
    const found = await within(lookup(bare(name), { all: true }), withinMs);
    const of = (family: number): readonly string[] =>
      found.filter((one) => one.family === family).map(({ address }) => address);
    return { ok: true, v4: of(4), v6: of(6), ms: ms() };
  } catch (error) {
    return { ok: false, code: codeOf(error), ms: ms() };
  }
}

/** Connects to an origin and asks for its headers alone. `ca` as PEM, null for the authorities that Node knows. */
export async function reachOrigin(origin: string, ca: string | null, withinMs: number): Promise<HostReached> {
  const began = performance.now();
  return await new Promise((resolve) => {
    const ms = (): number => Math.round(performance.now() - began);
    const secure = origin.startsWith("https:");
    // As it was after the handshake: a socket that has closed knows its peer no more.
    let met: { readonly peer: PeerSeen | null; readonly ms: number } | null = null;
    const settle = (clockAheadMs: number | null): void => {
      clearTimeout(timer);
      if (met !== null) resolve({ ok: true, ...met, clockAheadMs });
      request.destroy();
    };
    const options = { method: "HEAD", agent: false, headers: { "user-agent": "scanbox doctor" } };
    const request = secure
      ? httpsRequest(origin, { ...options, rejectUnauthorized: false, ...(ca === null ? {} : { ca }) })
      : httpRequest(origin, options);
    const timer = setTimeout(() => fail("ETIMEDOUT"), withinMs);
    const fail = (code: string): void => {
      settle(null);
      resolve({ ok: false, code, ms: ms() });
    };
    request.on("socket", (socket: Socket) => {
      socket.once(secure ? "secureConnect" : "connect", () => {
        met = { peer: peerOf(socket), ms: ms() };
      });
    });
    request.on("response", ({ headers: { date } }) => {
      const said = date === undefined ? Number.NaN : Date.parse(date);
      settle(Number.isNaN(said) ? null : clockDifference(said, Date.now()));
    });
    request.on("error", (error) => fail(codeOf(error)));
    request.end();
  });
}

/** Makes a TLS connection and closes it, for a server that speaks something else than HTTP. */
export async function reachTls(
  host: string,
  port: number,
  secrets: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null },
  withinMs: number,
): Promise<HostReached> {
  const began = performance.now();
  return await new Promise((resolve) => {
    const ms = (): number => Math.round(performance.now() - began);
    const { ca, cert, key } = secrets;
    const name = bare(host);
    const socket = connect({
      host: name,
      port,
      rejectUnauthorized: false,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === null ? {} : { ca }),
      ...(cert === null || key === null ? {} : { cert, key }),
    });
    const timer = setTimeout(() => fail("ETIMEDOUT"), withinMs);
    const settle = (reached: HostReached): void => {
      clearTimeout(timer);
      resolve(reached);
      socket.destroy();
    };
    const fail = (code: string): void => settle({ ok: false, code, ms: ms() });
    socket.once("secureConnect", () =>
      settle({ ok: true, ms: ms(), peer: peerOf(socket), clockAheadMs: null }),
    );
    socket.on("error", (error) => fail(codeOf(error)));
  });
}

/** A Date header counts whole seconds, so up to one second is no difference. */
function clockDifference(said: number, now: number): number {
  const behind = now - said;
  if (behind >= 0 && behind < 1_000) return 0;
  return behind < 0 ? -behind : 1_000 - behind;
}

function peerOf(socket: Socket): PeerSeen | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { subject, issuer, valid_from, valid_to } = socket.getPeerCertificate();
  // Node types it as an error; it is a code, or an error where the name does not fit.
  const distrust: unknown = socket.authorizationError;
  return {
    distrust: socket.authorized ? null : typeof distrust === "string" ? distrust : codeOf(distrust),
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    validFrom: Date.parse(valid_from),
    validTo: Date.parse(valid_to),
  };
}

function nameOf(name: PeerCertificate["subject"] | undefined): string {
  const said: string | readonly string[] | undefined = name?.O ?? name?.CN;
  if (said === undefined) return "nobody";
  return typeof said === "string" ? said : said.join(", ");
}

/** Addresses of version 6 stand in brackets in a URL and nowhere else. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
