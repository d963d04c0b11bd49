/** A dead box is replaced as systemd/README.md says: by a copy of its state, or with nothing of it left. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Box } from "./box.ts";
import { Stand } from "./stand.ts";
import { until } from "./until.ts";

const stand = await Stand.start();
after(() => stand.end());

/** A box that dies when its charge has arrived and is paid; gives the number of the order, too. */
async function deadBox(id: string): Promise<{ readonly old: Box; readonly open: string }> {
  const old = await stand.box(id);
  await old.start();
  stand.onCall = () => old.program.signal("SIGKILL");
  await old.scan(stand.code());
  assert.equal(await old.program.ended(), "SIGKILL");
  stand.onCall = () => {};
  const [open = ""] = old.books()?.open ?? [];
  assert.notEqual(open, "");
  return { old, open };
}

/** Another box with the configuration of one that is dead. */
async function successor(folder: string, old: Box): Promise<Box> {
  const box = await stand.box(folder);
  box.configure({ ...stand.config(box, {}), box: { id: old.id, store: "Example store" } });
  return box;
}

test("a copy of the state brings what was open to its end, and goes on with the events", async () => {
  const { old, open } = await deadBox("copied");
  const next = await successor("copy", old);
  cpSync(old.journalDirectory, next.journalDirectory, { recursive: true, preserveTimestamps: true });
  assert.equal((await next.command("journal", "verify")).status, 0);
  await next.start("earlier-paid");
  await until(
    () => stand.consumer.states(old.id, open).at(-1) === "paid",
    () => next.program.tail(),
  );
  const rows = await next.journal();
  assert.deepEqual(
    rows.map(({ outTradeNo, state, late }) => ({ outTradeNo, state, late })),
    [{ outTradeNo: open, state: "paid", late: true }],
  );
  stand.consumer.assertWhole(old.id);
  await next.stop();
});

test("with nothing left a new series begins, and the bill tells which orders only the dead box knew", async () => {
  const { old, open } = await deadBox("lost");
  const next = await successor("new", old);
  await next.start();
  await next.scan(stand.code());
  await until(
    () => stand.consumer.states(old.id).at(-1) === "paid",
    () => next.program.tail(),
  );
  const [row] = await next.journal();
  assert.equal(row?.seq, 2);
  assert.equal(row.outTradeNo.slice(0, 8), open.slice(0, 8));
  assert.notEqual(row.outTradeNo, open);
  const published = readFileSync(
    new URL("../providers/wechat-v2/fixtures/bill-all.txt", import.meta.url),
    "utf8",
  );
  const bill = join(stand.directory, "bill.txt");
  writeFileSync(bill, published.replaceAll("BX0123-20260315-000042", open));
  const said = await next.command("journal", "reconcile", "--bill", bill);
  assert.equal(said.status, 1, said.stderr);
  assert.match(
    said.stdout,
    new RegExp(`^unknown: order ${open} \\(42\\d+\\): bill SUCCESS 1280, [^\\n]+\\n$`),
  );
  await next.stop();
});
