import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate and its key: PEM files. */
export interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Who appears in TLS: the sandbox, and merchants as the sandbox knows them or does not. */
export interface Certificates {
  readonly sandbox: Pair;
  readonly merchant: Pair;
  /** Signed by itself, not by whom the sandbox trusts. */
  readonly stranger: Pair;
  /** The merchant's, with its last day yesterday. */
  readonly expired: Pair;
  /** Whom the sandbox trusts. */
  readonly authorityFile: string;
}

const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes all certificates in `directory` with openssl. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const pair = (name: string): Pair => ({
    certFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  });
  const selfSigned = async (name: string, ...more: readonly string[]): Promise<Pair> => {
    const { certFile, keyFile } = pair(name);
    const files = ["-keyout", keyFile, "-out", certFile];
    await run("openssl", ["req", "-x509", ...curve, "-subj", `/CN=${name}`, "-days", "2", ...more, ...files]);
    return { certFile, keyFile };
  };
  const names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
  const [sandbox, stranger, authority] = await Promise.all([
    selfSigned("sandbox", "-addext", names),
    selfSigned("stranger"),
    selfSigned("authority"),
  ]);

  // "openssl x509" cannot put the last day into the past; "openssl ca" can.
  const index = join(directory, "index.txt");
  const settings = join(directory, "ca.cnf");
  const text = [
    "[ca]\ndefault_ca=own\n[own]",
    ...[`database=${index}`, `new_certs_dir=${directory}`, "rand_serial=yes", "unique_subject=no"],
    ...["default_md=sha256", "policy=any\n[any]\ncommonName=supplied\n"],
  ];
  await Promise.all([writeFile(index, ""), writeFile(settings, text.join("\n"))]);
  const signed = async (name: string, from: string, to: string): Promise<Pair> => {
    const { certFile, keyFile } = pair(name);
    const request = join(directory, `${name}.csr`);
    await run("openssl", [
      "req",
      "-new",
      ...curve,
      "-subj",
      `/CN=${name}`,
      "-keyout",
      keyFile,
      "-out",
      request,
    ]);
    await run("openssl", [
      ...["ca", "-batch", "-config", settings, "-cert", authority.certFile, "-keyfile", authority.keyFile],
      ...["-startdate", from, "-enddate", to, "-in", request, "-out", certFile, "-notext"],
    ]);
    return { certFile, keyFile };
  };
  const merchant = await signed("merchant", day(-1), day(2));
  const expired = await signed("expired", day(-3), day(-1));
  return { sandbox, merchant, stranger, expired, authorityFile: authority.certFile };
}

/** A moment so many days from now, as openssl writes it. */
function day(offset: number): string {
  const at = new Date(Date.now() + offset * 86_400_000).toISOString();
  return `${at.replace(/[-:T]/g, "").slice(0, 14)}Z`;
}

/** The text of a PEM file. */
export function pem(path: string): string {
  return readFileSync(path, "utf8");
}
