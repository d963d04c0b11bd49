/**
 * The XML of WeChat Pay v2: one root `xml`, flat, every field a child with text or CDATA (WeChat Pay v2, protocol rules).
 *
 * Two steps, each with its own duty. The dialect below refuses everything that the protocol does not have: declarations of
 * types and entities, attributes, comments, nesting, processing instructions, text between elements, tags that do not match.
 * fast-xml-parser then decodes the contents that mean something else than they say: references, several sections, line ends.
 * It alone would not do: it accepts `<a>1</b>`, drops text after the root, keeps unknown references as text and joins what
 * stands on both sides of a comment; and the usual content, one text or one CDATA section, needs no decoder. A document in
 * which every content is usual is read by one simple expression: it accepts nothing that the dialect refuses.
 */
import { XMLParser } from "fast-xml-parser";
import { Defect, invariant } from "../../core/kernel/defect.ts";
import { accept, type Result, refuse } from "../../core/kernel/result.ts";

/** The elements of a document in their order, decoded; an element without content is the empty text. */
export type Fields = ReadonlyMap<string, string>;

/** Why a document was refused. None of them says anything about the order it may have been about. */
export type XmlRefusal =
  | "too-large"
  | "not-utf8"
  | "doctype"
  | "wrong-root"
  | "nested"
  | "duplicate"
  | "malformed";

/** An expression remembers its way back through a content; from some 2 MiB on it would run out of stack and throw. */
const XML_BYTES_MAX = 1_048_576;

/** How much a document may hold. */
export interface XmlLimits {
  /** Bytes of UTF-8, at most 1 MiB; larger documents are refused whatever stands here. */
  readonly bytesMax: number;
  readonly fieldsMax: number;
}

/** Far above every reply of the payment calls; bills, which are larger, are not XML. */
export const defaultXmlLimits: XmlLimits = { bytesMax: 65_536, fieldsMax: 512 };

/**
 * Reads a document, whatever its bytes are; it never throws on them. One byte-order mark at the start is dropped.
 * Values keep their blanks; line ends become LF, as XML has it.
 */
export function parseXml(body: Uint8Array, limits: XmlLimits = defaultXmlLimits): Result<Fields, XmlRefusal> {
  if (body.byteLength > Math.min(limits.bytesMax, XML_BYTES_MAX)) return refuse("too-large");
  const text = decodeUtf8(body);
  if (text === null) return refuse("not-utf8");
  const usual = readUsual(text, limits.fieldsMax);
  if (usual !== null) return accept(usual);
  const elements = checkDialect(text, limits.fieldsMax);
  if (!elements.ok) return elements;
  const fields = new Map<string, string>();
  for (const { name, content } of elements.value) {
    const value = literal(content) ?? decode(content);
    if (value === null || reserved.has(name)) return refuse("malformed");
    if (fields.has(name)) return refuse("duplicate");
    fields.set(name, value);
  }
  return accept(fields);
}

/**
 * Writes fields as one document, in their order, in a form that `parseXml` reads back equal.
 * Names and characters that XML does not have are a defect of the caller.
 */
export function writeXml(fields: Fields): string {
  let text = "<xml>";
  for (const [name, value] of fields) {
    if (!wholeName.test(name)) throw new Defect(`"${name}" is the name of a field`);
    text += `<${name}>${plain.test(value) ? value : written(name, value)}</${name}>`;
  }
  return `${text}</xml>`;
}

function written(name: string, value: string): string {
  invariant(!forbidden.test(value) && value.isWellFormed(), `the value of "${name}" can be written as XML`);
  return value.replace(escapables, escaped);
}

const name = "[A-Za-z][A-Za-z0-9_.-]*";
const blank = "[ \\t\\r\\n]*";
const reference = "&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});";
const cdata = "<!\\[CDATA\\[[^\\]]*(?:\\](?!\\]>)[^\\]]*)*\\]\\]>";
/** Every branch begins with another character, so that no text is read in two ways and the time is linear in its length. */
const content = `[^<&]*(?:(?:${reference}|${cdata})[^<&]*)*`;

const wholeName = new RegExp(`^${name}$`);
const typeDeclaration = /<!(?:DOCTYPE|ENTITY)/i;
/** XML 1.0 has no other control characters than TAB, LF and CR. */
const forbidden = /[[\p{Cc}--[\t\n\r\x7f-\x9f]]\ufffe\uffff]/v;
const opening = new RegExp(`${blank}(?:<\\?xml[ \\t\\r\\n][^<>?]*\\?>${blank})?<(${name})${blank}>`, "y");
const element = new RegExp(
  `${blank}<(${name})${blank}(?:/>|>(${content})</\\1${blank}>)|${blank}(</xml${blank}>)${blank}$`,
  "y",
);
const looksLikeMarkup = /^[ \t\r\n]*<[A-Za-z]/;
const elementInElement = new RegExp(`${blank}<${name}${blank}>${content}<[A-Za-z]`, "y");

/**
 * The fields of a document as WeChat Pay and its merchants usually write it, or null where the dialect has to look: each
 * element holds one text or one CDATA section without markup, reference, bracket, CR or forbidden character.
 */
