import { invariant } from "../core/kernel/defect.ts";
import { after, type Instant } from "../core/kernel/instant.ts";

/** Hosts in the order in which they are to be tried; there is always one. */
export type Hosts = readonly [string, ...string[]];

/**
 * How long a host that failed stands behind the others, in milliseconds; then the preferred one has its turn again, as in
 * WeChat's own SDK (WXPayDomainSimpleImpl).
 */
export const HOST_REST_MS = 180_000;

/**
 * Remembers which hosts failed lately. All hosts keep one book of orders, so that what one of them does not answer another
 * one can: the next call goes there. Where all have failed, the one that did so longest ago is next.
 */
export class HostHealth {
  readonly #hosts: Hosts;
  readonly #failedAt = new Map<string, Instant>();

  /** Hosts in order of preference, one at least. */
  constructor(hosts: readonly string[]) {
    const [first, ...others] = hosts;
    invariant(first !== undefined, "a gateway has at least one host");
    this.#hosts = [first, ...others];
  }

  /** The hosts as they are to be tried at this moment. */
  inOrder(now: Instant): Hosts {
    if (this.#failedAt.size === 0) return this.#hosts;
    const [first, ...others] = this.#hosts;
    const sorted: [string, ...string[]] = [first, ...others];
    // The order of preference stands where nothing tells two hosts apart: sorting is stable.
    sorted.sort((a, b) => compare(this.#restSince(a, now), this.#restSince(b, now)));
    return sorted;
  }

  /** The host brought a document with a correct signature. */
  answered(host: string): void {
    this.#failedAt.delete(host);
  }

  /** The host could not be reached, or gave no answer that is worth anything. */
  failed(host: string, now: Instant): void {
    this.#failedAt.set(host, now);
  }

  /** When the failure was that the host rests for, minus infinity where it does not rest. */
  #restSince(host: string, now: Instant): number {
    const at = this.#failedAt.get(host);
    return at === undefined || now >= after(at, HOST_REST_MS) ? Number.NEGATIVE_INFINITY : at;
  }
}

/** Infinities have no difference. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
