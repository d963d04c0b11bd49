/** Settings whose effect is seen at the sandbox, at the broker or in the journal. */

import { wechatEntry } from "../config-text.ts";
import { about, field, type Row, sinceCharge, Together, tells, tries } from "./rows.ts";
import { type Files, formerMerchant, hosts, type Keys, type Stand } from "./stand.ts";

const [first, second] = hosts;

const provider = { "providers.0.subMerchantId": "1900000100" };

/** How long after its charge the first reversal came, to the second. */
function reversedAfter(stand: Stand): number | null {
  return about(sinceCharge(stand, stand.to("/secapi/pay/reverse")[0]?.at), 1_000);
}

/** How long each try to reach a host might take until the charge leaves. */
function chargeTries(stand: Stand): unknown {
  return stand.calls
    .filter(({ path }) => path === "/pay/micropay")
    .map(({ sendWithinMs }) => about(sendWithinMs));
}

/** The first host takes no connection; the second one gets what is left of the time. */
function backup(stand: Stand): void {
  stand.silent(first).scan().shows("paid");
}

/** The keys of a box that charges for the account of before. */
function before({ formerKey }: Files): Keys {
  const { appId, merchantId } = formerMerchant;
  const ids = { "providers.0.id": FORMER, "providers.0.appId": appId, "providers.0.merchantId": merchantId };
  const sub = { "providers.0.subAppId": SUB_APP, "providers.0.subMerchantId": SUB_MERCHANT };
  return { ...ids, ...sub, "providers.0.apiKey": { file: formerKey } };
}

/** The same account as one whose orders are only finished, with something else of it. */
function former({ merchant, formerKey }: Files, other: object = {}): object {
  const { appId, merchantId } = formerMerchant;
  const certificate = { cert: { file: merchant.certFile }, key: { file: merchant.keyFile } };
  const usual = { appId, merchantId, subAppId: SUB_APP, subMerchantId: SUB_MERCHANT };
  const entry = wechatEntry({ hosts, charges: false, certificate, apiKey: { file: formerKey } });
  return { ...entry, ...usual, id: FORMER, ...other };
}

/** That account beside the one of now. */
function beside(files: Files, other: object = {}): Together {
  return new Together({ "providers.1": former(files, other) });
}

const FORMER = "former";
const SUB_APP = "wxformersub0000001";
const SUB_MERCHANT = "1900000778";

/** An order of an earlier merchant is finished under it, or not at all where one of its ids is another. */
function earlierId(name: string, otherValue: string | null, named: string): Row {
  return {
    key: `providers[].${name}`,
    earlier: before,
    values: (files) => [beside(files), beside(files, { [name]: otherValue })],
    story: (stand) => void stand.pass(120_000),
    see: (stand) => {
      const calls = [...stand.to("/pay/orderquery"), ...stand.to("/secapi/pay/reverse")];
      const of = calls.filter(({ fields }) => fields.out_trade_no === stand.money[0]?.outTradeNo).slice(1);
      const names = [...new Set(of.map(({ fields }) => fields[named]))];
      return [names, stand.money.at(-1)?.state, stand.box.status()?.service.blocker];
    },
    seen: [
      [
        [
          {
            appId: formerMerchant.appId,
            merchantId: formerMerchant.merchantId,
            subAppId: SUB_APP,
            subMerchantId: SUB_MERCHANT,
          }[name],
        ],
        "reversed",
        null,
      ],
      [[], "charging", "account-gone"],
    ],
  };
}

