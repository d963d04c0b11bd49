import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Defect } from "../../../src/core/kernel/defect.ts";
import { defaultXmlLimits, parseXml, writeXml } from "../../../src/providers/wechat-v2/xml.ts";
import { fixtureNames, fixtureText } from "./fixtures.ts";

function read(text: string): string | [string, string][] {
  const document = parseXml(Buffer.from(text));
  return document.ok ? [...document.value] : document.reason;
}

/** Accepted documents and what they hold. */
const accepted: readonly (readonly [about: string, text: string, fields: [string, string][]])[] = [
  ["no fields", "<xml></xml>", []],
  ["a text", "<xml><a>1</a></xml>", [["a", "1"]]],
  ["a text in CDATA", "<xml><a><![CDATA[<b>&amp;]]></a></xml>", [["a", "<b>&amp;"]]],
  ["CDATA around the end of CDATA", "<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a></xml>", [["a", "x]]>y"]]],
  ["CDATA beside text", "<xml><a>1<![CDATA[2]]>3</a></xml>", [["a", "123"]]],
  ["brackets in CDATA", "<xml><a><![CDATA[a]]b]]]></a></xml>", [["a", "a]]b]"]]],
  [
    "empty elements",
    "<xml><a/><b></b><c /><d><![CDATA[]]></d></xml>",
    [
      ["a", ""],
      ["b", ""],
      ["c", ""],
      ["d", ""],
    ],
  ],
  ["the five entities", "<xml><a>&lt;&gt;&amp;&quot;&apos;</a></xml>", [["a", "<>&\"'"]]],
  ["numeric references", "<xml><a>&#65;&#x1F600;&#13;</a></xml>", [["a", "A😀\r"]]],
  ["a reference decoded once", "<xml><a>&amp;lt;&#38;gt;</a></xml>", [["a", "&lt;&gt;"]]],
  [
    "numbers as they are written",
    "<xml><a>0010</a><b>1e5</b><c>0.10</c></xml>",
    [
      ["a", "0010"],
      ["b", "1e5"],
      ["c", "0.10"],
    ],
  ],
  ["eighteen digits", "<xml><a>134567890123456789</a></xml>", [["a", "134567890123456789"]]],
  [
    "words of JavaScript",
    "<xml><a>true</a><b>null</b></xml>",
    [
      ["a", "true"],
      ["b", "null"],
    ],
  ],
  [
    "blanks in values",
    "<xml><a> 1 </a><b>\t\n</b></xml>",
    [
      ["a", " 1 "],
      ["b", "\t\n"],
    ],
  ],
  ["line ends as LF", "<xml><a>1\r\n2\r3</a></xml>", [["a", "1\n2\n3"]]],
  [
    "blanks between elements",
    "\r\n<xml>\n  <a>1</a>\t\n <b>2</b>\n</xml>\n",
    [
      ["a", "1"],
      ["b", "2"],
    ],
  ],
  ["blanks in tags", "<xml ><a >1</a ></xml >", [["a", "1"]]],
  ["a declaration", '<?xml version="1.0" encoding="UTF-8"?>\n<xml><a>1</a></xml>', [["a", "1"]]],
  ["one byte-order mark", "\ufeff<xml><a>1</a></xml>", [["a", "1"]]],
  [
    "names of methods",
    "<xml><hasOwnProperty>1</hasOwnProperty><toString>2</toString></xml>",
    [
      ["hasOwnProperty", "1"],
      ["toString", "2"],
    ],
  ],
  ["numbered names", "<xml><coupon_fee_0>1</coupon_fee_0></xml>", [["coupon_fee_0", "1"]]],
  ["JSON", '<xml><a>{"b":["c",1]}</a></xml>', [["a", '{"b":["c",1]}']]],
];

for (const [about, text, fields] of accepted) {
  test(`XML is read: ${about}`, () => {
    assert.deepEqual(read(text), fields);
  });
}

