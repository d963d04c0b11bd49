/** The keys of a configuration that hold a value, as the JSON Schema of the file has them. */

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

/** The paths of all leaves, once each: `providers[].appId`. Where a secret is read from is one leaf. */
export function leavesOf(schema: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set(below(schema as Node, ""))];
}

function below(node: Node, path: string): readonly string[] {
  const { properties, items } = node;
  if (properties !== undefined) {
    if ("file" in properties || "credential" in properties) return [path];
    return Object.entries(properties).flatMap(([name, inner]) =>
      below(inner, path === "" ? name : `${path}.${name}`),
    );
  }
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (forms.length > 0) return forms.flatMap((form) => (isNothing(form) ? [] : below(form, path)));
  if (items !== undefined && hasKeys(items)) return below(items, `${path}[]`);
  return [path];
}

function isNothing(node: Node): boolean {
  return "type" in node && node.type === "null";
}

/** A list of objects has keys below it, a list of numbers or texts is a value. */
function hasKeys({ properties, anyOf, oneOf }: Node): boolean {
  return properties !== undefined || [...(anyOf ?? []), ...(oneOf ?? [])].some(hasKeys);
}
