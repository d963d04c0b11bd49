import type { BoxStatus } from "../../src/control/status.ts";

/** A box in service that has one reversal behind it. */
export const aStatus: BoxStatus = {
  box: "box-000123",
  store: "Example store",
  version: "0.1.0",
  boot: "Q7dV2mTz9KpL",
  config: "/etc/scanbox/device.config.json",
  pid: 4711,
  since: "2026-03-15T09:30:12.000Z",
  upS: 93_784,
  service: {
    inService: true,
    screen: "idle",
    glass: ["Welcome", "Enter amount"],
    blocker: null,
    reason: null,
    code: null,
  },
  devices: { scanner: "ready", keypad: "ready", display: "absent", relay: "none" },
  scans: { codes: 811, refused: 14, discarded: { "over-long": 0, unfinished: 2, "alt-numbers": 0 } },
  wechat: {
    merchantId: "1900000109",
    proved: true,
    unclear: false,
    failure: null,
    signedAt: "2026-03-16T11:33:00.000Z",
  },
  orders: [
    {
      outTradeNo: "k3b9x0aa_Q7dV2mTz9KpL_42",
      shortRef: "0042",
      phase: "reversing",
      amountFen: 1_250,
      ageS: 75,
    },
  ],
  journal: {
    path: "/var/lib/scanbox",
    journal: "679521eae1c47c9a",
    bytes: 3_145_728,
    rows: 1_234,
    seq: 812,
    writtenAt: "2026-03-16T11:32:58.000Z",
    broken: false,
  },
  mqtt: {
    phase: "online",
    unconfirmed: 0,
    confirmed: 812,
    held: false,
    sessions: 2,
    version: 5,
    lastCause: "the broker hung up",
  },
  clock: { at: "2026-03-16T11:33:16.000Z", trusted: true },
  memory: { rssBytes: 83_886_080, heapBytes: 18_874_368 },
};
