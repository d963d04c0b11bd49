/** Why nothing new is charged through one provider now, the one that is furthest from service first. */
export const providerBlockers = [
  "account-gone",
  "unproved",
  "cannot-reverse",
  "clock-untrusted",
  "unclear",
  "unresolved",
] as const;

/** Why nothing new is charged through one provider now. */
export type ProviderBlocker = (typeof providerBlockers)[number];

/** Why a box takes no payment now. */
export type Blocker =
  | ProviderBlocker
  | "stopping"
  | "journal-broken"
  | "journal-damaged"
  | "disk-full"
  | "invariant-broken"
  | "misconfigured"
  | "no-scanner"
  | "no-keypad"
  | "no-relay"
  | "inhibited"
  | "paused";
