import { unreachable } from "../../../core/kernel/defect.ts";

/** What an order is at the sandbox: `trade_state` of WeChat Pay v2, orderquery, in lower case. */
export type OrderState =
  | "userpaying"
  | "accept"
  | "notpay"
  | "success"
  | "payerror"
  | "closed"
  | "revoked"
  | "refund";

/**
 * What the customer does with the password dialog on the phone: types the right password, a wrong one (the
 * dialog stays), is refused by the sandbox behind the card (the dialog stays, another card can be chosen), or
 * closes the dialog.
 */
export type CustomerAct = "pays" | "mistypes" | "is-refused" | "closes";

/** An order as the customer's phone knows it. */
export interface Dialog {
  readonly state: OrderState;
  /** Whether the customer can still act on the order. */
  readonly open: boolean;
}

/** What an act makes of an order; the same dialog where the act comes too late or changes nothing. */
export function afterAct(dialog: Dialog, act: CustomerAct): Dialog {
  if (!dialog.open) return dialog;
  switch (act) {
    case "pays":
      return { state: "success", open: false };
    case "mistypes":
      return dialog;
    case "is-refused":
      return { state: "payerror", open: true };
    case "closes":
      return { state: "payerror", open: false };
    default:
      return unreachable(act);
  }
}

/**
 * What an act makes of an order that the customer scanned: as above, but whoever closes the dialog can scan again, for as
 * long as the order lives.
 */
export function afterScan(dialog: Dialog, act: CustomerAct): Dialog {
  return act === "closes" && dialog.open ? { state: "notpay", open: true } : afterAct(dialog, act);
}
