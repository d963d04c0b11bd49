import type { WallTime } from "./instant.ts";

const DAY_MS = 86_400_000;

/**
 * Writes a wall-clock moment as RFC 3339 in UTC with milliseconds, `2026-03-15T09:30:12.000Z`.
 * The core has no `Date`; the date is counted in years that begin in March, so that leap days come last.
 */
export function rfc3339(moment: WallTime): string {
  const days = Math.floor(moment / DAY_MS);
  const inDay = moment - days * DAY_MS;
  // Days since 0000-03-01; 146,097 days are 400 years.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = `${pad(Math.floor(inDay / 3_600_000), 2)}:${pad(Math.floor(inDay / 60_000) % 60, 2)}`;
  return `${date}T${time}:${pad(Math.floor(inDay / 1_000) % 60, 2)}.${pad(Math.floor(inDay) % 1_000, 3)}Z`;
}

function pad(value: number, width: number): string {
  const digits = String(value);
  return digits.length === width ? digits : digits.padStart(width, "0");
}
