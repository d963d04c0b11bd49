/** The numbers by which Alipay names certificates (certificate mode): a digest of who issued one, and of its serial number. */
import { hash, X509Certificate } from "node:crypto";

/** Signature algorithms of PKCS #1 begin so. */
const RSA_SIGNED = "1.2.840.113549.1.1.";

/** `app_cert_sn` and `alipay_cert_sn`: 32 hex digits. */
export function certSerialOf(certificate: X509Certificate): string {
  const issuer = certificate.issuer.split("\n").reverse().join(",");
  return hash("md5", `${issuer}${BigInt(`0x${certificate.serialNumber}`)}`, "hex");
}

/**
 * `alipay_root_cert_sn`: the numbers of every certificate of the file that is signed by RSA, in its order, joined with `_`; empty
 * where there is none.
 */
export function rootSerialOf(pem: string): string {
  return certificatesIn(pem)
    .filter(({ signatureAlgorithmOid }) => signatureAlgorithmOid?.startsWith(RSA_SIGNED))
    .map(certSerialOf)
    .join("_");
}

/** All certificates of a PEM text. What cannot be read is left out: the file of roots has some of algorithms that few know. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}
