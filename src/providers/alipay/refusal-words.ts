import type { Opened } from "./replies.ts";

/**
 * Alipay's own words about a refusal, for a technician, or null where nothing was refused: cut short, and without anything long
 * enough to be a payment code, a key or somebody's id.
 */
export function refusalWords({ members }: Opened): string | null {
  const code = members?.get("sub_code") ?? members?.get("code");
  if (members === null || code === undefined || code === "10000" || code === "10003") return null;
  const text = decoded(members.get("sub_msg") ?? members.get("msg") ?? "");
  const words = text.replace(/[A-Za-z0-9_-]{12,}/g, "…").slice(0, 128);
  return /^[A-Za-z_.-]{1,64}$|^\d{5}$/.test(code) ? `${code} ${words}` : words;
}

/** Alipay says UTF-8 and sometimes writes GBK; what it has escaped (`\u4ea4`) is text already. */
function decoded(bytes: string): string {
  if (/[^\0-\xff]/.test(bytes)) return bytes;
  const raw = Buffer.from(bytes, "latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(raw);
  } catch {
    return new TextDecoder("gbk").decode(raw);
  }
}