export const wireRows: readonly Row[] = [
  {
    key: "box.id",
    values: ["corner-1", "corner-2"],
    see: (stand) => [
      stand.charges[0]?.fields.device_info,
      stand.connects[0]?.clientId,
      [...new Set(stand.broker.receipts.map(({ topic }) => topic))].sort(),
      stand.money.at(-1)?.box,
    ],
    seen: [
      ["corner-1", "corner-1", ["scanbox/v1/corner-1/status", "scanbox/v1/corner-1/tx"], "corner-1"],
      ["corner-2", "corner-2", ["scanbox/v1/corner-2/status", "scanbox/v1/corner-2/tx"], "corner-2"],
    ],
  },
  {
    key: "box.store",
    values: ["Corner shop", null],
    see: (stand) => [stand.charges[0]?.fields.body, stand.box.status()?.store],
    seen: [
      ["Corner shop", "Corner shop"],
      ["composed-1", "composed-1"],
    ],
  },
  {
    key: "providers[].id",
    values: ["wechat", "main"],
    see: (stand) => [stand.money.at(-1)?.provider, stand.box.status()?.providers[0]?.id],
    seen: [
      ["wechat", "wechat"],
      ["main", "main"],
    ],
  },
  {
    key: "providers[].charges",
    values: (files) => [
      beside(files),
      new Together({ "providers.0.charges": false, "providers.1": former(files, { charges: true }) }),
    ],
    see: (stand) => [stand.charges[0]?.fields.mch_id, stand.money.at(-1)?.provider],
    seen: [
      ["1900000109", "wechat"],
      [formerMerchant.merchantId, FORMER],
    ],
  },
  {
    key: "providers[].body",
    also: { "box.store": "Corner shop" },
    values: ["Corner shop-goods", null],
    see: field("body"),
    seen: ["Corner shop-goods", "Corner shop"],
  },
  {
    key: "providers[].appId",
    also: provider,
    values: ["wx1234567890abcdef", "wx0000000000000000"],
    story: tries,
    see: (stand) => [stand.asked[0]?.fields.appid, stand.texts.at(-1)],
    seen: [
      ["wx1234567890abcdef", "paid"],
      ["wx0000000000000000", "out-of-service"],
    ],
  },
  {
    key: "providers[].merchantId",
    values: ["1900000109", "1900000777"],
    story: tries,
    see: (stand) => [stand.asked[0]?.fields.mch_id, stand.texts.at(-1)],
    seen: [
      ["1900000109", "paid"],
      ["1900000777", "out-of-service"],
    ],
  },
  {
    key: "providers[].subMerchantId",
    values: ["1900000100", null],
    see: field("sub_mch_id"),
    seen: ["1900000100", null],
  },
  {
    key: "providers[].subAppId",
    also: provider,
    values: ["wxfedcba0987654321", null],
    see: field("sub_appid", "sub_mch_id"),
    seen: [
      ["wxfedcba0987654321", "1900000100"],
      [null, "1900000100"],
    ],
  },
  {
    key: "providers[].signType",
    values: ["HMAC-SHA256", "MD5"],
    see: (stand) => [stand.charges[0]?.fields.sign_type ?? null, stand.charges[0]?.fields.sign?.length],
    seen: [
      ["HMAC-SHA256", 64],
      [null, 32],
    ],
  },
  {
    key: "providers[].apiKey",
    values: ({ apiKey, formerKey }) => [{ file: apiKey }, { file: formerKey }],
    story: tries,
    see: (stand) => stand.texts.at(-1),
    seen: ["paid", "out-of-service"],
  },
  {
    key: "providers[].certificate.cert",
    values: ({ merchant, stranger }) => [{ file: merchant.certFile }, { file: stranger.certFile }],
    story: tries,
    see: (stand) => [stand.texts.at(-1), stand.box.status()?.providers[0]?.failure],
    seen: [
      ["paid", null],
      ["out-of-service", "certificate-mismatch"],
    ],
  },
  {
    key: "providers[].certificate.key",
    values: ({ merchant, stranger }) => [{ file: merchant.keyFile }, { file: stranger.keyFile }],
    story: tries,
    see: (stand) => [stand.texts.at(-1), stand.box.status()?.providers[0]?.failure],
    seen: [
      ["paid", null],
      ["out-of-service", "certificate-mismatch"],
    ],
  },
  {
    key: "providers[].hosts",
    values: [hosts, [second, first]],
    story: (stand) => void stand.scan("never").until(() => stand.to("/secapi/pay/reverse").length > 0),
    see: (stand) => [...stand.charges, ...stand.to("/secapi/pay/reverse")].map(({ host }) => host),
    seen: [
      [first, first],
      [second, second],
    ],
  },
  {
    key: "providers[].clientIp",
    values: ["203.0.113.9", null],
    see: field("spbill_create_ip"),
    seen: ["203.0.113.9", "192.0.2.7"],
  },
  {
    key: "providers[].notifyUrl",
    values: ["https://merchant.example/paid", null],
    story: (stand) => {
      stand.box.wantCode();
      stand.pass(2_000);
    },
    see: (stand) => stand.to("/pay/unifiedorder").map(({ fields }) => fields.notify_url),
    seen: [["https://merchant.example/paid"], []],
  },
  ...(
    [
      ["id", "S-1", "S-2", { id: "S-1" }, { id: "S-2" }],
      ["name", "Corner", undefined, { id: "S-0", name: "Corner" }, { id: "S-0" }],
      ["areaCode", "440305", undefined, { id: "S-0", area_code: "440305" }, { id: "S-0" }],
      ["address", "1 Road", undefined, { id: "S-0", address: "1 Road" }, { id: "S-0" }],
    ] as const
  ).map(
    ([name, a, b, seenA, seenB]): Row => ({
      key: `providers[].sceneInfo.${name}`,
      also: { "providers.0.sceneInfo.id": "S-0" },
      values: [a, b],
      see: (stand) => JSON.parse(stand.charges[0]?.fields.scene_info ?? "null"),
      seen: [{ store_info: seenA }, { store_info: seenB }],
    }),
  ),
  ...(
    [
      ["profitSharing", true, "profit_sharing", "Y"],
      ["limitPay", "no_credit", "limit_pay", "no_credit"],
      ["goodsTag", "SUMMER", "goods_tag", "SUMMER"],
      ["receipt", true, "receipt", "Y"],
    ] as const
  ).map(
    ([name, value, sentAs, sent]): Row => ({
      key: `providers[].${name}`,
      values: [value, undefined],
      // The sandbox, which checks form and signature of each field, has booked the payment.
      see: (stand) => [stand.charges[0]?.fields[sentAs] ?? null, stand.money.at(-1)?.state],
      seen: [
        [sent, "paid"],
        [null, "paid"],
      ],
    }),
  ),
  {
    key: "mqtt.confirm",
    values: ["puback", "ack"],
    story: (stand) => {
      tells("success", "paid")(stand);
      stand.pass(10_000);
    },
    see: (stand) => {
      const before = stand.box.reporting;
      const { journal, newestEvent } = { journal: stand.disk.journal, newestEvent: stand.money.length };
      const ack = JSON.stringify({ journal, upto: newestEvent });
      stand.broker.publish(`scanbox/v1/${stand.config.box.id}/ack`, ack, false);
      stand.pass(1_000);
      return [before?.confirmed, stand.box.reporting?.confirmed];
    },
    seen: [
      [2, 2],
      [0, 2],
    ],
  },
  {
    key: "late",
    values: ["keep", "reverse"],
    story: (stand) => {
      stand.scan("reply-lost").pass(500).crash().pass(1_000);
      stand.start();
      stand.until(() => stand.money.at(-1)?.final === true);
    },
    see: (stand) => [stand.money.at(-1)?.state, stand.money.at(-1)?.late],
    seen: [
      ["paid", true],
      ["refunded", false],
    ],
  },
  {
    key: "journal.retentionDays",
    values: [1, 400],
    codesKept: 1,
    story: (stand) => {
      for (let count = 0; count < 2; count += 1) {
        tells("success", "paid")(stand);
        stand.pass(60_000);
        stand.box.ask({ name: "journal rotate" }, () => undefined);
        stand.pass(60_000);
      }
      stand.pass(95_040_000);
      stand.box.ask({ name: "journal rotate" }, () => undefined);
      stand.pass(1_000);
    },
    see: (stand) => stand.disk.kept.length < stand.disk.rows.length,
    seen: [true, false],
  },
  {
    key: "timing.queryEveryMs",
    values: [5_000, 9_000],
    story: (stand) => void stand.scan("never").pass(14_000),
    see: (stand) =>
      stand
        .to("/pay/orderquery")
        .flatMap(({ at }) => about(sinceCharge(stand, at), 1_000) ?? [])
        .filter((ms) => ms > 0),
    seen: [[5_000, 10_000], [9_000]],
  },
  {
    key: "timing.giveUpAfterMs",
    values: [45_000, 31_000],
    story: (stand) => void stand.scan("never").until(() => stand.to("/secapi/pay/reverse").length > 0),
    see: reversedAfter,
    seen: [45_000, 31_000],
  },
  {
    key: "timing.reverseNotBeforeMs",
    values: [15_000, 25_000],
    story: (stand) => {
      stand.scan("never").shows("password");
      stand.press({ name: "cancel" });
      stand.until(() => stand.to("/secapi/pay/reverse").length > 0);
    },
    see: reversedAfter,
    seen: [15_000, 25_000],
  },
  {
    key: "timing.confirmNotBeforeMs",
    values: [60_000, 120_000],
    story: (stand) => {
      stand.scan("request-lost");
      stand.until(() => stand.money.at(-1)?.final === true);
    },
    see: (stand) => {
      const ended = stand.lines.find(({ fields }) => fields.state === "reversed")?.at;
      return about(sinceCharge(stand, ended), 1_000);
    },
    // The charge may be in flight until its answer has been waited for.
    seen: [71_000, 131_000],
  },
  {
    key: "timing.sendWithinMs",
    values: [10_000, 6_500],
    story: backup,
    see: chargeTries,
    seen: [
      [6_000, 4_000],
      [6_000, 500],
    ],
  },
  {
    key: "timing.connectTimeoutMs",
    values: [6_000, 2_500],
    story: backup,
    see: chargeTries,
    seen: [
      [6_000, 4_000],
      [2_500, 2_500],
    ],
  },
  {
    key: "timing.answerTimeoutMs",
    values: [10_000, 4_000],
    story: (stand) => {
      stand.scan("reply-lost");
      stand.until(() =>
        stand.to("/pay/orderquery").some(({ at }) => at > (stand.charges[0]?.at ?? Number.NaN)),
      );
    },
    see: (stand) => about(sinceCharge(stand, stand.to("/pay/orderquery").at(-1)?.at), 1_000),
    seen: [10_000, 4_000],
  },
  {
    key: "timing.restMs",
    values: [5_000, 9_000],
    story: (stand) => {
      stand.shows("armed");
      tells("success", "paid")(stand);
      stand.shows("resting");
      stand.shows("armed");
    },
    see: (stand) => {
      const at = (text: string): number => stand.screens.findLast((screen) => screen.text === text)?.at ?? 0;
      return about(at("armed") - at("resting"), 1_000);
    },
    seen: [5_000, 9_000],
  },
];

/** The same of an account that is not charged any more: its orders are finished under it, or not at all. */
export const formerRows: readonly Row[] = [
  earlierId("appId", "wx0000000000000000", "appid"),
  earlierId("merchantId", "1900000000", "mch_id"),
  earlierId("subAppId", null, "sub_appid"),
  earlierId("subMerchantId", "1900000779", "sub_mch_id"),
  {
    key: "providers[].signType",
    earlier: before,
    values: (files) => [beside(files), beside(files, { signType: "MD5" })],
    story: (stand) => void stand.pass(120_000),
    see: (stand) => [stand.to("/secapi/pay/reverse")[0]?.fields.sign_type ?? null, stand.money.at(-1)?.state],
    seen: [
      ["HMAC-SHA256", "reversed"],
      [null, "reversed"],
    ],
  },
  {
    key: "providers[].apiKey",
    earlier: before,
    values: (files) => [beside(files), beside(files, { apiKey: { file: files.apiKey } })],
    story: (stand) => void stand.pass(120_000),
    see: (stand) => stand.money.at(-1)?.state,
    seen: ["reversed", "reversing"],
  },
];
