// Goal: the panel shows what is true, on any terminal, and understands what is typed. Method: pictures as text, keys as
// a terminal sends them, simulated time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import test, { describe } from "node:test";
import fc from "fast-check";
import { runCli } from "../../src/cli/cli.ts";
import { DEVICE_COLUMNS, deviceLines } from "../../src/cli/demo/panel/device-view.ts";
import { hintFor } from "../../src/cli/demo/panel/hint.ts";
import { intentsOf, lastingRequestOf, type Press, StrokeReader } from "../../src/cli/demo/panel/keyboard.ts";
import { orderNote } from "../../src/cli/demo/panel/order-notes.ts";
import { Painter } from "../../src/cli/demo/panel/painter.ts";
import { drawPanel, helpPages, LEAST, type PanelFacts } from "../../src/cli/demo/panel/panel-view.ts";
import {
  fit,
  type Picture,
  type Size,
  span,
  textOf,
  widthOf,
  wrap,
} from "../../src/cli/demo/panel/picture.ts";
import { FRAME_MS, Redraw } from "../../src/cli/demo/panel/redraw.ts";
import { beginPicking, type Picking, pick } from "../../src/cli/demo/panel/scenario-picker.ts";
import { abilitiesOf } from "../../src/cli/demo/panel/terminal.ts";
import {
  logNote,
  note,
  requestNote,
  scanNote,
  type WireNote,
  withNote,
} from "../../src/cli/demo/panel/wire-notes.ts";
import { fenOf } from "../../src/core/kernel/fen.ts";
import { instantOf } from "../../src/core/kernel/instant.ts";
import type { TxData } from "../../src/core/payment/order.ts";
import { bootScreen } from "../../src/core/payment/screen.ts";
import { texts } from "../../src/core/payment/texts.ts";
import { success } from "../../src/providers/wechat-v2/sandbox/scenarios.ts";
import { SimulatedClock, SimulatedTime } from "../../src/simulator/outside/time.ts";
import { panelFacts } from "./panel/facts.ts";
import { assertGolden } from "./panel/golden.ts";

const large = { columns: 20, rows: 4 };
const twentyByFour: Partial<PanelFacts> = {
  device: {
    display: large,
    rows: ["Password       ¥8.88", "on phone         37s", " ".repeat(20), " ".repeat(20)],
    light: "wait",
    sound: "read",
    pressed: { name: "confirm" },
  },
};
const dark: Partial<PanelFacts> = {
  powered: false,
  device: { display: { columns: 16, rows: 2 }, rows: [], light: "off", sound: "none", pressed: null },
};

test("the panel that the page of the commands shows is the panel that is drawn", () => {
  const readme = readFileSync(new URL("../../src/cli/README.md", import.meta.url), "utf8").split("\n");
  const top = readme.findIndex((line) => line.startsWith("╭"));
  const lines = deviceLines({
    display: { columns: 16, rows: 2 },
    rows: ["Checking  ¥12.50", "Do NOT pay again"],
    light: "wait",
    sound: "none",
    pressed: null,
  });
  const shown = readme.slice(top, top + lines.length).map((line) => `${line.slice(0, DEVICE_COLUMNS)}\n`);
  assert.equal(shown.join(""), textOf(lines));
});

