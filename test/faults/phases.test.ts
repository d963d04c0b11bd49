/** How long each phase of a payment takes where nothing is broken beside what the story says: not sooner and not later. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ToldWorld } from "./told-world.ts";

/** What simulated network and journal take together, in milliseconds: far less than any wait of the box. */
const SLACK_MS = 600;

/** A world in which somebody has just scanned, and when. */
function scanned(scenario: string): { readonly world: ToldWorld; readonly at: number } {
  const world = new ToldWorld();
  world.start();
  const at = world.time.now;
  world.scan(scenario);
  return { world, at };
}

/** When the box asked for calls of this name after a moment, in milliseconds from there. */
function asked(world: ToldWorld, call: string, since: number): readonly number[] {
  return world.lines.flatMap(({ at, fields }) => {
    const asked = at - Number(fields.ms);
    return fields.call === call && asked >= since ? [asked - since] : [];
  });
}

/** When something stood on the display after a moment, in milliseconds from there. */
function shownAfter(world: ToldWorld, text: string, since: number): number {
  world.passUntil(() => world.screens.some((screen) => screen.text === text && screen.at >= since), 900_000);
  const screen = world.screens.find((one) => one.text === text && one.at >= since);
  return (screen?.at ?? Number.NaN) - since;
}

function assertAbout(found: number | undefined, expected: number, what: string, slackMs = SLACK_MS): void {
  assert.ok(
    found !== undefined && found >= expected && found <= expected + slackMs,
    `${what}: ${found} ms, expected ${expected} to ${expected + slackMs}`,
  );
}

describe("the phases of a payment", () => {
  it("a paid charge is shown at once", () => {
    const { world, at } = scanned("success");
    assertAbout(shownAfter(world, "paid", at), 0, "paid");
    assert.deepEqual(asked(world, "query", at), []);
  });

  for (const scenario of ["reply-unsigned", "http-502", "system-error", "wrong-amount", "other-mark"]) {
    it(`an unclear answer (${scenario}) is queried at once, and its end shown at once`, () => {
      const { world, at } = scanned(scenario);
      const paid = shownAfter(world, "paid", at);
      const [query, ...more] = asked(world, "query", at);
      assertAbout(query, 0, "the query");
      assertAbout(paid, query ?? 0, "paid");
      assert.deepEqual(more, []);
    });
  }

  it("a customer who types is asked about every five seconds, given up after 45 and taken back at once", () => {
    const { world, at } = scanned("never");
    assertAbout(shownAfter(world, "password", at), 0, "the password");
    world.passUntil(() => asked(world, "reverse", at).length > 0, 120_000);
    const reverse = asked(world, "reverse", at)[0] ?? Number.NaN;
    const queries = asked(world, "query", at).filter((query) => query < reverse);
    assert.equal(queries.length, 9, String(queries));
    for (const [index, query] of queries.slice(0, -1).entries())
      assertAbout(query - (queries[index - 1] ?? 0), 5_000, `query ${index + 1}`);
    assertAbout(queries.at(-1), 45_000, "the last query");
    assertAbout(reverse, queries.at(-1) ?? 0, "the reversal");
    assertAbout(shownAfter(world, "timed-out", at), reverse, "its end");
  });

  it("a cancelled payment is reversed no sooner than 15 s after its charge, and then at once", () => {
    const { world, at } = scanned("cancelled");
    world.passUntil(() => asked(world, "reverse", at).length > 0, 120_000);
    assertAbout(asked(world, "reverse", at)[0], 15_000, "the reversal");
  });

  it("what cannot be taken back is RESULT UNKNOWN after 20 s, for 30 s, and tried again and again", () => {
    const { world, at } = scanned("recall-1000");
    const reversing = shownAfter(world, "reversing", at);
    const unknown = shownAfter(world, "unknown", at);
    assertAbout(unknown, reversing + 20_000, "RESULT UNKNOWN");
    const left = world.screens.length;
    world.passUntil(() => world.screens.length > left, 120_000);
    assertAbout((world.screens[left]?.at ?? 0) - at, unknown + 30_000, "the end of RESULT UNKNOWN");
    world.pass(600_000);
    const tries = asked(world, "reverse", at);
    for (const [index, wait] of [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000].entries()) {
      const waited = (tries[index + 1] ?? Number.NaN) - (tries[index] ?? 0);
      assertAbout(waited, 0.75 * wait, `wait ${index + 1}`, 0.5 * wait + SLACK_MS);
    }
    const alarm = world.lines.find(
      ({ event, fields }) => event === "alarm" && fields.kind === "reversal-open",
    );
    assert.ok(alarm !== undefined);
    assertAbout(alarm.at - at, (tries[0] ?? 0) + 300_000, "the alarm", 75_000 + SLACK_MS);
  });

  it("a declined payment is looked at once more after 30 s", () => {
    const { world, at } = scanned("declined");
    const shown = shownAfter(world, "not-paid-funds", at);
    world.passUntil(() => asked(world, "query", at).length > 0, 120_000);
    assertAbout(asked(world, "query", at)[0], shown + 30_000 - SLACK_MS, "the look", 2 * SLACK_MS);
  });

  it("a result stands for 5 s, and then the box takes the next amount", () => {
    const { world, at } = scanned("success");
    const paid = shownAfter(world, "paid", at);
    const resting = shownAfter(world, "resting", at);
    assertAbout(resting, paid + 5_000, "the rest");
    assertAbout(shownAfter(world, "armed", at), resting + 0, "the next amount", 5_000 + SLACK_MS);
  });

  it("a box that had no network for an hour is in service within a minute of its return", () => {
    const world = new ToldWorld();
    world.network(false);
    world.start();
    world.pass(3_600_000);
    assert.equal(world.screens.at(-1)?.text, "offline");
    const back = world.time.now;
    world.network(true);
    assertAbout(shownAfter(world, "armed", back), 0, "the next amount", 60_000 + 5_000 + SLACK_MS);
  });

  it("a box that was answered nonsense asks for a word at once, and takes the next payment", () => {
    const { world, at } = scanned("reply-html");
    assertAbout(shownAfter(world, "armed", at), 5_000, "the next amount", 10_000 + SLACK_MS);
  });
});
