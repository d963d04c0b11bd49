import type { FinalState } from "../../../core/payment/order.ts";
import type { Leftover } from "./ledger.ts";

/** How the look-alike refuses with one `err_code`. */
export interface Refusal {
  /** `err_code_des`; representative, a box must never branch on it. */
  readonly text: string;
  /** What a charge that is refused so leaves behind. */
  readonly leaves: Leftover;
  /** How a box should end a charge that is refused so. */
  readonly ends: FinalState;
}

/** The `err_code`s of WeChat Pay v2, micropay (its published list and the RULELIMIT of older ones). */
export const chargeRefusals: Readonly<Record<string, Refusal>> = {
  SYSTEMERROR: { text: "系统繁忙，请稍后再试", leaves: "unpaid", ends: "reversed" },
  BANKERROR: { text: "银行系统异常", leaves: "unpaid", ends: "reversed" },
  USERPAYING: { text: "需要用户输入支付密码", leaves: "dialog", ends: "reversed" },
  AUTHCODEEXPIRE: { text: "付款码已过期，请刷新后重新扫码", leaves: "nothing", ends: "declined" },
  AUTH_CODE_ERROR: { text: "付款码无效，请重新扫码", leaves: "nothing", ends: "declined" },
  AUTH_CODE_INVALID: { text: "请扫描微信付款码", leaves: "nothing", ends: "declined" },
  NOTENOUGH: { text: "余额不足，请更换支付方式", leaves: "unpaid", ends: "declined" },
  NOTSUPORTCARD: { text: "不支持的卡类型", leaves: "unpaid", ends: "declined" },
  TRADE_ERROR: { text: "交易错误", leaves: "unpaid", ends: "reversed" },
  RULELIMIT: { text: "当前交易异常", leaves: "unpaid", ends: "reversed" },
  ORDERREVERSED: { text: "订单已撤销", leaves: "nothing", ends: "reversed" },
  ORDERCLOSED: { text: "订单已关闭", leaves: "nothing", ends: "reversed" },
  ORDERPAID: { text: "该订单已支付", leaves: "nothing", ends: "manual" },
  OUT_TRADE_NO_USED: { text: "商户订单号重复", leaves: "nothing", ends: "manual" },
  BUYER_MISMATCH: { text: "支付账号不一致", leaves: "nothing", ends: "manual" },
  NOAUTH: { text: "商户无此接口权限", leaves: "nothing", ends: "declined" },
  PARAM_ERROR: { text: "参数格式错误", leaves: "nothing", ends: "declined" },
  LACK_PARAMS: { text: "缺少参数", leaves: "nothing", ends: "declined" },
  SIGNERROR: { text: "签名错误", leaves: "nothing", ends: "declined" },
  XML_FORMAT_ERROR: { text: "XML格式错误", leaves: "nothing", ends: "declined" },
  REQUIRE_POST_METHOD: { text: "请使用post方法", leaves: "nothing", ends: "declined" },
  POST_DATA_EMPTY: { text: "post数据为空", leaves: "nothing", ends: "declined" },
  NOT_UTF8: { text: "编码格式错误", leaves: "nothing", ends: "declined" },
  APPID_NOT_EXIST: { text: "appid不存在", leaves: "nothing", ends: "declined" },
  MCHID_NOT_EXIST: { text: "mch_id不存在", leaves: "nothing", ends: "declined" },
  APPID_MCHID_NOT_MATCH: { text: "appid和mch_id不匹配", leaves: "nothing", ends: "declined" },
  INVALID_REQUEST: { text: "无效请求", leaves: "nothing", ends: "reversed" },
};

/** The text of an `err_code` of any call; the code itself where it is in no list. */
export function refusalText(code: string): string {
  return chargeRefusals[code]?.text ?? otherTexts[code] ?? code;
}

/** The text of an `err_code` of a refund: NOTENOUGH is about the merchant's money there. */
export function refundText(code: string): string {
  return code === "NOTENOUGH" ? "基本账户余额不足，请充值后重新发起" : refusalText(code);
}

const otherTexts: Readonly<Record<string, string>> = {
  ORDERNOTEXIST: "订单不存在",
  INVALID_TRANSACTIONID: "无效的订单号",
  REVERSE_EXPIRE: "订单超过7天，不可撤销",
  FREQUENCY_LIMITED: "频率限制，请稍后再试",
  TRADE_STATE_ERROR: "订单状态错误",
  REFUNDNOTEXIST: "退款订单查询失败",
  REFUND_FEE_MISMATCH: "订单金额或退款金额与之前请求不一致，请核实后再试",
  TRADE_OVERDUE: "订单已经超过退款期限",
  USER_ACCOUNT_ABNORMAL: "退款请求失败，用户账号异常",
  BIZERR_NEED_RETRY: "退款业务流程错误，需要商户触发重试来解决",
  ERROR: "业务错误",
};
