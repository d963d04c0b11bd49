import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DISPLAY_ALPHABET, drawFrame } from "../../../src/core/codecs/display-frame.ts";
import type { FreeLine } from "../../../src/core/payment/rotation.ts";
import { bootScreen, type Screen } from "../../../src/core/payment/screen.ts";
import { type TextName, texts } from "../../../src/core/payment/texts.ts";
import type { Wallet } from "../../../src/core/payment/wallet.ts";

const small = { columns: 16, rows: 2 };
const large = { columns: 20, rows: 4 };

describe("the alphabet of the display", () => {
  it("is printable ASCII without the two characters that modules disagree on, and three signs", () => {
    assert.equal(DISPLAY_ALPHABET.size, 0x7f - 0x20 - 2 + 3);
    assert.deepEqual(
      [..."\\~\n\t\u0000\u007f\u00e9"].filter((character) => DISPLAY_ALPHABET.has(character)),
      [],
    );
    assert.ok([..." !09AZaz{}|^`\u00a5\u5143\u2713"].every((character) => DISPLAY_ALPHABET.has(character)));
  });
});

describe("a screen on the display", () => {
  it("fills every cell with a character of the alphabet, in every text, language and size", () => {
    for (const text of Object.keys(texts) as TextName[]) {
      for (const language of ["en", "zh"] as const) {
        for (const size of [small, large]) {
          const screen: Screen = { ...bootScreen, text, amountFen: 1_250, seconds: 45, ref: "4711" };
          const rows = drawFrame(screen, language, size);
          assert.equal(rows.length, size.rows);
          for (const row of rows) {
            assert.equal(row.length, size.columns, `${text}: "${row}"`);
            assert.ok([...row].every((character) => DISPLAY_ALPHABET.has(character)));
          }
        }
      }
    }
  });

  it("names the wallet of the screen, and where there are several that a code is to be shown", () => {
    const armed: Screen = { ...bootScreen, text: "armed", amountFen: 1_250 };
    const shown = [null, "wechat", "unionpay"] as const;
    assert.deepEqual(
      shown.map((wallet) => drawFrame({ ...armed, wallet }, "en", small)[1]),
      ["Show pay code   ", "Show WeChat code", "Show Union code "],
    );
    const refunded: Screen = { ...bootScreen, text: "refunded", wallet: "alipay" };
    assert.equal(drawFrame(refunded, "zh", small)[1], "Kan zhifubao    ");
  });

  it("names wallets in the second line where they fit, and has its own line where they do not", () => {
    const armed: Screen = { ...bootScreen, text: "armed", amountFen: 1_250 };
    const named = (columns: number, ...wallets: readonly Wallet[]) =>
      (["en", "zh"] as const).map((language) => {
        return drawFrame({ ...armed, line: { wallets } }, language, { columns, rows: 2 })[1]?.trimEnd();
      });
    assert.deepEqual(named(16, "wechat", "alipay"), ["WeChat / Alipay", "weixin/zhifubao"]);
    assert.deepEqual(named(20, "wechat", "alipay"), ["WeChat / Alipay", "weixin / zhifubao"]);
    assert.deepEqual(named(16, "wechat", "alipay", "unionpay"), ["Show pay code", "Chushi fukuanma"]);
    assert.deepEqual(named(20, "wechat", "alipay", "unionpay"), ["WeChat/Alipay/Union", "Chushi fukuanma"]);
    assert.deepEqual(named(16), ["Show pay code", "Chushi fukuanma"]);
    const refused: Screen = { ...bootScreen, text: "wallet-not-taken-here" };
    const line = { wallets: ["wechat", "alipay"] } as const;
    assert.deepEqual(drawFrame({ ...refused, line }, "en", small), ["Not taken. Use: ", "WeChat / Alipay "]);
    assert.deepEqual(drawFrame(refused, "en", small), ["Not taken. Use: ", "another app     "]);
  });

  it("shows a question mark for each character that a display does not have", () => {
    const screen: Screen = { ...bootScreen, text: "entering", typed: "\u4e07\u{1f4b0}\\~\n7" };
    assert.equal(drawFrame(screen, "en", small)[1], "          ?????7");
  });

  it("takes a reference as it is, also where it looks like a pattern", () => {
    const screen: Screen = { ...bootScreen, text: "out-of-service", ref: "$&$1" };
    assert.equal(drawFrame(screen, "en", small)[1], "Ask staff   $&$1");
  });

  it("leaves the place of a reference empty where there is none", () => {
    assert.equal(drawFrame({ ...bootScreen, text: "unknown" }, "en", small)[1], "Ask staff       ");
    assert.equal(drawFrame({ ...bootScreen, text: "out-of-service" }, "en", small)[1], "Ask staff       ");
  });

  it("leaves the places of an amount and of a countdown empty where there is neither", () => {
    assert.deepEqual(drawFrame({ ...bootScreen, text: "password" }, "en", small), [
      "Password        ",
      "on phone       s",
    ]);
    assert.equal(drawFrame({ ...bootScreen, text: "entering" }, "en", small)[1], " ".repeat(16));
  });

  it("cuts what is too long at the left part's end, and only then at the right part's beginning", () => {
    const cut = (...line: FreeLine) => drawFrame({ ...bootScreen, text: "menu", line }, "en", small)[0];
    assert.equal(cut("1 Sparkling water", "\u00a53.50"), "1 Sparkling\u00a53.50");
    assert.equal(cut("ab", "12345678901234567"), "2345678901234567");
  });

  it("has the line of an advert where nothing is at stake", () => {
    const advert = { ...bootScreen, line: ["1 Cola", "\u00a53.50"] as const };
    assert.deepEqual(drawFrame({ ...advert, text: "menu" }, "en", small), [
      "1 Cola     \u00a53.50",
      "Press a number  ",
    ]);
    const armed: Screen = { ...advert, text: "armed", wallet: "wechat", amountFen: 1_250 };
    assert.deepEqual(drawFrame(armed, "en", small), ["Pay       \u00a512.50", "1 Cola     \u00a53.50"]);
  });

  it("shows the merchant's words as they are written, whatever stands in them", () => {
    const [amountFen, ref, seconds] = [500, "0042", 9];
    for (const words of ["{amount} {ref}", "#{ref} {yuan}", "Tea|milk", "100% $& %s", "{seconds}s"]) {
      for (const text of ["idle", "menu", "till-idle", "armed"] as const) {
        const rows = drawFrame(
          { ...bootScreen, text, amountFen, ref, seconds, line: [words, ""] },
          "en",
          small,
        );
        assert.ok(rows.includes(words.padEnd(16)), `${text}: ${rows.join("/")}`);
      }
    }
  });

  it("has the reference in the third of four rows where the text leaves it out, and help in none yet", () => {
    const paid: Screen = { ...bootScreen, text: "paid", amountFen: 1_250, ref: "4711" };
    assert.deepEqual(drawFrame(paid, "en", large), [
      "PAID          \u00a512.50",
      "Thank you           ",
      "Ref 4711            ",
      "                    ",
    ]);
    assert.equal(drawFrame(paid, "zh", large)[2], "Danhao 4711         ");
    assert.deepEqual(drawFrame(paid, "en", small), ["PAID      \u00a512.50", "Thank you       "]);
  });

  it("puts a line of an advert or of a menu where nothing is at stake", () => {
    const idle: Screen = { ...bootScreen, text: "idle", line: ["Fresh bread", ""] };
    assert.deepEqual(drawFrame(idle, "en", small), ["Fresh bread     ", "Enter amount    "]);
    const menu: Screen = { ...bootScreen, text: "menu", line: ["1 Cola", "\u00a53.00"] };
    assert.deepEqual(drawFrame(menu, "en", small), ["1 Cola     \u00a53.00", "Press a number  "]);
    const armed: Screen = {
      ...bootScreen,
      text: "armed",
      wallet: "wechat",
      amountFen: 500,
      line: ["Fresh bread", ""],
    };
    assert.deepEqual(drawFrame(armed, "en", small), ["Pay        \u00a55.00", "Fresh bread     "]);
  });

  it("does not repeat a reference that stands above, and has none where there is none", () => {
    const unknown: Screen = { ...bootScreen, text: "unknown", ref: "4711" };
    assert.deepEqual(drawFrame(unknown, "en", large), [
      "RESULT UNKNOWN      ",
      "Ask staff      #4711",
      " ".repeat(20),
      " ".repeat(20),
    ]);
    assert.equal(drawFrame({ ...bootScreen, text: "idle" }, "en", large)[2], " ".repeat(20));
  });

  it("calls the code of an outage a code", () => {
    const offline: Screen = { ...bootScreen, text: "offline", ref: "E41" };
    assert.equal(drawFrame(offline, "en", large)[2], "Code E41            ");
    assert.equal(drawFrame(offline, "zh", large)[2], "Daima E41           ");
  });
});
