/** The text of a file, or what keeps it from being UTF-8: a sentence that begins with a verb. */
export type Utf8Read = { readonly text: string } | { readonly fault: string };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const whole = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads bytes as UTF-8. A byte order mark of UTF-8 stays in the text, where `readJson` passes over it; whatever else is
 * not UTF-8, such as GBK or UTF-16, would stand as garbage on a customer's bill and is refused.
 */
export function readUtf8(bytes: Uint8Array): Utf8Read {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { fault: "is UTF-16 and not UTF-8: save it as UTF-8." };
  try {
    return { text: strict.decode(bytes) };
  } catch {
    const line = goodBeginning(bytes).split("\n").length;
    return { fault: `is not UTF-8 in line ${line}, perhaps GBK: save it as UTF-8.` };
  }
}

/** What stands before the first byte that is wrong. */
function goodBeginning(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let end = 0;
  try {
    for (; end < bytes.length; end += 1) decoder.decode(bytes.subarray(end, end + 1), { stream: true });
  } catch {
    return whole.decode(bytes.subarray(0, end));
  }
  return whole.decode(bytes);
}
