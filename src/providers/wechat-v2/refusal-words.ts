import type { Opened } from "./replies.ts";

/**
 * WeChat's own words about a refusal, for a technician, or null where nothing was refused: cut short, and without anything
 * long enough to be a payment code, a key or somebody's id.
 */
export function refusalWords({ fields }: Opened): string | null {
  if (fields === null || (fields.get("result_code") === "SUCCESS" && fields.get("return_code") === "SUCCESS"))
    return null;
  const code = fields.get("err_code") ?? fields.get("return_code") ?? "";
  const text = fields.get("err_code_des") ?? fields.get("return_msg") ?? "";
  const words = text.replace(/[A-Za-z0-9_-]{12,}/g, "…").slice(0, 128);
  return /^[A-Z_]{1,32}$/.test(code) ? `${code} ${words}` : words;
}
