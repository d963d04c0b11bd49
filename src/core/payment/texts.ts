import type { Wallet } from "./wallet.ts";

/** A language of the screens; Chinese is written in pinyin, for character displays have no hanzi. */
export type Language = "en" | "zh";

/**
 * Two lines of at most 16 cells. `|` parts what stands at the left from what stands at the right; `{amount}` is the amount
 * with its sign, `{yuan}` the amount alone, `{seconds}` a countdown, `{ref}` a short reference or an outage code, `{wallet}`
 * the name of a wallet.
 */
type Lines = readonly [string, string];

const table = {
  boot: { en: ["ScanBox", "Starting..."], zh: ["ScanBox", "Qidong zhong..."] },
  "out-of-service": { en: ["OUT OF SERVICE", "Ask staff|{ref}"], zh: ["Zanting fuwu", "Dianyuan|{ref}"] },
  offline: { en: ["No network", "Use other way"], zh: ["Wangluo guzhang", "Yong xianjin"] },
  idle: { en: ["Welcome", "Enter amount"], zh: ["Huanying", "Qing shuru jine"] },
  "till-idle": { en: ["Ready", "Till: waiting"], zh: ["Jiuxu", "Deng shouyinji"] },
  menu: { en: ["Welcome", "Press a number"], zh: ["Huanying", "Qing xuan haoma"] },
  entering: { en: ["Amount|(CNY)", "|{yuan}"], zh: ["Jine|(CNY)", "|{yuan}"] },
  armed: { en: ["Pay|{amount}", "Show {wallet} code"], zh: ["Fukuan|{amount}", "Chushi fukuanma"] },
  "armed-no-scanner": {
    en: ["Pay|{amount}", "Ask staff for QR"],
    zh: ["Fukuan|{amount}", "Qing yao erweima"],
  },
  "amount-changed": { en: ["New|{amount}", "Amount changed"], zh: ["Xin|{amount}", "Jine yi bian"] },
  "till-busy": { en: ["Busy|{amount}", "Sale still open"], zh: ["Mang|{amount}", "Shang bi wei wan"] },
  "code-shown": {
    en: ["Scan us|{amount}", "with {wallet}|{seconds}s"],
    zh: ["Saoma|{amount}", "yong {wallet}|{seconds}s"],
  },
  "code-withdrawn": {
    en: ["Code withdrawn", "Do NOT scan|#{ref}"],
    zh: ["Ma yi shixiao", "Wu zai sao|#{ref}"],
  },
  resting: { en: ["Pay|{amount}", "One moment..."], zh: ["Fukuan|{amount}", "Qing shaohou..."] },
  submitting: { en: ["Pay|{amount}", "Please wait..."], zh: ["Fukuan|{amount}", "Qing shaohou..."] },
  password: { en: ["Password|{amount}", "on phone|{seconds}s"], zh: ["Mima|{amount}", "shouji|{seconds}s"] },
  checking: { en: ["Checking|{amount}", "Do NOT pay again"], zh: ["Chaxun|{amount}", "Qing wu zai fu"] },
  reversing: { en: ["Undoing|{amount}", "Do NOT pay again"], zh: ["Chexiao|{amount}", "Qing wu zai fu"] },
  paid: { en: ["PAID|{amount}", "Thank you"], zh: ["OK|{amount}", "Chenggong Xiexie"] },
  dispensing: { en: ["PAID|{amount}", "Dispensing..."], zh: ["OK|{amount}", "Chuhuo zhong..."] },
  "vend-failed": { en: ["Refund|{amount}", "Vend failed"], zh: ["Tuikuan|{amount}", "Chuhuo shibai"] },
  "vend-unclear": {
    en: ["PAID|{amount}", "Goods? Ask|#{ref}"],
    zh: ["OK|{amount}", "Zhao ren|#{ref}"],
  },
  "refund-pending": {
    en: ["Refund|{amount}", "Keep ref|#{ref}"],
    zh: ["Tuikuan|{amount}", "Danhao|#{ref}"],
  },
  "machine-busy": { en: ["Machine busy", "Please wait..."], zh: ["Jiqi mang", "Qing shaohou..."] },
  paused: { en: ["Please wait", "3 declined|{seconds}s"], zh: ["Qing shaohou", "Shibai 3 ci|{seconds}s"] },
  "not-paid": { en: ["NOT PAID|{amount}", "Nothing charged"], zh: ["Weifu|{amount}", "Wei koukuan"] },
  "not-paid-funds": { en: ["NOT PAID|{amount}", "Low balance"], zh: ["Weifu|{amount}", "Yue buzu"] },
  "not-paid-card": { en: ["NOT PAID|{amount}", "Use another card"], zh: ["Weifu|{amount}", "Qing huan ka"] },
  "not-sent": { en: ["NOT PAID|{amount}", "No network"], zh: ["Weifu|{amount}", "Wangluo guzhang"] },
  "not-charged": { en: ["NOT PAID|{amount}", "Try again later"], zh: ["Weifu|{amount}", "Shaohou zai shi"] },
  "code-expired": { en: ["Code expired", "Refresh + rescan"], zh: ["Ma yi guoqi", "Shuaxin zai sao"] },
  "code-used": { en: ["Code used before", "Refresh + rescan"], zh: ["Ma yi yongguo", "Shuaxin zai sao"] },
  "code-not-taken": {
    en: ["Not {wallet} code", "Open pay code"],
    zh: ["Fei {wallet} ma", "Dakai fukuanma"],
  },
  "wallet-not-taken": {
    en: ["Not {wallet} code", "Open pay code"],
    zh: ["Fei {wallet} ma", "Dakai fukuanma"],
  },
  "wallet-not-taken-here": {
    en: ["Not taken. Use:", "another app"],
    zh: ["Qing huan yong:", "qita APP"],
  },
  "wallet-out": {
    en: ["{wallet} is down", "Use another|{ref}"],
    zh: ["{wallet} guzhang", "Huan yige|{ref}"],
  },
  "not-a-code": { en: ["Not a pay code", "Scan again"], zh: ["Fei fukuanma", "Qing zai sao"] },
  "receiving-code": {
    en: ["Open Pay in app", "Show pay code"],
    zh: ["Shi shoukuanma", "Dakai fukuanma"],
  },
  "goods-barcode": {
    en: ["Goods barcode", "Show pay code"],
    zh: ["Shangpin tiaoma", "Chushi fukuanma"],
  },
  card: { en: ["No cards here", "Show pay code"], zh: ["Wufa shua ka", "Chushi fukuanma"] },
  "marked-code": { en: ["Scanner set-up", "Ask staff"], zh: ["Saomaqi shezhi", "Zhao dianyuan"] },
  "no-amount": { en: ["No amount yet", "Enter amount"], zh: ["Wei shu jine", "Qing shuru jine"] },
  "no-amount-of-till": { en: ["No amount yet", "Till: waiting"], zh: ["Wei shu jine", "Deng shouyinji"] },
  "amount-zero": { en: ["Amount is zero", "Enter amount"], zh: ["Jine wei ling", "Qing shuru jine"] },
  "amount-uneven": {
    en: ["Steps of|{amount}", "Clear and retry"],
    zh: ["Bei shu|{amount}", "Qing chong shu"],
  },
  "amount-too-large": { en: ["Max|{amount}", "Clear and retry"], zh: ["Zuigao|{amount}", "Qing chong shu"] },
  cancelled: { en: ["CANCELLED", "Nothing charged"], zh: ["Yi chexiao", "Wei koukuan"] },
  "timed-out": { en: ["TIMED OUT", "Nothing charged"], zh: ["Chaoshi", "Wei koukuan"] },
  "earlier-paid": { en: ["Earlier|{amount}", "PAID|#{ref}"], zh: ["Qiandan|{amount}", "Yi fu|#{ref}"] },
  "earlier-refunded": {
    en: ["Earlier|{amount}", "Refunded|#{ref}"],
    zh: ["Qiandan|{amount}", "Yi tui|#{ref}"],
  },
  "recent-open": { en: ["#{ref}|{amount}", "Still checking"], zh: ["#{ref}|{amount}", "Hai zai chaxun"] },
  "recent-reversing": { en: ["#{ref}|{amount}", "Being undone"], zh: ["#{ref}|{amount}", "Zai chexiao"] },
  "recent-paid": { en: ["#{ref}|{amount}", "PAID"], zh: ["#{ref}|{amount}", "Yi fukuan"] },
  "recent-not-paid": { en: ["#{ref}|{amount}", "NOT PAID"], zh: ["#{ref}|{amount}", "Wei fukuan"] },
  "recent-refunded": { en: ["#{ref}|{amount}", "Refunded"], zh: ["#{ref}|{amount}", "Yi tuikuan"] },
  "recent-manual": { en: ["#{ref}|{amount}", "RESULT UNKNOWN"], zh: ["#{ref}|{amount}", "Jieguo weizhi"] },
  refunded: { en: ["Refunded|{amount}", "See {wallet} msg"], zh: ["Tuikuan|{amount}", "Kan {wallet}"] },
  unknown: { en: ["RESULT UNKNOWN", "Ask staff|#{ref}"], zh: ["Jieguo weizhi", "Dianyuan|#{ref}"] },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, Lines>>>>;

/** The name of a text; what it means is decided in `screen.ts`. */
export type TextName = keyof typeof table;

/** All texts in all languages. */
export const texts: Readonly<Record<TextName, Readonly<Record<Language, Lines>>>> = table;

/** What people call a wallet, short enough for every text that names it; `any` where it may be one of several. */
export const walletNames: Readonly<Record<Wallet | "any", Readonly<Record<Language, string>>>> = {
  wechat: { en: "WeChat", zh: "weixin" },
  alipay: { en: "Alipay", zh: "zhifubao" },
  unionpay: { en: "Union", zh: "yinlian" },
  "e-cny": { en: "e-CNY", zh: "shuzi" },
  qq: { en: "QQ", zh: "QQ" },
  any: { en: "pay", zh: "fukuan" },
};
