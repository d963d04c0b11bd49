/** Words for what a look at a host brought, the same for the provider and for the broker. */
import { isIP } from "node:net";
import type { HostReached, NameLooked, PeerSeen } from "../../links/https/host-probe.ts";
import { type Finding, fault, ok, warning } from "./finding.ts";
import type { Sections } from "./sections.ts";

/** No network check takes longer, in milliseconds, unless the box itself waits longer for a connection. */
const NETWORK_WITHIN_MS = 5_000;

/** How long a network check may take: what the box would still wait for is no fault. */
export function networkWithinMs({ timing }: Sections): number {
  return Math.max(NETWORK_WITHIN_MS, timing?.connectTimeoutMs ?? 0);
}

/** A name takes longer only where a server is not asked but waited for. */
const SLOW_NAME_MS = 1_000;

/** Fewer days than this left to the certificate of somebody else is worth a line. */
const PEER_WARN_DAYS = 7;

const DAY_MS = 86_400_000;

/** Judges the look-up of a name; nothing is said of an address, which is none. */
export function judgeName(check: string, name: string, looked: NameLooked): readonly Finding[] {
  return isIP(name) === 0 ? [judgeLookUp(check, name, looked)] : [];
}

function judgeLookUp(check: string, name: string, looked: NameLooked): Finding {
  if (!looked.ok) {
    const found = `${name} has no address (${looked.code}, after ${looked.ms} ms).`;
    const remedy =
      "Is the cable in, is the Wi-Fi on? Look at the name server: resolvectl status, /etc/resolv.conf.";
    return fault(check, found, remedy, { name, code: looked.code, ms: looked.ms });
  }
  const { v4, v6, ms } = looked;
  const data = { name, v4, v6, ms };
  const found = `${name}: ${[...v4, ...v6].join(", ")} (${ms} ms).`;
  if (ms <= SLOW_NAME_MS) return ok(check, found, data);
  const remedy = "One of the name servers does not answer: take it out, or use others.";
  return warning(check, found, remedy, data);
}

/** Judges a connection at a moment, in milliseconds since 1970. */
export function judgeReached(check: string, where: string, reached: HostReached, now: number): Finding {
  if (!reached.ok) {
    const found = `${where} cannot be reached (${reached.code}, after ${reached.ms} ms).`;
    const remedy = "Does a firewall or a proxy stand between? The box connects directly, and to this port.";
    return fault(check, found, remedy, { where, code: reached.code, ms: reached.ms });
  }
  const { peer, ms } = reached;
  if (peer === null) return ok(check, `${where} answers (${ms} ms, without TLS).`, { where, ms });
  const daysLeft = Number.isNaN(peer.validTo) ? null : Math.floor((peer.validTo - now) / DAY_MS);
  const { subject, issuer, distrust } = peer;
  const data = { where, ms, subject, issuer, validTo: dayOf(peer.validTo), daysLeft };
  if (distrust !== null) {
    const found = `${where} shows a certificate of ${subject}, issued by ${issuer}, that is not trusted (${distrust}).`;
    return fault(check, found, distrustRemedy(peer, now), { ...data, distrust });
  }
  const left = daysLeft === null ? "" : `, ${daysText(daysLeft)} more`;
  const found = `${where}: TLS in ${ms} ms, certificate by ${issuer}${left}.`;
  if (daysLeft === null || daysLeft >= PEER_WARN_DAYS) return ok(check, found, data);
  const remedy = "Its owner renews it; where that is you, do so now.";
  return warning(check, found, remedy, data);
}

/** Why a machine is shown somebody else's certificate: its clock, or something that stands between. */
function distrustRemedy({ validFrom, validTo }: PeerSeen, now: number): string {
  if (now < validFrom) return "It is not valid yet by this clock: see the findings about the clock.";
  if (now > validTo)
    return "It has expired by this clock: see the findings about the clock, else tell its owner.";
  return (
    "Something stands between: a captive portal that wants a log-in, or a proxy that opens TLS. Let this box through, " +
    "or set the ca of this host where it is your own."
  );
}

/** A number of days in words. */
export function daysText(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

function dayOf(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().slice(0, 10);
}
