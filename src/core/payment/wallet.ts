/** Whose app shows a payment code. */
export const wallets = ["wechat", "alipay", "unionpay", "e-cny", "qq"] as const;
export type Wallet = (typeof wallets)[number];
