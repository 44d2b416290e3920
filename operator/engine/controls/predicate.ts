import { compile } from '../../cel/compile.ts';
import { type CelType, parseType } from '../../cel/values/cel-type.ts';
import { fieldsOf } from '../objects/kubernetes-object.ts';

/** Values by variable name. */
export type Bindings = Record<string, unknown>;

/** A compiled CEL expression of the catalogue. Returns its result, or the message of its error. */
export type Predicate = (bindings: Bindings) => boolean | string;

/** The variables of the catalogue's expressions. */
const variables: Readonly<Record<string, CelType>> = {
  object: parseType('dyn'),
  item: parseType('dyn'),
  container: parseType('dyn'),
  params: parseType('dyn'),
  version: parseType('int'),
  key: parseType('string'),
};

const known = new Map<string, Predicate>();

/** Returns an expression of the catalogue. It is compiled at its first evaluation, because most scans use few expressions. */
export function predicate(source: string): Predicate {
  const found = known.get(source);
  if (found !== undefined) return found;
  const made = fastPredicate(source) ?? memoized(source, compileLazily(source));
  known.set(source, made);
  return made;
}

function compileLazily(source: string): Predicate {
  let made: Predicate | undefined;
  return (bindings) => (made ??= compiled(source))(bindings);
}

/** Compiles an expression with CEL. Throws if it does not compile: the catalogue is part of Vigil, and a test compiles all of it. */
export function compiled(source: string): Predicate {
  const result = compile(source, { variables, resultType: 'bool' });
  if (!result.ok) throw new Error(`the catalogue holds an expression that does not compile: ${source}: ${result.errors[0]?.message ?? ''}`);
  const { program } = result;
  return (bindings) => {
    const verdict = program.test(bindings);
    return typeof verdict === 'boolean' ? verdict : verdict.message;
  };
}

const literal = /^(?:'([^'\\]*)'|(\d+)|(true|false))$/;

function literalOf(text: string): unknown {
  const [whole, quoted, digits] = literal.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (quoted !== undefined) return quoted;
  return digits === undefined ? whole === 'true' : Number(digits);
}

/**
 * Returns a fast function for frequent expressions: `!item`, `item == 'a'`, `item != 0`, `item in ['a', 'b']`, `'a' in item`. The type of
 * the value is checked before, so that the result equals that of CEL. Undefined for other expressions.
 */
function fastPredicate(source: string): Predicate | undefined {
  if (source === '!item') return ({ item }) => item === false;
  const [, operator, right = ''] = /^item (==|!=) (\S+)$/.exec(source) ?? [];
  const value = literalOf(right);
  if (value !== undefined) return operator === '==' ? ({ item }) => item === value : ({ item }) => item !== value;
  const [, list] = /^item in \[((?:'[^'\\]*'(?:, )?)+)\]$/.exec(source) ?? [];
  if (list !== undefined) {
    const wanted = new Set<unknown>(list.split(', ').map(literalOf));
    return ({ item }) => wanted.has(item);
  }
  const [, member] = /^'([^'\\]*)' in item$/.exec(source) ?? [];
  return member === undefined ? undefined : ({ item }) => Array.isArray(item) && item.includes(member);
}

const maximumCached = 4096;
const maximumCachedLength = 256;
/** The policies of pulling images are three. Others are not valid. */
const maximumItems = 16;

const itemOf = ({ item }: Bindings): unknown => item;
const imageOf = ({ container }: Bindings): unknown => fieldsOf(container)['image'];

const readsOnlyItem = (source: string): boolean => !/\b(object|container|params|version|key)\b/.test(source.replace(/'[^']*'/g, ''));

/** Returns `a` of `a || b`. Undefined if the expression is not plainly of this form. */
function firstAlternative(source: string): string | undefined {
  const [first = ''] = source.split(' || ', 1);
  const isWhole = first.split('(').length === first.split(')').length;
  return first !== source && isWhole && !source.includes('?') && !/['"[\]{}]/.test(first) ? first : undefined;
}

/**
 * Returns an expression of the catalogue for a check whose `params` and `version` stay the same. Its results are cached also if it reads
 * these, or the image of the container.
 */
export function checkPredicate(source: string): Predicate {
  const shared = predicate(source);
  const reads = source.replace(/'[^']*'/g, '');
  if (readsOnlyItem(source) || /\b(object|key)\b/.test(reads)) return shared;
  if (!/\bcontainer\b/.test(reads)) return cached(shared);
  return /\bcontainer\b(?![.]image\b)/.test(reads) ? shared : cachedByImage(shared);
}

/** The last subject of each exemption, and the verdict. Controls evaluate one subject after the other. */
const lastExemptions = new Map<string, { subject: object | undefined; verdict: boolean | string }>();

/** Returns an expression over `object`. It is evaluated once for each subject, although many controls have the same exemption. */
export function exemptionPredicate(source: string): (bindings: Bindings, subject: object | undefined) => boolean | string {
  const test = predicate(source);
  if (/\b(item|container|params|version|key)\b/.test(source.replace(/'[^']*'/g, ''))) return test;
  const last = lastExemptions.get(source) ?? { subject: undefined, verdict: false };
  lastExemptions.set(source, last);
  return (bindings, subject) => {
    if (subject === undefined || last.subject !== subject) {
      last.verdict = test(bindings);
      last.subject = subject;
    }
    return last.verdict;
  };
}

/**
 * Caches the results of an expression that reads only `item`, because the same images and names are frequent. Of `a || b`, the results of
 * `a`: if it is true, then so is the expression, whatever `b` is.
 */
function memoized(source: string, test: Predicate): Predicate {
  if (readsOnlyItem(source)) return cached(test);
  const first = firstAlternative(source);
  if (first === undefined || !readsOnlyItem(first)) return test;
  const holds = predicate(first);
  return (bindings) => (typeof bindings['item'] === 'string' && holds(bindings) === true) || test(bindings);
}

function cached(test: Predicate, keyOf: (bindings: Bindings) => unknown = itemOf): Predicate {
  const verdicts = new Map<unknown, boolean | string>();
  return (bindings) => {
    const key = keyOf(bindings);
    if (typeof key === 'string' ? key.length > maximumCachedLength : typeof key !== 'number') return test(bindings);
    const found = verdicts.get(key);
    if (found !== undefined) return found;
    if (verdicts.size >= maximumCached) verdicts.clear();
    const verdict = test(bindings);
    verdicts.set(key, verdict);
    return verdict;
  };
}

/** Caches the results of an expression that reads only a text and the image of the container. */
function cachedByImage(test: Predicate): Predicate {
  const byItem = new Map<string, Predicate>();
  return (bindings) => {
    const { item, container } = bindings;
    const { image } = fieldsOf(container);
    if (typeof item !== 'string' || typeof image !== 'string' || item.length > maximumCachedLength) return test(bindings);
    let ofItem = byItem.get(item);
    if (ofItem === undefined) {
      if (byItem.size >= maximumItems) byItem.clear();
      ofItem = cached(test, imageOf);
      byItem.set(item, ofItem);
    }
    return ofItem(bindings);
  };
}
