import { unreachable } from "../../../core/kernel/defect.ts";
import type { ReplyField } from "./reply.ts";
import type { Treatment } from "./scenarios.ts";

const encoder = new TextEncoder();

/** Gives one field of a reply the first of the lie's values that is not the truth. */
export function liar(lie: Treatment & { readonly kind: "alter" }): (field: ReplyField) => ReplyField {
  return ([name, value]) => {
    if (name !== lie.field) return [name, value];
    const other = lie.values.find((one) => one !== String(value)) ?? String(value);
    return [name, typeof value === "number" ? Number(other) : other];
  };
}

/** Breaks a reply on its way, as the name of the breakage says; a huge one grows by `hugeBytes`. */
export function garbled(
  text: string,
  how: "doctype" | "twice" | "not-utf8" | "huge",
  hugeBytes: number,
): Uint8Array {
  switch (how) {
    case "doctype":
      return encoder.encode(
        `<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>${text}`,
      );
    case "twice":
      return encoder.encode(text.replace("</xml>", "<result_code><![CDATA[SUCCESS]]></result_code>\n</xml>"));
    case "not-utf8": {
      // 0xFF occurs nowhere in UTF-8.
      const bytes = encoder.encode(text.replace("</xml>", "<note>?</note>\n</xml>"));
      bytes[bytes.lastIndexOf(0x3f)] = 0xff;
      return bytes;
    }
    case "huge":
      return encoder.encode(text.replace("</xml>", `<note>${"x".repeat(hugeBytes)}</note>\n</xml>`));
    default:
      return unreachable(how);
  }
}
