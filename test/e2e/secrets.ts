/** A piece of text that was captured, with where it came from. */
export interface Captured {
  readonly from: string;
  readonly text: string;
}

/** What must be nowhere, with what it is called in the message of a failure. */
export interface Secret {
  readonly name: string;
  readonly text: string;
}

/** A private key is recognised by any of its lines. */
export function linesOfKey(name: string, text: string): readonly Secret[] {
  const lines = text.split("\n").filter((line) => line.length > 0 && !line.startsWith("-----"));
  return lines.filter((line) => line.length >= 16).map((line) => ({ name, text: line }));
}

/** Says which secrets occur where, without repeating them. */
export function leaks(captured: readonly Captured[], secrets: readonly Secret[]): readonly string[] {
  return captured.flatMap(({ from, text }) =>
    secrets.filter((secret) => text.includes(secret.text)).map(({ name }) => `${from} holds ${name}`),
  );
}
