/**
 * What is said through the control socket: one request a line, one answer a line, JSON in UTF-8. A program that asks for a version
 * that the box does not speak is told so in version 1.
 */
import * as z from "zod";
import type { Request } from "../commands/put.ts";
import type { Problem, Reply } from "../commands/reply.ts";

/** The version of the protocol; raised when a meaning changes. */
export const CONTROL_VERSION = 1;

/** The longest request, in bytes, without its LF. */
export const REQUEST_BYTES_MAX = 4_096;

/** A line that was read, or the answer to one that is no request. */
export type RequestRead =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly answer: ControlAnswer };

/** What else can be wrong at the socket, before a command is looked at. */
export type ControlProblem =
  /** The line is no request at all. */
  | "malformed"
  /** It is one of another version. */
  | "version"
  /** It is longer than `REQUEST_BYTES_MAX`. */
  | "too-long"
  /** So many programs are inside already: what it asked for was not looked at. */
  | "too-many-programs"
  /** So many requests of this program wait for their answers: what it asked for was not looked at. */
  | "too-many-requests"
  | Problem;

/** An answer, as a line has it. */
export type ControlAnswer = { readonly v: typeof CONTROL_VERSION } & (
  | Reply
  | { readonly ok: false; readonly problem: ControlProblem; readonly message: string }
);

/** An answer without what was asked for. */
export function problemAnswer(problem: ControlProblem, message: string): ControlAnswer {
  return { v: CONTROL_VERSION, ok: false, problem, message };
}

/** The name of a program among others that use the socket. */
export const callerNameSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/);

const requestSchema = z.strictObject({
  v: z.literal(CONTROL_VERSION),
  caller: callerNameSchema.optional(),
  command: z.string().min(1).max(64),
  args: z.unknown().optional(),
});

const versioned = z.looseObject({ v: z.int() });

/** Reads one line without its LF; `as` is what the callers of this socket are called. */
export function readRequest(line: string, as: string): RequestRead {
  const value = jsonOf(line);
  const read = requestSchema.safeParse(value);
  if (read.success) {
    const { caller, command, args } = read.data;
    const from = caller === undefined ? as : `${as}/${caller}`;
    return { ok: true, request: { caller: from, command, args: args ?? {} } };
  }
  const other = versioned.safeParse(value);
  const answer =
    other.success && other.data.v !== CONTROL_VERSION
      ? problemAnswer("version", `This box speaks version ${CONTROL_VERSION} of the protocol.`)
      : problemAnswer("malformed", 'A request is one line of JSON such as {"v":1,"command":"status"}.');
  return { ok: false, answer };
}

const answerSchema = z.discriminatedUnion("ok", [
  z.strictObject({ v: z.literal(CONTROL_VERSION), ok: z.literal(true), result: z.unknown() }),
  z.looseObject({
    v: z.literal(CONTROL_VERSION),
    ok: z.literal(false),
    problem: z.string(),
    message: z.string(),
  }),
]);

/** An answer as whoever asked reads it; a problem may be one that only a newer box knows. */
export type ReceivedAnswer = z.output<typeof answerSchema>;

/** Reads an answer, or null where it is none of this version. */
export function readAnswer(line: string): ReceivedAnswer | null {
  const read = answerSchema.safeParse(jsonOf(line));
  return read.success ? read.data : null;
}

/** The line of a request, with its LF; `caller` undefined is a program without a name. */
export function requestLine(command: string, args: object = {}, caller?: string): string {
  return `${JSON.stringify({ v: CONTROL_VERSION, caller, command, args })}\n`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
