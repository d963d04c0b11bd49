/** The look-alike in a process of its own, which tells how many connections it has seen. Started by `https.ts`. */
import type { Certificates } from "../e2e/certificates.ts";
import { startTlsBank } from "./tls-bank.ts";

const certificates: Certificates = JSON.parse(process.argv[2] ?? "");
const sandbox = await startTlsBank(certificates);
process.on("message", () => process.send?.(sandbox.connections()));
process.send?.(sandbox.origin);
