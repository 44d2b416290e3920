import { CelFault } from '../values/cel-fault.ts';
import { opaque } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { fn, library, method } from './overload.ts';
import { Boxed, int } from '../values/value.ts';

const TYPE = opaque('kubernetes.Semver');

/** A semantic version. The build metadata after `+` is ignored. */
export class Semver extends Boxed {
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];
  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
  get celType(): CelType {
    return TYPE;
  }
  equalTo(other: unknown): boolean {
    return other instanceof Semver && compare(this, other) === 0;
  }
}

const NUMBER = '(0|[1-9][0-9]*)';
const IDENTIFIER = '(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)';
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);
const UINT64_MAX = 0xffffffffffffffffn;

/** Parses a semantic version. Returns undefined if the text is not a version. */
export function parseSemver(text: string): Semver | undefined {
  const parts = SEMVER.exec(text);
  if (parts === null) return undefined;
  const numbers = parts.slice(1, 4).map(BigInt);
  return numbers.some((n) => n > UINT64_MAX) ? undefined : new Semver(numbers, parts[4]?.split('.') ?? []);
}

/** Normalizes the lenient form: a leading v, missing numbers, leading zeros. */
function normalized(text: string): string {
  const bare = text.replace(/^v/, '');
  const [first = '', second, ...rest] = bare.split('.');
  const parts = [first, ...(second === undefined ? [] : [second]), ...(rest.length === 0 ? [] : [rest.join('.')])];
  const trimmed = parts.map((part) => (part.length > 1 ? part.replace(/^0+/, '').replace(/^(?![0-9])/, '0') : part));
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? '')) return '';
  while (trimmed.length < 3) trimmed.push('0');
  return trimmed.join('.');
}

function compareIdentifiers(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  if (x) return Math.sign(Number(BigInt(a) - BigInt(b)));
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i] as string, b[i] as string);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function compare(a: Semver, b: Semver): number {
  for (let i = 0; i < 3; i++) {
    const [x, y] = [a.numbers[i] ?? 0n, b.numbers[i] ?? 0n];
    if (x !== y) return x < y ? -1 : 1;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

const isSemver = (text: string, lenient = false): boolean => parseSemver(lenient ? normalized(text) : text) !== undefined;

function semver(text: string, lenient = false): Semver {
  const parsed = parseSemver(lenient ? normalized(text) : text);
  if (parsed === undefined) throw new CelFault('invalid_argument', `'${text}' is not a semantic version`);
  return parsed;
}

const KIND = TYPE.name;
const PARTS = ['major', 'minor', 'patch'];

/** The functions of semantic versions. */
export const SEMVERS = library('1.33', [
  fn('semver', 'string_to_semver', `string -> ${KIND}`, (text: string) => semver(text)),
  fn('semver', 'string_bool_to_semver', `string, bool -> ${KIND}`, semver),
  fn('isSemver', 'is_semver_string', 'string -> bool', (text: string) => isSemver(text)),
  fn('isSemver', 'is_semver_string_bool', 'string, bool -> bool', isSemver),
  method('isGreaterThan', 'semver_is_greater_than', `${KIND}, ${KIND} -> bool`, (a: Semver, b: Semver) => compare(a, b) > 0),
  method('isLessThan', 'semver_is_less_than', `${KIND}, ${KIND} -> bool`, (a: Semver, b: Semver) => compare(a, b) < 0),
  method('compareTo', 'semver_compare_to', `${KIND}, ${KIND} -> int`, compare),
  ...PARTS.map((part, i) => method(part, `semver_${part}`, `${KIND} -> int`, (version: Semver) => int(version.numbers[i] ?? 0n))),
]);
