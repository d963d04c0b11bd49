/** Whole boxes behind lines that fail, and with surprises inside. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { withEntry } from "../config-text.ts";
import type { Box } from "../e2e/box.ts";
import type { Program } from "../e2e/program.ts";
import type { BoxWishes, Stand } from "../e2e/stand.ts";
import { until } from "../e2e/until.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { Surprise } from "./surprises.ts";

/** What ends with a test. */
export interface Ends {
  after(end: () => Promise<void>): void;
}

/** A box whose two hosts are two lines to the same sandbox. */
export interface Proxied {
  readonly box: Box;
  readonly first: FaultProxy;
  readonly second: FaultProxy;
  /** Both lines. */
  readonly lines: readonly FaultProxy[];
}

/** What of it differs from the usual. */
export interface ProxiedWishes extends BoxWishes {
  /** The name of both hosts; an address is never looked up. */
  readonly host?: "127.0.0.1" | "localhost";
  /** Done before the program begins. */
  readonly surprise?: Surprise;
}

const surprises = new URL("./surprises.ts", import.meta.url).pathname;

let made = 0;

/** Makes a box that is not started; it can be surprised. All names are as long, and so are all requests of a kind. */
export async function proxied(
  t: Ends,
  stand: Stand,
  { host = "127.0.0.1", surprise, ...wishes }: ProxiedWishes = {},
): Promise<Proxied> {
  const sandbox = Number(new URL(stand.sandbox.origin).port);
  const [first, second] = await Promise.all([
    new FaultProxy(sandbox).start(),
    new FaultProxy(sandbox).start(),
  ]);
  made += 1;
  const box = await stand.box(`faulty-${String(made).padStart(3, "0")}`, wishes);
  const config = stand.config(box, wishes);
  const hosts = [first, second].map(({ port }) => `https://${host}:${port}`);
  box.configure(withEntry(config, { hosts }));
  box.around = {
    execArgv: ["--import", surprises],
    env: surprise === undefined ? {} : { SCANBOX_SURPRISE: JSON.stringify(surprise) },
  };
  t.after(async () => {
    const program = box.programs.at(-1);
    if (program?.ending === null) {
      program.signal("SIGKILL");
      await program.ended();
    }
    await Promise.all([first.end(), second.end()]);
  });
  return { box, first, second, lines: [first, second] };
}

/** Starts the box and waits until it stands still: the connection that it warms for the first charge is there. */
export async function started({ box, lines }: Proxied): Promise<Program> {
  const program = await box.start();
  // It warms when it is armed.
  await sleep(200);
  await until(
    () => lines.every(({ quietMs }) => quietMs > 150),
    () => `the box stands still: ${program.tail()}`,
  );
  return program;
}

/** Ends every connection of the box to its sandbox, and waits until the box has seen that. */
export async function dropped({ box, lines }: Proxied): Promise<void> {
  for (const line of lines) line.drop();
  await until(() => lines.every((line) => line.isBare), "both lines carry nothing");
  await box.program.done({ kind: "nothing" });
}

/** Waits until every order has ended, stops the box, and gives the newest order as journal, consumer and sandbox have it. */
export async function ended(
  stand: Stand,
  { box }: Proxied,
  count = 1,
): Promise<Awaited<ReturnType<Stand["assertOneStory"]>>> {
  await stand.settled(box, count);
  await box.stop();
  const rows = await stand.assertOneStory(box);
  assert.equal(rows.length, count, JSON.stringify(rows));
  return rows;
}
