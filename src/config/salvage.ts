/**
 * What can still be done with a configuration that has mistakes: the accounts that customers paid into and where the journal is
 * decide whether open orders can be brought to their end, and they are (money rule 17). Nothing else of such a file is trusted
 * with money: a box that runs on it sells nothing.
 */
import { checkConfig, type DeviceConfig } from "./device-config.ts";
import { readJson } from "./json-text.ts";
import { deviceConfigSchema } from "./schema.ts";

/** How often something is taken out at most; each time at least one mistake goes. */
const ROUNDS_MAX = 64;

/** What may be left out of the sections that owe money; of everything else the whole section goes. */
const spare: ReadonlySet<string> = new Set([
  "journal.retentionDays",
  "box.store",
  "box.language",
  "box.advert",
]);

/** What an account may lack and still be asked about its orders; one that stays wrong goes as a whole, while another is left. */
const spareOfAccount: ReadonlySet<string> = new Set([
  ...["ca", "body", "clientIp", "notifyUrl", "sceneInfo"],
  ...["profitSharing", "limitPay", "goodsTag", "receipt"],
  ...["subject", "storeId", "terminalId"],
  ...["wallets", "charges"],
]);

/** What may be in contradiction to another part, in the order in which it goes. */
const disputable = ["outputs", "display", "mqtt", "timing", "box.advert", "box.store"] as const;

/**
 * The configuration of a box that only brings open orders to their end; null where not even that can be read from the text. Its
 * devices are left out, and no row of the journal is dropped by it. `boxId` stands in where the file names no box.
 */
export function salvageConfig(text: string, boxId: string): DeviceConfig | null {
  const json = readJson(text);
  if ("fault" in json || !isObject(json.value)) return null;
  const raw = json.value;
  const left = structuredClone(raw);
  left.version ??= 1;
  for (const name of ["keypad", "scanner", "inputs", "commands"]) delete left[name];
  // Who gave the amounts says nothing about what is open; one that fits every relay takes its place.
  const price = onePulse(raw.outputs);
  left.amount = { source: "fixed", fixed: price, maximum: price };
  const { late } = raw;
  left.late =
    late === "keep" || late === "reverse"
      ? late
      : isObject(raw.outputs) && raw.outputs.relay
        ? "reverse"
        : "keep";
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const parsed = deviceConfigSchema.safeParse(left);
    if (parsed.success) return related(left);
    const [issue] = parsed.error.issues;
    if (issue === undefined) return null;
    const taken =
      issue.code === "unrecognized_keys"
        ? issue.keys.every((key) => takeOut(left, [...issue.path, key]))
        : mend(left, issue.path, boxId);
    if (!taken) return null;
  }
  return null;
}

/** The price of one pulse of the relay, in yuan; anything where there is none. */
function onePulse(outputs: unknown): string {
  const relay = isObject(outputs) ? outputs.relay : null;
  const fen = isObject(relay) ? relay.fenPerPulse : null;
  return typeof fen === "number" && Number.isInteger(fen) && fen > 0 ? (fen / 100).toFixed(2) : "1.00";
}

/** Takes out what contradicts another part, until nothing does. */
function related(left: Record<string, unknown>): DeviceConfig | null {
  const drops: string[] = [...disputable];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const checked = checkConfig(JSON.stringify(left));
    if (checked.ok) {
      const { config } = checked;
      return { ...config, journal: { ...config.journal, retentionDays: 36_500 } };
    }
    if (mendAccounts(left.providers, checked.problems)) continue;
    const drop = drops.shift();
    if (drop === undefined) return null;
    takeOut(left, drop.split("."));
  }
  return null;
}

/** Takes out what one account contradicts in another, or in itself; says whether there was anything. */
function mendAccounts(accounts: unknown, problems: readonly string[]): boolean {
  if (!Array.isArray(accounts)) return false;
  // The last one first: what was listed before it stays what it is.
  const found = problems.findLast((problem) => problem.startsWith("providers"));
  if (found === undefined) return false;
  const [, place, key] = /^providers\[(\d+)\](?:\.(\w+))?/.exec(found) ?? [];
  if (place === undefined) {
    // None is charged, by this file: then it makes no difference which one could be.
    return setCharges(accounts[0], true);
  }
  const index = Number(place);
  if (key === "wallets") return setCharges(accounts[index], false);
  // The name of the store, which takes its place, is too long; the account is not at fault.
  if (key === "body") return false;
  return takeAccount(accounts, index);
}

function setCharges(account: unknown, charges: boolean): boolean {
  return isObject(account) && Reflect.set(account, "charges", charges);
}

/** Takes an account out, while another one is left. Its orders are held then, and named. */
function takeAccount(accounts: unknown[], index: number): boolean {
  return accounts.length > 1 && accounts.splice(index, 1).length === 1;
}

function mend(left: Record<string, unknown>, path: readonly PropertyKey[], boxId: string): boolean {
  const [section, key, inner] = path.map(String);
  if (section === undefined) return false;
  if (section === "box" && (key === undefined || key === "id")) {
    const box = isObject(left.box) ? left.box : {};
    if (box.id === boxId) return false;
    left.box = { ...box, id: boxId };
    return true;
  }
  if (section === "providers") {
    if (!Array.isArray(left.providers) || key === undefined) return false;
    if (inner !== undefined && spareOfAccount.has(inner) && takeOut(left, ["providers", key, inner]))
      return true;
    return takeAccount(left.providers, Number(key));
  }
  if (section === "journal" || section === "box") {
    const name = `${section}.${key}`;
    return spare.has(name) && takeOut(left, name.split("."));
  }
  return takeOut(left, [section]);
}

/** Whether there was something to take out. */
function takeOut(from: unknown, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path;
  if (typeof from !== "object" || from === null || key === undefined || !Object.hasOwn(from, key))
    return false;
  return rest.length === 0 ? Reflect.deleteProperty(from, key) : takeOut(Reflect.get(from, key), rest);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
