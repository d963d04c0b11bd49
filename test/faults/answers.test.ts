/** What WeChat Pay may answer, to the shipped program: the amount chooses the look-alike's story. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Stand } from "../e2e/stand.ts";
import { ended, proxied } from "./proxied.ts";

const stand = await Stand.start();
after(() => stand.end());

interface Answer {
  readonly what: string;
  /** Its last two digits choose the story. */
  readonly fixed: string;
  readonly ends: string;
}

const answers: readonly Answer[] = [
  { what: "SYSTEMERROR to a charge that is paid", fixed: "1.43", ends: "paid" },
  { what: "BANKERROR, and paid three seconds later", fixed: "1.44", ends: "paid" },
  { what: "a code that is in no list", fixed: "1.45", ends: "reversed" },
  { what: "TRADE_ERROR to a charge that is paid", fixed: "1.46", ends: "paid" },
  { what: "a signed success of another amount", fixed: "1.28", ends: "paid" },
  { what: "a signed success of another order", fixed: "1.29", ends: "paid" },
  { what: "a signed success of another merchant", fixed: "1.30", ends: "paid" },
  { what: "ten megabytes", fixed: "1.36", ends: "paid" },
  { what: "no order to the first queries", fixed: "1.53", ends: "paid" },
  { what: "FREQUENCY_LIMITED to the first queries", fixed: "1.54", ends: "paid" },
  { what: "USERPAYING and recall=Y to reversals", fixed: "1.61", ends: "reversed" },
  { what: "a reversal that is done and was not", fixed: "1.63", ends: "refunded" },
];

describe("a box that is told", { concurrency: 4 }, () => {
  for (const { what, fixed, ends } of answers) {
    it(`${what}: the order ends ${ends}`, async (t) => {
      const place = await proxied(t, stand, { fixed });
      await place.box.start();
      await place.box.scan(stand.code());
      const [row] = await ended(stand, place);
      assert.deepEqual([row?.state, row?.chargeCount], [ends, 1]);
    });
  }
});
