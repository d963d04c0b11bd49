import { createPrivateKey, X509Certificate } from "node:crypto";
import type { WallTime } from "../../core/kernel/instant.ts";

/** What is wrong with a merchant's certificate. */
export type CertificateFault = "certificate-missing" | "certificate-mismatch" | "certificate-expired";

/**
 * Looks at the certificate that reversals need, both in PEM: null where it can be used at `wall`. `certificate-missing`
 * covers texts that hold no certificate or no readable key, `certificate-expired` both ends of the validity.
 */
export function inspectCertificate(cert: string, key: string, wall: WallTime): CertificateFault | null {
  let certificate: X509Certificate;
  let matches: boolean;
  try {
    certificate = new X509Certificate(cert);
    matches = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return "certificate-missing";
  }
  if (!matches) return "certificate-mismatch";
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return wall >= from && wall <= to ? null : "certificate-expired";
}

/** Why a client certificate and its key, both in PEM, cannot be used as a pair, or null; `name` is where they stand. */
export function pairProblem(name: string, cert: string, key: string): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return `${name}.cert: holds no certificate in PEM.`;
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return null;
  } catch {
    const encrypted = key.includes("ENCRYPTED");
    return `${name}.key: ${encrypted ? "is encrypted; the box has no passphrase for it." : "holds no private key in PEM."}`;
  }
  return `${name}.cert and ${name}.key do not belong together: install the two files of one download.`;
}