describe("the picture", () => {
  const golden: readonly (readonly [name: string, facts: Partial<PanelFacts>, size: Size])[] = [
    ["100x30", {}, { columns: 100, rows: 30 }],
    ["80x24-display-20x4", twentyByFour, { columns: 80, rows: 24 }],
    ["44x18", {}, { columns: 44, rows: 18 }],
    ["40x16-display-20x4", twentyByFour, { columns: 40, rows: 16 }],
    ["60x40", {}, { columns: 60, rows: 40 }],
    ["120x20", {}, { columns: 120, rows: 20 }],
    ["39x16", {}, { columns: 39, rows: 16 }],
    [
      "80x24-dark",
      { ...dark, sandboxUp: false, brokerUp: false, scannerPlugged: false },
      { columns: 80, rows: 24 },
    ],
    ["80x24-help", { overlay: { kind: "help", page: 0 } }, { columns: 80, rows: 24 }],
    ["80x24-help-rest", { overlay: { kind: "help", page: 1 } }, { columns: 80, rows: 24 }],
    ["100x30-help", { overlay: { kind: "help", page: 0 } }, { columns: 100, rows: 30 }],
    ["40x16-help", { overlay: { kind: "help", page: 0 } }, { columns: 40, rows: 16 }],
    ["40x16-help-rest", { overlay: { kind: "help", page: 1 } }, { columns: 40, rows: 16 }],
    ["40x16-code", { overlay: { kind: "code", typed: "1345678" } }, { columns: 40, rows: 16 }],
    [
      "40x16-scenarios",
      { overlay: { kind: "scenarios", picking: beginPicking(success) } },
      { columns: 40, rows: 16 },
    ],
  ];
  for (const [name, facts, size] of golden) {
    test(`${name} is as agreed`, () =>
      assertGolden(`view-${name}`, textOf(drawPanel(panelFacts(facts), size))));
  }

  const overlays: readonly PanelFacts["overlay"][] = [
    { kind: "none" },
    { kind: "help", page: 0 },
    { kind: "help", page: 7 },
    { kind: "code", typed: "1".repeat(300) },
    { kind: "scenarios", picking: { typed: "", marked: 3 } },
    { kind: "scenarios", picking: { typed: "nothing-like-it", marked: 0 } },
  ];

  test("has exactly the size of its terminal, whatever that is, and never throws", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 80 }),
        fc.constantFrom<Partial<PanelFacts>>({}, twentyByFour, dark, { notes: [], orders: [] }),
        fc.constantFrom(...overlays),
        (columns, rows, facts, overlay) => {
          const picture = drawPanel(panelFacts({ ...facts, overlay }), { columns, rows });
          assert.equal(picture.length, rows);
          for (const line of picture) assert.equal(widthOf(line), columns);
        },
      ),
    );
  });

  test("shows the whole display, the lights, the hint and the newest note wherever the panel fits", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: LEAST.columns, max: 150 }),
        fc.integer({ min: LEAST.rows, max: 60 }),
        fc.boolean(),
        (columns, rows, big) => {
          const text = textOf(drawPanel(panelFacts(big ? twentyByFour : {}), { columns, rows }));
          assert.match(text, big ? /│Password {7}¥8\.88│/ : /│Password {3}¥8\.88│/);
          assert.match(text, /● WAIT/);
          assert.match(text, /○ PAID/);
          assert.match(text, /▸ The customer types the password/);
          assert.match(text, /CUT: only the/);
          assert.match(text, /\? help/);
        },
      ),
    );
  });

  test("every key is explained whole on some page of the help, wherever the panel fits", () => {
    const size = fc.record({
      columns: fc.integer({ min: LEAST.columns, max: 150 }),
      rows: fc.integer({ min: LEAST.rows, max: 60 }),
    });
    fc.assert(
      fc.property(size, fc.boolean(), (size, big) => {
        const facts = panelFacts(big ? twentyByFour : {});
        const pages = Array.from({ length: helpPages(facts, size) }, (_, page) =>
          textOf(drawPanel({ ...facts, overlay: { kind: "help", page } }, size)),
        );
        for (const words of [
          "a customer scans the box's code",
          "cut the power, now",
          "quit; Ctrl-Z suspends",
        ])
          assert.equal(pages.filter((page) => page.includes(words)).length, 1, words);
        for (const [index, page] of pages.entries())
          assert.match(page, index + 1 < pages.length ? /any key shows the rest/ : /any key goes back/);
      }),
    );
    assert.equal(helpPages(panelFacts(), { columns: 40, rows: 16 }), 2);
    assert.equal(helpPages(panelFacts(), { columns: 80, rows: 24 }), 2);
    const places = textOf(
      drawPanel({ ...panelFacts(), overlay: { kind: "help", page: 1 } }, { columns: 80, rows: 24 }),
    );
    for (const place of ["sandbox", "broker", "journal"]) assert.match(places, new RegExp(place));
  });

  test("an open order is shown before those that are over, and four beside the box", () => {
    const orders = Array.from({ length: 9 }, (_, index) => ({
      ref: `#000${index}`,
      yuan: "1.00",
      state: "paid",
      tone: "good" as const,
      remark: "✓ sandbox keeps 1.00",
    }));
    const wide = textOf(drawPanel(panelFacts({ orders }), { columns: 100, rows: 30 }));
    assert.deepEqual(wide.match(/#000\d/g), ["#0005", "#0006", "#0007", "#0008"]);
    const narrow = textOf(drawPanel(panelFacts({ orders, notes: [] }), { columns: 44, rows: 18 }));
    assert.deepEqual(narrow.match(/#000\d/g), ["#0008"]);
  });

  test("cuts and wraps never lose the beginning", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
        assert.equal(widthOf(fit([span(text)], columns)), columns);
        for (const line of wrap(text, columns)) assert.ok(line.length <= columns);
        assert.ok(textOf([fit([span(text)], columns)]).startsWith(text.slice(0, columns - 1).trimEnd()));
      }),
    );
  });
});

