import type { ProbeAnswer, ProbeFailure } from "../../core/payment/answers.ts";
import { type HostReached, lookUpName, type NameLooked, reachOrigin } from "../../links/https/host-probe.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import { ApiKey } from "../../providers/wechat-v2/api-key.ts";
import { WechatV2 } from "../../providers/wechat-v2/provider.ts";
import type { Log, LogFields } from "../../runtime/ports.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { judgeName, judgeReached, networkWithinMs } from "./network.ts";
import type { Sections } from "./sections.ts";
import type { Area, Subject } from "./subject.ts";

/**
 * Each host of the provider: its name, its certificate, its clock, and whether it takes our signature. Nothing is charged: the
 * one signed request asks for an order that nobody made (money rule 4).
 */
export const providerArea: Area = {
  name: "provider",
  about: "each host of WeChat Pay: name, TLS, clock, and a signed question about no order",
  network: true,
  configured: true,
  examine: async (subject) => judgeProvider(await sandboxFacts(subject), Date.now()),
};

/** What came of one host. */
export interface ProviderHostFacts {
  /** Its origin. */
  readonly host: string;
  readonly name: NameLooked;
  readonly reached: HostReached;
  /** What the signed question brought; null where there is no key to sign it with. */
  readonly probe: ProbeAnswer | null;
  /** What the provider said in its own words, masked; null where it said nothing. */
  readonly says: string | null;
}

/** A clock that differs by more, in milliseconds, labels records wrongly; by more than a day, certificates fail. */
const skewMs = { warning: 30_000, fault: 86_400_000 };

/** Judges all hosts at a moment, in milliseconds since 1970; null where no merchant is known. */
export function judgeProvider(hosts: readonly ProviderHostFacts[] | null, now: number): readonly Finding[] {
  if (hosts === null)
    return [note("provider.probe", "The provider was not asked: the merchant cannot be read.")];
  const works = hosts.some(({ probe }) => probe?.kind === "passed");
  return hosts.flatMap((facts) =>
    judgeHost(facts, now).map((finding) => (works ? asSpare(finding) : finding)),
  );
}

/** While one host takes payments, a fault of another one can wait. */
function asSpare(finding: Finding): Finding {
  if (finding.level !== "fault" || finding.check === "provider.clock") return finding;
  return { ...finding, level: "warning" };
}

function judgeHost(facts: ProviderHostFacts, now: number): readonly Finding[] {
  const { host, name, reached } = facts;
  const hostName = new URL(host).hostname.replace(/^\[(.*)\]$/, "$1");
  const looked = judgeName("provider.name", hostName, name);
  // What needs a name fails without one: one cause, one finding.
  if (!name.ok) return looked;
  const answered = judgeReached("provider.tls", host, reached, now);
  const connected = reached.ok ? clock(host, reached.clockAheadMs) : [];
  if (!reached.ok && facts.probe?.kind !== "passed") return [...looked, answered];
  return [...looked, answered, ...connected, probe(facts)];
}

function clock(host: string, aheadMs: number | null): readonly Finding[] {
  if (aheadMs === null) return [];
  const off = Math.abs(aheadMs);
  const seconds = Math.round(off / 1_000);
  const data = { host, aheadMs: Math.round(aheadMs) };
  if (off <= skewMs.warning) return [ok("provider.clock", `The clock agrees with that of ${host}.`, data)];
  const found = `This clock is ${seconds} s ${aheadMs > 0 ? "behind" : "ahead of"} that of ${host}.`;
  const remedy = "sudo timedatectl set-ntp true, and let UDP port 123 out.";
  return [
    off > skewMs.fault
      ? fault("provider.clock", found, remedy, data)
      : warning("provider.clock", found, remedy, data),
  ];
}

function probe({ host, probe: answer, says }: ProviderHostFacts): Finding {
  const check = "provider.probe";
  if (answer === null) return note(check, `${host} was not asked: the API key cannot be read.`);
  const data = { host, says };
  if (answer.kind === "passed") {
    return ok(check, `${host} knows the merchant and the key: it answered a signed question.`, data);
  }
  const words = says === null ? "" : ` (${says})`;
  return fault(check, `${host} ${failures[answer.why].found}${words}.`, failures[answer.why].remedy, {
    ...data,
    why: answer.why,
  });
}

