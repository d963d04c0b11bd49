import { existsSync } from "node:fs";
import { loadKernelProbe } from "../../links/gpio/kernel-probe.ts";
import { SystemClock } from "../../links/machine/system-clock.ts";
import { isLoopbackOnly } from "../../settings/fields.ts";
import { type Finding, fault, note, ok, warning } from "./finding.ts";
import type { Area, Subject } from "./subject.ts";

/** This machine's clock by itself; the provider's clock is compared with it where the provider is asked. */
export const clockArea: Area = {
  name: "clock",
  about: "the clock: plausible, synchronised, kept without power",
  network: false,
  configured: false,
  examine: async (subject) => judgeClock(await clockFacts(), signersOf(subject)),
};

/**
 * Accounts whose requests carry the time, so that nothing is charged through them while the clock is not believed (E25); a sandbox
 * on this machine has the same clock.
 */
function signersOf({ entries }: Subject): readonly string[] {
  return entries
    .filter(({ entry, kind }) => entry.charges && kind.doctor.needsClock && !isLoopbackOnly(entry.hosts))
    .map(({ entry }) => entry.id);
}

/** What the machine says of its clock. */
export interface ClockFacts {
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** Whether the box would believe it. */
  readonly believed: boolean;
  /** Whether systemd-timesyncd has synchronised it; null where that does not run. */
  readonly timesynced: boolean | null;
  /** Whether something keeps it right, as the kernel was told; null where it cannot be asked. */
  readonly kept: boolean | null;
  /** Whether there is a clock that runs without power. */
  readonly battery: boolean;
}

/** The program is newer than any moment before the first, and hardly in use after the second. */
const plausibleYears = { first: 2026, last: 2060 };

const SYNC_REMEDY =
  "sudo timedatectl set-ntp true, and let UDP port 123 out; it labels records and decides nothing.";

const SIGNED_REMEDY = "sudo timedatectl set-ntp true, and let UDP port 123 out.";

/** Judges a clock; `signers` are the ids of the accounts that sign with it. */
export function judgeClock(facts: ClockFacts, signers: readonly string[]): readonly Finding[] {
  return [year(facts), synchronised(facts), ...signed(facts, signers), battery(facts)];
}

function signed({ believed }: ClockFacts, signers: readonly string[]): readonly Finding[] {
  if (signers.length === 0) return [];
  const names = signers.join(", ");
  if (believed) return [ok("clock.signed", `Requests of ${names} carry a time that the box believes.`)];
  const found = `Requests of ${names} carry the time, and the box does not believe its clock: nothing is charged there (E25).`;
  return [fault("clock.signed", found, SIGNED_REMEDY)];
}

function year({ wall }: ClockFacts): Finding {
  const data = { wall: new Date(wall).toISOString() };
  const now = new Date(wall).getUTCFullYear();
  if (now >= plausibleYears.first && now <= plausibleYears.last) {
    return ok("clock.year", `The clock says ${data.wall}.`, data);
  }
  const found = `The clock says ${data.wall}, which cannot be: no certificate is valid then.`;
  return fault("clock.year", found, SYNC_REMEDY, data);
}

function synchronised({ believed, timesynced, kept }: ClockFacts): Finding {
  const data = { believed, timesynced, kept };
  if (timesynced === true || kept === true) {
    const by = timesynced === true ? "systemd-timesyncd" : "a time service";
    return ok("clock.synchronised", `The clock is kept right by ${by}.`, data);
  }
  if (timesynced === false) {
    return warning(
      "clock.synchronised",
      "systemd-timesyncd has not reached a server yet.",
      SYNC_REMEDY,
      data,
    );
  }
  if (kept === false)
    return warning("clock.synchronised", "Nothing keeps the clock right.", SYNC_REMEDY, data);
  return note(
    "clock.synchronised",
    "Whether something keeps the clock right cannot be told here.",
    null,
    data,
  );
}

function battery({ battery: has }: ClockFacts): Finding {
  return has
    ? ok("clock.battery", "There is a clock that goes on without power.")
    : note(
        "clock.battery",
        "There is no clock with a battery: after each start the time comes from the network.",
      );
}

async function clockFacts(): Promise<ClockFacts> {
  const clock = new SystemClock();
  const timesync = "/run/systemd/timesync";
  return {
    wall: clock.wall(),
    believed: clock.trusted(),
    timesynced: existsSync(timesync) ? existsSync(`${timesync}/synchronized`) : null,
    kept: (await loadKernelProbe())?.clockIsKept() ?? null,
    battery: existsSync("/dev/rtc0"),
  };
}
