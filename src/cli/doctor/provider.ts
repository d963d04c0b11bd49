import { deviceConfigSchema } from "../../config/schema.ts";
import type { ProbeAnswer, ProbeFailure } from "../../core/payment/answers.ts";
import { type HostReached, lookUpName, type NameLooked, reachOrigin } from "../../links/https/host-probe.ts";
import { UndiciHttpsLink } from "../../links/https/undici-https.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { SystemEntropy } from "../../links/machine/system-entropy.ts";
import type { EntryParts } from "../../providers/kind.ts";
import type { Log, LogFields } from "../../runtime/ports.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import { judgeName, judgeReached, networkWithinMs } from "./network.ts";
import type { Area, PlacedEntry, Subject } from "./subject.ts";

/**
 * Each host of each account that is charged: its name, its certificate, its clock, and whether it takes our signature. Nothing is charged: the
 * one signed request asks for an order that nobody made (money rule 4).
 */
export const providerArea: Area = {
  name: "provider",
  about: "each host of each account: name, TLS, clock, and a signed question about no order",
  network: true,
  configured: true,
  examine: async (subject) => judgeProvider(await accountFacts(subject), Date.now()),
};

/** What came of the hosts of one account. */
export interface AccountFacts {
  /** What to do where a host refuses, by what it refuses. */
  readonly remedies: ReturnType<PlacedEntry["kind"]["doctor"]["remedies"]>;
  readonly hosts: readonly ProviderHostFacts[];
}

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

/** Judges all hosts at a moment, in milliseconds since 1970; no accounts where none that is charged can be read. */
export function judgeProvider(accounts: readonly AccountFacts[], now: number): readonly Finding[] {
  if (accounts.length === 0)
    return [note("provider.probe", "No provider was asked: no account that is charged can be read.")];
  return accounts.flatMap(({ hosts, remedies }) => {
    const works = hosts.some(({ probe }) => probe?.kind === "passed");
    return hosts.flatMap((facts) =>
      judgeHost(facts, remedies, now).map((finding) => (works ? asSpare(finding) : finding)),
    );
  });
}

/** While one host takes payments, a fault of another one can wait. */
function asSpare(finding: Finding): Finding {
  if (finding.level !== "fault" || finding.check === "provider.clock") return finding;
  return { ...finding, level: "warning" };
}

function judgeHost(facts: ProviderHostFacts, remedies: Remedies, now: number): readonly Finding[] {
  const { host, name, reached } = facts;
  const hostName = new URL(host).hostname.replace(/^\[(.*)\]$/, "$1");
  const looked = judgeName("provider.name", hostName, name);
  // What needs a name fails without one: one cause, one finding.
  if (!name.ok) return looked;
  const answered = judgeReached("provider.tls", host, reached, now);
  const connected = reached.ok ? clock(host, reached.clockAheadMs) : [];
  if (!reached.ok && facts.probe?.kind !== "passed") return [...looked, answered];
  return [...looked, answered, ...connected, probe(facts, remedies)];
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

function probe({ host, probe: answer, says }: ProviderHostFacts, remedies: Remedies): Finding {
  const check = "provider.probe";
  if (answer === null) return note(check, `${host} was not asked: the API key cannot be read.`);
  const data = { host, says };
  if (answer.kind === "passed") {
    return ok(check, `${host} knows the account and the key: it answered a signed question.`, data);
  }
  const { why } = answer;
  const words = says === null ? "" : ` (${says})`;
  return fault(check, `${host} ${refusals[why]}${words}.`, { ...usualRemedies, ...remedies }[why], {
    ...data,
    why,
  });
}

type Remedies = AccountFacts["remedies"];

const refusals: Readonly<Record<ProbeFailure, string>> = {
  "no-network": "could not be asked",
  "no-trust": "is not who it says it is",
  "no-answer": "gave no answer that proves anything",
  "api-key": "does not take our signature, or its own does not fit our key",
  account: "does not know this account",
  request: "does not take what this box sends: a value is wrong or missing",
  "certificate-missing": "was not asked",
  "certificate-mismatch": "was not asked",
  "certificate-expired": "was not asked",
  clock: "says that the time of this machine is wrong",
};

/** What to do about the rest each kind of provider says in its own words. */
const usualRemedies: Readonly<Record<Exclude<ProbeFailure, keyof Remedies>, string>> = {
  "no-network": "See the findings about its name and its certificate.",
  "no-trust": "See the finding about its certificate.",
  "no-answer":
    "Try again; where it stays so, something between changes the answers, such as a captive portal.",
  // The box looks at its certificate itself, and so does doctor; the provider is not asked about it.
  "certificate-missing": "See the findings about the certificate.",
  "certificate-mismatch": "See the findings about the certificate.",
  "certificate-expired": "See the findings about the certificate.",
  clock: "Set the clock, and let something keep it right: see the findings about the clock.",
};

async function accountFacts(subject: Subject): Promise<readonly AccountFacts[]> {
  const charged = subject.entries.filter(({ entry }) => entry.charges);
  return await Promise.all(
    charged.map(async (placed) => ({
      remedies: placed.kind.doctor.remedies(placed.where),
      hosts: await Promise.all(placed.entry.hosts.map((host) => hostFacts(host, placed, subject))),
    })),
  );
}

async function hostFacts(host: string, placed: PlacedEntry, subject: Subject): Promise<ProviderHostFacts> {
  const ca = subject.secret(`${placed.where}.ca`);
  const withinMs = networkWithinMs(subject.sections);
  const name = await lookUpName(new URL(host).hostname, withinMs);
  // What needs the name would look it up again, and keep the process waiting for each time.
  if (!name.ok) return { host, name, reached: name, probe: null, says: null };
  const [reached, asked] = await Promise.all([
    reachOrigin(host, ca, withinMs),
    ask(host, placed, subject, withinMs),
  ]);
  return { host, name, reached, ...asked };
}

type Asked = Pick<ProviderHostFacts, "probe" | "says">;

/** Asks one host as the box does, with the box's own code. */
async function ask(
  host: string,
  { where, entry, kind }: PlacedEntry,
  subject: Subject,
  withinMs: number,
): Promise<Asked> {
  const secretOf = (key: string): string | null => subject.secret(`${where}.${key}`);
  if (kind.secrets(entry).some(({ key, vital }) => vital && secretOf(key) === null))
    return { probe: null, says: null };
  const { box, timing = deviceConfigSchema.shape.timing.parse({}) } = subject.sections;
  const parts: EntryParts = {
    boxId: box?.id ?? "doctor",
    store: "doctor",
    timing: { ...timing, connectTimeoutMs: withinMs, answerTimeoutMs: withinMs },
    secret: (key) => secretOf(key) ?? "",
    https: (settings) => new UndiciHttpsLink({ ...settings, certificate: null }),
    // It has findings of its own.
    pairFault: () => null,
  };
  const log = new LastWords();
  const means = { entropy: new SystemEntropy(), clock: new SystemClock(), log };
  const provider = kind.make({ ...entry, hosts: [host] }, parts)(means);
  // Closing the link ends what is under way, which then is the outcome.
  const timer = setTimeout(() => provider.close(() => undefined), withinMs);
  const probe = await new Promise<ProbeAnswer>((resolve) => {
    provider.probe(resolve);
  });
  clearTimeout(timer);
  provider.close(() => undefined);
  return { probe, says: log.says };
}

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
