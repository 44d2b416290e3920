function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The name nearest to a mistyped one, as ` (did you mean 'x'?)`, or '' when none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  if (name.length > 64) return '';
  const limit = name.length < 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
  let best = '';
  let least = limit + 1;
  for (const candidate of known) {
    if (/[^\w.]/.test(candidate) || Math.abs(candidate.length - name.length) >= least) continue;
    const apart = distance(name.toLowerCase(), candidate.toLowerCase());
    if (apart < least) [best, least] = [candidate, apart];
  }
  return best === '' ? '' : ` (did you mean '${best}'?)`;
}
