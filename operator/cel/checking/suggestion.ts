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

/** Names of functions in other languages, with the names in this language. */
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
/** The forms of the macros. A call of another form is not a macro, and no function has the name of a macro. */
const macros: ReadonlyMap<string, string> = new Map([
  ...['all', 'exists', 'exists_one', 'filter'].map((name) => [name, `list.${name}(item, condition)`] as const),
  ['map', 'list.map(item, value) or list.map(item, condition, value)'],
  ['has', 'has(object.field)'],
]);

/** Returns a hint for an unknown function: the name in this language, the form of the macro, or the most similar name. */
export function functionHint(name: string, known: Iterable<string>): string {
  const macro = macros.get(name);
  if (macro !== undefined) return `: the macro is written ${macro}`;
  const habit = habits.get(name);
  return habit === undefined ? didYouMean(name, known) : ` (did you mean '${habit}'?)`;
}

/** Returns ` (did you mean 'x'?)` for the most similar name. Returns '' if no name is similar. */
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
