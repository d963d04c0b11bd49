import type {
  StoredRow,
  StoreRotated,
  StoreSlice,
  StoreSurvey,
  StoreSurveyOptions,
} from "../../runtime/ports.ts";

/** `workerData.role` of the journal's thread. */
export const STORE_WORKER_ROLE = "scanbox-journal";

/**
 * What the store asks of its worker; every request but `cursor` gets the reply with its `id`, in the order
 * asked.
 */
export type StoreRequest =
  | { readonly id: number; readonly kind: "open"; readonly directory: string }
  | { readonly id: number; readonly kind: "append"; readonly rows: readonly StoredRow[] }
  | { readonly id: number; readonly kind: "follow"; readonly afterSeq: number; readonly limit: number }
  | { readonly id: number; readonly kind: "order"; readonly outTradeNo: string }
  | { readonly id: number; readonly kind: "cursor"; readonly name: string; readonly seq: number }
  | { readonly id: number; readonly kind: "survey"; readonly wish: StoreSurveyOptions }
  | {
      readonly id: number;
      readonly kind: "rotate";
      readonly segment: StoredRow;
      readonly first: number;
    }
  | { readonly id: number; readonly kind: "read"; readonly after: number; readonly limit: number }
  | { readonly id: number; readonly kind: "condemn"; readonly sentence: string }
  | { readonly id: number; readonly kind: "room" }
  | { readonly id: number; readonly kind: "ping" }
  | { readonly id: number; readonly kind: "close" };

/** What the worker answers. `error` null means durable. */
export type StoreReply<Outcome> =
  | { readonly id: number; readonly kind: "opened"; readonly outcome: Outcome }
  | { readonly id: number; readonly kind: "appended"; readonly error: string | null }
  | { readonly id: number; readonly kind: "rows"; readonly rows: readonly StoredRow[] | null }
  | { readonly id: number; readonly kind: "surveyed"; readonly survey: StoreSurvey | null }
  | { readonly id: number; readonly kind: "rotated"; readonly outcome: StoreRotated }
  | { readonly id: number; readonly kind: "slice"; readonly slice: StoreSlice }
  | { readonly id: number; readonly kind: "condemned"; readonly error: string | null }
  | { readonly id: number; readonly kind: "room"; readonly room: boolean }
  | { readonly id: number; readonly kind: "pong" }
  | { readonly id: number; readonly kind: "closed" };