const failures: Readonly<Record<ProbeFailure, { readonly found: string; readonly remedy: string }>> = {
  "no-network": {
    found: "could not be asked",
    remedy: "See the findings about its name and its certificate.",
  },
  "no-trust": {
    found: "is not who it says it is",
    remedy: "See the finding about its certificate.",
  },
  "no-answer": {
    found: "gave no answer that proves anything",
    remedy: "Try again; where it stays so, something between changes the answers, such as a captive portal.",
  },
  "api-key": {
    found: "does not take our signature, or its own does not fit our key",
    remedy:
      "Compare merchant.apiKey (v2), merchant.merchantId and merchant.signType with the merchant platform.",
  },
  account: {
    found: "does not know this merchant",
    remedy:
      "Compare appId, merchantId and, for a service provider, the sub-merchant with the merchant platform.",
  },
  request: {
    found: "does not take what this box sends: a value is wrong or missing",
    remedy:
      "Check the sub-merchant, merchant.clientIp and the other settings that requests carry; its words name the one.",
  },
  // The box looks at its certificate itself, and so does doctor; the provider is not asked about it.
  "certificate-missing": { found: "was not asked", remedy: "See the findings about the certificate." },
  "certificate-mismatch": { found: "was not asked", remedy: "See the findings about the certificate." },
  "certificate-expired": { found: "was not asked", remedy: "See the findings about the certificate." },
};

async function sandboxFacts(subject: Subject): Promise<readonly ProviderHostFacts[] | null> {
  const { merchant } = subject.sections;
  if (merchant === undefined) return null;
  const ca = subject.secret("merchant.ca");
  const withinMs = networkWithinMs(subject.sections);
  return await Promise.all(
    merchant.hosts.map(async (host) => {
      const name = await lookUpName(new URL(host).hostname, withinMs);
      // What needs the name would look it up again, and keep the process waiting for each time.
      if (!name.ok) return { host, name, reached: name, probe: null, says: null };
      const [reached, asked] = await Promise.all([reachOrigin(host, ca, withinMs), ask(host, subject, ca)]);
      return { host, name, reached, ...asked };
    }),
  );
}

type Asked = Pick<ProviderHostFacts, "probe" | "says">;

/** Asks one host as the box does, with the box's own code. */
async function ask(host: string, subject: Subject, ca: string | null): Promise<Asked> {
  const settings = gatewaySettings(host, subject);
  if (settings === null) return { probe: null, says: null };
  const { connectTimeoutMs } = settings;
  const link = new UndiciHttpsLink({ connectTimeoutMs, ca, certificate: null });
  const log = new LastWords();
  const gateway = new WechatV2({
    id: "doctor",
    settings,
    link,
    entropy: new SystemEntropy(),
    clock: new SystemClock(),
    log,
  });
  // Closing the link ends what is under way, which then is the outcome.
  const timer = setTimeout(() => link.close(() => undefined), connectTimeoutMs);
  const probe = await new Promise<ProbeAnswer>((resolve) => {
    gateway.probe(resolve);
  });
  clearTimeout(timer);
  link.close(() => undefined);
  return { probe, says: log.says };
}

function gatewaySettings(host: string, subject: Subject): GatewayOptions | null {
  const { merchant, box }: Sections = subject.sections;
  const apiKey = subject.secret("merchant.apiKey");
  if (merchant === undefined || apiKey === null) return null;
  const { appId, merchantId, subAppId, subMerchantId, signType } = merchant;
  return {
    merchant: { appId, merchantId, subAppId, subMerchantId },
    apiKey: new ApiKey(apiKey),
    signType,
    hosts: [host],
    boxId: box?.id ?? "doctor",
    body: "doctor",
    clientIp: null,
    notifyUrl: null,
    sceneInfo: null,
    connectTimeoutMs: networkWithinMs(subject.sections),
    answerTimeoutMs: networkWithinMs(subject.sections),
  };
}

type GatewayOptions = ConstructorParameters<typeof WechatV2>[0]["settings"];

/** Keeps the provider's own words, which the gateway masks for its log. */
class LastWords implements Log {
  says: string | null = null;

  debug(): void {}

  info(_event: string, fields: LogFields = {}): void {
    this.#hear(fields);
  }

  warn(_event: string, fields: LogFields = {}): void {
    this.#hear(fields);
  }

  error(): void {}

  #hear({ says }: LogFields): void {
    if (typeof says === "string") this.says = says;
  }
}