/** Refused documents and why. */
const refused: readonly (readonly [about: string, text: string, reason: string])[] = [
  ["nothing", "", "malformed"],
  ["blanks", " \n", "malformed"],
  ["a type with an external entity", fixtureText("hostile-external-entity"), "doctype"],
  ["a type with growing entities", fixtureText("hostile-entity-expansion"), "doctype"],
  ["a type in small letters", "<!doctype html><html></html>", "doctype"],
  ["a type inside", "<xml><!DOCTYPE xml><a>1</a></xml>", "doctype"],
  ["an entity declaration", '<xml><!ENTITY a "b"></xml>', "doctype"],
  ["an unknown entity", "<xml><a>&x;</a></xml>", "malformed"],
  ["an entity of HTML", "<xml><a>&nbsp;</a></xml>", "malformed"],
  ["a bare ampersand", "<xml><a>1&2</a></xml>", "malformed"],
  ["a reference to NUL", "<xml><a>&#0;</a></xml>", "malformed"],
  ["a reference to half a character", "<xml><a>&#xD83D;</a></xml>", "malformed"],
  ["a reference beyond Unicode", "<xml><a>&#x110000;</a></xml>", "malformed"],
  ["a control character", "<xml><a>\u0000</a></xml>", "malformed"],
  ["HTML", "<html><head><title>404</title></head></html>", "wrong-root"],
  ["HTML with attributes", '<html lang="zh"><head></head></html>', "wrong-root"],
  ["JSON", '{"return_code":"SUCCESS"}', "malformed"],
  ["another case of the root", "<XML><a>1</a></XML>", "wrong-root"],
  ["an attribute", '<xml><a b="1">1</a></xml>', "malformed"],
  ["an attribute of the root", '<xml a="1"><a>1</a></xml>', "wrong-root"],
  ["a root in the root", "<xml><xml><a>1</a></xml></xml>", "nested"],
  ["a field called as the root", "<xml><xml>1</xml></xml>", "nested"],
  ["a field in a field", "<xml><a><b>1</b></a></xml>", "nested"],
  ["a field in a field after text", "<xml><a>1<b>1</b></a></xml>", "nested"],
  ["one field twice", "<xml><a>1</a><a>1</a></xml>", "duplicate"],
  ["one field twice, once empty", "<xml><a/><a>1</a></xml>", "duplicate"],
  ["two roots", "<xml><a>1</a></xml><xml><b>1</b></xml>", "malformed"],
  ["text before the root", "ok<xml><a>1</a></xml>", "malformed"],
  ["text after the root", "<xml><a>1</a></xml>ok", "malformed"],
  ["text between fields", "<xml><a>1</a>ok<b>1</b></xml>", "malformed"],
  ["CDATA between fields", "<xml><![CDATA[1]]><a>1</a></xml>", "malformed"],
  ["a comment", "<xml><!-- x --><a>1</a></xml>", "malformed"],
  ["a comment in a value", "<xml><a>12<!-- x -->80</a></xml>", "malformed"],
  ["an instruction", "<xml><?x y?><a>1</a></xml>", "malformed"],
  ["a second declaration", '<?xml version="1.0"?><?xml version="1.0"?><xml></xml>', "malformed"],
  ["tags that do not match", "<xml><a>1</b></xml>", "malformed"],
  ["tags that cross", "<xml><a>1</xml></a>", "malformed"],
  ["an open field", "<xml><a>1", "malformed"],
  ["an open root", "<xml><a>1</a>", "malformed"],
  ["open CDATA", "<xml><a><![CDATA[1</a></xml>", "malformed"],
  ["a prototype", "<xml><__proto__>1</__proto__></xml>", "malformed"],
  ["a constructor", "<xml><constructor>1</constructor></xml>", "malformed"],
  ["a namespace", "<xml><a:b>1</a:b></xml>", "malformed"],
  ["two byte-order marks", "\ufeff\ufeff<xml></xml>", "malformed"],
];

for (const [about, text, reason] of refused) {
  test(`XML is refused: ${about}`, () => {
    assert.equal(read(text), reason);
  });
}

