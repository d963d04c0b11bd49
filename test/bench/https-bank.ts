/** The look-alike in a process of its own, which tells how many connections it has seen. Started by the benches of HTTPS. */
import type { Certificates } from "../e2e/certificates.ts";
import { alipayServed, startTlsBank } from "./tls-bank.ts";

const [, , family, json = ""] = process.argv;
const certificates: Certificates = JSON.parse(json);
const sandbox = await startTlsBank(certificates, family === "alipay" ? { sandbox: alipayServed() } : {});
process.on("message", () => process.send?.(sandbox.connections()));
process.send?.(sandbox.origin);
