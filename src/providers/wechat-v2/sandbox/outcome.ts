import { type ReplyDocument, refusalDocument } from "./reply.ts";

/** What came of a wish before the scenario treats the reply; `text` is for people. */
export interface Outcome {
  readonly document: ReplyDocument;
  readonly text: string;
}

/** An `err_code` as the outcome; `recall` is there for reversals alone, `text` where the usual one says too little. */
export function refused(code: string, recall: "Y" | "N" | null = null, text: string | null = null): Outcome {
  return { document: refusalDocument(code, text, recall), text: recall === "Y" ? `${code}, recall=Y` : code };
}
