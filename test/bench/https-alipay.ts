import { makeCertificates } from "../e2e/certificates.ts";
import { alipayPayers } from "./alipay-payers.ts";
import type { Bench } from "./figure.ts";
import { contest, Worker } from "./https-rounds.ts";
import { makeDirectory } from "./site.ts";

/** What Alipay's calls cost over HTTPS beside Alipay's own library, where each request is signed with RSA. */
export const httpsAlipay: Bench = {
  name: "https-alipay",
  what: "the same of charge and query through Alipay, beside Alipay's own library",
  measure: async (say) => {
    const certificates = await makeCertificates(makeDirectory());
    const sandboxCertFile = certificates.sandbox.certFile;
    const sandbox = await Worker.start("https-bank.ts", ["alipay", JSON.stringify(certificates)], {});
    try {
      const [own, floor] = ["scanbox", "bare-socket"];
      return await contest(
        {
          ...{ name: "https-alipay", family: "alipay", calls: ["charge", "query"], own, floor },
          floorNote: "kernel, TLS, Node's streams, the RSA signature of the request and the sandbox alone",
          others: Object.keys(alipayPayers).filter((name) => name !== own && name !== floor),
          goals: { rate: 1, cpu: 1, calls: ["charge", "query"] },
          setup: { origin: String(sandbox.greeting), sandboxCertFile },
          sandboxCertFile,
        },
        sandbox,
        say,
      );
    } finally {
      await sandbox.end();
    }
  },
};
