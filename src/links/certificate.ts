import { createPrivateKey, X509Certificate } from "node:crypto";
import type { WallTime } from "../core/kernel/instant.ts";

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
