/** Returns the number of edits (insert, delete, replace, swap of neighbours) between two words. */
function distance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      current.push(cheapest(rows, current, [left, right]));
    }
    rows.push(current);
  }
  return rows[left.length]?.[right.length] ?? 0;
}

function cheapest(rows: readonly number[][], current: readonly number[], [left, right]: readonly [string, string]): number {
  const row = rows.length;
  const column = current.length;
  const same = left[row - 1] === right[column - 1] ? 0 : 1;
  const at = (r: number, c: number): number => (r === row ? current[c] : rows[r]?.[c]) ?? Infinity;
  let best = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same);
  if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
    best = Math.min(best, at(row - 2, column - 2) + 1);
  }
  return best;
}

/** Returns the known word that is most similar to `word`, or undefined. At most a third of its letters differ. */
export function suggestion(word: string, known: Iterable<string>): string | undefined {
  let best: { word: string; edits: number } | undefined;
  const wanted = word.toLowerCase().slice(0, 100);
  for (const candidate of known) {
    const most = Math.max(1, Math.floor(candidate.length / 3));
    // Each letter that one word has more is an edit.
    if (Math.abs(wanted.length - candidate.length) > most) continue;
    const edits = distance(wanted, candidate);
    if (edits <= most && (best === undefined || edits < best.edits)) best = { word: candidate, edits };
  }
  return best?.word;
}

/** Whether a message has a suggestion by {@link didYouMean}. */
export const hasSuggestion = (message: string): boolean => message.includes(' (did you mean ');

/** Returns ` (did you mean 'x'?)`, or the empty string if no known word is similar. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = suggestion(word, known);
  return found === undefined ? '' : ` (did you mean '${found}'?)`;
}
