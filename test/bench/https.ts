import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fixtureMerchant } from "../../src/providers/wechat-v2/sandbox/fixture-merchant.ts";
import { makeCertificates } from "../e2e/certificates.ts";
import type { Bench } from "./figure.ts";
import { contest, Worker } from "./https-rounds.ts";
import { type PayerSetup, payers } from "./payers.ts";
import { makeDirectory } from "./site.ts";

/** What the calls cost over HTTPS, beside the libraries that merchants use today, one call after the other. */
export const https: Bench = {
  name: "https",
  what: "requests a second, processor time and connections of charge, query and reverse, beside other libraries",
  measure: async (say) => {
    const directory = makeDirectory();
    const certificates = await makeCertificates(directory);
    const { certFile, keyFile } = certificates.merchant;
    const p12File = join(directory, "merchant.p12");
    execFileSync("openssl", [
      ...["pkcs12", "-export", "-in", certFile, "-inkey", keyFile, "-out", p12File],
      ...["-passout", `pass:${fixtureMerchant.merchantId}`],
    ]);
    const sandboxCertFile = certificates.sandbox.certFile;
    const sandbox = await Worker.start("https-bank.ts", ["wechat-v2", JSON.stringify(certificates)], {});
    const setup: PayerSetup = {
      origin: String(sandbox.greeting),
      sandboxCertFile,
      certFile,
      keyFile,
      p12File,
    };
    try {
      const [own, floor] = ["scanbox", "bare-socket"];
      return await contest(
        {
          ...{ name: "https", family: "wechat-v2", calls: ["charge", "query", "reverse"], own, floor },
          floorNote: "kernel, TLS, Node's streams and the bank alone",
          others: Object.keys(payers).filter((name) => name !== own && name !== floor),
          goals: { rate: 2, cpu: 3, calls: ["charge", "query"] },
          ...{ setup, sandboxCertFile },
        },
        sandbox,
        say,
      );
    } finally {
      await sandbox.end();
    }
  },
};
