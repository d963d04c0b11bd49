import { type Logger, pino, stdTimeFunctions } from "pino";
import { Defect } from "../../core/kernel/defect.ts";
import type { Log, LogFields } from "../../runtime/ports.ts";
import { logFields } from "./log-fields.ts";
import { logLines } from "./log-lines.ts";

/** What a log needs to know. */
export interface PinoLogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** File descriptor: 1 for stdout, 2 for stderr. */
  readonly fd: number;
  /** Tests ask for a `Defect` where a field is not on the list; on a box the field is left out and named in `dropped`. */
  readonly strict?: boolean;
}

/** The longest text of one field, in characters; longer ones are cut. */
const textMax = 512;

/** Something that could be a payment code: masked wherever it turns up, though no code should come this far. */
const codeLike = /(?<!\d)(1[0-5])\d{13}(\d{3})(?!\d)/g;

/**
 * The log as one JSON object a line: `level`, `time` (RFC 3339), `event` and the fields. Only fields of `logFields` pass.
 */
export class PinoLog implements Log {
  readonly #pino: Logger;
  readonly #strict: boolean;

  constructor({ level, fd, strict = false }: PinoLogOptions) {
    this.#strict = strict;
    this.#pino = pino(
      {
        level,
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      logLines(fd, (count) => this.warn("log.dropped", { count })),
    );
  }

  debug(event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled("debug")) this.#pino.debug(this.#line(event, fields));
  }

  info(event: string, fields: LogFields = {}): void {
    this.#pino.info(this.#line(event, fields));
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#pino.warn(this.#line(event, fields));
  }

  error(event: string, fields: LogFields = {}): void {
    this.#pino.error(this.#line(event, fields));
  }

  #line(event: string, fields: LogFields): Record<string, LogFields[string]> {
    const line: Record<string, LogFields[string]> = { event };
    const dropped: string[] = [];
    for (const [name, value] of Object.entries(fields)) {
      if (logFields.has(name)) line[name] = typeof value === "string" ? safeText(value) : value;
      else dropped.push(name);
    }
    if (dropped.length > 0) {
      if (this.#strict) throw new Defect(`log fields that are not on the list: ${dropped.join(", ")}`);
      line.dropped = dropped.join(",");
    }
    return line;
  }
}

function safeText(text: string): string {
  return text.replace(codeLike, "$1*************$2").slice(0, textMax);
}
