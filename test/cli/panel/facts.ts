import type { OrderNote } from "../../../src/cli/demo/panel/order-notes.ts";
import type { PanelFacts } from "../../../src/cli/demo/panel/panel-view.ts";
import type { WireNote } from "../../../src/cli/demo/panel/wire-notes.ts";
import { bootScreen, type Screen } from "../../../src/core/payment/screen.ts";

const orders: readonly OrderNote[] = [
  { ref: "#0310", yuan: "12.50", state: "paid", tone: "good", remark: "✓ sandbox keeps 12.50" },
  { ref: "#0311", yuan: "2999.99", state: "declined", tone: "strong", remark: "✓ sandbox saw nothing" },
  {
    ref: "#0312",
    yuan: "8.88",
    state: "charging",
    tone: "warn",
    remark: "the customer types; asks in 2 s, gives up in 37 s",
  },
];

const notes: readonly WireNote[] = [
  { at: 1.5, wire: "keypad", text: "8 . 8 8 OK", tone: "plain" },
  { at: 1.61, wire: "scanner", text: "13*************789", tone: "plain" },
  { at: 1.62, wire: "journal", text: "✓ charging #0312 8.88", tone: "plain" },
  { at: 1.62, wire: "https", text: "→ charge #0312", tone: "plain" },
  {
    at: 1.64,
    wire: "sandbox",
    text: "SUCCESS, but the reply is forged: SUCCESS, wrongly signed",
    tone: "warn",
  },
  { at: 1.64, wire: "https", text: "← charge #0312 proves nothing: bad-signature", tone: "warn" },
  { at: 1234.56, wire: "mqtt", text: "→ tx.charging seq 5", tone: "plain" },
  { at: 1240, wire: "power", text: "CUT: only the journal is left", tone: "bad" },
];

/** A panel in the middle of a payment, with whatever else is wanted of it. */
export function panelFacts(wanted: Partial<PanelFacts> = {}): PanelFacts {
  const screen: Screen = {
    ...bootScreen,
    text: "password",
    amountFen: 888,
    seconds: 37,
    ref: "0312",
    light: "wait",
  };
  return {
    version: "0.0.0",
    hurry: 3,
    entry: "explicit",
    device: {
      display: { columns: 16, rows: 2 },
      rows: ["Password   ¥8.88", "on phone     37s"],
      light: "wait",
      sound: "none",
      pressed: null,
    },
    screen,
    powered: true,
    scannerPlugged: true,
    scenario: "password",
    sandboxUp: true,
    brokerUp: true,
    orders,
    notes,
    overlay: { kind: "none" },
    places: [
      "sandbox  http://127.0.0.1:40123",
      "broker   mosquitto_sub -p 40125 -t 'scanbox/#' -v",
      "journal  scanbox journal list --directory /tmp/scanbox-demo",
    ],
    ...wanted,
  };
}