test("every text of the display has a hint, of at most two lines in the narrowest panel", () => {
  for (const text of Object.keys(texts)) {
    for (const entry of ["implied", "explicit"] as const) {
      for (const up of [true, false]) {
        const screen = { ...bootScreen, text: text as keyof typeof texts, ref: "E14" };
        const hint = hintFor({ powered: true, screen, entry, scannerPlugged: up, sandboxUp: up });
        assert.ok(hint.length > 10, text);
        assert.ok(wrap(hint, LEAST.columns - 2).length <= 2, hint);
      }
    }
  }
});

describe("the painter", () => {
  const colours = { colours: true, unicode: true };
  const picture = (facts: Partial<PanelFacts>): Picture =>
    drawPanel(panelFacts(facts), { columns: 100, rows: 30 });
  const device = panelFacts().device;

  test("writes a whole picture once, then only what differs", () => {
    const painter = new Painter(colours);
    assert.ok(painter.paint(picture({})).length > 2_000);
    assert.equal(painter.paint(picture({})), "");
    const ticked = { ...device, rows: ["Password   ¥8.88", "on phone     36s"] };
    const tick = painter.paint(picture({ device: ticked }));
    assert.match(tick, /6/);
    assert.ok(tick.length < 60, JSON.stringify(tick));
    painter.forget();
    assert.ok(painter.paint(picture({})).length > 2_000);
  });

  test("uses no colour where there is none, and every symbol has its ASCII", () => {
    const painter = new Painter({ colours: false, unicode: false });
    for (const facts of [{}, twentyByFour, dark, { overlay: { kind: "help", page: 0 } }] as const) {
      const text = painter.paint(picture(facts));
      const sequences = text.split("\u001b").slice(1);
      for (const one of sequences) assert.doesNotMatch(one, /^\[[0-9;]*(?:[349][0-7]|10[0-7])m/);
      assert.match(sequences.join(""), /^[ -~]*$/);
    }
  });

  test("draws every symbol of every picture", () => {
    for (const facts of [{}, twentyByFour, dark, { overlay: { kind: "help", page: 0 } }] as const) {
      const [, ...asked] = new Painter(colours).paint(picture(facts)).split("?");
      // The title, and the marks of synchronised output.
      for (const after of asked) assert.match(after, /^(?: help|2026[hl])/);
    }
  });

  test("lets nothing through that moves the cursor or takes another width", () => {
    const line = [span("a\u001b[2Jb\r\u0007世界🎉")];
    const text = new Painter(colours).paint([line]);
    assert.ok(text.includes("a?[2Jb??????"), JSON.stringify(text));
  });
});

describe("redrawing", () => {
  function drawing(writeMs: number) {
    const time = new SimulatedTime();
    const clock = new SimulatedClock(time, 0);
    const drawn: number[] = [];
    let inFlight = 0;
    const redraw = new Redraw(clock, (done) => {
      inFlight += 1;
      assert.equal(inFlight, 1, "one picture at a time");
      drawn.push(time.now);
      time.after(writeMs, () => {
        inFlight -= 1;
        done();
      });
    });
    return { time, redraw, drawn };
  }

  test("a thousand changes in a second are at most twenty pictures, and the last change is drawn", () => {
    const { time, redraw, drawn } = drawing(1);
    for (let at = 0; at < 1_000; at += 1) time.after(at, () => redraw.request());
    time.runUntil(2_000);
    assert.ok(drawn.length <= 21 && drawn.length >= 15, String(drawn.length));
    assert.ok((drawn.at(-1) ?? 0) >= 999);
  });

  test("a single change is drawn at once", () => {
    const { time, redraw, drawn } = drawing(1);
    time.after(7, () => redraw.request());
    time.runUntil(1_000);
    assert.deepEqual(drawn, [7]);
  });

  test("a terminal that takes a second for a picture gets one a second, the newest", () => {
    const { time, redraw, drawn } = drawing(1_000);
    for (let at = 0; at < 5_000; at += 10) time.after(at, () => redraw.request());
    time.runUntil(10_000);
    assert.ok(drawn.length <= 6, String(drawn.length));
    assert.ok(FRAME_MS < 1_000 && (drawn.at(-1) ?? 0) >= 4_990);
  });
});

function press(text: string, name = text, ctrl = false): Press {
  return { text, name, ctrl };
}

function typed(text: string): Press[] {
  return text.split("").map((character) => press(character));
}

describe("the keyboard", () => {
  const meanings: readonly (readonly [Press, unknown])[] = [
    [press("7"), { kind: "keypad", key: { name: "digit", digit: 7 } }],
    [press("."), { kind: "keypad", key: { name: "point" } }],
    [press(":"), { kind: "keypad", key: { name: "double-zero" } }],
    [press("\r", "return"), { kind: "keypad", key: { name: "confirm" } }],
    [press("\n", "enter"), { kind: "keypad", key: { name: "confirm" } }],
    [press("\u007f", "backspace"), { kind: "keypad", key: { name: "backspace" } }],
    [press("\u001b", "escape"), { kind: "keypad", key: { name: "cancel" } }],
    [press("c"), { kind: "keypad", key: { name: "clear" } }],
    [press("g"), { kind: "wechat" }],
    [press("a"), { kind: "alipay" }],
    [press("r"), { kind: "again" }],
    [press("t"), { kind: "type-code" }],
    [press("u"), { kind: "plug" }],
    [press("s"), { kind: "scenarios" }],
    [press("b"), { kind: "sandbox" }],
    [press("m"), { kind: "broker" }],
    [press("k"), { kind: "power" }],
    [press("?"), { kind: "help" }],
    [press("q"), { kind: "quit" }],
    [press("\u0003", "c", true), { kind: "quit" }],
    [press("\u0004", "d", true), { kind: "quit" }],
    [press("\u001a", "z", true), { kind: "suspend" }],
    [press("\u000c", "l", true), { kind: "clear-log" }],
  ];

  test("each key has its meaning, and others have none", () => {
    for (const [key, intent] of meanings) assert.deepEqual(intentsOf({ kind: "key", press: key }), [intent]);
    for (const key of [
      press("z"),
      press("G"),
      press("", "up"),
      press("\u0007", "g", true),
      press("", "f1"),
    ]) {
      assert.deepEqual(intentsOf({ kind: "key", press: key }), []);
    }
    assert.equal(lastingRequestOf(press("c")), null);
  });

  test("eighteen digits at once are a code, seventeen are keys, with or without marks around them", () => {
    const code = "134567890123456789";
    const marked = [press("", "paste-start"), ...typed(`${code}\r`), press("", "paste-end")];
    for (const presses of [typed(code), marked]) {
      const [stroke, ...others] = new StrokeReader().read(presses);
      assert.ok(stroke?.kind === "paste" && others.length === 0);
      assert.deepEqual(intentsOf(stroke), [{ kind: "scan", text: code }]);
    }
    const keys = new StrokeReader().read(typed(code.slice(1)));
    assert.deepEqual(
      keys.map(({ kind }) => kind),
      Array.from({ length: 17 }, () => "key"),
    );
  });

  test("a paste may come in pieces; a short amount goes to the keypad, other text before the scanner", () => {
    const reader = new StrokeReader();
    assert.deepEqual(reader.read([press("", "paste-start"), ...typed("13456")]), []);
    assert.deepEqual(reader.read([...typed("78"), press("", "paste-end"), press("q")]), [
      { kind: "paste", text: "1345678" },
      { kind: "key", press: press("q") },
    ]);
    assert.deepEqual(intentsOf({ kind: "paste", text: "1.5" }).length, 3);
    assert.deepEqual(intentsOf({ kind: "paste", text: "weixin://x" }), [
      { kind: "scan", text: "weixin://x" },
    ]);
    assert.deepEqual(intentsOf({ kind: "paste", text: " " }), []);
  });

  test("what is pasted loses its control characters and has an end", () => {
    const [stroke] = new StrokeReader().read([
      press("", "paste-start"),
      ...typed(`\u001b[2J${"9".repeat(9_999)}`),
      press("", "paste-end"),
    ]);
    assert.ok(stroke?.kind === "paste");
    assert.match(stroke.text, /^\[2J9{397}$/);
  });
});

describe("the list of scenarios", () => {
  const picked = (picking: Picking, ...keys: Press[]) => {
    let now = picking;
    for (const key of keys) {
      const next = pick(now, key);
      if (next.kind !== "picking") return next;
      now = next.picking;
    }
    return now;
  };
  const enter = press("\r", "return");

  test("is walked through with arrows, which stop at its ends", () => {
    const begun = beginPicking(success);
    assert.deepEqual(picked(begun, press("", "up")), { typed: "", marked: 0 });
    const chosen = picked(begun, press("", "down"), enter);
    assert.ok("kind" in chosen && chosen.kind === "chosen" && chosen.scenario.name === "password");
    const last = picked(begun, press("", "end"), press("", "down"));
    assert.ok("marked" in last && last.marked > 20);
    assert.deepEqual(picked(begun, press("\u001b", "escape")), { kind: "left" });
  });

  test("is found by parts of names, members of families and WeChat Pay's codes", () => {
    const find = (text: string) => picked(beginPicking(success), ...typed(text), enter);
    for (const [text, name] of [
      ["at-last", "paid-at-last"],
      ["recall-3", "recall-3"],
      ["notsuportcard", "NOTSUPORTCARD"],
    ] as const) {
      const chosen = find(text);
      assert.ok("kind" in chosen && chosen.kind === "chosen", text);
      assert.equal(chosen.scenario.name, name);
    }
    assert.deepEqual(find("nonsense"), { typed: "nonsense", marked: 0 });
    const corrected = picked(beginPicking(success), ...typed("neverx"), press("", "backspace"), enter);
    assert.ok("kind" in corrected && corrected.kind === "chosen" && corrected.scenario.name === "never");
  });
});

describe("notes of the wires", () => {
  test("keys that follow each other stand in one line, and the log has an end", () => {
    let notes: readonly WireNote[] = [];
    for (const [index, key] of ["1", "2", "OK"].entries())
      notes = withNote(notes, note("keypad", key), index);
    assert.deepEqual(notes, [{ at: 0, wire: "keypad", text: "1 2 OK", tone: "plain" }]);
    notes = withNote(notes, note("keypad", "C"), 60);
    assert.equal(notes.length, 2);
    for (let index = 0; index < 1_000; index += 1) notes = withNote(notes, note("box", `${index}`), index);
    assert.ok(notes.length <= 300 && notes.at(-1)?.text === "999");
  });

  test("no code stands in them, whoever hears it", () => {
    for (const code of ["134567890123456789", "281234567890123456", "1234"]) {
      for (const hearing of ["box", "busy", "nobody"] as const) {
        assert.ok(!scanNote(code, hearing).text.includes(code));
      }
    }
    assert.equal(scanNote("281234567890123456", "box").text, "28*************456, an Alipay code");
  });

  test("a request is known by its call and its order, a probe by its number", () => {
    const outTradeNo = "0yb3qj2y_qazkmdbd2nyn_310";
    assert.equal(requestNote({ call: "query", outTradeNo }).text, "→ query #0310");
    assert.equal(requestNote({ call: "probe", outTradeNo: "probe-1234" }).text, "→ probe");
  });

  test("of a reply they say the provider's own word, or why it proves nothing", () => {
    const about = { call: "charge", outTradeNo: "a_b_310", host: "h", ms: 3 };
    const says = logNote("provider.answered", {
      ...about,
      kind: "pending",
      says: "USERPAYING 需要用户输入支付密码",
    });
    assert.equal(says?.text, "← charge #0310 USERPAYING");
    const code = logNote("provider.answered", {
      ...about,
      kind: "declined",
      says: "ACQ.TRADE_HAS_CLOSE 交易已经关闭",
    });
    assert.equal(code?.text, "← charge #0310 ACQ.TRADE_HAS_CLOSE");
    const unknown = { ...about, kind: "unknown", why: "bad-signature", says: null };
    assert.equal(logNote("provider.unknown", unknown)?.text, "← charge #0310 proves nothing: bad-signature");
    assert.equal(logNote("something.new", { why: "because", left: null })?.text, "something.new why=because");
  });
});

describe("notes of orders", () => {
  const amount = fenOf(1_250);
  assert.ok(amount.ok);
  const tx: TxData = {
    outTradeNo: "a_b_310",
    shortRef: "0310",
    ref: null,
    transactionId: null,
    provider: "wechat",
    wallet: "wechat",
    merchantId: "1900000109",
    state: "paid",
    final: true,
    amountFen: amount.value,
    currency: "CNY",
    charged: "yes",
    reason: null,
    late: false,
    clockTrusted: true,
    chargeCount: 1,
    queryCount: 0,
    dispense: null,
    reverseCount: 0,
    intentAt: "",
    finalAt: "",
    box: "demo-box",
  };
  const now = instantOf(0);
  const said = (one: TxData, chargedFen: number | null, returnedFen = 0) =>
    orderNote({
      tx: one,
      payment: null,
      powered: true,
      books: chargedFen === null ? null : { chargedFen, returnedFen },
      now,
    }).remark;
  const reversed: TxData = { ...tx, state: "reversed", charged: "no" };

  test("the sandbox's books agree with what the box says, or it is said that they do not", () => {
    assert.equal(said(tx, 1_250), "✓ sandbox keeps 12.50");
    assert.equal(said(tx, 0), "✗ but sandbox keeps 0.00");
    assert.equal(said(reversed, 1_250, 1_250), "✓ sandbox gave it back");
    assert.equal(said(reversed, 1_250), "✗ but sandbox keeps 12.50");
    assert.equal(said(reversed, null), "✓ sandbox saw nothing");
    assert.equal(said({ ...tx, state: "manual", charged: "unknown" }, 1_250), "a person has to look");
  });

  test("without power nobody but the journal knows of an open order", () => {
    const open = { ...tx, state: "charging", final: false, charged: "unknown" } as const;
    const dead = orderNote({ tx: open, payment: null, powered: false, books: null, now });
    assert.equal(dead.remark, "only the journal knows of it now");
  });
});

test("what a terminal can show is told by its environment", () => {
  const stdout = { getColorDepth: (environment: object) => ("NO_COLOR" in environment ? 1 : 8) };
  const abilities = (environment: NodeJS.ProcessEnv) => abilitiesOf(stdout, environment);
  assert.deepEqual(abilities({ TERM: "xterm", LANG: "de_DE.UTF-8" }), { colours: true, unicode: true });
  assert.deepEqual(abilities({ TERM: "xterm", LANG: "C.utf8", NO_COLOR: "1" }), {
    colours: false,
    unicode: true,
  });
  assert.equal(abilities({ TERM: "xterm", LANG: "C.utf8", LC_ALL: "C" }).unicode, false);
  assert.equal(abilities({ TERM: "vt220", LANG: "C.utf8" }).unicode, false);
  assert.equal(abilities({ TERM: "xterm" }).unicode, true);
});

test("options of the panel are refused where there is none", async () => {
  const wrong: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [["--display", "20x4"], /^--display goes with the panel on a terminal\./],
    [["--plain", "--speed", "3"], /^--speed goes with the panel on a terminal\./],
    [["--pay", "1", "--entry", "implied"], /^--entry and --pay do not go together\./],
  ];
  for (const [args, sentence] of wrong) {
    const said: string[] = [];
    const stderr = new Writable({
      write: (chunk, _encoding, done) => {
        said.push(String(chunk));
        done();
      },
    });
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
    assert.equal(await runCli(["demo", ...args], io), 2);
    assert.match(said.join(""), sentence);
  }
});