function readUsual(text: string, fieldsMax: number): Fields | null {
  if (!text.startsWith("<xml>")) return null;
  const fields = new Map<string, string>();
  for (let at = "<xml>".length; ; at = usualElement.lastIndex) {
    usualElement.lastIndex = at;
    const found = usualElement.exec(text);
    if (found === null) return null;
    if (found[END] !== undefined) return fields;
    const name = found[NAME];
    const value = found[IN_CDATA] ?? found[BARE];
    if (name === undefined || value === undefined || name === "xml" || reserved.has(name)) return null;
    if (fields.size === fieldsMax || fields.has(name)) return null;
    fields.set(name, value);
  }
}

/** The groups of `usualElement`. */
const NAME = 1;
const IN_CDATA = 2;
const BARE = 3;
const END = 4;

const usualText = "[^<&\\]\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]*";
const usualElement = new RegExp(
  `[ \\t\\n]*(?:<(${name})>(?:<!\\[CDATA\\[(${usualText})\\]\\]>|(${usualText}))</\\1>|(</xml>[ \\t\\n]*$))`,
  "y",
);

/** An element as it was written; `content` is what stands between its tags. */
interface Element {
  readonly name: string;
  readonly content: string;
}

/** The elements of a document of the dialect, in their order. */
function checkDialect(text: string, fieldsMax: number): Result<readonly Element[], XmlRefusal> {
  if (typeDeclaration.test(text)) return refuse("doctype");
  if (forbidden.test(text)) return refuse("malformed");
  opening.lastIndex = 0;
  const root = opening.exec(text)?.[1];
  if (root === undefined) return refuse(looksLikeMarkup.test(text) ? "wrong-root" : "malformed");
  if (root !== "xml") return refuse("wrong-root");
  const elements: Element[] = [];
  element.lastIndex = opening.lastIndex;
  for (let count = 0; ; count += 1) {
    const start = element.lastIndex;
    const found = element.exec(text);
    if (found === null) {
      elementInElement.lastIndex = start;
      return refuse(elementInElement.test(text) ? "nested" : "malformed");
    }
    const [, name = "", content = "", end] = found;
    if (name === "xml") return refuse("nested");
    if (end !== undefined) return accept(elements);
    if (count === fieldsMax) return refuse("too-large");
    elements.push({ name, content });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** No field has these names, and they mean something in every object that somebody may make of the fields. */
const reserved: ReadonlySet<string> = new Set(["constructor", "prototype"]);

/** What a content says where it means just that: one text or one CDATA section, without anything to decode; else null. */
function literal(content: string): string | null {
  if (content.includes("\r")) return null;
  if (!content.startsWith("<")) return /[<&]/.test(content) ? null : content;
  // The dialect has one kind of markup: a CDATA section.
  return content.indexOf("]]>") === content.length - 3 ? content.slice("<![CDATA[".length, -3) : null;
}

const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  trimValues: false,
  // References are decoded below: fast-xml-parser would leave the ones that it does not know as they stand.
  processEntities: false,
  textNodeName: "#text",
  cdataPropName: "#cdata",
  maxNestedTags: 1,
  jPath: false,
});

/** What a content means, or null where fast-xml-parser or a reference refuses. */
function decode(content: string): string | null {
  let document: unknown;
  try {
    document = parser.parse(`<xml>${content}</xml>`);
  } catch {
    return null;
  }
  if (!Array.isArray(document) || document.length !== 1) return null;
  return textOf(childrenOf(document[0], "xml"));
}

function textOf(nodes: readonly unknown[] | null): string | null {
  if (nodes === null) return null;
  let text = "";
  for (const node of nodes) {
    if (!isNode(node)) return null;
    const raw = node["#text"] ?? cdataOf(node);
    if (typeof raw !== "string") return null;
    const part = "#text" in node ? dereference(raw) : raw;
    if (part === null) return null;
    text += part;
  }
  return text;
}

function cdataOf(node: ParserNode): unknown {
  const [inside] = childrenOf(node, "#cdata") ?? [];
  return isNode(inside) ? inside["#text"] : null;
}

/** What fast-xml-parser makes of an element: an object with one key, its name, whose value is the list of its children. */
type ParserNode = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is ParserNode {
  return typeof value === "object" && value !== null;
}

function childrenOf(node: unknown, name: string): readonly unknown[] | null {
  const children = isNode(node) && Object.hasOwn(node, name) ? node[name] : null;
  return Array.isArray(children) ? children : null;
}

const predefined: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Replaces references, each once, so that `&amp;lt;` is `&lt;`; null where one names a character that XML does not have. */
function dereference(text: string): string | null {
  if (!text.includes("&")) return text;
  let whole = true;
  const decoded = text.replace(/&([^;]*);/g, (_, body: string) => {
    const character = body.startsWith("#") ? numbered(body) : predefined.get(body);
    whole &&= character !== undefined;
    return character ?? "";
  });
  return whole ? decoded : null;
}

function numbered(body: string): string | undefined {
  const code = body.startsWith("#x") ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  const character = String.fromCodePoint(code);
  return forbidden.test(character) ? undefined : character;
}

/** Printable ASCII without markup: what nearly every value is. */
const plain = /^[ -%'-;=?-~]*$/;
const escapables = /[<>&\r]/g;

/** A bare CR would be read back as LF. */
function escaped(character: string): string {
  if (character === "<") return "&lt;";
  if (character === ">") return "&gt;";
  return character === "&" ? "&amp;" : "&#13;";
}
