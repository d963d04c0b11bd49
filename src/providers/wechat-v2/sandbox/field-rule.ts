/** What one field of a request must look like. */
export interface FieldRule {
  readonly name: string;
  readonly required: boolean;
  /** Bytes of UTF-8. */
  readonly bytesMax: number;
  readonly form?: (value: string) => boolean;
}

/** A field that must be there. */
export function required(name: string, bytesMax: number, form?: (value: string) => boolean): FieldRule {
  return { name, required: true, bytesMax, ...(form === undefined ? {} : { form }) };
}

/** A field that may be there. */
export function field(name: string, bytesMax: number, form?: (value: string) => boolean): FieldRule {
  return { name, required: false, bytesMax, ...(form === undefined ? {} : { form }) };
}

/** The form that a pattern describes. */
export function matches(form: RegExp): (value: string) => boolean {
  return (value) => form.test(value);
}

/** `scene_info` is JSON and names a store. */
export function isSceneInfo(text: string): boolean {
  const id = member(member(jsonOf(text), "store_info"), "id");
  return typeof id === "string" && id !== "";
}

/** `detail` is JSON with a list of goods. */
export function isDetail(text: string): boolean {
  return Array.isArray(member(jsonOf(text), "goods_detail"));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
