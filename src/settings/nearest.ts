/** The one of `words` that a mistyped `word` most likely meant, at most two letters away (a third of it at most), or null. */
export function nearest(word: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.min(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    // As many letters apart as one is longer, at least: a text of megabytes is not looked at letter by letter.
    if (Math.abs(word.length - candidate.length) >= bestDistance) continue;
    const distance = lettersApart(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many mistakes lie between two words: letters added, removed or changed, and neighbours that changed places. */
function lettersApart(a: string, b: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchanged = swapped ? (before[j - 2] ?? 0) + 1 : changed;
      next.push(Math.min(changed, exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? a.length;
}
