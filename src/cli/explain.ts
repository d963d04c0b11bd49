/** `scanbox explain`: what a recorded pair of request and reply says, by the code that decides in the box. */
import { readFileSync, statSync } from "node:fs";
import { parseYuan } from "../core/kernel/fen.ts";
import { type ExplainTerms, type Explanation, outcomeWords, recordedPairs } from "../providers/explain.ts";
import { isKind, kindNames, kindOf } from "../providers/registry.ts";
import type { Description } from "./description.ts";
import { exitStatus } from "./exit-status.ts";
import { type CommandIo, readOptions, UsageError, unknownName } from "./usage.ts";

/** `scanbox explain`, as its help has it. */
export const description = {
  usage: ["scanbox explain KIND FILE [--keys FILE] [--amount YUAN] [--nonce TEXT] [--id ID] [--json]"],
  about: [
    "Says what a provider's reply means: whether it is signed, what it proves of its order, and why, in a sentence. KIND is that of an account, such as wechat-v2 or alipay. FILE is a recorded pair as JSON: request (method, url, headers, body) and response (status, headers, body, or bodyBase64), and now where the clock matters; or a list of such pairs, or an object with such a list as cases.",
    "It decides by the very code of the box, asks nobody, and prints no key, no payment code and nobody's id.",
  ],
  options: {
    keys: {
      type: "string",
      takes: "a file",
      about: "keys to verify with, JSON: alipay.alipayPublicKey, alipay.certificates.alipay, wechat.apiKey",
    },
    amount: { type: "string", value: "YUAN", about: "the amount, where the request does not carry it" },
    nonce: {
      type: "string",
      value: "TEXT",
      about: "the random text of the intent, where it does not carry it",
    },
    id: { type: "string", value: "ID", about: "only the pair of this id" },
    json: {
      type: "boolean",
      about: "one JSON object a line: signature, outcome, why, and id where several are explained",
    },
  },
  terms: Object.entries(outcomeWords),
  exit: { 1: "no pair has this id, or a pair is none of the box's calls" },
} as const satisfies Description;

const FILE_BYTES_MAX = 16_777_216;

/** Reads the pairs, explains each and prints a line of it. */
export async function explainCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, description.options, 2);
  const [kind, file] = positionals;
  if (kind === undefined || file === undefined)
    throw new UsageError("Say the kind of provider and the file: scanbox explain KIND FILE.");
  if (!isKind(kind)) throw new UsageError(unknownName("kind of provider", kind, kindNames()));
  const terms = termsOf(values);
  const pairs = recordedPairs(textOf(file));
  if (!pairs.ok) throw new UsageError(`${file} ${pairs.reason}.`);
  const wanted = pairs.value.filter(({ id }) => values.id === undefined || id === values.id);
  if (wanted.length === 0) {
    io.stderr.write(
      values.id === undefined ? `${file} holds no pair.\n` : `${file} has no pair ${values.id}.\n`,
    );
    return exitStatus.no;
  }
  const explain = await kindOf({ kind }).explain();
  const several = wanted.length > 1;
  let status: number = exitStatus.done;
  for (const pair of wanted) {
    const explained = explain(pair, terms);
    if (explained.ok) {
      const id = several ? pair.id : null;
      io.stdout.write(`${values.json === true ? json(id, explained.value) : line(id, explained.value)}\n`);
    } else {
      io.stderr.write(`${pair.id === null ? file : `${file}, ${pair.id}`}: ${explained.reason}.\n`);
      status = exitStatus.no;
    }
  }
  return status;
}

interface Values {
  readonly keys?: string | undefined;
  readonly amount?: string | undefined;
  readonly nonce?: string | undefined;
}

function termsOf({ keys, amount, nonce }: Values): ExplainTerms {
  const parsed = amount === undefined ? null : parseYuan(amount);
  if (parsed?.ok === false) throw new UsageError(`--amount is yuan such as 12.80, not ${amount}.`);
  return { keys: keysOf(keys), amountFen: parsed?.value ?? null, nonce: nonce ?? null };
}

function keysOf(file: string | undefined): unknown {
  if (file === undefined) return null;
  try {
    return JSON.parse(textOf(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} is no JSON.`);
  }
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > FILE_BYTES_MAX) throw new UsageError(`${file} is larger than 16 MiB.`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function json(id: string | null, { signature, outcome, why }: Explanation): string {
  return JSON.stringify({ ...(id === null ? {} : { id }), signature, outcome, why });
}

function line(id: string | null, { signature, outcome, why }: Explanation): string {
  return `${id === null ? "" : `${id}: `}signature ${signature}, outcome ${outcome}: ${why}`;
}
