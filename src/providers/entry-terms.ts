/** What of the rest of the configuration an entry is held against. */
export interface EntryTerms {
  /** The store's own name. */
  readonly store: string;
  /** When the box gives a payment up, in milliseconds. */
  readonly giveUpAfterMs: number;
}
