/** What goes over the wire, for people. */
import type { HttpsRequest } from "../../../runtime/ports.ts";
import type { HandledCall, RequestWords } from "../../sandbox.ts";
import { paths } from "../message.ts";
import { type CallNote, sandboxPaths } from "./call.ts";
import type { Treatment } from "./scenarios.ts";

/** What a scenario did to a reply, for people. */
const treatmentWords: Readonly<Record<Treatment["kind"], string>> = {
  delay: "and the reply is held back",
  silence: "but no reply is sent",
  reset: "but the connection is reset",
  cut: "but the reply breaks off",
  unsigned: "but the reply has no signature",
  forge: "but the reply is forged: SUCCESS, wrongly signed",
  alter: "but the reply says something else",
  page: "but a web page comes back",
  garble: "but the reply is broken",
  refuse: "by order of the scenario",
  pretend: "by order of the scenario",
  repeat: "as the answer to the second of two equal requests",
  vanish: "the request is lost on its way",
};

/** A note of the sandbox as it is told. */
export function handledCall(note: CallNote): HandledCall {
  const { at, path, outTradeNo, amountFen, authCode, outcome, treatment } = note;
  return {
    ...{ at, path, outTradeNo, amountFen, code: authCode, outcome },
    call: isProbe(outTradeNo) ? "probe" : (sandboxPaths.get(path) ?? path),
    treatment:
      treatment === null
        ? null
        : { name: treatment, words: treatmentWords[treatment], lost: treatment === "vanish" },
  };
}

const calls: ReadonlyMap<string, string> = new Map(Object.entries(paths).map(([call, path]) => [path, call]));

/** A request as it leaves the box. */
export function requestWords({ path, body }: Pick<HttpsRequest, "path" | "body">): RequestWords {
  const [, outTradeNo = null] = /<out_trade_no>([^<]*)</.exec(body) ?? [];
  return { call: isProbe(outTradeNo) ? "probe" : (calls.get(path) ?? path), outTradeNo };
}

/** A probe asks about an order that nobody has. */
function isProbe(outTradeNo: string | null): boolean {
  return outTradeNo?.startsWith("probe-") ?? false;
}
