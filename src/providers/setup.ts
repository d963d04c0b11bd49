/** What is asked of a person who enters an account, as data: the setup asks, reads and writes. */

/** The questions of a kind. */
export interface ProviderSetup {
  /** What the account is called in records where nobody has called it anything. */
  readonly id: string;
  /** Where a person finds the answers. */
  readonly about: string;
  readonly questions: readonly SetupQuestion[];
  /** An entry that says as little as one may, of nobody: devices are tried before any account is known. */
  readonly nobody: Readonly<Record<string, unknown>>;
}

/** A question; its key stands below the entry. */
export type SetupQuestion = {
  readonly key: string;
  readonly text: string;
  readonly help: string;
  /** Asked only where this other key has been given. */
  readonly with?: string;
} & SetupForm;

/** What an answer may be. */
export type SetupForm =
  | { readonly form: "text" }
  /** A text, or none; without it that other key is taken away. */
  | { readonly form: "text-or-none"; readonly carries?: string }
  | { readonly form: "choice"; readonly choices: readonly SetupChoice[]; readonly proposal: string }
  /** Typed unseen, and written into a file of its own. */
  | {
      readonly form: "secret";
      readonly fileName: string;
      readonly refuse: (text: string) => readonly string[];
    }
  /** A file, proposed beside the configuration; `fits` is the certificate to which it must belong. */
  | { readonly form: "source"; readonly fileName: string; readonly fits?: string };

/** One of several answers. */
export interface SetupChoice {
  readonly name: string;
  readonly about: string;
}
