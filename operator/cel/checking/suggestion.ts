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

/** What other languages call what this one has by another name. */
const habits: ReadonlyMap<string, string> = new Map(
  Object.entries({
    len: 'size',
    length: 'size',
    count: 'size',
    includes: 'contains',
    toLowerCase: 'lowerAscii',
    toUpperCase: 'upperAscii',
    lower: 'lowerAscii',
    upper: 'upperAscii',
    match: 'matches',
    test: 'matches',
    every: 'all',
    any: 'exists',
    some: 'exists',
    hasPrefix: 'startsWith',
    hasSuffix: 'endsWith',
    toString: 'string',
    parseInt: 'int',
  }),
);
/** How the macros are written: a call of another shape is no macro, and no function has their names. */
const macros: ReadonlyMap<string, string> = new Map([
  ...['all', 'exists', 'exists_one', 'filter'].map((name) => [name, `list.${name}(item, condition)`] as const),
  ['map', 'list.map(item, value) or list.map(item, condition, value)'],
  ['has', 'has(object.field)'],
]);

/** What to write instead of a function that there is none of: by the habits of other languages, by a macro's shape, or by the nearest name. */
export function insteadOfFunction(name: string, known: Iterable<string>): string {
  const macro = macros.get(name);
  if (macro !== undefined) return `: the macro is written ${macro}`;
  const habit = habits.get(name);
  return habit === undefined ? didYouMean(name, known) : ` (did you mean '${habit}'?)`;
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