test("bytes that are not UTF-8 are refused, a replacement character in their place never appears", () => {
  const gbk = Buffer.concat([Buffer.from("<xml><a>"), Buffer.from([0xce, 0xc4]), Buffer.from("</a></xml>")]);
  assert.deepEqual(parseXml(gbk), { ok: false, reason: "not-utf8" });
});

test("a document as large as the limit is read, and one byte more is refused before it is decoded", () => {
  const frame = "<xml><a></a></xml>".length;
  const text = (bytes: number) => Buffer.from(`<xml><a>${"x".repeat(bytes - frame)}</a></xml>`);
  assert.equal(parseXml(text(defaultXmlLimits.bytesMax)).ok, true);
  assert.deepEqual(parseXml(text(defaultXmlLimits.bytesMax + 1)), { ok: false, reason: "too-large" });
  assert.deepEqual(parseXml(Buffer.alloc(10_000_000, 0xff)), { ok: false, reason: "too-large" });
});

test("whatever the limit, a document of megabytes is refused before an expression runs out of stack", () => {
  const limits = { bytesMax: 8 << 20, fieldsMax: 10 };
  const brackets = (count: number) => Buffer.from(`<xml><a><![CDATA[${"]".repeat(count)}x]]></a></xml>`);
  assert.equal(parseXml(brackets(1_000_000), limits).ok, true);
  assert.deepEqual(parseXml(brackets(4_000_000), limits), { ok: false, reason: "too-large" });
});

test("a document with more fields than the limit is refused", () => {
  const text = "<xml><a>1</a><b>2</b></xml>";
  assert.equal(parseXml(Buffer.from(text), { bytesMax: 100, fieldsMax: 2 }).ok, true);
  assert.deepEqual(parseXml(Buffer.from(text), { bytesMax: 100, fieldsMax: 1 }), {
    ok: false,
    reason: "too-large",
  });
});

test("names of prototypes leave the prototypes alone", () => {
  read("<xml><__proto__><polluted>1</polluted></__proto__></xml>");
  read("<xml><constructor><prototype><polluted>1</polluted></prototype></constructor></xml>");
  assert.equal("polluted" in {}, false);
});

test("every document that is cut off is refused", () => {
  for (const name of fixtureNames("").filter((name) => !name.startsWith("hostile"))) {
    const bytes = Buffer.from(fixtureText(name).trimEnd());
    for (let length = 0; length < bytes.byteLength; length += 1) {
      assert.equal(parseXml(bytes.subarray(0, length)).ok, false, `${name} cut at ${length}`);
    }
  }
});

test("hostile lengths are answered at once", () => {
  const n = 9_000;
  const texts = [
    " ".repeat(65_000),
    `<xml>${" ".repeat(65_000)}`,
    `<xml><a>${"&lt;".repeat(n)}</xml>`,
    `<xml><a>${"<![CDATA[]]>".repeat(5_000)}</xml>`,
    `<xml><a>${"<![CDATA[".repeat(7_000)}</xml>`,
    `<xml><a>${"]]".repeat(n)}`,
    `<xml>${"<a>".repeat(n)}</xml>`,
    "<?xml ".repeat(n),
  ];
  const reasons = texts.map(read);
  assert.deepEqual(new Set(reasons), new Set(["malformed", "nested"]));
});

test("parsing never throws, whatever the bytes are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(parseXml(bytes).ok, false);
    }),
  );
});

test("parsing never throws on pieces of markup, and what it accepts it reads the same when written again", () => {
  const piece = fc.constantFrom(
    "<xml>",
    "</xml>",
    "<a>",
    "</a>",
    "<b>",
    "</b>",
    "<c/>",
    "<![CDATA[",
    "]]>",
    "]",
    "&lt;",
    "&",
    ";",
    "&#65;",
    "<!--",
    "-->",
    "<?xml ?>",
    " ",
    "\n",
    "1",
    "<",
    ">",
    "/",
    '"',
    "<constructor>",
    "</constructor>",
    "<__proto__>",
    "中",
    "\ufeff",
  );
  let seen = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, framed) => {
      const text = framed ? `<xml>${pieces.join("")}</xml>` : pieces.join("");
      const document = parseXml(Buffer.from(text));
      if (!document.ok) return;
      seen += 1;
      assert.deepEqual(read(writeXml(document.value)), [...document.value]);
    }),
    { numRuns: 3_000 },
  );
  assert.ok(seen > 50, `only ${seen} documents of the sample were accepted`);
});

