/** What the benches use of packages that bring no types, or types that need more packages. */

declare module "tenpay" {
  type Fields = Readonly<Record<string, string | number>>;

  /** A client for one merchant; every call rejects unless the answer is SUCCESS and its signature is right. */
  class Payment {
    constructor(config: {
      readonly appid: string;
      readonly mchid: string;
      readonly partnerKey: string;
      readonly pfx: Buffer;
      readonly spbill_create_ip: string;
    });
    /** Where each call goes. */
    readonly urls: Record<string, string>;
    micropay(fields: Fields): Promise<Fields>;
    orderQuery(fields: Fields): Promise<Fields>;
    reverse(fields: Fields): Promise<Fields>;
  }
  export = Payment;
}
