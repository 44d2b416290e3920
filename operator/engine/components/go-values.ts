/** Texts as the flag packages of Go read them. Each function returns undefined for a text that the program refuses. */

/** The texts that Go's strconv.ParseBool reads. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

export const goBoolean = (text: string): boolean | undefined => booleans.get(text);

/** The digits of each base, after its prefix. Digits may be separated by single underscores. */
const integers: readonly (readonly [form: RegExp, base: number])[] = [
  [/^0x((_?[\da-f])+)$/i, 16],
  [/^0b((_?[01])+)$/i, 2],
  [/^0o((_?[0-7])+)$/i, 8],
  [/^0((_?[0-7])+)$/, 8],
  [/^(0|[1-9](_?\d)*)$/, 10],
];

/** Reads a whole number with strconv.ParseInt and base 0: 0x10 is 16, and 010 is 8. */
export function goInteger(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  for (const [form, base] of integers) {
    const found = form.exec(digits)?.[1];
    if (found !== undefined) return (sign === '-' ? -1 : 1) * Number.parseInt(found.replaceAll('_', ''), base);
  }
  return undefined;
}

const secondsIn: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9 };
const step = String.raw`(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)`;

/** Reads the seconds of a duration with time.ParseDuration, such as 1h30m or .5h. */
export function goDuration(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!new RegExp(`^(${step})+$`).test(rest)) return undefined;
  const parts = [...rest.matchAll(new RegExp(step, 'g'))];
  const sum = parts.reduce((seconds, [, count, unit = 's']) => seconds + Number(count) * (secondsIn[unit] ?? 1), 0);
  return sign === '-' ? -sum : sum;
}