const fieldName = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
  .filter((name) => !["xml", "constructor", "prototype"].includes(name));
const fieldValue = fc
  .string({ unit: "binary", maxLength: 40 })
  .filter((value) => !/[[\p{Cc}--[\t\n\r\x7f-\x9f]]\ufffe\uffff]/v.test(value));

test("what is written is read back equal", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 20 }), (entries) => {
      const fields = new Map(entries);
      assert.deepEqual(read(writeXml(fields)), [...fields]);
    }),
  );
});

test("one document in any of its spellings is read as the same fields", () => {
  const spelling = fc.constantFrom("text", "cdata", "numbers");
  fc.assert(
    fc.property(fc.array(fc.tuple(fieldName, fieldValue, spelling), { maxLength: 10 }), (entries) => {
      const unique = [...new Map(entries.map((entry) => [entry[0], entry])).values()];
      const text = unique
        .map(([name, value, how]) => `  <${name}>${spelled(value, how)}</${name}>\r\n`)
        .join("");
      assert.deepEqual(
        read(`<?xml version="1.0"?>\n<xml>\n${text}</xml>\n`),
        unique.map(([name, value, how]) => [name, how === "cdata" ? value.replace(/\r\n?/g, "\n") : value]),
      );
    }),
  );
});

test("a document that needs no decoding is read as it is beside an element that does", () => {
  const piece = fc.constantFrom(
    "1",
    "SUCCESS",
    "支付成功",
    " ",
    "\n",
    "\t",
    "]",
    "]]",
    "\r",
    ">",
    "/",
    "&#65;",
    "<a>",
  );
  const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
  const spelling = fc.constantFrom("bare", "cdata", "blank", "closed");
  const name = fc.constantFrom("a", "b", "xml", "constructor", "a.b-c_1", "1a");
  let quick = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value, spelling), { maxLength: 4 }), (elements) => {
      const inner = elements.map(([field, text, how]) => written(field, text, how)).join("\n");
      const alone = read(`<xml>\n${inner}\n</xml>\n`);
      const beside = read(`<xml>\n${inner}<zz>&amp;</zz></xml>`);
      if (typeof alone === "string") assert.equal(beside, alone);
      else assert.deepEqual(beside, [...alone, ["zz", "&"]]);
      if (typeof alone !== "string" && alone.length > 1) quick += 1;
    }),
    { numRuns: 3_000 },
  );
  assert.ok(quick > 50, `only ${quick} documents of the sample were accepted`);
});

function written(name: string, text: string, how: string): string {
  if (how === "closed") return `<${name}/>`;
  if (how === "blank") return `<${name} >${text}</${name}>`;
  return `<${name}>${how === "cdata" ? `<![CDATA[${text}]]>` : text}</${name}>`;
}

function spelled(value: string, how: string): string {
  if (how === "cdata") return `<![CDATA[${value.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
  const special = how === "numbers" ? /./gsu : /[<>&\r"']/g;
  return value.replace(special, (character) => `&#x${(character.codePointAt(0) ?? 0).toString(16)};`);
}

test("a name or a character that XML does not have is a defect of who writes it", () => {
  assert.throws(() => writeXml(new Map([["a b", "1"]])), Defect);
  assert.throws(() => writeXml(new Map([["__proto__", "1"]])), Defect);
  assert.throws(() => writeXml(new Map([["a", "\u0000"]])), Defect);
  assert.throws(() => writeXml(new Map([["a", "\ud83d"]])), Defect);
});
