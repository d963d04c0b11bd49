const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** Chinese providers write times of Beijing on any machine; moments here are milliseconds since 1970, UTC. */

/** Writes a moment as WeChat Pay v2 does: `yyyyMMddHHmmss`. */
export function beijingTime(moment: number): string {
  const there = new Date(moment + BEIJING_OFFSET_MS);
  const date = `${pad(there.getUTCFullYear(), 4)}${pad(there.getUTCMonth() + 1)}${pad(there.getUTCDate())}`;
  return `${date}${pad(there.getUTCHours())}${pad(there.getUTCMinutes())}${pad(there.getUTCSeconds())}`;
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}

/** Reads `yyyyMMddHHmmss` in Beijing as milliseconds since 1970; null where it names no moment. */
export function beijingMoment(text: string): number | null {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  if (year === undefined || month === undefined) return null;
  const moment = Date.UTC(year, month - 1, day, hour, minute, second) - BEIJING_OFFSET_MS;
  // A 31st of February reads as a day in March; what does not write back as it was is no moment.
  return beijingTime(moment) === text ? moment : null;
}

/** Writes a moment as Alipay does: `yyyy-MM-dd HH:mm:ss`. */
export function beijingText(moment: number): string {
  return new Date(moment + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** Reads `yyyy-MM-dd HH:mm:ss` in Beijing; null where it names no moment. */
export function beijingTextMoment(text: string): number | null {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? beijingMoment(text.replace(/[- :]/g, "")) : null;
}
