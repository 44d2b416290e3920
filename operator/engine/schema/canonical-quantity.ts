import { parseQuantity } from '../../cel/library/quantity.ts';

const nano = 1_000_000_000n;
const decimalSuffixes: ReadonlyMap<number, string> = new Map(
  ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [index * 3 - 9, suffix]),
);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Divides by a factor as long as nothing remains, at most `most` times. Returns the quotient and how often it divided. */
function divided(amount: bigint, factor: bigint, most: number): readonly [bigint, number] {
  let quotient = amount;
  let times = 0;
  while (times < most && quotient % factor === 0n) {
    quotient /= factor;
    times += 1;
  }
  return [quotient, times];
}

function decimal(nanos: bigint, withExponent: boolean): string {
  const [number, times] = divided(nanos, 1000n, withExponent ? 40 : decimalSuffixes.size - 1);
  const exponent = times * 3 - 9;
  if (withExponent) return exponent === 0 ? `${number}` : `${number}e${exponent}`;
  return `${number}${decimalSuffixes.get(exponent) ?? ''}`;
}

/** Rounds away from zero to thousandths, as the server does for lists of resources. */
function toMilli(nanos: bigint): bigint {
  const milli = nano / 1000n;
  const rest = nanos % milli;
  return rest === 0n ? nanos : nanos - rest + (rest < 0n ? -milli : milli);
}

/** The largest quantity with a binary suffix. The parser of expressions applies it to all. */
const largest = 0x7fffffffffffffffn * nano;
const decimalText = /^[+-]?(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:(?<suffix>[numkMGTPE]?)|[eE](?<exponent>[+-]?\d+))$/;
const exponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

function partsOf(groups: Readonly<Record<string, string | undefined>>): Readonly<Record<'whole' | 'fraction' | 'exponent', string>> {
  const { whole = '', fraction = '', suffix = '', exponent = String(exponents[suffix]) } = groups;
  return { whole, fraction, exponent };
}

/**
 * Whether the server keeps the text of a decimal quantity, because it takes it for the canonical form: its digits are thousands, millions,
 * thousandths and so on, without three zeros at the end.
 */
function isKept(text: string, milli: boolean): boolean {
  const groups = decimalText.exec(text)?.groups;
  if (groups === undefined) return false;
  const { whole, fraction, exponent } = partsOf(groups);
  const digits = (whole.replace(/^0+/, '') || '0') + fraction;
  const scale = Number(exponent) - fraction.length;
  const isPrecise = digits.length <= 18 && scale >= (milli ? -3 : -9);
  return isPrecise && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** The same for a quantity with a binary suffix: a number that 8 does not divide, of few digits. */
function isKeptBinary(text: string): boolean {
  const [, digits = '', suffix = ''] = /^[+-]?0*(\d+)\.?([KMGTPE]i)$/.exec(text) ?? [];
  if (digits === '' || digits.length + 3 * binarySuffixes.indexOf(suffix) > 14) return false;
  return (BigInt(digits) & 7n) !== 0n;
}

/** Returns the canonical text of an amount that is not zero. */
function canonicalText(amount: bigint, text: string): string {
  const isLarge = amount >= 1024n * nano || amount <= -1024n * nano;
  if (!text.endsWith('i') || !isLarge || amount % nano !== 0n) return decimal(amount, /[eE][+-]?\d+$/.test(text));
  const [number, times] = divided(amount / nano, 1024n, binarySuffixes.length - 1);
  return `${number}${binarySuffixes[times] ?? ''}`;
}

function isKeptText(text: string, amount: bigint, milli: boolean): boolean {
  if (text.endsWith('i')) return isKeptBinary(text);
  return isKept(text, milli) || amount >= largest || amount <= -largest;
}

/**
 * Returns a quantity as the API server writes it, such as `2Gi` for `2048Mi` and `250m` for 0.25. `milli`: rounds up to thousandths.
 * Returns undefined if the value is not a quantity.
 */
export function canonicalQuantity(value: unknown, milli: boolean): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  const amount = parseQuantity(text)?.amount;
  if (amount === undefined) return undefined;
  if (amount === 0n) return '0';
  return isKeptText(text, amount, milli) ? text : canonicalText(milli ? toMilli(amount) : amount, text);
}
