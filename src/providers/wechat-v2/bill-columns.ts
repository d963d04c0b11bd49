/**
 * The columns and sums of a bill by their names (WeChat Pay v2, downloadbill). Bills of several years call one thing by
 * several names: each is read under its present one. What is not here is not known, and a bill that has it is refused.
 */

/** Present names of columns, each with its earlier ones. */
const columns: Readonly<Record<string, readonly string[]>> = {
  交易时间: [],
  公众账号ID: [],
  商户号: [],
  特约商户号: ["子商户号"],
  设备号: [],
  微信订单号: [],
  商户订单号: [],
  用户标识: [],
  交易类型: [],
  交易状态: [],
  付款银行: [],
  货币种类: [],
  应结订单金额: ["总金额"],
  代金券金额: ["代金券或立减优惠金额", "企业红包金额"],
  退款申请时间: [],
  退款成功时间: [],
  微信退款单号: [],
  商户退款单号: [],
  退款金额: [],
  充值券退款金额: ["代金券或立减优惠退款金额", "企业红包退款金额"],
  退款类型: [],
  退款状态: [],
  商品名称: [],
  商户数据包: [],
  手续费: [],
  费率: [],
  订单金额: [],
  申请退款金额: [],
  费率备注: [],
};

/** Present names of sums, each with its earlier ones. */
const sums: Readonly<Record<string, readonly string[]>> = {
  总交易单数: [],
  应结订单总金额: ["总交易额"],
  退款总金额: ["总退款金额"],
  充值券退款总金额: ["总代金券或立减优惠退款金额", "总企业红包退款金额"],
  手续费总金额: [],
  订单总金额: [],
  申请退款总金额: [],
};

/** The present name of a column, null where there is no such column. */
export function columnOf(written: string): string | null {
  return presentName(columns, written);
}

/** The present name of a sum, null where there is no such sum. */
export function sumOf(written: string): string | null {
  return presentName(sums, written);
}

function presentName(names: Readonly<Record<string, readonly string[]>>, written: string): string | null {
  for (const [present, earlier] of Object.entries(names)) {
    if (present === written || earlier.includes(written)) return present;
  }
  return null;
}
