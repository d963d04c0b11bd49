/**
 * Reads an amount as Alipay writes it (`price`), a text of up to nine digits with none, one or two decimals, as fen; null where it is
 * anything else. No float ever holds one.
 */
export function fenOfYuan(yuan: string): number | null {
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(yuan);
  if (match === null) return null;
  const [, whole = "", part = ""] = match;
  return Number(whole) * 100 + Number(part.padEnd(2, "0"));
}
